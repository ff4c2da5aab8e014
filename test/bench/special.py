# SPDX-License-Identifier: Apache-2.0 - figures that are no ratio of two loads: memory, a hanging API, core, SDK
from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path

from cases import Load, Measured, doubt_of
from load import LOAD_CPU, SERVER_CPU, anonymous_bytes, wrk

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
CORE = TOP / "_build/test/test/bench/core"


# ---------------------------------------------------------------- memory

def memory(measured: Measured, wanted: int) -> dict:
    """Anonymous memory of a child after that many requests with distinct tokens."""
    found = {}
    for server, path, tokens in (("memory", "/app/page.txt", "distinct"),
                                 ("memory, plain", "/plain/page.txt", "none")):
        load, asked, marks = Load(server, path, tokens), 0, []
        while asked < wanted:
            asked += measured.run(load, 1).requests
            marks.append((asked, anonymous_bytes(measured.servers[server].child)))
        found[server] = marks
    with_module, without = found["memory"], found["memory, plain"]
    half = next(size for asked, size in with_module if asked >= wanted / 2)
    return {"requests": with_module[-1][0], "bytes": with_module[-1][1],
            "plain": without[-1][1], "over": with_module[-1][1] - without[-1][1],
            "second_half": with_module[-1][1] - half}


# ---------------------------------------------------------------- a hanging API

def _connect(server, token: str) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.port))
    made.sendall(f"GET /key/page.txt HTTP/1.1\r\nHost: localhost\r\n"
                 f"Authorization: Bearer {token}\r\n\r\n".encode())
    return made


def hanging(measured: Measured, clerk, seconds: int, rounds: int, clients: int = 200) -> dict:
    """Static requests beside so many clients whose tokens Clerk's API does not answer about."""
    server = measured.servers["hanging"]
    static = Load("hanging", "/plain/page.txt")
    ratios = []
    for number in range(rounds):
        before = measured.run(static, seconds).rate
        clerk.fault("backend.api_key_verify", "hang")
        waiting = [_connect(server, f"ak_hanging{number:04d}{i:04d}") for i in range(clients)]
        time.sleep(0.3)
        beside = measured.run(static, seconds).rate
        for each in waiting:
            each.close()
        clerk.clear_faults()
        time.sleep(0.5)
        ratios.append(beside / ((before + measured.run(static, seconds).rate) / 2))
    return {"ratios": ratios, "clients": clients}


# ---------------------------------------------------------------- the core, and the SDK

def core(rounds: int) -> dict:
    """Microseconds of each stage, and what two threads do of what one does."""
    said = subprocess.run(["taskset", "-c", str(SERVER_CPU), str(CORE), str(rounds)],
                          check=True, capture_output=True, text=True).stdout
    stages = {}
    for line in said.splitlines():
        if not line.startswith("#"):
            name, micros, ratio, spread = (word.strip() for word in line.split("\t"))
            stages[name] = {"microseconds": float(micros), "ratio": float(ratio),
                            "doubt": doubt_of(float(spread), rounds)}
    return stages


def threads(rounds: int) -> dict:
    if len(os.sched_getaffinity(0)) < 2:
        return {}
    said = subprocess.run([str(CORE), "threads", str(rounds)], check=True,
                          capture_output=True, text=True).stdout
    return {name.strip(): {"ratio": float(ratio), "doubt": doubt_of(float(wide), rounds)}
            for name, ratio, wide in (line.split("\t") for line in said.splitlines())}


def sdk(clerk, token: str, seconds: int) -> float | None:
    """Tokens that @clerk/backend verifies a second, with the key given to it."""
    modules = TOP / "test/sdk/node_modules/@clerk/backend"
    if not modules.exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"],
                       cwd=TOP / "test/sdk", check=True, timeout=300)
    given = json.dumps({"token": token, "key": clerk.key.public_pem(),
                        "party": clerk.mint.azp, "seconds": seconds})
    said = subprocess.run(["taskset", "-c", str(LOAD_CPU), "node", str(HERE / "sdk.mjs")],
                          input=given, check=True, capture_output=True, text=True)
    return float(said.stdout)


def log_bytes(server, path: str, tokens: str, seconds: int) -> float:
    """What httpd's error log grows by for each refused request."""
    log = server.run / "error.log"
    before = log.stat().st_size
    asked = wrk(server, path, seconds, tokens).requests
    return (log.stat().st_size - before) / asked
