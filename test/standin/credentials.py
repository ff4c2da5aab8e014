# SPDX-License-Identifier: Apache-2.0 - what an instance has issued to machines and clients
"""Machines, OAuth clients and opaque tokens of one instance; control adds and changes them."""
from __future__ import annotations

import threading
from dataclasses import asdict, replace
from typing import Any

from .machines import Machine, OAuthClient, first_clients, first_machines
from .opaque_tokens import KINDS, OpaqueToken


class Credentials:
    def __init__(self) -> None:
        self.api_keys_enabled = True
        self._lock = threading.Lock()
        self._machines = first_machines()
        self._clients = first_clients()
        self._tokens: dict[str, OpaqueToken] = {}

    def add_machine(self, machine: Machine) -> None:
        self._add(self._machines, machine)

    def add_client(self, client: OAuthClient) -> None:
        self._add(self._clients, client)

    def find_client(self, client_id: str) -> OAuthClient | None:
        return next((one for one in list(self._clients) if one.id == client_id), None)

    def _add(self, held: list, new: Machine | OAuthClient) -> None:
        with self._lock:
            if any(new.id == old.id for old in held):
                raise ValueError("there is one of that id")
            held.append(new)

    def has_machine_secret(self, secret_key: str) -> bool:
        return any(machine.secret_key == secret_key for machine in list(self._machines))

    def issue(self, kind: str, fields: dict[str, Any]) -> OpaqueToken:
        """A new token of `kind`, made of `fields` of its class."""
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        token = KINDS[kind](**fields)
        with self._lock:
            if token.secret in self._tokens:
                raise ValueError("there is a token of that secret")
            self._tokens[token.secret] = token
        return token

    def change(self, id_or_secret: str, fields: dict[str, Any]) -> OpaqueToken:
        """Set fields of a token; from now on the answers are the new ones."""
        with self._lock:
            old = next((one for one in self._tokens.values()
                        if id_or_secret in (one.id, one.secret)), None)
            if old is None:
                raise KeyError("no such token")
            if "secret" in fields:
                raise ValueError("a token keeps its secret")
            changed = replace(old, **fields)
            self._tokens[changed.secret] = changed
        return changed

    def verification(self, kind: str, secret: str, now: float) -> dict[str, Any] | None:
        """What to answer about a secret, None where it is of no token of that kind."""
        with self._lock:
            token = self._tokens.get(secret)
            if token is None or not isinstance(token, KINDS[kind]):
                return None
            answer = token.verification(now)
            token.last_used_at = now
        return answer

    def describe(self) -> dict[str, Any]:
        return {"machines": [asdict(machine) for machine in self._machines],
                "oauth_clients": [asdict(client) for client in self._clients],
                "api_keys_enabled": self.api_keys_enabled, "opaque_tokens": len(self._tokens)}
