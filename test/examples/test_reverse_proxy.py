# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/reverse-proxy what its README promises
from __future__ import annotations

from urllib.parse import unquote

import pytest

from conftest import BROWSER, bearer, session_cookies
from standin.users import ACME, ADMIN, MEMBER, SOLO
from upstream import header_values

SITE = "https://www.example.com"


@pytest.fixture(scope="module")
def site(example, application):
    return example("reverse-proxy", SITE, "proxy_http").start(APPLICATION=application.url)


def clerk_headers(request) -> dict[str, str]:
    """Everything that an application could read as an X-Clerk- header."""
    return {name: value for name, value in request["headers"]
            if name.lower().replace("_", "-").startswith("x-clerk")}


def test_only_a_good_token_reaches_the_application(site, clerk, seen):
    assert site.get("/app/", BROWSER).status == 302
    assert site.get("/app/").status == 401
    assert site.get("/app/", bearer("junk")).status == 401
    late = clerk.mint.session(MEMBER, exp=1_700_000_060, iat=1_700_000_000, nbf=1_700_000_000)
    assert site.get("/app/", bearer(late)).status == 401
    assert seen == []
    answer = site.get("/app/notes?page=2", bearer(clerk.mint.session(MEMBER)))
    assert answer.status == 200 and seen[0]["target"] == "/notes?page=2"


def test_the_application_learns_who_is_asking(site, clerk, seen):
    token = clerk.mint.session(ADMIN, metadata={"plan": "gold"})
    assert site.get("/app/", session_cookies(token)).status == 200
    told = clerk_headers(seen[0])
    assert told["X-Clerk-User-Id"] == ADMIN.id
    assert told["X-Clerk-Session-Id"] == ADMIN.session_id
    assert told["X-Clerk-Org-Id"] == ACME.id
    assert told["X-Clerk-Org-Slug"] == "acme"
    assert told["X-Clerk-Org-Role"] == "org:admin"
    assert "org:invoices:create" in told["X-Clerk-Org-Permissions"].split(",")
    assert told["X-Clerk-Claim-Plan"] == "gold"


def test_a_header_with_nothing_to_say_is_not_there(site, clerk, seen):
    site.get("/app/", bearer(clerk.mint.session(SOLO)))
    told = clerk_headers(seen[0])
    assert told["X-Clerk-User-Id"] == SOLO.id
    assert not {"X-Clerk-Org-Id", "X-Clerk-Org-Role", "X-Clerk-Claim-Plan"} & set(told)


def test_what_cannot_stand_in_a_header_is_percent_encoded(site, clerk, seen):
    plan = "größte\r\nX-Injected: 1"
    site.get("/app/", bearer(clerk.mint.session(SOLO, metadata={"plan": plan})))
    sent = clerk_headers(seen[0])["X-Clerk-Claim-Plan"]
    assert sent.isascii() and unquote(sent) == plan
    assert not header_values(seen[0], "X-Injected")


FORGED = [("X-Clerk-User-Id", ADMIN.id), ("x_clerk_org_role", "org:admin"),
          ("X-CLERK-ORG-ID", ACME.id), ("X-Clerk-Claim-Plan", "gold"),
          ("X-Clerk-Claim-Anything", "1"), ("X_Clerk_User_Id", ADMIN.id)]


def test_forged_headers_are_removed(site, clerk, seen):
    token = clerk.mint.session(SOLO)
    site.get("/app/", FORGED + [("Authorization", f"Bearer {token}")])
    values = clerk_headers(seen[0]).values()
    assert header_values(seen[0], "X-Clerk-User-Id") == [SOLO.id]
    assert not {ADMIN.id, ACME.id, "org:admin", "gold", "1"} & set(values)


def test_connection_does_not_take_the_real_header_away(site, clerk, seen):
    token = clerk.mint.session(SOLO)
    site.get("/app/", bearer(token, Connection="close, X-Clerk-User-Id"))
    assert header_values(seen[0], "X-Clerk-User-Id") == [SOLO.id]


def test_admin_is_for_admins(site, clerk, seen):
    assert site.get("/app/admin/", bearer(clerk.mint.session(MEMBER))).status == 403
    assert seen == []
    assert site.get("/app/admin/", bearer(clerk.mint.session(ADMIN))).status == 200


def test_the_public_part_is_open_and_nameless(site, clerk, seen):
    token = clerk.mint.session(SOLO)
    assert site.get("/app/public/", FORGED).status == 200
    assert site.get("/app/public/", FORGED + [("Authorization", f"Bearer {token}")]).status == 200
    assert len(seen) == 2
    assert [clerk_headers(request) for request in seen] == [{}, {}]


@pytest.mark.parametrize("cookies, left", [
    ("__session={0}; __client_uat=1; theme=dark", "theme=dark"),
    ("theme=dark; __client_uat=1; x__session=mine; __session={0}", "theme=dark; x__session=mine"),
    ("a=1; __client_uat_AbCd-_12=1; __session_AbCd-_12={0}; __session={0}; "
     "__client_uat=1; __refresh_AbCd-_12=r; __clerk_db_jwt=d; b=2", "a=1; b=2")])
def test_clerks_cookies_stay_in_httpd_and_others_pass(site, clerk, seen, cookies, left):
    token = clerk.mint.session(MEMBER)
    assert site.get("/app/", {"Cookie": cookies.format(token)}).status == 200
    assert header_values(seen[0], "X-Clerk-User-Id") == [MEMBER.id]
    assert header_values(seen[0], "Cookie")[0].removesuffix("; ") == left


def test_the_token_stays_in_httpd(site, clerk, seen):
    token = clerk.mint.session(MEMBER)
    for headers in (bearer(token), session_cookies(token)):
        assert site.get("/app/", headers).status == 200
    assert token not in str(seen) and not header_values(seen[0], "Authorization")
