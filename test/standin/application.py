# SPDX-License-Identifier: Apache-2.0 - from a request to its endpoint, through the faults
"""The public side: the Backend API and the Frontend API on one port."""
from __future__ import annotations

from functools import partial
from typing import Callable

from . import backend_api, frontend_api
from .exchange import Request, Response, not_found
from .faults import FaultTable, Wire, perform
from .instances import Instances
from .recorder import Recorder

UNKNOWN = "unknown"


class Application:
    def __init__(self, instances: Instances):
        self.instances = instances
        self.faults = FaultTable()
        self.recorder = Recorder()
        self._routes = backend_api.routes(instances) + frontend_api.routes(instances)

    def endpoints(self) -> list[str]:
        """Names for counters and faults."""
        return [route.name for route in self._routes] + [UNKNOWN]

    def exchange(self, request: Request, wire: Wire) -> None:
        endpoint, answer = self._find(request)
        instance = self._instance_name(endpoint, request)
        self.recorder.note(endpoint, instance, request)
        fault = self.faults.take(f"{instance}/{endpoint}", endpoint, "*")
        if fault is None:
            wire.respond(answer())
        else:
            perform(fault, answer, wire, self.faults.generation)

    def _find(self, request: Request) -> tuple[str, Callable[[], Response]]:
        for route in self._routes:
            groups = route.match(request)
            if groups is not None:
                return route.name, partial(route.answer, request, *groups)
        return UNKNOWN, not_found

    def _instance_name(self, endpoint: str, request: Request) -> str | None:
        if endpoint.startswith("frontend."):
            found = frontend_api.instance_of(self.instances, request)
        else:
            found = backend_api.instance_of(self.instances, endpoint, request)
        return found.name if found else None
