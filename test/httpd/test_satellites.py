# SPDX-License-Identifier: Apache-2.0 - several domains: satellites, their primary, and visitors from elsewhere
from __future__ import annotations

from urllib.parse import parse_qsl, quote

import pytest

from redirects import COUNTER, handshake, redirect, visit
from clerk_site import (DEV_BROWSER, FETCH, NAVIGATION, PAGE, PROTECTED, ClerkSite, development,
                        production, seen)
from standin import publishable_key
from standin.users import MEMBER

NOBODY = "session-token-and-uat-missing"
SYNC = "satellite-needs-syncing"
RESPONDS = "primary-responds-to-syncing"
CROSS = "primary-domain-cross-origin-sync"
PRIMARY = "https://primary.example/sign-in?lang=de"
SATELLITE = ["ClerkSatellite On", "ClerkDomain satellite.example", f"ClerkSignInURL {PRIMARY}"]
DOCUMENT = {"Sec-Fetch-Dest": "document"}
SECTIONS = PROTECTED + """
<Location /auto>
    AuthType Clerk
    AuthName x
    ClerkSatelliteAutoSync On
    Require valid-user
</Location>
"""


@pytest.fixture(scope="module", params=[production, development],
                ids=["production", "development"])
def satellite(request, module_httpd, _standin_program):
    site = ClerkSite(module_httpd, request.param(_standin_program), *SATELLITE, sections=SECTIONS)
    site.log.allow(r"\[clerk_auth:warn\].*(satellite|loop)")
    return site


def is_live(site) -> bool:
    return site.clerk.publishable_key.startswith("pk_live_")


def is_signed_out(answer, reason=NOBODY):
    assert answer.status in (302, 401), answer
    assert (seen(answer).status, seen(answer).reason) == ("signed-out", reason)
    assert answer.cookies == []


def is_synced(site, answer, back, count=1):
    """307 to the satellite's own Frontend API, or in development to the primary."""
    if is_live(site):
        away = handshake(answer, count)
        assert away.endpoint == "https://clerk.satellite.example/v1/client/handshake"
        assert (away.reason, away.back) == (SYNC, back)
        return
    away = redirect(answer)
    assert away.endpoint == "https://primary.example/sign-in"
    assert away.query == {"lang": "de", "__clerk_redirect_url": back}
    assert (seen(answer).status, seen(answer).reason) == ("handshake", SYNC)
    assert answer.cookies == [COUNTER.format(count)]


# ---------------------------------------------------------------- satellites

@pytest.mark.sanitize
def test_a_first_visit(satellite):
    """X01: is anonymous. X02: unless ClerkSatelliteAutoSync says to ask at once."""
    is_signed_out(visit(satellite))
    is_synced(satellite, visit(satellite, "/auto/x?a=b"), f"{satellite.httpd.url}/auto/x?a=b")


def test_coming_from_sign_in(satellite):
    """X03: the primary has sent the browser back, to be synced. X04: and it has been."""
    for jar in ({}, {"__client_uat": "0"}, satellite.cookies(satellite.mint.session(MEMBER))):
        target = f"{PAGE}?a=b&__clerk_synced=false"
        is_synced(satellite, visit(satellite, target, cookies=jar), satellite.httpd.url + target)
    for target in (f"{PAGE}?__clerk_synced=true", "/auto/x?__clerk_synced=true"):
        answer = visit(satellite, target, cookies=satellite.cookies(client_uat=None))
        is_signed_out(answer)
    answer = visit(satellite, f"{PAGE}?__clerk_synced=maybe")
    is_signed_out(answer)


@pytest.mark.parametrize("method, headers", [
    ("GET", FETCH), ("GET", {}), ("GET", {"Accept": "application/json"}),
    ("POST", NAVIGATION), ("HEAD", NAVIGATION), ("PUT", DOCUMENT)])
def test_only_documents_are_synced(satellite, method, headers):
    """X05, X07."""
    for target in ("/auto/x", f"{PAGE}?__clerk_synced=false"):
        answer = satellite.request(method, target, headers=headers)
        assert answer.status in (302, 401)
        assert (seen(answer).status, answer.cookies) == ("signed-out", [])
        assert "primary.example/sign-in?lang=de&__clerk_redirect_url" not in (answer.location or "")


def test_frames_and_old_browsers_make_an_ordinary_handshake(satellite):
    """Only Sec-Fetch-Dest: document is synced."""
    for headers in ({"Sec-Fetch-Dest": "iframe"}, {"Accept": "text/html"}):
        answer = visit(satellite, "/auto/x", headers=headers, cookies={"__client_uat": "1"})
        away = handshake(answer)
        assert away.reason == ("client-uat-but-no-session-token" if is_live(satellite)
                               else "dev-browser-missing")


def test_who_is_signed_in_stays(satellite):
    """X06. In production a plain cookie of the primary's issuer is the primary's own."""
    issuer = "https://clerk.satellite.example" if is_live(satellite) else satellite.clerk.issuer
    for target in (PAGE, f"{PAGE}?__clerk_synced=true"):
        for jar in (satellite.cookies(satellite.mint.session(MEMBER), suffixed=True),
                    satellite.cookies(satellite.mint.session(MEMBER, iss=issuer))):
            answer = visit(satellite, target, cookies=jar)
            assert (answer.status, seen(answer).user) == (200, MEMBER.id)


def test_not_for_ever(satellite):
    """X08: and the log has a hint."""
    target = f"{PAGE}?__clerk_synced=false"
    is_synced(satellite, visit(satellite, target, cookies={"__clerk_redirect_count": "2"}),
              satellite.httpd.url + target, count=3)
    answer = visit(satellite, target, cookies={"__clerk_redirect_count": "3"})
    is_signed_out(answer, SYNC)


def test_the_hint_about_loops(httpd, _standin_program):
    """X08."""
    site = ClerkSite(httpd, production(_standin_program), *SATELLITE)
    visit(site, f"{PAGE}?__clerk_synced=false", cookies={"__clerk_redirect_count": "3"})
    site.log.expect(r"\[clerk_auth:warn\].*satellite", times=1)


def test_by_proxy(httpd, _standin_program):
    """A satellite may have its Frontend API on its own site."""
    site = ClerkSite(httpd, production(_standin_program), "ClerkSatellite On",
                     "ClerkProxyURL /__clerk", f"ClerkSignInURL {PRIMARY}")
    away = handshake(visit(site, f"{PAGE}?__clerk_synced=false"))
    assert away.endpoint == f"{site.httpd.url}/__clerk/v1/client/handshake"


# ---------------------------------------------------------------- the primary, in development

@pytest.fixture(scope="module")
def primary(module_httpd, _standin_program):
    return ClerkSite(module_httpd, development(_standin_program),
                     "ClerkAuthorizedParties https://satellite.example http://localhost:8081")


def answer_to(site, url, **how):
    return visit(site, f"{PAGE}?__clerk_redirect_url={quote(url, safe='')}", **how)


SAT = "https://satellite.example/x"


@pytest.mark.sanitize
@pytest.mark.parametrize("url, jar, location", [
    (SAT, {}, f"{SAT}?__clerk_synced=true"),
    (SAT, {"__clerk_db_jwt": DEV_BROWSER},
     f"{SAT}?__clerk_db_jwt={DEV_BROWSER}&__clerk_synced=true"),
    (f"{SAT}?a=b%20c&__clerk_synced=false", {}, f"{SAT}?a=b%20c&__clerk_synced=true"),
    (f"{SAT}?__clerk_synced=false&__clerk_synced=false&z=1", {"__clerk_db_jwt": DEV_BROWSER},
     f"{SAT}?__clerk_synced=true&z=1&__clerk_db_jwt={DEV_BROWSER}"),
    ("http://localhost:8081/y", {}, "http://localhost:8081/y?__clerk_synced=true"),
])
def test_the_primary_sends_back(primary, url, jar, location):
    """X09: with the dev browser where it is known. X10: one __clerk_synced, which is true."""
    answer = answer_to(primary, url, cookies=jar)
    away = redirect(answer)
    assert answer.location.partition("?")[0] == location.partition("?")[0]
    assert sorted(parse_qsl(answer.location.partition("?")[2])) == \
        sorted(parse_qsl(location.partition("?")[2]))
    assert away.query["__clerk_synced"] == "true"
    assert (seen(answer).status, seen(answer).reason) == ("handshake", RESPONDS)
    assert answer.cookies == [COUNTER.format(1)]


def test_it_goes_before_the_dev_browser(primary):
    """X11."""
    answer = visit(primary, f"{PAGE}?__clerk_db_jwt=asdf&__clerk_redirect_url={SAT}")
    assert seen(answer).reason == RESPONDS
    assert redirect(answer).query == {"__clerk_db_jwt": "asdf", "__clerk_synced": "true"}


STRANGERS = ["https://evil.example/", "https://satellite.example.evil.example/",
             "https://satellite.example@evil.example/", "https://satellite.example:444/",
             "http://satellite.example/", "//satellite.example/", "/app/x", "javascript:alert(1)",
             "https://satellite.example\\@evil.example/", "https:satellite.example", "",
             "https://satellite.example/\r\nX: y", "data:text/html,x", "https://[::1]/"]


@pytest.mark.parametrize("url", STRANGERS)
def test_to_authorized_parties_only(primary, url):
    """Anything else is as if it were not there: a development browser is asked for."""
    answer = answer_to(primary, url)
    away = handshake(answer)
    assert away.reason == "dev-browser-missing"
    assert away.endpoint == f"https://{primary.clerk.frontend_api}/v1/client/handshake"


def test_without_authorized_parties(httpd, _standin_program):
    """To any http(s) address, as in the SDK; there is nothing to compare with."""
    site = ClerkSite(httpd, development(_standin_program), parties=False)
    site.log.expect("ClerkAuthorizedParties is not set", times=1)
    assert redirect(answer_to(site, "https://any.example/x")).endpoint == "https://any.example/x"
    for url in ("javascript:alert(1)", "/x", "ftp://any.example/", "https://a@any.example/"):
        assert handshake(answer_to(site, url)).reason == "dev-browser-missing"


def test_in_production_it_means_nothing(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program),
                     "ClerkAuthorizedParties https://satellite.example")
    answer = answer_to(site, SAT)
    assert answer.status == 302 and "/sign-in?redirect_url=" in answer.location
    assert answer.location.startswith(f"https://{site.clerk.frontend_api.replace('clerk.', 'accounts.', 1)}")


# ---------------------------------------------------------------- from elsewhere

CROSSED = PROTECTED + """
<Location /plain>
    AuthType Clerk
    AuthName x
    ClerkCrossOriginSync Off
    Require valid-user
</Location>
"""


@pytest.fixture(scope="module", params=["production", "development"])
def crossed(request, module_httpd, _standin_program):
    host = f"clerk.{request.param}-cross.example"
    kind = production if request.param == "production" else development
    key = publishable_key.encode(host, live=request.param == "production")
    clerk = production(_standin_program, host) if request.param == "production" \
        else kind(_standin_program, publishable_key=key)
    return ClerkSite(module_httpd, clerk, "ClerkCrossOriginSync On", sections=CROSSED)


def referrer_cases(site):
    live = is_live(site)
    host = site.clerk.frontend_api
    own = site.httpd.url
    return [
        # Referer, whether there is a handshake
        ("https://www.example.com/page", True), ("https://www.example.com", True),
        (f"http://localhost:{site.httpd.port + 1}/x", True), (own.replace("http", "https"), True),
        (f"{own}/other", False), (own, False), (None, False), ("", False), ("not a URL", False),
        ("about:blank", True), ("android-app://com.example/", True),
        (f"https://{host}/v1/client", False),
        (f"https://{host.replace('clerk.', 'accounts.', 1)}/sign-in", False),
        (f"http://{host.replace('clerk.', 'accounts.', 1)}/sign-in", True),
        ("https://accounts.other.example/sign-in", True),
        ("https://happy-hippo-1.accounts.dev/sign-in", live),
        ("https://happy-hippo-1.clerk.accounts.dev/x", True),
        ("https://accounts.happy-hippo-1.lcl.dev/x", live),
        ("https://evil.example/?https://www.example.com", True),
    ]


@pytest.mark.sanitize
def test_where_a_person_comes_from(crossed):
    """X12: another origin. X13: this one, none, or none to be read. X15: Clerk's own pages.
    X16: development portals, in development. X17: an accounts. of anybody."""
    for referer, is_sent in referrer_cases(crossed):
        headers = {**DOCUMENT, **({"Referer": referer} if referer is not None else {})}
        answer = visit(crossed, headers=headers, session=crossed.mint.session(MEMBER))
        if is_sent:
            assert handshake(answer).reason == CROSS, referer
        else:
            assert (answer.status, seen(answer).user) == (200, MEMBER.id), referer


def test_page_loads_only(crossed):
    """X14, X18."""
    referer = {"Referer": "https://www.example.com/"}
    for method, headers, more in (("POST", DOCUMENT, {}), ("GET", FETCH, {}), ("HEAD", DOCUMENT, {}),
                                  ("GET", {"Sec-Fetch-Dest": "iframe"}, {}),
                                  ("GET", {"Accept": "text/html"}, {}),
                                  ("GET", DOCUMENT, {"__clerk_redirect_count": "1"})):
        jar = {**crossed.cookies(crossed.mint.session(MEMBER)), **more}
        answer = crossed.request(method, headers={**headers, **referer}, cookies=jar)
        assert (answer.status, seen(answer).user) == (200, MEMBER.id), (method, headers)
    answer = visit(crossed, headers={**DOCUMENT, **referer}, bearer=crossed.mint.session(MEMBER))
    assert answer.status == 200


def test_off_unless_asked_for(crossed):
    answer = visit(crossed, "/plain/x", headers={**DOCUMENT, "Referer": "https://www.example.com/"},
                   session=crossed.mint.session(MEMBER))
    assert (answer.status, seen(answer).user) == (404, MEMBER.id)
