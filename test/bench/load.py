# SPDX-License-Identifier: Apache-2.0 - load on one server, and what it took
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
CONNECTIONS = 32
CPUS = sorted(os.sched_getaffinity(0))
# The server has a processor of its own where there are two.
SERVER_CPU, LOAD_CPU = CPUS[0], CPUS[-1]


class Run(NamedTuple):
    """One run of wrk."""
    requests: int
    seconds: float
    refused: int
    cpu: float    # microseconds of the server's processor time a request
    busy: float   # share of the time that the server ran
    p99: float    # milliseconds

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def cpu_seconds(pids) -> float:
    """What the threads of these processes have used, to the nanosecond."""
    spent = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            try:
                spent += int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
    return spent / 1e9


def anonymous_bytes(pid: int) -> int:
    """Memory of a process that no file backs."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no anonymous memory of {pid}")


def wrk(server, path: str, seconds: int, tokens: str = "-", start: int = 0,
        connections: int = CONNECTIONS) -> Run:
    """Ask the server as fast as it answers."""
    children = server.children()
    before = cpu_seconds(children)
    said = subprocess.run(
        ["taskset", "-c", str(LOAD_CPU), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
         "--timeout", "20s", "-s", str(HERE / "distinct.lua"), f"{server.url}{path}", "--",
         tokens, str(start)],
        capture_output=True, text=True, timeout=seconds + 60)
    spent = cpu_seconds(children) - before
    lines = [line for line in said.stdout.splitlines() if line.startswith("RESULT ")]
    if said.returncode != 0 or not lines:
        raise RuntimeError(f"wrk on {path}: {said.stdout}{said.stderr}")
    found = json.loads(lines[0].partition(" ")[2])
    if found["broken"] or found["requests"] == 0 or children != server.children():
        raise RuntimeError(f"{server.root}{path} did not answer: {found}\n{server.log.text()[-2000:]}")
    took = found["microseconds"] / 1e6
    return Run(found["requests"], took, found["refused"], spent / found["requests"] * 1e6,
               spent / took, found["p99"] / 1000)
