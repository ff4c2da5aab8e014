# SPDX-License-Identifier: Apache-2.0 - other ways by which a client's value could come in, or ours be lost
"""Repeated fields, trailers, Connection, and lines of the site that read or set our names, before
the application of each kind and by both protocols where both have the thing."""
from __future__ import annotations

import pytest

from applications import PREFIXES, Applications
from clerk_site import ClerkSite, production
from http_message import exchange_bytes, parse_response
from standin.users import MEMBER
from test_scrub import CONNECTIONS, NAMES
from test_spoofing import LEAK, LINES, PROTOCOLS, ask, forged, ours, sections

FORGED = "forged:x:-:y"

# A site that reads our names out of the header: it finds nothing of a client there.
READS = """
SetEnvIf X-Clerk-User-Id "(.+)" CLERK_USER_ID=$1
SetEnvIf X_Clerk_User_Id "(.+)" CLERK_ORG_ID=$1
SetEnvIfNoCase ^X.Clerk.Org.Role$ "(.+)" CLERK_ORG_ROLE=$1
SetEnvIf X-Clerk-Claim-Tier "(.+)" HTTP_X_CLERK_CLAIM_TIER=$1
RequestHeader set X-Copied "expr=%{req:X-Clerk-User-Id}" early
RequestHeader edit X-Clerk-Org-Slug "^" "of-the-site-" early
RewriteEngine On
RewriteCond %{HTTP:X-Clerk-User-Id}%{HTTP:X_Clerk_User_Id} (.+)
RewriteRule ^ - [E=CLERK_SESSION_ID:%1]
MergeTrailers On
"""




def moved(prefix: str) -> str:
    """An internal redirect to the protected place, as to a front controller."""
    return f"""
<Location {prefix}/moved>
    RewriteEngine On
    RewriteRule . {prefix}/protected/by-redirect [L]
</Location>
"""


@pytest.fixture(scope="module")
def applications():
    with Applications() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, applications):
    site = ClerkSite(module_httpd, production(_standin_program), PROTOCOLS, *LINES, READS,
                     modules=[*applications.modules, "http2", "rewrite"],
                     defines=applications.defines,
                     sections=applications.config + "".join(
                         sections(prefix) + moved(prefix) for prefix in PREFIXES.values()))
    applications.install(site.httpd)
    return site


@pytest.fixture(scope="module")
def token(site):
    return site.mint.session(MEMBER, tier="gold")


def assert_unforged(applications, kind, place, answer, sent):
    """No value of the client; our user where there is one."""
    assert not LEAK.search(answer.text), (kind, place, sent)
    told = ours(applications.told(kind, answer))
    user = {name: told.get(name) for name in ("HTTP_X_CLERK_USER_ID", "CLERK_USER_ID")}
    if kind == "proxy":
        del user["CLERK_USER_ID"]
    wanted = None if place == "public" else MEMBER.id
    assert set(user.values()) == {wanted}, (kind, place, sent)
    if place == "public":
        assert not [name for name in told if "X_CLERK" in name], (kind, sent)


@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize("kind", PREFIXES)
def test_a_field_that_comes_several_times(site, applications, token, kind, protocol):
    names = ["X-Clerk-User-Id", "X_Clerk_User_Id", "X-CLERK-USER-ID", "X-Clerk-Org-Role",
             "X-Clerk-User-Id", "x-clerk-claim-tier", "X-Clerk-Org-Role"] * 6
    for place in ("protected", "identify", "public"):
        fields = [(name, FORGED) for name in names] + [("Authorization", f"Bearer {token}")]
        answer = ask(site.httpd, protocol, f"{PREFIXES[kind]}/{place}", "GET", fields)
        assert_unforged(applications, kind, place, answer, protocol)


@pytest.mark.parametrize("kind", PREFIXES)
def test_lines_of_the_site_that_read_our_names(site, applications, token, kind):
    """SetEnvIf, RequestHeader early and RewriteRule run before anybody is authenticated."""
    for place in ("protected", "identify", "public"):
        for case in ("as it is", "lower"):
            answer = site.get(f"{PREFIXES[kind]}/{place}", bearer=token, headers=forged(case))
            assert_unforged(applications, kind, place, answer, case)
            assert not applications.told(kind, answer).get("HTTP_X_COPIED")


@pytest.mark.parametrize("kind", PREFIXES)
def test_trailers(site, applications, token, kind):
    """MergeTrailers On merges them with the header, as soon as the body has been read, which
    mod_proxy_fcgi does before it makes the environment of PHP."""
    trailers = "".join(f"{name}: {FORGED}\r\n" for name in NAMES[:28])
    for place in ("protected", "identify", "public", *(["moved"] if kind != "proxy" else [])):
        sent = (f"POST {PREFIXES[kind]}/{place} HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {token}\r\nConnection: close\r\n"
                "Transfer-Encoding: chunked\r\nTrailer: X-Clerk-User-Id\r\n\r\n"
                f"4\r\nbody\r\n0\r\nX-Kept: of-a-trailer\r\n{trailers}\r\n")
        answer = parse_response(exchange_bytes(site.httpd.port, sent.encode()))
        assert kind != "php" or applications.told(kind, answer)["HTTP_X_KEPT"] == "of-a-trailer"
        assert_unforged(applications, kind, place, answer, "trailers")


@pytest.mark.parametrize("kind", PREFIXES)
def test_connection(site, applications, token, kind):
    """RFC 9110, 7.6.1: what it names is for one connection. mod_proxy drops it later than
    this module sets it."""
    every = ", ".join(NAMES)
    plain = ours(applications.told(kind, site.get(f"{PREFIXES[kind]}/protected", bearer=token)))
    for fields in ([every], [every.lower()], [every.upper(), "close"], [every.replace("-", "_")],
                   *(CONNECTIONS if kind != "cgi" else [])):
        for place in ("protected", "identify"):
            answer = site.get(f"{PREFIXES[kind]}/{place}", bearer=token,
                              headers=[("Connection", field) for field in fields])
            assert ours(applications.told(kind, answer)).items() >= {
                name: value for name, value in plain.items()
                if name != "AUTH_TYPE"}.items(), (place, fields)


@pytest.mark.parametrize("kind", PREFIXES)
def test_connection_of_http2(site, applications, token, kind):
    """There is none in HTTP/2 (RFC 9113, 8.2.2): whatever a client writes, nothing is lost."""
    for name in ("Connection", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade"):
        fields = [(name, "X-Clerk-User-Id"), ("Authorization", f"Bearer {token}")]
        answer = ask(site.httpd, "HTTP/2", f"{PREFIXES[kind]}/protected", "GET", fields)
        assert_unforged(applications, kind, "protected", answer, name)
