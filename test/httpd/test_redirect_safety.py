# SPDX-License-Identifier: Apache-2.0 - nobody is sent to an origin that configuration did not name
from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from clerk_site import DEV_BROWSER, LIKE_PROTECT, PAGE, PROTECTED, ClerkSite, development, production
from http_message import exchange_bytes, parse_response
from redirects import expired
from standin.users import MEMBER

SECTIONS = PROTECTED + LIKE_PROTECT + """
<Location /welcome>
    AuthType Clerk
    AuthName x
    ClerkUnauthenticatedURL /hello
    Require valid-user
</Location>
<Location /sign-up>
    SetHandler clerk-sign-up
    Require all granted
</Location>
<VirtualHost *:*>
    ServerName https://app.example.com
    ServerAlias www.example.com
</VirtualHost>
"""
OWN = {"https://app.example.com", "https://www.example.com"}
LINES = ["AllowEncodedSlashes On", "ClerkAuthorizedParties https://satellite.example",
         "ClerkDebugHeaders On", "ClerkOrganizationPatterns /app/:slug /app/:slug/(.*)"]


@pytest.fixture(scope="module", params=[production, development],
                ids=["production", "development"])
def site(request, module_httpd, _standin_program):
    site = ClerkSite(module_httpd, request.param(_standin_program), *LINES, sections=SECTIONS)
    site.log.allow(r"\[clerk_auth:warn\]")
    return site


def named(site) -> set[str]:
    """The origins that configuration names, this site's own among them."""
    host = site.clerk.frontend_api
    return {f"https://{host}", *OWN,
            f"https://{host.replace('clerk.accounts.', 'accounts.').replace('clerk.', 'accounts.', 1)}"}


def origin(url: str) -> str:
    """As a browser reads it: tabs and line ends dropped, backslashes turned."""
    for dropped in "\t\r\n":
        url = url.replace(dropped, "")
    parts = urlsplit(url.strip().replace("\\", "/"))
    return f"{parts.scheme}://{parts.netloc}"


def is_safe(site, answer):
    """Wherever it leads, and wherever that leads back to."""
    assert "X-Evil" not in answer
    for cookie in answer.cookies:
        assert cookie.startswith(("__clerk_redirect_count=", "__clerk_handshake_nonce=;"))
    location = answer.location
    if location is None:
        return
    assert location.startswith("https://") and location.isascii() and location.isprintable()
    assert origin(location) in named(site), location
    if origin(location) in OWN:
        return   # its query is the request's own
    query = parse_qs(urlsplit(location).query, keep_blank_values=True)
    for back in query.get("redirect_url", []):
        assert origin(back) in OWN, location


def jars(site):
    """Browsers that are sent to sign-in, to the handshake, and ones that come back."""
    return [{}, {"__client_uat": "1", "__clerk_db_jwt": DEV_BROWSER},
            site.cookies(expired(site, MEMBER)), {"__clerk_handshake_nonce": "x"},
            {"__clerk_handshake": site.mint.handshake(["a=b\r\nX-Evil: 1"])}]


HOSTS = ["evil.example", "app.example.com.evil.example", "evil.example:443", "evil.example:80",
         "app.example.com@evil.example", "app.example.com:@evil.example", "evil.example#",
         "evil.example/", "[2001:db8::1]:8443", "localhost.evil.example",
         "app.example.com,evil.example", "app.example.com evil.example", "\u00e9vil.example", ".",
         "%65vil.example", "app.example.com%00.evil.example", "app.example.com:99999", ""]
FIELDS = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "javascript"),
          ("X-Forwarded-Port", "81"), ("Forwarded", "host=evil.example;proto=http"),
          ("X-Original-URL", "//evil.example/"), ("X-Rewrite-URL", "https://evil.example/"),
          ("Referer", "https://evil.example/"), ("Origin", "https://evil.example"),
          ("X-Clerk-Redirect-To", "https://evil.example/"),
          ("X-Clerk-Clerk-Url", "https://evil.example/")]
TARGETS = ["{}", "//evil.example{}", "///evil.example{}", "/\\evil.example{}", "{}/..//evil.example",
           "{}?https://evil.example", "{}/%2F%2Fevil.example", "{}/%5C%5Cevil.example",
           "{}/%0d%0aX-Evil:%201", "{}?%0d%0aX-Evil:%201", "{}/@evil.example", "{}/;@evil.example",
           "{}?redirect_url=https://evil.example", "{}?__clerk_redirect_url=https://evil.example/",
           "{}?__clerk_redirect_url=//evil.example/", "{}?__clerk_db_jwt=https://evil.example/",
           "{}?__clerk_handshake=https://evil.example/", "{}?__clerk_handshake_nonce=../../evil",
           "{}?__clerk_synced=false&sign_in_url=https://evil.example/", "{}/%00", "{}/%ff",
           "{}?\u00e9", "{}#@evil.example", "{}?x=" + "y" * 3000]
PATHS = [PAGE, "/protect", "/welcome", "/sign-up"]


def request_of(method, target, host, fields, jar) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Sec-Fetch-Dest: document",
             "Connection: close", *(f"{name}: {value}" for name, value in fields)]
    if jar:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in jar.items()))
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def ask(site, sent: bytes):
    return parse_response(exchange_bytes(site.httpd.port, sent))


@pytest.mark.parametrize("host", HOSTS)
def test_hosts(site, host):
    for path in PATHS:
        for jar in jars(site):
            is_safe(site, ask(site, request_of("GET", path, host, [], jar)))


@pytest.mark.sanitize
@pytest.mark.parametrize("target", TARGETS)
def test_targets(site, target):
    for path in PATHS:
        for method, some in (("GET", jars(site)), ("HEAD", [{}]), ("POST", [{}])):
            for jar in some:
                is_safe(site, ask(site, request_of(method, target.format(path),
                                                   "www.example.com", FIELDS, jar)))


def test_absolute_targets(site):
    for form in ("http://evil.example{}", "https://evil.example:444{}", "http://a@evil.example{}",
                 "http://www.example.com@evil.example{}", "//evil.example{}", "http:{}",
                 "javascript:alert(1)//{}", "*", "evil.example{}", "http://{}"):
        for path in PATHS:
            for jar in jars(site):
                is_safe(site, ask(site, request_of("GET", form.format(path), "www.example.com",
                                                   FIELDS, jar)))


@pytest.mark.parametrize("byte", ["\t", "\x0b", "\x01", "\x7f", " ", "\r", "\x00"])
def test_raw_control_characters(site, byte):
    for path in PATHS:
        sent = request_of("GET", f"{path}?{byte}/evil.example", "www.example.com", [], {})
        received = exchange_bytes(site.httpd.port, sent)
        if received:
            is_safe(site, parse_response(received))


def test_the_table_does_send_browsers_away(site):
    """Else it would show nothing."""
    kinds = set()
    for path in PATHS:
        for jar in jars(site):
            answer = ask(site, request_of("GET", path, "www.example.com", FIELDS, jar))
            kinds.add((answer.status, urlsplit(answer.location or "").path))
    assert (302, "/sign-up") in kinds
    assert (302, "/hello") in kinds or site.clerk.publishable_key.startswith("pk_test_")
    assert (307, "/v1/client/handshake") in kinds
    back = ask(site, request_of("GET", f"{PAGE}?__clerk_redirect_url="
                                + quote("https://satellite.example/x", safe=""),
                                "www.example.com", [], {}))
    if site.clerk.publishable_key.startswith("pk_test_"):
        assert back.location.startswith("https://satellite.example/x?")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_scripts_and_forms_are_answered(site, method):
    """Never redirected, and told why."""
    for jar in jars(site)[:3]:
        answer = site.request(method, headers={"Sec-Fetch-Dest": "empty", "Accept": "*/*"},
                              cookies=jar, host="www.example.com")
        assert (answer.status, answer.location, answer.cookies) == (401, None, [])
        assert answer.json()["error"] == "not_authenticated"
        assert f"({answer.header('X-Clerk-Auth-Reason')})" in answer.json()["description"]


# ---------------------------------------------------------------- what httpd asks by itself

PARTS = PROTECTED + """
<Location /open>
    Options +Includes
    SetOutputFilter INCLUDES
</Location>
<Location /errors>
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
ErrorDocument 404 /errors/404.txt
"""


def test_parts_of_pages_send_nobody_anywhere(httpd, _standin_program):
    """Server-side includes, error pages, and the page behind an internal redirect, which is
    the browser's own."""
    site = ClerkSite(httpd, development(_standin_program), "RewriteEngine On",
                     sections=PARTS + """
        <Directory ${DOCROOT}/moved>
            RewriteEngine On
            RewriteBase /moved/
            RewriteRule ^(.*)$ /app/page.txt
        </Directory>
        """, modules=["include", "rewrite"])
    site.httpd.write("open/index.txt", 'open <!--#include virtual="/app/page.txt" -->')
    site.httpd.write("errors/404.txt", "lost")
    site.httpd.write("moved/x", "")
    navigation = {"Sec-Fetch-Dest": "document"}
    answer = site.get("/open/index.txt", headers=navigation)
    assert (answer.status, answer.location, answer.cookies) == (200, None, [])
    assert "for members" not in answer.text
    site.log.allow(r"\[include:error\]")
    answer = site.get("/nowhere", headers=navigation)
    assert answer.cookies == [] and "/v1/client/handshake" not in (answer.location or "")
    answer = site.get("/moved/x?a=b", headers=navigation)
    assert answer.status == 307
    assert parse_qs(urlsplit(answer.location).query)["redirect_url"] == [
        f"{site.httpd.url}/moved/x?a=b"]
    answer = site.request("POST", "/moved/x", headers=navigation)
    assert (answer.status, answer.location) == (401, None)
