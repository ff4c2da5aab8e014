# SPDX-License-Identifier: Apache-2.0 - what a handshake nonce stands for, until it is redeemed
"""Handshake payloads of one instance: each is handed out once, and not for long."""
from __future__ import annotations

import secrets
import threading
import time
from typing import Iterable

REDEEMABLE_SECONDS = 60.0


class HandshakePayloads:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, list[str]]] = {}

    def keep(self, directives: Iterable[str]) -> str:
        """Returns the nonce."""
        nonce = secrets.token_urlsafe(32)
        with self._lock:
            self._kept[nonce] = (time.monotonic(), list(directives))
        return nonce

    def redeem(self, nonce: str) -> list[str] | None:
        with self._lock:
            kept_at, directives = self._kept.pop(nonce, (float("-inf"), []))
        return directives if time.monotonic() - kept_at < REDEEMABLE_SECONDS else None
