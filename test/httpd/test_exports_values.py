# SPDX-License-Identifier: Apache-2.0 - values of any kind reach the application of each kind whole, and end no header field
"""In the environment as UTF-8, in the header percent-encoded where they have to be, in the JSON of
all claims: the same value, read back by CGI, PHP, WSGI and an application behind mod_proxy."""
from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from applications import PREFIXES, Applications
from clerk_site import FETCH, ClerkSite, production
from standin.users import ADMIN, SOLO

VALUES = {
    "plain": "gold",
    "signs": "a \"b\" 'c', d; e=f \\ %41 100% <b>&amp;",
    "new field": "x\r\nX-Evil: 1",
    "new request": "x\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "new line": "a\nb", "carriage return": "a\rb", "tab": "\ta\tb\t",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f",
    "space around": "  a  b ", "space before": " admin", "space behind": "100% ",
    "Latin": "José Ünïcödé", "beyond": "☃ 😀 \u0085\u2028\ufeff", "Latin 100%": "é 100%0d%0A",
    "right to left": "\u202eabc",
    "8 KB": "x" * 8191 + "!", "KB of UTF-8": "é" * 1400 + "!",
    "8 KB of line ends": "\r\n" * 1400 + "!",
    "8 KB of commas": "a," * 4000 + "!", "8 KB of quotes": "\"'" * 2000 + "!",
}

LINES = """
Header always unset X-Seen-User
LimitRequestFieldSize 32768
ClerkExport env headers claims
ClerkExportClaim text
ClerkExportClaim list
ClerkAcceptsToken any
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
"""


@pytest.fixture(scope="module")
def applications():
    with Applications() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, applications):
    site = ClerkSite(module_httpd, production(_standin_program), modules=applications.modules,
                     defines=applications.defines, sections=LINES + applications.config)
    applications.install(site.httpd)
    return site


def plain(value: str) -> bool:
    """Whether it may stand in a header as it is."""
    return value.isascii() and value.isprintable() and value == value.strip(" ")


def of_header(field: str, value: str) -> str:
    """What an application makes of a header field, as the manual says."""
    assert plain(field)
    return field if plain(value) else unquote(field)


def of_environment(kind: str, text: str) -> str:
    """WSGI has bytes as Latin letters (PEP 3333)."""
    return text.encode("latin-1").decode() if kind == "wsgi" else text


def told(site, applications, kind: str, token: str) -> dict[str, str]:
    before = len(applications.upstream.requests)
    found = applications.told(kind, site.get(f"{PREFIXES[kind]}/x", bearer=token))
    assert "HTTP_X_EVIL" not in found
    assert len(applications.upstream.requests) - before == (kind == "proxy"), "one stayed one"
    return found


def assert_same(field: str, value: str) -> None:
    assert of_header(field, value) == value


@pytest.mark.parametrize("kind", PREFIXES)
def test_a_claim(site, applications, kind):
    for name, value in VALUES.items():
        token = site.mint.session(SOLO, text=value, list=[value[-100:], {value[:20]: 1}])
        found = told(site, applications, kind, token)
        assert_same(found["HTTP_X_CLERK_CLAIM_TEXT"], value)
        # JSON is ASCII, wherever it stands
        names = ["HTTP_X_CLERK_"] + (["CLERK_"] if kind != "proxy" else [])
        for prefix in names:
            for text in (found[f"{prefix}CLAIM_LIST"], found[f"{prefix}CLAIMS"]):
                assert plain(text), name
            assert json.loads(found[f"{prefix}CLAIM_LIST"]) == [value[-100:], {value[:20]: 1}]
            assert json.loads(found[f"{prefix}CLAIMS"])["text"] == value
        if kind != "proxy":
            assert of_environment(kind, found["CLERK_CLAIM_TEXT"]) == value, name


@pytest.mark.parametrize("kind", PREFIXES)
def test_the_names_that_are_always_there(site, applications, kind):
    """A token holds one that is long, so it is each name's turn."""
    for turn, (name, value) in enumerate(VALUES.items()):
        user, status, actor, slug = (value if len(value) < 1000 or turn % 4 == place else "short"
                                     for place in range(4))
        token = site.mint.session(SOLO, sub=f"user_{user}", sts=status, act={"sub": actor},
                                  o={"id": "org_1", "slg": slug, "rol": "org:x"})
        found = told(site, applications, kind, token)
        for field, wanted in (("USER_ID", f"user_{user}"), ("SESSION_STATUS", status),
                              ("ACTOR", actor), ("ORG_SLUG", slug)):
            assert_same(found[f"HTTP_X_CLERK_{field}"], wanted)
            if kind != "proxy":
                assert of_environment(kind, found[f"CLERK_{field}"]) == wanted, name
        if kind != "proxy":
            assert of_environment(kind, found["REMOTE_USER"]) == f"user_{user}", name


@pytest.mark.parametrize("kind", PREFIXES)
def test_what_clerk_s_api_says_of_a_key(site, applications, kind):
    """Its name is written by people."""
    for name in ("signs", "new field", "controls", "beyond", "8 KB", "8 KB of line ends"):
        value = VALUES[name]
        key = site.clerk.new_api_key(ADMIN.id, name=value)
        found = told(site, applications, kind, key.secret)
        assert_same(found["HTTP_X_CLERK_TOKEN_NAME"], value)
        if kind != "proxy":
            assert of_environment(kind, found["CLERK_TOKEN_NAME"]) == value, name


@pytest.mark.parametrize("claims", [{"text": "a\0b"}, {"sub": "user_1\0"}, {"a\0": 1}])
def test_nul_cuts_nothing(site, claims):
    """A text that C would end early is refused with its token."""
    answer = site.get("/cgi/env/x", bearer=site.mint.session(SOLO, **claims), headers=FETCH)
    assert (answer.status, answer.header("WWW-Authenticate")) == (
        401, 'Bearer realm="x", error="invalid_token"')
