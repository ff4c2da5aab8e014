# SPDX-License-Identifier: Apache-2.0 - what the application learns of a machine, and that nobody can make it up
from __future__ import annotations

import http.client
import json

import pytest

from machine_site import MachineSite, accepting, facts, outcome
from standin.tokens import CLIENT, MACHINE, OMIT, OTHER_MACHINE, decode
from standin.users import ADMIN, MEMBER
from upstream import Upstream

SECTIONS = f"""
ProxyPass /up/ "${{UP}}/"
ScriptAlias /open/ "${{CGI}}/"
{accepting("cgi/", "any")}
{accepting("up/", "any")}
"""


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


def site_with(start, standin, application, *lines):
    site = MachineSite(start, standin, *lines, modules=["cgid", "proxy_http"],
                       defines={"UP": application.url}, sections=SECTIONS)
    site.httpd.environment_script()
    return site


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    return site_with(module_httpd, _standin_program, application, "ClerkExport env headers claims",
                     "ClerkExportClaim tier")


def environment(site, token, target="/cgi/env", headers=None):
    answer = site.get(target, bearer=token, headers=headers)
    assert answer.status == 200
    return {name: value for name, value in answer.json().items()
            if name.startswith("CLERK_") or name in ("REMOTE_USER", "AUTH_TYPE")}


def fields(site, token):
    answer = site.get("/up/page", bearer=token)
    assert answer.status == 200
    return {name: value for name, value in answer.json()["headers"]
            if name.lower().startswith("x-clerk-")}


def common(kind, subject):
    return {"CLERK_TOKEN_TYPE": kind, "CLERK_AUTH_STATUS": "signed-in", "CLERK_SUBJECT": subject,
            "REMOTE_USER": subject, "AUTH_TYPE": "Clerk"}


CASES = {
    "an API key of a user": (
        lambda clerk: clerk.new_api_key(ADMIN.id, id="ak_1", name="nightly", scopes=["a", "b:c"],
                                        claims={"tier": "gold"}).secret,
        {**common("api_key", ADMIN.id), "CLERK_USER_ID": ADMIN.id, "CLERK_TOKEN_ID": "ak_1",
         "CLERK_TOKEN_NAME": "nightly", "CLERK_SCOPES": "a b:c",
         "CLERK_CLAIMS": '{"tier":"gold"}', "CLERK_CLAIM_TIER": "gold"}),
    "an API key of an organization": (
        lambda clerk: clerk.new_api_key("org_1", id="ak_2", name="").secret,
        {**common("api_key", "org_1"), "CLERK_ORG_ID": "org_1", "CLERK_TOKEN_ID": "ak_2"}),
    "an opaque M2M token": (
        lambda clerk: clerk.new_m2m_token(id="mt_1", claims={"tier": {"n": 1}}).secret,
        {**common("m2m_token", MACHINE), "CLERK_MACHINE_ID": MACHINE, "CLERK_TOKEN_ID": "mt_1",
         "CLERK_SCOPES": OTHER_MACHINE, "CLERK_CLAIMS": '{"tier":{"n":1}}',
         "CLERK_CLAIM_TIER": '{"n":1}'}),
    "an M2M JWT": (
        lambda clerk: clerk.mint.m2m(jti="mt_2", aud=OMIT, scopes="mch_a  mch_b", tier="x",
                                     org_id="org_1", sid="sess_1"),
        {**common("m2m_token", MACHINE), "CLERK_MACHINE_ID": MACHINE, "CLERK_TOKEN_ID": "mt_2",
         "CLERK_SCOPES": "mch_a mch_b", "CLERK_CLAIM_TIER": "x",
         "CLERK_CLAIMS": '{"scopes":"mch_a  mch_b","tier":"x","org_id":"org_1","sid":"sess_1"}'}),
    "an opaque OAuth token": (
        lambda clerk: clerk.new_oauth_token(ADMIN, id="oat_1").secret,
        {**common("oauth_token", ADMIN.id), "CLERK_USER_ID": ADMIN.id, "CLERK_TOKEN_ID": "oat_1",
         "CLERK_CLIENT_ID": CLIENT, "CLERK_SCOPES": "profile email"}),
}


@pytest.mark.sanitize
@pytest.mark.parametrize("case", CASES)
def test_the_names(site, case):
    """All of them and no others: nothing of a session, of another type, or that is absent."""
    make, wanted = CASES[case]
    token = make(site.clerk)
    assert environment(site, token) == wanted
    sent = fields(site, token)
    assert {name.lower().replace("-", "_").removeprefix("x_clerk_"): value
            for name, value in sent.items()} == {
        name.lower().removeprefix("clerk_"): value for name, value in wanted.items()
        if name.startswith("CLERK_")}


def test_an_oauth_jwt(site):
    token = site.clerk.mint.oauth(MEMBER, tier="gold", act={"sub": "agent_1"}, jti="oat_2",
                                  sid="sess_x", org_id="org_x", org_role="org:admin")
    told = environment(site, token)
    assert json.loads(told.pop("CLERK_CLAIMS")) == decode(token)[1]
    assert told == {**common("oauth_token", MEMBER.id), "CLERK_USER_ID": MEMBER.id,
                    "CLERK_TOKEN_ID": "oat_2", "CLERK_CLIENT_ID": CLIENT,
                    "CLERK_SCOPES": "profile email", "CLERK_ACTOR": "agent_1",
                    "CLERK_CLAIM_TIER": "gold"}


def test_a_session_has_none_of_the_machines_names(site):
    told = environment(site, site.clerk.mint.session(MEMBER, scopes="a", client_id="x",
                                                     subject="y"))
    assert told["CLERK_USER_ID"] == MEMBER.id
    assert not {"CLERK_SUBJECT", "CLERK_TOKEN_ID", "CLERK_TOKEN_NAME", "CLERK_SCOPES",
                "CLERK_MACHINE_ID", "CLERK_CLIENT_ID"} & told.keys()


@pytest.mark.parametrize("name, field", [
    ("Stra\u00dfe \u2192 50 %", "Stra%C3%9Fe %E2%86%92 50 %25"), ("a\r\nX-Evil: 1", None),
    ("tab\there", None), ("<script>", "<script>")])
def test_odd_names(site, name, field):
    """Whoever makes an API key chooses its name: the header stays one header."""
    key = site.clerk.new_api_key("org_1", name=name)
    sent = fields(site, key.secret)
    assert "X-Evil" not in sent
    if field is not None:
        assert sent["X-Clerk-Token-Name"] == field
        assert environment(site, key.secret)["CLERK_TOKEN_NAME"] == name
    else:
        assert not any(char in sent.get("X-Clerk-Token-Name", "") for char in "\r\n\t")


def test_scopes_that_could_pass_for_others(site):
    """With a space in it one scope would be two."""
    key = site.clerk.new_api_key("org_1", scopes=["a b", "c", "", 'd"', "e\n", "f"])
    assert environment(site, key.secret)["CLERK_SCOPES"] == "c f"


FORGED = {"X-Clerk-Subject": "user_evil", "X_Clerk_Subject": "user_evil",
          "x-clerk-scopes": "admin", "X-Clerk-Machine-Id": "mch_evil", "X.Clerk.Client.Id": "evil",
          "X-Clerk-Token-Id": "evil", "X-Clerk-Token-Name": "evil", "X-Clerk-Org-Id": "org_evil"}


@pytest.mark.sanitize
def test_nobody_can_send_them(site):
    key = site.clerk.new_api_key("robot_1", id="ak_3", name="x")
    for target, token in (("/cgi/env", key.secret), ("/open/env", key.secret)):
        answer = site.get(target, bearer=token, headers=FORGED)
        assert answer.status == 200
        assert "evil" not in answer.text and '"admin"' not in answer.text
    assert "CLERK_SUBJECT" not in environment(site, key.secret, "/open/env")


@pytest.mark.parametrize("lines, env, headers", [
    (["ClerkExport none"], set(), set()), (["ClerkExport env"], {"CLERK_SUBJECT"}, set()),
    (["ClerkExport headers"], set(), {"X-Clerk-Subject"}),
    (["ClerkExport claims"], {"CLERK_CLAIMS"}, set())])
def test_where_they_are_told(httpd, standin, application, lines, env, headers):
    site = site_with(httpd, standin, application, *lines)
    token = site.clerk.new_api_key(claims={"x": 1}).secret
    told, sent = environment(site, token), fields(site, token)
    assert env <= told.keys() and headers <= sent.keys()
    if not env:
        assert not {name for name in told if name.startswith("CLERK_")}
    if not headers:
        assert sent == {}
    assert told["REMOTE_USER"] == ADMIN.id


@pytest.mark.all_mpms
def test_one_connection_kept_alive(httpd, _standin_program, application):
    """Machines, people and nobody in turn: each request is told of its own."""
    site = site_with(httpd, _standin_program, application, "MaxKeepAliveRequests 0")
    clerk = site.clerk
    key, m2m = clerk.new_api_key("org_1"), clerk.new_m2m_token()
    steps = [(key.secret, "org_1"), (None, None), (m2m.secret, MACHINE), ("ak_unknown", None),
             (clerk.mint.session(MEMBER), MEMBER.id), (clerk.mint.oauth(ADMIN), ADMIN.id),
             (key.secret, "org_1")]
    connection = http.client.HTTPConnection("127.0.0.1", site.httpd.port, timeout=20)
    for _ in range(2):
        for token, user in steps:
            sent = {"Authorization": f"Bearer {token}"} if token else {}
            connection.request("GET", "/cgi/env", headers=sent)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == (200 if user else 401)
            if user:
                seen = json.loads(body)
                assert seen["REMOTE_USER"] == user
                assert seen.get("CLERK_SUBJECT", user) == user
                assert ("CLERK_SESSION_ID" in seen) == (user == MEMBER.id)
    connection.close()


# ---------------------------------------------------------------- audiences

@pytest.fixture(scope="module")
def demanding(module_httpd, _standin_program):
    return MachineSite(module_httpd, _standin_program, "ClerkAudience https://api.example other")


AUDIENCES = [("https://api.example", True), (["x", "other"], True), (["x"], False), ([], False),
             ("", False), (OMIT, False), (None, False), (7, False), (["other", 7], False),
             (["other", ""], False), ({"other": 1}, False)]


@pytest.mark.parametrize("aud, passes", AUDIENCES, ids=str)
def test_the_audience_of_an_oauth_token(demanding, aud, passes):
    """J29, J30: one must be there and fit, in a JWT as in what the Backend API says."""
    wanted = (200, None) if passes else (401, "token-verification-failed")
    assert outcome(demanding.ask("oauth", demanding.clerk.mint.oauth(aud=aud))) == wanted
    opaque = demanding.clerk.new_oauth_token(
        **({"answer_without": ["aud"]} if aud is OMIT else {"answer": {"aud": aud}}))
    for _ in range(2):   # also when the answer is remembered
        assert outcome(demanding.ask("oauth", opaque.secret)) == wanted


def test_the_audience_of_other_machine_tokens(demanding):
    """An M2M token without passes, as a session does; an API key has none."""
    clerk = demanding.clerk
    assert demanding.ask("m2m", clerk.mint.m2m(aud=OMIT)).status == 200
    assert demanding.ask("m2m", clerk.mint.m2m(aud=["other"])).status == 200
    assert demanding.ask("m2m", clerk.mint.m2m(aud=["x"])).status == 401
    assert demanding.ask("m2m", clerk.new_m2m_token().secret).status == 200
    answer = demanding.ask("key", clerk.new_api_key().secret)
    assert (answer.status, facts(answer)["CLERK_SUBJECT"]) == (200, ADMIN.id)


def test_authorized_parties_and_issuers_are_about_sessions(httpd, standin):
    site = MachineSite(httpd, standin, "ClerkAuthorizedParties https://only.example",
                       "ClerkIssuer https://only.example", parties=False)
    for path, token in (("oauth", site.clerk.mint.oauth()), ("m2m", site.clerk.mint.m2m())):
        assert site.ask(path, token).status == 200
    assert site.ask("any", site.clerk.mint.session(MEMBER)).status == 401
