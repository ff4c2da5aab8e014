# SPDX-License-Identifier: Apache-2.0 - a CORS preflight needs no token, and brings nobody in
from __future__ import annotations

import pytest

from clerk_site import ClerkSite, production
from standin.users import MEMBER
from upstream import Upstream

ORIGIN, METHOD = "Origin", "Access-Control-Request-Method"
PREFLIGHT = {ORIGIN: "https://app.example", METHOD: "DELETE"}
BEFORE = r"\[authz_core:error\].*AH01630: client denied by server configuration"

SECTIONS = """
ProxyPass /up/ "${UP}/"
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
<Location /off>
    ClerkAllowPreflight Off
</Location>
<Location /cgi/protect>
    ClerkResponses protect
    Require clerk-role admin
</Location>
<Location /elsewhere>
    Require ip 192.0.2.1
</Location>
<Location /both>
    <RequireAll>
        Require ip 192.0.2.1
        Require valid-user
    </RequireAll>
</Location>
<Location /both-behind>
    <RequireAll>
        Require valid-user
        Require ip 192.0.2.1
    </RequireAll>
</Location>
<Location /not-here>
    <RequireAll>
        Require clerk-role admin
        Require not ip 127.0.0.1
    </RequireAll>
</Location>
<Location /either>
    Require ip 192.0.2.1
    Require valid-user
</Location>
<Location /denied>
    Require all denied
</Location>
<Location /basic>
    AuthType Basic
    AuthUserFile /dev/null
</Location>
"""


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    site = ClerkSite(module_httpd, production(_standin_program), sections=SECTIONS,
                     modules=["cgid", "proxy_http", "auth_basic"],
                     defines={"UP": application.url})
    site.httpd.environment_script()
    site.httpd.environment_script("protect")
    return site


@pytest.mark.sanitize
@pytest.mark.parametrize("target", ["/index.txt", "/cgi/env", "/cgi/protect", "/up/x", "/either"])
def test_passes(site, target):
    answer = site.request("OPTIONS", target, headers=PREFLIGHT)
    assert answer.status in (200, 404)
    assert "WWW-Authenticate" not in answer


@pytest.mark.parametrize("how", ["bearer", "session"])
def test_passes_as_nobody(site, application, how):
    """Even where a token came along: nobody is looked for, and nobody is told."""
    token = {how: site.mint.session(MEMBER)}
    names = site.request("OPTIONS", "/cgi/env", headers=PREFLIGHT, **token).json()
    assert names["REQUEST_METHOD"] == "OPTIONS"
    assert not {"REMOTE_USER", "AUTH_TYPE"} & set(names)
    assert not [name for name in names if name.startswith(("CLERK_", "HTTP_X_CLERK"))]
    assert site.request("OPTIONS", "/up/x", headers=PREFLIGHT, **token).status == 200
    seen = application.requests[-1]
    assert seen["method"] == "OPTIONS"
    assert "x-clerk-" not in str(seen["headers"]).lower()


def test_a_bad_token_does_not_matter(site):
    assert site.request("OPTIONS", "/cgi/env", headers=PREFLIGHT, bearer="x").status == 200


@pytest.mark.sanitize
@pytest.mark.parametrize("method, headers", [
    ("OPTIONS", {}), ("OPTIONS", {ORIGIN: "https://app.example"}), ("OPTIONS", {METHOD: "GET"}),
    ("GET", PREFLIGHT), ("POST", PREFLIGHT), ("DELETE", PREFLIGHT), ("HEAD", PREFLIGHT),
    ("POST", {**PREFLIGHT, "X-HTTP-Method-Override": "OPTIONS"}),
])
@pytest.mark.parametrize("target", ["/index.txt", "/cgi/env", "/up/x"])
def test_anything_else_needs_a_token(site, application, target, method, headers):
    before = len(application.requests)
    assert site.request(method, target, headers=headers).status == 401
    assert len(application.requests) == before


def test_other_spellings_of_the_method(site):
    assert site.request("options", "/cgi/env", headers=PREFLIGHT).status in (400, 401, 405, 501)


def test_switched_off(site):
    assert site.request("OPTIONS", "/off", headers=PREFLIGHT).status == 401
    assert site.request("OPTIONS", "/off", headers=PREFLIGHT,
                        bearer=site.mint.session(MEMBER)).status in (200, 404)


@pytest.mark.sanitize
@pytest.mark.parametrize("target", ["/elsewhere", "/both", "/both-behind", "/not-here", "/denied"])
def test_other_rules_hold(site, target):
    """An address that may not come in may not do so by a preflight."""
    answer = site.request("OPTIONS", target, headers=PREFLIGHT)
    assert answer.status == 403
    site.log.expect(BEFORE)


def test_other_auth_types_are_not_concerned(site):
    answer = site.request("OPTIONS", "/basic", headers=PREFLIGHT)
    assert (answer.status, answer.header("WWW-Authenticate")) == (401, 'Basic realm="x"')


# ---------------------------------------------------------------- Satisfy (mod_access_compat)

COMPAT = r"\[access_compat:error\].*AH01797: client denied by server configuration"
SATISFY = [
    # Satisfy, what the address is, status of a preflight, of nobody's GET, of a user's GET
    ("All", "Allow from all", 200, 401, 200),
    ("All", "Deny from all", 403, 403, 403),
    ("Any", "Allow from all", 200, 200, 200),
    ("Any", "Deny from all", 200, 401, 200),
]


@pytest.mark.parametrize("satisfy, address, preflight, nobody, user", SATISFY)
def test_satisfy(httpd, _standin_program, satisfy, address, preflight, nobody, user):
    site = ClerkSite(httpd, production(_standin_program), modules=["access_compat"], sections=f"""
<Location /app>
    AuthType Clerk
    AuthName x
    Require valid-user
    Order Deny,Allow
    {address}
    Satisfy {satisfy}
</Location>""")
    site.log.allow(COMPAT)
    assert site.request("OPTIONS", headers=PREFLIGHT).status == preflight
    assert site.get().status == nobody
    answer = site.get(bearer=site.mint.session(MEMBER))
    assert answer.status == user
