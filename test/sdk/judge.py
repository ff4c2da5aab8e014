# SPDX-License-Identifier: Apache-2.0 - Clerk's SDK as a long-lived process for tests
"""Installs the pinned SDK once and asks it questions (see verify_tokens.mjs)."""
from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any, Iterable

from npm_packages import install, program

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "verify_tokens.mjs"


class Judge:
    """The SDK, set up for one Clerk instance of a stand-in."""

    def __init__(self, api_url: str, publishable_key: str, secret_key: str,
                 quiet: bool = False):
        """`quiet`: what the SDK says on the console is not wanted."""
        install(HERE)
        environment = {**os.environ, "CLERK_TELEMETRY_DISABLED": "1", "CLERK_API_URL": api_url,
                       "CLERK_PUBLISHABLE_KEY": publishable_key, "CLERK_SECRET_KEY": secret_key}
        self._process = subprocess.Popen(
            [program("node"), str(PROGRAM)], env=environment, text=True,
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
