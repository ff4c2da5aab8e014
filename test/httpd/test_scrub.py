# SPDX-License-Identifier: Apache-2.0 - no client can say who is asking
from __future__ import annotations

import pytest

from clerk_site import FETCH, ClerkSite, production
from http_message import exchange_bytes
from standin.users import MEMBER
from upstream import Upstream, header_values

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "

# Every name under which an application may learn who is asking, also those that only
# machine tokens or later settings fill, and those of Clerk's own middleware.
NAMES = ["X-Clerk-" + name for name in (
    "Token-Type", "Auth-Status", "Auth-Reason", "Denied-By", "User-Id", "Org-Id", "Session-Id",
    "Session-Status", "Org-Slug", "Org-Role", "Org-Permissions", "Features", "Plans",
    "Factor-Verification-Age", "Actor", "Subject", "Token-Id", "Token-Name", "Scopes",
    "Machine-Id", "Client-Id", "Claims", "User", "User-Email", "User-Username",
    "User-First-Name", "User-Last-Name", "User-Image-Url",
    "Auth-Message", "Auth-Token", "Auth-Signature", "Clerk-Url", "Request-Data",
    "Redirect-To", "Debug", "Claim-Tier", "Claim-Not-Configured", "Claim-")]


def mixed(name: str) -> str:
    return "".join(letter.upper() if index % 2 else letter.lower()
                   for index, letter in enumerate(name))


SPELLINGS = {
    "as it is": lambda name: name,
    "lower": str.lower,
    "UPPER": str.upper,
    "mixed": mixed,
    "underscores": lambda name: name.replace("-", "_"),
    "one underscore": lambda name: name.replace("Clerk-", "Clerk_"),
    "UPPER with underscores": lambda name: name.replace("-", "_").upper(),
    "dots": lambda name: name.replace("-", "."),
    "other signs": lambda name: name.replace("-", "~", 1).replace("-", "!", 1),
}
UNRELATED = {"X-Clerk": "a", "X-Clerk-Organization": "b", "X-Clerk-User-Ident": "c",
             "X-Clerk-User-Id-Of-Mine": "d", "Clerk-User-Id": "e", "XX-Clerk-User-Id": "f",
             "X-Clerk-Claimant": "g", "X_Other_Thing": "h", "X-Clerkish-User-Id": "i",
             "X-User-Id": "j"}
FORGED = "forged-by-client"

SECTIONS = """
ProxyPass /up/ "${UP}/"
<Location /cgi/protected>
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
<Location /up/protected>
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
<Location /cgi/refused>
    AuthType Clerk
    AuthName x
    Require clerk-role admin
    ErrorDocument 401 /cgi/public
    ErrorDocument 403 /cgi/public
</Location>
<Location /up/refused>
    AuthType Clerk
    AuthName x
    Require clerk-role admin
    ErrorDocument 401 /up/public
    ErrorDocument 403 /up/public
</Location>
"""
ORIGIN = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


def site_with(start, standin, application, *lines, **options):
    modules = ["cgid", "proxy_http", *options.pop("modules", [])]
    site = ClerkSite(start, production(standin), *lines, modules=modules,
                     defines={"UP": application.url}, sections=SECTIONS,
                     **options)
    for name in ("protected", "public", "refused"):
        site.httpd.environment_script(name)
    return site


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    return site_with(module_httpd, _standin_program, application)


# place: how the request gets there, and whether it arrives with an identity
PLACES = {
    "protected": ("GET", "protected", {}, True),
    "public": ("GET", "public", {}, False),
    "public with a token": ("GET", "public", {}, False),
    "preflight": ("OPTIONS", "protected", ORIGIN, False),
    "error page of 401": ("GET", "refused", FETCH, False),
    "error page of 403": ("GET", "refused", FETCH, False),
}
WITH_TOKEN = {"protected", "public with a token", "error page of 403", "preflight"}


def ask(site, application, place, reached, fields):
    """What the application sees of a request with these fields, as JSON."""
    method, name, more, _ = PLACES[place]
    headers = [*more.items(), *fields]
    token = site.mint.session(MEMBER) if place in WITH_TOKEN else None
    before = len(application.requests)
    answer = site.request(method, f"/{reached}/{name}", headers=headers, bearer=token)
    if place == "error page of 403":
        site.log.expect(DENIAL, times=1)
    if reached == "up":
        assert len(application.requests) == before + 1, answer.status
        return application.requests[-1]
    return answer.json()


@pytest.mark.sanitize
@pytest.mark.parametrize("reached", ["cgi", "up"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_no_name_gets_through(site, application, spelling, place, reached):
    """A16: whatever letters it is written in, wherever it is sent."""
    forged = [(spelling(name), FORGED) for name in NAMES]
    seen = ask(site, application, place, reached, [*forged, *UNRELATED.items()])
    assert FORGED not in str(seen)
    if reached == "up":
        for name, value in UNRELATED.items():
            assert header_values(seen, name) == [value]
        ours = {name for name, _ in seen["headers"]
                if name.lower().startswith("x-clerk-") and name not in UNRELATED}
        user = header_values(seen, "X-Clerk-User-Id")
    else:
        assert seen["HTTP_X_CLERK_ORGANIZATION"] == "b"
        ours = {name for name in seen if name.startswith("HTTP_X_CLERK_")
                and name[5:].replace("_", "-").title() not in UNRELATED}
        user = [seen[name] for name in ("CLERK_USER_ID",) if name in seen]
    if PLACES[place][3]:
        assert user == [MEMBER.id]
    else:
        assert (ours, user) == (set(), [])


@pytest.mark.parametrize("reached", ["cgi", "up"])
def test_a_name_that_comes_several_times(site, application, reached):
    fields = [("X-Clerk-User-Id", FORGED), ("x-clerk-user-id", FORGED),
              ("X_Clerk_User_Id", FORGED), ("X-Clerk-User-Id", FORGED),
              ("X-Clerk-Org-Role", FORGED), ("X-CLERK-USER-ID", FORGED)] * 5
    for place in ("protected", "public"):
        assert FORGED not in str(ask(site, application, place, reached, fields))


@pytest.mark.parametrize("reached", ["cgi", "up"])
def test_an_absent_value_is_not_the_client_s(site, application, reached):
    """Somebody without an actor does not get one from the client."""
    seen = ask(site, application, "protected", reached, [("X-Clerk-Actor", FORGED)])
    assert FORGED not in str(seen) and "x-clerk-actor" not in str(seen).lower()


# ---------------------------------------------------------------- Connection

CONNECTIONS = [
    ["X-Clerk-User-Id"], ["x-clerk-user-id"], ["X_Clerk_User_Id, X-Clerk-User-Id"],
    ["close, X-Clerk-User-Id"], ["X-Clerk-User-Id, close"], ["X-Clerk-User-Id,X-Clerk-User-Id"],
    ["keep-alive, X-Clerk-Org-Role ,X-Clerk-User-Id,x-clerk-auth-status"],
    [",, X-Clerk-User-Id ,,"], ["X-Clerk-User-Id", "X-Clerk-User-Id"],
    ["close", "X-Clerk-User-Id"], ["X-Clerk-Claim-Tier, X-Clerk-User-Id"],
    # as mod_proxy cuts the field: at semicolons and blanks too
    ["close; X-Clerk-User-Id"], ["close;X-Clerk-User-Id"], ["close X-Clerk-User-Id"],
    ["close\tX-Clerk-User-Id"], ["X-Clerk-User-Id close"], ["X-Clerk-User-Id; a=b"],
    ['"a, b", X-Clerk-User-Id'], ['a"b, X-Clerk-User-Id'],
]


@pytest.mark.sanitize
@pytest.mark.parametrize("fields", CONNECTIONS, ids=[" + ".join(row) for row in CONNECTIONS])
def test_connection_erases_no_name(site, application, fields):
    """mod_proxy drops what Connection names, after this module has set it."""
    token = site.mint.session(MEMBER, tier="gold")
    answer = site.get("/up/protected", bearer=token,
                      headers=[("Connection", field) for field in fields])
    assert answer.status == 200
    seen = application.requests[-1]
    for name, value in (("User-Id", MEMBER.id), ("Org-Role", "org:member"),
                        ("Auth-Status", "signed-in")):
        assert header_values(seen, f"X-Clerk-{name}") == [value]


@pytest.mark.parametrize("name", NAMES[:28])
def test_connection_erases_none_of_the_names(site, application, name):
    """Not the marker of an impersonation, nor any other."""
    token = site.mint.session(MEMBER, act={"sub": "user_1"})
    plain = site.get("/up/protected", bearer=token).json()["headers"]
    named = site.get("/up/protected", bearer=token, headers={"Connection": name}).json()["headers"]

    def ours(fields):
        return {key: value for key, value in fields if key.startswith("X-Clerk-")}
    assert ours(named) == ours(plain)
    assert ours(plain)["X-Clerk-Actor"] == "user_1"


def test_connection_does_for_other_names_what_it_always_did(site, application):
    """RFC 9110, 7.6.1: what it names is for this connection only."""
    headers = {"Connection": "X-Hop, X-Clerk-User-Id, X-Clerk-Organization",
               "X-Hop": "1", "X-Clerk-Organization": "2", "X-Kept": "3"}
    site.get("/up/protected", bearer=site.mint.session(MEMBER), headers=headers)
    seen = application.requests[-1]
    assert [header_values(seen, name) for name in ("X-Hop", "X-Clerk-Organization", "X-Kept")] == \
        [[], [], ["3"]]
    assert header_values(seen, "X-Clerk-User-Id") == [MEMBER.id]


def test_connection_close_still_closes(site):
    sent = (b"GET /index.txt HTTP/1.1\r\nHost: localhost\r\n"
            b"Connection: X-Clerk-User-Id, close\r\n\r\n")
    received = exchange_bytes(site.httpd.port, sent)
    assert b"Connection: close" in received and received.endswith(b"hello\n")


# ---------------------------------------------------------------- other ways in

@pytest.mark.sanitize
def test_trailers(httpd, _standin_program, application):
    """Not even where httpd merges a body's trailers with the header."""
    site = site_with(httpd, _standin_program, application, "MergeTrailers On")
    for reached in ("cgi", "up"):
        for name in ("protected", "public"):
            token = site.mint.session(MEMBER)
            sent = (f"POST /{reached}/{name} HTTP/1.1\r\nHost: localhost\r\n"
                    f"Authorization: Bearer {token}\r\nConnection: close\r\n"
                    "Transfer-Encoding: chunked\r\nTrailer: X-Clerk-User-Id\r\n\r\n"
                    f"4\r\nbody\r\n0\r\nX-Clerk-User-Id: {FORGED}\r\n"
                    f"X-Clerk-Org-Role: {FORGED}\r\n\r\n")
            received = exchange_bytes(site.httpd.port, sent.encode())
            assert b" 200 " in received.partition(b"\r\n")[0]
            assert FORGED.encode() not in received


def test_a_server_without_any_instance(httpd, _standin_program, application):
    """The module is loaded: that is enough, in every virtual host."""
    programs = 'ScriptAlias /programs/ "${CGI}/"\nProxyPass /up/ "${UP}/"\n'
    site = ClerkSite(httpd, production(_standin_program), instance=[], parties=False,
                     modules=["cgid", "proxy_http"], defines={"UP": application.url},
                     sections=f"{programs}<VirtualHost *:*>\nServerName other.example\n{programs}"
                              "</VirtualHost>")
    site.httpd.environment_script("public")
    forged = [(name, FORGED) for name in NAMES]
    assert FORGED not in site.get("/programs/public", headers=forged, host="other.example").text
    assert FORGED not in site.get("/up/public", headers=forged, host="other.example").text


def test_http2(httpd, _standin_program, application):
    site = site_with(httpd, _standin_program, application, "Protocols h2c http/1.1",
                     modules=["http2"])
    forged = [(name.lower(), FORGED) for name in NAMES] + [("x_clerk_user_id", FORGED)]
    token = [("authorization", f"Bearer {site.mint.session(MEMBER)}")]
    for target in ("/cgi/public", "/up/public", "/cgi/protected", "/up/protected"):
        answer = site.httpd.http2(target, [*forged, *token])
        assert (answer.version, answer.status) == ("HTTP/2", 200)
        assert FORGED not in answer.text
        assert (MEMBER.id in answer.text) == target.endswith("protected")


def test_what_the_site_sets_itself_stays(httpd, _standin_program, application):
    """mod_headers may fill a name of its own, or override ours: that is no client."""
    site = site_with(httpd, _standin_program, application,
                     'RequestHeader set X-Clerk-Organization "of the site"',
                     'RequestHeader set X-Clerk-Scopes "of the site"')
    seen = site.get("/up/protected", bearer=site.mint.session(MEMBER),
                    headers={"X-Clerk-Scopes": FORGED}).json()
    assert header_values(seen, "X-Clerk-Organization") == ["of the site"]
    assert header_values(seen, "X-Clerk-Scopes") == ["of the site"]
