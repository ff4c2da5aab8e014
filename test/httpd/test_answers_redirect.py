# SPDX-License-Identifier: Apache-2.0 - who is sent where: sign-in, its tasks, the site's own pages
from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from clerk_site import (DEV_BROWSER, FETCH, NAVIGATION, PAGE, PROTECTED, ClerkSite,
                        development, production, seen)
from http_message import exchange_bytes, parse_response
from standin.tokens import alter_signature
from standin.users import ADMIN, MEMBER, PENDING

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "

EVERYWHERE = """
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
<Location /app/admin>
    Require clerk-role admin
</Location>
<Location /protect>
    ClerkResponses protect
    Require clerk-role admin
</Location>
"""


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return ClerkSite(module_httpd, production(_standin_program), "AllowEncodedSlashes On",
                     sections=EVERYWHERE)


def portal(site) -> str:
    return f"https://{site.clerk.frontend_api.replace('clerk.', 'accounts.', 1)}"


def is_sent(answer, to: str, back_to: str | None, method: str = "GET"):
    """302 to this page, with this one redirect_url."""
    assert answer.status == 302
    target, _, query = answer.location.partition("?")
    assert target == to
    if back_to is None:
        assert "redirect_url" not in query
    else:
        assert parse_qs(query)["redirect_url"] == [back_to]
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Vary") == "Authorization,Cookie"
    assert "WWW-Authenticate" not in answer
    assert answer.cookies == []
    assert (answer.body == b"") == (method == "HEAD")


# ---------------------------------------------------------------- who

WHO = [
    # method, header fields, whether under ClerkResponses http, whether under protect
    ("GET", {"Sec-Fetch-Dest": "document"}, True, True),
    ("GET", {"Sec-Fetch-Dest": "iframe"}, True, True),
    ("HEAD", {"Sec-Fetch-Dest": "document"}, True, True),
    ("GET", {"Accept": "text/html"}, True, True),
    ("HEAD", {"Accept": "text/html"}, True, True),
    ("GET", {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, True, True),
    ("GET", {"Accept": "application/xhtml+xml, text/html;q=0.9"}, True, True),
    ("GET", {"Sec-Fetch-Dest": "", "Accept": "text/html"}, True, True),
    ("GET", {"Sec-Fetch-Dest": "document", "Accept": "application/json"}, True, True),
    ("GET", NAVIGATION, True, True),
    # the browser says that it is no navigation
    ("GET", {"Sec-Fetch-Dest": "empty", "Accept": "text/html"}, False, True),
    ("GET", {"Sec-Fetch-Dest": "image", "Accept": "text/html"}, False, True),
    # a body cannot be sent there and back
    ("POST", NAVIGATION, False, True),
    ("POST", {"Accept": "text/html"}, False, True),
    ("PUT", NAVIGATION, False, True),
    ("GET", FETCH, False, False),
    ("GET", {"Sec-Fetch-Dest": "frame"}, False, False),
    ("GET", {"Accept": "*/*"}, False, False),
    ("GET", {"Accept": "application/json"}, False, False),
    ("GET", {}, False, False),
    ("POST", FETCH, False, False),
    ("POST", {}, False, False),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("method, headers, in_http, in_protect", WHO)
def test_who_is_sent_to_sign_in(site, method, headers, in_http, in_protect):
    """A05, A12: a navigation, as ClerkResponses has it; POST and fetch() never under http."""
    for target, is_redirected, refused in ((PAGE, in_http, 401),
                                           ("/protect", in_protect, 404)):
        answer = site.request(method, target, headers=headers)
        if is_redirected:
            is_sent(answer, f"{portal(site)}/sign-in", site.httpd.url + target, method)
            assert seen(answer).status == "signed-out"
        else:
            assert (answer.status, answer.location) == (refused, None)


def test_who_sent_a_bad_token_is_sent_too(site):
    for how in ({"bearer": alter_signature(site.mint.session())}, {"bearer": "x"},
                {"session": alter_signature(site.mint.session())}, {"session": "x"}):
        is_sent(site.get(headers=NAVIGATION, **how), f"{portal(site)}/sign-in",
                site.httpd.url + PAGE)


def test_who_is_signed_in_is_sent_nowhere(site):
    answer = site.get("/app/admin", headers=NAVIGATION, session=site.mint.session(MEMBER))
    assert (answer.status, answer.location) == (403, None)
    site.log.expect(DENIAL, times=1)


# ---------------------------------------------------------------- back to where

TARGETS = [
    "/", "/app/page.txt?", "/app/page.txt?a=b&c=%20d+e", "/app/a%20b", "/app/%C3%A9",
    "/app/x?redirect_url=https://evil.example/", "/app/x?a=%26redirect_url%3Dhttps://evil.example",
    "//evil.example/app", "///evil.example/app", "/@evil.example", "/.evil.example",
    "/app//double", "/app/./page.txt", "/app/../page.txt", "/%2F%2Fevil.example", "/:80",
    "/app/x;y=z", "/app/'quote", "/app/x?'\"<>", "/app/~%5Bx%5D",
]


@pytest.mark.parametrize("target", TARGETS)
def test_comes_back_to_this_url(site, target):
    """Host and port are this site's, path and query are those that were asked."""
    answer = site.get(target, headers=NAVIGATION)
    assert answer.status == 302
    assert urlsplit(answer.location).netloc == urlsplit(portal(site)).netloc
    back = parse_qs(urlsplit(answer.location).query)["redirect_url"]
    assert len(back) == 1 and [name for name, _ in
                               parse_qsl(urlsplit(answer.location).query)] == ["redirect_url"]
    assert back[0].startswith(site.httpd.url + "/")
    assert urlsplit(back[0]).netloc == f"localhost:{site.httpd.port}"
    if not set(target) & set("'\"<>;") and "/." not in target and not target.endswith("?"):
        assert back[0] == site.httpd.url + target


@pytest.mark.parametrize("request_line", [
    "GET http://evil.example/app/page.txt HTTP/1.1",
    "GET http://localhost@evil.example/app/page.txt HTTP/1.1",
    "GET https://evil.example:444/app/page.txt HTTP/1.1",
    "GET http://localhost:81@evil.example/app/page.txt HTTP/1.1",
])
def test_absolute_form_names_no_host(site, request_line):
    sent = f"{request_line}\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    answer = parse_response(exchange_bytes(site.httpd.port, sent.encode()))
    assert answer.status in (302, 400)
    assert "evil.example" not in (answer.location or "")


CANONICAL = PROTECTED + """
{0}
<VirtualHost *:*>
    ServerName https://app.example.com
    ServerAlias www.example.com *.example.net
</VirtualHost>
"""
HOSTS = [
    ("app.example.com", "https://app.example.com"),
    ("APP.example.com", "https://app.example.com"),
    ("www.example.com", "https://www.example.com"),
    ("shop.example.net", "https://shop.example.net"),
    ("evil.example", "https://app.example.com"),
    ("evil.example:443", "https://app.example.com"),
    ("evil.example:8443", "https://app.example.com"),
    ("app.example.com.evil.example", "https://app.example.com"),
    ("evil-app.example.com", "https://app.example.com"),
    ("192.0.2.1", "https://app.example.com"),
    ("localhost.evil.example", "https://app.example.com"),
    ("127.0.0.1.evil.example", "https://app.example.com"),
]


@pytest.fixture(scope="module")
def behind_tls(module_httpd, _standin_program):
    return ClerkSite(module_httpd, production(_standin_program), sections=CANONICAL.format(""))


@pytest.mark.parametrize("host, origin", HOSTS)
def test_host_of_a_stranger_is_not_believed(behind_tls, host, origin):
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http",
                 "Forwarded": "host=evil.example", "X-Forwarded-Port": "81"}
    answer = behind_tls.get(f"{PAGE}?q", headers={**NAVIGATION, **forwarded}, host=host)
    is_sent(answer, f"{portal(behind_tls)}/sign-in", f"{origin}{PAGE}?q")
    assert "evil" not in answer.location


def test_without_a_host(behind_tls):
    sent = f"GET {PAGE} HTTP/1.0\r\nAccept: text/html\r\n\r\n"
    answer = parse_response(exchange_bytes(behind_tls.httpd.port, sent.encode()))
    is_sent(answer, f"{portal(behind_tls)}/sign-in", f"https://app.example.com{PAGE}")


def test_canonical_name(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program),
                     sections=CANONICAL.format("UseCanonicalName On"))
    answer = site.get(headers=NAVIGATION, host="www.example.com")
    is_sent(answer, f"{portal(site)}/sign-in", f"https://app.example.com{PAGE}")


def test_url_of_before_a_rewrite(httpd, _standin_program):
    """What the browser asked, not what the server made of it."""
    site = ClerkSite(httpd, production(_standin_program), "RewriteEngine On",
                     "RewriteRule ^/short$ /app/page.txt [PT]", modules=["rewrite"])
    is_sent(site.get("/short?a=b", headers=NAVIGATION), f"{portal(site)}/sign-in",
            f"{site.httpd.url}/short?a=b")


# ---------------------------------------------------------------- to where

SIGN_IN_URLS = [
    # ClerkSignInURL, where signed-out go, where pending ones go; `{own}` is this site
    ("/sign-in", "{own}/sign-in", "{own}/sign-in/tasks", {}),
    ("/sign-in?lang=de", "{own}/sign-in", "{own}/sign-in/tasks", {"lang": ["de"]}),
    ("https://id.example/login", "https://id.example/login", "https://id.example/login/tasks", {}),
    ("https://id.example/login?a=1&b=%26", "https://id.example/login",
     "https://id.example/login/tasks", {"a": ["1"], "b": ["&"]}),
    ("https://id.example/login?redirect_url=https://old.example&a=1", "https://id.example/login",
     "https://id.example/login/tasks", {"a": ["1"]}),
    ("https://id.example", "https://id.example/", "https://id.example/tasks", {}),
    ("https://id.example/in/", "https://id.example/in/", "https://id.example/in/tasks", {}),
]


@pytest.mark.parametrize("url, sign_in, tasks, rest", SIGN_IN_URLS)
def test_sign_in_url(httpd, _standin_program, url, sign_in, tasks, rest):
    """A08: a pending session goes to the tasks, and a query stays a query."""
    site = ClerkSite(httpd, production(_standin_program), f'ClerkSignInURL "{url}"')
    own = site.httpd.url
    for token, to in ((None, sign_in), (site.mint.session(PENDING), tasks)):
        answer = site.get(headers=NAVIGATION, session=token)
        is_sent(answer, to.format(own=own), own + PAGE)
        assert parse_qs(urlsplit(answer.location).query) == {**rest, "redirect_url": [own + PAGE]}


@pytest.mark.parametrize("target", [PAGE, "/protect"])
def test_pending_goes_to_the_portal_s_tasks(site, target):
    """A08, where no ClerkSignInURL says otherwise."""
    answer = site.get(target, headers=NAVIGATION, session=site.mint.session(PENDING))
    is_sent(answer, f"{portal(site)}/sign-in/tasks", site.httpd.url + target)
    assert seen(answer).reason == "session-pending"


@pytest.mark.parametrize("lines, takes_along", [
    ([], True), (["ClerkSignInURL https://id.example/"], True),
    (["ClerkSignInURL /sign-in"], False)])
def test_development_browser_goes_along_to_another_host(httpd, _standin_program, lines,
                                                        takes_along):
    """A09: behind redirect_url, and only where the cookie cannot be read."""
    site = ClerkSite(httpd, development(_standin_program), *lines)
    answer = site.get(headers=NAVIGATION, cookies={"__clerk_db_jwt": DEV_BROWSER})
    sent = parse_qsl(urlsplit(answer.location).query)
    assert sent == [("redirect_url", site.httpd.url + PAGE)] + (
        [("__clerk_db_jwt", DEV_BROWSER)] if takes_along else [])
    answer = site.get(headers=NAVIGATION)
    assert answer.status == 307 and "__clerk_db_jwt" not in answer.location


def test_production_takes_no_development_browser_along(site):
    answer = site.get(headers=NAVIGATION, cookies={"__clerk_db_jwt": DEV_BROWSER})
    assert "__clerk_db_jwt" not in answer.location


def test_satellite_asks_for_a_sync(httpd, _standin_program):
    """A10: on the way back from the primary; not where nobody is a satellite."""
    for satellite, synced in ((["ClerkSatellite On", "ClerkDomain satellite.example"], ["false"]),
                              ([], None)):
        site = ClerkSite(httpd, production(_standin_program), *satellite,
                         "ClerkSignInURL https://primary.example/sign-in")
        answer = site.get(f"{PAGE}?a=b", headers=NAVIGATION)
        back = urlsplit(parse_qs(urlsplit(answer.location).query)["redirect_url"][0])
        assert back.path == PAGE
        assert parse_qs(back.query) == {"a": ["b"],
                                        **({"__clerk_synced": synced} if synced else {})}


# ---------------------------------------------------------------- instead

def test_sign_in_redirect_off(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), "ClerkSignInRedirect Off",
                     sections=EVERYWHERE)
    answer = site.get(headers=NAVIGATION)
    assert (answer.status, answer.location) == (401, None)
    assert answer.header("WWW-Authenticate") == 'Bearer realm="x"'
    assert answer.header("Content-Type").startswith("text/html")
    assert site.get(headers={"Sec-Fetch-Dest": "document", "Accept": "*/*"}).json()["error"] == \
        "not_authenticated"
    answer = site.get("/protect", headers=NAVIGATION)
    assert (answer.status, answer.location) == (404, None)


PAGES = [("/welcome", "{own}/welcome"), ("/welcome?from=app", "{own}/welcome?from=app"),
         ("https://www.example/join?a=b", "https://www.example/join?a=b")]


@pytest.mark.parametrize("url, to", PAGES)
def test_unauthenticated_url(httpd, _standin_program, url, to):
    """Navigations only under http, every request under protect."""
    site = ClerkSite(httpd, production(_standin_program), f"ClerkUnauthenticatedURL {url}",
                     sections=EVERYWHERE)
    to = to.format(own=site.httpd.url)
    bad = {"bearer": alter_signature(site.mint.session())}
    for how in ({}, bad, {"session": site.mint.session(PENDING)}):
        answer = site.get(headers=NAVIGATION, **how)
        assert (answer.status, answer.location) == (302, to)
        assert answer.header("Cache-Control") == "no-store"
        assert site.get(headers=FETCH, **how).status == 401
        assert site.request("POST", headers=NAVIGATION, **how).status == 401
        for method, headers in (("GET", NAVIGATION), ("GET", FETCH), ("POST", FETCH)):
            answer = site.request(method, "/protect", headers=headers, **how)
            assert (answer.status, answer.location) == (302, to)


@pytest.mark.parametrize("url, to", PAGES)
def test_unauthorized_url(httpd, _standin_program, url, to):
    site = ClerkSite(httpd, production(_standin_program), f"ClerkUnauthorizedURL {url}",
                     sections=EVERYWHERE)
    site.httpd.write("app/admin", "admin")
    to = to.format(own=site.httpd.url)
    token = site.mint.session(MEMBER)
    answer = site.get("/app/admin", headers=NAVIGATION, session=token)
    assert (answer.status, answer.location) == (302, to)
    assert answer.header("Cache-Control") == "no-store"
    assert site.get("/app/admin", headers=FETCH, session=token).status == 403
    assert site.request("POST", "/app/admin", headers=NAVIGATION, session=token).status == 403
    for method, headers in (("GET", NAVIGATION), ("GET", FETCH), ("POST", FETCH)):
        answer = site.request(method, "/protect", headers=headers, session=token)
        assert (answer.status, answer.location) == (302, to)
    site.log.expect(DENIAL, times=6)
    # who is not signed in still goes to sign-in
    assert site.get("/app/admin", headers=NAVIGATION).location.startswith(portal(site))
    assert site.get("/app/admin", headers=NAVIGATION, bearer=site.mint.session(ADMIN)).status == 200


def test_its_own_target_may_be_open(httpd, _standin_program):
    """The page that is redirected to can lie in the protected place, made public."""
    site = ClerkSite(httpd, production(_standin_program), "ClerkSignInURL /sign-in",
                     sections=EVERYWHERE + "<Location /sign-in>\nRequire all granted\n</Location>")
    site.httpd.write("sign-in", "sign in here")
    assert site.get("/sign-in", headers=NAVIGATION).text == "sign in here"
    is_sent(site.get(headers=NAVIGATION), f"{site.httpd.url}/sign-in", site.httpd.url + PAGE)
