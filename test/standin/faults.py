# SPDX-License-Identifier: Apache-2.0 - misbehaviour of an endpoint, on request
"""Faults: what an endpoint does instead of answering properly.

A fault is one of KINDS, for one endpoint, for that endpoint of one instance
(`INSTANCE/ENDPOINT`) or for all (`*`), a number of times or until it is cleared. `delay`
seconds pass before any of them.
"""
from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Protocol

from .exchange import Response

KINDS = ("answer", "slow", "drip", "hang", "close", "garbage", "truncated", "endless", "redirect")
GARBAGE = b"\x00\xff<!doctype garbage>{\"keys\":[" + bytes(range(256))
CHUNK = b"[" * 65536


@dataclass
class Fault:
    """`kind` and its parameters; `times` None means until cleared.

    answer     this status, body, content type and headers
    slow       the proper answer after `delay` seconds
    drip       the proper answer, one byte per `delay` seconds (0.05 without it)
    hang       the request is read, and never answered
    close      the connection is closed without a byte
    garbage    status 200 and JSON's content type over bytes that are none
    truncated  the proper answer, cut in half, under its full Content-Length
    endless    status 200 and a body that does not end
    redirect   302 to `location`
    """
    kind: str
    times: int | None = None
    delay: float = 0.0
    status: int = 500
    body: str = ""
    content_type: str = "application/json"
    headers: list[list[str]] = field(default_factory=list)
    location: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")


class FaultTable:
    """The faults in force, by endpoint name."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._lock = threading.Lock()
        self._generation = 0

    def set(self, endpoint: str, fault: Fault) -> None:
        with self._lock:
            self._faults[endpoint] = fault

    def clear(self, endpoint: str | None = None) -> None:
        """End one fault or all of them; requests that hang are let go."""
        with self._lock:
            self._generation += 1
            if endpoint is None:
                self._faults.clear()
            else:
                self._faults.pop(endpoint, None)

    def take(self, *names: str) -> Fault | None:
        """The fault the next request meets, the first name first; counts it down."""
        with self._lock:
            for name in names:
                fault = self._faults.get(name)
                if fault is None:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        del self._faults[name]
                return fault
        return None

    def generation(self) -> int:
        return self._generation

    def describe(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return {name: {"kind": fault.kind, "times": fault.times}
                    for name, fault in self._faults.items()}


class Wire(Protocol):
    """What a fault needs of a connection."""

    def send(self, data: bytes) -> None: ...
    def respond(self, response: Response) -> None: ...
    def head(self, response: Response, length: int | None) -> bytes: ...
    def peer_gone(self, seconds: float) -> bool: ...
    def hang_up(self) -> None: ...


def perform(fault: Fault, proper: Callable[[], Response], wire: Wire,
            generation: Callable[[], int]) -> None:
    """Do to the client what the fault says."""
    if fault.delay and fault.kind != "drip":
        time.sleep(fault.delay)
    if fault.kind == "answer":
        wire.respond(Response(fault.status, fault.body.encode("utf-8", "surrogateescape"),
                              fault.content_type,
                              [(name, value) for name, value in fault.headers]))
    elif fault.kind == "slow":
        wire.respond(proper())
    elif fault.kind == "redirect":
        wire.respond(Response(302, headers=[("Location", fault.location)]))
    elif fault.kind == "garbage":
        wire.respond(Response(200, GARBAGE, "application/json"))
    else:
        _break_connection(fault, proper, wire, generation)
        wire.hang_up()


def _break_connection(fault: Fault, proper: Callable[[], Response], wire: Wire,
                      generation: Callable[[], int]) -> None:
    if fault.kind == "hang":
        started = generation()
        while generation() == started and not wire.peer_gone(0.1):
            pass
    elif fault.kind == "truncated":
        response = proper()
        length = len(response.body)
        wire.send(wire.head(response, length) + response.body[:length // 2])
    elif fault.kind == "endless":
        wire.send(wire.head(Response(200, content_type="application/json"), None))
        while True:   # ends with the OSError of a client that has had enough
            wire.send(CHUNK)
    elif fault.kind == "drip":
        response = proper()
        for byte in wire.head(response, len(response.body)) + response.body:
            wire.send(bytes([byte]))
            time.sleep(fault.delay or 0.05)
