# SPDX-License-Identifier: Apache-2.0 - Clerk's SDK as a long-lived process for tests
"""Installs the pinned SDK once and asks it questions (see verify_tokens.mjs)."""
from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any, Iterable

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "verify_tokens.mjs"
MODULES = HERE / "node_modules"


def install() -> None:
    """`npm ci`, unless node_modules is from this very lock file.

    Several test processes may come here at once; the first installs, the others wait.
    """
    lock_file = HERE / "package-lock.json"
    stamp = MODULES / ".installed-from"
    with open(lock_file, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = lock.read()
        if stamp.is_file() and stamp.read_bytes() == wanted:
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("npm is needed to install @clerk/backend, and is not there")
        done = subprocess.run([npm, "ci"], cwd=HERE, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f"npm ci failed:\n{done.stdout}")
        stamp.write_bytes(wanted)


class Judge:
    """The SDK, set up for one Clerk instance of a stand-in."""

    def __init__(self, api_url: str, publishable_key: str, secret_key: str,
                 quiet: bool = False):
        """`quiet`: what the SDK says on the console is not wanted."""
        install()
        node = shutil.which("node")
        if node is None:
            raise RuntimeError("node is needed to run @clerk/backend, and is not there")
        environment = {**os.environ, "CLERK_TELEMETRY_DISABLED": "1", "CLERK_API_URL": api_url,
                       "CLERK_PUBLISHABLE_KEY": publishable_key, "CLERK_SECRET_KEY": secret_key}
        self._process = subprocess.Popen(
            [node, str(PROGRAM)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None)

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, *_exception: object) -> None:
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass   # it has ended already
        self._process.stdout.close()
        self._process.wait(timeout=10)

    def ask(self, **question: Any) -> dict[str, Any]:
        return self.ask_all([question])[0]

    def ask_all(self, questions: Iterable[dict[str, Any]],
                seconds: float = 120) -> list[dict[str, Any]]:
        """Many questions at once; the answers come in the same order.

        The SDK waits for ever for a key set that does not come, so the process is killed
        after so many seconds.
        """
        lines = [json.dumps(question) + "\n" for question in questions]
        # Written beside the reading: with thousands of lines both pipes would fill up.
        writer = threading.Thread(target=self._write, args=(lines,))
        patience = threading.Timer(seconds, self._process.kill)
        writer.start()
        patience.start()
        try:
            return [self._read() for _ in lines]
        finally:
            patience.cancel()
            writer.join()

    def _write(self, lines: list[str]) -> None:
        try:
            self._process.stdin.writelines(lines)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass   # the reading side tells

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"verify_tokens.mjs ended with {self._process.wait()}")
        return json.loads(line)
