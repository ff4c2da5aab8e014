# SPDX-License-Identifier: Apache-2.0 - the quickstart's three programs: stand-in, application, httpd
"""Start them in this order, each knowing where the one before listens; stop them all."""
from __future__ import annotations

import ctypes
import http.client
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from httpd import HttpdError, free_port, modules_directory, program, server_account

HERE = Path(__file__).resolve().parents[1]
STANDIN = HERE.parents[1] / "test" / "standin" / "clerk_standin.py"
START_SECONDS = 20
STOP_SECONDS = 10


STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _begin() -> None:
    """In the new process: take signals again, and one when we are killed without a word."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class StartProblem(Exception):
    """What to tell the person who wanted to start."""


class Servers:
    """Owns a temporary directory with all that the programs write."""

    def __init__(self, module: Path, port: int, clerk_port: int):
        self._module, self._clerk_port = module, clerk_port
        self.port = port or free_port()
        self._programs: dict[str, subprocess.Popen] = {}
        self.control = ""   # how to tell the stand-in what to do
        # httpd's account reads the site from here; the checkout may be root's alone.
        self.run = Path(tempfile.mkdtemp(prefix="clerk-quickstart-"))
        self.run.chmod(0o755)
        self._files = self.run / "site"

    @property
    def site(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def clerk(self) -> str:
        """Where the stand-in's pages are, for browsers: cookies belong to a host name."""
        return f"http://localhost:{self._clerk_port}"

    def start(self) -> None:
        if not self._module.is_file():
            raise StartProblem(f"There is no module at {self._module}")
        self._copy_site()
        self._start_standin()
        application_port = self._first_line("the application", [
            sys.executable, str(HERE / "application" / "application.py"), "0"])
        self._start_httpd(int(application_port))

    # ---- the three programs

    def _copy_site(self) -> None:
        shutil.copytree(HERE / "site", self._files)
        for place in (self._files, *self._files.rglob("*")):
            is_script = place.parent.name == "cgi-bin"
            place.chmod(0o755 if place.is_dir() or is_script else 0o644)

    def _start_standin(self) -> None:
        ready = json.loads(self._first_line("the stand-in for Clerk", [
            sys.executable, str(STANDIN), "--port", str(self._clerk_port),
            "--publishable-key", self._publishable_key(), "--app-origin", self.site]))
        self._clerk_port = int(ready["url"].rpartition(":")[2])
        self.control = ready["control"]
        key = self.run / "secret_key"
        key.touch(mode=0o600)
        key.write_text(ready["secret_key"])

    def _publishable_key(self) -> str:
        lines = (HERE / "site" / "httpd.conf").read_text().splitlines()
        return next(line.split()[1] for line in lines if line.startswith("ClerkPublishableKey"))

    def _start_httpd(self, application_port: int) -> None:
        try:
            values = {"PORT": self.port, "CLERK_PORT": self._clerk_port,
                      "APP_PORT": application_port, "SITE": self._files, "RUN": self.run,
                      "MODULES": modules_directory(), "MODULE": self._module}
            if os.geteuid() == 0:
                values["ACCOUNT"], values["ACCOUNT_GROUP"] = server_account()
            command = [program()]
        except HttpdError as problem:
            raise StartProblem(str(problem)) from None
        if Path("/etc/mime.types").exists():
            values["MIME_TYPES"] = "/etc/mime.types"
        for name, value in values.items():
            command += ["-C", f'Define {name} "{value}"']
        self._launch("httpd", [*command, "-f", str(self._files / "httpd.conf"), "-DFOREGROUND"])
        self._wait_for_httpd()

    def _wait_for_httpd(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._front_page_is_there():
            if self.ended() or time.monotonic() > deadline:
                raise StartProblem(f"httpd did not start:\n{self.complaints()}")
            time.sleep(0.02)

    def _front_page_is_there(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    # ---- programs in general

    def _launch(self, name: str, command: list[str], **streams: int) -> subprocess.Popen:
        """In a session of its own: Ctrl-C is for us, and we stop the programs in order."""
        # A signal between start and note would leave a program that nobody stops.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            with self._complaints_of(name).open("ab") as complaints:
                self._programs[name] = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stderr=complaints, cwd=self.run,
                    env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
                         "PYTHONDONTWRITEBYTECODE": "1"},
                    start_new_session=True, preexec_fn=_begin,
                    **{"stdout": complaints, **streams})
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        return self._programs[name]

    def _first_line(self, name: str, command: list[str]) -> str:
        """Start a program that says in a line where it listens."""
        launched = self._launch(name, command, stdout=subprocess.PIPE)
        readable, _, _ = select.select([launched.stdout], [], [], START_SECONDS)
        line = launched.stdout.readline() if readable else b""
        if not line:
            raise StartProblem(f"{name} did not start:\n{self.complaints()}")
        return line.decode()

    def _complaints_of(self, name: str) -> Path:
        return self.run / f"{name.rpartition(' ')[2]}.stderr"

    def ended(self) -> str | None:
        """The name of a program that is no longer there."""
        return next((name for name, one in self._programs.items() if one.poll() is not None), None)

    def complaints(self) -> str:
        """The last of what the programs wrote about trouble."""
        files = [*map(self._complaints_of, self._programs), self.run / "error.log"]
        texts = [file.read_text(errors="replace") for file in files if file.exists()]
        return "\n".join("".join(texts).splitlines()[-20:]) or "(it said nothing)"

    def stop(self) -> None:
        """Those started last first, then the directory."""
        for one in reversed(self._programs.values()):
            one.terminate()
            try:
                one.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait()
        shutil.rmtree(self.run, ignore_errors=True)
