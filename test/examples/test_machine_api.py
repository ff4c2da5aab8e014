# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/machine-api what its README promises
from __future__ import annotations

import pytest

from conftest import BROWSER, bearer, session_cookies
from standin.users import ADMIN, MEMBER
from upstream import header_values

SITE = "https://api.example.com"


def start(example, clerk, application_url):
    prepared = example("machine-api", SITE, "proxy_http")
    return prepared.start(
        APPLICATION=application_url, BILLING_MACHINE=clerk.sender.id,
        MACHINE_SECRET_KEY=prepared.secret("machine_key", clerk.receiver.secret_key))


@pytest.fixture(scope="module")
def api(example, clerk, application):
    return start(example, clerk, application.url)


def test_the_application_learns_who_it_is_and_not_the_token(api, clerk, seen):
    key = clerk.new_api_key(ADMIN.id, scopes=["notes:read"])
    assert api.get("/v1/me", bearer(key.secret)).status == 200
    assert header_values(seen[0], "X-Clerk-Subject") == [ADMIN.id]
    assert header_values(seen[0], "X-Clerk-User-Id") == [ADMIN.id]
    assert header_values(seen[0], "X-Clerk-Token-Type") == ["api_key"]
    assert header_values(seen[0], "X-Clerk-Scopes") == ["notes:read"]
    assert header_values(seen[0], "Authorization") == []
    assert key.secret not in str(seen)


def test_each_type_that_counts(api, clerk, seen):
    for token in (clerk.new_api_key("org_1").secret, clerk.new_oauth_token().secret,
                  clerk.mint.oauth(MEMBER)):
        assert api.get("/v1/me", bearer(token)).status == 200
    assert [header_values(one, "X-Clerk-Token-Type")[0] for one in seen] == [
        "api_key", "oauth_token", "oauth_token"]


@pytest.mark.parametrize("scopes, reads, writes", [
    (["notes:read"], 200, 403), (["notes:write"], 200, 200), (["other"], 403, 403), ([], 403, 403)])
def test_scopes(api, clerk, seen, scopes, reads, writes):
    key = clerk.new_api_key(scopes=scopes).secret
    for method, status in (("GET", reads), ("HEAD", reads), ("POST", writes), ("DELETE", writes)):
        answer = api.request(method, "/v1/notes", bearer(key))
        assert answer.status == status
        if status == 403 and method != "HEAD":
            assert answer.json()["error"] == "not_authorized"
            assert answer.header("WWW-Authenticate") == \
                'Bearer realm="Example API", error="insufficient_scope"'
    assert len(seen) == 2 * ([reads, writes].count(200))


@pytest.mark.parametrize("target", ["/v1/notes", "/v1/me", "/internal/report"])
@pytest.mark.parametrize("asking", [{}, BROWSER], ids=["program", "browser"])
def test_who_has_no_token_gets_401_in_json(api, clerk, seen, target, asking):
    for method in ("GET", "POST"):
        answer = api.request(method, target, {**asking, **session_cookies(
            clerk.mint.session(ADMIN))})
        assert answer.status == 401 and answer.location is None
        assert answer.header("Content-Type") == "application/json"
        assert answer.header("WWW-Authenticate") == 'Bearer realm="Example API"'
    assert seen == []


def test_a_bad_token_and_one_of_another_type_get_401(api, clerk, seen):
    revoked = clerk.new_api_key(revoked=True).secret
    for target, tokens in (
            ("/v1/me", ["ak_unknown", revoked, clerk.mint.session(ADMIN), clerk.mint.m2m()]),
            ("/internal/report", ["mt_unknown", clerk.new_api_key().secret,
                                  clerk.mint.session(ADMIN)])):
        for token in tokens:
            answer = api.get(target, bearer(token, **BROWSER))
            assert answer.status == 401 and answer.location is None
            assert 'error="invalid_token"' in answer.header("WWW-Authenticate")
    assert seen == []


def test_internal_is_for_one_machine(api, clerk, seen):
    other = clerk.new_machine("other")
    for token, status in ((clerk.new_m2m_token().secret, 200), (clerk.mint.m2m(), 200),
                          (clerk.new_m2m_token(other).secret, 403),
                          (clerk.mint.m2m(sub=other.id), 403)):
        assert api.get("/internal/report", bearer(token)).status == status
    assert [header_values(one, "X-Clerk-Machine-Id") for one in seen] == [[clerk.sender.id]] * 2
    asked = clerk.requests("backend.m2m_verify")[-1]
    assert asked["headers"]["authorization"] == f"Bearer {clerk.receiver.secret_key}"


def test_clerk_is_asked_once_and_not_about_jwts(api, clerk, seen):
    key = clerk.new_api_key().secret
    before = clerk.counters()["requests"]
    for _ in range(5):
        assert api.get("/v1/me", bearer(key)).status == 200
        assert api.get("/v1/me", bearer(clerk.mint.oauth())).status == 200
    after = clerk.counters()["requests"]
    assert after["backend.api_key_verify"] == before["backend.api_key_verify"] + 1
    assert after["backend.oauth_verify"] == before["backend.oauth_verify"]


def test_what_cannot_be_verified_is_503(example, clerk, application, seen):
    api = start(example, clerk, application.url)
    known = clerk.new_api_key().secret
    assert api.get("/v1/me", bearer(known)).status == 200
    clerk.fail_with("*", 429, "too_many_requests", retry_after=60)
    try:
        answer = api.get("/v1/me", bearer(clerk.new_api_key().secret))
    finally:
        clerk.clear_faults()
    assert answer.status == 503 and answer.json()["error"] == "temporarily_unavailable"
    assert answer.header("Retry-After") == "60"
    assert api.get("/v1/me", bearer(known)).status == 200
    assert len(seen) == 2
    api.log.expect(r"\[clerk_auth:error\].*answered 429", times=1)
