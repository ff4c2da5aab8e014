# SPDX-License-Identifier: Apache-2.0 - who is asking, whatever a client says: every name, spelling, place, application, protocol
"""A matrix: each exported name, in each letter case, with each sign between its words, sent to
each kind of place before each kind of application by HTTP/1.1 and HTTP/2. In no cell does the
client's value arrive, and in none is ours lost: what the application is told is what it is
told without the client's fields.

All names with one letter case go into one request; each value says which cell it is.
"""
from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from applications import PREFIXES, WELL_KNOWN, Applications
from clerk_site import FETCH, ClerkSite, production
from httpd import TOP
from standin.users import ADMIN, MEMBER
from test_scrub import NAMES

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "

CASES = {
    "as it is": str,
    "lower": str.lower,
    "UPPER": str.upper,
    "mixed": lambda name: "".join(letter.upper() if index % 2 else letter.lower()
                                  for index, letter in enumerate(name)),
}
SIGNS = {
    "-": str,
    "_": lambda name: name.replace("-", "_"),
    "-_": lambda name: name.replace("-", "_", 1),
    "_-": lambda name: name[::-1].replace("-", "_", 1)[::-1],
}
# An error page by CGI has the status of the error; the others give one of their own.
KEEP_STATUS = ("cgi", "php")
PREFLIGHT = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}


class Place(NamedTuple):
    """A path below an application's prefix, and how it is asked for."""
    path: str
    token: str | None = None
    method: str = "GET"
    headers: dict = {}
    before: str = ""        # in front of the prefix
    told: tuple = ()        # names that must be there; no identity where there are none
    refusal: int = 200      # status that an error page comes with, where it may set none


NOBODY = ("CLERK_AUTH_STATUS", "CLERK_AUTH_REASON")
ANYBODY = ("CLERK_TOKEN_TYPE", "CLERK_AUTH_STATUS", "CLERK_CLAIMS")
SESSION = (*ANYBODY, "CLERK_USER_ID", "CLERK_ORG_ID", "CLERK_SESSION_ID", "CLERK_SESSION_STATUS",
           "CLERK_ORG_SLUG", "CLERK_ORG_ROLE", "CLERK_ORG_PERMISSIONS", "CLERK_FEATURES",
           "CLERK_PLANS", "CLERK_FACTOR_VERIFICATION_AGE", "CLERK_ACTOR", "CLERK_CLAIM_TIER",
           "CLERK_USER", "CLERK_USER_EMAIL", "CLERK_USER_USERNAME", "CLERK_USER_FIRST_NAME",
           "CLERK_USER_LAST_NAME", "CLERK_USER_IMAGE_URL", "REMOTE_USER")
MACHINE = (*ANYBODY[:2], "CLERK_SUBJECT", "CLERK_TOKEN_ID", "CLERK_SCOPES")
KEY = (*MACHINE, "CLERK_TOKEN_NAME", "CLERK_USER_ID")
OAUTH = (*MACHINE, "CLERK_CLIENT_ID", "CLERK_USER_ID")
M2M = (*MACHINE, "CLERK_MACHINE_ID")

PLACES = {
    "protected": Place("/protected", "session", told=SESSION),
    "protected, API key": Place("/protected", "api_key", told=KEY),
    "protected, OAuth": Place("/protected", "oauth", told=OAUTH),
    "protected, M2M": Place("/protected", "m2m", told=M2M),
    "public": Place("/public"),
    "public, with a token": Place("/public", "session"),
    "identify": Place("/identify", "session", told=SESSION),
    "identify, nobody": Place("/identify", None, "GET", FETCH, told=NOBODY),
    "identify, bad token": Place("/identify", "bad", "GET", FETCH, told=NOBODY),
    "log only, nobody": Place("/log-only", None, "GET", FETCH),
    "preflight": Place("/protected", None, "OPTIONS", PREFLIGHT),
    "preflight, with a token": Place("/protected", "session", "OPTIONS", PREFLIGHT),
    "site's own metadata": Place("/public", None, before=WELL_KNOWN),
    "error page of 401": Place("/refused", None, "GET", FETCH, told=NOBODY, refusal=401),
    "error page of 403": Place("/refused", "session", told=("CLERK_DENIED_BY",), refusal=403),
    "identifying error page of 403": Place("/refused/identified", "session", told=SESSION,
                                           refusal=403),
}


def sections(prefix: str) -> str:
    return f"""
<Location {prefix}/protected>
    AuthType Clerk
    Require valid-user
</Location>
<Location {prefix}/identify>
    ClerkIdentify On
</Location>
<Location {prefix}/log-only>
    AuthType Clerk
    ClerkEnforce LogOnly
    Require valid-user
</Location>
<Location {prefix}/metadata>
    AuthType Clerk
    ClerkProtectedResource On
    Require valid-user
</Location>
<Location {prefix}/refused>
    AuthType Clerk
    Require clerk-role nobody-has-this
    ErrorDocument 401 {prefix}/errors
    ErrorDocument 403 {prefix}/errors
</Location>
<Location {prefix}/refused/identified>
    ErrorDocument 403 {prefix}/identify
</Location>
"""


LINES = ["LimitRequestFields 1000", "ClerkAcceptsToken any", "ClerkExport env headers claims",
         "ClerkExportClaim tier Tier", "ClerkUser On"]
PROTOCOLS = "Protocols h2c http/1.1"


@pytest.fixture(scope="module")
def applications():
    with Applications() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, applications):
    site = ClerkSite(module_httpd, production(_standin_program), PROTOCOLS, *LINES,
                     modules=[*applications.modules, "http2"], defines=applications.defines,
                     sections=applications.config + "".join(map(sections, PREFIXES.values())))
    applications.install(site.httpd)
    site.clerk.change_user("member", username="member")
    site.log.allow(DENIAL)
    site.log.allow("ClerkEnforce LogOnly: ")
    return site


@pytest.fixture(scope="module")
def tokens(site):
    clerk = site.clerk
    return {None: None, "bad": "a.b",
            "session": site.mint.session(MEMBER, act={"sub": "user_actor"}, tier="gold"),
            "api_key": clerk.new_api_key(ADMIN.id, name="key", scopes=["a", "b"]).secret,
            "oauth": clerk.new_oauth_token(scopes=["a"]).secret,
            "m2m": clerk.new_m2m_token(scopes=["a"]).secret}


# ---------------------------------------------------------------- asking

def forged(case: str, names=NAMES) -> list[tuple[str, str]]:
    """A field for each cell of this letter case; its value is the cell's name."""
    return [(CASES[case](sign(name)), f"forged:{case}:{label}:{name}")
            for name in names for label, sign in SIGNS.items()]


LEAK = re.compile(r"forged:[\w -]+:[_-]+:[\w-]*")


def ask(server, protocol: str, target: str, method: str, fields: list[tuple[str, str]]):
    if protocol == "HTTP/1.1":
        return server.request(method, target, fields)
    host = ("Host", f"localhost:{server.port}")
    answer = server.http2(target, [host, *fields], "--request", method)
    assert answer.version == "HTTP/2"
    return answer


def ours(told: dict[str, str]) -> dict[str, str]:
    """All that names somebody."""
    return {name: value for name, value in told.items()
            if re.match(r"(REDIRECT_)*(HTTP_X_CLERK|X_CLERK|CLERK_|REMOTE_USER|AUTH_TYPE)", name)}


def assert_told(kind: str, place: str, told: dict[str, str]) -> None:
    """The names that this place has, and no others."""
    in_headers = {name for name in told if name.startswith("HTTP_X_CLERK_")}
    wanted = set(PLACES[place].told)
    if "error page" in place and "identifying" not in place:
        assert not in_headers, place      # status and reason, for logs and pages; no identity
        assert not told.get("CLERK_USER_ID"), place
    elif wanted:
        exported = {f"HTTP_X_{name}" for name in wanted - {"REMOTE_USER"}}
        assert exported - {"HTTP_X_CLERK_CLAIMS"} <= in_headers, place
    else:
        assert not in_headers and "CLERK_USER_ID" not in told, place
    if kind != "proxy":
        assert wanted <= set(told), place


def cells_of(applications, site, tokens, kind: str, place: str) -> int:
    """Looks at every cell of one place before one application; how many there were."""
    path, token, method, headers, before, _, refusal = PLACES[place]
    status = refusal if kind in KEEP_STATUS else 200
    target = before + PREFIXES[kind] + path
    honest = list(headers.items())
    if tokens[token] is not None:
        honest.append(("Authorization", f"Bearer {tokens[token]}"))
    answer = ask(site.httpd, "HTTP/1.1", target, method, honest)
    plain = ours(applications.told(kind, answer, status))
    assert_told(kind, place, plain)
    looked = 0
    for protocol, cases in (("HTTP/1.1", CASES), ("HTTP/2", ["lower"])):
        for case in cases:
            fields = forged(case)
            before_it = len(applications.upstream.requests)
            answer = ask(site.httpd, protocol, target, method, [*fields, *honest])
            seen = applications.told(kind, answer, status)
            where = (kind, place, protocol)
            assert LEAK.findall(answer.text) == [], where
            assert ours(seen) == plain, where
            reached = len(applications.upstream.requests) - before_it
            assert reached == (kind == "proxy"), where
            looked += len(fields)
    return looked


@pytest.mark.parametrize("kind", PREFIXES)
def test_no_cell_lets_a_client_s_value_through_or_loses_ours(applications, site, tokens, kind,
                                                             looked_at):
    """A16"""
    looked = sum(cells_of(applications, site, tokens, kind, place) for place in PLACES)
    assert looked == len(PLACES) * len(NAMES) * len(SIGNS) * (len(CASES) + 1)
    looked_at(f"{looked} cells of the spoofing matrix ({kind})")


@pytest.mark.parametrize("kind", PREFIXES)
def test_metadata_are_the_module_s_own(applications, site, kind, looked_at):
    """Where the module answers by itself the application is not reached, and no value of the
    client is in the answer."""
    target, looked = f"{WELL_KNOWN}{PREFIXES[kind]}/metadata", 0
    plain = site.get(target)
    assert plain.json()["resource"] == f"{site.httpd.url}{PREFIXES[kind]}/metadata"
    for protocol, cases in (("HTTP/1.1", CASES), ("HTTP/2", ["lower"])):
        for case in cases:
            before = len(applications.upstream.requests)
            answer = ask(site.httpd, protocol, target, "GET", forged(case))
            assert (answer.status, answer.body) == (200, plain.body)
            assert not LEAK.search(str(answer.headers))
            assert len(applications.upstream.requests) == before
            looked += len(forged(case))
    looked_at(f"{looked} cells of the spoofing matrix ({kind}, metadata)")


def test_the_matrix_has_every_name():
    """What the module exports, as its table says; and what it fills is filled somewhere here."""
    table = (TOP / "src/httpd/export_names.c").read_text()
    exported = dict(re.findall(r'\{ "(CLERK_\w+)", "(X-Clerk-[\w-]+)"', table))
    assert len(exported) > 20
    assert set(exported.values()) <= set(NAMES)
    told = {name for place in PLACES.values() for name in place.told}
    assert set(exported) - told == set()


# ---------------------------------------------------------------- it can fail

def test_the_same_without_the_module(httpd, applications):
    """Every field that httpd itself passes on is found: each one by mod_proxy, those
    with `-` only by what reads the environment."""
    server = httpd("\n".join([PROTOCOLS, LINES[0], applications.config]), clerk=False,
                   modules=[*applications.modules, "http2"], defines=applications.defines)
    applications.install(server)
    for kind, prefix in PREFIXES.items():
        for protocol, cases in (("HTTP/1.1", CASES), ("HTTP/2", ["lower"])):
            for case in cases:
                for names in (NAMES[:20], NAMES[20:]):   # python's server takes 100 fields
                    fields = forged(case, names)
                    answer = ask(server, protocol, f"{prefix}/public", "GET", fields)
                    sent = {value for name, value in fields
                            if kind == "proxy" or "_" not in name}
                    assert set(LEAK.findall(answer.text)) == sent, (kind, protocol, case)
                    seen = ours(applications.told(kind, answer))
                    assert len(seen) == len(names), (kind, protocol, case)
