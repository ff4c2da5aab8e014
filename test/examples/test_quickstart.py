# SPDX-License-Identifier: Apache-2.0 - the quickstart's site, page by page
from __future__ import annotations

import json
import os
import re
import sys
import urllib.request
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from conftest import EXAMPLES
from httpd import module_path
from standin.users import ADMIN, MEMBER, PENDING, SOLO

sys.path.insert(0, str(EXAMPLES / "quickstart" / "demo"))

import tour                                        # noqa: E402
from visitor import ACCEPT, Browser, Client        # noqa: E402
from servers import Servers                        # noqa: E402
from standin.pages import label                    # noqa: E402

PROTECTED = ("/account/", "/admin/", "/cgi-bin/whoami", "/app/")
HOSTILE = """<script>alert("x")</script>&'</dd>"""


@pytest.fixture(scope="module")
def site():
    servers = Servers(module_path(), 0, 0)
    try:
        servers.start()
        yield servers
        # Nothing went wrong in any of the programs.
        errors = [line for line in (servers.run / "error.log").read_text().splitlines()
                  if not re.search(r":(notice|info)\]|AH01631", line)]
        assert errors == [] and servers.ended() is None
        assert (servers.run / "application.stderr").read_text() == ""
    finally:
        servers.stop()


def signed_in(site, user) -> Browser:
    browser = Browser()
    browser.open(f"{site.site}/account/")
    browser.click(label(user))
    return browser


def mint(site, **claims) -> str:
    """A session token of the admin's with other claims, properly signed."""
    request = urllib.request.Request(
        f"{site.control}/mint", json.dumps({"user": "admin", "claims": claims}).encode(),
        {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)["token"]


def ask(site, path, token=None, **headers):
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return Client().ask(site.site + path, headers)


def test_the_tour_is_as_printed(site, capsys):
    assert tour.check(site.site, site.clerk) == 0
    report = capsys.readouterr().out
    assert "BAD" not in report and report.count("ok  ") == int(
        re.search(r"(\d+) requests, 0 not as printed", report)[1])


@pytest.mark.parametrize("name, wrong", [
    ("CLICKS", tour.Click("Account", 403, "Choose who to be")),
    ("CLICKS", tour.Click("Account", 200, "something else")),
    ("CLICKS", tour.Click("No such link", 200, "")),
    ("NOBODY", tour.Curl("/account/", 200)),
    ("RENEWED", tour.Click("reload", 200, "Choose who to be")),
    ("SIGNED_IN", tour.Curl("/account/", 200, ADMIN.id, person=MEMBER.key))])
def test_the_tour_notices_a_wrong_answer(site, monkeypatch, capsys, name, wrong):
    monkeypatch.setattr(tour, name, wrong if name == "RENEWED" else (wrong,))
    assert tour.check(site.site, site.clerk) == 1
    assert "1 not as printed" in capsys.readouterr().out


def test_nobody_sees_a_protected_page(site):
    for path in PROTECTED:
        assert ask(site, path).status == 401
        answer = ask(site, path, **ACCEPT)
        assert answer.status == 307
        location = urlsplit(answer.headers["Location"])
        assert f"{location.scheme}://{location.netloc}" == site.clerk
        assert (location.path, parse_qs(location.query)["redirect_url"]) == (
            "/v1/client/handshake", [site.site + path])
        page = Browser().open(site.site + path)
        assert page.url.startswith(f"{site.clerk}/sign-in?")
        assert parse_qs(urlsplit(page.url).query)["redirect_url"] == [site.site + path]


def test_each_page_knows_the_person(site):
    browser = signed_in(site, ADMIN)
    for path in PROTECTED:
        answer = browser.open(site.site + path)
        assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
        assert ADMIN.id in answer.text or path == "/admin/"


def test_who_has_no_organization_is_no_admin(site):
    browser = signed_in(site, SOLO)
    assert SOLO.id in browser.page.text and "<dd>none</dd>" in browser.page.text
    answer = browser.click("Admins only")
    assert answer.status == 403 and "Require clerk-role admin" in answer.text


def test_a_token_that_has_expired_is_renewed_without_a_click(site):
    browser = signed_in(site, MEMBER)
    late = mint(site, exp=1_700_000_060, iat=1_700_000_000, nbf=1_700_000_000)
    for cookie in browser.client.jar:
        if cookie.name.startswith("__session"):
            cookie.value = late
    assert ask(site, "/account/", late).status == 401
    answer = browser.open(f"{site.site}/account/")
    assert (answer.status, answer.url) == (200, f"{site.site}/account/")
    assert MEMBER.id in answer.text


def test_a_pending_session_has_its_task_first(site):
    browser = signed_in(site, PENDING)
    assert "your session is pending" in browser.page.text
    answer = browser.click("Complete the task")
    assert (answer.status, answer.url) == (200, f"{site.site}/account/")
    assert PENDING.id in answer.text


def test_signing_out_ends_the_session(site):
    browser = signed_in(site, MEMBER)
    assert browser.click("Sign out").url == f"{site.site}/"
    assert "Choose who to be" in browser.open(f"{site.site}/account/").text


def test_who_came_by_address_gets_cookies_for_the_name(site):
    answer = Client().ask(f"http://127.0.0.1:{site.port}/account/", ACCEPT)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["redirect_url"] == [f"{site.site}/account/"]


def test_a_token_for_another_site_is_refused(site):
    assert ask(site, "/account/", mint(site)).status == 200
    assert ask(site, "/account/", mint(site, azp="http://localhost:1")).status == 401


def test_what_a_token_says_is_escaped(site):
    organization = {"id": "org_1", "slg": HOSTILE, "rol": "admin", "per": "", "fpm": ""}
    token = mint(site, sub=HOSTILE, sid=HOSTILE, o=organization)
    for path in PROTECTED:
        answer = ask(site, path, token)
        assert answer.status == 200
        assert "&lt;script&gt;" in answer.text and "<script" not in answer.text
        assert "&amp;" in answer.text
        Outline(answer.text)
    assert json.loads(ask(site, "/app/me", token).text)["X-Clerk-User-Id"] == HOSTILE


class Outline(HTMLParser):
    """Every tag closed in its turn, one title, one heading, what it refers to."""
    VOID = {"meta", "link", "br", "input"}

    def __init__(self, text: str):
        super().__init__()
        self.open, self.references, self.counts, self.attributes = [], [], {}, {}
        self.feed(text)
        self.close()
        assert text.lower().startswith("<!doctype html>") and self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.attributes.setdefault(tag, []).append(found)
        self.references += [found[name] for name in ("href", "src", "action") if name in found]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        assert "<!--#" not in data and "[an error occurred" not in data

    def handle_comment(self, data):
        assert not data.startswith("#"), "a server-side include that was not done"


def test_pages_are_whole_and_refer_to_nothing_elsewhere(site):
    browser = signed_in(site, ADMIN)
    pages = [browser.open(site.site + path) for path in ("/", *PROTECTED)]
    pages.append(signed_in(site, MEMBER).click("Admins only"))
    assert [page.status for page in pages] == [200] * 5 + [403]
    for page in pages:
        outline = Outline(page.text)
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert outline.attributes["html"] == [{"lang": "en"}]
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} \
            in outline.attributes["meta"]
        assert (outline.counts["title"], outline.counts["h1"], outline.counts["main"]) == (1, 1, 1)
        assert not {"script", "style", "img", "iframe"} & set(outline.counts)
        # Each link stays on this site and leads somewhere.
        for reference in set(outline.references) - {"/sign-out"}:
            assert re.match(r"/(?!/)|me$", reference)
            assert browser.open(urljoin(page.url, reference)).status == 200


def test_the_secret_key_is_for_the_owner_only(site):
    assert os.stat(site.run / "secret_key").st_mode & 0o777 == 0o600
    everything = "".join(file.read_text() for file in site.run.glob("*.log"))
    assert (site.run / "secret_key").read_text() not in everything
    assert not re.search(r"eyJ[\w-]+\.eyJ", everything)
