# SPDX-License-Identifier: Apache-2.0 - mod_rewrite: which place a rewritten request belongs to, and who is asked there
from __future__ import annotations

import pytest

from clerk_site import FETCH, NAVIGATION, ClerkSite, production
from standin.users import ADMIN, MEMBER, SOLO
from upstream import Upstream, header_values

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
CONDITION = "RewriteCond expr \"clerk('org_role') == 'org:admin'\""

SECTIONS = f"""
RewriteEngine On
RewriteRule ^/rp/(.*)$ "${{UP}}/$1" [P]
RewriteRule ^/public-rp/(.*)$ "${{UP}}/$1" [P]
RewriteRule ^/pt/(.*)$ /app/$1 [PT]
RewriteRule ^/plain/(.*)$ "${{DOCROOT}}/app/$1"
{CONDITION}
RewriteRule ^/pick$ /app/admin.txt [PT]
RewriteRule ^/pick$ /index.txt [PT]
{CONDITION}
RewriteRule ^/go$ /app/admin.txt [R]
RewriteCond %{{LA-U:REMOTE_USER}} ^user_
RewriteRule ^/app/la-u$ /app/page.txt [PT]
<LocationMatch "^/(app|rp|dp)/">
    AuthType Clerk
    AuthName x
    Require valid-user
</LocationMatch>
<Location /app/admin.txt>
    Require clerk-role admin
</Location>
<Directory "${{DOCROOT}}">
    AllowOverride All
    Options +FollowSymLinks
</Directory>
"""
HTACCESS = {
    # directory context: Location of the new URL is in force after the internal redirect
    "dp/.htaccess": 'RewriteEngine On\nRewriteRule ^(.*)$ "${UP}/$1" [P]\n',
    "front/.htaccess": "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\n"
                       "RewriteRule . /app/page.txt [L]\n",
    "choose/.htaccess": f"RewriteEngine On\n{CONDITION}\nRewriteRule ^x$ /app/admin.txt [L]\n"
                        "RewriteRule ^x$ /index.txt [L]\n",
    "forbid/.htaccess": "RewriteEngine On\nRewriteCond expr \"clerk('user_id') == ''\"\n"
                        "RewriteRule ^ - [F]\n",
    "user/.htaccess": "AuthType Clerk\nAuthName x\nRequire valid-user\nRewriteEngine On\n"
                      "RewriteCond %{REMOTE_USER} ^user_\nRewriteRule ^x$ page.txt [L]\n",
}


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    site = ClerkSite(module_httpd, production(_standin_program), sections=SECTIONS,
                     modules=["rewrite", "proxy_http"], defines={"UP": application.url})
    for name, text in HTACCESS.items():
        site.httpd.write(name, text)
    for name in ("app/admin.txt", "forbid/page.txt", "user/page.txt", "front/index.txt"):
        site.httpd.write(name, f"{name}\n")
    return site


@pytest.mark.parametrize("target", ["/rp/x", "/dp/x"])
def test_proxied_by_a_rule(site, application, target):
    """[P], by the server's rules and by a directory's: the place that was asked for decides."""
    before = len(application.requests)
    assert site.get(target, headers=FETCH).status == 401
    assert site.get(target, headers=NAVIGATION).status == 302
    assert len(application.requests) == before
    told = site.get(target, bearer=site.mint.session(MEMBER),
                    headers={"X-Clerk-User-Id": "forged", "Connection": "X-Clerk-User-Id"}).json()
    assert header_values(told, "X-Clerk-User-Id") == [MEMBER.id]
    told = site.get("/public-rp/x", bearer=site.mint.session(MEMBER),
                    headers={"X_Clerk_User_Id": "forged"}).json()
    assert "forged" not in str(told) and "x-clerk" not in str(told).lower()


@pytest.mark.parametrize("target", ["/pt/page.txt", "/front/anything", "/app/la-u"])
def test_the_new_url_is_protected(site, target):
    """[PT], and a front controller: its Location is in force."""
    assert site.get(target, headers=FETCH).status == 401
    answer = site.get(target, bearer=site.mint.session(MEMBER))
    assert (answer.status, answer.text) == (200, "for members\n")


def test_a_file_by_a_rule_without_pt_is_not_in_a_location(site):
    """The surprise that the manual tells of: Location goes by the URL that was asked for."""
    assert site.get("/plain/page.txt", headers=FETCH).status == 200


@pytest.mark.parametrize("target", ["/pick", "/choose/x"])
def test_a_condition_that_asks_who_it_is(site, target):
    for token, text in ((None, "hello\n"), (site.mint.session(MEMBER), "hello\n"),
                        (site.mint.session(ADMIN), "app/admin.txt\n")):
        answer = site.get(target, bearer=token, headers=FETCH)
        assert (answer.status, answer.text) == (200, text)
        assert answer.header("Vary")
    assert site.get("/go", bearer=site.mint.session(ADMIN)).location.endswith("/app/admin.txt")
    assert site.get("/go", bearer=site.mint.session(SOLO)).status == 404


def test_a_rule_that_forbids(site):
    assert site.get("/forbid/page.txt", headers=FETCH).status == 403
    assert site.get("/forbid/page.txt", bearer=site.mint.session(SOLO)).status == 200


def test_remote_user_in_a_directory(site):
    """There REMOTE_USER is known; in the server's rules it is not."""
    assert site.get("/user/x", bearer=site.mint.session(SOLO)).text == "user/page.txt\n"
    assert site.get("/user/x", headers=FETCH).status == 401
