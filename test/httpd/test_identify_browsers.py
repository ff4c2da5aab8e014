# SPDX-License-Identifier: Apache-2.0 - sessions are kept on pages that require nothing, and where expressions ask
from __future__ import annotations

import time

import pytest

from clerk_site import (FETCH, NAVIGATION, PAGE_TEXT, PROTECTED, ClerkSite, development,
                        production, seen)
from redirects import expired, handshake, redirect, visit
from standin.users import MEMBER

SECTIONS = PROTECTED + """
<Location /public>
    ClerkIdentify On
    Require all granted
</Location>
<Location /public/off>
    ClerkHandshake Off
</Location>
<Location /asked>
    AuthType Clerk
    AuthName x
    Require valid-user
    <If "-n clerk('user_id')">
        Header set X-Asked yes
    </If>
</Location>
<Location /twice>
    AuthType Clerk
    AuthName x
    Require valid-user
    <If "-n clerk('user_id')">
        Header set X-Asked yes
    </If>
    <If "true">
        ClerkClockSkew 6s
    </If>
</Location>
<Location /passing>
    <If "-n clerk('user_id')">
        Header set X-Asked yes
    </If>
</Location>
"""
PAGE = "/public/page.txt"


@pytest.fixture(scope="module", params=[production, development],
                ids=["production", "development"])
def site(request, module_httpd, _standin_program):
    site = ClerkSite(module_httpd, request.param(_standin_program),
                     "ClerkAuthorizedParties http://localhost:${PORT}", "ClerkDebugHeaders On",
                     parties=False, sections=SECTIONS)
    site.clerk.set_app_origins(site.httpd.url)
    for place in ("public", "public/off", "asked", "twice", "passing"):
        site.httpd.write(f"{place}/page.txt", PAGE_TEXT)
    return site


def jar_of(site, refresh=True):
    session = site.clerk.new_session(MEMBER)
    jar = site.cookies(expired(site, MEMBER, sid=session.id))
    if refresh:
        jar[f"__refresh_{site.clerk.cookie_suffix}"] = session.refresh_token
    return jar


def is_page(answer, user=None):
    assert (answer.status, answer.text) == (200, PAGE_TEXT)
    assert seen(answer).user == (user.id if user else None)


def test_a_visitor_is_a_visitor(site):
    """Nobody is sent to sign in from a public page; in development it gets its dev browser."""
    answer = visit(site, PAGE, cookies={"__clerk_db_jwt": "dvb"})
    is_page(answer)
    assert answer.header("X-Clerk-Auth-Reason") == "session-token-and-uat-missing"
    answer = visit(site, PAGE)
    if site.clerk.publishable_key.startswith("pk_test_"):
        assert handshake(answer).reason == "dev-browser-missing"
    else:
        is_page(answer)


def test_a_session_is_renewed(site, standin):
    """By a refresh, or a handshake; scripts and forms go on as nobody."""
    answer = visit(site, PAGE, cookies=jar_of(site))
    is_page(answer, MEMBER)
    assert answer.cookies and answer.cookies[0].startswith("__session")
    away = handshake(visit(site, PAGE, cookies=jar_of(site, refresh=False)))
    assert away.back == site.httpd.url + PAGE
    answer = site.get(PAGE, headers=FETCH, cookies=jar_of(site, refresh=False))
    is_page(answer)
    assert answer.cookies == [] and answer.header("X-Clerk-Auth-Status") == "signed-out"
    answer = site.request("POST", PAGE, headers=NAVIGATION, cookies=jar_of(site))
    assert answer.status in (200, 405) and answer.cookies == []


def test_what_a_handshake_brings_is_taken(site):
    cookies = [f"__session={site.mint.session(MEMBER)}; Path=/", "__client_uat=1; Path=/"]
    answer = visit(site, f"{PAGE}?__clerk_handshake={site.mint.handshake(cookies)}")
    assert answer.cookies == cookies
    if site.clerk.publishable_key.startswith("pk_test_"):
        redirect(answer)
        assert answer.location == site.httpd.url + PAGE
    else:
        is_page(answer, MEMBER)


def test_handshake_off(site):
    for jar in (jar_of(site), jar_of(site, refresh=False), {}):
        answer = visit(site, "/public/off/page.txt", cookies=jar)
        is_page(answer)
        assert answer.cookies == []


def test_an_expression_on_a_protected_page(site, standin):
    """It asks before httpd does; the session is renewed once, and for both."""
    assert handshake(visit(site, "/asked/page.txt", cookies=jar_of(site, refresh=False)))
    standin.reset()
    answer = visit(site, "/asked/page.txt", cookies=jar_of(site))
    is_page(answer, MEMBER)
    assert answer.header("X-Asked") == "yes" and len(answer.cookies) == 1
    assert standin.count("backend.session_refresh") == 1


def test_a_request_that_is_judged_twice(site, standin):
    """Under the rules before an <If> and behind it: what is sent is what was decided last."""
    handshake(visit(site, "/twice/page.txt", cookies=jar_of(site, refresh=False)))
    standin.reset()
    answer = visit(site, "/twice/page.txt", cookies=jar_of(site))
    is_page(answer, MEMBER)
    assert len(answer.cookies) == 1 and standin.count("backend.session_refresh") == 1
    now = int(time.time())
    jar = site.cookies(site.mint.session(MEMBER, nbf=now + 6, exp=now + 60))   # good behind it
    answer = visit(site, "/twice/page.txt", cookies=jar)
    is_page(answer, MEMBER)
    assert answer.cookies == [] and answer.header("X-Clerk-Auth-Status") is None


def test_an_expression_in_passing(site, standin):
    """Where nobody is identified otherwise it renews nothing and sends nobody anywhere."""
    standin.reset()
    for jar in (jar_of(site), jar_of(site, refresh=False), {}):
        answer = visit(site, "/passing/page.txt", cookies=jar)
        assert (answer.status, answer.cookies) == (200, [])
        assert answer.header("X-Asked") is None
    assert standin.count("backend.session_refresh") == 0
