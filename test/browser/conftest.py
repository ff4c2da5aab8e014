# SPDX-License-Identifier: Apache-2.0 - a site, Clerk on another origin, and a browser
from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in (".", "httpd")]

from browser.chromium import Chromium, Person    # noqa: E402
from browser.town import Town, httpd_config      # noqa: E402
from httpd import Httpd                          # noqa: E402
from standin.client import Standin               # noqa: E402


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with Chromium() as running:
        yield running


@pytest.fixture(scope="session")
def clerk() -> Iterator[Standin]:
    with Standin.start() as running:
        yield running


@pytest.fixture(scope="session")
def server(clerk: Standin) -> Iterator[Httpd]:
    server = Httpd(modules=["include"])
    towns = [Town("dev", clerk, server.port), Town("live", clerk, server.port)]
    server.towns = {town.kind: town for town in towns}
    server.file("another.pem", clerk.new_instance("another").key.public_pem())
    server.write("page.shtml", PAGE)
    server.configure(httpd_config(towns, server.root))
    for advice in LOOPS:   # said once a minute at most
        server.log.allow(advice)
    with server:
        yield server


LOOPS = (r"session of a handshake did not verify", r"repeated in a loop")
PAGE = """<!doctype html><html lang="en"><title>Page</title>
<body><h1>Page</h1><p>user=<!--#echo var="REMOTE_USER" --> org=<!--#echo var="CLERK_ORG_SLUG" --></p>
"""


@pytest.fixture(params=["dev", "live"])
def town(request: pytest.FixtureRequest, server: Httpd) -> Town:
    """A development instance, then a production one."""
    return server.towns[request.param]


@pytest.fixture
def person(chromium: Chromium) -> Iterator[Person]:
    someone = chromium.person()
    yield someone
    someone.leave()


@pytest.fixture(autouse=True)
def _log_is_clean(server: Httpd) -> Iterator[None]:
    yield
    server.log.verify()
