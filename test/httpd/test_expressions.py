# SPDX-License-Identifier: Apache-2.0 - clerk(NAME) and clerk_list(NAME) wherever httpd has expressions
from __future__ import annotations

import pytest

from clerk_site import FETCH, NAVIGATION, ClerkSite, production, seen
from standin.users import ACME, ADMIN, IMPERSONATED, MEMBER, PENDING, SOLO

BEFORE = r"\[authz_core:error\].*AH01630: client denied by server configuration"
DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
WRONG_PASSWORD = r"\[auth_basic:error\]"

SECTIONS = {
    # the line alone asks for a user, as clerk-… lines do
    "only": ("Clerk", """Require expr "clerk('org_slug') == 'acme'" """),
    "var": ("Clerk", """Require expr "%{clerk:org_slug} == 'acme'" """),
    "all-last": ("Clerk", """<RequireAll>
        Require valid-user
        Require expr "clerk('org_slug') == 'acme'"
    </RequireAll>"""),
    "all-first": ("Clerk", """<RequireAll>
        Require expr "clerk('org_slug') == 'acme'"
        Require valid-user
    </RequireAll>"""),
    "all-reverified": ("Clerk", """<RequireAll>
        Require expr "clerk('org_slug') == 'acme'"
        Require clerk-reverification strict
    </RequireAll>"""),
    "any": ("Clerk", """Require expr "clerk('org_slug') == 'acme'"
        Require clerk-role admin"""),
    "any-address": ("Clerk", """Require ip 192.0.2.1
        Require expr "clerk('org_slug') == 'acme'" """),
    "all-address": ("Clerk", """<RequireAll>
        Require expr "clerk('org_slug') == 'acme'"
        Require ip 192.0.2.1
    </RequireAll>"""),
    "here": ("Clerk", """<RequireAll>
        Require ip 127.0.0.1
        Require expr "clerk('org_slug') == 'acme'"
    </RequireAll>"""),
    "not": ("Clerk", """<RequireAll>
        Require valid-user
        Require not expr "clerk('actor') != ''"
    </RequireAll>"""),
    "not-all-granted": ("Clerk", """<RequireAll>
        Require all granted
        Require not expr "clerk('user_id') == ''"
    </RequireAll>"""),
    "none": ("Clerk", """<RequireAll>
        Require valid-user
        <RequireNone>
            Require expr "clerk('actor') != ''"
        </RequireNone>
    </RequireAll>"""),
    # what takes away takes away from somebody too, whom httpd never authenticates here
    "none-all-granted": ("Clerk", """<RequireAll>
        Require all granted
        <RequireNone>
            Require expr "clerk('org_slug') == 'acme'"
        </RequireNone>
    </RequireAll>"""),
    "none-deep": ("Clerk", """<RequireAll>
        Require all granted
        <RequireNone>
            <RequireAny>
                Require expr "clerk('org_slug') == 'acme'"
                Require ip 192.0.2.1
            </RequireAny>
        </RequireNone>
    </RequireAll>"""),
    "not-acme": ("Clerk", """<RequireAll>
        Require all granted
        Require not expr "clerk('org_slug') == 'acme'"
    </RequireAll>"""),
    "not-alias": ("Clerk", """<RequireAll>
        Require all granted
        Require not acme-by-expression
    </RequireAll>"""),
    "alias": ("Clerk", "Require acme-by-expression"),
    "plain-none": (None, """<RequireAll>
        Require all granted
        <RequireNone>
            Require expr "clerk('org_slug') == 'acme'"
        </RequireNone>
    </RequireAll>"""),
    "nobody-or-acme": ("Clerk", """Require expr
        "clerk('user_id') == '' || clerk('org_slug') == 'acme'" """),
    "unasked": ("Clerk", """Require expr
        "%{REQUEST_METHOD} == 'POST' && clerk('org_slug') == 'acme'" """),
    "other": ("Clerk", """<RequireAll>
        Require valid-user
        Require expr "%{REQUEST_METHOD} == 'POST'"
    </RequireAll>"""),
    "plain": (None, """Require expr "clerk('org_slug') == 'acme'" """),
    "plain-not": (None, """<RequireAll>
        Require all granted
        Require not expr "clerk('org_slug') != 'acme'"
    </RequireAll>"""),
    "plain-any": (None, """Require ip 192.0.2.1
        Require expr "clerk('org_slug') == 'acme'" """),
    "list": ("Clerk", """Require expr
        "'invoices:read' in clerk_list('org_permissions')" """),
    "protect": ("Clerk", """Require expr "clerk('org_slug') == 'acme'"
    ClerkResponses protect"""),
    "log-only": ("Clerk", """Require expr "clerk('org_slug') == 'acme'"
    ClerkEnforce LogOnly"""),
    "log-only-not": ("Clerk", """<RequireAll>
        Require all granted
        Require not expr "clerk('org_slug') != 'acme'"
    </RequireAll>
    ClerkEnforce LogOnly"""),
    "log-only-plain": (None, """Require expr "clerk('org_slug') == 'acme'"
    ClerkEnforce LogOnly"""),
    "log-only-address": ("Clerk", """<RequireAll>
        Require expr "clerk('org_slug') == 'acme'"
        Require ip 192.0.2.1
    </RequireAll>
    ClerkEnforce LogOnly"""),
}


ALIAS = """<AuthzProviderAlias expr acme-by-expression "clerk('org_slug') == 'acme'">
</AuthzProviderAlias>"""


def sections():
    yield ALIAS
    for name, (auth_type, lines) in SECTIONS.items():
        lines = lines.replace("Require expr\n        ", "Require expr ").strip()
        head = f"AuthType {auth_type}\n    AuthName x\n    " if auth_type else ""
        yield f"<Location /{name}>\n    {head}{lines}\n</Location>"


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    site = ClerkSite(module_httpd, production(_standin_program), sections="\n".join(sections()))
    for name in SECTIONS:
        site.httpd.write(f"{name}/x", name)
    return site


# Status for a script without a token, a member of acme, a user of no organization, a token
# that is no good, and a CORS preflight.
VERDICTS = {
    "only": (401, 200, 403, 401, 200),
    "var": (401, 200, 403, 401, 200),
    "all-last": (401, 200, 403, 401, 200),
    "all-first": (401, 200, 403, 401, 200),
    "all-reverified": (401, 200, 403, 401, 200),
    "any": (401, 200, 403, 401, 200),
    "any-address": (401, 200, 403, 401, 200),
    "all-address": (403, 403, 403, 403, 403),   # the address decides whoever it is
    "here": (401, 200, 403, 401, 200),
    "not": (401, 200, 200, 401, 200),
    "not-all-granted": (401, 200, 200, 401, 200),
    "none": (401, 200, 200, 401, 200),
    "none-all-granted": (200, 403, 200, 200, 200),
    "none-deep": (200, 403, 200, 200, 200),
    "not-acme": (200, 403, 200, 200, 200),
    "not-alias": (200, 403, 200, 200, 200),
    "alias": (403, 200, 403, 403, 403),         # as mod_authz_core has it
    "plain-none": (200, 403, 200, 200, 200),
    "nobody-or-acme": (200, 200, 403, 200, 200),
    "unasked": (403, 403, 403, 403, 403),       # nobody was asked for
    "other": (403, 403, 403, 403, 403),
    "plain": (401, 200, 403, 401, 200),
    "plain-not": (401, 200, 403, 401, 200),
    "plain-any": (401, 200, 403, 401, 200),
    "list": (401, 200, 403, 401, 200),
    "protect": (404, 200, 404, 404, 200),
    "log-only": (200, 200, 200, 200, 200),
    "log-only-not": (200, 200, 200, 200, 200),
    "log-only-plain": (200, 200, 200, 200, 200),
    "log-only-address": (403, 403, 403, 403, 403),
}


def varies(answer):
    return {"Authorization", "Cookie"} == set(answer.header("Vary").replace(" ", "").split(","))


PREFLIGHT = {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}


@pytest.mark.sanitize
@pytest.mark.parametrize("name", SECTIONS)
def test_require_expr(site, name):
    """What a line refuses is answered as any other, to a request without a credential too."""
    site.log.allow(BEFORE)
    site.log.allow(DENIAL)
    site.log.allow(r"ClerkEnforce LogOnly: /log-only")
    member, solo = site.mint.session(MEMBER), site.mint.session(SOLO)
    target = f"/{name}/x"
    found = (site.get(target, headers=FETCH).status, site.get(target, bearer=member).status,
             site.get(target, bearer=solo).status, site.get(target, bearer="x.y.z").status,
             site.request("OPTIONS", target, headers=PREFLIGHT).status)
    assert found == VERDICTS[name]


@pytest.mark.parametrize("name", [name for name in SECTIONS if VERDICTS[name][0] in (401, 404)])
def test_a_browser_is_sent_to_sign_in(site, name):
    site.log.allow(BEFORE)
    answer = site.get(f"/{name}/x", headers=NAVIGATION)
    assert answer.status == 302
    assert "/sign-in?redirect_url=" in answer.location


@pytest.mark.parametrize("name", [name for name in SECTIONS if SECTIONS[name][0] and
                                  VERDICTS[name][1] == 200 and not name.startswith("log-only")
                                  and name not in ("not-all-granted", "alias")])
def test_the_application_knows_the_user(site, name):
    """As after any other line: httpd authenticated."""
    assert seen(site.get(f"/{name}/x", bearer=site.mint.session(MEMBER))).user == MEMBER.id


def test_a_refusal_is_answered_in_our_words(site):
    site.log.allow(BEFORE)
    site.log.allow(DENIAL)
    token = site.mint.session(SOLO)
    line = "Require expr \"clerk('org_slug') == 'acme'\""
    for name in ("only", "all-last", "plain"):
        answer = site.get(f"/{name}/x", bearer=token, headers=FETCH)
        assert answer.json()["error"] == "not_authorized"
        assert seen(answer).denied_by == line
        assert varies(answer)
        answer = site.get(f"/{name}/x", headers=FETCH)
        assert answer.json()["error"] == "not_authenticated"
        assert seen(answer) == ("signed-out", "session-token-and-uat-missing", None, None, line)
        assert answer.header("WWW-Authenticate").startswith("Bearer realm=")


def test_actors(site):
    site.log.allow(BEFORE)
    site.log.allow(DENIAL)
    token = site.mint.session(IMPERSONATED)
    for name in ("not", "none"):
        answer = site.get(f"/{name}/x", bearer=token)
        assert answer.status == 403
    assert seen(site.get("/not/x", bearer=token)).denied_by \
        == "Require not expr \"clerk('actor') != ''\""


def test_pending_sessions_are_nobody(site):
    site.log.allow(BEFORE)
    assert site.get("/plain/x", bearer=site.mint.session(PENDING)).status == 401
    assert site.get("/nobody-or-acme/x", bearer=site.mint.session(PENDING)).status == 200


def test_what_would_be_refused_is_logged(site):
    for name in ("log-only", "log-only-not", "log-only-plain"):
        with site.logged("notice") as lines:
            assert site.get(f"/{name}/x").status == 200
        assert len(lines) == 1 and f"/{name}/x would be refused" in lines[0].text, name
        site.log.expect(rf"ClerkEnforce LogOnly: /{name}/x would be refused", times=1)


UNDECIDED = ["only", "all-last", "not", "not-all-granted", "nobody-or-acme", "plain", "plain-not"]


def test_what_cannot_be_decided_is_503(httpd, standin):
    """Also where the line would grant to nobody: a token was sent."""
    clerk = production(standin)
    standin.fault("backend.jwks", "answer", status=500)
    site = ClerkSite(httpd, clerk, sections="\n".join(sections()))
    site.log.allow(BEFORE)
    site.log.allow(r"not authenticated: .*reason=jwk-remote-failed-to-load")
    site.log.expect(r"the key set at \S+ could not be fetched", times=1)
    for name in UNDECIDED:
        site.httpd.write(f"{name}/x", "x")
        answer = site.get(f"/{name}/x", bearer=site.mint.session(MEMBER))
        assert (answer.status, answer.json()["error"]) == (503, "temporarily_unavailable"), name
        assert int(answer.header("Retry-After")) > 0


# ---------------------------------------------------------------- elsewhere

PLACES = r"""
<Location /if>
    <If "clerk('org_slug') == 'acme'">
        Header set X-If acme
    </If>
    <Else>
        Header set X-If other
    </Else>
    Header set X-Expr "expr=%{clerk:user_id}|%{clerk:auth_status}|%{clerk:auth_reason}"
    Header set X-List acme "expr='org:reports' in clerk_list('features')"
    RequestHeader set X-For-App "expr=%{clerk:claim.metadata.note}"
    SetEnvIfExpr "clerk('org_role') == 'org:admin'" IS_ADMIN=yes
    Header set X-Env "%{IS_ADMIN}e" env=IS_ADMIN
</Location>
RewriteEngine On
RewriteCond expr "clerk('org_slug') == 'acme'"
RewriteRule ^/rewritten$ /if/acme [PT]
<Directory "${DOCROOT}/dir">
    RewriteEngine On
    RewriteCond expr "-n clerk('user_id')"
    RewriteRule ^x$ y
</Directory>
<Location /denied>
    AuthType Clerk
    AuthName x
    Require all denied
    ErrorDocument 403 "%{clerk:user_id}, no"
</Location>
<Location /sub>
    Options +Includes
    AddOutputFilter INCLUDES .shtml
</Location>
LogFormat "%U" path
CustomLog "${RUN}/members.log" path "expr=clerk('org_slug') == 'acme'"
"""


@pytest.fixture(scope="module")
def application():
    from upstream import Upstream
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def places(module_httpd, _standin_program, application):
    site = ClerkSite(module_httpd, production(_standin_program),
                     modules=["rewrite", "include", "proxy_http"],
                     defines={"UP": application.url},
                     sections=PLACES + 'ProxyPass /if/up "${UP}/"\n')
    for name, text in {"if/x": "x", "if/acme": "acme", "dir/x": "x", "dir/y": "y", "denied": "",
                       "sub/a.shtml": '<!--#include virtual="/dir/x" -->'}.items():
        site.httpd.write(name, text)
    return site


def test_if_header_and_setenvif(places):
    """All of these run before httpd would authenticate, and nothing here makes it."""
    answer = places.get("/if/x", bearer=places.mint.session(ADMIN))
    assert answer.status == 200
    assert {name: answer.header(f"X-{name}") for name in ("If", "Expr", "List", "Env")} == {
        "If": "acme", "Expr": f"{ADMIN.id}|signed-in|", "List": "acme", "Env": "yes"}
    assert varies(answer)
    assert seen(answer).user is None   # the application is told only where that is asked for
    answer = places.get("/if/x")
    assert {name: answer.header(f"X-{name}") for name in ("If", "Expr", "List", "Env")} == {
        "If": "other", "Expr": "|signed-out|session-token-and-uat-missing", "List": None,
        "Env": None}
    answer = places.get("/if/x", bearer=places.mint.session(SOLO))
    assert (answer.header("X-If"), answer.header("X-Env")) == ("other", None)


def test_rewrite_conditions(places):
    token = places.mint.session(MEMBER)
    assert places.get("/rewritten", bearer=token).text == "acme"
    assert places.get("/rewritten").status == 404
    assert places.get("/dir/x", bearer=token).text == "y"
    assert places.get("/dir/x").text == "x"


def test_parts_of_a_page(places):
    """A subrequest asks for itself, with the credentials of the page's request."""
    assert places.get("/sub/a.shtml", bearer=places.mint.session(SOLO)).text == "y"
    assert places.get("/sub/a.shtml").text == "x"


def test_error_document(places):
    places.log.expect(BEFORE, times=1)
    answer = places.get("/denied", bearer=places.mint.session(SOLO))
    assert (answer.status, answer.text) == (403, f"{SOLO.id}, no")


def test_log_lines(places):
    places.get("/if/x?1", bearer=places.mint.session(SOLO))
    places.get("/if/acme", bearer=places.mint.session(MEMBER))
    lines = (places.httpd.run / "members.log").read_text().splitlines()
    assert "/if/acme" in lines
    places.get("/dir/y", bearer=places.mint.session(SOLO))
    assert "/dir/y" not in (places.httpd.run / "members.log").read_text()


HOSTILE = ["a\r\nX-Injected: 1", "a\nb", "\x01", "\x7f", "100%\r", "x" * 5000, "a,b\"c\\d",
           "Ünïcödé ✓"]


@pytest.mark.sanitize
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value[:12]))
def test_a_claim_injects_nothing(places, application, value):
    from urllib.parse import unquote
    token = places.mint.session(MEMBER, metadata={"note": value})
    answer = places.get("/if/up/x", session=token)
    assert answer.status == 200
    names = [name.lower() for name, _ in answer.json()["headers"]]
    assert "x-injected" not in names
    found = dict(answer.json()["headers"])["X-For-App"].encode("latin-1").decode()
    has_controls = any(ord(one) < 32 or ord(one) == 127 for one in value)
    assert (unquote(found) if has_controls else found) == value


@pytest.mark.parametrize("expression, said", [
    ("clerk('org') == 'x'", '"org" is not known'),
    ("clerk('CLERK_ORG_ID') == 'x'", '"CLERK_ORG_ID" is not known'),
    ("clerk('ORG_ID') == 'x'", '"ORG_ID" is not known'),
    ("clerk('') == 'x'", '"" is not known'),
    ("clerk('claim.') == 'x'", '"claim." is not known'),
    ("clerk('claim.a..b') == 'x'", '"claim.a..b" is not known'),
    ("clerk(%{req:X-Name}) == 'x'", "a name that is no plain text is not known"),
    ("'x' in clerk_list('roles')", '"roles" is not known'),
    ("'x' in clerk_list(%{req:X})", "a name that is no plain text is not known"),
    ("clerk_list('scopes') == 'x'", "clerk_list"),
    ("clerks('org_id') == 'x'", "Function 'clerks' does not exist"),
    ("'x' in clerk('org_id')", "clerk"),
])
def test_an_unknown_name_stops_the_start(rejected, expression, said):
    complaint = rejected(f'<Directory "${{DOCROOT}}">\nRequire expr "{expression}"\n</Directory>')
    assert said in complaint


@pytest.mark.parametrize("line", ["<If \"clerk('x') == ''\">\n</If>", "Header set X expr=%{clerk:x}",
                                  "SetEnvIfExpr \"clerk('x') == ''\" x=1"])
def test_it_does_so_everywhere(rejected, line):
    assert '"x" is not known' in rejected(line)


def test_without_an_instance_everybody_is_nobody(httpd):
    """And what that refuses is httpd's own 403: there is nobody to sign in with."""
    server = httpd("""
<Location />
    Require expr "clerk('org_slug') == 'acme'"
</Location>
<Location /none>
    <RequireAll>
        Require all granted
        Require not expr "clerk('user_id') == ''"
    </RequireAll>
</Location>""")
    server.log.allow(BEFORE)
    for target in ("/index.txt", "/none"):
        for headers in ({}, {"Authorization": "Bearer x"}, PREFLIGHT):
            assert server.request("GET", target, headers).status == 403


NAMES = """token_type auth_status auth_reason denied_by user_id org_id session_id session_status
org_slug org_role org_permissions features plans factor_verification_age actor subject token_id
token_name scopes machine_id client_id claims user user_email user_username user_first_name
user_last_name user_image_url claim.a claim.a.b""".split()


def test_every_name_is_known(httpd):
    """Nobody's are empty, and need no instance."""
    lines = [f'Header set X-{n} "expr=<%{{clerk:{name}}}>"' for n, name in enumerate(NAMES)]
    answer = httpd("\n".join(lines)).get("/index.txt")
    assert [answer.header(f"X-{n}") for n in range(len(NAMES))] == ["<>"] * len(NAMES)
