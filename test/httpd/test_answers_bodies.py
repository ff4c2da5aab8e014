# SPDX-License-Identifier: Apache-2.0 - the body of a refusal: JSON, httpd's page, or the site's own
from __future__ import annotations

import time

import pytest

from clerk_site import FETCH, NAVIGATION, ClerkSite, production, seen
from standin.users import ADMIN, MEMBER

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "

PLACES = """
ClerkSignInRedirect Off
<Location /auto>
    AuthType Clerk
    AuthName x
    Require clerk-role admin
</Location>
<Location /json>
    AuthType Clerk
    AuthName x
    ClerkErrorBody json
    Require clerk-role admin
</Location>
<Location /html>
    AuthType Clerk
    AuthName x
    ClerkErrorBody html
    Require clerk-role admin
</Location>
"""

# What the client accepts, and whether it prefers HTML to JSON (RFC 9110, 12.5.1).
ACCEPT = [
    (None, False), ("*/*", False), ("", False), ("application/json", False),
    ("text/html", True), ("TEXT/HTML", True), ("text/*", True),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
    ("application/json, text/html", False), ("text/html, application/json", False),
    ("text/html;q=0.9, application/json", False), ("application/json;q=0.5, text/html", True),
    ("text/html;q=0.5, application/*;q=0.6", False), ("text/html;q=0.1, */*;q=0", True),
    ("text/html;q=0, */*", False), ("image/png", False), ("text/html; charset=utf-8", True),
    ("application/json;q=0.1, */*;q=0.9", True), ("text/html;q=bad, application/json", False),
]


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return ClerkSite(module_httpd, production(_standin_program), sections=PLACES)


def is_page(answer):
    """httpd's own error page, which says nothing of ours."""
    assert answer.header("Content-Type") == "text/html; charset=iso-8859-1"
    assert answer.text.startswith("<!DOCTYPE HTML")
    assert "not_auth" not in answer.text


def is_object(answer, error):
    assert answer.header("Content-Type") == "application/json"
    assert (answer.json()["error"], set(answer.json())) == (error, {"error", "description"})


@pytest.mark.parametrize("accept, wants_html", ACCEPT)
def test_negotiation(site, accept, wants_html):
    headers = {} if accept is None else {"Accept": accept}
    token = site.mint.session(MEMBER)
    site.log.expect(DENIAL, times=3)
    for how, status, error in (({}, 401, "not_authenticated"),
                               ({"bearer": token}, 403, "not_authorized")):
        for place, is_html in (("/auto", wants_html), ("/json", False), ("/html", True)):
            answer = site.get(place, headers=headers, **how)
            assert answer.status == status
            if is_html:
                is_page(answer)
            else:
                is_object(answer, error)


def test_several_accept_fields(site):
    answer = site.get("/auto", headers=[("Accept", "application/json;q=0.5"),
                                        ("Accept", "text/html")])
    is_page(answer)


# ---------------------------------------------------------------- ErrorDocument

DOCUMENTS = """
ErrorDocument 401 "Text of 401"
ErrorDocument 403 "Text of 403"
ErrorDocument 404 "Text of 404"
ErrorDocument 503 "Text of 503"
"""
LOCAL = """
ErrorDocument 401 /errors/401.html
ErrorDocument 403 /errors/403.html
ErrorDocument 404 /errors/404.html
ErrorDocument 503 /errors/503.html
"""
ELSEWHERE = """
ErrorDocument 401 https://help.example/401
ErrorDocument 403 https://help.example/403
ErrorDocument 404 https://help.example/404
ErrorDocument 503 https://help.example/503
"""
SECTIONS = """
ClerkAPITimeout 200ms 300ms
ClerkKeyMinInterval 100ms
<Location /app>
    AuthType Clerk
    AuthName x
    ClerkErrorBody {body}
    Require clerk-role admin
</Location>
<Location /app/protect>
    ClerkResponses protect
</Location>
"""


def refusals(site, standin, headers):
    """One of each status; 503 from a token that nobody can judge."""
    token = site.mint.session(MEMBER)
    yield 401, site.get(headers=headers)
    yield 403, site.get(headers=headers, bearer=token)
    yield 404, site.get("/app/protect", headers=headers, bearer=token)
    site.log.expect(DENIAL, times=2)
    standin.fault("*", "answer", status=500)
    stranger = site.mint.session(MEMBER, header={"kid": "ins_unknown"})
    time.sleep(0.15)   # the interval since the keys were fetched
    yield 503, site.get(headers=headers, bearer=stranger)
    site.log.expect(r"\[clerk_auth:error\].*not authenticated: ", times=1)
    site.log.allow(r"\[clerk_auth:warn\]")


HEADERS = [{"Accept": "application/json"}, {"Sec-Fetch-Dest": "empty", "Accept": "text/html"}]


@pytest.mark.parametrize("headers", HEADERS, ids=["json", "html"])
@pytest.mark.parametrize("body", ["auto", "json", "html"])
def test_error_document_text(httpd, standin, body, headers):
    """What the site says wins over our JSON, whoever asks."""
    site = ClerkSite(httpd, production(standin),
                     sections=DOCUMENTS + SECTIONS.format(body=body))
    for status, answer in refusals(site, standin, headers):
        assert (answer.status, answer.text) == (status, f"Text of {status}")
        assert ("WWW-Authenticate" in answer) == (status == 401)
        assert ("Retry-After" in answer) == (status == 503)
        assert answer.header("Vary") == "Authorization,Cookie"


@pytest.mark.parametrize("headers", HEADERS, ids=["json", "html"])
def test_error_document_page(httpd, standin, headers):
    """A page of the site, with the header fields of the refusal."""
    site = ClerkSite(httpd, production(standin), sections=LOCAL + SECTIONS.format(body="auto"))
    for status in (401, 403, 404, 503):
        site.httpd.write(f"errors/{status}.html", f"<p>page of {status}</p>")
    for status, answer in refusals(site, standin, headers):
        assert (answer.status, answer.text) == (status, f"<p>page of {status}</p>")
        assert answer.header("Content-Type") == "text/html"
        assert ("WWW-Authenticate" in answer) == (status == 401)
        assert ("Retry-After" in answer) == (status == 503)
        assert answer.header("Vary") == "Authorization,Cookie"
        assert seen(answer).user is None
        assert seen(answer).status == ("signed-in" if status in (403, 404) else "signed-out")


@pytest.mark.parametrize("headers", HEADERS, ids=["json", "html"])
def test_error_document_elsewhere(httpd, standin, headers):
    """httpd takes a URL for every status but 401, which could not be told otherwise."""
    site = ClerkSite(httpd, production(standin),
                     sections=ELSEWHERE + SECTIONS.format(body="auto"))
    for status, answer in refusals(site, standin, headers):
        if status == 401:
            assert (answer.status, answer.location) == (401, None)
            assert "WWW-Authenticate" in answer
        else:
            assert (answer.status, answer.location) == (302, f"https://help.example/{status}")


def test_error_document_does_not_stop_the_way_to_sign_in(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), LOCAL)
    site.httpd.write("errors/401.html", "page of 401")
    answer = site.get(headers=NAVIGATION)
    assert answer.status == 302 and "/sign-in" in answer.location
    assert site.get(headers=FETCH).text == "page of 401"


def test_error_document_of_one_section(httpd, _standin_program):
    """The section that refuses says with which page."""
    site = ClerkSite(httpd, production(_standin_program), sections="""
ErrorDocument 403 "of the server"
<Location /app>
    AuthType Clerk
    AuthName x
    Require clerk-role admin
</Location>
<Location /app/own>
    ErrorDocument 403 "of the section"
</Location>
<Location /app/none>
    ErrorDocument 403 default
</Location>""")
    token = site.mint.session(MEMBER)
    assert site.get(bearer=token).text == "of the server"
    assert site.get("/app/own", bearer=token).text == "of the section"
    is_object(site.get("/app/none", bearer=token), "not_authorized")
    site.log.expect(DENIAL, times=3)


def test_error_document_in_the_protected_place(httpd, _standin_program):
    """It is shown to who may see nothing else there: httpd asks nobody twice."""
    site = ClerkSite(httpd, production(_standin_program), modules=["cgid"], sections="""
<Location />
    AuthType Clerk
    AuthName x
    Require clerk-role admin
</Location>
ErrorDocument 401 /cgi/env
ErrorDocument 403 /cgi/env""")
    site.httpd.environment_script()
    answer = site.get(headers=FETCH)
    environment = answer.json()
    assert (answer.status, environment["REDIRECT_STATUS"]) == (401, "401")
    assert environment["CLERK_DENIED_BY"] == "Require clerk-role admin"
    assert not {"REMOTE_USER", "AUTH_TYPE", "CLERK_USER_ID", "HTTP_X_CLERK_USER_ID"} & set(
        environment)
    answer = site.get(headers=FETCH, bearer=site.mint.session(MEMBER))
    environment = answer.json()
    assert (answer.status, environment["REDIRECT_STATUS"]) == (403, "403")
    assert (environment["CLERK_AUTH_STATUS"], environment["REMOTE_USER"],
            environment["CLERK_USER_ID"]) == ("signed-in", MEMBER.id, MEMBER.id)
    site.log.expect(DENIAL, times=1)
    assert site.get("/index.txt", bearer=site.mint.session(ADMIN)).status == 200


def test_error_document_in_another_protected_place(httpd, _standin_program):
    """It is refused again; what comes is httpd's own text. A JSON file in an open place comes."""
    site = ClerkSite(httpd, production(_standin_program), sections="""
<LocationMatch "^/(app|errors)/">
    AuthType Clerk
    AuthName x
    Require clerk-role admin
</LocationMatch>
<Location /errors>
    ClerkSignInRedirect Off
</Location>
<Location /app/open>
    ErrorDocument 403 /open/403.json
    ErrorDocument 401 /open/403.json
</Location>
ErrorDocument 401 /errors/page.html
ErrorDocument 403 /errors/page.html
""")
    site.httpd.write("errors/page.html", "the page")
    site.httpd.write("open/403.json", '{"error":"mine"}')
    site.httpd.write("app/open", "page")
    member = site.mint.session(MEMBER)
    for bearer, status in ((None, 401), (member, 403)):
        answer = site.get(headers=FETCH, bearer=bearer)
        assert answer.status == status
        assert "the page" not in answer.text and "ErrorDocument" in answer.text
        answer = site.get("/app/open", headers=FETCH, bearer=bearer)
        assert (answer.status, answer.json()) == (status, {"error": "mine"})
        assert answer.header("Content-Type") == "application/json"
    site.log.expect(DENIAL, times=3)
