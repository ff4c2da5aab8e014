# SPDX-License-Identifier: Apache-2.0 - sessions that are renewed on public pages, and where only an expression asks
from __future__ import annotations

import pytest

from redirects import expired, handshake, visit
from clerk_site import FETCH, SIGNED_IN_AT, ClerkSite, production, seen
from standin.users import MEMBER, SOLO
from upstream import Upstream, header_values

REFRESH = "backend.session_refresh"
PAYLOAD = "backend.handshake_payload"
EXPIRED = "session-token-expired-refresh-non-eligible-no-refresh-cookie"
NO_SESSION = "client-uat-but-no-session-token"

SECTIONS = """
ProxyPass /up/ "${UP}/"
<Location /public>
    ClerkIdentify On
</Location>
<Location /up>
    ClerkIdentify On
    ClerkForwardToken session
    ClerkStripCredentials On
</Location>
<Location /off>
    ClerkIdentify On
    ClerkHandshake Off
</Location>
<Location /log-only>
    ClerkIdentify On
    ClerkEnforce LogOnly
</Location>
<Location /if>
    <If "clerk('user_id') != ''">
        Header set X-If somebody
    </If>
</Location>
<Location /public-if>
    ClerkIdentify On
    <If "clerk('user_id') != ''">
        Header set X-If somebody
    </If>
</Location>
<Location /expr>
    AuthType Clerk
    AuthName x
    Require expr "clerk('org_slug') == 'acme'"
</Location>
<Location /plain-expr>
    ClerkIdentify On
    <RequireAll>
        Require all granted
        Require not expr "clerk('user_id') == ''"
    </RequireAll>
</Location>
<Location /closed>
    ClerkIdentify On
    Require ip 192.0.2.1
</Location>
"""
BEFORE = r"\[authz_core:error\].*AH01630: client denied by server configuration"
PAGES = ("public", "off", "log-only", "if", "public-if", "expr", "plain-expr", "closed")


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    site = ClerkSite(module_httpd, production(_standin_program),
                     "ClerkAuthorizedParties http://localhost:${PORT}", parties=False,
                     modules=["proxy_http"], defines={"UP": application.url}, sections=SECTIONS)
    site.clerk.set_app_origins(site.httpd.url)
    for name in PAGES:
        site.httpd.write(f"{name}/x", name)
    return site


def refreshable(site, user=MEMBER):
    session = site.clerk.new_session(user)
    jar = site.cookies(expired(site, user, sid=session.id), suffixed=True)
    return {**jar, f"__refresh_{site.clerk.cookie_suffix}": session.refresh_token}


def lost(site):
    """Signed in says one cookie, and there is no session."""
    return site.cookies(None, client_uat=SIGNED_IN_AT)


@pytest.mark.sanitize
@pytest.mark.parametrize("page", ["public", "public-if", "expr", "plain-expr"])
def test_a_browser_is_sent_to_the_handshake(site, page):
    """As on protected pages; a script is not."""
    site.log.allow(BEFORE)
    away = handshake(visit(site, f"/{page}/x", cookies=lost(site)))
    assert away.reason == NO_SESSION
    assert away.back == f"{site.httpd.url}/{page}/x"
    answer = site.get(f"/{page}/x", cookies=lost(site), headers=FETCH)
    assert answer.status == (401 if "expr" in page else 200)
    assert answer.cookies == []


@pytest.mark.parametrize("page", ["off", "log-only", "if"])
def test_nobody_is_sent_where_that_is_off(site, page):
    answer = visit(site, f"/{page}/x", cookies=lost(site))
    assert (answer.status, answer.text, answer.cookies) == (200, page, [])


def test_who_may_not_come_in_is_not_sent_away_first(site):
    site.log.expect(BEFORE, times=1)
    assert visit(site, "/closed/x", cookies=lost(site)).status == 403


@pytest.mark.sanitize
@pytest.mark.parametrize("page", ["public", "public-if", "expr", "plain-expr"])
def test_a_session_is_refreshed_once(site, standin, page):
    """Expression, authentication and export see the new session by one call."""
    answer = visit(site, f"/{page}/x", cookies=refreshable(site))
    assert answer.status == 200
    assert seen(answer).user == MEMBER.id
    assert any(line.startswith("__session") for line in answer.cookies)
    assert len(answer.cookies) == len(set(answer.cookies))
    assert standin.count(REFRESH) == 1
    assert answer.header("X-If") == ("somebody" if page == "public-if" else None)


@pytest.mark.parametrize("page", ["off", "if"])
def test_none_is_refreshed_where_that_is_off(site, standin, page):
    """An expression alone looks, and changes nothing."""
    answer = visit(site, f"/{page}/x", cookies=refreshable(site))
    assert (answer.status, answer.cookies, seen(answer).user) == (200, [], None)
    assert "X-If" not in answer
    assert standin.count(REFRESH) == 0


def test_a_handshake_is_redeemed_once(site, standin):
    """A nonce is good for one call, whoever asks first."""
    for page in ("public-if", "expr"):
        token = site.mint.session(MEMBER)
        nonce = site.clerk.new_handshake([f"__session={token}; Path=/",
                                          f"__client_uat={SIGNED_IN_AT}; Path=/"])
        answer = visit(site, f"/{page}/x", cookies={"__clerk_handshake_nonce": nonce})
        assert (answer.status, seen(answer).user) == (200, MEMBER.id), page
        assert sum(line.startswith("__session=") for line in answer.cookies) == 1
    assert standin.count(PAYLOAD) == 2


def test_the_renewed_token_is_forwarded(site, application, standin):
    """A18: and the old one, with its cookies, is not."""
    jar = refreshable(site, SOLO)
    answer = visit(site, "/up/x", cookies={"a": "1", **jar})
    assert answer.status == 200 and standin.count(REFRESH) == 1
    request = application.requests[-1]
    assert header_values(request, "Cookie") == ["a=1"]
    forwarded, = header_values(request, "Authorization")
    fresh = next(line for line in answer.cookies if line.startswith("__session"))
    assert forwarded == "Bearer " + fresh.partition("=")[2].partition(";")[0]
    assert header_values(request, "X-Clerk-User-Id") == [SOLO.id]
