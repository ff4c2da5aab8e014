# SPDX-License-Identifier: Apache-2.0 - Clerk's SDK as the judge of what the module decides
"""Requests by chance and by design go through @clerk/backend and through httpd; what both
come to is the same, but for the numbered differences.

CLERK_JUDGE_CASES is how many are drawn (1000), CLERK_JUDGE_SEED how they are; each case that
disagrees is shown.
"""
from __future__ import annotations

import itertools
import os
from typing import Iterable, Iterator

from . import conftest
from .cases import Case
from .differences import DIFFERENCES, expected
from .directed import directed
from .generate import Generator
from .setups import World
from .site import Asker
from .verdicts import Verdict, of_httpd, of_sdk

COUNT = int(os.environ.get("CLERK_JUDGE_CASES", "1000"))
SEED = int(os.environ.get("CLERK_JUDGE_SEED", "1"))
AT_ONCE = 40       # a nonce and an expired token's refresh are good for some seconds
SHOWN = 30         # of the disagreements


class Comparison:
    def __init__(self, world: World, sdk, server):
        self._world, self._sdk, self._asker = world, sdk, Asker(server.port)
        self.total = 0
        self.disagreements: list[str] = []
        self.used: set[int] = set()

    def run(self, cases: Iterable[Case]) -> None:
        for together in _groups(cases):
            for case in together:
                if case.before:
                    case.before(self._world)
                for each in filter(None, (case, case.like)):
                    each.prepare(self._world)
            for case, sdk, like in self._judged(together):
                self._compare(case, sdk, like)
        self._asker.close()

    def _judged(self, cases: list[Case]) -> Iterator[tuple[Case, Verdict, Verdict | None]]:
        asked = [each for case in cases for each in filter(None, (case, case.like))]
        told = iter(self._sdk.ask_all(each.question(self._world) for each in asked))
        for case in cases:
            yield case, of_sdk(case, next(told)), \
                of_sdk(case.like, next(told)) if case.like else None

    def _compare(self, case: Case, sdk: Verdict, like: Verdict | None) -> None:
        self.total += 1
        wanted, used = expected(case, sdk, like)
        found = of_httpd(case, self._asker.ask(case))
        if found == wanted:
            self.used |= used
        else:
            self.disagreements.append(f"{case}\n  expected, and found below:\n"
                                      f"{wanted.difference(found)}")


def _groups(cases: Iterable[Case]) -> Iterator[list[Case]]:
    """Some at a time; what happens before a case happens after those ahead of it."""
    group: list[Case] = []
    for case in cases:
        if group and (case.before or group[-1].before or len(group) == AT_ONCE):
            yield group
            group = []
        group.append(case)
    if group:
        yield group


def test_the_module_comes_to_the_sdks_verdicts(world, sdk, server):
    comparison = Comparison(world, sdk, server)
    comparison.run(itertools.chain(directed(world), Generator(world, SEED).cases(COUNT)))
    agreed = comparison.total - len(comparison.disagreements)
    conftest.AGREEMENTS.append(f"agree {agreed} of {comparison.total} (seed {SEED})")
    assert not comparison.disagreements, "\n\n".join(
        [f"agree {agreed} of {comparison.total}", *comparison.disagreements[:SHOWN]])
    unused = set(DIFFERENCES) - comparison.used
    assert not unused, f"no case shows {[DIFFERENCES[number] for number in unused]}"
