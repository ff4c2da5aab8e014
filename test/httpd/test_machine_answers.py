# SPDX-License-Identifier: Apache-2.0 - what machines are answered, and what a browser is where machines call
from __future__ import annotations

import pytest

from clerk_site import FETCH, NAVIGATION, PAGE, development, production, body_of
from machine_site import (CHALLENGE, DENIAL, INVALID, LACKS_SCOPE, NEEDS_ANY, NEEDS_MACHINE,
                          NOT_ALLOWED, NOT_VALID, SECTIONS, UNDECIDED, MachineSite, accepting,
                          facts, outcome)
from standin.tokens import alter_signature
from standin.users import ADMIN, MEMBER

NO_SESSION = (b'{"error":"not_authenticated","description":'
              b'"This needs a signed-in user: send a session token."}')
LINES = {
    "scope": ("any", "Require clerk-scope notes:read"),
    "role": ("any", "Require clerk-role admin"),
    "either": ("any", "Require clerk-role admin\nRequire clerk-scope notes:read"),
    "fresh": ("any", "<RequireAll>\nRequire valid-user\nRequire clerk-reverification strict\n"
                     "</RequireAll>"),
    "pages": ("any", "ClerkUnauthenticatedURL /welcome\nClerkUnauthorizedURL /no\n"
                     "Require clerk-scope notes:read"),
    "keypages": ("api_key", "ClerkUnauthenticatedURL /welcome\nClerkUnauthorizedURL /no\n"
                            "ClerkSignInURL /sign-in\nRequire clerk-scope notes:read"),
}
EXTRA = "\n".join(
    [accepting(path, types, *lines.splitlines()) for path, (types, lines) in LINES.items()]
    + [accepting(f"protect/{path}", types, "ClerkResponses protect", *lines.splitlines())
       for path, (types, lines) in LINES.items()]
    + [accepting(f"protect/{name}", types, "ClerkResponses protect", "Require valid-user")
       for name, types in (("key", "api_key"), ("list", "m2m_token api_key"),
                           ("mixed", "session_token api_key"), ("app", "session_token"))])


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    site = MachineSite(module_httpd, _standin_program, sections=f"{SECTIONS}\n{EXTRA}")
    for path in LINES:
        site.httpd.write(f"{path}/page.txt", path)
        site.httpd.write(f"protect/{path}/page.txt", path)
    return site


def vary(answer):
    return {name.strip() for value in answer.all("Vary") for name in value.split(",")}


def is_plain(answer, status, challenge, body=None):
    """No redirect, no page hidden."""
    assert answer.status == status, facts(answer)
    assert answer.location is None
    assert answer.header("WWW-Authenticate") == challenge
    if body is not None:
        assert answer.header("Content-Type") == "application/json"
        assert body_of(answer) == body


# ---------------------------------------------------------------- nobody

@pytest.mark.sanitize
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("headers", [FETCH, NAVIGATION, {}])
@pytest.mark.parametrize("path", ["key", "list", "protect/key", "protect/list", "keypages",
                                  "protect/keypages"])
def test_where_only_machines_call(site, path, headers, method):
    """401 whoever asks: a browser could not sign in here, so it is not sent to."""
    answer = site.ask(path, headers=headers, method=method)
    is_plain(answer, 401, CHALLENGE,
             None if headers == NAVIGATION or method == "HEAD" else NEEDS_MACHINE)
    assert vary(answer) == {"Authorization"}
    assert answer.cookies == []


@pytest.mark.parametrize("path, fetched", [("app", (401, NO_SESSION)), ("mixed", (401, NEEDS_ANY)),
                                           ("any", (401, NEEDS_ANY)), ("protect/mixed", (404, None)),
                                           ("protect/app", (404, None))])
def test_where_people_come_too(site, path, fetched):
    """As ever for who sends nothing."""
    answer = site.ask(path, headers=FETCH)
    assert answer.status == fetched[0]
    assert fetched[1] is None or body_of(answer) == fetched[1]
    assert vary(answer) == {"Authorization", "Cookie"}
    answer = site.ask(path, headers=NAVIGATION)
    assert answer.status == 302
    assert vary(answer) == {"Authorization", "Cookie"}


# ---------------------------------------------------------------- a token that is no good

@pytest.mark.sanitize
@pytest.mark.parametrize("headers", [FETCH, NAVIGATION])
@pytest.mark.parametrize("path", ["key", "mixed", "any", "app", "protect/key", "protect/mixed",
                                  "protect/app", "pages", "protect/pages"])
def test_a_machine_token_that_is_no_good(site, path, headers):
    """A14: also where a session is needed, and where a browser would be sent to sign in."""
    for token in ("ak_unknown", "ak_", alter_signature(site.clerk.mint.oauth()),
                  site.clerk.new_api_key(revoked=True).secret):
        answer = site.ask(path, token, headers=headers)
        is_plain(answer, 401, INVALID, None if headers == NAVIGATION else NOT_VALID)


@pytest.mark.parametrize("headers", [FETCH, NAVIGATION])
@pytest.mark.parametrize("path", ["app", "protect/app"])
def test_a_good_machine_token_where_a_session_is_needed(site, path, headers):
    """A14: 401, of whatever type, opaque or not."""
    for token in (site.clerk.new_api_key().secret, site.clerk.new_oauth_token().secret,
                  site.clerk.mint.m2m(), site.clerk.mint.oauth()):
        answer = site.ask(path, token, headers=headers)
        is_plain(answer, 401, INVALID)
        assert "CLERK_TOKEN_TYPE" not in facts(answer)


def test_a_good_cookie_does_not_help_a_bad_header(site):
    session = site.clerk.mint.session(MEMBER)
    answer = site.ask("any", "ak_unknown", session=session, headers=NAVIGATION)
    is_plain(answer, 401, INVALID)


@pytest.mark.sanitize
@pytest.mark.parametrize("make", [production, development])
def test_no_handshake_for_machines(httpd, _standin_program, make):
    """Nor is a browser sent to Clerk where it could not use what it would bring back."""
    site = MachineSite(httpd, _standin_program, clerk=make(_standin_program),
                       sections=f"{SECTIONS}\n{EXTRA}")
    jar = site.cookies(None, client_uat=1_700_000_000)   # signed in, and no session here
    for path in ("key", "list", "protect/key"):
        for cookies in ({}, jar, {**jar, "__session": "x.y.z"}):
            is_plain(site.ask(path, cookies=cookies, headers=NAVIGATION), 401, CHALLENGE)
    for path in ("any", "mixed", "app", "protect/mixed"):
        is_plain(site.ask(path, "ak_unknown", cookies=jar, headers=NAVIGATION), 401, INVALID)
        assert site.ask(path, cookies=jar, headers=NAVIGATION).status in (302, 307)


@pytest.mark.parametrize("path, status", [("any", 401), ("mixed", 401), ("protect/mixed", 404)])
def test_a_session_that_is_no_good(site, path, status):
    """As ever where sessions are accepted."""
    token = alter_signature(site.clerk.mint.session(MEMBER))
    answer = site.ask(path, token, headers=FETCH)
    assert outcome(answer) == (status, "token-invalid-signature")
    assert answer.header("WWW-Authenticate") == (INVALID if status == 401 else None)
    assert site.ask(path, token, headers=NAVIGATION).status == 302


# ---------------------------------------------------------------- not allowed

@pytest.mark.sanitize
@pytest.mark.parametrize("headers", [FETCH, NAVIGATION])
def test_a_machine_that_lacks_a_scope(site, headers):
    key = site.clerk.new_api_key(scopes=["notes:write"])
    for path in ("scope", "either", "pages", "keypages"):
        answer = site.ask(path, key.secret, headers=headers)
        is_plain(answer, 403, LACKS_SCOPE, None if headers == NAVIGATION else NOT_ALLOWED)
        assert facts(answer)["CLERK_AUTH_STATUS"] == "signed-in"
        assert facts(answer)["CLERK_DENIED_BY"] == "Require clerk-scope notes:read"
        assert "CLERK_AUTH_REASON" not in facts(answer)
        answer = site.ask(f"protect/{path}", key.secret, headers=headers)
        is_plain(answer, 401, LACKS_SCOPE, None if headers == NAVIGATION else NOT_ALLOWED)
    site.log.expect(DENIAL, times=8)


@pytest.mark.parametrize("headers", [FETCH, NAVIGATION])
@pytest.mark.parametrize("path", ["role", "fresh"])
def test_a_machine_that_is_asked_what_only_people_have(site, path, headers):
    """No hint to verify again: nobody could."""
    token = site.clerk.mint.oauth(ADMIN)
    answer = site.ask(path, token, headers=headers)
    is_plain(answer, 403, None, None if headers == NAVIGATION else NOT_ALLOWED)
    assert b"clerk_error" not in answer.body
    answer = site.ask(f"protect/{path}", token, headers=headers)
    is_plain(answer, 401, CHALLENGE, None if headers == NAVIGATION else NOT_ALLOWED)
    site.log.expect(DENIAL, times=2 if path == "role" else 2)


def test_a_session_that_is_asked_for_a_scope(site):
    """A session has none; who is signed in is told so in their own words."""
    token = site.clerk.mint.session(MEMBER)
    answer = site.ask("scope", token, headers=FETCH)
    is_plain(answer, 403, LACKS_SCOPE)
    assert answer.json() == {"error": "not_authorized",
                             "description": "The signed-in user is not allowed to do this."}
    assert site.ask("protect/scope", token, headers=FETCH).status == 404
    answer = site.ask("pages", token, headers=NAVIGATION)
    assert (answer.status, answer.location) == (302, f"http://localhost:{site.httpd.port}/no")
    site.log.expect(DENIAL, times=3)


def test_who_is_allowed(site):
    """A branch of RequireAny that refused leaves no trace."""
    key = site.clerk.new_api_key(scopes=["notes:read"])
    for path in ("scope", "either", "pages", "protect/scope", "protect/either"):
        answer = site.ask(path, key.secret)
        assert (answer.status, answer.text) == (200, path.split("/")[-1])
        assert "WWW-Authenticate" not in answer
        assert "CLERK_DENIED_BY" not in facts(answer)
    assert site.ask("either", site.clerk.mint.session(ADMIN)).status == 200


# ---------------------------------------------------------------- in company

def test_an_error_document(httpd, _standin_program):
    """The site's own pages go before ours, and say the reason in logs."""
    site = MachineSite(httpd, _standin_program, "ErrorDocument 401 /401.txt",
                       "ErrorDocument 403 /403.txt", "ErrorDocument 503 /503.txt",
                       sections=f"{SECTIONS}\n{EXTRA}")
    for name in ("401", "403", "503"):
        site.httpd.write(f"{name}.txt", f"page {name}")
    answer = site.ask("key")
    assert (answer.status, answer.text) == (401, "page 401")
    assert answer.header("WWW-Authenticate") == CHALLENGE
    answer = site.ask("scope", site.clerk.new_api_key().secret)
    assert (answer.status, answer.text) == (403, "page 403")
    assert answer.header("WWW-Authenticate") == LACKS_SCOPE
    site.fault("api_key", "answer", status=500)
    answer = site.ask("key", site.clerk.new_api_key().secret)
    assert (answer.status, answer.text) == (503, "page 503")
    assert facts(answer)["CLERK_AUTH_REASON"] == "unexpected-error"
    site.log.expect(DENIAL, times=1)
    site.log.expect(UNDECIDED, times=1)
    _standin_program.clear_faults()


def test_preflight(site):
    """It passes as nobody, whatever tokens count; Clerk is not asked about one that it brings."""
    fields = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST"),
              ("Authorization", f"Bearer {site.clerk.new_api_key().secret}")]
    with site.calls() as calls:
        answer = site.request("OPTIONS", "/key/page.txt", headers=fields)
        assert answer.status == 200
        assert facts(answer) == {}
        assert site.request("OPTIONS", "/key/page.txt", headers=fields[:1]).status == 401
    assert calls == []


@pytest.mark.parametrize("body, headers, is_json", [
    ("json", NAVIGATION, True), ("html", FETCH, False), ("auto", NAVIGATION, False),
    ("auto", FETCH, True)])
def test_the_form_of_bodies(httpd, _standin_program, body, headers, is_json):
    site = MachineSite(httpd, _standin_program, f"ClerkErrorBody {body}")
    answer = site.ask("key", headers=headers)
    assert answer.status == 401
    assert (body_of(answer) == NEEDS_MACHINE) == is_json
    assert answer.header("Content-Type").startswith(
        "application/json" if is_json else "text/html")


LOG_ONLY = """
<Location />
    AuthType Clerk
    ClerkEnforce LogOnly
    ClerkAcceptsToken api_key
    Require clerk-scope notes:read
</Location>
"""


@pytest.mark.sanitize
def test_log_only(httpd, standin):
    """All is judged and told, nothing refused; who is asking is known all the same."""
    site = MachineSite(httpd, standin, sections=LOG_ONLY)

    def would(what, reason):
        return (rf"\[clerk_auth:notice\].*ClerkEnforce LogOnly: /key/page.txt would be refused, "
                rf"{what} \(reason={reason}, by: Require clerk-scope notes:read\)")

    good = site.clerk.new_api_key(scopes=["notes:read"])
    poor = site.clerk.new_api_key(scopes=[])
    assert facts(site.ask("key", good.secret))["CLERK_TOKEN_ID"] == good.id
    answer = site.ask("key", poor.secret)
    assert answer.status == 200
    assert facts(answer)["CLERK_TOKEN_ID"] == poor.id
    assert facts(answer)["CLERK_DENIED_BY"] == "Require clerk-scope notes:read"
    site.log.expect(would("not allowed", "-"), times=1)
    site.log.expect(DENIAL, times=1)
    for token, reason in (("ak_unknown", "token-invalid"), (None, "No token in header"),
                          (site.clerk.mint.session(MEMBER), "token-type-mismatch")):
        answer = site.ask("key", token, headers=NAVIGATION)
        assert outcome(answer) == (200, reason)
        assert "CLERK_SUBJECT" not in facts(answer)
        site.log.expect(would("not authenticated", reason), times=1)
    site.fault("api_key", "answer", status=500)
    assert outcome(site.ask("key", "ak_other")) == (200, "unexpected-error")
    site.log.expect(would("not authenticated", "unexpected-error"), times=1)


PARTS = """
<Directory "${DOCROOT}">
    Options +Includes
</Directory>
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
""" + SECTIONS


@pytest.mark.sanitize
def test_parts_of_a_page(httpd, _standin_program):
    """A subrequest into a section that takes other tokens is judged by that section."""
    site = MachineSite(httpd, _standin_program, "ClerkExport env", modules=["include"],
                       sections=PARTS)
    who = '<!--#echo var="CLERK_TOKEN_TYPE" -->/<!--#echo var="CLERK_SUBJECT" -->'
    site.httpd.write("key/part.shtml", who)
    site.httpd.write("m2m/part.shtml", who)
    site.httpd.write("key/page.shtml", f'{who}|<!--#include virtual="/key/part.shtml" -->'
                                       '|<!--#include virtual="/m2m/part.shtml" -->'
                                       '|')
    key = site.clerk.new_api_key()
    with site.calls() as calls:
        answer = site.get("/key/page.shtml", bearer=key.secret)
    own, same, other, _ = answer.text.split("|")
    assert own == same == f"api_key/{key.subject}"
    assert key.subject not in other and "error" in other
    assert len(calls) == 1
    assert site.get(PAGE, bearer=key.secret).status == 401
    site.log.allow(r"\[include:error\].*unable to include")
