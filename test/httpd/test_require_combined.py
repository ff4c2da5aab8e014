# SPDX-License-Identifier: Apache-2.0 - Require lines together: all of them, any of them, none of them, and by section
from __future__ import annotations

import pytest

from clerk_site import FETCH, ClerkSite, production, seen
from standin.users import ADMIN, MEMBER, SOLO, USERS

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
PEOPLE = {user.key: user for user in USERS}


def protected(target: str, *lines: str) -> str:
    return "\n".join([f"<Location {target}>", "AuthType Clerk", "AuthName x", *lines,
                      "</Location>"])


def block(kind: str, *lines: str) -> str:
    return "\n".join([f"<{kind}>", *lines, f"</{kind}>"])


OWNER = f"Require user {SOLO.id}"

# What stands in the section, and what a script gets that asks as this user, or as nobody.
SECTIONS = {
    # several dimensions of one question
    "role and permission": (block("RequireAll", "Require clerk-role admin",
                                  "Require clerk-permission invoices:delete"),
                            {"admin": 200, "member": 403, "solo": 403, "nobody": 401}),
    "role passes, permission fails": (block("RequireAll", "Require clerk-role admin",
                                            "Require clerk-permission reports:delete"),
                                      {"admin": 403, "nobody": 401}),
    "role fails, permission passes": (block("RequireAll", "Require clerk-role member",
                                            "Require clerk-permission reports:create"),
                                      {"admin": 403, "member": 403}),
    "role passes, feature fails": (block("RequireAll", "Require clerk-role admin",
                                         "Require clerk-feature o:dashboard"), {"admin": 403}),
    "role and feature": (block("RequireAll", "Require clerk-role admin",
                               "Require clerk-feature dashboard"), {"admin": 200, "member": 403}),
    "feature passes, plan fails": (block("RequireAll", "Require clerk-feature invoices",
                                         "Require clerk-plan gold"), {"admin": 403}),
    "plan passes, feature fails": (block("RequireAll", "Require clerk-plan team",
                                         "Require clerk-feature gold"), {"admin": 403}),
    "all dimensions": (block("RequireAll", "Require clerk-role admin",
                             "Require clerk-permission invoices:read",
                             "Require clerk-feature u:dashboard", "Require clerk-plan o:team",
                             "Require clerk-reverification strict"),
                       {"admin": 200, "member": 403, "nobody": 401}),

    "lines without a block are alternatives": ("Require clerk-role admin\n" + OWNER,
                                               {"admin": 200, "solo": 200, "member": 403,
                                                "nobody": 401}),
    "any": (block("RequireAny", OWNER, "Require clerk-role admin"),
            {"admin": 200, "solo": 200, "member": 403, "nobody": 401}),
    "any of all": (block("RequireAny", OWNER,
                         block("RequireAll", "Require clerk-role member",
                               "Require not clerk-impersonated")),
                   {"solo": 200, "member": 200, "impersonated": 403, "admin": 403, "nobody": 401}),
    "all of any": (block("RequireAll", "Require clerk-org acme",
                         block("RequireAny", "Require clerk-role admin",
                               "Require clerk-impersonated")),
                   {"admin": 200, "impersonated": 200, "member": 403, "solo": 403, "nobody": 401}),
    "not": (block("RequireAll", "Require valid-user", "Require not clerk-impersonated"),
            {"member": 200, "impersonated": 403, "nobody": 401}),
    "not, first": (block("RequireAll", "Require not clerk-impersonated", "Require valid-user"),
                   {"member": 200, "impersonated": 403, "nobody": 401}),
    "not one of several": (block("RequireAll", "Require clerk-org",
                                 "Require not clerk-role admin editor"),
                           {"member": 200, "admin": 403, "solo": 403, "nobody": 401}),
    "none": (block("RequireAll", "Require valid-user",
                   block("RequireNone", "Require clerk-role admin", "Require clerk-impersonated")),
             {"member": 200, "solo": 200, "admin": 403, "impersonated": 403, "nobody": 401}),
    "address or role": ("Require ip 192.0.2.1\nRequire clerk-role admin",
                        {"admin": 200, "member": 403, "nobody": 401}),
    "address and role": (block("RequireAll", "Require ip 192.0.2.1", "Require clerk-role admin"),
                         {"admin": 403, "nobody": 403}),
    "role and address": (block("RequireAll", "Require clerk-role admin", "Require ip 192.0.2.1"),
                         {"admin": 403, "nobody": 403}),
    "this address and role": (block("RequireAll", "Require ip 127.0.0.1",
                                    "Require clerk-role admin"),
                              {"admin": 200, "member": 403, "nobody": 401}),
    "this address or role": ("Require ip 127.0.0.1\nRequire clerk-role admin",
                             {"admin": 200, "member": 200, "nobody": 200}),
    "all denied": ("Require all denied", {"admin": 403, "nobody": 403}),
    "denied or role": ("Require all denied\nRequire clerk-role admin",
                       {"admin": 200, "member": 403, "nobody": 401}),
}
CASES = [(name, user, status) for name, (_, users) in SECTIONS.items()
         for user, status in users.items()]
# Decided by mod_authz_core before anybody is asked who they are.
WITHOUT_USER = {"address and role", "role and address", "all denied"}
BEFORE = r"\[authz_core:error\].*AH01630: client denied by server configuration"


def page(name: str) -> str:
    return f"/c/{list(SECTIONS).index(name)}.txt"


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    site = ClerkSite(module_httpd, production(_standin_program), sections="\n".join(
        protected(page(name), lines) for name, (lines, _) in SECTIONS.items()))
    for name in SECTIONS:
        site.httpd.write(page(name).lstrip("/"), name)
    return site


@pytest.mark.sanitize
@pytest.mark.parametrize("name, user, status", CASES,
                         ids=[f"{name} | {user}" for name, user, _ in CASES])
def test_combination(site, name, user, status):
    """H06, H07, H08, H09, H10: every dimension asked has to pass."""
    answer = site.get(page(name), headers=FETCH,
                      bearer=None if user == "nobody" else site.mint.session(PEOPLE[user]))
    assert answer.status == status
    if status == 200:
        assert answer.text == name
        assert seen(answer).denied_by is None
    elif status == 403:
        site.log.expect(BEFORE if name in WITHOUT_USER else DENIAL, times=1)
    assert ("WWW-Authenticate" in answer) == (status == 401)


@pytest.mark.parametrize("fva, status", [([0, 9], 200), ([0, 10], 403)])
def test_permission_with_reverification(httpd, _standin_program, fva, status):
    """H09: one passes, the other fails."""
    site = ClerkSite(httpd, production(_standin_program), sections=protected(
        "/app", block("RequireAll", "Require clerk-permission invoices:read",
                      "Require clerk-reverification strict")))
    assert site.get(bearer=site.mint.session(MEMBER, fva=fva)).status == status
    assert site.get(bearer=site.mint.session(SOLO, fva=fva)).status == 403
    site.log.expect(DENIAL, times=1 if status == 200 else None)


# ---------------------------------------------------------------- sections

OUTER = protected("/app", "Require clerk-org acme")
INNER = "<Location /app/page.txt>\n{merging}\nRequire clerk-impersonated\n</Location>"


@pytest.mark.parametrize("merging, statuses", [
    ("", {"impersonated": 200, "member": 403, "solo": 403}),
    ("AuthMerging Off", {"impersonated": 200, "member": 403, "solo": 403}),
    ("AuthMerging And", {"impersonated": 200, "member": 403, "solo": 403}),
    ("AuthMerging Or", {"impersonated": 200, "member": 200, "solo": 403}),
])
def test_auth_merging(httpd, _standin_program, merging, statuses):
    site = ClerkSite(httpd, production(_standin_program),
                     sections=OUTER + "\n" + INNER.format(merging=merging))
    for user, status in statuses.items():
        token = site.mint.session(PEOPLE[user])
        assert site.get(bearer=token).status == status, user
    # an impersonated somebody of no organization shows And
    acting = site.mint.session(SOLO, act={"sub": "user_1"})
    assert site.get(bearer=acting).status == (403 if merging.endswith("And") else 200)
    assert site.get(headers=FETCH).status == 401
    site.log.expect(DENIAL)


def test_the_line_that_decided_is_named(httpd, _standin_program):
    """The last one asked, as it is written in the configuration."""
    site = ClerkSite(httpd, production(_standin_program), sections=protected(
        "/app", block("RequireAll", "Require   valid-user", "Require clerk-org  acme",
                      'Require not  clerk-claim "tier:very bad"',
                      block("RequireAny", "Require clerk-role owner",
                            "Require clerk-role  'admin'"))))
    for user, claims, line in (
            (SOLO, {}, "Require clerk-org  acme"),
            (ADMIN, {"tier": "very bad"}, 'Require not  clerk-claim "tier:very bad"'),
            (MEMBER, {}, "Require clerk-role  'admin'")):
        answer = site.get(bearer=site.mint.session(user, **claims))
        assert (answer.status, seen(answer).denied_by) == (403, line)
    answer = site.get(bearer=site.mint.session(ADMIN))
    assert (answer.status, seen(answer).denied_by) == (200, None)
    site.log.expect(DENIAL, times=3)


def test_lines_of_httpd_are_named_too(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), sections="\n".join([
        protected("/app", f"Require user  {ADMIN.id}"),
        protected("/index.txt", "Require valid-user")]))
    answer = site.get(bearer=site.mint.session(MEMBER))
    assert (answer.status, seen(answer).denied_by) == (403, f"Require user  {ADMIN.id}")
    answer = site.get("/index.txt", headers=FETCH)
    assert (answer.status, seen(answer).denied_by) == (401, "Require valid-user")
    site.log.expect(DENIAL, times=1)


def test_alias_of_a_provider(httpd, _standin_program):
    """<AuthzProviderAlias> gives a line a name of its own."""
    site = ClerkSite(httpd, production(_standin_program),
                     '<AuthzProviderAlias clerk-role staff "org:admin org:member">',
                     "</AuthzProviderAlias>", sections=protected("/app", "Require staff"))
    assert site.get(bearer=site.mint.session(MEMBER)).status == 200
    assert site.get(bearer=site.mint.session(SOLO)).status == 403
    assert site.get(headers=FETCH).status == 401
    site.log.expect(DENIAL, times=1)


def test_user_of_another_auth_type_has_no_session(httpd, _standin_program):
    """Require clerk-… under AuthType Basic: nobody has a Clerk session there."""
    site = ClerkSite(httpd, production(_standin_program), modules=["auth_basic"], sections="""
<Location /app>
    AuthType Basic
    AuthName x
    AuthUserFile "${RUN}/../passwords"
    Require clerk-org
</Location>
<Location /app/open>
    Require valid-user
</Location>""")
    site.httpd.file("passwords", "sol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", 0o644)   # "password"
    site.httpd.write("app/open", "open")
    basic = {"Authorization": "Basic c29sOnBhc3N3b3Jk"}
    cookies = site.cookies(site.mint.session(MEMBER))
    answer = site.get("/app/open", headers=basic, cookies=cookies)
    assert (answer.status, seen(answer).user, seen(answer).status) == (200, None, None)
    assert site.get(headers=basic, cookies=cookies).status in (401, 403)
    assert site.get(cookies=cookies).status == 401
    site.log.expect(DENIAL, times=1)
