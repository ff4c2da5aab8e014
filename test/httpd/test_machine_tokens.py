# SPDX-License-Identifier: Apache-2.0 - machine tokens: which are accepted where, what Clerk is asked, and what is told of them
from __future__ import annotations

import json

import pytest

from clerk_site import FETCH, NAVIGATION
from machine_site import (ACCEPTING, ENDPOINTS, INVALID, SECTION_OF, MachineSite, facts, outcome,
                          verification)
from standin.tokens import (CAT_IGNORE, CAT_M2M, CAT_SESSION, CAT_TEMPLATE, CLIENT, MACHINE, OMIT,
                            OTHER_MACHINE, alter_payload, alter_signature)
from standin.users import ADMIN, MEMBER

KINDS = tuple(ENDPOINTS)
FAR_FUTURE = 4_000_000_000   # in a test's name, which must be the same in every process


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return MachineSite(module_httpd, _standin_program, "ClerkExport env claims")


@pytest.fixture
def clerk(site):
    return site.clerk


def issue(clerk, kind, **fields):
    return {"api_key": clerk.new_api_key, "m2m_token": clerk.new_m2m_token,
            "oauth_token": clerk.new_oauth_token}[kind](**fields)


def jwt_of(clerk, kind, **how):
    return {"m2m_token": clerk.mint.m2m, "oauth_token": clerk.mint.oauth}[kind](**how)


def told(answer, *names):
    return {name: facts(answer).get(name) for name in names}


# ---------------------------------------------------------------- opaque tokens

@pytest.mark.sanitize
@pytest.mark.parametrize("kind", KINDS)
def test_an_opaque_token_is_verified_by_clerk(site, clerk, kind):
    """M01, M03, M04, M05: one POST with the token in its body and the secret key, no /v1."""
    token = issue(clerk, kind)
    with site.calls() as calls, site.logged() as lines, site.no_leak(token.secret):
        answer = site.ask(SECTION_OF[kind], token.secret)
    assert (answer.status, answer.text) == (200, SECTION_OF[kind])
    assert calls == [verification(kind, token.secret, clerk.secret_key)]
    assert lines == []
    assert told(answer, "CLERK_AUTH_STATUS", "CLERK_TOKEN_TYPE", "CLERK_SUBJECT",
                "CLERK_TOKEN_ID", "REMOTE_USER") == {
        "CLERK_AUTH_STATUS": "signed-in", "CLERK_TOKEN_TYPE": kind,
        "CLERK_SUBJECT": token.subject, "CLERK_TOKEN_ID": token.id,
        "REMOTE_USER": token.subject}


def test_requests_name_version_and_media_type(site, clerk, standin):
    token = clerk.new_api_key()
    site.ask("key", token.secret)
    request = standin.requests("backend.api_key_verify")[-1]
    assert request["headers"]["clerk-api-version"] == "2026-05-12"
    assert request["headers"]["content-type"] == "application/json"
    assert request["headers"]["user-agent"].startswith("mod_clerk_auth/")
    assert request["body"] == json.dumps({"secret": token.secret}, separators=(",", ":"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_clerk_does_not_know(site, kind):
    """M06: 404 is token-invalid."""
    unknown = {"api_key": "ak_", "m2m_token": "mt_", "oauth_token": "oat_"}[kind] + "unknown"
    with site.calls() as calls, site.logged() as lines, site.no_leak(unknown):
        answer = site.ask(SECTION_OF[kind], unknown, headers=FETCH)
    assert outcome(answer) == (401, "token-invalid")
    assert answer.header("WWW-Authenticate") == INVALID
    assert calls == [verification(kind, unknown, site.clerk.secret_key)]
    assert [line.level for line in lines] == ["info"]
    assert "(reason=token-invalid, token-carrier=header)" in lines[0].text


NO_GOOD = [{"revoked": True}, {"expired": True}, {"expiration": 1}, {"active": False},
           {"answer_without": ["subject"]}, {"answer": {"subject": ""}},
           {"answer": {"subject": 7}}, {"answer": {"object": "user"}},
           {"answer_without": ["object"]}, {"answer": {"revoked": "no"}},
           {"answer": {"active": None, "revoked": True}}]


@pytest.mark.parametrize("fields", NO_GOOD, ids=json.dumps)
@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_clerk_speaks_against(site, clerk, kind, fields):
    """M09: 200 is not enough."""
    token = issue(clerk, kind, **fields)
    assert outcome(site.ask(SECTION_OF[kind], token.secret)) == (401, "token-invalid")


def test_a_token_that_belongs_to_another_endpoint(site, clerk):
    """By its prefix it is asked about where such tokens are, which knows it not."""
    disguised = clerk.new_api_key(secret="ak_disguised")
    site.clerk.change_token(disguised, answer={"object": "machine_to_machine_token"})
    assert outcome(site.ask("key", disguised.secret)) == (401, "token-invalid")


# ---------------------------------------------------------------- JWTs

@pytest.mark.sanitize
@pytest.mark.parametrize("kind", ["oauth_token", "m2m_token"])
@pytest.mark.parametrize("how", [{}, {"header": {"kid": OMIT}}])
def test_a_jwt_is_verified_by_its_signature(site, clerk, kind, how):
    """M10, M12: by the instance's keys; the Backend API is not asked about it."""
    token = jwt_of(clerk, kind, **how)
    with site.calls() as calls, site.logged() as lines, site.no_leak(token):
        answer = site.ask(SECTION_OF[kind], token)
    if how:   # without kid there is no key to choose
        assert outcome(answer) == (401, "token-verification-failed")
    else:
        subject = {"oauth_token": ADMIN.id, "m2m_token": MACHINE}[kind]
        assert answer.status == 200
        assert told(answer, "CLERK_TOKEN_TYPE", "CLERK_SUBJECT", "REMOTE_USER") == {
            "CLERK_TOKEN_TYPE": kind, "CLERK_SUBJECT": subject, "REMOTE_USER": subject}
        assert lines == []
    assert calls == []


@pytest.mark.parametrize("claims, scopes", [
    ({"scope": "a b"}, "a b"), ({"scope": "a b", "scp": ["c", "d"]}, "c d"),
    ({"scope": OMIT}, None), ({"scope": ""}, None), ({"scope": 7}, None),
    ({"scope": "a", "scp": "b c"}, None), ({"scope": OMIT, "scp": ["x", 'q"', 7]}, "x"),
])
def test_scopes_of_an_oauth_jwt(site, clerk, claims, scopes):
    """M11: `scp` before `scope`; what is of the wrong type is no scopes."""
    answer = site.ask("oauth", clerk.mint.oauth(**claims))
    assert answer.status == 200
    assert facts(answer).get("CLERK_SCOPES") == scopes


@pytest.mark.parametrize("claims, scopes", [
    ({"scopes": "mch_a mch_b"}, "mch_a mch_b"), ({"scopes": OMIT}, OTHER_MACHINE),
    ({"scopes": OMIT, "aud": OMIT}, None), ({"scopes": ""}, None), ({"scopes": ["x"]}, None),
])
def test_scopes_of_an_m2m_jwt(site, clerk, claims, scopes):
    """M12: `scopes`, and where that is absent `aud`."""
    answer = site.ask("m2m", clerk.mint.m2m(**claims))
    assert answer.status == 200
    assert told(answer, "CLERK_SCOPES", "CLERK_SUBJECT", "CLERK_MACHINE_ID") == {
        "CLERK_SCOPES": scopes, "CLERK_SUBJECT": MACHINE, "CLERK_MACHINE_ID": MACHINE}


def test_claims_of_an_m2m_jwt(site, clerk):
    """M13: all but the registered ones."""
    answer = site.ask("m2m", clerk.mint.m2m(tier="gold", deep={"n": [1]}, aud=OMIT, scopes=OMIT))
    assert json.loads(facts(answer)["CLERK_CLAIMS"]) == {"tier": "gold", "deep": {"n": [1]}}
    answer = site.ask("m2m", clerk.mint.m2m(aud=OMIT, scopes=OMIT))
    assert "CLERK_CLAIMS" not in facts(answer)


@pytest.mark.parametrize("kind", ["oauth_token", "m2m_token"])
@pytest.mark.parametrize("how", [
    {"seconds": -60}, {"exp": OMIT}, {"exp": "soon"}, {"nbf": FAR_FUTURE},
    {"iat": FAR_FUTURE}, {"alg": "none", "signature": b"x" * 256},
    {"alg": "HS256", "key": b"secret"},
    {"alg": "ES256"}, {"alg": "PS256"}, {"header": {"kid": "ins_unknown"}},
    {"signature": b"x" * 256},
], ids=lambda how: "-".join(how))
def test_a_jwt_that_is_no_good(site, clerk, kind, how):
    """M14, M15: expired, unsigned, or signed by somebody else."""
    token = jwt_of(clerk, kind, **how)
    with site.calls() as calls, site.logged() as lines, site.no_leak(token):
        answer = site.ask(SECTION_OF[kind], token, headers=NAVIGATION)
    assert outcome(answer) == (401, "token-verification-failed")
    assert answer.header("WWW-Authenticate") == INVALID
    assert [line.level for line in lines] == ["info"]
    assert "(reason=token-verification-failed, token-carrier=header)" in lines[0].text
    assert calls == []


@pytest.mark.parametrize("alter", [alter_signature, lambda token: alter_payload(token, x=1)])
def test_a_jwt_that_was_altered(site, clerk, alter):
    for kind in ("oauth_token", "m2m_token"):
        answer = site.ask(SECTION_OF[kind], alter(jwt_of(clerk, kind)))
        assert outcome(answer) == (401, "token-verification-failed")


@pytest.mark.parametrize("token, status", [
    ("a.b.c", "token-type-mismatch"), ("mt_a.b.c", "token-invalid"),
    ("mt_" + "a" * 40 + ".b" * 2, "token-invalid")])
def test_what_only_looks_like_a_jwt(site, token, status):
    """M16: what does not decode is no token, and Clerk is not asked about it."""
    with site.calls() as calls:
        assert outcome(site.ask("m2m", token)) == (401, status)
    assert calls == []


@pytest.mark.parametrize("cat", [CAT_M2M, OMIT, CAT_IGNORE])
def test_categories_of_an_m2m_jwt(site, clerk, cat):
    """C11: its own, none, and the one that says nothing."""
    assert site.ask("m2m", clerk.mint.m2m(header={"cat": cat})).status == 200


@pytest.mark.parametrize("cat", [CAT_SESSION, CAT_TEMPLATE, "cl_Zz", 7])
@pytest.mark.parametrize("how", [{}, {"header_kid": "ins_unknown"}])
def test_other_categories_of_an_m2m_jwt(site, clerk, standin, cat, how):
    """C12: refused before any key is looked up."""
    header = {"cat": cat, **({"kid": how["header_kid"]} if how else {})}
    before = standin.count("backend.jwks")
    answer = site.ask("m2m", clerk.mint.m2m(header=header))
    assert outcome(answer) == (401, "token-invalid")
    assert standin.count("backend.jwks") == before


@pytest.mark.parametrize("header", [{"typ": "AT+JWT"}, {"typ": OMIT}, {"typ": "JWT"}, {"typ": 7}])
def test_an_oauth_jwt_needs_its_typ(site, clerk, header):
    """J09: without it the JWT is taken for a session token, which counts for nothing there."""
    token = clerk.mint.oauth(header=header)
    assert outcome(site.ask("oauth", token)) == (401, "token-type-mismatch")
    assert site.ask("any", token).status == 401
    assert site.ask("oauth", clerk.mint.oauth(header={"typ": "application/at+jwt"})).status == 200


# ---------------------------------------------------------------- type, acceptance, verification

@pytest.mark.sanitize
@pytest.mark.parametrize("path", ["oauth", "m2m", "app"])
def test_a_type_that_is_not_accepted(site, clerk, path):
    """M17: an API key where another type counts; Clerk is not asked."""
    key = clerk.new_api_key()
    with site.calls() as calls, site.logged() as lines, site.no_leak(key.secret):
        answer = site.ask(path, key.secret)
    reason = "token-invalid" if path == "app" else "token-type-mismatch"
    assert outcome(answer) == (401, reason)
    assert answer.header("WWW-Authenticate") == INVALID
    assert calls == []
    assert f"(reason={reason}, token-carrier=header)" in lines[0].text


@pytest.mark.parametrize("path", ["key", "m2m", "oauth", "list"])
@pytest.mark.parametrize("headers", [FETCH, NAVIGATION])
def test_a_session_where_machines_are_asked_for(site, clerk, path, headers):
    """M18: refused, and a browser is not sent to sign in: that would not help."""
    token = clerk.mint.session(MEMBER)
    answer = site.ask(path, token, headers=headers)
    assert outcome(answer) == (401, "token-type-mismatch")
    assert answer.header("WWW-Authenticate") == INVALID
    answer = site.ask(path, session=token, headers=headers)
    assert answer.status == 401 and answer.location is None


@pytest.mark.sanitize
@pytest.mark.parametrize("path", ["any", "all"])
def test_any_type(site, clerk, path):
    """M19: each of them, opaque or JWT, by header; sessions by cookie too."""
    for kind in KINDS:
        answer = site.ask(path, issue(clerk, kind).secret)
        assert (answer.status, facts(answer)["CLERK_TOKEN_TYPE"]) == (200, kind)
    for kind in ("oauth_token", "m2m_token"):
        answer = site.ask(path, jwt_of(clerk, kind))
        assert (answer.status, facts(answer)["CLERK_TOKEN_TYPE"]) == (200, kind)
    for how in ({"bearer": clerk.mint.session(MEMBER)},
                {"session": clerk.mint.session(MEMBER)}):
        answer = site.ask(path, **how)
        assert (answer.status, facts(answer)["CLERK_TOKEN_TYPE"]) == (200, "session_token")
        assert facts(answer)["CLERK_USER_ID"] == MEMBER.id


def test_a_list_of_types(site, clerk):
    """M20: those on it, and no other."""
    assert site.ask("list", clerk.new_api_key().secret).status == 200
    assert site.ask("list", clerk.new_m2m_token().secret).status == 200
    with site.calls() as calls:
        for token in (clerk.new_oauth_token().secret, clerk.mint.oauth(),
                      clerk.mint.session(MEMBER)):
            answer = site.ask("list", token)
            assert outcome(answer) == (401, "token-type-mismatch")
            assert "CLERK_TOKEN_TYPE" not in facts(answer)
    assert calls == []


@pytest.mark.parametrize("path, reason", [
    ("list", "token-type-mismatch"), ("key", "No token in header"), ("m2m", "No token in header"),
    ("oauth", "No token in header"), ("any", "session-token-and-uat-missing"),
    ("mixed", "session-token-and-uat-missing")])
def test_no_token(site, path, reason):
    """M21: where cookies do not count the SDK tells a list from a single type."""
    answer = site.ask(path, headers=FETCH)
    assert outcome(answer) == (401, reason)
    assert "error" not in answer.header("WWW-Authenticate")


@pytest.mark.parametrize("path", ["mixed", "any", "all"])
def test_a_list_with_sessions_reads_cookies(site, clerk, path):
    """M22: valid cookies and no header."""
    answer = site.ask(path, session=clerk.mint.session(MEMBER))
    assert (answer.status, facts(answer)["CLERK_USER_ID"]) == (200, MEMBER.id)


@pytest.mark.parametrize("subject, names", [
    ("user_1", {"CLERK_USER_ID": "user_1", "CLERK_ORG_ID": None}),
    ("org_1", {"CLERK_USER_ID": None, "CLERK_ORG_ID": "org_1"}),
    ("robot_1", {"CLERK_USER_ID": None, "CLERK_ORG_ID": None})])
def test_whose_an_api_key_is(site, clerk, subject, names):
    """M23: a user's or an organization's, never both."""
    answer = site.ask("key", clerk.new_api_key(subject).secret)
    assert answer.status == 200
    assert told(answer, *names, "CLERK_SUBJECT", "REMOTE_USER") == {
        **names, "CLERK_SUBJECT": subject, "REMOTE_USER": subject}


@pytest.mark.sanitize
@pytest.mark.parametrize("suffixed", [False, True])
def test_no_machine_token_in_a_cookie(site, clerk, suffixed):
    """T18: cookies carry sessions only, also where that very type counts."""
    tokens = {"key": [clerk.new_api_key().secret],
              "m2m": [clerk.new_m2m_token().secret, clerk.mint.m2m()],
              "oauth": [clerk.new_oauth_token().secret, clerk.mint.oauth()]}
    with site.calls() as calls:
        for path, secrets in tokens.items():
            for secret in secrets:
                jar = site.cookies(secret, suffixed=suffixed)
                answer = site.ask(path, cookies=jar)
                assert outcome(answer) == (401, "No token in header")
                assert answer.header("WWW-Authenticate") == 'Bearer realm="Example"'
                for other in ("any", "all"):
                    answer = site.ask(other, cookies=jar)
                    assert answer.status == 401
                    assert facts(answer)["CLERK_AUTH_REASON"] in (
                        "token-invalid", "token-type-mismatch")
    assert calls == []


@pytest.mark.parametrize("path", ["any", "mixed", "all"])
@pytest.mark.parametrize("carrier", ["bearer", "session"])
def test_a_template_token_is_no_session_on_any_path(site, clerk, path, carrier):
    """C05: by header and cookie, where lists or any are accepted."""
    token = clerk.mint.template(MEMBER, sid="sess_1")
    answer = site.ask(path, **{carrier: token})
    assert outcome(answer) == (401, "token-type-mismatch")


MALFORMED = ["ak_", "mt_", "oat_", "ak_a b", "ak_\u00fc", "ak_a\"b", "ak_a,b", "ak_a\\b",
             "ak_" + "x" * 17000, "AK_1", "xak_1"]


@pytest.mark.sanitize
@pytest.mark.parametrize("token", MALFORMED, ids=lambda token: token[:12])
def test_a_malformed_token(site, token):
    """Nobody is asked about it."""
    with site.calls() as calls:
        for path in ("any", "key", "all"):
            assert site.request("GET", f"/{path}/page.txt",
                                headers=[("Authorization", f"Bearer {token}".encode())]
                                ).status in (400, 401)
    assert calls == []


@pytest.mark.parametrize("field", ["{}", "bearer {}", "BEARER   {}", "Bearer {}"])
def test_how_it_may_be_written(site, clerk, field):
    key = clerk.new_api_key()
    answer = site.ask("key", headers=[("Authorization", field.format(key.secret))])
    assert answer.status == 200


@pytest.mark.parametrize("fields", [["Bearer {} x"], ["Bearer {}", "Bearer {}"],
                                    ["Bearer {}", "Basic eDp5"], ["Bearer"]])
def test_how_it_may_not_be_written(site, clerk, fields):
    key = clerk.new_api_key()
    with site.calls() as calls:
        answer = site.ask("key", headers=[("Authorization", field.format(key.secret))
                                          for field in fields])
    assert outcome(answer) == (401, "token-invalid")
    assert calls == []


@pytest.mark.parametrize("field", ["Basic eDp5", "Digest x", "Token ak_1"])
def test_another_scheme_is_no_token(site, field):
    with site.calls() as calls:
        answer = site.ask("key", headers=[("Authorization", field)])
    assert outcome(answer) == (401, "No token in header")
    assert calls == []
