# SPDX-License-Identifier: Apache-2.0 - what the application learns of who is asking
"""Every name, in the environment of a CGI program and in the header of a proxied request."""
from __future__ import annotations

import json

import pytest

from clerk_site import FETCH, NAVIGATION, ClerkSite, production
from error_log import poll
from standin.tokens import OMIT, decode
from standin.users import ACME, ADMIN, IMPERSONATED, MEMBER, PENDING, SOLO
from upstream import Upstream

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "

SECTION = """
<Location {0}>
    AuthType Clerk
    AuthName x
    Require valid-user
    {1}
</Location>
"""
PROXY = 'ProxyPass /up/ "${UP}/"\n'


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


def site_with(start, standin, application, *lines, section=""):
    """A CGI program and a proxied application, both protected, at /cgi/env and /up/."""
    site = ClerkSite(start, production(standin), *lines, modules=["cgid", "proxy_http"],
                     defines={"UP": application.url},
                     sections=PROXY + SECTION.format("/", section))
    site.httpd.environment_script()
    return site


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    return site_with(module_httpd, _standin_program, application)


def header_name(name: str) -> str:
    return "X-" + "-".join(word.capitalize() for word in name.split("_"))


def environment(site, token, **how):
    """The names this module sets for a CGI program, and those of CGI itself."""
    answer = site.get("/cgi/env", bearer=token, **how)
    assert answer.status == 200
    names = answer.json()
    return {name: value for name, value in names.items()
            if name.startswith("CLERK_") or name in ("REMOTE_USER", "AUTH_TYPE")}


def headers(site, token, **how):
    """The X-Clerk- header fields that a proxied application gets; each comes once."""
    answer = site.get("/up/page", bearer=token, **how)
    assert answer.status == 200
    fields = [(name, value) for name, value in answer.json()["headers"]
              if name.lower().startswith("x-clerk-")]
    assert len(dict(fields)) == len(fields)
    return dict(fields)


COMMON = {"CLERK_TOKEN_TYPE": "session_token", "CLERK_AUTH_STATUS": "signed-in"}
MEMBER_V1 = {**COMMON, "CLERK_USER_ID": MEMBER.id, "CLERK_SESSION_ID": MEMBER.session_id,
             "CLERK_SESSION_STATUS": "active", "CLERK_ORG_ID": ACME.id, "CLERK_ORG_SLUG": "acme",
             "CLERK_ORG_ROLE": "org:member",
             "CLERK_ORG_PERMISSIONS": "org:invoices:read,org:reports:read",
             "CLERK_FACTOR_VERIFICATION_AGE": "0,-1"}
MEMBER_V2 = {**MEMBER_V1, "CLERK_FEATURES": "u:dashboard,o:invoices,o:reports",
             "CLERK_PLANS": "u:free,o:team"}
# P01: nothing of an organization where there is none
SOLO_V2 = {**COMMON, "CLERK_USER_ID": SOLO.id, "CLERK_SESSION_ID": SOLO.session_id,
           "CLERK_SESSION_STATUS": "active", "CLERK_FACTOR_VERIFICATION_AGE": "0,-1"}


def solo(**changes):
    return {**SOLO_V2, **changes}


PIER = {"id": "org_pier", "slg": "north-pier", "rol": "admin",
        "per": "read,edit,close", "fpm": "5,2,4"}
PIER_SEEN = {"CLERK_ORG_ID": "org_pier", "CLERK_ORG_SLUG": "north-pier",
             "CLERK_ORG_ROLE": "org:admin"}


def organization(permissions, features, **changes):
    """Claims of an organization, and the names that come of them."""
    members = {name: value for name, value in {**PIER, **changes}.items() if value is not OMIT}
    expected = solo(**PIER_SEEN)
    if permissions:
        expected["CLERK_ORG_PERMISSIONS"] = ",".join(permissions)
    if features:
        expected["CLERK_FEATURES"] = features
    return {"o": members, **({"fea": features} if features else {})}, expected


MANY = ",".join(f"p{n}" for n in range(54))
ONE = "o:a"


def many(mask, *bits):
    return organization([f"org:a:p{n}" for n in bits], ONE, per=MANY, fpm=mask)


CASES = {
    "v2": (MEMBER, {}, MEMBER_V2),
    # P02
    "v1": (MEMBER, {"version": 1}, MEMBER_V1),
    "P01 no organization": (SOLO, {}, SOLO_V2),
    "no organization, v1": (SOLO, {"version": 1}, SOLO_V2),
    "P01 v1 fields in v2": (SOLO, {"org_id": "org_1", "org_role": "org:admin", "org_slug": "s",
                                   "org_permissions": ["org:a:b"]}, SOLO_V2),
    "P03 P04 no role": (SOLO, {"o": {"id": "org_1", "slg": "one"}},
                        solo(CLERK_ORG_ID="org_1", CLERK_ORG_SLUG="one")),
    "P05 v is a text": (SOLO, {"v": "2", "o": PIER, "org_id": "org_1"},
                        solo(CLERK_ORG_ID="org_1")),
    "P05 v is 3": (SOLO, {"v": 3, "o": PIER, "org_id": "org_1", "org_slug": "one"},
                   solo(CLERK_ORG_ID="org_1", CLERK_ORG_SLUG="one")),
    "v1 without prefix": (SOLO, {"version": 1, "org_id": "org_1", "org_role": "admin"},
                          solo(CLERK_ORG_ID="org_1", CLERK_ORG_ROLE="org:admin")),
    "P06": (SOLO, *organization([], "o:boats", per=OMIT, fpm=OMIT)),
    "P07": (SOLO, *organization(["org:boats:read", "org:boats:close", "org:reports:edit",
                                 "org:berths:close"], "o:boats,u:beta,uo:reports,o:berths")),
    "P08": (SOLO, *organization(["org:reservations:manage", "org:support-chat:read",
                                 "org:support-chat:manage"],
                                "o:reservations,u:dashboard,uo:support-chat,o:impersonation",
                                per="read,manage", fpm="2,3")),
    "P09": (SOLO, *organization(["org:impersonation:read", "org:memberships:read",
                                 "org:memberships:manage"], "o:impersonation,o:memberships",
                                per="read,manage", fpm="1,3")),
    "P10": (SOLO, *organization(["org:a:read", "org:a:update", "org:c:manage", "org:c:read"],
                                "o:a,o:b,o:c", per="manage,read,update", fpm="6,0,3")),
    "P11": (SOLO, *organization(["org:a:read", "org:a:create", "org:a:update", "org:b:read",
                                 "org:b:update", "org:b:revoke"], "o:a,o:b",
                                per="read,create,update,delete,revoke", fpm="7,21")),
    "P12": (SOLO, *many("9007199254740993", 0, 53)),
    "P13": (SOLO, *many("9007199254740995", 0, 1, 53)),
    "P14": (SOLO, *many("18014398509481984")),
    "P15": (SOLO, *organization(["org:d:read"], "o:a,o:b,o:c,o:d", per="read",
                                fpm="1invalid,-1,1.5,1")),
    "P16": (SOLO, *organization(["org:a:read"], "o:a,o:b", per="read", fpm="1")),
    "P17": (SOLO, *organization(["org:a:read"], "o:a", per="read", fpm="1,1,1")),
    "P19": (SOLO, *organization(["org:a:read", "org:b:edit"], "o:a , o:b",
                                per=" read , edit ", fpm=" 1 , 2 ")),
    "P20 actor": (IMPERSONATED, {}, {**MEMBER_V2, "CLERK_USER_ID": IMPERSONATED.id,
                                     "CLERK_SESSION_ID": IMPERSONATED.session_id,
                                     "CLERK_FEATURES": "o:invoices,o:reports",
                                     "CLERK_PLANS": "o:team",
                                     "CLERK_ACTOR": IMPERSONATED.actor["sub"]}),
    "no fva": (SOLO, {"fva": OMIT}, {name: value for name, value in SOLO_V2.items()
                                     if name != "CLERK_FACTOR_VERIFICATION_AGE"}),
    "bad fva": (SOLO, {"fva": ["1", 2]}, {name: value for name, value in SOLO_V2.items()
                                          if name != "CLERK_FACTOR_VERIFICATION_AGE"}),
    "ages": (SOLO, {"fva": [1439, 0]}, solo(CLERK_FACTOR_VERIFICATION_AGE="1439,0")),
    "no status": (SOLO, {"sts": OMIT}, {name: value for name, value in SOLO_V2.items()
                                        if name != "CLERK_SESSION_STATUS"}),
    # P18: malformed features are none, plans stay what they are
    "P18 no colon": (SOLO, {"o": PIER, "fea": "boats", "pla": "u:free"},
                     solo(CLERK_PLANS="u:free", **PIER_SEEN)),
    "P18 comma at the end": (SOLO, {"o": PIER, "fea": "o:boats,"}, solo(**PIER_SEEN)),
    "bad plans": (SOLO, {"fea": "u:a", "pla": "free,pro"}, solo(CLERK_FEATURES="u:a")),
    "empty texts": (SOLO, {"fea": "", "pla": "", "sts": "", "o": {"id": "org_1", "slg": "",
                                                                 "rol": ""}},
                    {name: value for name, value in solo(CLERK_ORG_ID="org_1").items()
                     if name != "CLERK_SESSION_STATUS"}),
    "wrong types": (SOLO, {"fea": 1, "pla": [], "sts": {}, "o": {"id": 5, "slg": [], "rol": {}}},
                    {name: value for name, value in SOLO_V2.items()
                     if name != "CLERK_SESSION_STATUS"}),
    "o is no object": (SOLO, {"o": "org_1"}, SOLO_V2),
}


@pytest.mark.sanitize
@pytest.mark.parametrize("user, claims, expected", CASES.values(), ids=CASES)
def test_names(site, user, claims, expected):
    """P01, P02, P03, P04, P05, P06, P07, P08, P09, P10, P11, P12, P13, P14, P15, P16, P17,
    P18, P19, P20: exactly these names and no other; absent values are not set."""
    token = site.mint.session(user, **claims)
    assert environment(site, token) == {**expected, "REMOTE_USER": user.id, "AUTH_TYPE": "Clerk"}
    assert headers(site, token) == {header_name(name): value for name, value in expected.items()}


def test_by_cookie_as_by_header(site):
    token = site.mint.session(MEMBER)
    answer = site.get("/cgi/env", session=token).json()
    assert {name: value for name, value in answer.items() if name.startswith("CLERK_")} == MEMBER_V2


@pytest.mark.all_mpms
def test_with_each_mpm(httpd, _standin_program, application):
    site = site_with(httpd, _standin_program, application)
    for user, expected in ((MEMBER, MEMBER_V2), (SOLO, SOLO_V2)):
        token = site.mint.session(user)
        assert environment(site, token) == {**expected, "REMOTE_USER": user.id,
                                            "AUTH_TYPE": "Clerk"}
        assert len(headers(site, token)) == len(expected)


def test_pending_session_that_is_let_in(httpd, _standin_program, application):
    """Its status is told."""
    site = site_with(httpd, _standin_program, application, "ClerkTreatPendingAsSignedOut Off")
    names = environment(site, site.mint.session(PENDING))
    assert (names["CLERK_SESSION_STATUS"], names["CLERK_USER_ID"]) == ("pending", PENDING.id)


# ---------------------------------------------------------------- ClerkExport

EXPORTS = [
    ("env", True, False), ("headers", False, True), ("env headers", True, True),
    ("headers env", True, True), ("none", False, False),
]


@pytest.mark.parametrize("words, in_environment, in_headers", EXPORTS)
def test_export(httpd, _standin_program, application, words, in_environment, in_headers):
    site = site_with(httpd, _standin_program, application, "ClerkExportClaim sid sid",
                     section=f"ClerkExport {words}")
    token = site.mint.session(MEMBER)
    names = environment(site, token)
    assert (names.pop("REMOTE_USER"), names.pop("AUTH_TYPE")) == (MEMBER.id, "Clerk")
    expected = {**MEMBER_V2, "CLERK_CLAIM_SID": MEMBER.session_id}
    assert names == (expected if in_environment else {})
    fields = headers(site, token)
    assert fields == ({header_name(name): value for name, value in expected.items()}
                      if in_headers else {})
    http_names = {name for name in site.get("/cgi/env", bearer=token).json()
                  if name.startswith("HTTP_X_CLERK")}
    assert http_names == ({f"HTTP_X_{name}" for name in expected} if in_headers else set())


CLAIMS = {"name": "Jos\u00e9 \u2603 \U0001f600", "nested": {"a": [1, None, True, 1.5]},
          "text": "a\r\nb\t\x7f\"\\", "empty": {}}


@pytest.mark.sanitize
@pytest.mark.parametrize("words, in_headers", [("env headers claims", True), ("env claims", False)])
def test_export_of_all_claims(httpd, _standin_program, application, words, in_headers):
    """As JSON of ASCII only; no control character gets into the header."""
    site = site_with(httpd, _standin_program, application, section=f"ClerkExport {words}")
    token = site.mint.session(MEMBER, **CLAIMS)
    names = environment(site, token)
    assert names["CLERK_CLAIMS"].isascii()
    assert json.loads(names["CLERK_CLAIMS"]) == decode(token)[1]
    assert names["CLERK_USER_ID"] == MEMBER.id
    field = headers(site, token).get("X-Clerk-Claims")
    if in_headers:
        assert all(" " <= letter <= "~" for letter in field)
        assert json.loads(field) == decode(token)[1]
    else:
        assert field is None


def test_export_by_section(httpd, _standin_program, application):
    """An inner section takes away what the outer gives, and the other way round."""
    site = site_with(httpd, _standin_program, application, "ClerkExport none",
                     section="</Location>\n<Location /up/told>\nClerkExport headers")
    token = site.mint.session(MEMBER)
    assert headers(site, token) == {}
    told = site.get("/up/told", bearer=token).json()["headers"]
    assert ["X-Clerk-User-Id", MEMBER.id] in told


# ---------------------------------------------------------------- the log

LOG = ('LogFormat "%{X-Number}i %s|%{CLERK_AUTH_STATUS}e|%{CLERK_AUTH_REASON}e|%{CLERK_DENIED_BY}e|'
       '%{CLERK_USER_ID}e|%u" verdict\nCustomLog "${RUN}/access.log" verdict')
LOG_SECTIONS = """
RewriteEngine On
<Location /app>
    AuthType Clerk
    AuthName x
    Require clerk-role admin
    {0}
</Location>
<Location /app/protect>
    ClerkResponses protect
</Location>
<Location /errors/moved>
    RewriteEngine On
    RewriteRule moved$ /errors/page [L]
</Location>
"""
DOCUMENTS = {
    "ours": "",
    "text": 'ErrorDocument 401 "no"\nErrorDocument 403 "no"\nErrorDocument 404 "no"',
    "page": "ErrorDocument 401 /errors/page\nErrorDocument 403 /errors/page\n"
            "ErrorDocument 404 /errors/page",
    "missing page": "ErrorDocument 401 /errors/none\nErrorDocument 403 /errors/none\n"
                    "ErrorDocument 404 /errors/none",
    "rewritten page": "ErrorDocument 401 /errors/moved\nErrorDocument 403 /errors/moved\n"
                      "ErrorDocument 404 /errors/moved",
    "program": "ErrorDocument 401 /cgi/env\nErrorDocument 403 /cgi/env\n"
               "ErrorDocument 404 /cgi/env",
}


@pytest.mark.parametrize("documents", DOCUMENTS.values(), ids=DOCUMENTS)
def test_access_log_says_why(httpd, _standin_program, documents):
    """Reason and line stand in the environment of the request that is logged, also after an
    internal redirect to an error page."""
    site = ClerkSite(httpd, production(_standin_program), LOG, modules=["cgid", "rewrite"],
                     sections=LOG_SECTIONS.format(documents))
    site.httpd.environment_script()
    site.httpd.write("errors/page", "page")
    site.httpd.write("app/admin", "admin")
    member, line = site.mint.session(MEMBER), "Require clerk-role admin"
    asked = [
        ("/app/admin", {"bearer": site.mint.session(ADMIN)},
         f"200|signed-in|-|-|{ADMIN.id}|{ADMIN.id}"),
        ("/app/admin", {"headers": FETCH},
         f"401|signed-out|session-token-and-uat-missing|{line}|-|"),
        ("/app/admin", {"bearer": "a.b"}, f"401|signed-out|token-invalid|{line}|-|"),
        ("/app/admin", {"headers": NAVIGATION},
         f"302|signed-out|session-token-and-uat-missing|{line}|-|"),
        ("/app/admin", {"bearer": site.mint.session(PENDING)},
         f"401|signed-out|session-pending|{line}|-|"),
        ("/app/admin", {"bearer": member}, f"403|signed-in|-|{line}|"),
        ("/app/protect", {"bearer": member}, f"404|signed-in|-|{line}|"),
        ("/app/protect", {"headers": FETCH},
         f"404|signed-out|session-token-and-uat-missing|{line}|-|"),
    ]
    for number, (target, how, _) in enumerate(asked):
        site.get(target, **{**how, "headers": {**how.get("headers", {}), "X-Number": number}})
    log = site.httpd.run / "access.log"
    poll(lambda: len(log.read_text().splitlines()) >= len(asked), 5, "all requests are logged")
    logged = dict(row.split(" ", 1) for row in log.read_text().splitlines())
    site.log.expect(DENIAL, times=2)
    for number, (_, _, expected) in enumerate(asked):
        assert logged[str(number)].startswith(expected)


# ---------------------------------------------------------------- REMOTE_USER

REMOTE_USERS = [
    ("email", {"email": "sol@acme.example"}, "sol@acme.example"),
    ("number", {"number": 42}, "42"),
    ("metadata.login", {"metadata": {"login": "sol"}}, "sol"),
    ("name", {"name": "Sól"}, "Sól"),
    ("sub", {}, SOLO.id),
]
NO_REMOTE_USER = [{}, {"email": ""}, {"email": None}, {"email": True}, {"email": ["a"]},
                  {"email": {"a": "b"}}]


@pytest.mark.parametrize("path, claims, expected", REMOTE_USERS)
def test_remote_user(httpd, _standin_program, application, path, claims, expected):
    site = site_with(httpd, _standin_program, application, section=f"ClerkRemoteUser {path}")
    names = environment(site, site.mint.session(SOLO, **claims))
    assert (names["REMOTE_USER"], names["AUTH_TYPE"]) == (expected, "Clerk")
    assert names["CLERK_USER_ID"] == SOLO.id


def test_without_the_claim_for_remote_user(httpd, _standin_program, application):
    """Nobody passes under a name that is not there."""
    site = site_with(httpd, _standin_program, application, section="ClerkRemoteUser email")
    for claims in NO_REMOTE_USER:
        answer = site.get("/cgi/env", bearer=site.mint.session(SOLO, **claims))
        assert answer.status == 403, claims
