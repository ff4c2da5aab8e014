# SPDX-License-Identifier: Apache-2.0 - fixtures of the tests that ask the examples what they promise
from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest

TEST = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST), str(TEST / "httpd")]   # `standin`, the httpd harness

from httpd import Httpd                            # noqa: E402
from standin.client import Standin                 # noqa: E402
from upstream import Upstream                      # noqa: E402

EXAMPLES = TEST.parent / "conf-examples"


@pytest.fixture(scope="module")
def clerk() -> Iterator[Standin]:
    """A production instance, as the examples assume: cookies need no dev browser."""
    with Standin.start(fapi_host="clerk.example.com",
                       publishable_key="pk_live_Y2xlcmsuZXhhbXBsZS5jb20k",
                       secret_key="sk_live_examples") as program:
        yield program


@pytest.fixture(scope="module")
def application() -> Iterator[Upstream]:
    """What stands behind the proxy."""
    with Upstream() as program:
        yield program


@pytest.fixture
def seen(application: Upstream) -> list:
    """Requests that reach the application from now on."""
    application.requests.clear()
    return application.requests


class Example:
    """One example with a stand-in for Clerk, not yet started."""

    def __init__(self, name: str, clerk: Standin, site: str, modules: tuple[str, ...]):
        self.file = EXAMPLES / name / f"{name}.conf"
        clerk.set_app_origins(site)
        self.server = Httpd(modules=modules)
        self.server.log.allow(r"AH01631: user \S+: authorization failure for")   # each 403
        self.server.defines = {"SITE": site, "PUBLISHABLE_KEY": clerk.publishable_key,
                               "SECRET_KEY": self.secret("secret_key", clerk.secret_key)}
        self.api_url = clerk.url

    def secret(self, name: str, key: str) -> str:
        """A file that holds this key, as a directive's value."""
        return f"file:{self.server.file(name, key)}"

    def start(self, more: str = "", **defines: object) -> Httpd:
        """Include the example with these settings in place of its own; `more` stands behind."""
        self.server.defines.update(defines)
        text = f"Define EXAMPLE_SETTINGS\n{self.file.read_text()}\n{more}"
        # Each instance has its Backend API at the stand-in.
        self.server.configure(re.sub(r"(?m)^( *)(ClerkSecretKey .*)",
                                     rf"\1\2\n\1ClerkAPIURL {self.api_url}", text))
        self.server.start()
        self.server.await_keys()
        return self.server


@pytest.fixture(scope="module")
def example(clerk: Standin) -> Iterator[Callable[..., Example]]:
    """example(name, site, modules...) prepares a server that ends with the module's tests."""
    made: list[Example] = []

    def prepare(name: str, site: str, *modules: str) -> Example:
        made.append(Example(name, clerk, site, modules))
        return made[-1]

    yield prepare
    for one in made:
        one.server.stop()


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


def session_cookies(token: str) -> dict[str, str]:
    """What a browser sends that has signed in at a production instance."""
    return {"Cookie": f"theme=dark; __client_uat=1; __session={token}; lang=en"}


BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Dest": "document"}
