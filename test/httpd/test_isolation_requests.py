# SPDX-License-Identifier: Apache-2.0 - internal redirects and parts of a page: an identity stays where it was established
from __future__ import annotations

import json

import pytest

from clerk_site import (FETCH, NAVIGATION, ClerkSite, api_url, instance_lines, production)
from standin.users import ADMIN, IMPERSONATED, MEMBER, SOLO
from upstream import Upstream

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
SSI_ERROR = "[an error occurred while processing this directive]"

SECTIONS = """
AddOutputFilter INCLUDES .shtml
<Directory "${{DOCROOT}}">
    Options +Includes
</Directory>
ScriptAlias /open/ "${{CGI}}/"
ScriptAlias /app/cgi/ "${{CGI}}/"
ScriptAlias /admin/ "${{CGI}}/"
ScriptAlias /untold/ "${{CGI}}/"
ScriptAlias /other/ "${{CGI}}/"
ProxyPass /up/ "${{UP}}/"
ProxyPass /app/up/ "${{UP}}/"
<LocationMatch "^/(app|admin|untold|other)/">
    AuthType Clerk
    AuthName x
    Require valid-user
</LocationMatch>
<Location /admin/>
    Require clerk-role admin
</Location>
<Location /untold/>
    ClerkExport none
</Location>
<Location /other/>
    {other}
</Location>
<Directory "${{DOCROOT}}/app/index">
    DirectoryIndex /app/cgi/env
</Directory>
<Directory "${{DOCROOT}}/app/leads">
    Options +FollowSymLinks
    RewriteEngine On
    RewriteRule ^out$ /open/env [L]
    RewriteRule ^up$ /up/x [L]
    RewriteRule ^in$ /app/cgi/env [L]
    RewriteRule ^admin$ /admin/env [L]
    RewriteRule ^untold$ /untold/env [L]
    RewriteRule ^other$ /other/env [L]
</Directory>
<Directory "${{DOCROOT}}/public">
    Options +FollowSymLinks
    RewriteEngine On
    RewriteRule ^out$ /open/env [L]
    RewriteRule ^in$ /app/cgi/env [L]
    RewriteRule ^admin$ /admin/env [L]
</Directory>
RewriteEngine On
RewriteRule ^/pt/(.*)$ /$1 [PT]
<Location /app/lost>
    ErrorDocument 404 /open/env
</Location>
<Location /app/lost-up>
    ErrorDocument 404 /up/x
</Location>
<Location /app/lost-admin>
    ErrorDocument 404 /admin/env
</Location>
"""


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    other = production(_standin_program)
    other_lines = "\n".join([*instance_lines(other, api_url(other)),
                             f"ClerkAuthorizedParties {other.mint.azp}"])
    site = ClerkSite(module_httpd, production(_standin_program),
                     modules=["cgid", "proxy_http", "rewrite", "include", "dir"],
                     defines={"UP": application.url}, sections=SECTIONS.format(other=other_lines))
    site.httpd.environment_script()
    for name in ("app/leads/x", "app/index/x", "public/x"):
        site.httpd.write(name, "x")
    return site


def identity(environment):
    """Everything that could tell who is asking, under the names by which a program looks."""
    return {name: value for name, value in environment.items()
            if name in ("REMOTE_USER", "AUTH_TYPE") or name.startswith(("CLERK_", "HTTP_X_CLERK_"))}


def is_user(environment, user, told=True):
    seen = identity(environment)
    assert (seen["REMOTE_USER"], seen["AUTH_TYPE"]) == (user.id, "Clerk")
    assert seen.get("CLERK_USER_ID") == seen.get("HTTP_X_CLERK_USER_ID") == (
        user.id if told else None)
    if not told:
        assert set(seen) == {"REMOTE_USER", "AUTH_TYPE"}


# ---------------------------------------------------------------- internal redirects

@pytest.mark.sanitize
@pytest.mark.parametrize("user", [MEMBER, ADMIN])
@pytest.mark.parametrize("start", ["/app/leads/in", "/app/leads/admin", "/app/leads/untold",
                                   "/public/in", "/public/admin", "/pt/app/cgi/env",
                                   "/pt/admin/env", "/app/index/", "/app/lost-admin"])
def test_redirected_to_a_protected_place(site, start, user):
    """The place where it ends decides, and tells what it is configured to tell."""
    answer = site.get(start, bearer=site.mint.session(user))
    if "admin" in start and user is MEMBER:
        site.log.expect(DENIAL)
        assert answer.status in (403, 404)
        assert MEMBER.id not in answer.text
    else:
        is_user(answer.json(), user, told="untold" not in start)


@pytest.mark.parametrize("start, status", [
    ("/app/leads/in", 401), ("/public/in", 401), ("/public/admin", 401), ("/pt/app/cgi/env", 401),
    ("/app/index/", 401), ("/app/lost", 401)])
def test_nobody_is_refused_there(site, start, status):
    assert site.get(start, headers=FETCH).status == status
    answer = site.get(start, headers=NAVIGATION)
    assert answer.status == 302
    assert f"redirect_url=http%3A%2F%2Flocalhost%3A{site.httpd.port}{start.replace('/', '%2F')}" \
        in answer.location


@pytest.mark.sanitize
@pytest.mark.parametrize("start", ["/app/leads/out", "/app/lost"])
def test_redirected_to_an_open_place(site, start):
    """No identity there: neither of before the redirect nor what a client makes up."""
    answer = site.get(start, bearer=site.mint.session(MEMBER),
                      headers={"X-Clerk-User-Id": "user_evil"})
    assert identity(answer.json()) == {}
    assert answer.json()["REDIRECT_CLERK_USER_ID"] == MEMBER.id   # httpd's own renaming


@pytest.mark.parametrize("start", ["/app/leads/up", "/app/lost-up"])
def test_redirected_to_an_open_proxied_application(site, application, start):
    site.get(start, bearer=site.mint.session(MEMBER), headers={"X-Clerk-User-Id": "user_evil"})
    assert "x-clerk-" not in str(application.requests[-1]["headers"]).lower()


def test_redirected_to_the_place_of_another_instance(site):
    """A token of one instance is nobody's there."""
    answer = site.get("/app/leads/other", bearer=site.mint.session(MEMBER))
    assert answer.status == 401
    assert MEMBER.id not in answer.text


def test_redirected_from_an_open_to_an_open_place(site):
    assert identity(site.get("/public/out", bearer=site.mint.session(MEMBER)).json()) == {}


# ---------------------------------------------------------------- parts of a page

def page(site, name, *parts):
    """A page that includes these; returns its path."""
    listed = ",".join(f'"{part}": <!--#include virtual="{part}" -->' for part in parts)
    site.httpd.write(name.lstrip("/"), "{" + listed + "}")
    return name


def parts_of(answer):
    """The parts by their path; one that could not be had is None."""
    assert answer.status == 200
    return json.loads(answer.text.replace(SSI_ERROR, "null"))


@pytest.mark.sanitize
def test_parts_of_an_open_page(site):
    """A protected part knows the user, an open part before and behind it does not."""
    target = page(site, "/open.shtml", "/open/env", "/app/cgi/env", "/open/env?2", "/untold/env",
                  "/open/env?3")
    parts = parts_of(site.get(target, bearer=site.mint.session(MEMBER)))
    is_user(parts["/app/cgi/env"], MEMBER)
    is_user(parts["/untold/env"], MEMBER, told=False)
    for part in ("/open/env", "/open/env?2", "/open/env?3"):
        assert identity(parts[part]) == {}, part


def test_parts_of_an_open_page_for_nobody(site):
    """No part sends anybody anywhere, nor does the page."""
    target = page(site, "/nobody.shtml", "/open/env", "/app/cgi/env", "/admin/env")
    for headers in (FETCH, NAVIGATION, {"X-Clerk-User-Id": "user_evil"}):
        answer = site.get(target, headers=headers)
        parts = parts_of(answer)
        assert identity(parts["/open/env"]) == {}
        assert (parts["/app/cgi/env"], parts["/admin/env"]) == (None, None)
        assert answer.location is None and "WWW-Authenticate" not in answer
    site.log.expect(r"\[include:error\].*unable to include")


@pytest.mark.sanitize
def test_parts_of_a_protected_page(site):
    """Each part is decided by its own section."""
    target = page(site, "/app/page.shtml", "/app/cgi/env", "/admin/env", "/untold/env",
                  "/other/env")
    parts = parts_of(site.get(target, bearer=site.mint.session(ADMIN)))
    is_user(parts["/app/cgi/env"], ADMIN)
    is_user(parts["/admin/env"], ADMIN)
    assert parts["/other/env"] is None
    parts = parts_of(site.get(target, bearer=site.mint.session(MEMBER)))
    is_user(parts["/app/cgi/env"], MEMBER)
    assert (parts["/admin/env"], parts["/other/env"]) == (None, None)
    site.log.expect(DENIAL, times=1)
    site.log.expect(r"\[include:error\].*unable to include", times=3)


def test_untold_part_of_a_protected_page(site):
    """ClerkExport none holds for a part, whatever the page around it is told."""
    target = page(site, "/app/untold.shtml", "/untold/env")
    parts = parts_of(site.get(target, bearer=site.mint.session(MEMBER)))
    is_user(parts["/untold/env"], MEMBER, told=False)


def test_open_part_of_a_protected_page(site):
    """Nothing was asked there, so nothing is told there."""
    target = page(site, "/app/open.shtml", "/open/env")
    parts = parts_of(site.get(target, bearer=site.mint.session(MEMBER)))
    # these two mod_include itself hands to every part of a page, under any AuthType
    assert set(identity(parts["/open/env"])) <= {"REMOTE_USER", "AUTH_TYPE"}


def test_part_of_another_instance(httpd, _standin_program):
    """The part knows the user of its own instance, with nothing of the other's."""
    clerk, other = production(_standin_program), production(_standin_program)
    site = ClerkSite(httpd, clerk, modules=["cgid", "include"], sections=f"""
AddOutputFilter INCLUDES .shtml
<Directory "${{DOCROOT}}">
    Options +Includes
</Directory>
<LocationMatch "^/(app|cgi)/">
    AuthType Clerk
    AuthName x
    Require valid-user
</LocationMatch>
<Location /cgi/>
    {chr(10).join([*instance_lines(other, api_url(other)),
                   f"ClerkAuthorizedParties {other.mint.azp}"])}
</Location>""")
    site.httpd.environment_script()
    target = page(site, "/app/page.shtml", "/cgi/env")
    cookies = {}
    for instance, user in ((clerk, IMPERSONATED), (other, SOLO)):
        cookies |= {f"__session_{instance.cookie_suffix}": instance.mint.session(user),
                    f"__client_uat_{instance.cookie_suffix}": "1"}
    seen = identity(parts_of(site.get(target, cookies=cookies))["/cgi/env"])
    assert (seen["CLERK_USER_ID"], seen["HTTP_X_CLERK_USER_ID"]) == (SOLO.id, SOLO.id)
    for name in ("ORG_ID", "ORG_ROLE", "ORG_PERMISSIONS", "ACTOR", "PLANS"):
        assert f"CLERK_{name}" not in seen and f"HTTP_X_CLERK_{name}" not in seen


def test_proxied_part_of_a_page(site, application):
    for start, names_user in (("/app/up/x", True), ("/up/x", False)):
        target = page(site, f"/app/with{names_user}.shtml", start)
        assert site.get(target, bearer=site.mint.session(MEMBER)).status == 200
        seen = str(application.requests[-1]["headers"])
        assert (MEMBER.id in seen) == names_user
        assert ("X-Clerk-" in seen) == names_user


def test_pages_of_two_users_one_after_the_other(site):
    target = page(site, "/app/two.shtml", "/app/cgi/env", "/untold/env")
    for user in (MEMBER, ADMIN, MEMBER):
        parts = parts_of(site.get(target, bearer=site.mint.session(user)))
        is_user(parts["/app/cgi/env"], user)
        is_user(parts["/untold/env"], user, told=False)
    assert site.get(target, headers=FETCH).status == 401


def test_the_very_same_section_asks_once(site):
    """httpd does not authenticate again there; what is known is passed on."""
    site.httpd.write("app/leads/one.txt", "1")
    with site.logged("debug") as lines:
        answer = site.get("/app/leads/in", bearer=site.mint.session(MEMBER))
    is_user(answer.json(), MEMBER)
    assert [line for line in lines if line.level in ("info", "notice", "warn", "error")] == []
