# SPDX-License-Identifier: Apache-2.0 - what is measured, against what, and what the goal is
from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import NamedTuple

from load import Run, wrk


class Load(NamedTuple):
    """Requests of one kind: where to, and with which tokens."""
    server: str
    path: str
    tokens: str = "none"    # a name of `Bench.tokens`
    refused: bool = False   # whether all of them are


@dataclass
class Case:
    """A ratio of two loads' throughput. A goal is a number to reach; without one, the ratio
    tells how much of another's there is to win."""
    name: str
    what: Load
    than: Load
    goal: float | None
    ratios: list[float] = field(default_factory=list)
    cpu_ratios: list[float] = field(default_factory=list)


# The same requests where nobody looks at the token.
PLAIN = Load("plain", "/plain/page.txt", "one")
WITHOUT = PLAIN._replace(tokens="none")
REPEATED = Load("clerk", "/app/page.txt", "one")
COLD = Load("clerk", "/app/page.txt", "distinct")
PEER_CERT, PEER_JWKS = "openidc, certificate", "openidc, JWKS URL"


def cases(peers: bool) -> list[Case]:
    made = [
        Case("one session token, repeated ÷ no authentication", REPEATED, PLAIN, 0.90),
        Case("distinct tokens, seen before (ClerkTokenCache 32768) ÷ no authentication",
             Load("large cache", "/app/page.txt", "distinct"), PLAIN, 0.76),
        Case("tokens never seen before ÷ no authentication", COLD, PLAIN, 0.42),
        Case("bad signatures ÷ no authentication",
             Load("clerk", "/app/page.txt", "forged", refused=True), PLAIN, 0.50),
        Case("bad signatures, refusals logged ÷ no authentication",
             Load("logging", "/app/page.txt", "forged", refused=True), PLAIN, 0.50),
        Case("one API key with a cached answer ÷ no authentication",
             Load("clerk", "/key/page.txt", "key"), PLAIN._replace(tokens="key"), 0.90),
        Case("20 permissions and 2 KB of claims ÷ the small token",
             REPEATED._replace(tokens="big"), REPEATED, 0.95),
        Case("the same two tokens, which nobody looks at",
             PLAIN._replace(tokens="big"), PLAIN, None),
        Case("5 Require lines of roles and permissions ÷ Require valid-user",
             Load("clerk", "/require/page.txt", "one"), REPEATED, 0.97),
        Case("unprotected pages with the module ÷ without it",
             Load("clerk", "/plain/page.txt"), WITHOUT, 0.97),
    ]
    if peers:
        made += [
            Case("repeated ÷ mod_auth_openidc, repeated", REPEATED,
                 Load(PEER_CERT, "/app/page.txt", "one"), 3.2),
            Case("no authentication ÷ mod_auth_openidc, repeated", PLAIN,
                 Load(PEER_CERT, "/app/page.txt", "one"), None),
            Case("never seen before ÷ mod_auth_openidc with a certificate", COLD,
                 Load(PEER_CERT, "/app/page.txt", "distinct"), 1.5),
            Case("never seen before ÷ mod_auth_openidc with a JWKS URL", COLD,
                 Load(PEER_JWKS, "/app/page.txt", "distinct"), 2.2),
        ]
    return made


class Measured:
    """Runs, by load. Tokens go on where the last run with them on that server stopped."""

    def __init__(self, servers: dict, tokens: dict[str, tuple[str, int]]):
        self.servers, self.tokens = servers, tokens
        self.runs: dict[Load, list[Run]] = {}
        self._next: dict[tuple[str, str], int] = {}

    def run(self, load: Load, seconds: int) -> Run:
        file, count = self.tokens[load.tokens]
        place = (load.server, load.tokens)
        start = self._next.get(place, 0)
        found = wrk(self.servers[load.server], load.path, seconds, file, start)
        if (found.refused > 0) != load.refused or (load.refused and
                                                   found.refused != found.requests):
            raise RuntimeError(f"{load}: {found.refused} of {found.requests} were refused")
        # connections that were in mid-request when wrk stopped had taken their tokens
        self._next[place] = (start + found.requests + 64) % max(count, 1)
        self.runs.setdefault(load, []).append(found)
        return found

    def once(self, todo: list[Case], seconds: int) -> None:
        """Each case once, A B A B: what it is compared with runs right after it."""
        for case in todo:
            what, than = self.run(case.what, seconds), self.run(case.than, seconds)
            case.ratios.append(what.rate / than.rate)
            case.cpu_ratios.append(than.cpu / what.cpu)

    def warm(self, load: Load) -> None:
        """Show the server every token once, and some twice."""
        _, count = self.tokens[load.tokens]
        shown = 0
        while shown < 1.2 * count:
            shown += self.run(load, 1).requests
        self.runs[load].clear()


def spread(values: list[float]) -> float:
    """(largest - smallest) ÷ median, of the middle half where there are many."""
    ordered = sorted(values)
    cut = len(ordered) // 4
    middle = ordered[cut:len(ordered) - cut] if cut else ordered
    return (middle[-1] - middle[0]) / statistics.median(values)


def doubt_of(wide: float, count: int) -> float:
    """By how much of itself the median of so many values may be off: two standard errors, as
    the width of the middle half tells them (of a normal distribution, 1.35 deviations)."""
    return 2 * 1.25 * wide / 1.35 / count ** 0.5


def doubt(values: list[float]) -> float:
    return doubt_of(spread(values), len(values))
