# SPDX-License-Identifier: Apache-2.0 - browsers that have signed in
"""Clients, in Clerk's sense: one browser and the session it holds."""
from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict, deque

from .ids import new_id
from .users import User

BOUNCES = 3
BOUNCE_SECONDS = 10.0


class Client:
    def __init__(self, user: User):
        self.token = secrets.token_urlsafe(32)
        self.user_key = user.key
        self.session_id = new_id("sess")
        self.dev_browser = new_id("dvb")
        self.signed_in_at = int(time.time())
        self.task_open = user.pending
        self._bounces: defaultdict[str, deque[float]] = defaultdict(
            lambda: deque(maxlen=BOUNCES))

    def may_bounce(self, url: str) -> bool:
        """Whether to send this client straight back to `url` once more.

        An application that finds nothing good in fresh cookies would otherwise be asked
        and ask again for ever.
        """
        now = time.monotonic()
        recent = self._bounces[url]
        if len(recent) == BOUNCES and now - recent[0] < BOUNCE_SECONDS:
            return False
        recent.append(now)
        return True


class Clients:
    """The clients of one instance, by the token in their `__client` cookie."""

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()

    def add(self, user: User) -> Client:
        client = Client(user)
        with self._lock:
            self._clients[client.token] = client
        return client

    def find(self, token: str | None) -> Client | None:
        with self._lock:
            return self._clients.get(token or "")

    def remove(self, client: Client) -> None:
        with self._lock:
            self._clients.pop(client.token, None)

    def __len__(self) -> int:
        return len(self._clients)
