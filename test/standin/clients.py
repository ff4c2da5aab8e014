# SPDX-License-Identifier: Apache-2.0 - browsers that have signed in
"""Clients, in Clerk's sense: one browser and the session it holds."""
from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict, deque

from .ids import new_id
from .sessions import PENDING, Session

BOUNCES = 3
BOUNCE_SECONDS = 10.0


class Client:
    """`__client` names it on the Frontend API's own origin, and in development also the dev
    browser token that travels in queries. It is signed in while its session lasts."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.dev_browser = new_id("dvb")
        self.session: Session | None = None
        self.changed_at = 0                     # the last such change, for __client_uat
        self._bounces: defaultdict[str, deque[float]] = defaultdict(
            lambda: deque(maxlen=BOUNCES))

    @property
    def signed_in(self) -> bool:
        return self.session is not None and self.session.lasts

    @property
    def task_open(self) -> bool:
        return self.signed_in and self.session.status == PENDING

    def touch(self) -> None:
        """Session tokens from before this moment say what is no longer so."""
        self.changed_at = int(time.time())

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
    """The clients of one instance, by `__client` cookie and by dev browser token."""

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}
        self._by_dev_browser: dict[str, Client] = {}
        self._lock = threading.Lock()

    def create(self) -> Client:
        client = Client()
        with self._lock:
            self._clients[client.token] = self._by_dev_browser[client.dev_browser] = client
        return client

    def find_dev_browser(self, token: str | None) -> Client | None:
        with self._lock:
            return self._by_dev_browser.get(token or "")

    def find(self, token: str | None) -> Client | None:
        with self._lock:
            return self._clients.get(token or "")

    def sign_in(self, client: Client, session: Session) -> None:
        """A session this client had before ends, and its `__client` cookie is another."""
        self.sign_out(client)
        client.session = session
        client.touch()

    def sign_out(self, client: Client) -> None:
        if client.signed_in:
            client.session.status = "ended"
        client.session = None
        with self._lock:
            del self._clients[client.token]
            client.token = secrets.token_urlsafe(32)
            self._clients[client.token] = client

    def __len__(self) -> int:
        """How many are signed in."""
        return sum(1 for client in list(self._clients.values()) if client.signed_in)
