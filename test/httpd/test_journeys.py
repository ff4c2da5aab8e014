# SPDX-License-Identifier: Apache-2.0 - the whole way of a browser between a site and Clerk's Frontend API
from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from clerk_site import PAGE, PAGE_TEXT, PROTECTED, ClerkSite, development, seen
from redirects import Browser, expired
from standin.users import ACME, ADMIN, GLOBEX, MEMBER, PENDING

DEEP_LINK = f"{PAGE}?page=2&x=a+b"


class Place:
    """A site in development, whose Frontend API is the stand-in, on another host."""

    def __init__(self, start, standin, *lines, sections=PROTECTED, **options):
        clerk = development(standin)
        self.standin = standin
        self.port = urlsplit(clerk.frontend_url).port
        self.fapi = f"http://127.0.0.1:{self.port}/fapi/{clerk.name}"
        self.site = ClerkSite(start, clerk, f"ClerkProxyURL {self.fapi}",
                              f"ClerkSignInURL {self.fapi}/sign-in",
                              "ClerkAuthorizedParties http://localhost:${PORT}", *lines,
                              parties=False, sections=sections, **options)
        self.clerk = clerk
        clerk.set_app_origins(self.site.httpd.url)

    def browser(self, **cookies) -> Browser:
        return Browser({f"localhost:{self.site.httpd.port}": self.site.httpd.port,
                        f"127.0.0.1:{self.port}": self.port}, **cookies)

    @staticmethod
    def time_passes(browser: Browser):
        """More than the two seconds that the counter of redirects lives."""
        browser.trail.clear()
        for jar in browser.jars.values():
            jar.pop("__clerk_redirect_count", None)

    def open(self, browser: Browser, target=DEEP_LINK):
        self.time_passes(browser)
        return browser.open(self.site.httpd.url + target)

    def sign_in(self, browser: Browser, user, target=DEEP_LINK):
        """From the page that somebody without a session ends at, on to where it leads."""
        page = self.open(browser, target)
        assert page.status == 200 and browser.trail[-1].startswith(f"{self.fapi}/sign-in")
        browser.trail.clear()
        return browser.open(f"{self.fapi}/sign-in", {
            "user": user.key, "redirect_url": self.site.httpd.url + target})

    def is_page(self, browser: Browser, answer, user, target=DEEP_LINK):
        assert (answer.status, answer.text) == (200, PAGE_TEXT), (answer, browser.trail)
        assert seen(answer).user == user.id
        assert browser.trail[-1] == self.site.httpd.url + target

    def rounds(self, browser: Browser) -> int:
        return sum("/v1/client/handshake" in url for url in browser.trail)


@pytest.fixture(scope="module")
def place(module_httpd, _standin_program):
    return Place(module_httpd, _standin_program)


def test_sign_in_and_land_where_one_was(place):
    browser = place.browser()
    answer = place.sign_in(browser, ADMIN)
    place.is_page(browser, answer, ADMIN)
    assert place.rounds(browser) == 1
    # from now on there is no detour
    answer = place.open(browser, PAGE)
    place.is_page(browser, answer, ADMIN, PAGE)
    assert browser.trail == [place.site.httpd.url + PAGE]


def signed_in_long_ago(place, user):
    """A browser whose session token has run out; Clerk still knows it."""
    browser = place.browser()
    place.sign_in(browser, user)
    jar = browser.jars["localhost"]
    for name in [name for name in jar if name.startswith("__session")]:
        jar[name] = expired(place.site, user)
    place.time_passes(browser)
    return browser, jar


def test_an_expired_session_is_renewed_on_the_way(place):
    """By a refresh: one request. Without the cookie for it by a handshake: and back at once."""
    browser, jar = signed_in_long_ago(place, MEMBER)
    session = next(value for name, value in jar.items() if name.startswith("__refresh"))
    assert session
    for name in [name for name in jar if name.startswith("__refresh")]:
        del jar[name]
    answer = place.open(browser)
    place.is_page(browser, answer, MEMBER)
    assert [urlsplit(url).port for url in browser.trail] == [
        place.site.httpd.port, place.port, place.site.httpd.port, place.site.httpd.port]


def test_signed_out_elsewhere(place):
    browser, jar = signed_in_long_ago(place, MEMBER)
    for name in [name for name in jar if name.startswith("__refresh")]:
        del jar[name]
    browser.ask(f"{place.fapi}/sign-out")
    place.open(browser)
    assert browser.trail[-1].startswith(f"{place.fapi}/sign-in?")
    assert place.rounds(browser) == 1
    assert not any(name.startswith("__session") and value for name, value in jar.items())


def test_two_tabs(place):
    """One after the other, with the same old cookies: the nonce of each is its own."""
    browser, jar = signed_in_long_ago(place, MEMBER)
    for name in [name for name in jar if name.startswith("__refresh")]:
        del jar[name]
    first = browser.ask(place.site.httpd.url + PAGE)
    second = browser.ask(place.site.httpd.url + DEEP_LINK)
    for answer, target in ((first, PAGE), (second, DEEP_LINK)):
        place.is_page(browser, browser.open(answer.location), MEMBER, target)


def test_a_pending_session_goes_to_its_tasks(place):
    browser = place.browser()
    place.sign_in(browser, PENDING)
    assert urlsplit(browser.trail[-1]).path.endswith("/sign-in/tasks")


def test_the_organization_of_the_url(httpd, _standin_program):
    place = Place(httpd, _standin_program, "ClerkOrganizationPatterns /app/:slug/page.txt",
                  'Header always set X-Org "%{CLERK_ORG_SLUG}e" env=CLERK_ORG_SLUG')
    for slug in (ACME.slug, GLOBEX.slug, "stranger"):
        place.site.httpd.write(f"app/{slug}/page.txt", slug)
    browser = place.browser()
    assert place.sign_in(browser, ADMIN, "/app/acme/page.txt").header("X-Org") == ACME.slug
    answer = place.open(browser, "/app/globex/page.txt")
    assert (answer.text, answer.header("X-Org")) == ("globex", GLOBEX.slug)
    assert place.rounds(browser) == 1
    # who is no member comes back unchanged, and is left in peace
    answer = place.open(browser, "/app/stranger/page.txt")
    assert (answer.text, answer.header("X-Org")) == ("stranger", GLOBEX.slug)
    assert place.rounds(browser) == 3
    place.site.log.allow(r"\[clerk_auth:warn\].*organization")


@pytest.mark.parametrize("fault", ["payload", "cookies"])
def test_no_loop_is_endless(httpd, _standin_program, standin, fault):
    """N11: whatever is broken, after three rounds the person stands at sign-in."""
    place = Place(httpd, _standin_program)
    browser = place.browser()
    if fault == "payload":
        standin.fault("backend.handshake_payload", "answer", status=404, body="{}")
    else:
        keep = browser._keep
        browser._keep = lambda jar, line: keep(jar, line) if "redirect_count" in line else None
    place.open(browser)
    assert browser.trail[-1].startswith(f"{place.fapi}/sign-in?")
    assert place.rounds(browser) == 3
    place.site.log.expect(r"\[clerk_auth:warn\]")


def test_no_key_to_verify_with(httpd, _standin_program, standin):
    """503, never let in. The cookies are there all the same, so that the next try is one
    request."""
    standin.fault("backend.jwks", "answer", status=500)   # before the server fetches any
    place = Place(httpd, _standin_program, "ClerkCache none", "ClerkKeyMinInterval 100ms")
    place.site.log.allow(r"\[clerk_auth:(notice|warn|error)\]")
    browser = place.browser()
    answer = place.sign_in(browser, MEMBER)
    assert (answer.status, seen(answer).user) == (503, None) and "Retry-After" in answer
    assert browser.jars["localhost"]["__session"]
    place.site.log.expect(r"\[clerk_auth:error\].*not authenticated")
    standin.clear_faults()
    place.site.httpd.graceful()   # sooner than the server would ask again by itself
    place.is_page(browser, place.open(browser, PAGE), MEMBER, PAGE)
    assert browser.trail == [place.site.httpd.url + PAGE]


@pytest.mark.all_mpms
@pytest.mark.sanitize
def test_with_each_mpm_and_a_restart_in_between(httpd, _standin_program):
    """The whole way, with a graceful restart while the browser is at Clerk."""
    place = Place(httpd, _standin_program)
    browser = place.browser()
    away = browser.ask(place.site.httpd.url + DEEP_LINK)
    assert away.status == 307
    place.site.httpd.graceful()
    page = browser.open(away.location)
    assert page.status == 200 and browser.trail[-1].startswith(f"{place.fapi}/sign-in")
    answer = place.sign_in(browser, ADMIN)
    place.is_page(browser, answer, ADMIN)


def test_over_http_2(httpd, _standin_program):
    place = Place(httpd, _standin_program, "Protocols h2c http/1.1", modules=["http2"])
    answer = place.site.httpd.http2(PAGE, {"Accept": "text/html"})
    assert answer.status == 307 and answer.location.startswith(f"{place.fapi}/v1/client/handshake?")
    cookies = [f"a{n}=b; Path=/" for n in range(4)]
    nonce = place.clerk.new_handshake([f"__session={place.site.mint.session(MEMBER)}", *cookies])
    answer = place.site.httpd.http2(f"{PAGE}?__clerk_handshake_nonce={nonce}")
    assert answer.status == 307 and answer.location.endswith(PAGE)
    assert answer.cookies[1:] == cookies
