# SPDX-License-Identifier: Apache-2.0 - tests of the endpoints that verify machine tokens
"""What the Backend API answers about opaque tokens, and to whom."""
from __future__ import annotations

import http.client
import json
import socket
import time

import pytest

from standin.backend_api import API_KEY_VERIFY, M2M_VERIFY, OAUTH_VERIFY
from standin.faults import KINDS as FAULTS
from standin.machines import Machine
from standin.tokens import CLIENT, MACHINE, OTHER_MACHINE
from standin.users import ACME, ADMIN, MEMBER

# Endpoint, its path, the member of the body, and what makes a token for it.
ENDPOINTS = {
    M2M_VERIFY: ("/m2m_tokens/verify", "token", "new_m2m_token"),
    OAUTH_VERIFY: ("/oauth_applications/access_tokens/verify", "access_token",
                   "new_oauth_token"),
    API_KEY_VERIFY: ("/api_keys/verify", "secret", "new_api_key"),
}
each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS)


@pytest.fixture
def post(clerk, ask):
    """Ask about a token, or POST a body: JSON or bytes.

    The credential is the secret key unless another is given.
    """
    def send(endpoint: str, asked: str | dict | bytes, credential: str | None = None, **headers):
        path, member, _ = ENDPOINTS[endpoint]
        body = {member: asked} if isinstance(asked, str) else asked
        headers = {"Content_Type": "application/json",
                   "Authorization": f"Bearer {credential or clerk.secret_key}", **headers}
        return ask(path, "POST", body if isinstance(body, bytes) else json.dumps(body), **headers)
    return send


def issue(clerk, endpoint: str, **fields):
    return getattr(clerk, ENDPOINTS[endpoint][2])(**fields)


def body_of(answer) -> dict:
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    return json.loads(answer.body)


def code_of(answer) -> tuple[int, str]:
    envelope = json.loads(answer.body)
    assert answer.headers["Content-Type"] == "application/json" and envelope["clerk_trace_id"]
    [error] = envelope["errors"]
    assert error["message"] and error["long_message"]
    return answer.status, error["code"]


def test_an_m2m_token(clerk, post):
    token = clerk.new_m2m_token(claims={"tier": "gold"}, expiration=4_000_000_000.5,
                                created_at=1_789_000_000)
    assert token.secret.startswith("mt_") and token.secret != token.id
    assert body_of(post(M2M_VERIFY, token.secret)) == {
        "object": "machine_to_machine_token", "id": token.id, "subject": MACHINE,
        "claims": {"tier": "gold"}, "scopes": [OTHER_MACHINE], "revoked": False,
        "revocation_reason": None, "expired": False, "expiration": 4_000_000_000_500,
        "last_used_at": None, "created_at": 1_789_000_000_000, "updated_at": 1_789_000_000_000}
    used = body_of(post(M2M_VERIFY, token.secret))["last_used_at"]
    assert abs(used - time.time() * 1000) < 20_000


def test_an_oauth_token(clerk, post):
    token = clerk.new_oauth_token(MEMBER, expiration=4_000_000_000, created_at=1_790_000_000)
    proper = {
        "object": "clerk_idp_oauth_access_token", "id": token.id, "client_id": CLIENT,
        "type": "oauth:access_token", "subject": MEMBER.id, "scopes": ["profile", "email"],
        "revoked": False, "revocation_reason": None, "expired": False,
        "expiration": 4_000_000_000, "created_at": 1_790_000_000, "updated_at": 1_790_000_000}
    assert body_of(post(OAUTH_VERIFY, token.secret)) == proper
    clerk.change_token(token, aud=["https://mcp.example.com"], scopes=[])
    assert body_of(post(OAUTH_VERIFY, token.secret)) == {
        **proper, "aud": ["https://mcp.example.com"], "scopes": []}


def test_an_api_key(clerk, post):
    token = clerk.new_api_key(ACME.id, name="export", scopes=["orders:read"],
                              created_at=1_789_000_000)
    assert body_of(post(API_KEY_VERIFY, token.secret)) == {
        "object": "api_key", "id": token.id, "type": "api_key", "name": "export",
        "subject": ACME.id, "scopes": ["orders:read"], "claims": None, "revoked": False,
        "revocation_reason": None, "expired": False, "expiration": None,
        "created_by": ADMIN.id, "description": None, "last_used_at": None,
        "created_at": 1_789_000_000_000, "updated_at": 1_789_000_000_000}


@each_endpoint
def test_a_token_that_is_over_is_said_to_be_so(clerk, post, endpoint):
    token = issue(clerk, endpoint, expiration=time.time() + 3600)
    clerk.revoke(token, "leaked")
    revoked = body_of(post(endpoint, token.secret))
    assert (revoked["revoked"], revoked["revocation_reason"]) == (True, "leaked")
    assert revoked["expired"] is False
    clerk.change_token(token, revoked=False, expired=True)
    assert body_of(post(endpoint, token.secret))["expired"] is True
    clerk.change_token(token, expired=False, expiration=time.time() - 1)
    assert body_of(post(endpoint, token.secret))["expired"] is True
    clerk.change_token(token, active=False)
    assert body_of(post(endpoint, token.secret)) == {"active": False}


@each_endpoint
def test_an_answer_can_be_made_wrong(clerk, post, endpoint):
    token = issue(clerk, endpoint, answer={"object": "other", "extra": [1]},
                  answer_without=["subject", "scopes"])
    answer = body_of(post(endpoint, token.secret))
    assert (answer["object"], answer["extra"], answer["id"]) == ("other", [1], token.id)
    assert not {"subject", "scopes"} & set(answer)


@each_endpoint
def test_nobodys_token(clerk, post, endpoint):
    kinds = {one: issue(clerk, one).secret for one in ENDPOINTS}
    prefix = kinds[endpoint].partition("_")[0]
    for secret in (f"{prefix}_nobody", clerk.sender.secret_key, clerk.secret_key,
                   *(kinds[one] for one in ENDPOINTS if one != endpoint)):
        assert code_of(post(endpoint, secret)) == (404, "resource_not_found")


@each_endpoint
def test_who_may_ask(clerk, post, endpoint):
    secret = issue(clerk, endpoint).secret
    other = clerk.new_instance("other")
    assert post(endpoint, secret, clerk.secret_key).status == 200
    assert post(endpoint, secret, other.secret_key).status == 404
    for wrong in ("sk_test_wrong", "ak_wrong", clerk.new_api_key().secret):
        assert code_of(post(endpoint, secret, wrong)) == (401, "clerk_key_invalid")
    for header in ("", "Bearer", "Basic eA=="):
        assert code_of(post(endpoint, secret, Authorization=header)) == \
            (401, "authorization_header_format_invalid")


@each_endpoint
def test_a_machine_secret_key_is_for_m2m_tokens_alone(clerk, post, endpoint):
    secret = issue(clerk, endpoint).secret
    machine = clerk.new_machine("third", scopes=[clerk.receiver.id])
    for one in (clerk.sender, clerk.receiver, machine):
        answer = post(endpoint, secret, one.secret_key)
        if endpoint == M2M_VERIFY:
            assert answer.status == 200
        else:
            assert code_of(answer) == (401, "clerk_key_invalid")
    instances = {request["instance"] for request in clerk.requests(endpoint)}
    assert instances == ({"default"} if endpoint == M2M_VERIFY else {None})


def test_machine_secrets_are_an_instances_own(clerk, post):
    other = clerk.new_instance("other")
    token, its = clerk.new_m2m_token(), other.new_m2m_token()
    assert other.sender.id == clerk.sender.id
    assert other.sender.secret_key != clerk.sender.secret_key
    assert post(M2M_VERIFY, token.secret, other.receiver.secret_key).status == 404
    assert body_of(post(M2M_VERIFY, its.secret, other.receiver.secret_key))["id"] == its.id
    assert clerk.counters()["by_instance"] == {"other/backend.m2m_verify": 2}
    with pytest.raises(ValueError):
        clerk.new_machine("thief", secret_key=other.sender.secret_key)


def test_one_secret_in_two_instances_is_two_tokens(clerk, post):
    other = clerk.new_instance("other")
    clerk.new_api_key(secret="ak_same", name="first")
    other.new_api_key(secret="ak_same", name="second")
    assert body_of(post(API_KEY_VERIFY, "ak_same"))["name"] == "first"
    assert body_of(post(API_KEY_VERIFY, "ak_same", other.secret_key))["name"] == "second"


def test_tokens_of_further_machines_and_clients(clerk, post):
    machine = clerk.new_machine("third", scopes=[clerk.receiver.id, clerk.sender.id])
    client = clerk.new_oauth_client("app")
    assert isinstance(machine, Machine) and machine.secret_key.startswith("ak_")
    answer = body_of(post(M2M_VERIFY, clerk.new_m2m_token(machine).secret))
    assert (answer["subject"], answer["scopes"]) == \
        (machine.id, [clerk.receiver.id, clerk.sender.id])
    answer = body_of(post(OAUTH_VERIFY, clerk.new_oauth_token(client=client).secret))
    assert answer["client_id"] == client.id != CLIENT
    [state] = clerk.state()["instances"]
    assert [one["id"] for one in state["machines"]] == [MACHINE, OTHER_MACHINE, machine.id]
    assert [one["id"] for one in state["oauth_clients"]] == [CLIENT, client.id]


@each_endpoint
def test_which_bodies_are_understood(clerk, post, endpoint):
    secret = issue(clerk, endpoint).secret
    missing = {"api_key": secret} if endpoint != API_KEY_VERIFY else {"token": secret}
    member = ENDPOINTS[endpoint][1]
    for body in ({}, b"", missing, {member: 5}, {member: ""}, {member: None}, {member: [secret]}):
        answer = post(endpoint, body)
        assert code_of(answer) == (422, "form_param_missing")
        assert json.loads(answer.body)["errors"][0]["meta"] == {"param_name": member}
    for body in (b"{", b"[]", b'"text"', b"\xff"):
        assert code_of(post(endpoint, body)) == (400, "request_body_invalid")
    assert code_of(post(endpoint, secret, Content_Type="text/plain")) == \
        (415, "unsupported_content_type")
    assert post(endpoint, secret, Content_Type="application/json; charset=utf-8").status == 200


def test_the_deprecated_member_of_the_oauth_endpoint(clerk, post):
    token = clerk.new_oauth_token()
    assert body_of(post(OAUTH_VERIFY, {"secret": token.secret}))["id"] == token.id
    assert post(OAUTH_VERIFY, {"secret": token.secret, "access_token": "oat_x"}).status == 404
    assert post(M2M_VERIFY, {"secret": clerk.new_m2m_token().secret}).status == 422


def test_api_keys_can_be_off(clerk, post):
    key, machine = clerk.new_api_key(), clerk.new_m2m_token()
    clerk.enable_api_keys(False)
    assert code_of(post(API_KEY_VERIFY, key.secret)) == (422, "api_keys_not_enabled")
    assert code_of(post(API_KEY_VERIFY, key.secret, "sk_x")) == (401, "clerk_key_invalid")
    assert post(M2M_VERIFY, machine.secret).status == 200
    clerk.enable_api_keys(True)
    assert post(API_KEY_VERIFY, key.secret).status == 200


@each_endpoint
def test_the_version_and_the_method(clerk, ask, endpoint):
    path = ENDPOINTS[endpoint][0]
    secret_key = {"Authorization": f"Bearer {clerk.secret_key}"}
    assert ask(f"/v1{path}", "POST", "{}", **secret_key).status == 404
    assert ask(path, **secret_key).status == 404
    assert clerk.counters()["requests"] == {"unknown": 2}
    both = ask(f"{path}?__clerk_api_version=2026-05-12", "POST", "{}",
               Clerk_API_Version="2026-05-12", **secret_key)
    assert code_of(both) == (400, "api_version_invalid")


@each_endpoint
def test_requests_are_counted_and_remembered(clerk, post, endpoint):
    secret = issue(clerk, endpoint).secret
    for _ in range(3):
        post(endpoint, secret)
    assert clerk.counters()["requests"] == {endpoint: 3}
    assert clerk.counters()["by_instance"] == {f"default/{endpoint}": 3}
    path, member, _ = ENDPOINTS[endpoint]
    request = clerk.requests(endpoint)[-1]
    assert (request["method"], request["path"]) == ("POST", path)
    assert json.loads(request["body"]) == {member: secret}
    assert request["headers"]["authorization"] == f"Bearer {clerk.secret_key}"


def received(fault: str, send, whole: bytes) -> bool:
    """Whether the endpoint does what the fault says; `send` makes one request."""
    if fault in ("hang", "close"):
        with pytest.raises(socket.timeout if fault == "hang" else http.client.RemoteDisconnected):
            send()
        return True
    if fault == "truncated":
        with pytest.raises(http.client.IncompleteRead) as cut:
            send()
        return cut.value.partial == whole[:len(whole) // 2]
    answer = send()
    if fault == "garbage":
        return answer.status == 200 and b"\xff" in answer.body
    if fault == "answer":
        return (answer.status, answer.body) == (503, b"down")
    if fault == "redirect":
        return (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:1/")
    assert fault in ("slow", "drip")
    return (answer.status, answer.body) == (200, whole)


@each_endpoint
def test_every_fault(clerk, ask, post, endpoint):
    token = issue(clerk, endpoint, answer={"last_used_at": None})
    whole = post(endpoint, token.secret).body
    path, member, _ = ENDPOINTS[endpoint]

    def send():
        return ask(path, "POST", json.dumps({member: token.secret}), timeout=1,
                   Content_Type="application/json", Authorization=f"Bearer {clerk.secret_key}")

    parameters = {"answer": {"status": 503, "body": "down"}, "slow": {"delay": 0.2},
                  "drip": {"delay": 0.0005}, "redirect": {"location": "http://127.0.0.1:1/"}}
    for fault in sorted(set(FAULTS) - {"endless"}):
        clerk.fault(endpoint, fault, times=1, **parameters.get(fault, {}))
        assert received(fault, send, whole), fault
        assert send().body == whole, fault
    assert clerk.count(endpoint) == 2 * len(FAULTS) - 1


@each_endpoint
def test_an_endless_answer(clerk, endpoint):
    clerk.fault(endpoint, "endless", times=1)
    place = clerk.url.rpartition("/")[2]
    connection = http.client.HTTPConnection(place, timeout=10)
    connection.request("POST", ENDPOINTS[endpoint][0], "{}")
    answer = connection.getresponse()
    assert len(answer.read(10_000_000)) == 10_000_000
    connection.close()


@each_endpoint
def test_a_limit_says_when_to_come_again(clerk, post, endpoint):
    secret = issue(clerk, endpoint).secret
    clerk.fail_with(endpoint, 429, "too_many_requests", retry_after=7, times=1)
    limited = post(endpoint, secret)
    assert code_of(limited) == (429, "too_many_requests")
    assert limited.headers["Retry-After"] == "7"
    assert post(endpoint, secret).status == 200
    clerk.fail_with(endpoint, 500, "internal_clerk_error", times=1)
    broken = post(endpoint, secret)
    assert code_of(broken) == (500, "internal_clerk_error")
    assert "Retry-After" not in broken.headers


def test_a_fault_of_one_instance_follows_a_machine_secret(clerk, post):
    other = clerk.new_instance("other")
    clerk.fail_with("other/backend.m2m_verify", 500, "internal_clerk_error")
    assert post(M2M_VERIFY, "mt_x", other.sender.secret_key).status == 500
    assert post(M2M_VERIFY, "mt_x", clerk.sender.secret_key).status == 404


@pytest.mark.parametrize("path, fields", [
    ("/opaque-tokens", {"kind": "session_token"}), ("/opaque-tokens", {}),
    ("/opaque-tokens", {"kind": "api_key", "aud": ["a"]}),
    ("/opaque-tokens", {"kind": "m2m_token", "secret": "ak_x"}),
    ("/opaque-tokens", {"kind": "api_key", "secret": "ak_taken"}),
    ("/opaque-tokens/change", {"token": "ak_nobody", "revoked": True}),
    ("/opaque-tokens/change", {"token": "ak_taken", "secret": "ak_other"}),
    ("/opaque-tokens/change", {"token": "ak_taken", "rvoked": True}),
    ("/machines", {}), ("/machines", {"name": "x", "id": "user_x"}),
    ("/machines", {"name": "x", "id": MACHINE}), ("/machines", {"name": "x", "secret_key": "sk"}),
    ("/oauth-clients", {"name": "x", "id": CLIENT}), ("/api-keys", {}),
    ("/machines", {"name": "x", "instance": "nobody"})])
def test_what_control_refuses(clerk, path, fields):
    clerk.new_api_key(secret="ak_taken")
    before = clerk.state()["instances"]
    with pytest.raises(ValueError):
        clerk.call(path, **fields)
    assert clerk.state()["instances"] == before
