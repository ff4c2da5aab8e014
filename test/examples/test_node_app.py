# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/node-app what its README promises
from __future__ import annotations

import subprocess

import pytest

from conftest import BROWSER, EXAMPLES, bearer, session_cookies
from error_log import poll
from http_message import request
from httpd import free_port
from npm_packages import program
from standin.users import ADMIN, MEMBER, SOLO

SITE = "https://www.example.com"
NOBODY = {"who": None}


@pytest.fixture(scope="module")
def app():
    """The example's own program, by node."""
    port = free_port()
    process = subprocess.Popen([program("node"), EXAMPLES / "node-app" / "app.mjs"],
                               env={"PORT": str(port)}, stdin=subprocess.DEVNULL)

    def answers() -> bool:
        assert process.poll() is None
        try:
            return request(port, "GET", "/").status == 200
        except ConnectionError:
            return False
    try:
        poll(answers, 30, "the app listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def site(example, app):
    return example("node-app", SITE, "proxy_http").start(APPLICATION=app)


def who(site, headers, target="/"):
    answer = site.get(target, headers)
    assert (answer.status, answer.json()["path"]) == (200, target)
    return answer.json()["who"]


def test_the_app_knows_who_is_signed_in(site, clerk):
    for target in ("/", "/api/me"):
        assert who(site, session_cookies(clerk.mint.session(MEMBER)), target) == {
            "user": MEMBER.id, "organization": "acme", "role": "org:member",
            "permissions": ["org:invoices:read", "org:reports:read"]}
        assert who(site, bearer(clerk.mint.session(SOLO)), target) == {
            "user": SOLO.id, "organization": None, "role": None, "permissions": []}
    assert who(site, {}) is None and who(site, bearer("junk")) is None


def test_values_beyond_ascii_are_read_back(site, clerk):
    token = clerk.mint.session(SOLO, o={"id": "org_1", "slg": "größte ☃", "rol": "org:x"})
    assert who(site, bearer(token))["organization"] == "größte ☃"


def test_the_api_is_for_signed_in_people(site, clerk):
    assert site.get("/api/me").status == 401
    assert site.get("/api/me", BROWSER).status == 302
    assert site.get("/api/invoices", bearer(clerk.mint.session(SOLO))).status == 403
    assert site.get("/api/invoices", bearer(clerk.mint.session(ADMIN))).status == 200


def test_nobody_passes_for_somebody_else(site, clerk):
    forged = {"X-Clerk-User-Id": ADMIN.id, "X_Clerk_User_Id": ADMIN.id, "x-clerk-org-role": "org:admin",
              "Connection": "X-Clerk-User-Id"}
    assert who(site, forged) is None
    assert who(site, bearer(clerk.mint.session(SOLO), **forged)) == {
        "user": SOLO.id, "organization": None, "role": None, "permissions": []}


def test_the_token_does_not_reach_the_app(example, application, clerk, seen):
    site = example("node-app", SITE, "proxy_http").start(APPLICATION=application.url)
    token = clerk.mint.session(MEMBER)
    for headers in (bearer(token), session_cookies(token)):
        assert site.get("/x", headers).status == 200
    assert token not in str(seen)
    assert ["Cookie", "theme=dark; lang=en"] in [list(pair) for pair in seen[1]["headers"]]
