# SPDX-License-Identifier: Apache-2.0 - counts requests and remembers the last ones
"""What was asked of the stand-in, for tests to assert on."""
from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import Any

from .exchange import Request

REMEMBERED = 200


class Recorder:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._counts: Counter[str] = Counter()
            self._by_instance: Counter[str] = Counter()
            self._requests: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
            self._connections = 0

    def connection(self) -> None:
        with self._lock:
            self._connections += 1

    def note(self, endpoint: str, instance: str | None, request: Request) -> None:
        entry = {"endpoint": endpoint, "instance": instance, "at": time.time(),
                 "method": request.method, "path": request.path, "query": request.query,
                 "headers": request.headers, "body": request.body.decode("utf-8", "replace")}
        with self._lock:
            self._counts[endpoint] += 1
            self._by_instance[f"{instance}/{endpoint}"] += 1
            self._requests.append(entry)

    def counters(self) -> dict[str, Any]:
        with self._lock:
            return {"requests": dict(self._counts), "by_instance": dict(self._by_instance),
                    "total": sum(self._counts.values()), "connections": self._connections}

    def requests(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """The last requests, oldest first."""
        with self._lock:
            return [entry for entry in self._requests
                    if endpoint in (None, entry["endpoint"])]
