# SPDX-License-Identifier: Apache-2.0 - Clerk's SDK refuses the stand-in's bad machine tokens
"""Machine tokens that are no good, or of which nothing can be said: nobody is let in."""
from __future__ import annotations

import pytest

from sdk.conftest import judge_of
from sdk.machine_tokens import (API_KEY, M2M, NOBODY, OAUTH, SESSION, SORTS, each_opaque,
                                identity, judged, outcome, session_cookies)
from standin import tokens
from standin.client import Standin
from standin.keys import pooled_key
from standin.tokens import CAT_IGNORE, CAT_SESSION, CAT_TEMPLATE, MACHINE, OMIT


@each_opaque
def test_nobodys_token(clerk, judge, sort):
    """M06."""
    kind, endpoint, make = SORTS[sort]
    verdict, called = judged(clerk, judge, make(clerk)[:-1], options={"acceptsToken": kind})
    assert outcome(verdict) == ("signed-out", "token-invalid", kind)
    assert identity(verdict) == NOBODY and called == [endpoint]


@each_opaque
def test_a_key_that_the_backend_api_refuses(clerk, sort):
    """M07."""
    kind, endpoint, make = SORTS[sort]
    with judge_of(clerk, "sk_test_wrong") as judge:
        verdict, called = judged(clerk, judge, make(clerk), options={"acceptsToken": kind})
    assert outcome(verdict) == ("signed-out", "secret-key-invalid", kind)
    assert identity(verdict) == NOBODY and called == [endpoint]


FAULTS = [
    ("500", {"kind": "answer", "status": 500}), ("429", {"kind": "answer", "status": 429}),
    ("422", {"kind": "answer", "status": 422}), ("403", {"kind": "answer", "status": 403}),
    ("close", {"kind": "close"}), ("garbage", {"kind": "garbage"}),
    ("truncated", {"kind": "truncated"}),
    ("redirect", {"kind": "redirect", "location": "http://127.0.0.1:1/"})]


@pytest.mark.parametrize("fault", [row[1] for row in FAULTS], ids=[row[0] for row in FAULTS])
@each_opaque
def test_what_cannot_be_decided_lets_nobody_in(clerk, judge, sort, fault):
    """M08: and nothing is tried twice."""
    kind, endpoint, make = SORTS[sort]
    token = make(clerk)
    clerk.fault(endpoint, times=1, **fault)
    verdict, called = judged(clerk, judge, token, options={"acceptsToken": kind})
    assert outcome(verdict) == ("signed-out", "unexpected-error", kind)
    assert identity(verdict) == NOBODY and called == [endpoint]
    assert judge.ask(token=token, options={"acceptsToken": kind})["status"] == "signed-in"


def test_api_keys_that_are_off():
    with Standin.start() as clerk, judge_of(clerk) as judge:
        clerk.enable_api_keys(False)
        verdict = judge.ask(token=clerk.new_api_key().secret, options={"acceptsToken": "any"})
        assert outcome(verdict) == ("signed-out", "unexpected-error", API_KEY)


@pytest.mark.parametrize("fields", [
    {"revoked": True}, {"expired": True}, {"expiration": 1}, {"answer": {"object": "other"}}],
    ids=str)
@each_opaque
def test_the_sdk_does_not_look_at_what_the_module_must(clerk, judge, sort, fields):
    """M09: these the SDK lets in, and the module refuses."""
    kind = SORTS[sort][0]
    issue = {M2M: clerk.new_m2m_token, OAUTH: clerk.new_oauth_token, API_KEY: clerk.new_api_key}
    verdict = judge.ask(token=issue[kind](**fields).secret, options={"acceptsToken": kind})
    assert outcome(verdict) == ("signed-in", None, kind)


def test_an_inactive_oauth_token_is_somebody_without_a_name(clerk, judge):
    """M09."""
    verdict = judge.ask(token=clerk.new_oauth_token(active=False).secret,
                        options={"acceptsToken": OAUTH})
    assert outcome(verdict) == ("signed-in", None, OAUTH)
    assert identity(verdict) == NOBODY


# Checklist id, a JWT that is of its type and no good, the SDK's reason.
WRONG = [
    ("M14 m2m", M2M, lambda mint: mint.m2m(exp=1), "token-verification-failed"),
    ("M14 oauth", OAUTH, lambda mint: mint.oauth(exp=1), "token-verification-failed"),
    ("M15 m2m", M2M, lambda mint: mint.m2m(header={"alg": "none"}), "token-verification-failed"),
    ("M15 oauth", OAUTH, lambda mint: mint.oauth(header={"alg": "none"}),
     "token-verification-failed"),
    ("M16 mt_", M2M, lambda mint: "mt_a.b.c", "token-invalid"),
    ("C12 session", M2M, lambda mint: mint.m2m(header={"cat": CAT_SESSION}), "token-invalid"),
    ("C12 template", M2M, lambda mint: mint.m2m(header={"cat": CAT_TEMPLATE}), "token-invalid"),
    ("C12 unknown", M2M, lambda mint: mint.m2m(header={"cat": "cl_Zz"}), "token-invalid"),
    ("C12 before the signature", M2M, lambda mint: tokens.alter_signature(
        mint.m2m(header={"cat": "cl_Zz"})), "token-invalid"),
    ("ignore category", M2M, lambda mint: mint.m2m(header={"cat": CAT_IGNORE}), "token-invalid"),
    ("m2m nbf", M2M, lambda mint: mint.m2m(nbf=9_999_999_999), "token-verification-failed"),
    ("oauth iat", OAUTH, lambda mint: mint.oauth(iat=9_999_999_999),
     "token-verification-failed"),
    ("m2m signature", M2M, lambda mint: tokens.alter_signature(mint.m2m()),
     "token-verification-failed"),
    ("oauth payload", OAUTH, lambda mint: tokens.alter_payload(mint.oauth(), sub="user_x"),
     "token-verification-failed"),
    ("another key, same kid", OAUTH, lambda mint: mint.oauth(key=pooled_key(unlike=[mint.key])),
     "token-verification-failed"),
    ("unknown kid", M2M, lambda mint: mint.m2m(header={"kid": "ins_unknown"}),
     "token-verification-failed"),
    ("no exp", OAUTH, lambda mint: mint.oauth(exp=OMIT), "token-verification-failed"),
    ("no sub", OAUTH, lambda mint: mint.oauth(sub=OMIT), "token-verification-failed"),
    # T07: by its subject it is an M2M token, and of those `typ` is JWT.
    ("both", M2M, lambda mint: mint.oauth(sub=MACHINE), "token-verification-failed"),
]


@pytest.mark.parametrize("accepts", ["its own", "any", "list"])
@pytest.mark.parametrize("kind, make, reason", [row[1:] for row in WRONG],
                         ids=[row[0] for row in WRONG])
def test_jwts_that_are_no_good(clerk, judge, kind, make, reason, accepts):
    accepted = {"its own": kind, "any": "any", "list": [SESSION, kind]}[accepts]
    verdict, called = judged(clerk, judge, make(clerk.mint), options={"acceptsToken": accepted})
    assert outcome(verdict) == ("signed-out", reason, kind)
    assert identity(verdict) == NOBODY and called == []


@pytest.mark.parametrize("kind, make", [
    (M2M, lambda mint: mint.m2m(alg="none")), (OAUTH, lambda mint: mint.oauth(alg="none"))])
def test_without_a_signature_it_is_no_jwt(clerk, judge, kind, make):
    """M15: an empty third part is not JWT-shaped, so the type is wrong already."""
    verdict, called = judged(clerk, judge, make(clerk.mint), options={"acceptsToken": kind})
    assert (outcome(verdict), called) == (("signed-out", "token-type-mismatch", kind), [])


@pytest.mark.parametrize("token", ["MT_x", "Ak_x", "a.b.c", "a..c", "x", "m2m_x"])
def test_what_is_no_machine_token(clerk, judge, token):
    """T02, T09: where one is asked for, the type is wrong; elsewhere it is a bad session."""
    for kind in (M2M, OAUTH, API_KEY):
        verdict, called = judged(clerk, judge, token, options={"acceptsToken": kind})
        assert (outcome(verdict), called) == (("signed-out", "token-type-mismatch", kind), [])
    verdict, called = judged(clerk, judge, token, options={"acceptsToken": "any"})
    assert (outcome(verdict), called) == (("signed-out", "token-invalid", SESSION), [])


@pytest.mark.parametrize("accepts, reason, told", [
    (M2M, "No token in header", M2M), (OAUTH, "No token in header", OAUTH),
    (API_KEY, "No token in header", API_KEY),
    ([M2M, API_KEY], "token-type-mismatch", None),
    ("any", "dev-browser-missing", SESSION), ([M2M, SESSION], "dev-browser-missing", SESSION)],
    ids=str)
def test_without_a_token(clerk, judge, accepts, reason, told):
    """M21."""
    verdict, _ = judged(clerk, judge, None, options={"acceptsToken": accepts})
    assert outcome(verdict) == ("signed-out", reason, told)


@pytest.mark.parametrize("sort", [sort for sort in SORTS if sort != "session"])
def test_a_machine_token_in_a_cookie_lets_nobody_in(clerk, judge, sort):
    """T18, T19."""
    kind, endpoint, make = SORTS[sort]
    cookies = session_cookies(make(clerk))
    verdict, called = judged(clerk, judge, None, cookies=cookies, options={"acceptsToken": kind})
    assert (outcome(verdict), called) == (("signed-out", "No token in header", kind), [])
    for accepts in (SESSION, "any", [kind, SESSION]):
        verdict, called = judged(clerk, judge, None, cookies=cookies,
                                 options={"acceptsToken": accepts})
        assert verdict["status"] != "signed-in" and verdict["userId"] is None
        assert called == []
        if endpoint is None:
            assert outcome(verdict) == ("signed-out", "token-type-mismatch", SESSION)


# The audience asked, of a token whose `aud` is this; OMIT: it has none.
AUDIENCES = [
    ("a", ["a"], True), (["a", "b"], ["c", "b"], True), ("a", ["b"], False),
    ("a", OMIT, False), ("a", [], False), ("a", [""], False)]


@pytest.mark.parametrize("asked, aud, accepted", AUDIENCES, ids=str)
def test_the_audience_of_oauth_tokens(clerk, judge, asked, aud, accepted):
    """J29, J30."""
    opaque = clerk.new_oauth_token(**({} if aud is OMIT else {"aud": aud})).secret
    for token in (opaque, clerk.mint.oauth(aud=aud)):
        verdict = judge.ask(token=token, options={"acceptsToken": OAUTH, "audience": asked})
        expected = (("signed-in", None, OAUTH) if accepted
                    else ("signed-out", "token-verification-failed", OAUTH))
        assert outcome(verdict) == expected


@pytest.mark.parametrize("aud, accepted", [
    (["a"], True), ("a", True), (["b"], False), (OMIT, True), ([], True)], ids=str)
def test_the_audience_of_m2m_jwts(clerk, judge, aud, accepted):
    """The rule of session tokens: what has none passes."""
    verdict = judge.ask(token=clerk.mint.m2m(aud=aud),
                        options={"acceptsToken": M2M, "audience": "a"})
    assert verdict["status"] == ("signed-in" if accepted else "signed-out")


def test_a_template_jwt_is_no_session_where_machines_are_accepted_too(clerk, judge):
    """C05."""
    for accepts in ("any", [SESSION, M2M]):
        verdict = judge.ask(token=clerk.mint.template(), options={"acceptsToken": accepts})
        assert outcome(verdict) == ("signed-out", "token-type-mismatch", SESSION)
