# SPDX-License-Identifier: Apache-2.0 - what a browser brings back from the handshake
from __future__ import annotations

import time

import pytest

from redirects import expired, handshake, redirect, visit
from clerk_site import (DEV_BROWSER, FETCH, NAVIGATION, PAGE, PAGE_TEXT, PROTECTED, ClerkSite,
                        development, production, seen)
from standin.tokens import CAT_IGNORE, CAT_M2M, CAT_SESSION, CAT_TEMPLATE, OMIT, alter_signature
from standin.users import ADMIN, MEMBER, PENDING

MISSING = "session-token-missing"
EXPIRED = "session-token-expired-refresh-non-eligible-no-refresh-cookie"
TOKEN, NONCE = "__clerk_handshake", "__clerk_handshake_nonce"
REST = "page=2&x=a+b&y=%7e&__clerk_synced=true"
NOT_REDEEMED = r"the nonce of a handshake could not be redeemed: "
NO_VERIFY = r"a handshake token did not verify: were the keys switched\?"
NO_SESSION_VERIFIES = r"the session of a handshake did not verify"

SECTIONS = PROTECTED + """
<Location /off>
    AuthType Clerk
    AuthName x
    ClerkHandshake Off
    Require valid-user
</Location>
"""


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    site = ClerkSite(module_httpd, production(_standin_program), sections=SECTIONS)
    site.log.allow(rf"\[clerk_auth:warn\].*({NOT_REDEEMED}|{NO_SESSION_VERIFIES})")
    return site


@pytest.fixture(scope="module")
def dev(module_httpd, _standin_program):
    site = ClerkSite(module_httpd, development(_standin_program), sections=SECTIONS)
    site.log.allow(rf"\[clerk_auth:warn\].*({NOT_REDEEMED}|{NO_VERIFY}|{NO_SESSION_VERIFIES}"
                   "|a fresh session token is not valid now)")
    return site


def directives(token, *more: str) -> list[str]:
    return [f"__session={token}; Path=/; SameSite=Lax", "__client_uat=1700000000; Path=/", *more]


def brought(site, how: str, cookies: list[str]) -> str:
    """A value under which these cookies are to be had."""
    return site.clerk.new_handshake(cookies) if how == NONCE else site.mint.handshake(cookies)


def is_clean_up(site, answer, query=REST, cookies=None):
    """307 to the same page without what the handshake put into its address."""
    away = redirect(answer)
    assert answer.location == site.httpd.url + PAGE + (f"?{query}" if query else "")
    assert not any(name.startswith("__clerk_h") or name == "__clerk_db_jwt"
                   for name in away.names)
    assert (answer.header("Access-Control-Allow-Origin"),
            answer.header("Access-Control-Allow-Credentials")) == ("null", "true")
    if cookies is not None:
        assert answer.cookies == cookies


def is_page(answer, cookies, user=MEMBER):
    """The page itself, with cookies, which no cache is told of."""
    assert (answer.status, answer.text, answer.location) == (200, PAGE_TEXT, None)
    assert (seen(answer).status, seen(answer).user) == ("signed-in", user.id)
    assert answer.cookies == cookies
    assert "Cache-Control" not in answer
    assert (answer.header("Access-Control-Allow-Origin"),
            answer.header("Access-Control-Allow-Credentials")) == ("null", "true")


# ---------------------------------------------------------------- the good case

@pytest.mark.sanitize
@pytest.mark.parametrize("how", [NONCE, TOKEN])
def test_development_cleans_the_url(dev, how):
    """N13, N16: cookies one by one, then the same address without four parameters."""
    cookies = directives(dev.mint.session(MEMBER), "a=b; Path=/; HttpOnly", "c=d,e; Secure")
    value = brought(dev, how, cookies)
    with dev.logged() as lines, dev.no_leak(value, cookies[0]):
        answer = visit(dev, f"{PAGE}?page=2&{how}={value}&x=a+b&__clerk_help=1&y=%7e&"
                       f"__clerk_db_jwt=dvb_x&__clerk_synced=true", cookies=dev.cookies())
    is_clean_up(dev, answer, cookies=cookies)
    assert seen(answer).status == "signed-in"
    assert [line.level for line in lines] == ["info"]
    assert "back from the handshake" in lines[0].text and value not in lines[0].text


@pytest.mark.sanitize
@pytest.mark.parametrize("how", [NONCE, TOKEN])
def test_production_goes_on(site, how):
    """N13, N17: the page, signed in, and the cookies."""
    cookies = directives(site.mint.session(MEMBER), f"{how}=; Path=/; Max-Age=0")
    value = brought(site, how, cookies)
    with site.no_leak(value, cookies[0]):
        answer = visit(site, cookies={"__client_uat": "1", how: value})
    is_page(answer, cookies)


@pytest.mark.parametrize("which", ["site", "dev"])
@pytest.mark.parametrize("place", ["query", "cookie"])
def test_both_places_count_for_both_kinds(request, which, place):
    here = request.getfixturevalue(which)
    cookies = directives(here.mint.session(MEMBER))
    value = here.mint.handshake(cookies)
    target, jar = (f"{PAGE}?{TOKEN}={value}", {}) if place == "query" else (PAGE, {TOKEN: value})
    answer = visit(here, target, cookies=jar)
    if which == "dev":
        is_clean_up(here, answer, "", cookies)
    else:
        is_page(answer, cookies)


def test_whoever_brings_it(site, dev):
    """Scripts and forms too: the SDK asks no more than that it is there."""
    for method, headers in (("POST", FETCH), ("GET", FETCH), ("GET", {})):
        cookies = directives(site.mint.session(MEMBER))
        answer = site.request(method, headers=headers, cookies={TOKEN: site.mint.handshake(cookies)})
        assert seen(answer).user == MEMBER.id and answer.cookies == cookies
    cookies = directives(dev.mint.session(MEMBER))
    answer = dev.get(f"{PAGE}?{TOKEN}={dev.mint.handshake(cookies)}", headers=FETCH)
    is_clean_up(dev, answer, "", cookies)


def test_the_nonce_is_asked_for_once(site, standin):
    """N13: at this endpoint, with the secret key, by what is its name in a query."""
    nonce = site.clerk.new_handshake(directives(site.mint.session(MEMBER)))
    standin.reset()
    assert visit(site, cookies={NONCE: nonce}).status == 200
    asked = standin.requests("backend.handshake_payload")
    assert [(one["method"], one["path"]) for one in asked] == [("GET", "/v1/clients/handshake_payload")]
    assert asked[0]["query"] == {"nonce": nonce}
    assert asked[0]["headers"]["authorization"] == f"Bearer {site.clerk.secret_key}"


def test_nonce_goes_before_token(site):
    """N15."""
    good = directives(site.mint.session(MEMBER))
    other = site.mint.handshake(directives(site.mint.session(ADMIN)))
    answer = visit(site, cookies={NONCE: site.clerk.new_handshake(good), TOKEN: other})
    is_page(answer, good)


# ---------------------------------------------------------------- what it may hold

def test_the_last_session_counts(site):
    """N19: of several, whatever follows __session in their names."""
    suffix = site.clerk.cookie_suffix
    cookies = [f"__session={site.mint.session(ADMIN)}; Path=/", "other=1",
               f"__session_{suffix}={site.mint.session(MEMBER)}; Path=/", "__client_uat=1"]
    is_page(visit(site, cookies={TOKEN: site.mint.handshake(cookies)}), cookies)


def test_without_a_session(site, dev):
    """N18: who has signed out elsewhere is signed out here, too."""
    cookies = ["__session=; Path=/; Max-Age=0", "__client_uat=0; Path=/"]
    answer = visit(site, cookies={TOKEN: site.mint.handshake(cookies)}, session=expired(site, MEMBER))
    assert answer.status == 302 and "/sign-in?" in answer.location
    assert (seen(answer).status, seen(answer).reason) == ("signed-out", MISSING)
    assert answer.cookies == cookies
    answer = visit(dev, f"{PAGE}?{TOKEN}={dev.mint.handshake(cookies)}")
    is_clean_up(dev, answer, "", cookies)
    assert (seen(answer).status, seen(answer).reason) == ("signed-out", MISSING)


@pytest.mark.parametrize("payload", [[], ["a=b"], {"handshake": "x"}, {"handshake": None},
                                     {"handshake": {"0": "a=b"}}, {"handshake": OMIT},
                                     {"handshake": [1, None, ["a=b"], {}]}])
def test_what_is_no_list_is_an_empty_one(site, payload):
    token = site.mint.handshake(payload) if isinstance(payload, list) \
        else site.mint.handshake([], **payload)
    answer = site.get(cookies={TOKEN: token})
    assert (answer.status, seen(answer).reason) == (401, MISSING)
    assert answer.cookies == (payload if isinstance(payload, list) else [])


HOSTILE = ["a=b\r\nX-Evil: 1", "a=b\nX-Evil: 1", "a=b\rX-Evil: 1", "a=b\x7f",
           "a=\x1bb", "\r\n\r\n<script>"]


@pytest.mark.sanitize
@pytest.mark.parametrize("how", [NONCE, TOKEN])
def test_set_cookie_is_one_field(site, how):
    """What could be more than one field is dropped; long ones and other letters are not."""
    good = directives(site.mint.session(MEMBER), "long=" + "x" * 4000, "x=\u00e9; Path=/")
    mixed = [*HOSTILE, *good]
    answer = visit(site, cookies={how: brought(site, how, mixed)}, headers=FETCH) \
        if how == NONCE else visit(site, f"{PAGE}?{how}={brought(site, how, mixed)}")
    assert answer.status == 200 and "X-Evil" not in answer
    assert [cookie.encode("latin-1").decode() for cookie in answer.cookies] == good


def test_what_has_a_nul_is_no_text(site):
    """The whole of it is refused: no member of it could be trusted to be what was signed."""
    cookies = directives(site.mint.session(MEMBER), "a=b\0c")
    for how in (NONCE, TOKEN):
        answer = site.get(cookies={how: brought(site, how, cookies)})
        assert answer.status == 401
        assert not any("__session" in cookie or "a=b" in cookie for cookie in answer.cookies)


# ---------------------------------------------------------------- when it is no good

def test_a_nonce_that_cannot_be_redeemed(site, dev, standin):
    """N14: as without a session; the cookie is taken back, so that it is not tried again."""
    for fault in (None, 500, 401):
        if fault:
            standin.fault("backend.handshake_payload", "answer", status=fault, times=1)
        answer = site.get(cookies={NONCE: "unknown"}, session=site.mint.session(MEMBER))
        assert (answer.status, seen(answer).reason) == (401, MISSING)
        assert answer.cookies and all(cookie.startswith(f"{NONCE}=;") and "Max-Age=0" in cookie
                                      for cookie in answer.cookies)
    answer = visit(dev, f"{PAGE}?{NONCE}=unknown&a=b")
    is_clean_up(dev, answer, "a=b", [])
    assert seen(answer).reason == MISSING


def test_a_nonce_is_good_once(site):
    nonce = site.clerk.new_handshake(directives(site.mint.session(MEMBER)))
    assert visit(site, cookies={NONCE: nonce}).status == 200
    time.sleep(0.1)
    answer = site.get(cookies={NONCE: nonce})
    assert answer.status in (200, 401)   # remembered for a moment, for requests made at once


@pytest.mark.parametrize("make", [
    lambda here, other: other.mint.handshake(directives(other.mint.session(MEMBER))),
    lambda here, other: alter_signature(here.mint.handshake(directives(here.mint.session(MEMBER)))),
    lambda here, other: here.mint.handshake(directives(here.mint.session(MEMBER)), alg="none"),
    lambda here, other: "junk"], ids=["N20 N21 another instance's", "forged", "unsigned", "junk"])
def test_a_token_that_does_not_verify(site, dev, make):
    """N20: in development it says so, as signed out (a server error in the SDK). N21: in
    production it is as if it were not there; it may be a neighbour's. No cookie is set."""
    token = make(dev, site)
    answer = visit(dev, f"{PAGE}?{TOKEN}={token}", cookies=dev.cookies(dev.mint.session(MEMBER)))
    assert answer.status == 302 and "/sign-in?" in answer.location
    assert seen(answer).status == "signed-out" and seen(answer).reason != MISSING
    assert answer.cookies == []

    token = make(site, dev)
    answer = site.get(cookies={TOKEN: token})
    assert (answer.status, seen(answer).reason) == (401, "session-token-and-uat-missing")
    assert site.get(cookies={TOKEN: token}, session=site.mint.session(MEMBER)).status == 200
    away = handshake(visit(site, cookies={TOKEN: token}, session=expired(site, MEMBER)))
    assert away.reason == EXPIRED


def test_an_old_handshake_token(site):
    """N23: only the signature counts; there is no expiry."""
    now = int(time.time())
    cookies = directives(site.mint.session(MEMBER))
    token = site.mint.handshake(cookies, exp=now - 3600, iat=now - 7200, nbf=now + 60)
    is_page(visit(site, cookies={TOKEN: token}), cookies)


@pytest.mark.parametrize("cat", [OMIT, CAT_SESSION, CAT_IGNORE])
def test_categories_of_handshake_tokens(site, cat):
    """C09."""
    cookies = directives(site.mint.session(MEMBER))
    token = site.mint.handshake(cookies, header={"cat": cat})
    is_page(visit(site, cookies={TOKEN: token}), cookies)


@pytest.mark.parametrize("cat", [CAT_TEMPLATE, CAT_M2M, "cl_B7d4PD999AAA", "cl_I7d4PD222III", "",
                                 None, 1])
def test_other_categories_are_no_handshake(site, dev, cat):
    """C10: refused, and no cookie set."""
    for here in (site, dev):
        cookies = directives(here.mint.session(MEMBER))
        token = here.mint.handshake(cookies, header={"cat": cat})
        answer = here.get(f"{PAGE}?{TOKEN}={token}", headers={"Accept": "*/*"})
        assert answer.status == 401 and answer.cookies == []


def test_clocks_that_differ(site, dev):
    """N22: by an hour is forgiven in development, in a handshake alone."""
    now = int(time.time())
    for claims in ({"nbf": now + 3600, "iat": now + 3600, "exp": now + 3660},
                   {"iat": now - 3660, "nbf": now - 3660, "exp": now - 3600}):
        cookies = directives(dev.mint.session(MEMBER, **claims))
        answer = visit(dev, f"{PAGE}?{TOKEN}={dev.mint.handshake(cookies)}")
        is_clean_up(dev, answer, "", cookies)
        assert seen(answer).status == "signed-in"
        cookies = directives(site.mint.session(MEMBER, **claims))
        answer = visit(site, cookies={TOKEN: site.mint.handshake(cookies)})
        assert seen(answer).user is None and answer.cookies == []
    claims = {"nbf": now + 2 * 86400, "iat": now + 2 * 86400, "exp": now + 2 * 86400 + 60}
    cookies = directives(dev.mint.session(MEMBER, **claims))
    away = redirect(visit(dev, f"{PAGE}?{TOKEN}={dev.mint.handshake(cookies)}"))
    assert away.reason == "dev-browser-missing"


def test_a_session_that_is_no_good(site, dev):
    """It goes on as if nothing had been brought, until the counter ends it."""
    for here in (site, dev):
        cookies = directives(alter_signature(here.mint.session(MEMBER)))
        answer = visit(here, f"{PAGE}?{TOKEN}={here.mint.handshake(cookies)}",
                       cookies={"__clerk_db_jwt": DEV_BROWSER, "__client_uat": "1"})
        away = handshake(answer)
        assert away.reason == "client-uat-but-no-session-token"


def test_a_pending_session(site):
    """To its tasks, with the cookies: the session is there."""
    cookies = directives(site.mint.session(PENDING))
    answer = visit(site, cookies={TOKEN: site.mint.handshake(cookies)})
    assert answer.status == 302 and "/sign-in/tasks?" in answer.location
    assert answer.cookies == cookies


def test_handshake_off_takes_nothing(site, dev):
    for here in (site, dev):
        cookies = directives(here.mint.session(MEMBER))
        value = here.mint.handshake(cookies)
        answer = here.get(f"/off/x?{TOKEN}={value}", headers=NAVIGATION, cookies={TOKEN: value})
        assert answer.status == 302 and "/sign-in?" in answer.location
        assert answer.cookies == []


def test_cookies_come_with_every_answer(httpd, _standin_program):
    """With a refusal, a redirect of the site and an error page, too."""
    site = ClerkSite(httpd, production(_standin_program), "ErrorDocument 404 /missing.txt",
                     sections=PROTECTED + """
        <Location /app/admin>
            Require clerk-role admin
        </Location>
        <Location /app/elsewhere>
            Redirect /app/elsewhere https://www.example.com/
        </Location>
        """, modules=["alias"])
    site.httpd.write("missing.txt", "not here\n")
    for target, status in (("/app/admin", 403), ("/app/elsewhere", 302), ("/app/nothing", 404),
                           (PAGE, 200)):
        cookies = directives(site.mint.session(MEMBER))
        answer = visit(site, target, cookies={TOKEN: site.mint.handshake(cookies)}, headers=FETCH)
        assert (answer.status, answer.cookies) == (status, cookies), target
        assert answer.header("Vary").replace(" ", "") == "Authorization,Cookie", target
    site.log.expect(r"AH01631: user .*: authorization failure", times=1)
