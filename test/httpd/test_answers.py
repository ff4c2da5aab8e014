# SPDX-License-Identifier: Apache-2.0 - what a refused request is answered: status, header fields, body
from __future__ import annotations

import pytest

from clerk_site import (FETCH, NAVIGATION, PAGE, ClerkSite, body_of, development, production,
                        seen)
from http_message import exchange_bytes, parse_response
from standin.tokens import alter_signature
from standin.users import ADMIN, MEMBER, PENDING, SOLO

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
UNDECIDED = r"\[clerk_auth:error\].*not authenticated: "

NOT_SENT = (b'{"error":"not_authenticated","description":'
            b'"This needs a signed-in user: send a session token."}')
NOT_VALID = (b'{"error":"not_authenticated","description":'
             b'"The token that was sent is not valid here."}')
NOT_ALLOWED = (b'{"error":"not_authorized","description":'
               b'"The signed-in user is not allowed to do this."}')
UNAVAILABLE = (b'{"error":"temporarily_unavailable","description":'
               b'"The token cannot be checked at the moment; try again."}')

SECTIONS = """
<Location /app>
    AuthType Clerk
    AuthName "Example"
    Require valid-user
</Location>
<Location /app/admin>
    Require clerk-role admin
</Location>
<Location /app/any>
    <RequireAny>
        Require clerk-role admin
        Require clerk-role member
    </RequireAny>
</Location>
<Location /app/protect>
    ClerkResponses protect
    Require clerk-role admin
</Location>
"""
PAGES = ("app/admin", "app/any", "app/protect")


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    site = ClerkSite(module_httpd, production(_standin_program), sections=SECTIONS)
    for name in PAGES:
        site.httpd.write(name, name)
    return site


def vary(answer):
    return {name.strip() for value in answer.all("Vary") for name in value.split(",")}


def is_json(answer, body, method="GET"):
    assert answer.header("Content-Type") == "application/json"
    assert method == "HEAD" or answer.header("Content-Length") == str(len(answer.body))
    assert body_of(answer) == (b"" if method == "HEAD" else body)


# ---------------------------------------------------------------- ClerkResponses http

@pytest.mark.sanitize
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_no_credential(site, method):
    """A12: an API request is told 401, with a challenge and no error (RFC 6750, 3.1)."""
    answer = site.request(method, headers=FETCH)
    assert answer.status == 401
    assert answer.header("WWW-Authenticate") == 'Bearer realm="Example"'
    is_json(answer, NOT_SENT, method)
    assert vary(answer) == {"Authorization", "Cookie"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("carrier", ["bearer", "session"])
def test_bad_token(site, carrier, method):
    answer = site.request(method, headers=FETCH,
                          **{carrier: alter_signature(site.mint.session(MEMBER))})
    assert answer.status == 401
    assert answer.header("WWW-Authenticate") == 'Bearer realm="Example", error="invalid_token"'
    is_json(answer, NOT_VALID, method)
    assert vary(answer) == {"Authorization", "Cookie"}


@pytest.mark.sanitize
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("carrier", ["bearer", "session"])
@pytest.mark.parametrize("headers", [FETCH, {"Accept": "application/json"}, {}])
def test_not_allowed(site, carrier, method, headers):
    """A13: 403, and no challenge: another token of the same user would do no better."""
    site.log.expect(DENIAL, times=1)
    answer = site.request(method, "/app/admin", headers=headers,
                          **{carrier: site.mint.session(MEMBER)})
    assert answer.status == 403
    assert "WWW-Authenticate" not in answer
    is_json(answer, NOT_ALLOWED, method)
    assert vary(answer) == {"Authorization", "Cookie"}
    assert answer.cookies == []


def test_allowed(site):
    """A failed branch of RequireAny leaves no trace on the answer."""
    for user in (ADMIN, MEMBER):
        answer = site.get("/app/any", bearer=site.mint.session(user))
        assert (answer.status, answer.text) == (200, "app/any")
        assert "WWW-Authenticate" not in answer
        assert seen(answer).denied_by is None
        assert vary(answer) == {"Authorization", "Cookie"}
    answer = site.get("/app/any", bearer=site.mint.session(SOLO))
    assert answer.status == 403
    assert "WWW-Authenticate" not in answer
    site.log.expect(DENIAL, times=1)


def test_of_a_file_that_is_not_there(site):
    """Not before somebody is let in does a server tell whether there is such a file."""
    assert site.get("/app/nothing", headers=FETCH).status == 401
    answer = site.get("/app/nothing", headers=FETCH, bearer=site.mint.session(MEMBER))
    assert answer.status == 404
    assert vary(answer) == {"Authorization", "Cookie"}


def test_a_page_that_is_not_protected_varies_with_nothing(site):
    answer = site.get("/index.txt", bearer="x.y.z")
    assert (answer.status, answer.all("Vary")) == (200, [])
    assert seen(answer) == (None,) * 5


def test_vary_of_the_application_stays(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), "Header always merge Vary Origin",
                     "Header always merge Access-Control-Allow-Origin *")
    for how, status in (({}, 401), ({"bearer": site.mint.session(MEMBER)}, 200)):
        answer = site.get(headers=FETCH, **how)
        assert answer.status == status
        assert vary(answer) == {"Authorization", "Cookie", "Origin"}
        assert answer.header("Access-Control-Allow-Origin") == "*"


def test_cross_origin_fields_of_the_site_are_on_refusals(httpd, _standin_program):
    """`Header always` reaches 401, 403, 503 and the redirect; or no script could read them."""
    site = ClerkSite(httpd, production(_standin_program),
                     'Header always set Access-Control-Allow-Origin "https://app.example"',
                     'Header always set Access-Control-Expose-Headers "WWW-Authenticate"',
                     sections=SECTIONS)
    refusals = [(401, site.get(headers=FETCH)), (302, site.get(headers=NAVIGATION)),
                (403, site.get("/app/admin", bearer=site.mint.session(MEMBER))),
                (404, site.get("/app/protect", bearer=site.mint.session(MEMBER)))]
    for status, answer in refusals:
        assert answer.status == status
        assert answer.header("Access-Control-Allow-Origin") == "https://app.example"
        assert answer.header("Access-Control-Expose-Headers") == "WWW-Authenticate"
    site.log.expect(DENIAL, times=2)


@pytest.mark.parametrize("name, realm", [
    ('AuthName "Acme \\"Corp\\""', r'Bearer realm="Acme \"Corp\""'),
    ("AuthName Über", 'Bearer realm="Über"'),
    ("", 'Bearer realm="Clerk"'),
])
def test_realm(httpd, _standin_program, name, realm):
    site = ClerkSite(httpd, production(_standin_program),
                     sections=f"<Location /app>\nAuthType Clerk\n{name}\nRequire valid-user\n"
                              "</Location>")
    answer = site.get(headers=FETCH)
    assert answer.status == 401
    assert answer.header("WWW-Authenticate").encode("latin-1").decode() == realm


def test_http_1_0(site):
    received = exchange_bytes(site.httpd.port, b"GET /app/page.txt HTTP/1.0\r\n\r\n")
    answer = parse_response(received)
    assert (answer.status, body_of(answer)) == (401, NOT_SENT)


ODD = [
    ("GET //", {302}), ("GET //app/page.txt", {302}), ("GET /a/%2e%2e/app/page.txt", {302}),
    ("GET /a/../app/page.txt", {302}), ("GET /app/./page.txt", {302}),
    ("GET /%61pp/page.txt", {302}), ("GET /app%2fpage.txt", {404}), ("GET /app/%00", {400, 404}),
    ("GET http://localhost/app/page.txt", {302}),
    ("GET http://u:p@localhost/app/page.txt", {302, 400}), ("OPTIONS *", {200, 401}),
    # httpd echoes a request before anybody is asked who they are, and nothing but the request
    ("TRACE //", {200, 401, 405}), ("TRACE /app/page.txt", {200, 401, 405}),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("request_line, statuses", ODD, ids=[line for line, _ in ODD])
def test_odd_request_targets(httpd, _standin_program, request_line, statuses):
    """A17: nobody gets in by them, and no child dies of them."""
    site = ClerkSite(httpd, production(_standin_program), sections="""
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>""")
    sent = (f"{request_line} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n"
            "X-Clerk-User-Id: user_evil\r\nConnection: close\r\n\r\n")
    answer = parse_response(exchange_bytes(site.httpd.port, sent.encode()))
    assert answer.status in statuses
    assert b"for members" not in answer.body and b"hello" not in answer.body
    assert b"X-Clerk" not in answer.body and b"evil" not in answer.body


# ---------------------------------------------------------------- pending sessions

@pytest.mark.parametrize("carrier", ["bearer", "session"])
def test_pending(site, carrier):
    """A11: as if nobody were signed in."""
    answer = site.get(headers=FETCH, **{carrier: site.mint.session(PENDING)})
    assert answer.status == 401
    assert answer.json()["error"] == "not_authenticated"
    assert (seen(answer).status, seen(answer).reason, seen(answer).user) == (
        "signed-out", "session-pending", None)


# ---------------------------------------------------------------- ClerkResponses protect

def is_hidden(answer):
    """As if there were no such page."""
    assert answer.status == 404
    assert "WWW-Authenticate" not in answer
    assert b"clerk" not in answer.body.lower() and b"not_auth" not in answer.body
    assert vary(answer) == {"Authorization", "Cookie"}


@pytest.mark.sanitize
def test_protect(site):
    """A12, A13 as auth.protect() has it: 404 for who is not signed in or not allowed."""
    is_hidden(site.get("/app/protect", headers=FETCH))
    is_hidden(site.get("/app/protect", headers=FETCH,
                       bearer=alter_signature(site.mint.session(ADMIN))))
    is_hidden(site.get("/app/protect", headers=FETCH, bearer=site.mint.session(PENDING)))
    is_hidden(site.request("POST", "/app/protect", headers=FETCH))
    is_hidden(site.get("/app/protect", headers=FETCH, bearer=site.mint.session(MEMBER)))
    is_hidden(site.get("/app/protect", headers=NAVIGATION, session=site.mint.session(MEMBER)))
    site.log.expect(DENIAL, times=2)
    assert site.get("/app/protect", bearer=site.mint.session(ADMIN)).text == "app/protect"


def test_protect_lets_in_no_pending_session(httpd, _standin_program):
    """Not even where ClerkTreatPendingAsSignedOut is Off."""
    site = ClerkSite(httpd, production(_standin_program), "ClerkTreatPendingAsSignedOut Off",
                     "ClerkResponses protect")
    is_hidden(site.get(headers=FETCH, bearer=site.mint.session(PENDING)))


# ---------------------------------------------------------------- undecided

@pytest.mark.parametrize("headers", [FETCH, NAVIGATION, {}])
@pytest.mark.parametrize("carrier", ["bearer", "session"])
def test_undecided(httpd, standin, carrier, headers):
    """No key can be had: 503, no redirect, and never a grant."""
    standin.fault("*", "answer", status=500)
    site = ClerkSite(httpd, production(standin), "ClerkAPITimeout 200ms 300ms",
                     sections=SECTIONS + """
<Location /app/hidden>
    ClerkResponses protect
</Location>""")
    site.httpd.write("app/hidden", "hidden")
    token = {carrier: site.mint.session(ADMIN)}
    answer = site.get(headers=headers, **token)
    assert answer.status == 503
    assert int(answer.header("Retry-After")) > 0
    assert answer.location is None and "WWW-Authenticate" not in answer
    assert answer.header("Cache-Control") == "no-store"
    assert vary(answer) == {"Authorization", "Cookie"}
    if headers == NAVIGATION:
        assert answer.header("Content-Type").startswith("text/html")
    else:
        is_json(answer, UNAVAILABLE)
    assert seen(answer).status == "signed-out" and seen(answer).reason
    # auth.protect() takes it for not authenticated
    answer = site.get("/app/hidden", headers=headers, **token)
    assert answer.status == (302 if headers == NAVIGATION else 404)
    assert "Retry-After" not in answer
    site.log.expect(UNDECIDED)
    site.log.allow(r"\[clerk_auth:(warn|error)\]")


@pytest.mark.parametrize("headers, status", [(FETCH, 401), (NAVIGATION, 302)])
def test_nothing_to_decide_needs_no_key(httpd, standin, headers, status):
    site = ClerkSite(httpd, production(standin))
    standin.reset()   # the keys of the start are there
    standin.fault("*", "hang")
    assert site.get(headers=headers).status == status
    assert standin.counters()["total"] == 0


def test_a_development_instance_refuses_alike(httpd, _standin_program):
    site = ClerkSite(httpd, development(_standin_program), sections=SECTIONS)
    site.httpd.write("app/admin", "admin")
    answer = site.get(headers=FETCH)
    assert (answer.status, body_of(answer)) == (401, NOT_SENT)
    answer = site.get("/app/admin", session=site.mint.session(MEMBER))
    assert (answer.status, answer.body) == (403, NOT_ALLOWED)
    assert site.get("/app/admin", session=site.mint.session(ADMIN)).text == "admin"
    site.log.expect(DENIAL, times=1)


@pytest.mark.all_mpms
def test_with_each_mpm(httpd, _standin_program):
    """The four answers, under threads and without."""
    site = ClerkSite(httpd, production(_standin_program), sections=SECTIONS)
    site.httpd.write("app/admin", "admin")
    assert body_of(site.get(PAGE, headers=FETCH)) == NOT_SENT
    assert site.get(PAGE, headers=NAVIGATION).status == 302
    assert site.get("/app/admin", bearer=site.mint.session(MEMBER)).body == NOT_ALLOWED
    assert site.get("/app/admin", bearer=site.mint.session(ADMIN)).text == "admin"
    site.log.expect(DENIAL, times=1)
