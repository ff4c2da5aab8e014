# SPDX-License-Identifier: Apache-2.0 - values of Require lines that are worked out for each request
from __future__ import annotations

import pytest

from clerk_site import FETCH, ClerkSite, production, seen
from standin.users import ACME, ADMIN, MEMBER, SOLO

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    site = ClerkSite(module_httpd, production(_standin_program), modules=["rewrite"], sections=r"""
SetEnvIf X-Slug "^(.+)$" SLUG_OF_HEADER=$1
SetEnv SLUG_TOO_LATE acme
<Location />
    AuthType Clerk
    AuthName x
</Location>
<LocationMatch "^/orgs/(?<SLUG>[^/]+)">
    Require clerk-org %{env:MATCH_SLUG}
</LocationMatch>
<LocationMatch "^/roles/(?<ROLE>[^/]+)/">
    Require clerk-role "org:%{env:MATCH_ROLE}"
</LocationMatch>
<Location /header>
    Require clerk-org %{req:X-Org}
</Location>
<Location /several>
    Require clerk-org %{req:X-Org} %{req:X-Other-Org}
</Location>
<Location /mixed>
    Require clerk-permission %{req:X-Feature}:%{req:X-Permission}
</Location>
<Location /feature>
    Require clerk-feature %{req:X-Feature}
</Location>
<Location /plan>
    Require clerk-plan %{req:X-Plan}
</Location>
<Location /level>
    Require clerk-reverification %{req:X-Level}
</Location>
<Location /type>
    Require clerk-token-type %{req:X-Type}
</Location>
<Location /claim>
    Require clerk-claim tier:%{req:X-Tier}
</Location>
<Location /setenvif>
    Require clerk-org %{reqenv:SLUG_OF_HEADER}
</Location>
<Location /setenv>
    Require clerk-org %{reqenv:SLUG_TOO_LATE}
</Location>
<Location /lower>
    Require clerk-org %{tolower:ACME}
</Location>
<Location /user>
    Require clerk-claim owner:%{REMOTE_USER}
</Location>
<Location /not>
    <RequireAll>
        Require valid-user
        Require not clerk-org %{req:X-Org}
    </RequireAll>
</Location>
""")
    for name in ("orgs/acme/x", "orgs/other/x", "roles/admin/x", "roles/member/x",
                 "roles/editor/x", "header", "several", "mixed", "feature", "plan", "level",
                 "type", "claim", "setenvif", "setenv", "lower", "user", "not"):
        site.httpd.write(name, name)
    return site


GRANTS = [
    ("/orgs/acme/x", MEMBER, {}, {}),
    ("/orgs/%61cme/x", MEMBER, {}, {}),
    ("/roles/admin/x", ADMIN, {}, {}),
    ("/roles/member/x", MEMBER, {}, {}),
    ("/header", MEMBER, {"X-Org": "acme"}, {}),
    ("/header", MEMBER, {"X-Org": ACME.id}, {}),
    ("/several", MEMBER, {"X-Org": "other", "X-Other-Org": "acme"}, {}),
    ("/several", MEMBER, {"X-Other-Org": "acme"}, {}),
    ("/mixed", MEMBER, {"X-Feature": "invoices", "X-Permission": "read"}, {}),
    ("/feature", MEMBER, {"X-Feature": "org:reports"}, {}),
    ("/plan", MEMBER, {"X-Plan": "team"}, {}),
    ("/level", MEMBER, {"X-Level": "strict"}, {}),
    ("/level", MEMBER, {"X-Level": "first_factor:1"}, {}),
    ("/type", MEMBER, {"X-Type": "session_token"}, {}),
    ("/claim", MEMBER, {"X-Tier": "gold"}, {"tier": "gold"}),
    ("/setenvif", MEMBER, {"X-Slug": "acme"}, {}),
    ("/lower", MEMBER, {}, {}),
    ("/user", MEMBER, {}, {"owner": MEMBER.id}),
    ("/not", MEMBER, {"X-Org": "other"}, {}),
]

DENIES = [
    ("/orgs/other/x", MEMBER, {}, {}),
    ("/orgs/acme/x", SOLO, {}, {}),
    ("/roles/editor/x", MEMBER, {}, {}),
    ("/header", MEMBER, {}, {}),
    ("/header", MEMBER, {"X-Org": ""}, {}),
    ("/header", MEMBER, {"X-Org": "other"}, {}),
    ("/header", MEMBER, {"X-Org": "acme other"}, {}),   # one value, not two
    ("/header", MEMBER, {"X-Org": '"acme"'}, {}),
    ("/header", MEMBER, {"X-Org": "%{tolower:ACME}"}, {}),   # no expression of the client's
    ("/header", SOLO, {}, {}),
    ("/several", MEMBER, {"X-Org": "other"}, {}),
    ("/mixed", MEMBER, {"X-Feature": "invoices"}, {}),
    ("/mixed", MEMBER, {"X-Permission": "read"}, {}),
    ("/mixed", MEMBER, {"X-Feature": "invoices", "X-Permission": "delete"}, {}),
    ("/feature", MEMBER, {"X-Feature": "foo:reports"}, {}),   # H13: no scope of a question
    ("/feature", MEMBER, {"X-Feature": "ou:reports"}, {}),
    ("/feature", MEMBER, {"X-Feature": "o:"}, {}),
    ("/feature", MEMBER, {"X-Feature": "o:reports:x"}, {}),
    ("/feature", MEMBER, {}, {}),
    ("/plan", MEMBER, {"X-Plan": "gold"}, {}),
    ("/level", MEMBER, {"X-Level": "strict"}, {"fva": [10, -1]}),
    # H25: a level or an age that there is not
    ("/level", MEMBER, {"X-Level": "strictest"}, {}),
    ("/level", MEMBER, {"X-Level": "third_factor:10"}, {}),
    ("/level", MEMBER, {"X-Level": "second_factor:0"}, {}),
    ("/level", MEMBER, {"X-Level": "second_factor:-1"}, {}),
    ("/level", MEMBER, {"X-Level": "second_factor:"}, {}),
    ("/level", MEMBER, {"X-Level": "second_factor"}, {}),
    ("/level", MEMBER, {}, {}),
    ("/type", MEMBER, {"X-Type": "api_key"}, {}),
    ("/type", MEMBER, {}, {}),
    ("/claim", MEMBER, {"X-Tier": "gold"}, {"tier": "silver"}),
    ("/claim", MEMBER, {}, {"tier": ""}),   # nothing denies, even what is nothing
    ("/claim", MEMBER, {}, {}),
    ("/setenvif", MEMBER, {}, {}),
    ("/setenv", MEMBER, {}, {}),   # mod_env sets its variables after authorization
    ("/user", MEMBER, {}, {"owner": ADMIN.id}),
    ("/not", MEMBER, {"X-Org": "acme"}, {}),
]


def labels(rows):
    return [f"{target} {user.key} {headers or ''} {claims or ''}"
            for target, user, headers, claims in rows]


@pytest.mark.parametrize("target, user, headers, claims", GRANTS, ids=labels(GRANTS))
def test_grants(site, target, user, headers, claims):
    answer = site.get(target, headers=headers, bearer=site.mint.session(user, **claims))
    assert answer.status == 200
    assert seen(answer).user == user.id


@pytest.mark.parametrize("target, user, headers, claims", DENIES, ids=labels(DENIES))
def test_denies(site, target, user, headers, claims):
    """H13, H25: what can be asked at request time only, and must then hold no more."""
    site.log.expect(DENIAL, times=1)
    answer = site.get(target, headers=headers, bearer=site.mint.session(user, **claims))
    assert answer.status == 403


@pytest.mark.parametrize("target", sorted({row[0] for row in GRANTS + DENIES}))
def test_nobody_is_refused(site, target):
    """Whatever the headers make of the line."""
    for headers in (FETCH, {**FETCH, "X-Org": "acme", "X-Slug": "acme", "X-Tier": "gold"}):
        assert site.get(target, headers=headers).status == 401


@pytest.mark.sanitize
def test_the_line_is_named_as_written(site):
    """Not as worked out: what a client sends gets into no log by that."""
    site.log.expect(DENIAL, times=1)
    answer = site.get("/header", headers={"X-Org": "other"}, bearer=site.mint.session(MEMBER))
    assert (answer.status, seen(answer).denied_by) == (403, "Require clerk-org %{req:X-Org}")
    assert "other" not in answer.text


def test_not_with_nothing_denies(site):
    """An expression that yields nothing denies, in a negated line too."""
    site.log.expect(DENIAL, times=1)
    assert site.get("/not", bearer=site.mint.session(MEMBER)).status == 403
