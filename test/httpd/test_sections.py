# SPDX-License-Identifier: Apache-2.0 - settings by virtual host, section, .htaccess and <If>
from __future__ import annotations

import pytest

from clerk_site import (FETCH, NAVIGATION, ClerkSite, api_url, instance_lines, production, seen)
from standin.users import ADMIN, MEMBER, SOLO

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "


def instance(clerk) -> str:
    return "\n".join([*instance_lines(clerk, api_url(clerk)),
                      f"ClerkAuthorizedParties {clerk.mint.azp}"])


# ---------------------------------------------------------------- three places

@pytest.mark.sanitize
@pytest.mark.all_mpms
def test_host_location_and_htaccess(httpd, _standin_program):
    """The instance in the virtual host, who may in Location, more in .htaccess."""
    clerk = production(_standin_program)
    site = ClerkSite(httpd, clerk, instance=[], parties=False, modules=["cgid"], sections=f"""
<Directory "${{DOCROOT}}">
    AllowOverride AuthConfig
</Directory>
<VirtualHost *:*>
    {instance(clerk)}
    <Location /app>
        AuthType Clerk
        AuthName "Outer"
        Require valid-user
    </Location>
</VirtualHost>""")
    member, admin = site.mint.session(MEMBER), site.mint.session(ADMIN)
    site.httpd.write("app/staff/page.txt", "staff")
    site.httpd.write("app/staff/.htaccess", "Require clerk-role %{tolower:ADMIN}\n"
                                            "ClerkSignInURL https://id.example/in\n")
    site.httpd.write("htaccess/page.txt", "by .htaccess alone")
    site.httpd.write("htaccess/.htaccess", 'AuthType Clerk\nAuthName "Inner"\n'
                                           "ClerkResponses protect\nRequire clerk-role admin\n")
    # Location stands behind .htaccess: its Require replaces the file's
    assert site.get("/app/staff/page.txt", bearer=member).status == 200
    answer = site.get("/app/staff/page.txt", headers=NAVIGATION)
    assert answer.status == 302 and answer.location.startswith("https://id.example/in?")
    assert site.get("/app/page.txt", headers=FETCH).status == 401
    for token, status in ((None, 404), (member, 404), (admin, 200)):
        assert site.get("/htaccess/page.txt", headers=FETCH, bearer=token).status == status
    site.log.expect(DENIAL, times=1)


HTACCESS = [
    # AllowOverride, what the file says, status for nobody, for a member
    ("AuthConfig", "Require clerk-role admin", 401, 403),
    ("AuthConfig", "AuthMerging And\nRequire clerk-role member", 401, 200),
    ("AuthConfig", "ClerkResponses protect", 404, 200),
    ("AuthConfig", "Require all granted", 200, 200),
    ("AuthConfig", "ClerkEnforce LogOnly\nRequire clerk-role admin", 200, 200),
    ("All", "Require clerk-org acme", 401, 200),
    # the file is not read
    ("None", "Require all granted", 401, 200),
    ("None", "nonsense", 401, 200),
    # it is read, and may not say that
    ("FileInfo", "Require all granted", 500, 500),
    ("FileInfo", "ClerkEnforce LogOnly", 500, 500),
    ("FileInfo", "ClerkAuthorizedParties https://evil.example", 500, 500),
    ("AuthConfig", "Require clerk-role", 500, 500),
    ("AuthConfig", "ClerkEnforce Of", 500, 500),
    ("AuthConfig", "ClerkPublishableKey pk_test_Zm9vLmNsZXJrLmFjY291bnRzLmRldiQ", 500, 500),
    ("AuthConfig", "ClerkJWTKey file:/etc/passwd", 500, 500),
]


@pytest.fixture(scope="module")
def htaccess_site(module_httpd, _standin_program):
    """One directory for each row: /h/NUMBER/page.txt."""
    site = ClerkSite(module_httpd, production(_standin_program), sections="\n".join(
        f"""<Directory "${{DOCROOT}}/h/{number}">
            AllowOverride {allowed}
            AuthType Clerk
            AuthName x
            Require valid-user
        </Directory>""" for number, (allowed, _, _, _) in enumerate(HTACCESS)))
    for number, (_, text, _, _) in enumerate(HTACCESS):
        site.httpd.write(f"h/{number}/page.txt", "page")
        site.httpd.write(f"h/{number}/.htaccess", text + "\n")
    return site


@pytest.mark.parametrize("number", range(len(HTACCESS)),
                         ids=[f"{allowed}: {text}" for allowed, text, _, _ in HTACCESS])
def test_htaccess(htaccess_site, number):
    _, text, nobody, member = HTACCESS[number]
    site, target = htaccess_site, f"/h/{number}/page.txt"
    assert site.get(target, headers=FETCH).status == nobody
    answer = site.get(target, headers=FETCH, bearer=site.mint.session(MEMBER))
    assert answer.status == member
    if member == 500:
        assert "clerk" not in answer.text.lower()
        site.log.expect(rf"\[core:alert\].*{target.replace('page.txt', '.htaccess')}: ", times=2)
    elif "LogOnly" in text:
        site.log.expect("ClerkEnforce LogOnly", times=2)
        site.log.expect(DENIAL, times=1)
    elif member == 403:
        site.log.expect(DENIAL, times=1)


def test_htaccess_is_read_anew(httpd, _standin_program):
    """A change of the file holds for the next request."""
    site = ClerkSite(httpd, production(_standin_program), sections="""
<Directory "${DOCROOT}/app">
    AllowOverride AuthConfig
    AuthType Clerk
    AuthName x
    Require valid-user
</Directory>""")
    token = site.mint.session(MEMBER)
    for text, status in (("", 200), ("Require clerk-role admin", 403), ("", 200)):
        site.httpd.write("app/.htaccess", text)
        assert site.get(bearer=token).status == status
    site.log.expect(DENIAL, times=1)


# ---------------------------------------------------------------- several instances

@pytest.fixture(scope="module")
def two(_standin_program):
    """Two instances whose keys have the same id."""
    return (production(_standin_program, kid="ins_same"),
            production(_standin_program, kid="ins_same"))


def by_location(one, other) -> str:
    return "\n".join(f"""
<Location /{name}/>
    AuthType Clerk
    AuthName x
    Require valid-user
    {instance(clerk)}
</Location>""" for name, clerk in (("one", one), ("other", other)))


def refused_by(site, target, **how):
    answer = site.get(target, headers=FETCH, **how)
    assert (answer.status, seen(answer).user) == (401, None)
    return seen(answer).reason


@pytest.mark.sanitize
def test_two_instances_by_location(httpd, two):
    one, other = two
    site = ClerkSite(httpd, one, instance=[], parties=False, sections=by_location(one, other))
    for name in ("one", "other"):
        site.httpd.write(f"{name}/page", name)
    for _ in range(2):   # with keys unknown, with keys known
        for own, clerk, foreign in (("/one/page", one, other), ("/other/page", other, one)):
            assert site.get(own, bearer=clerk.mint.session(MEMBER)).status == 200
            assert refused_by(site, own, bearer=foreign.mint.session(ADMIN)) == \
                "token-invalid-signature"
            # of the right name, by the wrong key
            assert refused_by(site, own, bearer=foreign.mint.session(ADMIN, iss=clerk.issuer)) == \
                "token-invalid-signature"
            assert clerk.frontend_api.replace("clerk.", "accounts.") in \
                site.get(own, headers=NAVIGATION).location


def test_two_instances_by_cookie(httpd, two):
    """A browser that is signed in to both sends both; each section takes its own."""
    one, other = two
    site = ClerkSite(httpd, one, instance=[], parties=False, sections=by_location(one, other))
    cookies = {}
    for clerk, user in ((one, MEMBER), (other, SOLO)):
        cookies |= {f"__session_{clerk.cookie_suffix}": clerk.mint.session(user),
                    f"__client_uat_{clerk.cookie_suffix}": "1"}
    for name, user in (("one", MEMBER), ("other", SOLO), ("one", MEMBER)):
        site.httpd.write(f"{name}/page", name)
        answer = site.get(f"/{name}/page", cookies=cookies)
        assert (answer.status, seen(answer).user) == (200, user.id)


def test_two_instances_by_virtual_host(httpd, two):
    one, other = two
    hosts = "\n".join(f"""
<VirtualHost *:*>
    ServerName {name}.example
    {instance(clerk)}
    <Location /app>
        AuthType Clerk
        AuthName x
        Require valid-user
    </Location>
</VirtualHost>""" for name, clerk in (("one", one), ("other", other)))
    site = ClerkSite(httpd, one, instance=[], parties=False, sections=hosts)
    for host, clerk, foreign in (("one.example", one, other), ("other.example", other, one)):
        assert site.get(bearer=clerk.mint.session(MEMBER), host=host).status == 200
        assert site.get(bearer=foreign.mint.session(MEMBER), host=host).status == 401
        assert clerk.frontend_api.replace("clerk.", "accounts.") in \
            site.get(headers=NAVIGATION, host=host).location


def test_a_section_without_an_instance(httpd, _standin_program):
    """Nobody gets in where nothing says which instance: 500, and why is in the log."""
    clerk = production(_standin_program)
    site = ClerkSite(httpd, clerk, instance=[], parties=False, sections=f"""
<Location />
    AuthType Clerk
    AuthName x
    ClerkAuthorizedParties {clerk.mint.azp}
    Require valid-user
</Location>
<Location /app>
    {instance(clerk)}
</Location>""")
    assert site.get(bearer=site.mint.session(MEMBER)).status == 200
    for headers in (FETCH, NAVIGATION):
        answer = site.get("/index.txt", headers=headers, bearer=site.mint.session(MEMBER))
        assert answer.status == 500
    site.log.expect(r"\[clerk_auth:error\].*no Clerk instance for /index.txt", times=2)


# ---------------------------------------------------------------- one by one

def test_settings_are_inherited_one_by_one(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), parties=False, sections="""
ClerkAuthorizedParties https://outer.example
ClerkSignInURL https://id.example/outer
<Location /app>
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
<Location /app/inner>
    ClerkAuthorizedParties https://inner.example https://second.example
</Location>
<Location /app/inner/most>
    ClerkSignInURL https://id.example/most
</Location>""")
    for name in ("app/inner/most/page", "app/inner/page"):
        site.httpd.write(name, "page")
    for target, parties, sign_in in (("/app/page.txt", ["outer"], "outer"),
                                     ("/app/inner/page", ["inner", "second"], "outer"),
                                     ("/app/inner/most/page", ["inner", "second"], "most")):
        for party in ("outer", "inner", "second"):
            token = site.mint.session(MEMBER, azp=f"https://{party}.example")
            assert (site.get(target, bearer=token).status == 200) == (party in parties)
        location = site.get(target, headers=NAVIGATION).location
        assert location.startswith(f"https://id.example/{sign_in}?")


def test_an_inner_section_that_is_open(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), sections="""
<Location /app>
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
<Location /app/open>
    Require all granted
</Location>
<Location /app/none>
    AuthType None
    Require all granted
</Location>""")
    for name in ("open", "none"):
        site.httpd.write(f"app/{name}", name)
        for token in (None, site.mint.session(MEMBER), "x"):
            answer = site.get(f"/app/{name}", bearer=token)
            assert (answer.status, answer.text, seen(answer).user) == (200, name, None)


@pytest.mark.parametrize("kind, pattern", [
    ("Files", '"page.txt"'), ("FilesMatch", r'"\.txt$"'), ("Directory", '"${DOCROOT}/app"'),
    ("DirectoryMatch", '"/app/"'), ("LocationMatch", '"^/app/"'), ("Location", "/app")])
def test_kinds_of_sections(httpd, _standin_program, kind, pattern):
    site = ClerkSite(httpd, production(_standin_program), sections=f"""
<{kind} {pattern}>
    AuthType Clerk
    AuthName x
    Require clerk-role admin
</{kind}>""")
    for user, status in ((ADMIN, 200), (MEMBER, 403)):
        assert site.get(bearer=site.mint.session(user)).status == status
    assert site.get(headers=FETCH).status == 401
    site.log.expect(DENIAL, times=1)


def test_methods(httpd, _standin_program):
    """<LimitExcept>: reading is open, writing is not."""
    site = ClerkSite(httpd, production(_standin_program), sections="""
<Location /app>
    AuthType Clerk
    AuthName x
    <LimitExcept GET>
        Require clerk-role admin
    </LimitExcept>
</Location>""")
    assert site.get().status == 200
    assert seen(site.get(bearer=site.mint.session(ADMIN))).user is None
    assert site.request("POST").status == 401
    assert site.request("POST", bearer=site.mint.session(MEMBER)).status == 403
    assert site.request("DELETE", bearer=site.mint.session(ADMIN)).status == 405
    site.log.expect(DENIAL, times=1)


# ---------------------------------------------------------------- <If>

IF = """
<Location /app>
    AuthType Clerk
    AuthName x
    Require valid-user
    <If "%{QUERY_STRING} == 'admin'">
        Require clerk-role admin
    </If>
    <ElseIf "%{QUERY_STRING} == 'protect'">
        ClerkResponses protect
    </ElseIf>
    <Else>
        ClerkSignInURL https://id.example/else
    </Else>
</Location>
<If "%{REQUEST_URI} == '/index.txt'">
    AuthType Clerk
    AuthName x
    Require clerk-org acme
</If>
"""


@pytest.mark.sanitize
def test_if(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), sections=IF)
    token = site.mint.session(MEMBER)
    assert site.get("/app/page.txt?admin", bearer=token).status == 403
    assert site.get("/app/page.txt?admin", bearer=site.mint.session(ADMIN)).status == 200
    assert site.get("/app/page.txt?admin", headers=FETCH).status == 401
    assert site.get("/app/page.txt?protect", headers=FETCH).status == 404
    assert site.get("/app/page.txt?protect", bearer=token).status == 200
    answer = site.get("/app/page.txt", headers=NAVIGATION)
    assert answer.status == 302 and answer.location.startswith("https://id.example/else?")
    assert site.get("/index.txt", headers=FETCH).status == 401
    assert site.get("/index.txt", bearer=token).status == 200
    assert site.get("/index.txt", bearer=site.mint.session(SOLO)).status == 403
    site.log.expect(DENIAL, times=2)
