# SPDX-License-Identifier: Apache-2.0 - metadata of protected resources, and challenges that lead to them
from __future__ import annotations

import pytest

from clerk_site import FETCH, ClerkSite, production
from standin.users import MEMBER

WELL_KNOWN = "/.well-known/oauth-protected-resource"
BEFORE = r"\[authz_core:error\].*AH01630: client denied by server configuration"
DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    site = ClerkSite(module_httpd, production(_standin_program), modules=["rewrite"], sections=r"""
RewriteEngine On
RewriteRule ^/moved/ /elsewhere [R]
RewriteRule ^/\.well-known/ - [F]
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
<Location /mcp>
    ClerkAcceptsToken oauth_token
    ClerkProtectedResource On
    ClerkProtectedResourceScopes notes:read notes:write
    ClerkProtectedResourceName "Anne's \"notes\""
    ClerkProtectedResourceDocumentation https://docs.example/notes
    Require clerk-scope notes:read notes:write
</Location>
<Location /mcp/inner>
    ClerkProtectedResourceScopes notes:admin
    Require clerk-scope notes:admin
</Location>
<Location /mcp/user>
    Require valid-user
</Location>
<Location /mcp/off>
    ClerkProtectedResource Off
</Location>
<Location /mcp/expr>
    Require clerk-scope %{req:X-Scope} notes:read
</Location>
<Location /mcp/both>
    <RequireAll>
        Require clerk-scope a
        Require clerk-scope b
        Require not clerk-scope c
    </RequireAll>
</Location>
<Location /mcp/merged>
    AuthMerging Or
    Require clerk-scope more
</Location>
<Location /mcp/merged/off>
    Require clerk-scope only
</Location>
<Location /protect>
    ClerkAcceptsToken oauth_token
    ClerkProtectedResource On
    ClerkResponses protect
</Location>
<Directory "${DOCROOT}/files">
    ClerkProtectedResource On
</Directory>
""")
    site.httpd.write("mcp/index.txt", "notes")
    site.httpd.write("files/x.txt", "x")
    return site


def origin(site):
    return f"http://localhost:{site.httpd.port}"


def test_says_all_that_clerks_tools_say(site):
    """D01"""
    answer = site.get(f"{WELL_KNOWN}/mcp")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    host = site.clerk.frontend_api
    assert answer.json() == {
        "resource": f"{origin(site)}/mcp",
        "authorization_servers": [f"https://{host}"],
        "token_types_supported": ["urn:ietf:params:oauth:token-type:access_token"],
        "token_introspection_endpoint": f"https://{host}/oauth/token",
        "token_introspection_endpoint_auth_methods_supported":
            ["client_secret_post", "client_secret_basic"],
        "jwks_uri": f"https://{host}/.well-known/jwks.json",
        "authorization_data_types_supported": ["oauth_scope"],
        "authorization_data_locations_supported": ["header", "body"],
        "key_challenges_supported": [
            {"challenge_type": "urn:ietf:params:oauth:pkce:code_challenge",
             "challenge_algs": ["S256"]}],
        "bearer_methods_supported": ["header"],
        "service_documentation": "https://docs.example/notes",
        "resource_documentation": "https://docs.example/notes",
        "resource_name": "Anne's \"notes\"",
        "scopes_supported": ["notes:read", "notes:write"],
    }
    assert answer.header("Cache-Control") == "max-age=3600"
    assert answer.header("Access-Control-Allow-Origin") == "*"


@pytest.mark.sanitize
def test_answers_a_preflight(site):
    """D02"""
    answer = site.request("OPTIONS", f"{WELL_KNOWN}/mcp", headers={
        "Origin": "https://client.example", "Access-Control-Request-Method": "GET"})
    assert (answer.status, answer.body) == (200, b"")
    assert {name: answer.header(f"Access-Control-{name}") for name in (
        "Allow-Origin", "Allow-Methods", "Allow-Headers", "Max-Age")} == {
        "Allow-Origin": "*", "Allow-Methods": "GET, OPTIONS", "Allow-Headers": "*",
        "Max-Age": "86400"}


def test_head_has_no_body(site):
    answer = site.request("HEAD", f"{WELL_KNOWN}/mcp")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.header("Content-Length")) > 500


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods(site, method):
    answer = site.request(method, f"{WELL_KNOWN}/mcp", body=b"{}")
    assert answer.status == 405
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.header("Allow").replace(" ", "").split(","))


@pytest.mark.parametrize("path, resource", [
    ("/mcp", "/mcp"), ("/mcp/", "/mcp/"), ("/mcp/a%20b", "/mcp/a%20b"),
    ("/mcp/%22%5c%7b", "/mcp/%22%5c%7b"), ("/mcp?x=1", "/mcp"), ("//mcp", "/mcp"),
    ("/mcp/x/../y", "/mcp/y"), ("/mcp/inner", "/mcp/inner"), ("/files/x.txt", "/files/x.txt"),
    ("/mcp/%c3%a9", "/mcp/%c3%a9"), ("/protect", "/protect"),
])
def test_the_resource_is_the_path_behind(site, path, resource):
    answer = site.get(WELL_KNOWN + path)
    assert answer.status == 200
    assert answer.json()["resource"] == origin(site) + resource


@pytest.mark.sanitize
@pytest.mark.parametrize("path", ["", "/", "/other", "/mcp/off", "/mcp/off/x", "x", "/mcp/../x",
                                  "/file", "/%", "/mcp%zz", "/mcp%2fx", "/mcpx", "/..",
                                  "/.well-known/oauth-protected-resource/mcp"])
def test_there_is_none_where_it_is_off(site, path):
    """What the site answers to it otherwise is left to the site, which forbids it here."""
    if "%" in path:
        site.log.allow(r"\[core:error\].*AH10244: invalid URI path")
    assert site.get(WELL_KNOWN + path).status in (400, 403, 404)


def test_scopes_are_those_of_the_section(site):
    assert site.get(f"{WELL_KNOWN}/mcp/inner").json()["scopes_supported"] == ["notes:admin"]
    assert "scopes_supported" not in site.get(f"{WELL_KNOWN}/protect").json()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example",
                                  "[::1", "a\"b", "localhost:80@evil.example"])
def test_a_hostile_host_names_no_resource(site, host):
    for target in (f"{WELL_KNOWN}/mcp", "/mcp/x"):
        answer = site.get(target, headers={"Host": host, **FETCH})
        text = answer.text + str(answer.headers)
        assert "evil" not in text.replace("Host", "")
        assert answer.status in (200, 400, 401)


def test_site_wide_headers_are_there(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program),
                     "Header always set Strict-Transport-Security max-age=1",
                     "ClerkProtectedResource On")
    answer = site.get(WELL_KNOWN)
    assert (answer.status, answer.json()["resource"]) == (200, origin(site))
    assert answer.header("Strict-Transport-Security") == "max-age=1"
    assert answer.json()["service_documentation"] == "https://clerk.com/docs"
    challenge = site.get(headers=FETCH).header("WWW-Authenticate")
    assert challenge == ('Bearer realm="Example", resource_metadata='
                         f'"{origin(site)}{WELL_KNOWN}/app/page.txt"')


# ---------------------------------------------------------------- challenges

def challenge(site, target, status=401, **how):
    answer = site.get(target, **{"headers": FETCH, **how})
    assert answer.status == status, answer.text
    return answer.header("WWW-Authenticate")


def metadata(site, path):
    return f'resource_metadata="{origin(site)}{WELL_KNOWN}{path}"'


def test_a_challenge_leads_to_the_metadata(site):
    """A15"""
    assert challenge(site, "/mcp?x=1") == (
        f'Bearer realm="x", scope="notes:read notes:write", {metadata(site, "/mcp")}')
    assert challenge(site, "/mcp/a%22b%20c").endswith(metadata(site, "/mcp/a%22b%20c"))
    assert challenge(site, "/other") == 'Bearer realm="x"'
    assert challenge(site, "/mcp/off") == 'Bearer realm="x"'


def test_what_the_url_leads_to_is_there(site):
    url = challenge(site, "/mcp/a%20b").partition('resource_metadata="')[2].rstrip('"')
    answer = site.get(url.removeprefix(origin(site)))
    assert answer.json()["resource"] == f"{origin(site)}/mcp/a%20b"


def test_a_bad_token_gets_the_same_and_an_error(site):
    assert challenge(site, "/mcp", bearer="x.y.z") == (
        'Bearer realm="x", error="invalid_token", scope="notes:read notes:write", '
        + metadata(site, "/mcp"))


@pytest.mark.parametrize("path, scope", [
    ("/mcp/inner", "notes:admin"), ("/mcp/expr", "notes:read"), ("/mcp/both", "a b"),
    ("/mcp/merged", "notes:read notes:write more"), ("/mcp/merged/off", "only")])
def test_scopes_are_those_of_the_lines_in_force(site, path, scope):
    assert f'scope="{scope}"' in challenge(site, path)


def test_no_scope_where_no_line_asks_for_one(site):
    assert "scope=" not in challenge(site, "/mcp/user")


def test_too_little_scope(site):
    site.log.expect(DENIAL, times=1)
    token = site.mint.oauth(MEMBER, scope="notes:other")
    assert challenge(site, "/mcp/index.txt", status=403, bearer=token) == (
        'Bearer realm="x", error="insufficient_scope", scope="notes:read notes:write", '
        + metadata(site, "/mcp/index.txt"))


def test_scripts_of_other_origins_may_read_it(site):
    answer = site.get("/mcp", headers={**FETCH, "Origin": "https://client.example"})
    assert answer.header("Access-Control-Expose-Headers") == "WWW-Authenticate"
    assert "Access-Control-Expose-Headers" not in site.get("/mcp", headers=FETCH)


def test_protect_has_it_too(site):
    assert challenge(site, "/protect").endswith(metadata(site, "/protect"))


# ---------------------------------------------------------------- configuration

KEY = "ClerkPublishableKey pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\n"


@pytest.mark.parametrize("lines, said", [
    ("ClerkProtectedResource On", "ClerkProtectedResource needs a Clerk instance"),
    (KEY + "ClerkProtectedResourceScopes \"a b\"", "is not a scope"),
    (KEY + "ClerkProtectedResourceScopes 'a\"b'", "is not a scope"),
    (KEY + "ClerkProtectedResourceName \"\"", "takes one argument"),
    (KEY + "ClerkProtectedResourceDocumentation docs", "is not a usable URL"),
    (KEY + "ClerkProtectedResourceDocumentation javascript:alert(1)", "is not a usable URL"),
    (KEY + "ClerkProtectedResource Perhaps", "must be On or Off"),
])
def test_what_cannot_be_right_stops_the_start(rejected, lines, said):
    assert said in rejected(lines)


def test_the_authorization_server_must_be_known(rejected, standin):
    pem = standin.key.public_pem()
    complaint = rejected("ClerkJWTKey \"" + pem.replace("\n", "\\\n") + "\"\n"
                         "ClerkProtectedResource On")
    assert "ClerkProtectedResource needs ClerkPublishableKey" in complaint
