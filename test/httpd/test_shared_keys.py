# SPDX-License-Identifier: Apache-2.0 - key sets that processes, servers and restarts share through ClerkCache
from __future__ import annotations

import time

import pytest

from cache_server import KINDS
from clerk_site import ClerkSite, production
from standin.users import MEMBER


@pytest.fixture
def clerk(standin):
    standin.reset()
    return production(standin)


def ask_all(site: ClerkSite, times: int = 24) -> None:
    """Often enough that each process has had a request. What the first one fetches is put on
    its way to the others, and the answer does not wait for that."""
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    time.sleep(0.2)
    for _ in range(times - 1):
        site.admitted(MEMBER, bearer=site.mint.session(MEMBER))


# ---------------------------------------------------------------- the processes of one server

@pytest.mark.parametrize("mpm", ["event", "prefork"], indirect=True)
def test_processes_share_one_fetch(httpd, mpm, standin, clerk):
    site = ClerkSite(httpd, clerk, processes=4)
    ask_all(site)
    assert standin.count("backend.jwks") == 1


@pytest.mark.parametrize("cache", KINDS, indirect=True)
def test_processes_share_one_fetch_through_a_cache_server(cache, httpd, standin, clerk):
    site = ClerkSite(httpd, clerk, cache.directive, modules=[cache.module], processes=4)
    ask_all(site)
    assert standin.count("backend.jwks") == 1


# ---------------------------------------------------------------- servers

@pytest.mark.parametrize("cache", KINDS, indirect=True)
def test_servers_share_one_fetch(cache, httpd, standin, clerk):
    for _ in range(2):
        ask_all(ClerkSite(httpd, clerk, cache.directive, modules=[cache.module]), 4)
    assert standin.count("backend.jwks") == 1


# ---------------------------------------------------------------- restarts while Clerk is down

@pytest.mark.sanitize
@pytest.mark.parametrize("mpm", ["event", "prefork"], indirect=True)
def test_a_graceful_restart_forgets_no_key(httpd, mpm, standin, clerk):
    site = ClerkSite(httpd, clerk)
    ask_all(site, 1)
    standin.fault("backend.jwks", "answer", status=500)
    for _ in range(3):
        site.httpd.graceful()
        ask_all(site, 8)
    assert standin.count("backend.jwks") == 1


def test_a_restart_with_another_secret_starts_anew(httpd, standin, clerk):
    site = ClerkSite(httpd, clerk)
    ask_all(site, 1)
    config = site.httpd.config_file.read_text()
    site.httpd.config_file.write_text(config.replace(clerk.secret_key, "sk_live_another"))
    site.httpd.graceful()
    assert site.get(bearer=site.mint.session(MEMBER)).status == 503
    site.log.expect(r"\[clerk_auth:error\].*secret key is not valid")
