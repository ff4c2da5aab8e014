# SPDX-License-Identifier: Apache-2.0 - people at Chromium, for Python tests
"""Chromium as a long-lived process (see browse.mjs), and the people who use it.

    with Chromium() as chromium:
        person = chromium.person()
        seen = person.open("http://localhost:8080/account/")
        seen = person.click("Sign in as Ada Admin (admin of Acme)")
        assert seen.url == ...
"""
from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from npm_packages import install, program

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "browse.mjs"
NAMES = ("chromium", "chromium-browser", "google-chrome")


class Seen(NamedTuple):
    """What is in a tab, and how it came there."""
    url: str
    status: int              # of the last document
    title: str
    requests: list[dict]     # url and status of each document asked for, redirects included
    shown: list[str]         # URLs of the documents that were shown
    text: str

    def asked(self, part: str) -> list[dict]:
        """Those of the requests whose URL has this in it."""
        return [one for one in self.requests if part in one["url"]]


class Chromium:
    def __init__(self) -> None:
        install(HERE)
        path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
        if path is None:
            raise RuntimeError("chromium is needed here, and is not there")
        self._process = subprocess.Popen(
            [program("node"), str(PROGRAM)], env={**os.environ, "CHROMIUM": path}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._names = itertools.count(1)

    def __enter__(self) -> "Chromium":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def person(self) -> "Person":
        """Somebody with a fresh browser."""
        return Person(self, f"context{next(self._names)}")

    def tell(self, do: str, **command: Any) -> dict[str, Any]:
        self._process.stdin.write(json.dumps({"do": do, **command}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"browse.mjs ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{do}: {answer['error']}")
        return answer

    def new_name(self) -> str:
        return f"page{next(self._names)}"


class Tab:
    """One page of a person's browser."""

    def __init__(self, chromium: Chromium, context: str):
        self._chromium, self._context = chromium, context
        self._page = chromium.new_name()

    def _tell(self, do: str, **command: Any) -> dict[str, Any]:
        return self._chromium.tell(do, context=self._context, page=self._page, **command)

    def open(self, url: str) -> Seen:
        return Seen(**self._tell("open", url=url))

    def reload(self) -> Seen:
        return Seen(**self._tell("reload"))

    def click(self, name: str, role: str = "button") -> Seen:
        return Seen(**self._tell("click", name=name, role=role))

    def look(self) -> Seen:
        return Seen(**self._tell("look"))

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """What a script in the page brings: a function, of `argument`."""
        return self._tell("evaluate", script=script, argument=argument)["value"]

    def screenshot(self, path: Path) -> None:
        self._tell("screenshot", path=str(path))


class Person(Tab):
    """Somebody at a browser of their own, in its first tab."""

    def tab(self) -> Tab:
        """Another tab, with the same cookies."""
        return Tab(self._chromium, self._context)

    def cookies(self) -> dict[str, dict]:
        told = self._chromium.tell("cookies", context=self._context)
        return {one["name"]: one for one in told["cookies"]}

    def set_cookies(self, cookies: list[dict]) -> None:
        self._chromium.tell("setCookies", context=self._context, cookies=cookies)

    def forget(self, name: str) -> None:
        self._chromium.tell("clearCookies", context=self._context, name=name)

    def leave(self) -> None:
        self._chromium.tell("close", context=self._context)
