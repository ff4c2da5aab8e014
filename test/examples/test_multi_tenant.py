# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/multi-tenant what its README promises
from __future__ import annotations

import pytest

from conftest import BROWSER, bearer, session_cookies
from standin.users import ACME, ADMIN, MEMBER, SOLO
from upstream import header_values

SITE = "https://www.example.com"


@pytest.fixture(scope="module")
def site(example, application):
    site = example("multi-tenant", SITE, "proxy_http").start(APPLICATION=application.url)
    site.log.allow(r"AH01630: client denied by server configuration")   # /orgs/ itself
    return site


def test_who_has_the_organization_active_gets_in(site, clerk, seen):
    for user in (ADMIN, MEMBER):
        assert site.get("/orgs/acme/reports", bearer(clerk.mint.session(user))).status == 200
        assert header_values(seen[-1], "X-Clerk-Org-Id") == [ACME.id]
    for target in ("/orgs/acme", "/orgs/acme/"):
        assert site.get(target, bearer(clerk.mint.session(MEMBER))).status == 200
    before = len(seen)
    for target in ("/orgs/globex/reports", "/orgs/acme-2/", "/orgs/acm", "/orgs/acmee"):
        assert site.get(target, bearer(clerk.mint.session(ADMIN))).status == 403
    assert site.get("/orgs/acme/", bearer(clerk.mint.session(SOLO))).status == 403
    assert len(seen) == before


def test_settings_are_for_admins_of_that_organization(site, clerk, seen):
    other = clerk.mint.session(SOLO, o={"id": "org_2", "slg": "globex", "rol": "admin"})
    for token, acme, globex in ((clerk.mint.session(ADMIN), 200, 403),
                                (clerk.mint.session(MEMBER), 403, 403), (other, 403, 200)):
        for path in ("settings", "settings/billing"):
            assert site.get(f"/orgs/acme/{path}", bearer(token)).status == acme
            assert site.get(f"/orgs/globex/{path}", bearer(token)).status == globex
    assert site.get("/orgs/acme/settings-guide", bearer(clerk.mint.session(MEMBER))).status == 200


def test_without_a_session(site, seen):
    assert site.get("/orgs/acme/", BROWSER).status in (302, 307)
    assert site.get("/orgs/acme/").status == 401
    assert seen == []


def test_a_browser_with_another_organization_is_sent_to_clerk_once(site, clerk, seen):
    """By the handshake, with the organization of the URL."""
    token = clerk.mint.session(SOLO, o={"id": "org_2", "slg": "globex", "rol": "member"})
    headers = {**BROWSER, **session_cookies(token)}
    answer = site.get("/orgs/acme/reports", headers)
    assert answer.status == 307 and seen == []
    assert answer.location.startswith("https://clerk.example.com/v1/client/handshake?")
    assert "organization_id=acme" in answer.location
    assert site.get("/orgs/globex/reports", headers).status == 200


@pytest.mark.parametrize("target", ["/orgs/", "/orgs/Acme/", "/orgs/%61cme%2f/", "/orgs/a_b/", "/orgs//acme/x",
                                    "/orgs/a%00b/", "/orgs/..%2facme/"])
def test_what_no_section_opens_is_shut(site, clerk, seen, target):
    answer = site.get(target, bearer(clerk.mint.session(SOLO)))
    assert answer.status in (400, 403, 404) and seen == []


def test_no_client_sets_the_organization(site, clerk, seen):
    forged = {"X-Clerk-Org-Slug": "globex", "X_Clerk_Org_Id": "globex", "Match-Slug": "acme"}
    assert site.get("/orgs/acme/", bearer(clerk.mint.session(MEMBER), **forged)).status == 200
    assert header_values(seen[0], "X-Clerk-Org-Slug") == ["acme"]
    assert "globex" not in str(seen)
