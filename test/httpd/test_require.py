# SPDX-License-Identifier: Apache-2.0 - every Require line of the module: whom it lets in and whom it does not
from __future__ import annotations

import pytest

from clerk_site import FETCH, ClerkSite, production, seen
from standin.tokens import OMIT
from standin.users import ACME, ADMIN, IMPERSONATED, MEMBER, PENDING, SOLO

# mod_authz_core says of each refusal of somebody who is known:
DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
NOT_AUTHORIZED = {"error": "not_authorized",
                  "description": "The signed-in user is not allowed to do this."}

# An organization of the claims' own, smaller than the stand-in's.
PIER = {"id": "org_pier", "slg": "north-pier", "rol": "admin",
        "per": "read,edit,close", "fpm": "5,2,4"}
PIER_FEATURES = "o:boats,u:beta,uo:reports,o:berths"
V1_PIER = {"version": 1, "org_id": "org_pier", "org_slug": "north-pier",
           "org_role": "org:admin", "org_permissions": ["org:boats:read"]}


def pier(**changes):
    """Claims with this organization, its features, and `changes` laid over its members."""
    organization = {name: value for name, value in {**PIER, **changes}.items()
                    if value is not OMIT}
    return {"o": organization, "fea": PIER_FEATURES}


GRANTS = [
    # the line, the user, claims laid over the user's
    ("valid-user", SOLO, {}),
    ("valid-user", MEMBER, {"version": 1}),
    (f"user {SOLO.id}", SOLO, {}),
    (f"user {MEMBER.id} {SOLO.id}", SOLO, {}),

    # H03: `org:` may stand on either side, or on none
    ("clerk-role admin", ADMIN, {}),
    ("clerk-role org:admin", ADMIN, {}),
    ("clerk-role admin", ADMIN, {"version": 1}),
    ("clerk-role org:admin", SOLO, {"version": 1, "org_id": "org_1", "org_role": "admin"}),
    ("clerk-role org:org:admin", SOLO, pier(rol="org:admin")),
    ("clerk-role editor org:admin member", ADMIN, {}),
    ("clerk-role editor org:admin member", MEMBER, {}),

    # H04, and the worked example of decoding
    ("clerk-permission boats:read", SOLO, pier()),
    ("clerk-permission org:boats:read", SOLO, pier()),
    ("clerk-permission org:boats:close", SOLO, pier()),
    ("clerk-permission org:reports:edit", SOLO, pier()),
    ("clerk-permission org:berths:close", SOLO, pier()),
    ("clerk-permission org:boats:edit org:boats:close", SOLO, pier()),
    ("clerk-permission boats:read", SOLO, V1_PIER),
    ("clerk-permission org:invoices:delete", ADMIN, {}),
    ("clerk-permission org:invoices:delete", ADMIN, {"version": 1}),
    # H16's other side: an element that is no text spoils only itself
    ("clerk-permission boats:read", SOLO, {**V1_PIER, "org_permissions": [7, "org:boats:read"]}),

    # H11, H12
    ("clerk-feature x", SOLO, {"fea": "o:x"}),
    ("clerk-feature x", SOLO, {"fea": "u:x"}),
    ("clerk-feature o:x", SOLO, {"fea": "o:x"}),
    ("clerk-feature org:x", SOLO, {"fea": "o:x"}),
    ("clerk-feature organization:x", SOLO, {"fea": "uo:x"}),
    ("clerk-feature user:x", SOLO, {"fea": "uo:x"}),
    ("clerk-feature u:x", SOLO, {"fea": "ou:x"}),
    ("clerk-feature x", SOLO, {"fea": " o:y , u:x "}),
    ("clerk-feature y x", SOLO, {"fea": "u:x"}),
    ("clerk-feature x", SOLO, {"fea": "u:x", "version": 1}),
    ("clerk-plan gold", SOLO, {"pla": "o:gold"}),
    ("clerk-plan user:gold", SOLO, {"pla": "u:gold"}),
    ("clerk-plan org:team", ADMIN, {}),
    ("clerk-plan u:free", ADMIN, {}),

    ("clerk-org", MEMBER, {}),
    ("clerk-org", MEMBER, {"version": 1}),
    ("clerk-org acme", MEMBER, {}),
    (f"clerk-org {ACME.id}", MEMBER, {}),
    ("clerk-org other acme", MEMBER, {"version": 1}),

    # the limit itself is too old
    ("clerk-reverification strict", SOLO, {"fva": [0, 9]}),
    ("clerk-reverification strict", SOLO, {"fva": [99, 9]}),
    ("clerk-reverification strict", SOLO, {"fva": [9, -1]}),
    ("clerk-reverification strict", SOLO, {"fva": [-1, 9]}),
    ("clerk-reverification strict_mfa", SOLO, {"fva": [9, 9]}),
    ("clerk-reverification strict_mfa", SOLO, {"fva": [5, -1]}),
    ("clerk-reverification moderate", SOLO, {"fva": [-1, 59]}),
    ("clerk-reverification lax", SOLO, {"fva": [-1, 1439]}),
    ("clerk-reverification first_factor:30", SOLO, {"fva": [29, -1]}),
    ("clerk-reverification first_factor:30", SOLO, {"fva": [29, 99]}),
    ("clerk-reverification second_factor:1", SOLO, {"fva": [9, 0]}),
    ("clerk-reverification multi_factor:10", SOLO, {"fva": [9, 9]}),

    ("clerk-token-type session_token", SOLO, {}),
    ("clerk-token-type api_key session_token", SOLO, {}),

    ("clerk-claim tier:gold", SOLO, {"tier": "gold"}),
    ("clerk-claim metadata.plan:gold", SOLO, {"metadata": {"plan": "gold"}}),
    ("clerk-claim tier:silver tier:gold", SOLO, {"tier": "gold"}),
    ("clerk-claim level:42", SOLO, {"level": 42}),
    ("clerk-claim level:-1.5", SOLO, {"level": -1.5}),
    ("clerk-claim level:9007199254740993", SOLO, {"level": 9007199254740993}),
    ("clerk-claim beta:true", SOLO, {"beta": True}),
    ("clerk-claim beta:false", SOLO, {"beta": False}),
    ("clerk-claim beta:null", SOLO, {"beta": None}),
    ("clerk-claim note:", SOLO, {"note": ""}),
    ("clerk-claim url:http://a/?b:c", SOLO, {"url": "http://a/?b:c"}),
    ('clerk-claim "unit:Human Resources"', SOLO, {"unit": "Human Resources"}),
    ("clerk-claim name:José", SOLO, {"name": "José"}),
    ("clerk-claim groups:staff", SOLO, {"groups": ["board", "staff"]}),
    ("clerk-claim groups:7", SOLO, {"groups": [{"a": "7"}, 7]}),
    ("clerk-claim a.b.c:x", SOLO, {"a": {"b": {"c": ["x"]}}}),
    (r"clerk-claim email~@acme\.example$", SOLO, {"email": "sol@acme.example"}),
    ("clerk-claim groups~^st", SOLO, {"groups": ["board", "staff"]}),
    ("clerk-claim level~^4", SOLO, {"level": 42}),
    ("clerk-claim a~b:c", SOLO, {"a": "ab:cd"}),

    ("clerk-impersonated", IMPERSONATED, {}),
    ("clerk-impersonated", IMPERSONATED, {"version": 1}),
    # whatever its shape: the token says that somebody acts for the user
    ("clerk-impersonated", SOLO, {"act": {}}),
    ("clerk-impersonated", SOLO, {"act": {"sub": 5}}),
]

DENIES = [
    (f"user {SOLO.id}", MEMBER, {}),
    (f"user {SOLO.id.lower()}", SOLO, {}),

    # H03, H05
    ("clerk-role admin", MEMBER, {}),
    ("clerk-role admin", SOLO, {}),
    ("clerk-role Admin", ADMIN, {}),
    ("clerk-role adm", ADMIN, {}),
    ("clerk-role admins", ADMIN, {}),
    ("clerk-role editor member", ADMIN, {}),
    ("clerk-role admin", SOLO, pier(rol="")),
    ("clerk-role admin", SOLO, pier(rol=OMIT)),
    ("clerk-role admin", SOLO, pier(id=OMIT)),
    ("clerk-role admin", SOLO, pier(rol=["admin"])),
    ("clerk-role admin", SOLO, {"org_id": "org_1", "org_role": "org:admin"}),   # of v1, in v2
    ("clerk-role admin", SOLO, {"version": 1, "org_role": "org:admin"}),
    ("clerk-role admin", SOLO, {"v": "2", "o": PIER}),
    ("clerk-role admin", SOLO, {"v": 3, "o": PIER}),

    ("clerk-permission org:boats:edit", SOLO, pier()),
    ("clerk-permission org:reports:read", SOLO, pier()),
    ("clerk-permission org:berths:read", SOLO, pier()),
    ("clerk-permission org:beta:read", SOLO, pier()),
    ("clerk-permission org:Boats:read", SOLO, pier()),
    ("clerk-permission boats:read", SOLO, pier(id=OMIT)),
    ("clerk-permission boats:read", SOLO, pier(per=OMIT)),
    ("clerk-permission boats:read", SOLO, pier(fpm=OMIT)),
    ("clerk-permission boats:read", SOLO, pier(fpm="5x,2,4")),
    ("clerk-permission boats:read", SOLO, pier(fpm="-1")),
    ("clerk-permission boats:read", SOLO, pier(fpm=5)),
    ("clerk-permission boats:read", SOLO, {"o": PIER, "fea": "o:boats,"}),
    ("clerk-permission boats:read", SOLO, {"o": PIER, "fea": "boats"}),
    ("clerk-permission boats:read", SOLO, {"o": PIER, "fea": "u:boats"}),
    ("clerk-permission boats:read", SOLO, {"o": PIER}),
    # H16
    ("clerk-permission boats:read", SOLO, {**V1_PIER, "org_permissions": "org:boats:read"}),
    ("clerk-permission boats:read", SOLO, {**V1_PIER, "org_permissions": {"0": "org:boats:read"}}),
    ("clerk-permission boats:read", SOLO, {**V1_PIER, "org_id": OMIT}),
    ("clerk-permission boats:read", SOLO, {"org_id": "org_1", "org_permissions":
                                           ["org:boats:read"]}),

    # H11, H14, H15
    ("clerk-feature u:x", SOLO, {"fea": "o:x"}),
    ("clerk-feature org:x", SOLO, {"fea": "u:x"}),
    ("clerk-feature x", SOLO, {"fea": OMIT}),
    ("clerk-feature x", SOLO, {"fea": ""}),
    ("clerk-feature x", SOLO, {"fea": ["o:x"]}),
    ("clerk-feature x", SOLO, {"fea": "o:x,"}),
    ("clerk-feature x", SOLO, {"fea": "o:x,y"}),
    ("clerk-feature x", SOLO, {"fea": "z:x"}),
    ("clerk-feature x", SOLO, {"fea": "o:X"}),
    ("clerk-feature x", SOLO, {"pla": "o:x"}),
    ("clerk-plan free", SOLO, {"pla": OMIT}),
    ("clerk-plan free", SOLO, {"pla": "free,pro"}),
    ("clerk-plan org:free", ADMIN, {}),
    ("clerk-plan free", SOLO, {"fea": "u:free"}),

    ("clerk-org", SOLO, {}),
    ("clerk-org", SOLO, pier(id="")),
    ("clerk-org", SOLO, {"o": "org_1"}),
    ("clerk-org other", MEMBER, {}),
    ("clerk-org Acme", MEMBER, {}),
    ("clerk-org north-pier", SOLO, pier(id=OMIT)),

    ("clerk-reverification strict", SOLO, {"fva": [0, 10]}),
    ("clerk-reverification strict", SOLO, {"fva": [10, -1]}),
    ("clerk-reverification strict_mfa", SOLO, {"fva": [11, 9]}),
    ("clerk-reverification strict_mfa", SOLO, {"fva": [9, 11]}),
    ("clerk-reverification strict_mfa", SOLO, {"fva": [-1, 5]}),
    ("clerk-reverification moderate", SOLO, {"fva": [0, 60]}),
    ("clerk-reverification lax", SOLO, {"fva": [0, 1440]}),
    ("clerk-reverification first_factor:30", SOLO, {"fva": [30, -1]}),
    ("clerk-reverification first_factor:30", SOLO, {"fva": [-1, 3]}),
    # H17, H18, H19
    ("clerk-reverification lax", SOLO, {"fva": OMIT}),
    ("clerk-reverification lax", SOLO, {"fva": [1]}),
    ("clerk-reverification lax", SOLO, {"fva": [1, 2, 3]}),
    ("clerk-reverification lax", SOLO, {"fva": ["1", 2]}),
    ("clerk-reverification lax", SOLO, {"fva": [-2, 1]}),
    ("clerk-reverification lax", SOLO, {"fva": {}}),
    ("clerk-reverification lax", SOLO, {"fva": [-1, -1]}),
    ("clerk-reverification strict_mfa", SOLO, {"fva": [-1, -1]}),
    ("clerk-reverification first_factor:30", SOLO, {"fva": [-1, -1]}),

    ("clerk-token-type api_key m2m_token", SOLO, {}),

    ("clerk-claim tier:gold", SOLO, {}),
    ("clerk-claim tier:gold", SOLO, {"tier": "golden"}),
    ("clerk-claim tier:gold", SOLO, {"tier": "Gold"}),
    ("clerk-claim tier:gold", SOLO, {"tier": {"gold": "gold"}}),
    ("clerk-claim tier:gold", SOLO, {"tier": [["gold"]]}),
    ("clerk-claim metadata.plan:gold", SOLO, {"metadata": {"plan": "free"}, "plan": "gold"}),
    ("clerk-claim metadata.plan:gold", SOLO, {"metadata": "gold"}),
    ("clerk-claim note:", SOLO, {}),
    ("clerk-claim note:", SOLO, {"note": None}),
    ("clerk-claim note:", SOLO, {"note": " "}),
    ("clerk-claim groups:staff", SOLO, {"groups": []}),
    ("clerk-claim beta:true", SOLO, {"beta": 1}),
    ("clerk-claim email~^sol@", SOLO, {"email": "x-sol@acme.example"}),
    ("clerk-claim email~.", SOLO, {}),
    ("clerk-claim email~.", SOLO, {"email": {"a": "b"}}),

    ("clerk-impersonated", MEMBER, {}),
    ("clerk-impersonated", MEMBER, {"act": None}),
]

LINES = sorted({line for line, _, _ in GRANTS + DENIES})


def page(line: str) -> str:
    return f"/r/{LINES.index(line)}.txt"


def labels(rows):
    return [f"{line} | {user.key} {claims or ''}" for line, user, claims in rows]


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    sections = "\n".join(
        f"<Location {page(line)}>\nAuthType Clerk\nAuthName x\nRequire {line}\n</Location>\n"
        f"<Location {page(line)}.not>\nAuthType Clerk\nAuthName x\n<RequireAll>\n"
        f"Require valid-user\nRequire not {line}\n</RequireAll>\n</Location>"
        for line in LINES)
    site = ClerkSite(module_httpd, production(_standin_program), sections=sections)
    for line in LINES:
        site.httpd.write(page(line).lstrip("/"), line)
        site.httpd.write(page(line).lstrip("/") + ".not", f"not {line}")
    return site


def is_let_in(site, target, user, claims, text):
    answer = site.get(target, bearer=site.mint.session(user, **claims))
    assert (answer.status, answer.text) == (200, text)
    assert (seen(answer).user, seen(answer).denied_by) == (user.id, None)
    assert "WWW-Authenticate" not in answer


def is_refused(site, target, user, claims, line):
    answer = site.get(target, bearer=site.mint.session(user, **claims))
    assert answer.status == 403
    assert (seen(answer).status, seen(answer).reason) == ("signed-in", None)
    # http.client reads header fields as Latin-1
    assert seen(answer).denied_by.encode("latin-1").decode() == f"Require {line}"
    assert "WWW-Authenticate" not in answer
    asks_twice = "clerk-reverification" in line   # whether that is all that fails
    if not asks_twice:
        assert answer.json() == NOT_AUTHORIZED
    site.log.expect(DENIAL, times=None if asks_twice else 1)


@pytest.mark.parametrize("line, user, claims", GRANTS, ids=labels(GRANTS))
def test_grants(site, line, user, claims):
    """H03, H04, H11, H12, H20, H21, H22, H23, H24: and `Require not` refuses the same."""
    is_let_in(site, page(line), user, claims, line)
    if line != "valid-user":
        is_refused(site, page(line) + ".not", user, claims, f"not {line}")


@pytest.mark.parametrize("line, user, claims", DENIES, ids=labels(DENIES))
def test_denies(site, line, user, claims):
    """H03, H05, H11, H14, H15, H16, H17, H18, H19, H20, H21, H22, H23, H24: and
    `Require not` grants instead."""
    is_refused(site, page(line), user, claims, line)
    is_let_in(site, page(line) + ".not", user, claims, f"not {line}")


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("negated", [False, True], ids=["", "not"])
def test_nobody_is_refused(site, line, negated):
    """H02: whatever is asked, or asked not to be."""
    site.refused("session-token-and-uat-missing", carrier="none", headers=FETCH,
                 target=page(line) + (".not" if negated else ""))


@pytest.mark.parametrize("line", ["valid-user", "clerk-claim tier:gold", "clerk-org acme"])
def test_pending_is_refused(site, line):
    """A11 under the default: a session with a task left is nobody's, whatever it claims."""
    answer = site.refused("session-pending", target=page(line),
                          bearer=site.mint.session(MEMBER, sts="pending", tier="gold"))
    assert seen(answer).session is None
    assert site.get(page(line), bearer=site.mint.session(PENDING)).status == 401


@pytest.mark.sanitize
def test_one_of_each(site):
    """Every provider once, both ways, in one go."""
    granted = {line.split()[0]: (line, user, claims) for line, user, claims in GRANTS}
    denied = {line.split()[0]: (line, user, claims) for line, user, claims in DENIES}
    for line, user, claims in granted.values():
        assert site.get(page(line), bearer=site.mint.session(user, **claims)).status == 200
    for line, user, claims in denied.values():
        assert site.get(page(line), bearer=site.mint.session(user, **claims)).status == 403
    site.log.expect(DENIAL)


@pytest.mark.parametrize("switch", ["On", "Off"])
def test_forbidden_whatever_httpd_would_say(httpd, _standin_program, switch):
    """Without the module's own answer, AuthzSendForbiddenOnFailure Off means 401."""
    site = ClerkSite(httpd, production(_standin_program), sections=f"""
<Location /app>
    AuthType Clerk
    AuthName x
    AuthzSendForbiddenOnFailure {switch}
    Require clerk-role admin
</Location>""")
    is_let_in(site, "/app/page.txt", ADMIN, {}, "for members\n")
    is_refused(site, "/app/page.txt", MEMBER, {}, "clerk-role admin")
    assert site.get(headers=FETCH).status == 401


REMOTE_USERS = [
    ("user sol@acme.example", {"email": "sol@acme.example"}, 200),
    ("user other@acme.example sol@acme.example", {"email": "sol@acme.example"}, 200),
    (f"user {SOLO.id}", {"email": "sol@acme.example"}, 403),   # no longer what it is compared with
]


@pytest.mark.parametrize("line, claims, status", REMOTE_USERS)
def test_user_is_what_clerk_remote_user_chose(httpd, _standin_program, line, claims, status):
    site = ClerkSite(httpd, production(_standin_program), sections=f"""
<Location /app>
    AuthType Clerk
    AuthName x
    ClerkRemoteUser email
    Require {line}
</Location>""")
    assert site.get(bearer=site.mint.session(SOLO, **claims)).status == status
    if status == 403:
        site.log.expect(DENIAL, times=1)


@pytest.mark.parametrize("user, status", [(MEMBER, 200), (SOLO, 403)])
def test_pending_may_be_let_in(httpd, _standin_program, user, status):
    """A11 with ClerkTreatPendingAsSignedOut Off: then lines are asked as ever."""
    site = ClerkSite(httpd, production(_standin_program), sections="""
<Location /app>
    AuthType Clerk
    AuthName x
    ClerkTreatPendingAsSignedOut Off
    Require clerk-org acme
</Location>""")
    answer = site.get(bearer=site.mint.session(user, sts="pending"))
    assert (answer.status, seen(answer).status) == (status, "signed-in")
    if status == 403:
        site.log.expect(DENIAL, times=1)
