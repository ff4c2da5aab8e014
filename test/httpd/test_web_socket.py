# SPDX-License-Identifier: Apache-2.0 - WebSockets through mod_proxy: who may is asked once, before the upgrade
from __future__ import annotations

from time import sleep, time

import pytest

from clerk_site import ClerkSite, production
from standin.users import ADMIN, MEMBER
from web_socket import WebSocketServer, converse

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
BROWSER = [("Sec-Fetch-Dest", "websocket"), ("Sec-Fetch-Mode", "websocket"),
           ("Origin", "https://www.example.com")]
WAYS = {"mod_proxy_http": "/upgraded", "mod_proxy_wstunnel": "/tunnel"}


@pytest.fixture(scope="module")
def server():
    with WebSocketServer() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, server):
    return ClerkSite(module_httpd, production(_standin_program),
                     modules=["proxy_http", "proxy_wstunnel"],
                     defines={"WS": f"127.0.0.1:{server.port}"}, sections="""
ProxyPass /upgraded "http://${WS}/" upgrade=websocket
ProxyPass /tunnel "ws://${WS}/"
<LocationMatch "^/(upgraded|tunnel)">
    AuthType Clerk
    AuthName x
    Require valid-user
</LocationMatch>
<LocationMatch "^/(upgraded|tunnel)/admin">
    Require clerk-role admin
</LocationMatch>
<LocationMatch "^/(upgraded|tunnel)/public">
    Require all granted
</LocationMatch>""")


def values(header, name):
    return [value for key, value in header if key.lower() == name.lower()]


@pytest.mark.sanitize
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("carrier", ["cookie", "bearer"])
def test_a_session_opens_a_socket(site, server, way, carrier):
    """Several messages go both ways; the application knows who it is."""
    token = site.mint.session(MEMBER)
    if carrier == "cookie":
        jar = site.cookies(token)
        credential = ("Cookie", "; ".join(f"{name}={jar[name]}" for name in jar))
    else:
        credential = ("Authorization", f"Bearer {token}")
    forged = [("X-Clerk-User-Id", "forged"), ("X_Clerk_Org_Role", "forged"),
              ("Connection", "X-Clerk-User-Id")]
    answer, answers = converse(site.httpd.port, WAYS[way], [credential, *forged],
                               ("one", "two", "x" * 5000))
    assert answer.status == 101
    assert [text for text, _ in answers] == ["one", "two", "x" * 5000]
    told = answers[0][1]
    assert values(told, "X-Clerk-User-Id") == [MEMBER.id]
    assert "forged" not in str(told)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("headers", [[], [("Authorization", "Bearer junk")], BROWSER],
                         ids=["none", "bad", "browser"])
def test_nobody_is_refused_before_the_upgrade(site, server, way, headers):
    """401 in HTTP, never a redirect; the application sees nothing of it."""
    before = len(server.handshakes)
    answer, _ = converse(site.httpd.port, WAYS[way], headers)
    assert answer.status == 401 and answer.header("WWW-Authenticate")
    assert "Upgrade" not in answer and len(server.handshakes) == before


@pytest.mark.parametrize("way", WAYS)
def test_who_is_not_allowed_gets_403(site, server, way):
    before = len(server.handshakes)
    for user, status in ((MEMBER, 403), (ADMIN, 101)):
        token = site.mint.session(user)
        answer, _ = converse(site.httpd.port, f"{WAYS[way]}/admin",
                             [("Authorization", f"Bearer {token}")])
        assert answer.status == status
    assert len(server.handshakes) == before + 1
    site.log.expect(DENIAL, times=1)


@pytest.mark.parametrize("way", WAYS)
def test_an_open_place_tells_nobody(site, way):
    token = site.mint.session(MEMBER)
    answer, [[_, told]] = converse(site.httpd.port, f"{WAYS[way]}/public",
                                   [("Authorization", f"Bearer {token}"),
                                    ("X-Clerk-User-Id", "forged")])
    assert answer.status == 101
    assert not [name for name, _ in told if "clerk" in name.lower()]


class Late(tuple):
    """The second text is sent at a time."""

    def __iter__(self):
        yield "early"
        sleep(max(0, self[0] - time()))
        yield "late"


def test_a_socket_outlives_the_token(site):
    """Who may is asked when it is opened, and not again."""
    until = int(time()) + 2
    token = site.mint.session(MEMBER, exp=until - 5)   # ClerkClockSkew is 5 s
    answer, answers = converse(site.httpd.port, WAYS["mod_proxy_http"],
                               [("Authorization", f"Bearer {token}")], Late([until + 1]))
    assert answer.status == 101 and [text for text, _ in answers] == ["early", "late"]
    assert site.get("/upgraded", bearer=token).status == 401
