# SPDX-License-Identifier: Apache-2.0 - which credentials the application sees
"""ClerkStripCredentials, and ClerkForwardToken as far as it needs nobody else."""
from __future__ import annotations

import json

import pytest

from clerk_site import ClerkSite, production
from standin.users import ADMIN, MEMBER, PENDING
from upstream import Upstream, header_values

SECTIONS = r"""
ProxyPass / "${UP}/"
<Location /cgi>
    ProxyPass !
    CGIPassAuth On
</Location>
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
    ClerkAcceptsToken session_token m2m_token
    ClerkStripCredentials On
</Location>
<Location /left>
    ClerkStripCredentials Off
</Location>
<Location /public>
    Require all granted
</Location>
<Location /forward>
    ClerkStripCredentials Off
    ClerkForwardToken session
</Location>
<Location /both>
    ClerkForwardToken session
</Location>
<Location /both/identify>
    Require all granted
    ClerkIdentify On
</Location>
<Location /both/public>
    Require all granted
</Location>
<Location /cgi/php>
    SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1
    CGIPassAuth Off
</Location>
<Location /cgi/php-forward>
    SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1
    ClerkForwardToken session
</Location>
<Directory "${DOCROOT}/index">
    DirectoryIndex page.shtml
    Options +Includes
    AddOutputFilter INCLUDES .shtml
</Directory>
<Location /index>
    ProxyPass !
</Location>
ScriptAlias /index/left/ "${CGI}/"
<Location /index/left>
    ClerkStripCredentials Off
    ClerkAudience nobody-checks
</Location>
"""


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    site = ClerkSite(module_httpd, production(_standin_program),
                     modules=["cgid", "proxy_http", "dir", "include"],
                     defines={"UP": application.url}, sections=SECTIONS)
    for name in ("env", "php", "php-forward"):
        site.httpd.environment_script(name)
    show = '<!--#echo var="HTTP_COOKIE" -->|<!--#echo var="CLERK_USER_ID" -->'
    site.httpd.write("index/page.shtml",
                     f'{show}|<!--#include virtual="/index/left/env" -->')
    return site


def reached(site, application, target, **how):
    """Cookie and Authorization as the application got them, None where there was none."""
    answer = site.get(target, **how)
    assert answer.status == 200, answer.text
    seen = application.requests[-1]
    values = [header_values(seen, name) for name in ("Cookie", "Authorization")]
    assert all(len(one) <= 1 for one in values)
    return tuple(one[0] if one else None for one in values)


def everything(site, token):
    """All of Clerk's cookies, plain and suffixed, among those of others."""
    suffix = site.clerk.cookie_suffix
    names = ["__session", "__client_uat", "__refresh", "__clerk_db_jwt", "__clerk_handshake",
             "__clerk_handshake_nonce", "__clerk_redirect_count"]
    jar = {"first": "1"}
    for name in names:
        jar[name] = jar[f"{name}_{suffix}"] = "x"
    jar.update(site.cookies(token))
    jar.update({f"__session_{suffix}": token, f"__client_uat_{suffix}": jar["__client_uat"]})
    # not this instance's, and not Clerk's
    jar.update({"__session_ZZZZZZZZ": "other", "__sessions": "a=b", "my__session": "c",
                "last": '"q,\\"'})
    jar.pop("__clerk_handshake"), jar.pop("__clerk_handshake_nonce")
    return jar


OTHERS = 'first=1; __session_ZZZZZZZZ=other; __sessions=a=b; my__session=c; last="q,\\"'


@pytest.mark.sanitize
def test_clerks_cookies_are_removed(site, application):
    token = site.mint.session(MEMBER)
    assert reached(site, application, "/x", cookies=everything(site, token)) == (OTHERS, None)


def test_no_field_is_left_of_nothing(site, application):
    assert reached(site, application, "/x", session=site.mint.session(MEMBER)) == (None, None)


def test_order_and_odd_spelling(site, application):
    token = site.mint.session(MEMBER)
    field = (f" a = 1 ;; __session ={token};\t__client_uat=1700000000;b;__session; c=%3B__session%3D1"
             "; __SESSION=x ;__session=second")
    assert reached(site, application, "/x", headers={"Cookie": field}) \
        == ("a = 1; b; c=%3B__session%3D1; __SESSION=x", None)


def test_untouched_where_there_is_nothing(site, application):
    token = site.mint.session(MEMBER)
    field = "a=1;b=2 ;; c"
    assert reached(site, application, "/x", headers={"Cookie": field}, bearer=token) \
        == (field, None)


@pytest.mark.parametrize("target", ["/left", "/public"])
def test_off_and_public(site, application, target):
    """On public places, too: what is there belongs to no application."""
    token = site.mint.session(MEMBER)
    cookies, field = reached(site, application, target, cookies={"a": "1", "__session": token},
                             bearer=token)
    kept = target == "/left"
    assert cookies == (f"a=1; __session={token}" if kept else "a=1")
    assert field == (f"Bearer {token}" if kept else None)


@pytest.mark.parametrize("field, kept", [
    ("Basic am9lOnBhc3N3b3Jk", True), ("Digest x", True), ("bearer x", False), ("Bearer", False),
    ("Bearer a b", False), ("lonely", False)])
def test_other_schemes_are_left(site, application, field, kept):
    assert reached(site, application, "/public", headers={"Authorization": field}) \
        == (None, field if kept else None)


def names_of(site, target, **how):
    answer = site.get(target, **how)
    assert answer.status == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("target", ["/cgi/env", "/cgi/php"])
def test_cgi(site, target):
    token = site.mint.session(MEMBER)
    found = names_of(site, target, bearer=token, cookies={"a": "1", "__session": "x"})
    assert found["HTTP_COOKIE"] == "a=1"
    assert "HTTP_AUTHORIZATION" not in found and token not in str(found)
    assert found["CLERK_USER_ID"] == MEMBER.id


@pytest.mark.sanitize
def test_parts_of_a_page_ask_by_what_the_client_sent(site):
    """An index page, and a part under other rules: both know who it is."""
    page, user, part = site.get(
        "/index/", cookies={"a": "1", **site.cookies(site.mint.session(MEMBER))}
    ).text.split("|")
    assert (page, user) == ("a=1", MEMBER.id)
    names = json.loads(part)
    assert names["HTTP_COOKIE"].startswith("a=1; __session=")
    assert names["CLERK_USER_ID"] == MEMBER.id


# ---------------------------------------------------------------- ClerkForwardToken session

@pytest.mark.sanitize
@pytest.mark.parametrize("how", ["bearer", "session"])
@pytest.mark.parametrize("target", ["/forward", "/both", "/both/identify"])
def test_the_session_token_is_forwarded(site, application, _standin_program, target, how):
    """A18"""
    token = site.mint.session(MEMBER)
    before = _standin_program.count("backend.session_token")
    cookie, field = reached(site, application, target, **{how: token})
    assert field == f"Bearer {token}"
    assert (cookie is not None) == (target == "/forward" and how == "session")
    assert _standin_program.count("backend.session_token") == before


def test_a_machine_token_is_forwarded(site, application):
    """A18"""
    token = site.mint.m2m()
    assert reached(site, application, "/both", bearer=token) == (None, f"Bearer {token}")


@pytest.mark.parametrize("field", ["Basic am9lOnBhc3N3b3Jk", "x.y.z", "Bearer x.y.z", "Digest y"])
@pytest.mark.parametrize("target", ["/both/identify", "/both/public"])
def test_nobodys_own_never_reaches_the_application(site, application, target, field):
    assert reached(site, application, target, headers={"Authorization": field}) == (None, None)


def test_a_pending_session_is_not_forwarded(site, application):
    assert reached(site, application, "/both/identify",
                   bearer=site.mint.session(PENDING)) == (None, None)


def test_basic_beside_a_session_is_replaced(site, application):
    token = site.mint.session(MEMBER)
    assert reached(site, application, "/both", session=token,
                   headers={"Authorization": "Basic am9lOnBhc3N3b3Jk"}) == (None, f"Bearer {token}")


def test_a_public_place_does_not_look_who_it_is(site, application):
    """So it has nothing to forward."""
    assert reached(site, application, "/both/public",
                   bearer=site.mint.session(ADMIN)) == (None, None)


def test_variables_that_sites_make_of_the_header(site):
    token = site.mint.session(MEMBER)
    found = names_of(site, "/cgi/php-forward", session=token,
                     headers={"Authorization": "Basic am9lOnBhc3N3b3Jk"})
    assert found["HTTP_AUTHORIZATION"] == f"Bearer {token}"
    assert "Basic" not in str(found)


# ---------------------------------------------------------------- configuration

@pytest.mark.parametrize("line, said", [
    ("ClerkStripCredentials Some", "must be On or Off"),
    ("ClerkForwardToken sessions", "write off, session or template:NAME"),
    ("ClerkForwardToken", "takes one argument"),
])
def test_what_cannot_be_right_stops_the_start(rejected, line, said):
    assert said in rejected(line)
