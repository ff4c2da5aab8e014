# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/frontend-api-proxy what its README promises
from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import BROWSER, EXAMPLES
from http_message import exchange_bytes, parse_response
from httpd import free_port
from standin.users import MEMBER

SITE = "https://www.example.com"
SECRET = "sk_live_examples"
MODULES = ("asis", "proxy_http", "ssl")


class _FrontendAPI(BaseHTTPRequestHandler):
    """Remembers what came, and answers by the path."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.command, self.path, list(self.headers.items()), body))
        status, fields = self.server.answers.get(self.path.partition("?")[0], (200, []))
        self.send_response(status)
        for name, value in [*fields, ("Content-Length", "2")]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="module")
def upstream():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _FrontendAPI)
    server.requests, server.answers = [], {}
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02},
                              daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def started(example, url, **more):
    one = example("frontend-api-proxy", SITE, *MODULES)
    one.server.extra_env["CLERK_SECRET_KEY"] = SECRET
    one.server.log.allow(r"AH00898|AH01114|AH00957|AH01102|AH00959|AH01097")   # upstream is down
    failure = one.server.file("failed.asis",
                              (EXAMPLES / "frontend-api-proxy/proxy-failed.asis").read_bytes(),
                              0o644)
    return one.start(HOST="www.example.com", UPSTREAM=url, FRONTEND_HOST="clerk.example.com",
                     AUTHORITIES="/etc/ssl/certs/ca-certificates.crt", FAILURE=failure, **more)


@pytest.fixture(scope="module")
def site(example, upstream):
    return started(example, upstream.url)


@pytest.fixture
def seen(upstream):
    upstream.requests.clear()
    upstream.answers.clear()
    return upstream.requests


def values(request, name):
    return [value for key, value in request[2] if key.lower() == name.lower()]


@pytest.mark.parametrize("target, reached", [
    ("/__clerk", "/"), ("/__clerk/", "/"), ("/__clerk/x", "/x"),
    ("/__clerk/v1/client?a=1&b=%2F", "/v1/client?a=1&b=%2F"), ("/__clerk/a%20b", "/a%20b"),
    ("/__clerkx", None), ("/__clerkx/y", None), ("/clerk", None), ("/__CLERK/x", None)])
def test_what_is_forwarded(site, seen, target, reached):
    """D03"""
    answer = site.get(target)
    assert [request[1] for request in seen] == ([reached] if reached else [])
    assert answer.status == (200 if reached else 404)


def test_what_clerk_gets(site, upstream, seen):
    """D04"""
    site.get("/__clerk/v1/client")
    [request] = seen
    assert values(request, "Clerk-Proxy-Url") == [f"{SITE}/__clerk"]
    assert values(request, "Clerk-Secret-Key") == [SECRET]
    assert values(request, "X-Forwarded-For") == ["127.0.0.1"]
    assert values(request, "X-Forwarded-Host") == ["www.example.com"]
    assert values(request, "Host") == [upstream.url.removeprefix("http://")]


def test_what_a_client_sends_is_replaced(site, seen):
    """D05"""
    forged = {"Clerk-Secret-Key": "sk_forged", "clerk-proxy-url": "https://evil.example",
              "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Host": "evil.example",
              "X-Forwarded-Proto": "gopher", "X-Clerk-User-Id": "user_forged"}
    site.get("/__clerk/x", forged)
    site.get("/__clerk/x", {**forged, "Connection": ", ".join(forged)})
    assert len(seen) == 2
    for request in seen:
        assert not [field for field in request[2] if "evil" in str(field) or "forged" in str(field)
                    or "192.0.2.1" in str(field) or "gopher" in str(field)]
    assert values(seen[0], "Clerk-Secret-Key") == [SECRET]


def test_the_rest_passes_as_it_is(site, seen, clerk):
    token = clerk.mint.session(MEMBER)
    site.request("POST", "/__clerk/v1/x", {"Authorization": f"Bearer {token}",
                                           "Cookie": f"__session={token}; a=1",
                                           "Content-Type": "text/x"}, b"body \x00\xff")
    [(method, _, _, body)] = seen
    assert (method, body) == ("POST", b"body \x00\xff")
    assert values(seen[0], "Authorization") == [f"Bearer {token}"]
    assert values(seen[0], "Cookie") == [f"__session={token}; a=1"]
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        assert site.request(method, "/__clerk/v1/x").status == 200


@pytest.mark.parametrize("location, comes", [
    ("{upstream}/v1/x?a=1", "{site}/__clerk/v1/x?a=1"),
    ("https://clerk.example.com/v1/y", "{site}/__clerk/v1/y"),
    ("/v1/z", "/__clerk/v1/z"),
    ("https://accounts.example.com/sign-in", None), ("//other.example/x", None),
    ("https://clerk.example.com.evil.example/x", None)])
def test_redirects(site, upstream, seen, location, comes):
    """D06"""
    location = location.format(upstream=upstream.url)
    upstream.answers["/go"] = (302, [("Location", location)])
    answer = site.get("/__clerk/go")
    here = f"http://localhost:{site.port}"
    wanted = {comes.format(site=here), comes.format(site="")} if comes else {location}
    assert answer.status == 302 and answer.location in wanted


def test_cookies_stay_apart(site, upstream, seen):
    """D07"""
    lines = ["__client=a; Path=/; Expires=Thu, 01 Jan 2037 00:00:00 GMT", "__session=b; Path=/"]
    upstream.answers["/c"] = (200, [("Set-Cookie", line) for line in lines])
    assert site.get("/__clerk/c").cookies == lines


@pytest.mark.parametrize("target", ["/__clerk//evil.example/x", "/__clerk/%2Fevil.example/x",
                                    "/__clerk/\\evil.example/x", "/__clerk@evil.example/x",
                                    "/__clerk:80@evil.example/", "/__clerk/../__clerk//x",
                                    "/__clerk/http://evil.example/x"])
def test_it_stays_on_clerks_server(site, upstream, seen, target):
    """D08: wherever it leads, the request is at Clerk's server or nowhere."""
    answer = parse_response(exchange_bytes(
        site.port, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        .encode()))
    assert answer.status in (200, 400, 404)
    assert (answer.status == 200) == (len(seen) == 1)
    for request in seen:
        assert request[1].startswith("/")
        assert values(request, "Host") == [upstream.url.removeprefix("http://")]


def test_headers_of_one_connection_end_here(site, seen):
    """D09"""
    site.get("/__clerk/x", {"Connection": "X-Hop, close", "X-Hop": "1", "TE": "trailers",
                            "Proxy-Authorization": "x", "Keep-Alive": "5", "X-Stays": "1"})
    assert not values(seen[0], "X-Hop") + values(seen[0], "Keep-Alive")
    assert not values(seen[0], "Proxy-Authorization")
    assert values(seen[0], "X-Stays") == ["1"]


def test_clerk_cannot_be_reached(example):
    """D10"""
    site = started(example, f"http://127.0.0.1:{free_port()}")
    for _ in range(2):
        answer = site.get("/__clerk/v1/client", BROWSER)
        assert answer.status == 502
        assert answer.header("Cache-Control") == "no-store"
        assert answer.header("Content-Type") == "application/json"
        assert answer.json()["errors"][0]["code"] == "proxy_request_failed"
        assert SECRET not in str(answer)


def test_with_a_frontend_api_that_checks_the_key(example, clerk):
    """The stand-in refuses proxies that do not have it."""
    site = started(example, clerk.url)
    answer = site.get("/__clerk/.well-known/jwks.json")
    assert (answer.status, answer.json()["keys"][0]["kid"]) == (200, clerk.kid)
    asked = clerk.requests("frontend.jwks")[-1]["headers"]
    assert asked["clerk-secret-key"] == clerk.secret_key
    assert asked["clerk-proxy-url"] == f"{SITE}/__clerk"
