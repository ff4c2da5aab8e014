# SPDX-License-Identifier: Apache-2.0 - conf-examples/quickstart/run as a person starts and stops it
from __future__ import annotations

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from conftest import EXAMPLES, TEST
from httpd import free_port, module_path

RUN = EXAMPLES / "quickstart" / "run"
PATH = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
READY = "Ctrl-C stops everything."
SECONDS = 60


@pytest.fixture
def scratch():
    """A temporary directory that httpd's account may enter, for what a run leaves behind."""
    place = Path(tempfile.mkdtemp(prefix="clerk-try-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


def environment(scratch: Path, path: str = PATH) -> dict[str, str]:
    return {"PATH": path, "TMPDIR": str(scratch), "LANG": "C.UTF-8",
            "HOME": os.environ.get("HOME", "/")}


def run(scratch: Path, *options: str, command=("sh", str(RUN)), path: str = PATH):
    """To its end: returncode, stdout, stderr."""
    return subprocess.run([*command, *options], env=environment(scratch, path), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=300)


class Running:
    """The quickstart in the foreground of its own session, as in a terminal."""

    def __init__(self, scratch: Path, *options: str):
        self.port = free_port()
        self.scratch = scratch
        self.process = subprocess.Popen(
            ["sh", str(RUN), "--port", str(self.port), "--module", str(module_path()), *options],
            env=environment(scratch), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        self.output = self._read_until_ready()

    def _read_until_ready(self) -> str:
        text, deadline = b"", time.monotonic() + SECONDS
        while READY.encode() not in text:
            ready, _, _ = select.select([self.process.stdout], [], [], 1)
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            text += chunk
            if (ready and not chunk) or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(text.decode())
        return text.decode()

    def programs(self) -> set[int]:
        """Everything it has started, and what those have started."""
        found, pending = set(), [self.process.pid]
        while pending:
            pid = pending.pop()
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                new = set(map(int, task.read_text().split())) - found
                found |= new
                pending += new
        return found

    def end(self, number: int) -> int:
        """As a terminal does: to the whole foreground process group."""
        os.killpg(self.process.pid, number)
        return self.process.wait(SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        self.process.stdout.close()


def gone(pids: set[int]) -> bool:
    """None runs any more; one that only waits for its parent's notice counts as gone."""
    def runs(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    deadline = time.monotonic() + 15
    while any(map(runs, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_check_builds_and_all_is_as_printed(scratch):
    result = run(scratch, "--check")
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"\n\d\d requests, 0 not as printed\.\n$", result.stdout)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_leaves_nothing(scratch, number):
    with Running(scratch) as quickstart:
        programs = quickstart.programs()
        assert len(programs) > 3 and listens(quickstart.port) and list(scratch.iterdir())
        assert quickstart.end(number) == 0
        assert gone(programs) and not listens(quickstart.port)
        assert list(scratch.iterdir()) == []


def test_the_programs_end_when_the_one_that_started_them_is_killed(scratch):
    with Running(scratch) as quickstart:
        programs = quickstart.programs()
        quickstart.end(signal.SIGKILL)
        assert gone(programs)


def test_it_ends_when_one_of_its_programs_does(scratch):
    with Running(scratch) as quickstart:
        programs = quickstart.programs()
        standin = next(pid for pid in programs
                       if b"clerk_standin" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(standin, signal.SIGKILL)
        assert quickstart.process.wait(SECONDS) == 1
        assert b"the stand-in for Clerk has ended" in quickstart.process.stdout.read()
        assert gone(programs) and list(scratch.iterdir()) == []


def test_the_printed_commands_are_answered_as_printed(scratch):
    """By sh and curl, as a person would paste them."""
    with Running(scratch) as quickstart:
        script, expected = [], []
        for line in map(str.strip, quickstart.output.splitlines()):
            if line.startswith("-> "):
                status, _, shows = line.removeprefix("-> ").partition(", with ")
                expected.append((status, shows))
            elif line.startswith("curl "):
                script.append(f"{line} --silent --noproxy '*'; echo; echo ======")
            elif line.startswith(("jar=", "token=")):
                script.append(line)
        result = subprocess.run(["sh", "-eu", "-c", "\n".join(script)], text=True, timeout=60,
                                env=environment(scratch), capture_output=True, check=True)
    answers = result.stdout.split("======\n")[:-1]
    assert len(answers) == len(expected) > 10
    for answer, (status, shows) in zip(answers, expected):
        assert answer.startswith(f"HTTP/1.1 {status} ") and shows in answer


def test_check_works_beside_an_ordinary_one(scratch):
    with Running(scratch) as quickstart:
        assert run(scratch, "--check", "--module", str(module_path())).returncode == 0
        assert listens(quickstart.port) and quickstart.process.poll() is None


@pytest.mark.parametrize("address, option", [
    ("127.0.0.1", "--port"), ("0.0.0.0", "--port"), ("::1", "--port"),
    ("127.0.0.1", "--clerk-port")])
def test_a_port_that_is_taken_is_named(scratch, address, option):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as other:
        try:
            other.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        other.listen()
        port = other.getsockname()[1]
        rest = [] if option == "--port" else ["--port", str(free_port())]
        result = run(scratch, option, str(port), "--module", str(module_path()), *rest)
    assert result.returncode == 1
    assert f"Port {port} is taken" in result.stderr and f"run {option} " in result.stderr
    assert list(scratch.iterdir()) == []


def test_a_module_that_is_not_there_or_none_is_named(scratch):
    result = run(scratch, "--check", "--module", f"{scratch}/none.so")
    assert result.returncode == 1 and f"no module at {scratch}/none.so" in result.stderr
    (scratch / "text.so").write_text("no module")
    result = run(scratch, "--check", "--module", f"{scratch}/text.so")
    assert result.returncode == 1
    assert "httpd did not start" in result.stderr and "text.so" in result.stderr
    assert [place.name for place in scratch.iterdir()] == ["text.so"]


def test_help_says_what_the_options_mean(scratch):
    result = run(scratch, "--help")
    assert result.returncode == 0
    for option in ("--check", "--port", "--clerk-port", "--module"):
        assert option in result.stdout
    assert run(scratch, "--frobnicate").returncode == 2


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes to another account")


@pytest.fixture
def nobody(scratch):
    """Runs a copy of what the quickstart needs as an account that owns nothing but scratch."""
    for name in ("conf-examples/quickstart", "test/standin", "test/httpd"):
        shutil.copytree(TEST.parent / name, scratch / "copy" / name)
    shutil.copy(TEST / "install-packages", scratch / "copy/test/install-packages")
    shutil.copy(module_path(), scratch / "copy/mod_clerk_auth.so")
    own = scratch / "own"
    own.mkdir()
    os.chown(own, 65534, 65534)
    command = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh",
               f"{scratch}/copy/conf-examples/quickstart/run")

    def run_as_nobody(*options: str, path: str = "/usr/sbin:/usr/bin:/sbin:/bin"):
        return run(own, *options, command=command, path=path)

    run_as_nobody.scratch = scratch
    return run_as_nobody


@as_root
def test_without_root_it_runs_as_the_one_who_started_it(nobody):
    result = nobody("--check", "--module", f"{nobody.scratch}/copy/mod_clerk_auth.so")
    assert result.returncode == 0, result.stdout + result.stderr
    assert list((nobody.scratch / "own").iterdir()) == []


@as_root
def test_without_root_missing_packages_are_named(nobody):
    tools = nobody.scratch / "tools"
    tools.mkdir()
    for name in ("dpkg-query", "rpm"):
        (tools / name).write_text("#!/bin/sh\nexit 1\n")
        (tools / name).chmod(0o755)
    result = nobody("--check", path=f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin")
    assert result.returncode == 1
    assert "as root" in result.stderr
    assert re.search(r"(apt-get|dnf) install .*jansson.*cryptography", result.stderr)
