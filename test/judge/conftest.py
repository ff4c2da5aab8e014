# SPDX-License-Identifier: Apache-2.0 - the stand-in, the SDK and httpd, side by side
from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in (".", "httpd")]

# What httpd may log meanwhile: settings that are loose on purpose, failures made on purpose.
CLAIMED = [r"ClerkAuthorizedParties is not set", r"without azp claim was accepted",
           r"Backend API answered with", r"the key source|key set has no keys", r"repeated in a loop",
           r"clock", r"handshake", r"organization"]
AGREEMENTS: list[str] = []     # lines for the end of the run


@pytest.fixture(scope="session")
def clerk():
    from standin.client import Standin
    with Standin.start() as running:
        yield running


@pytest.fixture(scope="session")
def world(clerk):
    from judge.setups import World
    return World(clerk)


@pytest.fixture(scope="session")
def sdk(clerk):
    from sdk.judge import Judge
    with Judge(clerk.url, clerk.publishable_key, clerk.secret_key, quiet=True) as running:
        yield running


@pytest.fixture(scope="session")
def server(world):
    from httpd import Httpd
    from judge.site import configuration
    server = Httpd()
    for name in ("dev", "live"):
        server.file(f"{name}.pem", getattr(world, name).key.public_pem())
    server.configure(configuration(world, server.root))
    for line in CLAIMED:
        server.log.allow(line)
    with server:
        yield server


def pytest_terminal_summary(terminalreporter) -> None:
    for line in AGREEMENTS:
        terminalreporter.write_line(line)
