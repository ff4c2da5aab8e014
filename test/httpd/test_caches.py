# SPDX-License-Identifier: Apache-2.0 - a cache in front of a site keeps nobody's answer for somebody else
from __future__ import annotations

import pytest

from clerk_site import FETCH, PROTECTED, ClerkSite, production, seen
from redirects import expired
from standin.users import ADMIN, MEMBER

# A site that lets everything be stored: Vary is all that keeps people's answers apart.
CAREFREE = PROTECTED + """
<Location /open>
    ClerkIdentify On
    Require all granted
</Location>
Header set Cache-Control "public, max-age=600"
"""
CACHE = """
CacheRoot "${RUN}"
CacheEnable disk /
CacheHeader On
ProxyPass / http://localhost:%d/
"""


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    site = ClerkSite(module_httpd, production(_standin_program),
                     "ClerkAuthorizedParties http://localhost:${PORT}", parties=False,
                     sections=CAREFREE)
    site.clerk.set_app_origins(site.httpd.url)
    site.httpd.write("open/page.txt", "for all\n")
    return site


@pytest.fixture(scope="module")
def ask(module_httpd, site):
    """ask(TARGET, COOKIES): through another httpd, which caches."""
    front = module_httpd(CACHE % site.httpd.port, clerk=False,
                         modules=["cache", "cache_disk", "proxy_http"])

    def ask(target, jar):
        cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
        return front.get(target, {**FETCH, "Cookie": cookies} if jar else FETCH)

    return ask


def is_stored(answer) -> bool:
    return answer.header("X-Cache").startswith("HIT")


@pytest.mark.parametrize("target, stranger", [("/app/page.txt", 401), ("/open/page.txt", 200)])
def test_a_renewed_session_is_for_its_own_browser(site, ask, target, stranger):
    """Its cookies come from the cache for the very Cookie field that brought them, no other."""
    session = site.clerk.new_session(MEMBER)
    jar = site.cookies(expired(site, MEMBER, sid=session.id), suffixed=True)
    jar[f"__refresh_{site.clerk.cookie_suffix}"] = session.refresh_token
    first, again = ask(target, jar), ask(target, jar)
    assert [seen(answer).user for answer in (first, again)] == [MEMBER.id] * 2
    assert first.cookies and again.cookies == first.cookies
    assert (is_stored(first), is_stored(again)) == (False, True)   # so there is a cache at work
    for other, status, user in ((site.cookies(site.mint.session(ADMIN)), 200, ADMIN.id),
                                (site.cookies(), stranger, None), ({}, stranger, None)):
        answer = ask(target, other)
        assert (answer.status, seen(answer).user, is_stored(answer)) == (status, user, False)
        assert answer.cookies == []
