# SPDX-License-Identifier: Apache-2.0 - path patterns as httpd matches them and as Clerk's SDK does
"""One site whose .htaccess names one pattern after the other, as organization and as personal
account; the handshake of a page load says what it found."""
from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from redirects import redirect, visit
from clerk_site import ClerkSite, production
from httpd import Httpd
from npm_packages import install
from sdk import judge

PROGRAM = Path(judge.HERE, "match_paths.mjs")
RANDOM_PATTERNS = 80
SEED = 20

PATTERNS = [
    "/", "/me", "/me/", "/me/(.*)", "/orgs/:slug", "/orgs/:slug/(.*)", "/by/:id",
    "/orgs/:slug?", "/orgs/:slug*", "/orgs/:slug+", "/orgs{/:slug}?", "/orgs{/:slug/x}*",
    "{/:lang}?/orgs/:slug", "/orgs/:id(\\d+)", "/orgs/:id(\\w{2,4})", "/:slug([^/]+?)",
    "/:slug((?!new)[a-z]+)", "/:id-:slug", "/:id.:slug", "/o-:slug", "/a{b}?", "/a{b}+/c",
    "/{:id}-{:slug(x)y}?", "/x\\:y", "/file.txt", "/a|b$", "(/orgs|/o)/:slug", "/(.*)/(.*)",
    "/(a)b)", "/:slug([a-z[]{2,3})", "/:id?/:slug?", "/:id/:id", "/:slug/:slug?", "/ORGS/:slug",
    "/:slug(a{b)", "/{}", "\\/orgs", "/:slug(.*)", "/:slug(a|b|)", "/%41:slug", "/:slug(a{,2})",
    "/:x(b)*/:slug", "/orgs/:slug/{:id/}?end",
    # refused by both
    "/:", "/(", "/()", "/(?:a)", "/(a(b))", "/{a", "/a}", "/*", "/:id:slug", "/{:id}*", "/:x([)",
    "/x(a**)", "/{a:b:c}", "/:id([z-a])", "/:id(b{2,1})",
]
PATHS = ["/", "/me", "/me/", "/ME", "/me/x", "/me/x/y/", "/meh", "/orgs", "/orgs/", "/orgs/acme",
         "/orgs/acme/", "/orgs/acme//", "/Orgs/ACME", "/orgs/acme/x", "/orgs/a/x/b/x", "/orgs/12",
         "/orgs/12x", "/o/acme", "/o-acme", "/de/orgs/acme", "/a", "/ab", "/abb/c", "/a/c",
         "/x:y", "/file.txt", "/filextxt", "/a-b", "/a.b", "/a-b-c", "/new", "/newer", "/-xy",
         "/a-xy", "/a|b$", "/%41b", "/ab)", "//", "//acme", "/a//b", "/a{b", "/aaa", "/[[",
         "/orgs/acme/12/end", "/b/acme", "/b/b/acme", "/~!$'()*+,;=:@", "/%2F", "/a%20b"]
PIECES = ["/", "/", "/", "a", "b", "-", ".", ":id", ":slug", ":x", "(a|b)", "(\\d+)", "(.*)",
          "([ab]+)", "{", "}", "?", "*", "+", "\\.", "(?:", ")", "{/:slug}?", "{-:id}?", "%20",
          "/orgs", "(a{1,2})", "(b*?)", "|", "$", "^", "[", "]"]


def random_patterns(count: int) -> list[str]:
    chance = random.Random(SEED)
    return ["/" + "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 6)))
            for _ in range(count)]


def random_paths(count: int) -> list[str]:
    chance = random.Random(SEED + 1)
    pieces = ["/", "/", "a", "b", "-", ".", "1", "orgs", "%20", "aab", "A"]
    return ["/" + "".join(chance.choice(pieces) for _ in range(chance.randint(1, 7)))
            for _ in range(count)]


def asked_of_the_sdk(patterns: list[str], paths: list[str]) -> list:
    install(judge.HERE)
    answer = subprocess.run([shutil.which("node"), str(PROGRAM)], check=True, cwd=judge.HERE,
                            input=json.dumps({"patterns": patterns, "paths": paths}),
                            capture_output=True, text=True)
    return json.loads(answer.stdout)


@pytest.fixture
def site(clerk):
    servers = []

    def start(config, **options):
        servers.append(Httpd(config, **options))
        return servers[-1].start()

    yield ClerkSite(start, production(clerk), "AllowEncodedSlashes On", sections="""
        <Location />
            AuthType Clerk
            AuthName x
            Require valid-user
        </Location>
        <Directory ${DOCROOT}>
            AllowOverride AuthConfig
        </Directory>
        """)
    servers[0].stop()


def found_by_httpd(site, path: str) -> str | None:
    """The organization that the path asks for; None where it asks for none."""
    away = redirect(visit(site, path, cookies={"__client_uat": "1"}))
    return away.query.get("organization_id")


def wanted(params: dict | None) -> str | None:
    """As OrganizationMatcher reads it. Of a repeated parameter the SDK makes a list, which is
    no id; here it is the text."""
    if params is None:
        return None
    value = params.get("id") or params.get("slug") or ""
    return value if isinstance(value, str) else "/".join(value)


def is_comparable(pattern: str) -> bool:
    """Repeated parameters are put together by what parts them, which only the pattern says."""
    return not any(mark in pattern for mark in ("id*", "id+", "slug*", "slug+", "}*", "}+", ")*", ")+"))


def test_patterns(site):
    """Taken, refused and matched alike. More is refused here only where no path could match, or
    where PCRE would read an expression otherwise."""
    patterns = PATTERNS + random_patterns(RANDOM_PATTERNS)
    paths = PATHS + random_paths(20)
    agreed = refused = stricter = 0
    for pattern, verdicts in zip(patterns, asked_of_the_sdk(patterns, paths)):
        quoted = pattern.replace("\\", "\\\\").replace('"', '\\"')
        site.httpd.write(".htaccess", f'ClerkOrganizationPatterns "{quoted}"\n'
                                      f'ClerkPersonalAccountPatterns "{quoted}"\n')
        taken = visit(site, "/", cookies={"__client_uat": "1"}).status == 307
        if verdicts is None:
            assert not taken, pattern
            refused += 1
            continue
        if not taken:
            assert pattern not in PATTERNS, pattern
            stricter += 1
            continue
        for path, params in zip(paths, verdicts):
            found = found_by_httpd(site, path)
            if is_comparable(pattern):
                assert found == wanted(params), (pattern, path)
            else:
                assert (found is None) == (params is None), (pattern, path)
            agreed += 1
    site.log.allow("is not a path pattern")
    assert agreed > 3000 and refused > 20 and stricter <= 3
    print(f"agree {agreed} of {agreed}, refused by both {refused}, here alone {stricter}")
