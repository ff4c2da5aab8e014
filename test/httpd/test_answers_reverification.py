# SPDX-License-Identifier: Apache-2.0 - the hint on which Clerk's browser SDK asks the user to prove themselves again
from __future__ import annotations

import pytest

from clerk_site import FETCH, NAVIGATION, ClerkSite, production, seen
from standin.users import ADMIN, MEMBER

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
STALE = {"fva": [99, 99]}
VERY_STALE = {"fva": [5000, 5000]}


def hint(asked: str) -> bytes:
    return (b'{"clerk_error":{"type":"forbidden","reason":"reverification-error",'
            b'"metadata":{"reverification":' + asked.encode() + b"}}}")


def section(name: str, *lines: str) -> str:
    return "\n".join([f"<Location /{name}>", "AuthType Clerk", "AuthName x", *lines, "</Location>"])


def every(*lines: str) -> str:
    return "\n".join(["<RequireAll>", *lines, "</RequireAll>"])


def some(*lines: str) -> str:
    return "\n".join(["<RequireAny>", *lines, "</RequireAny>"])


STRICT = "Require clerk-reverification strict"
HINTS = {
    # the lines, the hint for somebody whose factors are old
    "strict_mfa": ("Require clerk-reverification strict_mfa", '"strict_mfa"'),
    "strict": (STRICT, '"strict"'),
    "moderate": ("Require clerk-reverification moderate", '"moderate"'),
    "lax": ("Require clerk-reverification lax", '"lax"'),
    "object": ("Require clerk-reverification second_factor:10",
               '{"level":"second_factor","afterMinutes":10}'),
    "first": ("Require clerk-reverification first_factor:1",
              '{"level":"first_factor","afterMinutes":1}'),
    "multi": ("Require clerk-reverification multi_factor:1439",
              '{"level":"multi_factor","afterMinutes":1439}'),
    "with-role": (every("Require clerk-role member", STRICT), '"strict"'),
    "with-role-behind": (every(STRICT, "Require clerk-role member"), '"strict"'),
    "with-others": (every("Require clerk-org acme", "Require clerk-permission invoices:read",
                          STRICT, "Require not clerk-impersonated"), '"strict"'),
    "or-role": (some("Require clerk-role admin", STRICT), '"strict"'),
    "or-role-behind": (some(STRICT, "Require clerk-role admin"), '"strict"'),
    "nested": (every("Require valid-user", some("Require clerk-role admin",
                                                every("Require clerk-org", STRICT))), '"strict"'),
    "protect": ("ClerkResponses protect\n" + STRICT, '"strict"'),
    "html": ("ClerkErrorBody html\n" + STRICT, '"strict"'),
    "page": ("ErrorDocument 403 /errors/403\n" + STRICT, '"strict"'),
    "unauthorized-url": ("ClerkUnauthorizedURL /no\n" + STRICT, '"strict"'),
}
# What fails besides: 403 like any other, or the user would prove themselves in vain.
PLAIN = {
    "role-fails": every("Require clerk-role admin", STRICT),
    "role-fails-behind": every(STRICT, "Require clerk-role admin"),
    "feature-fails": every(STRICT, "Require clerk-feature gold"),
    "user-fails": every(STRICT, "Require user user_1"),
    "impersonated": every(STRICT, "Require clerk-impersonated"),
    "nested-fails": every(some(STRICT, "Require clerk-role owner"), "Require clerk-role admin"),
    "not": every("Require valid-user", "Require not clerk-reverification first_factor:9999"),
    "none": "Require clerk-role admin",
}


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    places = {**{name: lines for name, (lines, _) in HINTS.items()}, **PLAIN}
    site = ClerkSite(module_httpd, production(_standin_program), sections="\n".join(
        section(name, lines) for name, lines in places.items()))
    site.httpd.write("errors/403", "page of 403")
    for name in places:
        site.httpd.write(name, name)
    return site


@pytest.mark.sanitize
@pytest.mark.parametrize("name", HINTS)
@pytest.mark.parametrize("headers", [FETCH, {"Accept": "text/html", "Sec-Fetch-Dest": "empty"}, {}],
                         ids=["fetch", "html", "plain"])
def test_hint(site, name, headers):
    """A13: exactly what the SDK reads, and nothing else in it."""
    site.log.expect(DENIAL, times=1)
    answer = site.get(f"/{name}", headers=headers, bearer=site.mint.session(MEMBER, **VERY_STALE))
    assert (answer.status, answer.body) == (403, hint(HINTS[name][1]))
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Vary") == "Authorization,Cookie"
    assert "WWW-Authenticate" not in answer and answer.location is None
    assert seen(answer).denied_by in HINTS[name][0].splitlines()
    assert "clerk-reverification" in seen(answer).denied_by


@pytest.mark.parametrize("name", HINTS)
def test_no_hint_for_who_is_fresh(site, name):
    answer = site.get(f"/{name}", bearer=site.mint.session(MEMBER, fva=[0, 0]))
    assert (answer.status, answer.text) == (200, name)


@pytest.mark.parametrize("name", PLAIN)
def test_no_hint_where_more_fails(site, name):
    """A13: reverification has to be all that is missing."""
    site.log.expect(DENIAL)
    answer = site.get(f"/{name}", headers=FETCH, bearer=site.mint.session(MEMBER, **STALE))
    assert answer.status == 403
    assert answer.json()["error"] == "not_authorized"


def test_of_several_the_first_is_asked(httpd, _standin_program):
    """One of the values would do; the hint can name only one."""
    site = ClerkSite(httpd, production(_standin_program),
                     sections=section("app", "Require clerk-reverification moderate strict"))
    answer = site.get(bearer=site.mint.session(MEMBER, **STALE))
    assert (answer.status, answer.body) == (403, hint('"moderate"'))
    site.log.expect(DENIAL, times=1)


def test_two_lines_of_reverification(httpd, _standin_program):
    """Both fail and nothing else: each of them can be met by the user."""
    site = ClerkSite(httpd, production(_standin_program), sections=section(
        "app", every("Require clerk-reverification lax", STRICT)))
    answer = site.get(bearer=site.mint.session(MEMBER, **STALE))
    assert (answer.status, answer.body) == (403, hint('"strict"'))
    answer = site.get(bearer=site.mint.session(MEMBER, **VERY_STALE))
    assert answer.status == 403
    assert answer.body in (hint('"lax"'), hint('"strict"'))
    site.log.expect(DENIAL)


def test_merged_from_outer_section(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), sections="\n".join([
        section("app", "Require clerk-reverification lax"),
        "<Location /app/page.txt>\nAuthMerging And\nRequire clerk-reverification strict",
        "</Location>"]))
    answer = site.get(bearer=site.mint.session(MEMBER, **VERY_STALE))
    assert answer.status == 403
    assert answer.body in (hint('"lax"'), hint('"strict"'))
    site.log.expect(DENIAL)


def test_address_fails_too(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), sections=section(
        "app", every(STRICT, "Require ip 192.0.2.1")))
    answer = site.get(headers=FETCH, bearer=site.mint.session(MEMBER, **STALE))
    assert answer.status == 403
    assert b"clerk_error" not in answer.body
    site.log.expect(r"\[authz_core:error\].*AH01630", times=1)


def test_level_from_the_request(httpd, _standin_program):
    """Worked out for each request; the client's text is not echoed."""
    site = ClerkSite(httpd, production(_standin_program),
                     sections=section("app", "Require clerk-reverification %{req:X-Level}"))
    token = site.mint.session(MEMBER, **STALE)
    answer = site.get(headers={"X-Level": "strict"}, bearer=token)
    assert (answer.status, answer.body) == (403, hint('"strict"'))
    for level in ('x"},"a":{"b":"c', "strictest", "second_factor:0", ""):
        answer = site.get(headers={"X-Level": level}, bearer=token)
        assert answer.status == 403
        assert answer.json()["error"] == "not_authorized"
    site.log.expect(DENIAL)


def test_who_is_not_signed_in_gets_no_hint(site):
    answer = site.get("/strict", headers=FETCH)
    assert (answer.status, answer.json()["error"]) == (401, "not_authenticated")
    assert site.get("/strict", headers=NAVIGATION).status == 302
    assert site.get("/protect", headers=FETCH).status == 404


def test_a_person_who_navigates_gets_the_site_s_page(site):
    """Nobody reads the hint there."""
    answer = site.get("/page", headers=NAVIGATION, session=site.mint.session(MEMBER, **STALE))
    assert (answer.status, answer.text) == (403, "page of 403")
    site.log.expect(DENIAL, times=1)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_whatever_the_method(site, method):
    answer = site.request(method, "/strict", headers=FETCH,
                          session=site.mint.session(MEMBER, **STALE))
    assert (answer.status, answer.body) == (403, hint('"strict"'))
    site.log.expect(DENIAL, times=1)


def test_an_admin_needs_none_of_it(site):
    answer = site.get("/or-role", bearer=site.mint.session(ADMIN, **STALE))
    assert (answer.status, answer.text) == (200, "or-role")
