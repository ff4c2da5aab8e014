# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/api-spa what its README promises
from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from conftest import BROWSER, bearer, session_cookies
from standin.users import ADMIN, MEMBER
from upstream import header_values

APP = "https://app.example.com"
FROM_APP = {"Origin": APP, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
PREFLIGHT = {**FROM_APP, "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization,content-type"}


def start(example, application_url):
    return example("api-spa", APP, "proxy_http").start(
        APP_ORIGIN=APP, APPLICATION=application_url)


@pytest.fixture(scope="module")
def api(example, application):
    return start(example, application.url)


def assert_readable_by_the_app(answer):
    assert answer.all("Access-Control-Allow-Origin") == [APP]
    assert answer.header("Access-Control-Expose-Headers") == "WWW-Authenticate"


def test_the_preflight_needs_no_token_and_is_answered_by_httpd(api, seen):
    answer = api.request("OPTIONS", "/v1/notes", PREFLIGHT)
    assert (answer.status, answer.body) == (204, b"")
    assert_readable_by_the_app(answer)
    assert "POST" in answer.header("Access-Control-Allow-Methods").split(", ")
    assert answer.header("Access-Control-Allow-Headers") == "Authorization, Content-Type"
    assert answer.header("Access-Control-Max-Age") == "600"
    assert seen == []


def test_another_options_needs_a_token(api, clerk, seen):
    assert api.request("OPTIONS", "/v1/notes").status == 401
    assert api.request("OPTIONS", "/v1/notes", FROM_APP).status == 401
    assert seen == []
    assert api.request("OPTIONS", "/v1/notes", bearer(clerk.mint.session(MEMBER))).status == 200
    assert len(seen) == 1


def test_a_good_token_reaches_the_api_with_the_users_name(api, clerk, seen):
    answer = api.request("POST", "/v1/notes", bearer(clerk.mint.session(MEMBER), **FROM_APP),
                         b'{"text":"x"}')
    assert answer.status == 200
    assert_readable_by_the_app(answer)
    assert header_values(seen[0], "X-Clerk-User-Id") == [MEMBER.id]
    assert (seen[0]["method"], seen[0]["target"]) == ("POST", "/v1/notes")
    # what belongs to a preflight stands in a preflight's answer only
    assert "Access-Control-Allow-Methods" not in answer


@pytest.mark.parametrize("asking", [FROM_APP, BROWSER], ids=["fetch", "navigation"])
def test_without_a_token_the_answer_is_401_in_json(api, seen, asking):
    answer = api.get("/v1/notes", {**asking, "Origin": APP})
    assert answer.status == 401 and answer.location is None
    assert answer.header("Content-Type") == "application/json"
    assert answer.json()["error"] == "not_authenticated"
    assert answer.header("WWW-Authenticate") == 'Bearer realm="Example API"'
    assert_readable_by_the_app(answer)
    assert seen == []


def test_a_bad_token_gets_401_and_says_so(api, clerk, seen):
    late = clerk.mint.session(MEMBER, exp=1_700_000_060, iat=1_700_000_000, nbf=1_700_000_000)
    for token in (late, "junk", clerk.mint.session(MEMBER) + "x"):
        answer = api.get("/v1/notes", bearer(token, **FROM_APP))
        assert answer.status == 401
        assert 'error="invalid_token"' in answer.header("WWW-Authenticate")
        assert answer.json()["error"] == "not_authenticated"
        assert_readable_by_the_app(answer)
    assert seen == []


def test_without_the_role_the_answer_is_403_in_json(api, clerk, seen):
    answer = api.get("/v1/admin/users", bearer(clerk.mint.session(MEMBER), **FROM_APP))
    assert answer.status == 403 and answer.json()["error"] == "not_authorized"
    assert answer.header("Content-Type") == "application/json"
    assert_readable_by_the_app(answer)
    assert seen == []
    assert api.get("/v1/admin/users", bearer(clerk.mint.session(ADMIN))).status == 200


def test_503_is_readable_too(example, clerk, application, seen):
    clerk.fault("backend.jwks", "close")
    try:
        api = start(example, application.url)
        api.log.allow(r"\[clerk_auth:(error|warn|notice)\]")
        answer = api.get("/v1/notes", bearer(clerk.mint.session(MEMBER), **FROM_APP))
    finally:
        clerk.clear_faults()
    assert answer.status == 503 and answer.json()["error"] == "temporarily_unavailable"
    assert_readable_by_the_app(answer)
    assert seen == []


class AllowingEveryOrigin(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_the_apis_own_allow_origin_does_not_make_two(example, clerk):
    with ThreadingHTTPServer(("127.0.0.1", 0), AllowingEveryOrigin) as server:
        Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        api = start(example, f"http://127.0.0.1:{server.server_port}")
        answer = api.get("/v1/notes", bearer(clerk.mint.session(MEMBER), **FROM_APP))
        server.shutdown()
    assert answer.status == 200
    assert_readable_by_the_app(answer)


def test_a_token_for_another_origin_is_refused(api, clerk, seen):
    token = clerk.mint.session(MEMBER, azp="https://evil.example.com")
    assert api.get("/v1/notes", bearer(token)).status == 401
    assert seen == []


def test_cookies_do_not_count(api, clerk, seen):
    cookies = session_cookies(clerk.mint.session(ADMIN))
    assert api.request("POST", "/v1/notes", {**cookies, **FROM_APP}, b"x").status == 401
    assert api.get("/v1/notes", {**cookies, **BROWSER}).status == 401
    assert seen == []
    api.get("/v1/notes", bearer(clerk.mint.session(MEMBER), **cookies))
    assert header_values(seen[0], "X-Clerk-User-Id") == [MEMBER.id]
    assert not header_values(seen[0], "Cookie")
