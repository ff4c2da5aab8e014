# SPDX-License-Identifier: Apache-2.0 - httpd's error log, in which every noteworthy line must be claimed
"""Read an error log and judge it.

A test claims the lines that it provokes; any other noteworthy line fails it.
Noteworthy is: our own module from `notice` up, every other module from `warn` up,
every line that is not httpd's own (a library or a script wrote to stderr), and
always the end of a child by a signal and every sanitizer report.
"""
from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

OUR_MODULE = "clerk_auth"
SEVERITY = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"] \
    + [f"trace{n}" for n in range(1, 9)]

LINE = re.compile(
    r"\[(?P<time>[^\]]+)\] \[(?P<module>[^:\]]*):(?P<level>[a-z0-9]+)\] "
    r"\[pid (?P<pid>\d+)(?::tid \d+)?\] (?P<text>.*)", re.S)
# No test may claim these.
FATAL = re.compile(r"exit signal|runtime error:|(Address|Leak|Thread|Undefined)\w*Sanitizer"
                   r"|seg(mentation )?fault|stack smashing|double free|corrupted", re.I)


class LogError(AssertionError):
    """The error log says what the test did not announce, or lacks what it did."""


@dataclass(frozen=True)
class Line:
    """One entry; `module` and `level` are empty where httpd did not write it."""
    raw: str
    module: str = ""
    level: str = ""
    pid: int = 0
    text: str = ""

    @classmethod
    def parse(cls, raw: str) -> "Line":
        found = LINE.match(raw)
        if not found or found["level"] not in SEVERITY:
            return cls(raw, text=raw)
        return cls(raw, found["module"], found["level"], int(found["pid"]), found["text"])

    def at_least(self, level: str) -> bool:
        return SEVERITY.index(self.level) <= SEVERITY.index(level)

    @property
    def fatal(self) -> bool:
        return bool(FATAL.search(self.raw))

    @property
    def noteworthy(self) -> bool:
        if not self.level:
            return True
        return self.at_least("notice" if self.module == OUR_MODULE else "warn")


@dataclass
class Claim:
    """A pattern; `times` None means once or more often."""
    pattern: re.Pattern
    times: int | None
    hits: int = 0

    @property
    def wanted(self) -> int:
        return 1 if self.times is None else self.times

    @property
    def kept(self) -> bool:
        return self.hits > 0 if self.times is None else self.hits == self.times


class _Source:
    """A file that grows; what was parsed of it is not parsed again."""

    def __init__(self, place: Path):
        self.place = place
        self._parsed: list[Line] = []
        self._length = 0
        self._lock = threading.Lock()

    def bytes(self) -> bytes:
        return self.place.read_bytes() if self.place.exists() else b""

    def lines(self) -> list[Line]:
        if not self.place.exists():
            return []
        with self._lock, self.place.open("rb") as opened:
            opened.seek(self._length)
            whole, end, rest = opened.read().rpartition(b"\n")
            self._parsed += _parse_all(whole)
            self._length += len(whole) + len(end)
            return self._parsed + _parse_all(rest)


def _parse_all(content: bytes) -> list[Line]:
    return [Line.parse(raw) for raw in content.decode("utf-8", "replace").splitlines()]


class ErrorLog:
    """The log of one server: the messages before it was open, then the file."""

    def __init__(self, *sources: Path, patience: float = 1.0):
        self.sources = [_Source(place) for place in sources]
        self.patience = patience
        self.allowed: list[re.Pattern] = []
        self.claims: list[Claim] = []
        self.killed: set[int] = set()   # children that a test ends by SIGKILL, itself
        self._judged = [0] * len(sources)

    # ---- reading

    def text(self) -> str:
        return "".join(source.bytes().decode("utf-8", "replace") for source in self.sources)

    def lines(self, module: str | None = None, level: str | None = None,
              pattern: str | None = None) -> list[Line]:
        """Entries so far: of one module, at this level or graver, matching a pattern."""
        return [line for source in self.sources for line in source.lines()
                if (module is None or line.module == module)
                and (level is None or (line.level and line.at_least(level)))
                and (pattern is None or re.search(pattern, line.raw))]

    def wait_for(self, pattern: str, timeout: float = 5.0, count: int = 1) -> Line:
        """Wait until `count` entries match and return the last; claims nothing."""
        deadline = time.monotonic() + timeout
        while True:
            found = self.lines(pattern=pattern)
            if len(found) >= count:
                return found[-1]
            if time.monotonic() > deadline:
                raise LogError(f"no such line in {timeout} s: {pattern}\n{self.text()}")
            time.sleep(0.01)

    # ---- claiming and judging

    def expect(self, pattern: str, times: int | None = None) -> None:
        """Claim entries since the last judgement; that none comes is a failure too."""
        self.claims.append(Claim(re.compile(pattern), times))

    def allow(self, pattern: str) -> None:
        """Let entries pass for the whole life of this server, whether they come or not."""
        self.allowed.append(re.compile(pattern))

    def verify(self) -> None:
        """Judge all entries since the last call; claims end here."""
        deadline = time.monotonic() + self.patience
        while True:
            contents = [source.bytes() for source in self.sources]
            complaint = self._judge(self._fresh(contents))
            waiting = [claim for claim in self.claims if claim.hits < claim.wanted]
            # A line may be written just after the answer that the test waited for.
            if not waiting or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        self._judged = [len(content) for content in contents]
        self.claims = []
        if complaint:
            raise LogError(complaint)

    def _judge(self, lines: list[Line]) -> str:
        for claim in self.claims:
            claim.hits = sum(bool(claim.pattern.search(line.raw)) for line in lines)
        unclaimed = [line for line in lines if line.raw.strip() and self._unclaimed(line)]
        parts = [f"error_log line that no test claims:\n  {line.raw}" for line in unclaimed]
        parts += [f"error_log line expected {claim.times or 'at least 1'} time(s), "
                  f"came {claim.hits} time(s): {claim.pattern.pattern}"
                  for claim in self.claims if not claim.kept]
        return "\n".join(parts)

    def _unclaimed(self, line: Line) -> bool:
        if line.fatal:
            end = re.search(r"AH00052: child pid (\d+) exit signal Killed \(9\)", line.raw)
            return not (end and int(end[1]) in self.killed)
        if not line.noteworthy:
            return False
        patterns = [claim.pattern for claim in self.claims] + self.allowed
        return not any(pattern.search(line.raw) for pattern in patterns)

    def _fresh(self, contents: list[bytes]) -> list[Line]:
        return [line for content, done in zip(contents, self._judged)
                for line in _parse_all(content[done:])]


def poll(condition: Callable[[], bool], timeout: float, what: str) -> None:
    """Wait until the condition holds; `what` names it in the failure."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout} s still not: {what}")
        time.sleep(0.005)
