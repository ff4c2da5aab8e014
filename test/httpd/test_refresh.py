# SPDX-License-Identifier: Apache-2.0 - a session that is renewed on the spot
from __future__ import annotations

import json
import time

import pytest

from redirects import expired, handshake, visit
from clerk_site import (FETCH, NAVIGATION, PAGE_TEXT, PROTECTED, ClerkSite, development,
                        production, seen)
from standin.tokens import OMIT, alter_signature
from standin.users import MEMBER, PENDING

REFRESH = "backend.session_refresh"
SECTIONS = PROTECTED + """
<Location /off>
    AuthType Clerk
    AuthName x
    ClerkHandshake Off
    Require valid-user
</Location>
"""


@pytest.fixture(scope="module", params=[production, development],
                ids=["production", "development"])
def site(request, module_httpd, _standin_program):
    site = ClerkSite(module_httpd, request.param(_standin_program),
                     "ClerkAuthorizedParties http://localhost:${PORT}", parties=False,
                     sections=SECTIONS)
    site.clerk.set_app_origins(site.httpd.url)
    return site


@pytest.fixture(autouse=True)
def _counted_anew(_standin_program):
    _standin_program.reset()


def jar_of(site, *, suffixed=True, refresh=True, user=MEMBER, session=None, token=None, **claims):
    """The cookies of a browser whose session has run out, and the session."""
    session = session or site.clerk.new_session(user)
    token = token or expired(site, user, **{"sid": session.id, **claims})
    jar = site.cookies(token, suffixed=suffixed)
    if refresh:
        jar[f"__refresh_{site.clerk.cookie_suffix}"] = session.refresh_token
    return jar, session


def is_not_asked(standin):
    assert standin.count(REFRESH) == 0


def is_renewed(answer, user=MEMBER):
    assert (answer.status, answer.text) == (200, PAGE_TEXT), seen(answer)
    assert (seen(answer).status, seen(answer).user) == ("signed-in", user.id)
    assert answer.cookies and all(line.startswith("__session") for line in answer.cookies)
    assert answer.location is None and "Access-Control-Allow-Origin" not in answer


@pytest.mark.sanitize
@pytest.mark.parametrize("suffixed", [True, False])
@pytest.mark.parametrize("headers", [NAVIGATION, FETCH, {}])
def test_the_page_comes_with_new_cookies(site, standin, headers, suffixed):
    """R01, R02: any GET with the suffixed refresh cookie; one call. R09: what is sent."""
    jar, session = jar_of(site, suffixed=suffixed)
    jar["__refresh"] = "plain"
    with site.no_leak(jar[f"__session_{site.clerk.cookie_suffix}" if suffixed else "__session"]):
        answer = visit(site, cookies=jar, headers={**headers, "User-Agent": "Test/1",
                                                   "Accept-Language": "de"})
    is_renewed(answer)
    names = {line.partition("=")[0] for line in answer.cookies}
    suffix = site.clerk.cookie_suffix
    assert names == ({"__session", f"__session_{suffix}"} if suffixed else {"__session"})

    asked, = standin.requests(REFRESH)
    assert asked["path"] == f"/v1/sessions/{session.id}/refresh"
    assert asked["query"] == ({"suffixed_cookies": "true"} if suffixed else {})
    assert asked["headers"]["authorization"] == f"Bearer {site.clerk.secret_key}"
    body = json.loads(asked["body"])
    assert set(body) == {"format", "expired_token", "refresh_token", "request_origin",
                         "request_headers"}
    assert body["format"] == "cookie"
    assert body["expired_token"] == jar[f"__session_{suffix}" if suffixed else "__session"]
    assert body["refresh_token"] == session.refresh_token
    assert body["request_origin"] == site.httpd.url
    fields = body["request_headers"]
    assert fields["user-agent"] == ["Test/1"] and fields["accept-language"] == ["de"]
    assert all(name == name.lower() and len(values) == 1 for name, values in fields.items())


def test_the_new_cookies_work(site, standin):
    jar, _ = jar_of(site)
    answer = visit(site, cookies=jar)
    is_renewed(answer)
    for line in answer.cookies:
        name, _, value = line.partition(";")[0].partition("=")
        jar[name] = value
    standin.reset()
    again = visit(site, cookies=jar)
    assert (again.status, again.cookies) == (200, [])
    is_not_asked(standin)


def test_only_the_suffixed_refresh_cookie_counts(site, standin):
    """R02."""
    jar, session = jar_of(site, refresh=False)
    jar["__refresh"] = session.refresh_token
    jar["__refresh_Ab3dEf9h"] = session.refresh_token
    away = handshake(visit(site, cookies=jar))
    assert away.reason == "session-token-expired-refresh-non-eligible-no-refresh-cookie"
    is_not_asked(standin)


def test_only_what_has_expired_is_renewed(site, standin):
    """R03, R04: neither a good session nor one with another fault."""
    now = int(time.time())
    session = site.clerk.new_session(MEMBER)
    good = site.mint.session(MEMBER, sid=session.id)
    jar, _ = jar_of(site, session=session, token=good)
    assert visit(site, cookies=jar).status == 200
    for claims, reason in (({"nbf": now + 60, "exp": now + 120}, "session-token-nbf"),
                           ({"iat": now + 60, "exp": now + 120},
                            "session-token-iat-in-the-future")):
        jar, _ = jar_of(site, session=session, token=site.mint.session(MEMBER, **claims))
        assert handshake(visit(site, cookies=jar)).reason == reason
    for token in (alter_signature(expired(site, MEMBER)), "junk",
                  expired(site, MEMBER, azp="https://evil.example")):
        jar, _ = jar_of(site, session=session, token=token)
        assert visit(site, cookies=jar).status == 302
    jar, _ = jar_of(site, session=session)
    for method in ("POST", "HEAD", "PUT", "DELETE"):
        answer = site.request(method, headers=FETCH, cookies=jar)
        assert (answer.status, answer.cookies) == (401, [])
        assert seen(answer).reason == "session-token-expired-refresh-non-eligible-non-get"
    is_not_asked(standin)


ANSWERS = [
    *[((401, code), code) for code in ("refresh_token_not_found", "x-Y_9.z",
                                       "session_refresh_inactive_session")],
    ((401, "x y\r\nSet-Cookie: a=b"), None),
    ((401, '{"errors":[]}'), "unexpected-bapi-error"),
    ((401, '{"errors":[{}]}'), "unexpected-bapi-error"),
    ((404, "<html>"), "unexpected-bapi-error"),
    ((200, '{"object":"cookies","cookies":[]}'), "unexpected-sdk-error"),
    ((200, '{"object":"cookies","cookies":["a=b"]}'), "invalid-session-token"),
    ((200, '{"object":"cookies","cookies":["__session=junk; Path=/"]}'),
     "invalid-session-token"),
]


def break_down(standin, status, text):
    if text[:1] in "{<":
        standin.fault(REFRESH, "answer", status=status, body=text)
    else:
        standin.fail_with(REFRESH, status, text)


@pytest.mark.parametrize("fault, code", ANSWERS)
def test_what_becomes_of_a_refresh(site, standin, fault, code):
    """R05: Clerk's own code stands in the reason. R06: so does that there was none. R07: a
    token that does not verify. A code that could be more than one word loses what it has."""
    break_down(standin, *fault)
    jar, _ = jar_of(site)
    reason = handshake(visit(site, cookies=jar)).reason
    assert reason.startswith("session-token-expired-refresh-") and "Set-Cookie:" not in reason
    if code is not None:
        assert reason == f"session-token-expired-refresh-{code}"
    answer = site.get(headers=FETCH, cookies=jar)
    assert (answer.status, answer.cookies, seen(answer).reason) == (401, [], reason)


@pytest.mark.parametrize("kind, options, code", [
    ("close", {}, "fetch-error"), ("truncated", {}, "fetch-error"), ("hang", {}, "fetch-error"),
    ("answer", {"status": 500}, "unexpected-bapi-error"),
    ("answer", {"status": 503, "body": '{"errors":[{"code":"maintenance"}]}'}, "maintenance")])
def test_an_api_out_of_order(httpd, _standin_program, standin, kind, options, code):
    """R06: nobody is refused for it, and it is no 503; the handshake is tried instead."""
    site = ClerkSite(httpd, production(_standin_program), "ClerkAPITimeout 500ms 1s",
                     "ClerkKeyRefresh 1h")
    assert visit(site, session=site.mint.session(MEMBER)).status == 200   # the keys are known
    standin.fault(REFRESH, kind, **options)
    jar, _ = jar_of(site)
    assert handshake(visit(site, cookies=jar)).reason == f"session-token-expired-refresh-{code}"


def test_a_session_without_an_id(site, standin):
    """R08: the cookie's token goes before the one that had expired."""
    session = site.clerk.new_session(MEMBER)
    bearer = expired(site, MEMBER, sid=session.id)
    for token, code in ((site.mint.session(MEMBER, sid=OMIT), "missing-sid-claim"),
                        (site.mint.session(MEMBER, sid=""), "missing-sid-claim"),
                        ("junk", "decode-failed")):
        jar, _ = jar_of(site, session=session, token=token)
        reason = handshake(visit(site, cookies=jar, bearer=bearer)).reason
        assert reason == f"session-token-expired-refresh-expired-session-token-{code}"
    # of one token alone the missing id is what counts
    jar, _ = jar_of(site, token=expired(site, MEMBER, sid=OMIT))
    assert seen(visit(site, cookies=jar)).reason == "token-verification-failed"
    is_not_asked(standin)


def test_a_pending_session_stays_pending(site):
    """To its tasks, with the new cookies."""
    jar, _ = jar_of(site, user=PENDING)
    answer = visit(site, cookies=jar)
    assert answer.status == 302 and "/sign-in/tasks?" in answer.location
    assert answer.cookies and answer.cookies[0].startswith("__session")


def test_an_expired_token_in_authorization(site):
    """Is renewed, too, where the browser has the cookie for it."""
    session = site.clerk.new_session(MEMBER)
    token = expired(site, MEMBER, sid=session.id)
    answer = site.get(headers=FETCH, bearer=token, cookies={
        f"__refresh_{site.clerk.cookie_suffix}": session.refresh_token})
    is_renewed(answer)


def test_handshake_off_ends_refreshes_too(site, standin):
    jar, _ = jar_of(site)
    answer = visit(site, "/off/x", cookies=jar)
    assert answer.status == 302 and answer.cookies == []
    is_not_asked(standin)


PARTS = """
<Location /app>
    Options +Includes
    SetOutputFilter INCLUDES
</Location>
<Location /app/part.txt>
    Require clerk-org
</Location>
<Location /app/other.txt>
    ClerkClockSkew 6s
    Require clerk-org
</Location>
"""


def test_parts_of_a_page_see_what_was_renewed(httpd, _standin_program, standin):
    """One call, however many parts: they are judged under their own rules with the new token."""
    site = ClerkSite(httpd, production(_standin_program),
                     "ClerkAuthorizedParties http://localhost:${PORT}",
                     "DirectoryIndex index.txt", parties=False, sections=PROTECTED + PARTS,
                     modules=["include", "dir"])
    site.clerk.set_app_origins(site.httpd.url)
    for name in ("part", "other"):
        site.httpd.write(f"app/{name}.txt", f'{name} <!--#echo var="CLERK_USER_ID" -->')
    site.httpd.write("app/index.txt", '<!--#include virtual="part.txt" --> '
                                      '<!--#include virtual="other.txt" -->')
    jar, _ = jar_of(site)
    for target in ("/app/", "/app/index.txt"):
        standin.reset()
        jar, _ = jar_of(site)
        answer = visit(site, target, cookies=jar)
        assert answer.text == f"part {MEMBER.id} other {MEMBER.id}"
        assert len(answer.cookies) == 2
        assert standin.count(REFRESH) == 1
    jar.pop(f"__refresh_{site.clerk.cookie_suffix}")
    standin.reset()
    assert handshake(visit(site, "/app/", cookies=jar)).back == f"{site.httpd.url}/app/"
