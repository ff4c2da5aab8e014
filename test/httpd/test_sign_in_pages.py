# SPDX-License-Identifier: Apache-2.0 - the handlers behind a site's own links to sign in and sign up
from __future__ import annotations

from urllib.parse import parse_qsl, quote

import pytest

from clerk_site import DEV_BROWSER, NAVIGATION, PROTECTED, ClerkSite, development, production
from standin.tokens import alter_signature
from standin.users import MEMBER, PENDING

PAGES = PROTECTED + """
<LocationMatch "^/(?<UP>sign-up|join)">
    SetHandler clerk-sign-up
    Require all granted
</LocationMatch>
<Location /sign-in>
    SetHandler clerk-sign-in
    Require all granted
</Location>
"""


def portal(site) -> str:
    host = site.clerk.frontend_api
    return f"https://{host.replace('clerk.accounts.', 'accounts.').replace('clerk.', 'accounts.', 1)}"


def leads_to(answer, target: str, back: str | None, **more: str) -> None:
    """302 there, with redirect_url and nothing else before what is in `more`."""
    assert answer.status == 302, answer
    place, _, query = answer.location.partition("?")
    assert place == target
    assert parse_qsl(query) == [*([("redirect_url", back)] if back else []), *more.items()]
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Vary") == "Authorization,Cookie"
    assert answer.cookies == []


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return ClerkSite(module_httpd, production(_standin_program), sections=PAGES)


@pytest.mark.sanitize
@pytest.mark.parametrize("page", ["/sign-in", "/sign-up"])
def test_the_portal_s_pages(site, page):
    """A05, A07: back to the page that the link names; nowhere without one."""
    leads_to(site.get(page), portal(site) + page, None)
    for path in ("/app/page.txt", "/app/?a=b&c=%20d", "/"):
        answer = site.get(f"{page}?redirect_url={quote(path)}")
        leads_to(answer, portal(site) + page, site.httpd.url + path)
    assert site.request("HEAD", page).status == 302
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = site.request(method, page)
        assert (answer.status, answer.location) == (405, None)
        assert "GET" in answer.header("Allow")


FOREIGN = ["https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example",
           "/%09/evil.example", "javascript:alert(1)", "evil.example", "", "http:evil.example",
           "/%0d%0aSet-Cookie:%20a=b", "/a%20b", "/%00", "%2F%2Fevil.example", "%ff", "/%c3%a9"]


@pytest.mark.parametrize("url", FOREIGN)
def test_back_to_this_site_only(site, url):
    answer = site.get(f"/sign-up?redirect_url={url}", headers={"Referer": "https://evil.example/"})
    leads_to(answer, f"{portal(site)}/sign-up", None)


def test_who_is_pending_goes_to_the_tasks(site):
    """A08, of sign-up too. Any other session, or none, changes nothing."""
    for page in ("/sign-in", "/sign-up"):
        leads_to(site.get(page, session=site.mint.session(PENDING)),
                 f"{portal(site)}{page}/tasks", None)
        for token in (site.mint.session(MEMBER), alter_signature(site.mint.session()), "x"):
            leads_to(site.get(page, session=token), portal(site) + page, None)


@pytest.mark.parametrize("lines, up, has_browser", [
    ([], "{portal}/sign-up", True),
    (["ClerkSignInURL /in"], "{own}/in/create", False),
    (["ClerkSignInURL https://id.example/in/"], "https://id.example/in/create", True),
    (["ClerkSignUpURL /welcome"], "{own}/welcome", False),
    (["ClerkSignInURL https://id.example/in", "ClerkSignUpURL https://id.example/up"],
     "https://id.example/up", True)])
def test_sign_up_url(httpd, _standin_program, lines, up, has_browser):
    """A06: beside the sign-in page where it has no URL of its own; A09: the dev browser."""
    site = ClerkSite(httpd, development(_standin_program), *lines, sections=PAGES)
    up = up.format(portal=portal(site), own=site.httpd.url)
    answer = site.get("/sign-up?redirect_url=/app/", cookies={"__clerk_db_jwt": DEV_BROWSER})
    leads_to(answer, up, f"{site.httpd.url}/app/",
             **({"__clerk_db_jwt": DEV_BROWSER} if has_browser else {}))


def test_a_satellite_s_link_asks_for_a_sync(httpd, _standin_program):
    """A10: the page to come back to is synced first."""
    site = ClerkSite(httpd, production(_standin_program), "ClerkSatellite On",
                     "ClerkDomain satellite.example", "ClerkSignInURL https://primary.example/in",
                     sections=PAGES)
    leads_to(site.get("/sign-up?redirect_url=/app/?a=b"), "https://primary.example/in/create",
             f"{site.httpd.url}/app/?a=b&__clerk_synced=false")


def test_without_an_instance(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), instance=[], parties=False,
                     sections=PAGES.replace(PROTECTED, ""))
    assert site.get("/sign-in").status == 500
    site.log.expect("clerk-sign-in: nowhere to send to", times=1)


def test_other_handlers_are_not_in_the_way(site):
    assert site.get("/app/page.txt", headers=NAVIGATION, session=site.mint.session()).status == 200
