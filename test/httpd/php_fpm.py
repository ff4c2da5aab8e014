# SPDX-License-Identifier: Apache-2.0 - the distribution's php-fpm, started for a test
"""A pool of two workers that listens on a socket.

    with PhpFpm() as php:
        Httpd(f'<FilesMatch "\\.php$">\nSetHandler "{php.handler}"\n</FilesMatch>',
              modules=["proxy_fcgi"])
"""
from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from error_log import poll
from httpd import server_account

START_SECONDS = 20
STOP_SECONDS = 10


def program() -> str:
    """Debian's name has the version in it."""
    places = [Path(name) for name in (shutil.which("php-fpm", path="/usr/sbin:/usr/bin"),) if name]
    places += sorted(Path("/usr/sbin").glob("php-fpm[0-9]*"), reverse=True)
    if not places:
        raise AssertionError("no php-fpm: install the package of that name")
    return str(places[0])


class PhpFpm:
    """A context manager; `handler` goes into SetHandler, `socket` into a proxy's URL."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="clerk-php-"))
        self.root.chmod(0o755)
        self.socket = self.root / "socket"
        self._process: subprocess.Popen | None = None

    @property
    def handler(self) -> str:
        return f"proxy:unix:{self.socket}|fcgi://localhost"

    def _configuration(self) -> str:
        lines = ["[global]", f"error_log = {self.root}/log", "daemonize = no", "[site]",
                 f"listen = {self.socket}", "listen.mode = 0666", "pm = static",
                 "pm.max_children = 2", "catch_workers_output = yes"]
        if os.geteuid() == 0:
            user, group = server_account()
            lines += [f"user = {user}", f"group = {group}"]
        return "\n".join([*lines, ""])

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(f"php-fpm ended:\n{self.log}")
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    @property
    def log(self) -> str:
        place = self.root / "log"
        return place.read_text(errors="replace") if place.exists() else ""

    def __enter__(self) -> "PhpFpm":
        configuration = self.root / "php-fpm.conf"
        configuration.write_text(self._configuration())
        with (self.root / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [program(), "--nodaemonize", "--fpm-config", str(configuration)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.root)
        poll(self._answers, START_SECONDS, "php-fpm listens")
        return self

    def __exit__(self, *_: Any) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
