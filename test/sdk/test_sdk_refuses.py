# SPDX-License-Identifier: Apache-2.0 - Clerk's SDK refuses the stand-in's bad tokens
"""Each wrong token is wrong in the way its maker says: the SDK names that very reason."""
from __future__ import annotations

import pytest

from sdk.conftest import judge_of
from standin import tokens
from standin.client import Standin
from standin.keys import pooled_key
from standin.tokens import CAT_IGNORE, CAT_M2M, OMIT, Minter

NOW = 1_800_000_000

# Checklist id, how to make the token from a minter, the SDK's reason.
WRONG = [
    ("J01", lambda mint: mint.session().rpartition(".")[0], "token-invalid"),
    ("J02", lambda mint: mint.raw(b"no json", {}), "token-invalid"),
    ("J04", lambda mint: mint.session(alg="none"), "token-invalid-algorithm"),
    ("J05", lambda mint: mint.session(alg="HS256", key=mint.key.public_pem().encode()),
     "token-invalid-algorithm"),
    ("J06 PS256", lambda mint: mint.session(alg="PS256"), "token-invalid-algorithm"),
    ("J06 ES256", lambda mint: mint.session(alg="ES256"), "token-invalid-algorithm"),
    ("J08 jwt", lambda mint: mint.session(header={"typ": "jwt"}), "token-invalid"),
    ("J08 at+jwt", lambda mint: mint.session(header={"typ": "at+jwt"}), "token-type-mismatch"),
    ("J10", lambda mint: tokens.alter_signature(mint.session()), "token-invalid-signature"),
    ("J11", lambda mint: tokens.alter_payload(mint.session(), sub="user_x"),
     "token-invalid-signature"),
    ("J12", lambda mint: tokens.alter_signature(mint.session(exp=1)), "token-invalid-signature"),
    ("J14 missing", lambda mint: mint.session(sub=OMIT), "token-verification-failed"),
    ("J14 number", lambda mint: mint.session(sub=5), "token-verification-failed"),
    ("J15 missing", lambda mint: mint.session(exp=OMIT), "token-verification-failed"),
    ("J15 string", lambda mint: mint.session(exp="9999999999"), "token-verification-failed"),
    ("J21", lambda mint: mint.session(nbf=None), "token-verification-failed"),
    ("J23", lambda mint: mint.session(iat="1"), "token-verification-failed"),
    ("J33", lambda mint: mint.session(azp="http://localhost:8080/"),
     "token-invalid-authorized-parties"),
    ("J34", lambda mint: mint.session(azp=OMIT), "token-invalid-authorized-parties"),
    ("C04", lambda mint: mint.template(), "token-type-mismatch"),
    ("C07", lambda mint: mint.session(header={"cat": "cl_Zz"}), "token-type-mismatch"),
    ("T20", lambda mint: mint.oauth(), "token-type-mismatch"),
    ("M2M as session", lambda mint: mint.m2m(), "token-type-mismatch"),
    ("RS512 under an RS256 key", lambda mint: mint.session(alg="RS512"),
     "token-verification-failed"),
    ("another key, same kid", lambda mint: mint.session(key=pooled_key(unlike=[mint.key])),
     "token-invalid-signature"),
    ("W08", lambda mint: mint.session(header={"kid": "ins_unknown"}), "jwk-kid-mismatch"),
    ("nbf", lambda mint: mint.session(nbf=9_999_999_999), "session-token-nbf"),
    ("iat", lambda mint: mint.session(iat=9_999_999_999), "session-token-iat-in-the-future"),
    ("exp", lambda mint: mint.session(exp=1),
     "session-token-expired-refresh-non-eligible-no-refresh-cookie"),
]


@pytest.mark.parametrize("make, reason", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_reasons(clerk, judge, make, reason):
    verdict = judge.ask(token=make(clerk.mint),
                        options={"authorizedParties": ["http://localhost:8080"]})
    assert (verdict["status"], verdict["reason"]) == ("signed-out", reason)
    assert verdict["userId"] is None


@pytest.mark.parametrize("payload, reason", [
    (b"null", "unexpected-error"), (b"[1]", "token-verification-failed"),
    (b'"text"', "token-verification-failed"), (b"\xff\xfe", "token-invalid"),
    (b"{", "token-invalid")])
def test_a_payload_that_is_no_object_signs_nobody_in(clerk, judge, payload, reason):
    """J03."""
    verdict = judge.ask(token=clerk.mint.raw(clerk.mint.header(), payload))
    assert (verdict["status"], verdict["reason"]) == ("signed-out", reason)


@pytest.mark.parametrize("header", [{"cat": OMIT}, {"cat": CAT_IGNORE}, {"typ": OMIT}])
def test_what_is_right_all_the_same(clerk, judge, header):
    """C02, C03, J07."""
    assert judge.ask(token=clerk.mint.session(header=header))["status"] == "signed-in"


def test_the_session_verifier_by_itself(clerk, judge):
    """C08, J25, J36."""
    def reason(token: str, **options) -> str | None:
        return judge.ask(ask="verify", token=token, options=options).get("reason")

    assert reason(clerk.mint.session(header={"cat": CAT_M2M})) == "token-invalid"
    assert reason(clerk.mint.session(aud="a"), audience="a") is None
    assert reason(clerk.mint.session(aud="a"), audience="b") == "token-verification-failed"
    assert reason(clerk.mint.session(exp=1)) == "token-expired"


# Checklist id, skew in ms, claims relative to now, accepted or the reason.
CLOCK = [
    ("J16", 0, {"exp": 0}, "token-expired"), ("J17", 0, {"exp": 1}, None),
    ("J18", 5000, {"exp": -5}, "token-expired"), ("J18", 5000, {"exp": -4}, None),
    ("J19", 0, {"nbf": 0}, None), ("J19", 0, {"nbf": 1}, "token-not-active-yet"),
    ("J20", 5000, {"nbf": 5}, None), ("J20", 5000, {"nbf": 6}, "token-not-active-yet"),
    ("J22", 0, {"iat": 0}, None), ("J22", 0, {"iat": 1}, "token-iat-in-the-future"),
]


@pytest.mark.parametrize("label, skew, claims, reason", CLOCK)
def test_boundaries_of_time(clerk, judge, label, skew, claims, reason):
    mint = Minter(clerk.key, clerk.issuer, clock=lambda: NOW)
    token = mint.session(**{name: NOW + offset for name, offset in claims.items()})
    verdict = judge.ask(ask="verify", token=token, now=NOW * 1000,
                        options={"jwtKey": clerk.key.public_pem(), "clockSkewInMs": skew})
    assert verdict.get("reason") == reason, label
    assert verdict["status"] == ("refused" if reason else "verified")


def test_a_wrong_secret_key():
    """W12."""
    with Standin.start() as clerk, judge_of(clerk, "sk_test_wrong") as judge:
        verdict = judge.ask(token=clerk.mint.session())
        assert (verdict["status"], verdict["reason"]) == ("signed-out", "secret-key-invalid")
        assert clerk.requests()[0]["instance"] is None


def test_a_withdrawn_key():
    with Standin.start() as clerk:
        old = clerk.mint.session()
        clerk.rotate(keep_old=False)
        with judge_of(clerk) as judge:
            assert judge.ask(token=old)["reason"] == "jwk-kid-mismatch"
            assert judge.ask(token=clerk.mint.session())["status"] == "signed-in"


@pytest.mark.parametrize("fault, reason, requests", [
    ({"kind": "answer", "status": 500, "body": "{}"}, "jwk-remote-failed-to-load", 5),
    ({"kind": "answer", "status": 200, "body": '{"keys":[]}'}, "jwk-remote-failed-to-load", 1),
    ({"kind": "close"}, "unexpected-error", 5), ({"kind": "garbage"}, "unexpected-error", 5)],
    ids=["status 500", "no keys", "close", "garbage"])
def test_faults_reach_the_sdk(fault, reason, requests):
    """W11, W13: the SDK lets nobody in, and recovers by itself."""
    with Standin.start() as clerk, judge_of(clerk) as judge:
        clerk.fault("backend.jwks", **fault)
        verdict = judge.ask(token=clerk.mint.session())
        assert (verdict["status"], verdict["reason"]) == ("signed-out", reason)
        assert clerk.count("backend.jwks") == requests
        clerk.clear_faults()
        assert judge.ask(token=clerk.mint.session())["status"] == "signed-in"


def test_a_fault_that_passes_is_survived():
    with Standin.start() as clerk, judge_of(clerk) as judge:
        clerk.fault("backend.jwks", "answer", times=2, status=503)
        assert judge.ask(token=clerk.mint.session())["status"] == "signed-in"
        assert clerk.count("backend.jwks") == 3


def test_a_hanging_key_set_ends_the_process():
    with Standin.start() as clerk, judge_of(clerk) as judge:
        clerk.fault("backend.jwks", "hang")
        with pytest.raises(RuntimeError):
            judge.ask_all([{"token": clerk.mint.session()}], seconds=1)


def test_a_bad_question_is_answered(judge):
    assert judge.ask(ask="nothing")["status"] == "error"
    assert judge.ask(ask="suffix", publishableKey="pk_test_Y2xlcmsuY2xlcmsuZGV2JA") == {
        "suffix": "QvfNY2dr"}
