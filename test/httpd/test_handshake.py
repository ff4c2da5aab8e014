# SPDX-License-Identifier: Apache-2.0 - who is sent to the handshake, why, and with what
from __future__ import annotations

import time

import pytest

from redirects import expired, handshake, visit
from clerk_site import (DEV_BROWSER, FETCH, LIKE_PROTECT, LOG_ONLY, NAVIGATION, PAGE, PROTECTED,
                        SIGNED_IN_AT, ClerkSite, development, production, seen)
from standin.tokens import alter_signature
from standin.users import MEMBER, PENDING

NOBODY = "session-token-and-uat-missing"
NO_CLIENT = "session-token-but-no-client-uat"
NO_SESSION = "client-uat-but-no-session-token"
OLDER = "session-token-iat-before-client-uat"
NO_BROWSER = "dev-browser-missing"
EXPIRED = "session-token-expired-refresh-non-eligible-no-refresh-cookie"
EXPIRED_POST = "session-token-expired-refresh-non-eligible-non-get"
NOT_YET = "session-token-nbf"
FUTURE = "session-token-iat-in-the-future"

PARAMETERS = ["redirect_url", "__clerk_api_version", "suffixed_cookies", "__clerk_hs_reason",
              "format", "__session", "__clerk_db_jwt"]
SECTIONS = PROTECTED + """
<Location /off>
    AuthType Clerk
    AuthName x
    ClerkHandshake Off
    Require valid-user
</Location>
""" + LIKE_PROTECT + LOG_ONLY


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return ClerkSite(module_httpd, production(_standin_program), sections=SECTIONS)


@pytest.fixture(scope="module")
def dev(module_httpd, _standin_program):
    return ClerkSite(module_httpd, development(_standin_program), sections=SECTIONS)


def later(site, **claims):
    now = int(time.time()) + 60
    return site.mint.session(MEMBER, **{**{name: now for name in claims if claims[name] is True},
                                        "exp": now + 60})


TOKENS = {
    "good": lambda site: site.mint.session(MEMBER),
    "expired": lambda site: expired(site, MEMBER),
    "not yet": lambda site: later(site, nbf=True),
    "future": lambda site: later(site, iat=True),
    "old": lambda site: site.mint.session(MEMBER, iat=SIGNED_IN_AT - 1),
    "old and forged": lambda site: alter_signature(site.mint.session(MEMBER,
                                                                     iat=SIGNED_IN_AT - 1)),
}


def jar_of(site, session=None, client_uat=SIGNED_IN_AT, browser=True, **more):
    token = TOKENS[session](site) if session in TOKENS else session
    jar = {**site.cookies(token, client_uat=client_uat), **more}
    if not browser:
        jar.pop("__clerk_db_jwt", None)
    return jar


# ---------------------------------------------------------------- why

WHY = [
    # which instance, session, client_uat, whether there is a dev browser, reason
    ("F03", "site", None, 1, True, NO_SESSION),
    ("F03", "dev", None, 1, True, NO_SESSION),
    ("F04", "site", "good", None, True, NO_CLIENT),
    ("F04", "site", "good", 0, True, NO_CLIENT),
    ("F04", "dev", "good", None, True, NO_CLIENT),
    ("F04", "site", "junk", 0, True, NO_CLIENT),
    ("F05", "site", "old", SIGNED_IN_AT, True, OLDER),
    ("F05", "dev", "old", SIGNED_IN_AT, True, OLDER),
    ("F05", "site", "old and forged", SIGNED_IN_AT, True, OLDER),
    ("F08", "dev", None, None, False, NO_BROWSER),
    ("F08", "dev", None, 1, False, NO_BROWSER),
    ("F08", "dev", "good", SIGNED_IN_AT, False, NO_BROWSER),
    ("F08", "dev", "junk", SIGNED_IN_AT, False, NO_BROWSER),
    ("F11", "site", "expired", SIGNED_IN_AT, True, EXPIRED),
    ("F11", "dev", "expired", SIGNED_IN_AT, True, EXPIRED),
    ("F12", "site", "not yet", SIGNED_IN_AT, True, NOT_YET),
    ("F12", "dev", "not yet", SIGNED_IN_AT, True, NOT_YET),
    ("-", "site", "future", SIGNED_IN_AT, True, FUTURE),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("id_, which, session, client_uat, browser, reason", WHY)
def test_why_a_browser_is_sent(request, id_, which, session, client_uat, browser, reason):
    """F03, F04, F05, F08, F11, F12; N05: with these parameters and no others. N04: what is no
    page load gets the same reason, and an answer."""
    here = request.getfixturevalue(which)
    jar = jar_of(here, session, client_uat, browser)
    with here.logged() as lines, here.no_leak(jar.get("__session")):
        answer = visit(here, f"{PAGE}?page=2&x=a%20b", cookies=jar)
    away = handshake(answer)
    assert away.endpoint == f"https://{here.clerk.frontend_api}/v1/client/handshake"
    wanted = {"redirect_url": here.httpd.url + f"{PAGE}?page=2&x=a%20b",
              "__clerk_api_version": "2026-05-12", "suffixed_cookies": "false",
              "__clerk_hs_reason": reason, "format": "nonce"}
    if "__session" in jar:
        wanted["__session"] = jar["__session"]
    if which == "dev" and browser:
        wanted["__clerk_db_jwt"] = DEV_BROWSER
    assert away.query == wanted
    assert away.names == [name for name in PARAMETERS if name in wanted]
    assert answer.header("Vary") == "Authorization,Cookie"
    assert [line.level for line in lines] == ["info"]
    assert f"sent to the handshake (reason={reason}, " in lines[0].text

    for method in ("HEAD", "POST", "PUT", "DELETE"):
        answer = here.request(method, headers=FETCH if method != "HEAD" else {}, cookies=jar)
        assert (answer.status, answer.location, answer.cookies) == (401, None, [])
        assert seen(answer).reason == (EXPIRED_POST if reason == EXPIRED else reason)


@pytest.mark.parametrize("jar, reason", [
    ({}, NOBODY), ({"__client_uat": "0"}, NOBODY), ({"__session": "x", "__client_uat": "1"},
                                                    "token-invalid")])
def test_where_no_handshake_helps(site, jar, reason):
    """F01, F02, F07: straight to sign-in."""
    answer = visit(site, cookies=jar)
    assert answer.status == 302 and "/sign-in?redirect_url=" in answer.location
    assert seen(answer).reason == reason and answer.cookies == []


def test_a_development_browser_in_the_url(dev):
    """F09: it goes along, and not into the address to come back to."""
    for jar in ({}, dev.cookies(), dev.cookies(dev.mint.session(MEMBER))):
        away = handshake(visit(dev, f"{PAGE}?a=1&__clerk_db_jwt=asdf&b=2&__dev_session=x",
                               cookies=jar))
        assert away.reason == "dev-browser-sync"
        assert away.query["__clerk_db_jwt"] == "asdf"
        assert away.back == f"{dev.httpd.url}{PAGE}?a=1&b=2"
    assert handshake(visit(dev, f"{PAGE}?__clerk_db_jwt=")).reason == "dev-browser-sync"


def test_production_never_sends_a_development_browser(site):
    """N09: neither that of a cookie nor that of the URL."""
    jar = {**site.cookies(), "__clerk_db_jwt": DEV_BROWSER}
    for target in (PAGE, f"{PAGE}?__clerk_db_jwt=asdf"):
        away = handshake(visit(site, target, cookies=jar))
        assert "__clerk_db_jwt" not in away.query
        assert away.back == site.httpd.url + PAGE


def test_plain_or_suffixed(site):
    """S01: what was read is what the Frontend API is told of."""
    for suffixed in (False, True):
        token = expired(site, MEMBER)
        away = handshake(visit(site, cookies=site.cookies(token, suffixed=suffixed)))
        assert away.query["suffixed_cookies"] == ("true" if suffixed else "false")
        assert away.query["__session"] == token


# ---------------------------------------------------------------- who

WHO = [
    ("N01", "GET", {"Sec-Fetch-Dest": "document"}, True),
    ("N01", "GET", {"Sec-Fetch-Dest": "iframe"}, True),
    ("N01", "GET", {"Sec-Fetch-Dest": "document", "Accept": "application/json"}, True),
    ("N02", "GET", {"Accept": "text/html,application/xhtml+xml"}, True),
    ("N02", "GET", {"Accept": "text/html"}, True),
    ("N02", "GET", {"Sec-Fetch-Dest": "", "Accept": "text/html"}, True),
    ("N02", "GET", {"Accept": "application/json, text/html"}, False),
    ("N02", "GET", {"Accept": "*/*"}, False),
    ("N02", "GET", {}, False),
    ("N03", "GET", {"Sec-Fetch-Dest": "empty", "Accept": "text/html"}, False),
    ("N03", "GET", {"Sec-Fetch-Dest": "image", "Accept": "text/html"}, False),
    ("N03", "GET", {"Sec-Fetch-Dest": "Document", "Accept": "text/html"}, False),
    ("N03", "GET", {"Sec-Fetch-Dest": "document, document", "Accept": "text/html"}, False),
    ("N04", "POST", NAVIGATION, False), ("N04", "PUT", NAVIGATION, False),
    ("N04", "HEAD", NAVIGATION, False), ("N04", "OPTIONS", NAVIGATION, False),
    ("N04", "PATCH", NAVIGATION, False), ("N04", "DELETE", NAVIGATION, False),
]


@pytest.mark.parametrize("id_, method, headers, is_sent", WHO)
def test_who_is_sent(site, id_, method, headers, is_sent):
    """N01 to N04."""
    jar = jar_of(site, None, 1)
    answer = site.request(method, headers=headers, cookies=jar)
    if is_sent:
        assert handshake(answer).reason == NO_SESSION
        return
    assert answer.status != 307 and answer.cookies == []
    assert "/v1/client/handshake" not in (answer.location or "")
    assert (seen(answer).status, seen(answer).reason) == ("signed-out", NO_SESSION)


def test_protect_sends_the_same_ones(site):
    jar = jar_of(site, None, 1)
    assert handshake(visit(site, "/protect", cookies=jar)).reason == NO_SESSION
    assert site.request("POST", "/protect", headers=FETCH, cookies=jar).status == 404
    # a page request, for auth.protect(), and no page load, for the handshake
    answer = site.request("POST", "/protect", headers=NAVIGATION, cookies=jar)
    assert answer.status == 302 and "/sign-in?" in answer.location


def test_a_token_in_authorization(site):
    """N12: of a page load; a client of an API is answered."""
    for name, reason in (("expired", EXPIRED), ("not yet", NOT_YET), ("future", FUTURE)):
        token = TOKENS[name](site)
        away = handshake(visit(site, bearer=token))
        assert (away.reason, away.query["__session"]) == (reason, token)
        for headers in ({}, FETCH, {"Accept": "application/json"}):
            site.refused(reason, headers=headers, bearer=token)
    cookie = expired(site, MEMBER)
    away = handshake(visit(site, bearer=expired(site, PENDING), session=cookie))
    assert away.query["__session"] == cookie   # that of the cookie goes before


def test_handshake_off(site):
    """As if there were none: the same reason, and sign-in for a browser."""
    for session, client_uat, reason in ((None, 1, NO_SESSION), ("expired", SIGNED_IN_AT, EXPIRED)):
        jar = jar_of(site, session, client_uat)
        answer = visit(site, "/off", cookies=jar)
        assert answer.status == 302 and "/sign-in?" in answer.location
        assert (seen(answer).status, seen(answer).reason) == ("signed-out", reason)
        assert answer.cookies == []


def test_log_only_sends_nobody(site):
    with site.logged("notice") as lines:
        answer = visit(site, "/log-only/x", cookies=jar_of(site, "expired"))
    assert (answer.status, answer.location, answer.cookies) == (404, None, [])
    assert (seen(answer).status, seen(answer).reason) == ("handshake", EXPIRED)
    assert len(lines) == 1
    site.log.expect(r"ClerkEnforce LogOnly: /log-only/x would be redirected to the handshake "
                    rf"\(reason={EXPIRED}, by: -\)", times=1)


# ---------------------------------------------------------------- how often

@pytest.mark.parametrize("counter, next_", [
    (None, 1), ("", 1), ("0", 1), ("1", 2), ("2", 3), ("x", 1), ("1x", 1), ("0x2", 3), ("1.0", 2)])
def test_redirects_are_counted(site, counter, next_):
    """N10: in a cookie of two seconds' life, for the whole site."""
    jar = jar_of(site, None, 1)
    if counter is not None:
        jar["__clerk_redirect_count"] = counter
    handshake(visit(site, cookies=jar), count=next_)


@pytest.mark.parametrize("counter", ["3", "4", "99999999999999999999", "-1", " 3"])
def test_after_three_there_is_no_more(site, counter):
    """N11: and a browser that counts on gets no further."""
    answer = visit(site, cookies={**jar_of(site, None, 1), "__clerk_redirect_count": counter})
    assert answer.status == 302 and "/sign-in?" in answer.location
    assert answer.cookies == []
    assert (seen(answer).status, seen(answer).reason) == ("signed-out", NO_SESSION)
    site.log.allow(r"\[clerk_auth:warn\].*the handshake was repeated in a loop, which ends here")


# ---------------------------------------------------------------- where to

@pytest.mark.parametrize("proxy", ["https://example.com/clerk", "https://example.com/clerk/",
                                   "https://example.com/clerk//", "https://example.com/clerk///"])
def test_proxy(httpd, _standin_program, proxy):
    """N06: however many slashes are at its end."""
    site = ClerkSite(httpd, production(_standin_program), f"ClerkProxyURL {proxy}")
    away = handshake(visit(site, cookies=jar_of(site, None, 1)))
    assert away.endpoint == "https://example.com/clerk/v1/client/handshake"


def test_proxy_on_this_site(httpd, _standin_program):
    site = ClerkSite(httpd, development(_standin_program), "ClerkProxyURL /__clerk/")
    away = handshake(visit(site))
    assert away.endpoint == f"{site.httpd.url}/__clerk/v1/client/handshake"
    assert away.back == site.httpd.url + PAGE


def test_satellite_s_own_frontend_api(httpd, _standin_program):
    """N07: in production; a development instance has but one."""
    for kind, host in ((production, "clerk.example.com"), (development, None)):
        site = ClerkSite(httpd, kind(_standin_program), "ClerkSatellite On",
                         "ClerkDomain example.com", "ClerkSignInURL https://primary.example/in")
        away = handshake(visit(site, cookies=jar_of(site, None, 1)))
        assert away.endpoint == f"https://{host or site.clerk.frontend_api}/v1/client/handshake"


def test_without_a_publishable_key_there_is_no_handshake(httpd, _standin_program):
    """Nothing says where the Frontend API is."""
    clerk = production(_standin_program)
    site = ClerkSite(httpd, clerk, "ClerkSignInURL /in", instance=[
        f"ClerkSecretKey {clerk.secret_key}", f"ClerkJWKSURL {clerk.jwks_url}"])
    answer = visit(site, cookies=jar_of(site, "expired"))
    assert answer.status == 302 and answer.location.startswith(f"{site.httpd.url}/in?")
    site.admitted(MEMBER, session=site.mint.session(MEMBER))
    cookies = [f"__session={site.mint.session(MEMBER)}; Path=/"]
    answer = visit(site, f"{PAGE}?__clerk_handshake={site.mint.handshake(cookies)}")
    assert (answer.status, answer.cookies) == (302, [])


@pytest.mark.parametrize("kind", [production, development])
def test_without_a_secret_key(httpd, _standin_program, standin, kind):
    """What a browser brings is asked for whole, since a nonce could not be redeemed; there is
    no refresh. Nothing is asked of the Backend API."""
    clerk = kind(_standin_program)
    site = ClerkSite(httpd, clerk, instance=[
        f"ClerkPublishableKey {clerk.publishable_key}", f"ClerkJWKSURL {clerk.jwks_url}"])
    standin.reset()
    jar = jar_of(site, "expired")
    away = handshake(visit(site, cookies=jar))
    assert away.reason == EXPIRED and "format" not in away.query
    jar[f"__refresh_{clerk.cookie_suffix}"] = "x"
    away = handshake(visit(site, cookies=jar))
    assert away.reason == "session-token-expired-refresh-missing-api-client"
    cookies = [f"__session={site.mint.session(MEMBER)}; Path=/"]
    answer = visit(site, f"{PAGE}?__clerk_handshake={site.mint.handshake(cookies)}")
    assert (answer.status, answer.cookies) == (200 if kind is production else 307, cookies)
    assert seen(answer).status == "signed-in"
    answer = site.get(f"{PAGE}?__clerk_handshake_nonce=x", headers=FETCH)
    assert seen(answer).reason == "session-token-missing"
    site.log.expect("could not be redeemed: there is no secret key", times=1)
    assert {name for name in standin.counters()["requests"] if name.startswith("backend.")} == set()
