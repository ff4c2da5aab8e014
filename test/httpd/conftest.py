# SPDX-License-Identifier: Apache-2.0 - fixtures of the tests against a running httpd
from __future__ import annotations

import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))   # for `standin`

from cache_server import CacheServer                           # noqa: E402
from httpd import MPMS, SANITIZE, Httpd                        # noqa: E402
from upstream import Upstream                                  # noqa: E402

# Of use only where the sanitizers are at work.
collect_ignore = [] if SANITIZE else ["test_sanitizers.py"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("all_mpms"):
        metafunc.fixturenames.append("mpm")
        metafunc.parametrize("mpm", MPMS, indirect=True)


# Files that take longest, mostly to wait: begun first, no worker is left with them at the end.
LONGEST = ("test_shared_outages.py", "test_keys_refresh.py", "test_machine_api.py",
           "test_keys_faults.py", "test_shared_answers.py", "test_configuration_secrets.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONGEST)))


@pytest.fixture
def mpm(request: pytest.FixtureRequest) -> str:
    """The MPM of this test's servers: event, or each in turn under `all_mpms`."""
    return getattr(request, "param", "event")


@pytest.fixture
def httpd(mpm: str) -> Iterator[Callable[..., Httpd]]:
    """httpd(config, modules=..., ...) starts a server that ends with the test."""
    servers: list[Httpd] = []

    def start(config: str = "", **options) -> Httpd:
        server = Httpd(config, **{"mpm": mpm, **options})
        servers.append(server)
        return server.start()

    yield start
    _stop(servers)


@pytest.fixture(scope="module")
def module_httpd(_shared: list[Httpd]) -> Callable[..., Httpd]:
    """Like httpd, for all tests of a module; its log is judged after each of them."""
    def start(config: str = "", **options) -> Httpd:
        server = Httpd(config, **options)
        _shared.append(server)
        return server.start()

    return start


@pytest.fixture(scope="module")
def _shared() -> Iterator[list[Httpd]]:
    servers: list[Httpd] = []
    yield servers
    _stop(servers)


@pytest.fixture(autouse=True)
def _shared_logs_are_clean(_shared: list[Httpd]) -> Iterator[None]:
    yield
    for server in _shared:
        if server.running:
            server.log.verify()


def _stop(servers: list[Httpd]) -> None:
    """Stop all of them, whatever one says; the first complaint is the test's failure."""
    complaints: list[AssertionError] = []
    for server in reversed(servers):
        try:
            server.stop()
        except AssertionError as complaint:
            complaints.append(complaint)
    if complaints:
        raise complaints[0]


@pytest.fixture
def rejected() -> Iterator[Callable[..., str]]:
    """rejected(config) returns what `httpd -t` says of a configuration that it refuses."""
    def check(config: str, **options) -> str:
        server = Httpd(config, **options)
        try:
            result = server.check_config()
        finally:
            server.discard()
        assert result.returncode != 0, f"httpd accepts this:\n{config}\n{result.stderr}"
        return result.stderr

    yield check


@pytest.fixture
def looked_at(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """looked_at("960 cells of …") is said at the end of the run, where the test passed."""
    return lambda what: request.node.user_properties.append(("looked at", what))


def pytest_terminal_summary(terminalreporter) -> None:
    for report in terminalreporter.stats.get("passed", []):
        for name, what in report.user_properties:
            terminalreporter.write_line(f"{name}: {what}")


@pytest.fixture
def cache(request: pytest.FixtureRequest) -> Iterator[CacheServer]:
    """A cache server of the kind that `parametrize("cache", KINDS, indirect=True)` names. A test
    asks for it before `httpd`, so that it ends after the servers that write to it."""
    yield from _cache_server(request, request.param)


@pytest.fixture
def redis(request: pytest.FixtureRequest) -> Iterator[CacheServer]:
    """A redis; as with `cache`, before `httpd`."""
    yield from _cache_server(request, "redis")


def _cache_server(request: pytest.FixtureRequest, kind: str) -> Iterator[CacheServer]:
    asked = request.fixturenames
    assert asked.index(request.fixturename) < asked.index("httpd"), \
        f"{request.fixturename} would end before the servers that use it"
    with CacheServer(kind) as server:
        yield server


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as application:
        yield application


@pytest.fixture(scope="session")
def _standin_program():
    from standin.client import Standin
    with Standin.start() as program:
        yield program


@pytest.fixture
def standin(_standin_program):
    """The stand-in for Clerk: one program per worker, as new for each test."""
    yield _standin_program
    _standin_program.reset()
