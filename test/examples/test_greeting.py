# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/greeting what its README promises
from __future__ import annotations

import shutil

import pytest

from conftest import BROWSER, EXAMPLES, bearer, session_cookies
from standin.users import MEMBER, SOLO

SITE = "https://www.example.com"


@pytest.fixture(scope="module")
def site(example):
    prepared = example("greeting", SITE, "dir", "include")
    for name in ("index.shtml", "members.shtml"):
        shutil.copy(EXAMPLES / "greeting" / name, prepared.server.docroot)
    return prepared.start(FILES=prepared.server.docroot)


def test_everybody_sees_the_page(site, clerk):
    late = clerk.mint.session(MEMBER, exp=1_700_000_060, iat=1_700_000_000, nbf=1_700_000_000)
    for headers in ({}, BROWSER, bearer("junk"), bearer(late), {"X-Clerk-User-Id": "forged"}):
        answer = site.get("/", headers)
        assert answer.status == 200 and "Are you new here?" in answer.text
        assert "Cookie" in answer.header("Vary") and "Cache-Control" not in answer


def test_who_is_signed_in_is_greeted(site, clerk):
    for headers in (bearer(clerk.mint.session(SOLO)), session_cookies(clerk.mint.session(SOLO))):
        answer = site.get("/", headers)
        assert f"<p>Hello {SOLO.id}.</p>" in answer.text
        assert answer.header("Cache-Control") == "private, no-store"
        assert "Cookie" in answer.header("Vary")


def test_members_have_a_page_of_their_own(site, clerk):
    answer = site.get("/", session_cookies(clerk.mint.session(MEMBER)))
    assert f"Hello {MEMBER.id}, here is the news of\nacme." in answer.text
    other = clerk.mint.session(SOLO, o={"id": "org_2", "slg": "globex", "rol": "member"})
    assert f"<p>Hello {SOLO.id}.</p>" in site.get("/", bearer(other)).text


def test_no_value_breaks_out_of_the_page(site, clerk):
    token = clerk.mint.session(SOLO, sub="user_<script>alert(1)</script>")
    answer = site.get("/", bearer(token))
    assert answer.status == 200 and "user_&lt;script&gt;" in answer.text
    assert "<script" not in answer.text


def test_the_session_of_a_browser_is_renewed(site, clerk):
    late = clerk.mint.session(MEMBER, exp=1_700_000_060, iat=1_700_000_000, nbf=1_700_000_000)
    answer = site.get("/", {**BROWSER, **session_cookies(late)})
    assert answer.status == 307
    assert answer.location.startswith("https://clerk.example.com/v1/client/handshake?")
