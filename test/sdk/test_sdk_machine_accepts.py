# SPDX-License-Identifier: Apache-2.0 - Clerk's SDK accepts the stand-in's machine tokens
"""Machine tokens as @clerk/backend sees them: who is let in, as whom, after which call."""
from __future__ import annotations

import json

import pytest

from sdk.conftest import judge_of
from sdk.machine_tokens import (API_KEY, M2M, NOBODY, OAUTH, SESSION, SORTS, each_opaque,
                                each_sort, identity, judged, outcome, session_cookies)
from standin.client import Standin
from standin.tokens import CAT_M2M, CLIENT, MACHINE, OMIT, OTHER_MACHINE
from standin.users import ACME, ADMIN, MEMBER

ACCEPTS = ["any", SESSION, M2M, OAUTH, API_KEY, [M2M, API_KEY], [OAUTH, SESSION], [M2M],
           [SESSION, M2M, OAUTH, API_KEY]]


@pytest.mark.parametrize("accepts", ACCEPTS, ids=str)
@each_sort
def test_first_the_type_then_the_acceptance_then_the_verification(clerk, judge, sort, accepts):
    """M10, M17, M18, M19, M20, T20: no call for what is not accepted."""
    kind, endpoint, make = SORTS[sort]
    verdict, called = judged(clerk, judge, make(clerk), options={"acceptsToken": accepts})
    if accepts == "any" or kind in accepts:
        assert outcome(verdict) == ("signed-in", None, kind)
        assert called == ([endpoint] if endpoint else [])
        return
    # Where sessions alone are accepted, an opaque token is a session token gone wrong.
    reason = "token-invalid" if accepts == SESSION and endpoint else "token-type-mismatch"
    told = None if isinstance(accepts, list) else accepts
    assert outcome(verdict) == ("signed-out", reason, told)
    assert identity(verdict) == NOBODY
    assert called == []


def test_who_an_m2m_token_is(clerk, judge):
    """M12, M13."""
    machine = clerk.new_machine("third", scopes=[clerk.receiver.id, clerk.sender.id])
    opaque = clerk.new_m2m_token(machine, claims={"tier": "gold"})
    verdict = judge.ask(token=opaque.secret, options={"acceptsToken": M2M})
    assert identity(verdict) == {
        **NOBODY, "id": opaque.id, "subject": machine.id, "machineId": machine.id,
        "scopes": [clerk.receiver.id, clerk.sender.id], "claims": {"tier": "gold"}}
    jwt = clerk.mint.m2m(sub=machine.id, scopes="mch_a mch_b", tier="gold", jti="mt_1")
    verdict = judge.ask(token=jwt, options={"acceptsToken": M2M})
    assert identity(verdict) == {
        **NOBODY, "id": "mt_1", "subject": machine.id, "machineId": machine.id,
        "scopes": ["mch_a", "mch_b"],
        "claims": {"aud": [OTHER_MACHINE], "scopes": "mch_a mch_b", "tier": "gold"}}


def test_who_an_oauth_token_is(clerk, judge):
    """M04, M10."""
    client = clerk.new_oauth_client("app")
    opaque = clerk.new_oauth_token(MEMBER, client, scopes=["openid"], aud=["a"])
    verdict = judge.ask(token=opaque.secret, options={"acceptsToken": OAUTH})
    assert identity(verdict) == {
        **NOBODY, "id": opaque.id, "subject": MEMBER.id, "userId": MEMBER.id,
        "clientId": client.id, "scopes": ["openid"]}
    jwt = clerk.mint.oauth(MEMBER, jti="oat_1", extra="not told", org_id=ACME.id)
    verdict = judge.ask(token=jwt, options={"acceptsToken": OAUTH})
    assert identity(verdict) == {
        **NOBODY, "id": "oat_1", "subject": MEMBER.id, "userId": MEMBER.id, "clientId": CLIENT,
        "scopes": ["profile", "email"]}


@pytest.mark.parametrize("subject, user, organization", [
    (ADMIN.id, ADMIN.id, None), (ACME.id, None, ACME.id), (MACHINE, None, None)])
def test_who_an_api_key_is(clerk, judge, subject, user, organization):
    """M01, M23."""
    key = clerk.new_api_key(subject, name="export", scopes=["orders:read"], claims={"a": [1]})
    verdict = judge.ask(token=key.secret, options={"acceptsToken": API_KEY})
    assert identity(verdict) == {
        **NOBODY, "id": key.id, "subject": subject, "userId": user, "orgId": organization,
        "scopes": ["orders:read"], "claims": {"a": [1]}}
    assert verdict["name"] == "export"


# What the claims of a JWT say of its scopes; the SDK keeps an empty scope.
SCOPES = [
    ("M11 scope", lambda mint: mint.oauth(scope="a b"), ["a", "b"]),
    ("M11 scp", lambda mint: mint.oauth(scp=["c"], scope="a b"), ["c"]),
    ("oauth, neither", lambda mint: mint.oauth(scope=OMIT), []),
    ("M12 scopes", lambda mint: mint.m2m(scopes="mch_a mch_b"), ["mch_a", "mch_b"]),
    ("M12 aud", lambda mint: mint.m2m(scopes=OMIT, aud=["mch_c"]), ["mch_c"]),
    ("m2m, neither", lambda mint: mint.m2m(scopes=OMIT, aud=OMIT), []),
    ("m2m, empty", lambda mint: mint.m2m(scopes=""), [""]),
]


@pytest.mark.parametrize("make, scopes", [row[1:] for row in SCOPES],
                         ids=[row[0] for row in SCOPES])
def test_scopes_of_jwts(clerk, judge, make, scopes):
    verdict = judge.ask(token=make(clerk.mint), options={"acceptsToken": "any"})
    assert (verdict["status"], verdict["scopes"]) == ("signed-in", scopes)


def test_claims_of_an_m2m_jwt_without_any(clerk, judge):
    """M13."""
    verdict = judge.ask(token=clerk.mint.m2m(scopes=OMIT, aud=OMIT),
                        options={"acceptsToken": M2M})
    assert verdict["status"] == "signed-in" and verdict["claims"] is None


@each_sort
def test_no_machine_token_has_a_role_or_a_permission(clerk, judge, sort):
    kind, _, make = SORTS[sort]
    asked = [{"role": "admin"}, {"permission": "org:invoices:read"}, {"feature": "reports"},
             {"plan": "o:team"}, {"reverification": "lax"}]
    verdict = judge.ask(token=make(clerk), has=asked, options={"acceptsToken": "any"})
    assert verdict["has"] == [kind == SESSION] * len(asked)


@each_opaque
def test_the_request_that_verifies(clerk, judge, sort):
    """M01, M03, M04, M05."""
    kind, endpoint, make = SORTS[sort]
    token = make(clerk)
    judge.ask(token=token, options={"acceptsToken": kind})
    request = clerk.requests(endpoint)[-1]
    path, member = {M2M: ("/m2m_tokens/verify", "token"),
                    OAUTH: ("/oauth_applications/access_tokens/verify", "access_token"),
                    API_KEY: ("/api_keys/verify", "secret")}[kind]
    assert (request["method"], request["path"]) == ("POST", path)
    assert json.loads(request["body"]) == {member: token}
    assert request["headers"]["authorization"] == f"Bearer {clerk.secret_key}"
    assert request["headers"]["content-type"] == "application/json"
    assert request["headers"]["clerk-api-version"]


@each_opaque
def test_a_machine_secret_key_is_for_m2m_tokens(clerk, judge, sort):
    """M02."""
    kind, endpoint, make = SORTS[sort]
    verdict = judge.ask(token=make(clerk), options={
        "acceptsToken": kind, "machineSecretKey": clerk.receiver.secret_key})
    used = clerk.receiver.secret_key if kind == M2M else clerk.secret_key
    assert verdict["status"] == "signed-in"
    assert clerk.requests(endpoint)[-1]["headers"]["authorization"] == f"Bearer {used}"


def test_a_machine_secret_key_alone_is_enough_for_opaque_m2m_tokens():
    with Standin.start() as clerk, judge_of(clerk, "") as judge:
        options = {"acceptsToken": M2M, "machineSecretKey": clerk.receiver.secret_key}
        verdict = judge.ask(token=clerk.new_m2m_token().secret, options=options)
        assert (verdict["status"], verdict["subject"]) == ("signed-in", MACHINE)
        verdict = judge.ask(token=clerk.mint.m2m(), options=options)
        assert verdict["reason"] == "token-verification-failed"
        options["jwtKey"] = clerk.key.public_pem()
        assert judge.ask(token=clerk.mint.m2m(), options=options)["status"] == "signed-in"


@pytest.mark.parametrize("header", [{"cat": OMIT}, {"cat": CAT_M2M}])
def test_categories_of_m2m_jwts(clerk, judge, header):
    """C11."""
    verdict = judge.ask(token=clerk.mint.m2m(header=header), options={"acceptsToken": M2M})
    assert verdict["status"] == "signed-in"


def test_a_list_with_sessions_takes_them_from_cookies(clerk, judge):
    """M22."""
    for accepts in ([M2M, SESSION], "any"):
        verdict, _ = judged(clerk, judge, None, cookies=session_cookies(clerk.mint.session()),
                            options={"acceptsToken": accepts})
        assert outcome(verdict) == ("signed-in", None, SESSION)
        assert verdict["userId"] == ADMIN.id
