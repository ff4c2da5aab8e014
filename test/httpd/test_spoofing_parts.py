# SPDX-License-Identifier: Apache-2.0 - requests that httpd makes of a request: names come from no other place than theirs
"""Look-ups of other URLs by sub-requests: before the application of each kind, with a client's
fields beside. In older releases of httpd 2.4 a sub-request shares its header with the request
around it (ap_set_sub_req_protocol), so what is told in one must neither stay nor get lost in the
other; a small module makes this httpd do the same.
"""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from applications import PREFIXES, Applications
from clerk_site import FETCH, ClerkSite, production
from standin.users import MEMBER
from test_spoofing import LEAK, LINES, forged, ours

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "

# Conditions that make httpd look another URL up, by a sub-request, with what it finds.
LOOKUPS = {
    "look-ahead URL": "RewriteCond %{{LA-U:REMOTE_USER}} =nobody",
    "is URL": "RewriteCond {0} -U",
    "is file by URL": "RewriteCond {0} -F",
    "expression": "RewriteCond expr \"-A '{0}'\"",
}


def sections(prefix: str) -> str:
    """Below /asks/N a place that looks N up in the protected or the open place."""
    parts = [f"""
<Location {prefix}/asks/protected>
    AuthType Clerk
    Require valid-user
</Location>
<Location {prefix}/protected>
    AuthType Clerk
    Require valid-user
</Location>"""]
    for where in ("protected", "open"):
        for number, condition in enumerate(LOOKUPS.values()):
            other = "open" if where == "protected" else "protected"
            parts.append(f"""
<Location {prefix}/asks/{where}/{number}>
    RewriteEngine On
    {condition.format(f'{prefix}/{other}/x')}
    RewriteRule . - [E=SEEN:1]
</Location>""")
    return "".join(parts)


def by_server(prefix: str) -> str:
    """The same, before a URL has become a place."""
    lines = []
    for where in ("protected", "open"):
        for number, condition in enumerate(LOOKUPS.values()):
            other = "open" if where == "protected" else "protected"
            lines += [condition.format(f"{prefix}/{other}/x"),
                      f"RewriteRule ^{prefix}/server/{where}/{number} {prefix}/{where}/x [PT]",
                      f"RewriteRule ^{prefix}/server/{where}/{number} {prefix}/{where}/x [PT]"]
    return "\n".join(["", "RewriteEngine On", *lines])


@pytest.fixture(scope="module")
def applications():
    with Applications() as running:
        yield running


def asked(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture(scope="module")
def sharing(tmp_path_factory) -> str:
    """The line that loads it."""
    built = tmp_path_factory.mktemp("sharing") / "mod_shared_header.so"
    source = Path(__file__).with_name("shared_header_module.c")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", f"-I{asked('apxs', '-q', 'INCLUDEDIR')[0]}",
         *asked("apxs", "-q", "EXTRA_CPPFLAGS"), *asked("apr-1-config", "--includes"),
         *asked("apu-1-config", "--includes"), str(source), "-o", str(built)], check=True)
    return f'LoadModule shared_header_module "{built}"'


@pytest.fixture(scope="module", params=["a header of its own", "the same header"])
def site(request, module_httpd, _standin_program, applications, sharing):
    older = [sharing] if request.param == "the same header" else []
    site = ClerkSite(module_httpd, production(_standin_program), *older, *LINES,
                     modules=[*applications.modules, "rewrite"], defines=applications.defines,
                     sections=applications.config + "".join(
                         sections(prefix) + by_server(prefix) for prefix in PREFIXES.values()))
    applications.install(site.httpd)
    site.log.allow("AH00125: Request exceeded the limit of 10 subrequest nesting levels")
    return site


@pytest.mark.parametrize("way", ["asks", "server"])
@pytest.mark.parametrize("where", ["protected", "open"])
@pytest.mark.parametrize("kind", PREFIXES)
def test_a_lookup_leaves_the_request_as_it_was(site, applications, kind, where, way):
    token = site.mint.session(MEMBER)
    for number, lookup in enumerate(LOOKUPS):
        answer = site.get(f"{PREFIXES[kind]}/{way}/{where}/{number}", bearer=token,
                          headers=forged("as it is"))
        told = ours(applications.told(kind, answer))
        assert not LEAK.search(answer.text)
        if where == "protected":
            assert told.get("HTTP_X_CLERK_USER_ID") == MEMBER.id, (lookup, told)
            assert kind == "proxy" or told.get("CLERK_USER_ID") == MEMBER.id, (lookup, told)
        else:
            assert told == {}, (lookup, told)


@pytest.mark.sanitize
def test_nothing_of_an_ended_sub_request_is_told(httpd, _standin_program, upstream, sharing):
    """Where the header is shared, what a sub-request puts there would outlive its memory."""
    site = ClerkSite(httpd, production(_standin_program), sharing, *LINES[:-1],
                     modules=["proxy_http", "rewrite"], defines={"UP": upstream.url},
                     sections='ProxyPass /up "${UP}"\n' + sections("/up") + by_server("/up"))
    site.log.allow("AH00125: Request exceeded the limit of 10 subrequest nesting levels")
    token = site.mint.session(MEMBER, tier="gold" * 200)
    for way in ("asks", "server"):
        for where in ("protected", "open"):
            for number in range(len(LOOKUPS)):
                told = site.get(f"/up/{way}/{where}/{number}", bearer=token).json()["headers"]
                found = dict(told).get("X-Clerk-Claim-Tier")
                assert found == ("gold" * 200 if where == "protected" else None)
