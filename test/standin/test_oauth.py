# SPDX-License-Identifier: Apache-2.0 - tests of the authorization server, step by step as a client takes them
"""Discovery, registration, authorization with PKCE, tokens, and what is refused."""
from __future__ import annotations

import base64
import hashlib
import json
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from standin.client import Standin
from standin.tokens import CLIENT, decode, verified
from standin.users import ADMIN, MEMBER

FORM = "application/x-www-form-urlencoded"
CALLBACK = "http://localhost:9/callback?from=clerk"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(
    hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
RESOURCE = "http://localhost:8080/mcp"


@pytest.fixture(scope="module")
def clerk():
    with Standin.start() as running:
        yield running


@pytest.fixture
def agreed(clerk):
    clerk.configure_oauth(consent="member")
    yield
    clerk.configure_oauth()


@pytest.fixture
def register(ask):
    def send(**fields):
        answer = ask("/oauth/register", "POST", json.dumps(
            {"client_name": "a <b>client</b>", "redirect_uris": [CALLBACK],
             "token_endpoint_auth_method": "none", **fields}), Content_Type="application/json")
        return answer, json.loads(answer.body)
    return send


@pytest.fixture
def client(register):
    """A public client's id."""
    return register()[1]["client_id"]


def authorization(client, **changes):
    query = {"response_type": "code", "client_id": client, "redirect_uri": CALLBACK,
             "code_challenge": CHALLENGE, "code_challenge_method": "S256", "state": "s t",
             "scope": "profile email", "resource": RESOURCE, **changes}
    return "/oauth/authorize?" + urlencode({name: value for name, value in query.items()
                                            if value is not None})


def answered(answer) -> dict:
    assert answer.status == 302 and answer.headers["Location"].startswith(
        "http://localhost:9/callback?from=clerk&")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@pytest.fixture
def exchange(ask, client):
    def send(changes=None, **headers):
        fields = {"grant_type": "authorization_code", "client_id": client, "code": "",
                  "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **(changes or {})}
        answer = ask("/oauth/token", "POST", urlencode(fields), Content_Type=FORM, **headers)
        return answer.status, json.loads(answer.body)
    return send


@pytest.fixture
def code(agreed, ask, client):
    return answered(ask(authorization(client)))["code"]


@pytest.mark.parametrize("path, base", [
    ("/.well-known/oauth-authorization-server", ""),
    ("/.well-known/openid-configuration", ""),
    ("/fapi/default/.well-known/oauth-authorization-server", "/fapi/default"),
    ("/.well-known/oauth-authorization-server/fapi/default", "/fapi/default")])
def test_metadata_tells_urls_as_the_client_sees_them(ask, path, base):
    answer = ask(path, Host="auth.localhost:7")
    told = json.loads(answer.body)
    assert told["issuer"] == f"http://auth.localhost:7{base}"
    assert told["token_endpoint"] == f"http://auth.localhost:7{base}/oauth/token"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert ask(path, "OPTIONS").status == (204 if not path.endswith("default") else 404)


def test_of_an_unknown_instance_there_is_no_metadata(ask):
    assert ask("/.well-known/oauth-authorization-server/fapi/nobody").status == 404


def test_registration(register):
    answer, made = register()
    assert answer.status == 201 and made["redirect_uris"] == [CALLBACK]
    assert "client_secret" not in made
    assert register(token_endpoint_auth_method="client_secret_post")[1]["client_secret"]
    for uris, code in ((None, "invalid_client_metadata"), ([], "invalid_redirect_uri"),
                       (["/callback"], "invalid_redirect_uri"),
                       (["http://a/#x"], "invalid_redirect_uri")):
        answer, problem = register(redirect_uris=uris)
        assert answer.status == 400 and problem["error"] in (code, "invalid_redirect_uri")


def test_a_code_becomes_an_opaque_token(clerk, ask, exchange, code):
    status, made = exchange({"code": code})
    assert status == 200 and made["access_token"].startswith("oat_")
    assert (made["token_type"], made["scope"]) == ("Bearer", "profile email")
    checked = json.loads(ask("/oauth_applications/access_tokens/verify", "POST",
                             json.dumps({"access_token": made["access_token"]}),
                             Content_Type="application/json",
                             Authorization=f"Bearer {clerk.secret_key}").body)
    assert (checked["subject"], checked["aud"]) == (MEMBER.id, [RESOURCE])
    user = json.loads(ask("/oauth/userinfo",
                          Authorization=f"Bearer {made['access_token']}").body)
    assert (user["sub"], user["email"]) == (MEMBER.id, MEMBER.email)
    assert ask("/oauth/userinfo", Authorization="Bearer oat_x").status == 401


def test_or_a_jwt(clerk, ask, client, exchange):
    clerk.configure_oauth(consent="admin", token_format="jwt")
    made = exchange({"code": answered(ask(authorization(client)))["code"]})[1]
    clerk.configure_oauth()
    header, claims = verified(made["access_token"], [clerk.key])
    assert header["typ"] == "at+jwt"
    assert (claims["sub"], claims["client_id"], claims["aud"]) == (ADMIN.id, client, [RESOURCE])
    assert decode(made["access_token"])[1]["scope"] == "profile email"


def test_a_code_counts_once(exchange, code):
    assert exchange({"code": code})[0] == 200
    assert exchange({"code": code}) == (400, {
        "error": "invalid_grant",
        "error_description": "The grant is not valid for this client."})


@pytest.mark.parametrize("change, status, error", [
    ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
    ({"redirect_uri": "http://localhost:9/other"}, 400, "invalid_grant"),
    ({"client_id": CLIENT}, 400, "invalid_grant"), ({"client_id": "cl_x"}, 401, "invalid_client"),
    ({"client_secret": "s"}, 401, "invalid_client"), ({"code": "x"}, 400, "invalid_grant"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type")], ids=str)
def test_a_wrong_exchange_is_refused(exchange, code, change, status, error):
    answered_status, problem = exchange({"code": code, **change})
    assert (answered_status, problem["error"]) == (status, error)


def test_a_refresh_token_brings_another_pair(exchange, code):
    first = exchange({"code": code})[1]
    renewal = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    status, second = exchange(renewal)
    assert status == 200 and second["access_token"] != first["access_token"]
    assert exchange(renewal)[1]["error"] == "invalid_grant"


@pytest.mark.parametrize("change, error", [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"), ({"scope": "admin"}, "invalid_scope")])
def test_a_wrong_authorization_goes_back_with_its_error(agreed, ask, client, change, error):
    assert answered(ask(authorization(client, **change))) == {
        "from": "clerk", "error": error, "state": "s t"}


@pytest.mark.parametrize("change", [{"client_id": "cl_x"}, {"redirect_uri": "https://evil.example/"},
                                    {"redirect_uri": CALLBACK + "&x=1"}])
def test_nobody_is_sent_to_an_unknown_place(agreed, ask, client, change):
    answer = ask(authorization(client, **change))
    assert answer.status == 400 and "Location" not in answer.headers


def test_a_person_is_asked(ask, client, exchange):
    page = ask(authorization(client))
    assert page.status == 200 and b"a &lt;b&gt;client&lt;/b&gt; asks for" in page.body
    assert ask(authorization(client) + "&user=admin").status == 200   # a link is no consent
    fields = authorization(client).partition("?")[2]
    allowed = ask("/oauth/authorize", "POST", fields + "&user=admin", Content_Type=FORM)
    assert exchange({"code": answered(allowed)["code"]})[0] == 200
    refused = ask("/oauth/authorize", "POST", fields + "&user=", Content_Type=FORM)
    assert answered(refused)["error"] == "access_denied"


def test_a_confidential_client_needs_its_secret(agreed, ask, register, exchange):
    made = register(token_endpoint_auth_method="client_secret_basic")[1]
    basic = base64.b64encode(
        f"{made['client_id']}:{quote(made['client_secret'])}".encode()).decode()

    def fresh():
        return {"client_id": made["client_id"],
                "code": answered(ask(authorization(made["client_id"])))["code"]}
    assert exchange(fresh())[0] == 401
    status, tokens = exchange(fresh(), Authorization=f"Basic {basic}")
    assert status == 200
    told = ask("/oauth/token_info", "POST", urlencode({"token": tokens["access_token"]}),
               Content_Type=FORM, Authorization=f"Basic {basic}")
    assert json.loads(told.body)["sub"] == MEMBER.id
    told = ask("/oauth/token_info", "POST", "token=oat_x", Content_Type=FORM,
               Authorization=f"Basic {basic}")
    assert json.loads(told.body) == {"active": False}
