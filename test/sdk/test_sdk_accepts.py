# SPDX-License-Identifier: Apache-2.0 - Clerk's SDK accepts what the stand-in does
"""The stand-in as @clerk/backend sees it: what it mints is accepted for what it is."""
from __future__ import annotations

import http.client
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

import pytest

from sdk.conftest import judge_of
from standin import publishable_key
from standin.client import Standin
from standin.users import ADMIN, MEMBER, PENDING, USERS

PERMISSIONS = {
    "admin": ["org:invoices:read", "org:invoices:create", "org:invoices:delete",
              "org:reports:read", "org:reports:create"],
    "member": ["org:invoices:read", "org:reports:read"],
    "impersonated": ["org:invoices:read", "org:reports:read"],
}


def cookies_for(clerk: Standin, token: str, suffixed: bool) -> dict[str, str]:
    tail = f"_{clerk.cookie_suffix}" if suffixed else ""
    return {f"__session{tail}": token, f"__client_uat{tail}": "1700000000",
            f"__clerk_db_jwt{tail}": "dvb_1"}


def carried(clerk: Standin, token: str, carrier: str) -> dict:
    if carrier == "header":
        return {"token": token}
    return {"cookies": cookies_for(clerk, token, carrier == "suffixed cookie")}


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.key)
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("carrier", ["header", "cookie", "suffixed cookie"])
def test_every_user_in_both_versions(clerk, judge, user, version, carrier):
    token = clerk.mint.session(user, version=version)
    verdict = judge.ask(**carried(clerk, token, carrier),
                        options={"authorizedParties": ["http://localhost:8080"]})
    assert (verdict["status"], verdict["tokenType"]) == ("signed-in", "session_token")
    assert verdict["sessionStatus"] == ("pending" if user is PENDING else "active")
    if user is PENDING:
        assert verdict["userId"] is None
        return
    organization = user.membership.organization if user.membership else None
    assert verdict["userId"] == user.id
    assert verdict["sessionId"] == user.session_id
    assert verdict["actor"] == user.actor
    assert verdict["factorVerificationAge"] == list(user.factor_ages)
    assert verdict["orgId"] == (organization and organization.id)
    assert verdict["orgSlug"] == (organization and organization.slug)
    assert verdict["orgRole"] == (organization and f"org:{user.membership.role}")
    assert verdict["orgPermissions"] == PERMISSIONS.get(user.key)


def test_a_pending_session_counts_when_it_is_told_to(clerk, judge):
    verdict = judge.ask(token=clerk.mint.session(PENDING),
                        options={"treatPendingAsSignedOut": False})
    assert (verdict["userId"], verdict["sessionStatus"]) == (PENDING.id, "pending")


def test_features_plans_roles_and_permissions(clerk, judge):
    asked = [{"role": "admin"}, {"role": "org:admin"}, {"permission": "org:invoices:delete"},
             {"permission": "org:reports:delete"}, {"feature": "reports"},
             {"feature": "u:dashboard"}, {"feature": "o:dashboard"}, {"plan": "o:team"},
             {"plan": "u:team"}, {"reverification": "strict_mfa"}]
    admin = judge.ask(token=clerk.mint.session(ADMIN), has=asked)["has"]
    member = judge.ask(token=clerk.mint.session(MEMBER), has=asked)["has"]
    assert admin == [True, True, True, False, True, True, False, True, False, True]
    assert member == [False, False, False, False, True, True, False, True, False, True]
    stale = judge.ask(token=clerk.mint.session(ADMIN, fva=[20, 20]), has=asked)["has"]
    assert stale == admin[:-1] + [False]


def test_verify_token_by_itself(clerk, judge):
    verdict = judge.ask(ask="verify", token=clerk.mint.session(sub="user_x", extra={"a": [1]}))
    assert verdict["status"] == "verified"
    assert verdict["claims"]["sub"] == "user_x" and verdict["claims"]["extra"] == {"a": [1]}


def test_a_handshake_token_sets_its_cookies(clerk, judge):
    directives = [f"{name}={value}; Path=/" for name, value in
                  cookies_for(clerk, clerk.mint.session(MEMBER), False).items()]
    verdict = judge.ask(url="http://localhost:8080/?" + urlencode(
        {"__clerk_handshake": clerk.mint.handshake(directives)}))
    assert (verdict["status"], verdict["userId"]) == ("signed-in", MEMBER.id)
    assert verdict["setCookie"] == directives
    assert verdict["location"] == "http://localhost:8080/"


def test_the_cookies_of_the_sign_in_page(clerk, judge):
    connection = http.client.HTTPConnection(urlsplit(clerk.url).netloc, timeout=10)
    # On the application's own host, whose cookies they are.
    connection.request("POST", "/sign-in", "user=member", {"Host": "localhost"})
    answer = connection.getresponse()
    jar: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_all("Set-Cookie"):
        jar.load(line)
    connection.close()
    cookies = {name: morsel.value for name, morsel in jar.items()}
    verdict = judge.ask(cookies=cookies, headers={"sec-fetch-dest": "document"})
    assert (verdict["status"], verdict["userId"]) == ("signed-in", MEMBER.id)


def test_the_key_set_is_fetched_once_with_the_secret_key():
    with Standin.start() as clerk, judge_of(clerk) as judge:
        for _ in range(3):
            assert judge.ask(token=clerk.mint.session())["status"] == "signed-in"
        [request] = clerk.requests()
        assert (request["endpoint"], request["path"]) == ("backend.jwks", "/v1/jwks")
        assert request["headers"]["authorization"] == f"Bearer {clerk.secret_key}"
        assert request["headers"]["clerk-api-version"]


def test_a_pem_key_needs_no_network():
    with Standin.start() as clerk, judge_of(clerk) as judge:
        options = {"jwtKey": clerk.key.public_pem()}
        assert judge.ask(token=clerk.mint.session(), options=options)["status"] == "signed-in"
        assert judge.ask(ask="verify", token=clerk.mint.session(),
                         options={**options, "secretKey": None})["status"] == "verified"
        assert clerk.counters()["total"] == 0


def test_rotation_is_followed():
    with Standin.start() as clerk, judge_of(clerk) as judge:
        old = clerk.mint.session()
        assert judge.ask(token=old)["status"] == "signed-in"
        clerk.rotate()
        assert judge.ask(token=clerk.mint.session())["status"] == "signed-in"
        assert judge.ask(token=old)["status"] == "signed-in"
        assert clerk.count("backend.jwks") == 2


def test_two_instances_under_one_kid():
    with Standin.start() as clerk:
        other = clerk.new_instance("other", kid=clerk.kid)
        with judge_of(clerk) as judge:
            options = {"secretKey": other.secret_key, "publishableKey": other.publishable_key}
            for token, first, second in ((clerk.mint.session(), "signed-in", "signed-out"),
                                         (other.mint.session(), "signed-out", "signed-in")):
                assert judge.ask(token=token)["status"] == first
                assert judge.ask(token=token, options=options)["status"] == second


@pytest.mark.parametrize("key", [
    "pk_test_c3Vubnktb3R0ZXItNDIuY2xlcmsuYWNjb3VudHMuZGV2JA",
    "pk_test_c3Vubnktb3R0ZXItNDIuY2xlcmsuYWNjb3VudHMuZGV2JA==",
    "pk_live_Y2xlcmsudGlkZXdhdGVyLWJvb2tzLmV4YW1wbGUk",
    "pk_test_Y2xlcmsuaW5zcGlyZWQucHVtYS03NC5sY2wuZGV2JA"])
def test_cookie_suffixes_are_the_sdks(judge, key):
    assert judge.ask(ask="suffix", publishableKey=key)["suffix"] == \
        publishable_key.cookie_suffix(key)


def test_many_questions_in_one_go(clerk, judge):
    tokens = [clerk.mint.session(sub=f"user_{number}") for number in range(50)] * 20
    verdicts = judge.ask_all({"token": token} for token in tokens)
    assert [verdict["userId"] for verdict in verdicts] == [
        f"user_{number}" for number in range(50)] * 20
