# SPDX-License-Identifier: Apache-2.0 - tests of the sign-in pages, as a browser sees them
"""Signing in and out through the pages, with a cookie jar."""
from __future__ import annotations

import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

import pytest

from standin.tokens import decode
from standin.users import ADMIN, PENDING, USERS

APP = "http://localhost:8080/app?page=2"
LIVE_KEY = "pk_live_Y2xlcmsudGlkZXdhdGVyLWJvb2tzLmV4YW1wbGUk"
OTHER_COOKIES = ("__client_uat", "__clerk_db_jwt")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        return None


class Browser:
    """Keeps cookies and shows redirects instead of following them."""

    def __init__(self, url: str):
        # As in real use: sign-in page and application on the host name `localhost`.
        self.url = url.replace("127.0.0.1", "localhost")
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar),
            _NoRedirect)

    def go(self, path: str, form: dict[str, str] | None = None, **query: str):
        """Status, Location and text of one answer."""
        url = self.url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            answer = self._opener.open(urllib.request.Request(url, data), timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers["Location"], answer.read().decode()

    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value for cookie in self.jar}

    def session(self) -> dict:
        return decode(self.cookies()["__session"])[1]

    def sign_in(self, user: str, redirect_url: str = APP):
        return self.go("/sign-in", {"user": user, "redirect_url": redirect_url})


@pytest.fixture
def browser(clerk):
    return Browser(clerk.url)


class _Outline(HTMLParser):
    """Tags that are opened and closed, buttons, and the hidden field."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.buttons: dict[str, str] = {}
        self.hidden: dict[str, str] = {}
        self.language = None
        self._button = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "html":
            self.language = found["lang"]
        if tag == "button":
            self._button = found.get("value", "")
            self.buttons[self._button] = ""
        if tag == "input":
            self.hidden[found["name"]] = found["value"]
        elif tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "button":
            self._button = None

    def handle_data(self, data):
        if self._button is not None:
            self.buttons[self._button] += data


def test_the_page_offers_every_user_by_name(browser):
    status, _, text = browser.go("/sign-in", redirect_url=APP)
    outline = _Outline(text)
    assert status == 200 and outline.language == "en" and outline.open == []
    assert outline.buttons["admin"] == "Sign in as Ada Admin (admin of Acme)"
    assert list(outline.buttons) == [user.key for user in USERS]
    assert outline.hidden == {"redirect_url": APP}
    assert browser.go("/sign-up", redirect_url=APP)[0] == 200


def test_a_click_signs_in_and_leads_back(clerk, browser):
    before = int(time.time())
    status, location, _ = browser.sign_in("admin")
    assert (status, location) == (303, APP)
    cookies, suffix = browser.cookies(), clerk.cookie_suffix
    for name in ("__session", *OTHER_COOKIES):
        assert cookies[name] == cookies[f"{name}_{suffix}"]
    claims = browser.session()
    assert (claims["sub"], claims["azp"]) == (ADMIN.id, "http://localhost:8080")
    assert claims["iss"] == clerk.issuer and claims["sts"] == "active"
    assert before <= int(cookies["__client_uat"]) <= claims["iat"]
    assert decode(cookies["__session"])[0]["kid"] == clerk.kid


def test_attributes_of_the_cookies(clerk, ask):
    answer = ask("/sign-in", "POST", "user=admin", Host="localhost",
                 Content_Type="application/x-www-form-urlencoded")
    lines = {line.split("=")[0]: line.split("; ")[1:]
             for line in answer.headers.get_all("Set-Cookie")}
    suffix = clerk.cookie_suffix
    hidden = {name for name, attributes in lines.items() if "HttpOnly" in attributes}
    assert hidden == {"__client", f"__refresh_{suffix}"}
    assert set(lines) - hidden == {name + tail for name in ("__session", *OTHER_COOKIES)
                                   for tail in ("", f"_{suffix}")}
    for attributes in lines.values():
        assert attributes[0] == "Path=/" and "SameSite=Lax" in attributes
        assert not any(one.startswith(("Domain", "Secure")) for one in attributes)


def test_a_production_instance_has_no_dev_browser(clerk):
    live = clerk.new_instance("live", publishable_key=LIVE_KEY)
    browser = Browser(clerk.url)
    browser.go("/fapi/live/sign-in", {"user": "member", "redirect_url": APP})
    cookies = browser.cookies()
    assert f"__session_{live.cookie_suffix}" in cookies
    assert not any(name.startswith("__clerk_db_jwt") for name in cookies)


def test_who_has_signed_in_goes_straight_back_with_a_fresh_token(browser):
    browser.sign_in("member")
    first = browser.session()
    status, location, _ = browser.go("/sign-in", redirect_url=APP)
    second = browser.session()
    assert (status, location) == (303, APP)
    assert first["jti"] != second["jti"] and first["sid"] == second["sid"]


def test_endless_bouncing_ends_on_the_page(browser):
    browser.sign_in("member")
    assert [browser.go("/sign-in", redirect_url=APP)[0] for _ in range(3)] == [303] * 3
    status, _, text = browser.go("/sign-in", redirect_url=APP)
    assert status == 200 and "sent you back several times" in text
    assert _Outline(text).hidden == {"redirect_url": APP}
    other = APP + "&other=1"
    assert browser.go("/sign-in", redirect_url=other)[:2] == (303, other)


@pytest.mark.parametrize("url", [
    "https://evil.example/", "//evil.example/", "/app", "http://localhost:8081/app",
    "http://localhost:8080@evil.example/", "http://localhost:8080\\@evil.example/",
    "http://evil.example\\http://localhost:8080/", "javascript:alert(1)", "http://[",
    "http://localhost:8080.evil.example/", "https://localhost:8080/",
    " http://localhost:8080/", "http://localhost:8080/\r\nX: y"])
def test_redirect_url_leads_only_to_the_application(browser, url):
    status, location, _ = browser.sign_in("admin", url)
    assert (status, location) == (303, "/sign-in")
    status, _, text = browser.go("/sign-in", redirect_url=url)
    assert status == 200 and "does not lead to the application" in text
    assert _Outline(text).hidden == {}


def test_the_page_warns_when_the_application_cannot_hear_of_it(clerk, browser):
    """Development tells by the query, production only by cookies of the same host or domain."""
    clerk.new_instance("live", publishable_key=LIVE_KEY)

    def warns(path: str) -> bool:
        return "do not reach it" in browser.go(path, redirect_url=APP)[2]
    assert not warns("/sign-in") and not warns("/fapi/live/sign-in")
    browser.url = clerk.url   # 127.0.0.1
    assert not warns("/sign-in") and warns("/fapi/live/sign-in")


def test_the_page_escapes_what_it_shows(browser):
    _, _, text = browser.go("/sign-in", redirect_url=APP + '"><script>alert(1)</script>')
    assert "<script>" not in text
    assert _Outline(text).hidden == {"redirect_url": APP + '"><script>alert(1)</script>'}


def test_a_pending_session_becomes_active_by_its_task(browser):
    assert browser.sign_in("pending")[:2] == (303, APP)
    pending = browser.session()
    assert (pending["sub"], pending["sts"]) == (PENDING.id, "pending")
    status, location, _ = browser.go("/sign-in", redirect_url=APP)
    assert status == 303 and location.startswith("/sign-in/tasks?redirect_url=http%3A")
    assert browser.session()["sts"] == "pending"
    status, _, text = browser.go("/sign-in/tasks", redirect_url=APP)
    assert status == 200 and _Outline(text).buttons == {"": "Complete the task"}
    assert browser.go("/sign-in/tasks", {"redirect_url": APP})[:2] == (303, APP)
    active = browser.session()
    assert (active["sid"], active["sts"]) == (pending["sid"], "active")


def test_tasks_without_a_session_lead_to_sign_in(browser):
    assert browser.go("/sign-in/tasks")[:2] == (303, "/sign-in")
    assert browser.go("/sign-in/tasks", {})[:2] == (303, "/sign-in")


def test_signing_out_clears_cookies_and_session(clerk, browser):
    browser.sign_in("admin")
    stale = browser.cookies()["__client"]
    assert browser.go("/sign-out", redirect_url=APP)[:2] == (303, APP)
    cookies = browser.cookies()
    assert "__session" not in cookies and "__client" not in cookies
    assert cookies["__client_uat"] == cookies[f"__client_uat_{clerk.cookie_suffix}"] == "0"
    assert clerk.state()["instances"][0]["clients"] == 0
    request = urllib.request.Request(clerk.url + "/sign-in?redirect_url=" + APP,
                                     headers={"Cookie": f"__client={stale}"})
    with urllib.request.urlopen(request, timeout=10) as page:
        assert "Choose who to be:" in page.read().decode()


def test_signing_in_again_ends_the_session_before(clerk, browser):
    browser.sign_in("admin")
    first = browser.session()["sid"]
    browser.sign_in("member")
    assert browser.session()["sid"] != first
    assert clerk.state()["instances"][0]["clients"] == 1


def test_an_unknown_user_is_refused(browser):
    status, _, text = browser.sign_in("nobody")
    assert status == 422 and re.search("no such user", text)
    assert browser.cookies() == {}


def test_sign_in_says_who_is_signed_in(browser):
    browser.sign_in("member")
    _, _, text = browser.go("/sign-in")
    assert "You are signed in as Max Member" in text and "/sign-out" in text
