# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/static-site what its README promises
from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from conftest import BROWSER, bearer, session_cookies
from standin.users import ADMIN, MEMBER

SITE = "https://guide.example.com"


@pytest.fixture(scope="module")
def site(example):
    prepared = example("static-site", SITE, "dir")
    files = prepared.server
    files.write("index.html", "front page")
    files.write("forbidden.html", "ask for the permission")
    files.write("handbook/index.html", "the handbook")
    files.write("handbook/finance/index.html", "the figures")
    # The site itself speaks TLS at a usual port; so does what it says of itself.
    return prepared.start('ServerName https://guide.example.com\nUseCanonicalName On\n'
                          f'Alias /old-handbook "{files.docroot}/handbook"',
                          FILES=files.docroot)


def test_the_rest_of_the_site_is_open(site):
    answer = site.get("/", BROWSER)
    assert (answer.status, answer.text) == (200, "front page")


def test_a_browser_is_sent_to_sign_in_and_told_where_to_come_back(site):
    answer = site.get("/handbook/?chapter=3", BROWSER)
    location = urlsplit(answer.location)
    assert answer.status == 302
    assert (f"{location.scheme}://{location.netloc}", location.path) == (SITE, "/sign-in")
    assert parse_qs(location.query) == {"redirect_url": [f"{SITE}/handbook/?chapter=3"]}


def test_a_program_gets_401_and_json(site):
    answer = site.get("/handbook/", {"Accept": "*/*"})
    assert answer.status == 401 and answer.location is None
    assert answer.header("WWW-Authenticate") == 'Bearer realm="Handbook"'
    assert answer.json()["error"] == "not_authenticated"


def test_a_signed_in_person_sees_the_page_and_no_cache_shares_it(site, clerk):
    answer = site.get("/handbook/", {**BROWSER, **session_cookies(clerk.mint.session(MEMBER))})
    assert (answer.status, answer.text) == (200, "the handbook")
    assert answer.header("Cache-Control") == "private, no-cache"
    varies = {name.strip() for field in answer.all("Vary") for name in field.split(",")}
    assert {"Authorization", "Cookie"} <= varies


def test_a_kept_copy_is_shown_again_only_with_a_session(site, clerk):
    cookies = session_cookies(clerk.mint.session(MEMBER))
    tag = site.get("/handbook/", cookies).header("ETag")
    assert site.get("/handbook/", {**cookies, "If-None-Match": tag}).status == 304
    assert site.get("/handbook/", {"If-None-Match": tag}).status == 401


def test_without_the_permission_the_site_shows_its_own_page(site, clerk):
    answer = site.get("/handbook/finance/", bearer(clerk.mint.session(MEMBER)))
    assert (answer.status, answer.text) == (403, "ask for the permission")
    answer = site.get("/handbook/finance/", bearer(clerk.mint.session(ADMIN)))
    assert (answer.status, answer.text) == (200, "the figures")


def test_another_url_of_the_same_files_is_protected_too(site, clerk):
    assert site.get("/old-handbook/").status == 401
    assert site.get("/old-handbook/", bearer(clerk.mint.session(MEMBER))).status == 200
    assert site.get("/old-handbook/finance/", bearer(clerk.mint.session(MEMBER))).status == 403


def test_a_token_made_for_another_site_is_refused(site, clerk):
    token = clerk.mint.session(MEMBER, azp="https://elsewhere.example.com")
    assert site.get("/handbook/", bearer(token)).status == 401
