# SPDX-License-Identifier: Apache-2.0 - the organization that a path asks for
from __future__ import annotations

import pytest

from redirects import expired, handshake, visit
from clerk_site import FETCH, NAVIGATION, PROTECTED, ClerkSite, development, production, seen
from standin.tokens import OMIT
from standin.users import ACME, ADMIN, GLOBEX, MEMBER, PENDING, SOLO

MISMATCH = "active-organization-mismatch"
PATTERNS = ['ClerkOrganizationPatterns "/orgs/:slug" "/orgs/:slug/(.*)" "/orgs-by-id/:id" '
            '"/orgs-by-id/:id/(.*)" "/both/:id/:slug" "/plain/(.*)"',
            'ClerkPersonalAccountPatterns "/me" "/me/(.*)" "/orgs/personal" "/plain/(.*)"']
EVERYWHERE = """
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
<Location /orgs/off>
    ClerkHandshake Off
</Location>
"""


@pytest.fixture(scope="module", params=[production, development],
                ids=["production", "development"])
def site(request, module_httpd, _standin_program):
    return ClerkSite(module_httpd, request.param(_standin_program), *PATTERNS,
                     sections=EVERYWHERE)


def is_switched(site, target, user, organization):
    token = site.mint.session(user)
    away = handshake(visit(site, target, session=token))
    assert (away.reason, away.query["organization_id"]) == (MISMATCH, organization)
    assert away.query["__session"] == token
    assert away.back == site.httpd.url + target
    assert away.names[-1] == "organization_id"


def is_left(site, target, user, **how):
    """The session goes on as it is: the page is asked for (and is not there)."""
    answer = visit(site, target, **{"session": site.mint.session(user), **how})
    assert (answer.status, seen(answer).user) == (404, user.id), seen(answer)
    assert (answer.location, answer.cookies) == (None, [])
    return answer


@pytest.mark.sanitize
@pytest.mark.parametrize("target, user, organization", [
    ("/orgs/b", MEMBER, "b"), ("/orgs/b/c", MEMBER, "b"), ("/orgs/b/", MEMBER, "b"),
    ("/orgs/b?x=/orgs/acme", MEMBER, "b"), ("/ORGS/b", MEMBER, "b"), ("/orgs/b/c/d/", MEMBER, "b"),
    ("/orgs/ACME", MEMBER, "ACME"), ("/orgs/%61cme", MEMBER, "%61cme"),
    ("/orgs/acme", SOLO, "acme"),
    (f"/orgs-by-id/{GLOBEX.id}", MEMBER, GLOBEX.id), (f"/orgs-by-id/{ACME.slug}", MEMBER, "acme"),
    (f"/orgs-by-id/{ACME.id}/x", SOLO, ACME.id),
    (f"/both/{GLOBEX.id}/acme", MEMBER, GLOBEX.id),
    ("/me", MEMBER, ""), ("/me/", MEMBER, ""), ("/Me/x", MEMBER, ""), ("/plain/x", MEMBER, ""),
    ("/orgs/personal", MEMBER, "personal"),
])
def test_who_is_switched(site, target, user, organization):
    """O01, O02: by slug. O03: by id. O05: to the personal account. O08: id goes before slug,
    organizations before the personal account."""
    is_switched(site, target, user, organization)


@pytest.mark.parametrize("target, user", [
    ("/orgs/acme", MEMBER), ("/orgs/acme/x", MEMBER), (f"/orgs-by-id/{ACME.id}", MEMBER),
    (f"/both/{ACME.id}/b", MEMBER), ("/me", SOLO), ("/me/x", SOLO),
    ("/orgs", MEMBER), ("/orgs/", MEMBER), ("/org/b", MEMBER), ("/x/orgs/b", MEMBER),
    ("/orgs-by-id/", MEMBER), ("/men", MEMBER), ("/elsewhere", MEMBER), ("/plain/x", SOLO)])
def test_who_is_left_alone(site, target, user):
    """O04: the organization is active. O06: none is. And elsewhere."""
    is_left(site, target, user)


def test_without_patterns(httpd, _standin_program):
    """O07."""
    site = ClerkSite(httpd, production(_standin_program), sections=EVERYWHERE)
    for target in ("/orgs/b", "/me"):
        is_left(site, target, MEMBER)


@pytest.mark.parametrize("counter", ["3", "4"])
def test_not_for_ever(site, counter):
    """O09: after three the session stays as it is."""
    jar = {**site.cookies(site.mint.session(MEMBER)), "__clerk_redirect_count": counter}
    is_left(site, "/orgs/b", MEMBER, cookies=jar)
    jar["__clerk_redirect_count"] = "2"
    assert handshake(visit(site, "/orgs/b", cookies=jar), count=3).reason == MISMATCH
    site.log.allow(r"\[clerk_auth:warn\].*organization")


def test_page_loads_only(site):
    """O10: an API request keeps the organization of its token."""
    for method, headers in (("GET", FETCH), ("GET", {}), ("POST", NAVIGATION)):
        answer = site.request(method, "/orgs/b", headers=headers,
                              session=site.mint.session(MEMBER))
        assert (answer.status, seen(answer).user) == (404, MEMBER.id)


def test_cookies_only(site):
    """O11: a token in Authorization was chosen by who sent it."""
    answer = visit(site, "/orgs/b", bearer=site.mint.session(MEMBER))
    assert (answer.status, seen(answer).user) == (404, MEMBER.id)


def test_any_other_handshake_says_it_too(site):
    """O12."""
    for target, organization in (("/orgs/b/c", "b"), (f"/orgs-by-id/{ACME.id}", ACME.id),
                                 ("/me", ""), ("/elsewhere", None)):
        away = handshake(visit(site, target, session=expired(site, MEMBER)))
        assert away.query.get("organization_id") == organization
        assert away.reason.startswith("session-token-expired-")


def test_pending_sessions_have_something_else_to_do(site):
    answer = visit(site, "/orgs/b", session=site.mint.session(PENDING))
    assert answer.status == 302 and "/sign-in/tasks?" in answer.location


def test_handshake_off_switches_nobody(site):
    is_left(site, "/orgs/off", MEMBER)


def test_a_section_has_patterns_of_its_own(httpd, _standin_program):
    """They take the place of the outer ones; .htaccess may say them, and say them wrong."""
    site = ClerkSite(httpd, production(_standin_program), *PATTERNS, sections=EVERYWHERE + """
        <Location /orgs/inner>
            ClerkOrganizationPatterns /orgs/inner/:slug
        </Location>
        <Directory ${DOCROOT}>
            AllowOverride AuthConfig
        </Directory>
        """)
    is_left(site, "/orgs/inner", MEMBER)
    is_switched(site, "/orgs/inner/b", MEMBER, "b")
    for number in range(3):   # compiled anew each time
        site.httpd.write("orgs/.htaccess", f"ClerkOrganizationPatterns /orgs/:id(b{number})\n")
        is_switched(site, f"/orgs/b{number}", MEMBER, f"b{number}")
        is_left(site, "/orgs/b", MEMBER)
    site.httpd.write("orgs/.htaccess", "ClerkOrganizationPatterns /orgs/:\n")
    assert visit(site, "/orgs/b").status == 500
    site.log.expect("ClerkOrganizationPatterns: \"/orgs/:\" is not a path pattern: ", times=1)


def test_a_costly_match_ends(httpd, _standin_program):
    """It is no match; nobody waits for it."""
    site = ClerkSite(httpd, production(_standin_program),
                     'ClerkOrganizationPatterns "/:slug((?:a+)+)b"', sections=EVERYWHERE)
    is_switched(site, "/aaab", MEMBER, "aaa")
    is_left(site, "/" + "a" * 200 + "c", MEMBER)


def test_the_page_decides_who_may_see_it(httpd, _standin_program):
    """A switch that Clerk did not make refuses nobody; Require does."""
    site = ClerkSite(httpd, production(_standin_program), *PATTERNS, sections=PROTECTED + """
        <LocationMatch "^/orgs/(?<SLUG>[^/]+)">
            AuthType Clerk
            AuthName x
            Require clerk-org %{env:MATCH_SLUG}
        </LocationMatch>
        """)
    jar = {**site.cookies(site.mint.session(MEMBER)), "__clerk_redirect_count": "3"}
    assert visit(site, "/orgs/globex", cookies=jar).status == 403
    site.log.expect("AH01631: user .*: authorization failure for \"/orgs/globex\"", times=1)
    site.log.allow(r"\[clerk_auth:warn\].*organization")
    assert visit(site, "/orgs/acme", cookies=jar).status == 404


def test_claims_of_version_1_and_broken_ones(site):
    for claims in ({"org_id": ACME.id, "org_slug": "acme", "org_role": "org:admin"},):
        token = site.mint.session(MEMBER, version=1, **claims)
        answer = visit(site, "/orgs/acme", session=token)
        assert (answer.status, seen(answer).user) == (404, MEMBER.id)
        assert handshake(visit(site, "/orgs/b", session=token)).query["organization_id"] == "b"
    token = site.mint.session(ADMIN, o=OMIT)
    assert handshake(visit(site, "/orgs/acme", session=token)).reason == MISMATCH
    assert visit(site, "/me", session=token).status == 404
