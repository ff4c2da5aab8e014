# SPDX-License-Identifier: Apache-2.0 - Clerk instances and how a request finds its own
"""Clerk instances: keys, users, sessions, credentials; several live in one program."""
from __future__ import annotations

import re
import secrets
import threading
import time
from typing import Any, Iterable

from . import publishable_key as pk_text
from .clients import Clients
from .credentials import Credentials
from .handshake_payloads import HandshakePayloads
from .ids import new_id
from .jwt_templates import JWTTemplate
from .keys import SigningKey, pooled_key
from .oauth_grants import OAuthGrants
from .sessions import PENDING, Session, Sessions
from .tokens import SESSION_SECONDS, Minter
from .users import Directory

DEFAULT = "default"
DEFAULT_ORIGIN = "http://localhost:8080"


class Instance:
    """One Clerk instance. The first of its keys signs; all of them are published."""

    def __init__(self, name: str, *, key: SigningKey, pk: str, secret_key: str,
                 app_origins: Iterable[str]):
        self.name = name
        self.publishable_key = pk
        self.secret_key = secret_key
        self.fapi_host = pk_text.fapi_host(pk)
        self.issuer = f"https://{self.fapi_host}"
        self.cookie_suffix = pk_text.cookie_suffix(pk)
        self.development = pk_text.is_development(pk)
        self.app_origins = list(app_origins) or [DEFAULT_ORIGIN]
        self.keys = [key]
        self.users = Directory()
        self.sessions = Sessions(self.users)
        self.session_seconds = SESSION_SECONDS
        self.clients = Clients()
        self.handshakes = HandshakePayloads()
        self.jwt_templates: dict[str, JWTTemplate] = {}
        self.credentials = Credentials()
        self.oauth = OAuthGrants()

    def minter(self) -> Minter:
        return Minter(self.keys[0], self.issuer, self.app_origins[0])

    def session_token(self, session: Session, azp: Any, **claims: Any) -> str:
        """A session token as it would be made now, for the application at `azp`."""
        now = int(time.time())
        usual = {"sid": session.id, "azp": azp, "exp": now + self.session_seconds,
                 "sts": "pending" if session.status == PENDING else "active"}
        return self.minter().session(self.sessions.user_of(session), **{**usual, **claims})

    def jwks(self) -> dict[str, Any]:
        return {"keys": [key.jwk() for key in self.keys]}

    def rotate(self, key: SigningKey, keep_old: bool) -> None:
        """Sign with `key` from now on; the old keys stay published or go."""
        old = [one for one in self.keys if one.kid != key.kid] if keep_old else []
        self.keys = [key, *old]

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "publishable_key": self.publishable_key,
                "secret_key": self.secret_key, "frontend_api": self.fapi_host,
                "issuer": self.issuer, "cookie_suffix": self.cookie_suffix,
                "kid": self.keys[0].kid, "kids": [key.kid for key in self.keys],
                "app_origins": self.app_origins, "clients": len(self.clients),
                "frontend_path": f"/fapi/{self.name}", **self.credentials.describe()}


class Instances:
    """All instances of the program, in the order of their making."""

    def __init__(self) -> None:
        self._by_name: dict[str, Instance] = {}
        self._lock = threading.Lock()

    def create(self, name: str = DEFAULT, *, publishable_key: str | None = None,
               secret_key: str | None = None, fapi_host: str | None = None,
               kid: str | None = None, private_key_pem: str | None = None,
               app_origins: Iterable[str] = ()) -> Instance:
        """Add an instance; what is not given is made up. ValueError where it cannot be."""
        if not re.fullmatch(r"[a-z0-9-]+", name):
            raise ValueError("an instance name is of a-z, 0-9 and -")
        host = fapi_host or f"{name}.clerk.accounts.test"
        pk = publishable_key or pk_text.encode(host)
        if fapi_host and pk_text.fapi_host(pk) != fapi_host:
            raise ValueError("the publishable key names another Frontend API host")
        mode = "test" if pk_text.is_development(pk) else "live"
        sk = secret_key or f"sk_{mode}_{secrets.token_urlsafe(30)}"
        with self._lock:
            if name in self._by_name or self.by_secret_key(sk):
                raise ValueError("there is an instance of that name or secret key")
            key = self._signing_key(kid, private_key_pem)
            instance = Instance(name, key=key, pk=pk, secret_key=sk, app_origins=app_origins)
            self._by_name[name] = instance
        return instance

    def new_key(self, kid: str | None = None, private_key_pem: str | None = None) -> SigningKey:
        """A key for rotation, given or one that no instance has."""
        with self._lock:
            return self._signing_key(kid, private_key_pem)

    def _signing_key(self, kid: str | None, pem: str | None) -> SigningKey:
        if pem is not None:
            return SigningKey.from_pem(pem, kid or new_id("ins"))
        used = [key for instance in self for key in instance.keys]
        return pooled_key(kid, unlike=used)

    def __iter__(self):
        return iter(list(self._by_name.values()))

    def default(self) -> Instance:
        return next(iter(self))

    def by_name(self, name: str) -> Instance | None:
        return self._by_name.get(name)

    def by_secret_key(self, secret_key: str) -> Instance | None:
        return next((one for one in self if one.secret_key == secret_key), None)

    def by_machine_secret(self, secret_key: str) -> Instance | None:
        return next((one for one in self if one.credentials.has_machine_secret(secret_key)), None)

    def by_host(self, host_header: str) -> Instance:
        """The instance whose Frontend API host was asked for, else the first."""
        host = host_header.lower()
        for instance in self:
            if instance.fapi_host.lower() in (host, host.rpartition(":")[0]):
                return instance
        return self.default()
