# SPDX-License-Identifier: Apache-2.0 - older ways to say who may: Satisfy, Allow and Deny, <Limit>; and Require not alone
from __future__ import annotations

import pytest

from clerk_site import FETCH, ClerkSite, production, seen
from standin.users import ADMIN, MEMBER, SOLO

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
DENIED = r"AH01797: client denied by server configuration|AH01630: client denied"

# place: lines, and what nobody, a member and an admin get
PLACES = {
    "all, here": ("Satisfy All\nOrder allow,deny\nAllow from 127.0.0.1", 401, 200),
    "all, elsewhere": ("Satisfy All\nOrder allow,deny\nAllow from 192.0.2.1", 403, 403),
    "any, here": ("Satisfy Any\nOrder allow,deny\nAllow from 127.0.0.1", 200, 200),
    "any, elsewhere": ("Satisfy Any\nOrder deny,allow\nDeny from all", 401, 200),
    "limit POST": ("<Limit POST>\nRequire clerk-role admin\n</Limit>", 200, 200),
    "limit GET": ("<Limit GET>\nRequire clerk-role admin\n</Limit>", 401, 403),
    "limit both": ("<Limit GET POST>\nRequire valid-user\n</Limit>\n"
                   "<LimitExcept GET POST>\nRequire all denied\n</LimitExcept>", 401, 200),
    # `Require not` beside what needs nobody: nobody is ever asked who they are
    "not, beside granted": ("<RequireAll>\nRequire all granted\n"
                            "Require not clerk-org acme\n</RequireAll>", 200, 200),
    "not, beside granted, with an address": (
        "<RequireAll>\nRequire ip 127.0.0.1\nRequire not clerk-impersonated\n</RequireAll>",
        200, 200),
    "none, beside granted": ("<RequireAll>\nRequire all granted\n<RequireNone>\n"
                             "Require clerk-org acme\n</RequireNone>\n</RequireAll>", 200, 200),
    # the safe forms
    "not, beside valid-user": ("<RequireAll>\nRequire valid-user\n"
                               "Require not clerk-org acme\n</RequireAll>", 401, 403),
    "not, as an expression": ("<RequireAll>\nRequire all granted\n"
                              "Require not expr \"clerk('org_slug') == 'acme'\"\n</RequireAll>",
                              200, 403),
}


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    sections = "\n".join(f"""<Location /p/{number}>
    AuthType Clerk
    AuthName x
    {'' if 'Require' in lines else 'Require valid-user'}
    {lines}
</Location>""" for number, (lines, *_) in enumerate(PLACES.values()))
    site = ClerkSite(module_httpd, production(_standin_program), sections=sections,
                     modules=["access_compat"])
    for number in range(len(PLACES)):
        site.httpd.write(f"p/{number}", "page")
    return site


@pytest.mark.parametrize("name", PLACES)
def test_who_may(site, name):
    _, nobody, member = PLACES[name]
    target = f"/p/{list(PLACES).index(name)}"
    for token, status in ((None, nobody), (site.mint.session(MEMBER), member)):
        answer = site.get(target, headers=FETCH, bearer=token)
        assert answer.status == status
        assert ("WWW-Authenticate" in answer) == (status == 401)
        if status != 200:
            assert "page" != answer.text
    if 403 in (nobody, member):
        site.log.allow(f"{DENIAL}|{DENIED}")


def test_satisfy_any_by_a_bad_token(site):
    """Who comes from the right address need not be anybody; who shows a bad token from a
    wrong one is nobody."""
    assert site.get("/p/2", headers=FETCH, bearer="a.b").status == 200
    assert site.get("/p/3", headers=FETCH, bearer="a.b").status == 401


def test_methods_of_limit(site):
    site.log.allow(f"{DENIAL}|{DENIED}")
    number = list(PLACES).index("limit POST")
    assert site.request("POST", f"/p/{number}", headers=FETCH).status == 401
    assert site.request("POST", f"/p/{number}", bearer=site.mint.session(MEMBER)).status == 403
    assert site.request("PUT", f"/p/{number}").status == 405      # open, and the file says no
    number = list(PLACES).index("limit both")
    assert site.request("DELETE", f"/p/{number}", bearer=site.mint.session(ADMIN)).status == 403
    assert site.request("HEAD", f"/p/{number}", headers=FETCH).status == 401  # GET includes it


def test_nobody_is_known_where_nobody_is_asked(site):
    """What follows for the application: no user, though a good token was sent."""
    for name in ("not, beside granted", "any, here", "limit POST"):
        answer = site.get(f"/p/{list(PLACES).index(name)}", bearer=site.mint.session(SOLO))
        assert (answer.status, seen(answer).user) == (200, None)
