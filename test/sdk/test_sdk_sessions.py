# SPDX-License-Identifier: Apache-2.0 - Clerk's SDK on the stand-in's sessions, refreshes and handshakes
"""The Backend API's endpoints about sessions, asked by the SDK: by its client, and by
authenticateRequest in the course of a refresh or a handshake."""
from __future__ import annotations

import time

import pytest

from sdk.conftest import judge_of
from standin import publishable_key
from standin.client import Standin
from standin.tokens import CAT_TEMPLATE, OMIT, decode, verified
from standin.users import ADMIN, GLOBEX, MEMBER, PENDING, SOLO

APP = "http://localhost:8080"
DOCUMENT = {"sec-fetch-dest": "document"}


@pytest.fixture(scope="module")
def live(clerk):
    """A production instance of the same stand-in, and the SDK for it."""
    instance = clerk.new_instance(
        "live", publishable_key=publishable_key.encode("clerk.live.example", live=True))
    with judge_of(clerk, instance=instance) as sdk:
        yield instance, sdk


def expired(clerk, session, user=MEMBER, **claims) -> str:
    now = int(time.time())
    return clerk.mint.session(user, **{"sid": session.id, "iat": now - 120, "nbf": now - 130,
                                       "exp": now - 60, **claims})


def cookies_of(clerk, session, token, suffixed=True, **more):
    end = f"_{clerk.cookie_suffix}" if suffixed else ""
    return {f"__session{end}": token, f"__client_uat{end}": "1500000000",
            f"__clerk_db_jwt{end}": "dvb_test",
            f"__refresh_{clerk.cookie_suffix}": session.refresh_token, **more}


def names(directives) -> list[str]:
    return [one.partition("=")[0] for one in directives]


# ---- refresh

@pytest.mark.parametrize("suffixed", [True, False])
def test_a_refresh_renews_the_session_token(clerk, judge, suffixed):
    session = clerk.new_session(MEMBER)
    verdict = judge.ask(cookies=cookies_of(clerk, session, expired(clerk, session), suffixed),
                        headers=DOCUMENT)
    assert (verdict["status"], verdict["userId"]) == ("signed-in", MEMBER.id)
    assert verdict["sessionId"] == session.id and verdict["location"] is None
    expected = ["__session"] + ([f"__session_{clerk.cookie_suffix}"] if suffixed else [])
    assert names(verdict["setCookie"]) == expected
    asked = clerk.requests("backend.session_refresh")[-1]
    assert asked["path"] == f"/v1/sessions/{session.id}/refresh"
    assert asked["query"] == ({"suffixed_cookies": "true"} if suffixed else {})


def test_the_refreshed_token_says_what_is_true_now(clerk, judge):
    """The active organization may have changed since the old token was made."""
    session = clerk.change_session(clerk.new_session(ADMIN), organization="globex")
    verdict = judge.ask(cookies=cookies_of(clerk, session, expired(clerk, session, ADMIN)))
    assert (verdict["userId"], verdict["orgId"]) == (ADMIN.id, GLOBEX.id)
    assert verdict["orgRole"] == "org:member"


OLD = {"iat": 1_600_000_000, "nbf": 1_600_000_000, "exp": 1_600_000_060}
# A label, claims of the expired token, what else is wrong, the code.
REFUSALS = [
    ("no azp", {"azp": OMIT}, None, "expired_session_token_missing_azp"),
    ("another azp", {"azp": "http://localhost:1"}, None, "refresh_request_origin_azp_mismatch"),
    ("unknown session", {"sid": "sess_x"}, None, "session_refresh_session_not_found"),
    ("too old", OLD, None, "session_refresh_expired_session_token_too_old"),
    ("no refresh token", {}, "token", "refresh_token_not_found"),
    ("ended", {}, "ended", "session_refresh_inactive_session"),
    ("revoked", {}, "revoked", "session_refresh_inactive_session"),
    ("user gone", {}, "user", "session_refresh_user_not_found"),
    ("used up", {}, "consumed", "session_refresh_expired_session_token_consumed"),
]


@pytest.mark.parametrize("claims, wrong, code", [row[1:] for row in REFUSALS],
                         ids=[row[0] for row in REFUSALS])
def test_a_refused_refresh_names_its_reason(clerk, judge, claims, wrong, code):
    session = clerk.new_session(MEMBER)
    token = expired(clerk, session, **claims)
    jar = cookies_of(clerk, session, token)
    if wrong == "token":
        jar[f"__refresh_{clerk.cookie_suffix}"] = "another"
    elif wrong == "user":
        clerk.change_session(session, user="nobody")
    elif wrong == "consumed":
        clerk.consume(token)
    elif wrong:
        clerk.change_session(session, status=wrong)
    verdict = judge.ask(cookies=jar, headers=DOCUMENT)
    assert verdict["status"] == "handshake"
    assert verdict["reason"] == f"session-token-expired-refresh-{code}"


def refreshed(judge, session_id, **body):
    return judge.ask(ask="backend", call="sessions.refreshSession",
                     arguments=[session_id, {"format": "cookie", **body}])


@pytest.mark.parametrize("change, code", [
    ({"request_origin": "localhost:8080"}, "refresh_request_origin_invalid"),
    ({"request_origin": APP + "/"}, "refresh_request_origin_invalid"),
    ({"expired_token": "a.b.c"}, "expired_session_token_invalid"),
    ({"refresh_token": ""}, "form_param_missing")])
def test_a_malformed_refresh_is_refused(clerk, judge, change, code):
    session = clerk.new_session(MEMBER)
    body = {"expired_token": expired(clerk, session), "request_origin": APP,
            "refresh_token": session.refresh_token, **change}
    assert refreshed(judge, session.id, **body)["codes"] == [code]


def test_tokens_that_are_no_browsers_cannot_be_refreshed(clerk, judge):
    session = clerk.new_session(MEMBER)
    body = {"request_origin": APP, "refresh_token": session.refresh_token}

    def code(token, session_id=session.id):
        return refreshed(judge, session_id, expired_token=token, **body)["codes"]
    assert code(clerk.mint.template(MEMBER)) == ["session_refresh_session_token_ineligible"]
    assert code(expired(clerk, session, sid=OMIT)) == ["expired_session_token_missing_sid"]
    assert code(expired(clerk, session), "sess_x") == ["refresh_sid_mismatch"]
    assert code(expired(clerk, session, iat="x")) == [
        "session_refresh_expired_session_token_missing_iat"]
    assert code(expired(clerk, session, key=clerk.new_instance("other").key)) == [
        "expired_session_token_invalid"]


def test_a_token_is_refreshed_again_within_moments(clerk, judge):
    """What a page's several requests at once do."""
    session = clerk.new_session(MEMBER)
    jar = cookies_of(clerk, session, expired(clerk, session))
    first, second = (judge.ask(cookies=jar) for _ in range(2))
    assert first["status"] == second["status"] == "signed-in"
    assert first["setCookie"] != second["setCookie"]


def test_a_refresh_may_give_the_token_alone(clerk, judge):
    session = clerk.new_session(MEMBER)
    answer = refreshed(judge, session.id, format="token", expired_token=expired(clerk, session),
                       refresh_token=session.refresh_token, request_origin=APP)
    assert decode(answer["data"]["jwt"])[1]["sid"] == session.id


def test_faults_of_the_refresh_reach_the_sdk(clerk, judge):
    session = clerk.new_session(MEMBER)
    jar = cookies_of(clerk, session, expired(clerk, session))

    def reason():
        return judge.ask(cookies=jar)["reason"].removeprefix("session-token-expired-refresh-")
    clerk.fault("backend.session_refresh", "close", times=1)
    assert reason() == "fetch-error"
    clerk.fault("backend.session_refresh", "answer", times=1, status=500, body='{"errors":[]}')
    assert reason() == "unexpected-bapi-error"
    clerk.fault("backend.session_refresh", "answer", times=1, status=200,
                body='{"object":"cookies","cookies":[]}')
    assert reason() == "unexpected-sdk-error"
    clerk.fail_with("backend.session_refresh", 429, "too_many_requests", times=1)
    assert reason() == "too_many_requests"


# ---- handshake payloads

def test_a_nonce_in_development_ends_at_the_clean_url(clerk, judge):
    nonce = clerk.new_handshake([f"__session={clerk.mint.session(SOLO)}; Path=/", "seen=1"])
    verdict = judge.ask(url=f"{APP}/?a=1&__clerk_handshake_nonce={nonce}", headers=DOCUMENT)
    assert (verdict["status"], verdict["userId"]) == ("signed-in", SOLO.id)
    assert verdict["location"] == f"{APP}/?a=1"
    assert names(verdict["setCookie"]) == ["__session", "seen"]


def test_a_nonce_counts_once(clerk, judge):
    nonce = clerk.new_handshake([f"__session={clerk.mint.session(SOLO)}; Path=/"])
    url = f"{APP}/?__clerk_handshake_nonce={nonce}"
    assert judge.ask(url=url)["status"] == "signed-in"
    again = judge.ask(url=url)
    assert (again["status"], again["reason"]) == ("signed-out", "session-token-missing")
    assert again["setCookie"] == []


def test_a_nonce_in_production_comes_in_a_cookie(live):
    instance, sdk = live
    nonce = instance.new_handshake([f"__session={instance.mint.session(SOLO)}; Path=/"])
    verdict = sdk.ask(cookies={"__clerk_handshake_nonce": nonce})
    assert (verdict["status"], verdict["userId"]) == ("signed-in", SOLO.id)
    assert verdict["location"] is None


def test_another_instance_cannot_redeem_a_nonce(clerk, judge, live):
    instance, sdk = live
    nonce = clerk.new_handshake([f"__session={clerk.mint.session(SOLO)}; Path=/"])
    assert sdk.ask(cookies={"__clerk_handshake_nonce": nonce})["status"] == "signed-out"
    # It was not used up by the try.
    assert judge.ask(url=f"{APP}/?__clerk_handshake_nonce={nonce}")["status"] == "signed-in"


def test_handshake_tokens_are_accepted(clerk, judge, live):
    token = clerk.mint.handshake([f"__session={clerk.mint.session(SOLO)}; Path=/"])
    assert judge.ask(url=f"{APP}/?__clerk_handshake={token}")["userId"] == SOLO.id
    instance, sdk = live
    token = instance.mint.handshake([f"__session={instance.mint.session(SOLO)}; Path=/"])
    assert sdk.ask(cookies={"__clerk_handshake": token})["userId"] == SOLO.id


# ---- tokens, users, organizations

def get_token(judge, *arguments):
    answer = judge.ask(ask="backend", call="sessions.getToken", arguments=list(arguments))
    return decode(answer["data"]["jwt"]) if answer["status"] == "done" else answer


def test_session_tokens_of_the_backend_api(clerk, judge):
    header, claims = get_token(judge, PENDING.session_id)
    assert (claims["sub"], claims["sid"], claims["sts"]) == (PENDING.id, PENDING.session_id,
                                                             "pending")
    assert "azp" not in claims and claims["exp"] - claims["iat"] == 60
    _, claims = get_token(judge, MEMBER.session_id, None, 600)
    assert claims["exp"] - claims["iat"] == 600


def test_template_tokens(clerk, judge):
    clerk.set_template("billing", lifetime=300, claims={
        "email": "{{user.primary_email_address}}", "aud": "billing", "n": {"org": "{{org.slug}}"},
        "name": "{{user.first_name}} {{user.last_name}}", "meta": "{{user.public_metadata}}"})
    header, claims = get_token(judge, ADMIN.session_id, "billing")
    assert header["cat"] == CAT_TEMPLATE
    assert claims["exp"] - claims["iat"] == 300 and "sid" not in claims
    assert (claims["sub"], claims["aud"], claims["email"]) == (ADMIN.id, "billing", ADMIN.email)
    assert (claims["n"], claims["name"]) == ({"org": "acme"}, "Ada Admin")
    assert claims["meta"] == {"theme": "dark"}
    assert get_token(judge, ADMIN.session_id, "billing", 30)[1]["exp"] <= time.time() + 30
    asked = clerk.requests("backend.template_token")[-1]
    assert asked["path"].endswith("/tokens/billing")
    assert asked["body"] == '{"expires_in_seconds":30}'
    assert asked["headers"]["authorization"] == f"Bearer {clerk.secret_key}"


def test_a_template_token_is_signed_by_the_instance(clerk, judge):
    clerk.set_template("plain")
    answer = judge.ask(ask="backend", call="sessions.getToken",
                       arguments=[ADMIN.session_id, "plain"])
    assert verified(answer["data"]["jwt"], [clerk.key])[1]["sub"] == ADMIN.id


@pytest.mark.parametrize("arguments, status, code", [
    ([ADMIN.session_id, "unknown"], 404, "resource_not_found"),
    (["sess_unknown"], 404, "resource_not_found"),
    ([ADMIN.session_id, None, 29], 422, "form_param_value_invalid"),
    ([ADMIN.session_id, None, "60"], 422, "form_param_value_invalid")])
def test_tokens_that_cannot_be_had(judge, arguments, status, code):
    answer = get_token(judge, *arguments)
    assert (answer["httpStatus"], answer["codes"]) == (status, [code])


def test_an_ended_session_has_no_tokens(clerk, judge):
    session = clerk.new_session(MEMBER)
    assert get_token(judge, session.id)[1]["sid"] == session.id
    clerk.change_session(session, status="ended")
    assert get_token(judge, session.id)["httpStatus"] == 404


def test_the_user(clerk, judge):
    clerk.change_user("solo", username="sol", other_email_addresses=["old@solo.example"],
                      private_metadata={"secret": 1}, unsafe_metadata={"mine": True})
    user = judge.ask(ask="backend", call="users.getUser", arguments=[SOLO.id])["data"]
    assert (user["id"], user["username"], user["firstName"]) == (SOLO.id, "sol", "Sol")
    addresses = {one["id"]: one["emailAddress"] for one in user["emailAddresses"]}
    assert addresses[user["primaryEmailAddressId"]] == SOLO.email
    assert list(addresses.values())[0] == "old@solo.example"
    assert (user["privateMetadata"], user["unsafeMetadata"]) == ({"secret": 1}, {"mine": True})
    # A member that the answer lacked would be undefined, and gone from JSON.
    assert {"banned", "locked", "imageUrl", "hasImage", "externalId", "passwordEnabled",
            "totpEnabled", "twoFactorEnabled", "backupCodeEnabled", "lastActiveAt", "locale",
            "createOrganizationEnabled", "deleteSelfEnabled", "legalAcceptedAt"} <= set(user)
    gone = judge.ask(ask="backend", call="users.getUser", arguments=["user_x"])
    assert (gone["httpStatus"], gone["codes"]) == (404, ["resource_not_found"])


def test_the_organization(clerk, judge):
    for wanted in ({"organizationId": GLOBEX.id}, {"slug": "globex"}):
        found = judge.ask(ask="backend", call="organizations.getOrganization",
                          arguments=[{"includeMembersCount": True, **wanted}])["data"]
        assert (found["id"], found["slug"], found["name"]) == (GLOBEX.id, "globex", "Globex")
        assert found["membersCount"] == 1
    gone = judge.ask(ask="backend", call="organizations.getOrganization",
                     arguments=[{"slug": "nowhere"}])
    assert gone["httpStatus"] == 404


def test_a_user_who_was_removed():
    with Standin.start() as clerk, judge_of(clerk) as judge:
        clerk.remove_user("solo")
        assert judge.ask(ask="backend", call="users.getUser",
                         arguments=[SOLO.id])["httpStatus"] == 404
        assert get_token(judge, SOLO.session_id)["httpStatus"] == 404
