# SPDX-License-Identifier: Apache-2.0 - faults that are there on purpose must be found
"""If a suppression were too broad or a report went astray, the sanitizer run would be green
and worth nothing. Runs only with CLERK_SANITIZE=1."""
from __future__ import annotations

import http.client
import subprocess
from pathlib import Path

import pytest

from httpd import Httpd

pytestmark = pytest.mark.sanitize
SOURCE = Path(__file__).with_name("faulty_module.c")


def asked(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture(scope="module")
def faulty_module(tmp_path_factory) -> Path:
    built = tmp_path_factory.mktemp("faulty") / "mod_faulty.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-g", "-O1", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=undefined", f"-I{asked('apxs', '-q', 'INCLUDEDIR')[0]}",
         *asked("apxs", "-q", "EXTRA_CPPFLAGS"), *asked("apr-1-config", "--includes"),
         *asked("apu-1-config", "--includes"), str(SOURCE), "-o", str(built)], check=True)
    return built


@pytest.fixture
def server(faulty_module):
    server = Httpd()
    # Where a child may read it: it looks up the names of functions itself.
    place = server.file("mod_faulty.so", faulty_module.read_bytes(), 0o755)
    server.configure(f'LoadModule faulty_module "{place}"\n'
                     '<Location "/faulty">\nSetHandler faulty\n</Location>')
    yield server.start()
    server.discard()


def ask(server: Httpd, fault: str) -> None:
    try:
        server.get(f"/faulty?{fault}")
    except (http.client.HTTPException, ConnectionError):
        pass   # the child has ended


@pytest.mark.parametrize("fault, finding", [
    ("leak", r"detected memory leaks(?s:.)*faulty_handler"),
    ("use-after-free", r"heap-use-after-free(?s:.)*faulty_handler"),
    ("overflow", r"faulty_module\.c:\d+:\d+: runtime error: signed integer overflow"),
])
def test_a_fault_is_found(server, fault, finding):
    ask(server, fault)
    with pytest.raises(AssertionError, match=finding):
        server.stop()


def test_no_fault_is_found_where_there_is_none(server):
    assert server.get("/faulty?none").text == "done\n"
    server.stop()
