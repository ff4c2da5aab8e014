# SPDX-License-Identifier: Apache-2.0 - threads that ask a server all the time, while a test does something to it
"""What the visitors of a site see meanwhile.

    with Load(*2 * [lambda: admission(site, MEMBER)]) as load:
        site.httpd.graceful()
    assert load.wrong == [] and load.answers > 20
"""
from __future__ import annotations

import threading
import time
from typing import Callable

from clerk_site import ClerkSite, seen
from http_message import HeadersIn

PAUSE_SECONDS = 0.01


class Load:
    """A thread for each of the callables, which say what was wrong with an answer, or None.
    All that was wrong is in `wrong`, requests that got no answer included; `took` has the
    seconds of each callable's answers."""

    def __init__(self, *asks: Callable[[], str | None], pause: float = PAUSE_SECONDS):
        self.wrong: list[str] = []
        self.took: list[list[float]] = [[] for _ in asks]
        self._pause = pause
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=each)
                         for each in zip(asks, self.took)]

    @property
    def answers(self) -> int:
        """How many came so far."""
        return sum(map(len, self.took))

    @property
    def slowest(self) -> float:
        """Seconds that the slowest answer took."""
        return max((seconds for took in self.took for seconds in took), default=0.0)

    def _repeat(self, ask: Callable[[], str | None], took: list[float]) -> None:
        while not self._over.is_set():
            begun = time.monotonic()
            try:
                wrong = ask()
                took.append(time.monotonic() - begun)
            except OSError as problem:
                wrong = f"{type(problem).__name__}: {problem}"
            if wrong:
                self.wrong.append(wrong)
            self._over.wait(self._pause)

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def admission(site: ClerkSite, user, headers: HeadersIn | None = None) -> str | None:
    """Ask for the page as this user, or as nobody, and say what is wrong with the answer."""
    answer = site.get(headers=headers, bearer=site.mint.session(user) if user else None)
    expected = (200, user.id) if user else (401, None)
    if (answer.status, seen(answer).user) == expected:
        return None
    return f"{answer.status} {seen(answer)} for {user and user.key}"
