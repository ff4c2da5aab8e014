# SPDX-License-Identifier: Apache-2.0 - what a publishable key says
"""Publishable keys: `pk_test_` or `pk_live_`, then base64 of the Frontend API host and `$`."""
from __future__ import annotations

import base64
import hashlib


def encode(fapi_host: str, live: bool = False) -> str:
    text = base64.b64encode(f"{fapi_host}$".encode()).decode().rstrip("=")
    return f"pk_{'live' if live else 'test'}_{text}"


def fapi_host(key: str) -> str:
    """The Frontend API host in the key; ValueError where the key is none."""
    prefix, _, text = key.rpartition("_")
    if prefix not in ("pk_test", "pk_live"):
        raise ValueError("a publishable key begins with pk_test_ or pk_live_")
    decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("ascii")
    if decoded.count("$") != 1 or not decoded.endswith("$") or "." not in decoded:
        raise ValueError("a publishable key holds a host name and one $")
    return decoded[:-1]


def is_development(key: str) -> bool:
    return key.startswith("pk_test_")


def cookie_suffix(key: str) -> str:
    """What Clerk appends to cookie names: depends on the key's text, padding included."""
    digest = hashlib.sha1(key.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:8]
