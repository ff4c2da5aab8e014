# SPDX-License-Identifier: Apache-2.0 - opaque machine tokens and what is answered about them
"""M2M tokens, OAuth access tokens and API keys that only the Backend API can verify.

A token says how its answer looks: what a correct one is made of, whether it is revoked,
expired or inactive, and in `answer` and `answer_without` how the answer is wrong.
"""
from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .ids import new_id
from .machines import new_secret
from .tokens import CLIENT, MACHINE, OMIT, OTHER_MACHINE, merge
from .users import ADMIN

MILLISECONDS = 1000


@dataclass
class OpaqueToken:
    """What every kind has. Times are seconds since the epoch; no `expiration` is never.

    `active` False makes the answer `{"active": false}` and nothing else, as Clerk may
    answer for an OAuth token. `answer` is laid over any answer, the members listed in
    `answer_without` are taken away from it.
    """
    kind: ClassVar[str]
    prefix: ClassVar[str]
    units: ClassVar[int] = MILLISECONDS   # per second, of the times in the answer
    secret: str = ""
    id: str = ""
    subject: str = ""
    scopes: list[str] = field(default_factory=list)
    expiration: float | None = None
    expired: bool = False
    revoked: bool = False
    revocation_reason: str | None = None
    active: bool = True
    created_at: float = field(default_factory=time.time)
    last_used_at: float | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    answer_without: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.secret = self.secret or new_secret(self.prefix)
        self.id = self.id or new_id(self.prefix.rstrip("_"))
        if not self.secret.startswith(self.prefix):
            raise ValueError(f"the secret of this kind begins {self.prefix}")

    def verification(self, now: float) -> dict[str, Any]:
        """The body of a 200 from the verify endpoint."""
        proper = self._body(now) if self.active else {"active": False}
        without = {name: OMIT for name in self.answer_without}
        return merge(proper, {**self.answer, **without})

    def _body(self, now: float) -> dict[str, Any]:
        raise NotImplementedError

    def _validity(self, now: float) -> dict[str, Any]:
        past = self.expiration is not None and self.expiration <= now
        return {"revoked": self.revoked, "revocation_reason": self.revocation_reason,
                "expired": self.expired or past, "expiration": self._time(self.expiration)}

    def _history(self) -> dict[str, Any]:
        created = self._time(self.created_at)
        return {"created_at": created, "updated_at": created}

    def _time(self, seconds: float | None) -> int | None:
        return None if seconds is None else int(seconds * self.units)


@dataclass
class M2MToken(OpaqueToken):
    """From one machine to those whose ids are its scopes."""
    kind: ClassVar[str] = "m2m_token"
    prefix: ClassVar[str] = "mt_"
    subject: str = MACHINE
    scopes: list[str] = field(default_factory=lambda: [OTHER_MACHINE])
    claims: dict[str, Any] | None = None

    def _body(self, now: float) -> dict[str, Any]:
        return {"object": "machine_to_machine_token", "id": self.id, "subject": self.subject,
                "claims": self.claims, "scopes": self.scopes, **self._validity(now),
                "last_used_at": self._time(self.last_used_at), **self._history()}


@dataclass
class OAuthToken(OpaqueToken):
    """For a client in the name of a user; its times are told in seconds."""
    kind: ClassVar[str] = "oauth_token"
    prefix: ClassVar[str] = "oat_"
    units: ClassVar[int] = 1
    subject: str = ADMIN.id
    scopes: list[str] = field(default_factory=lambda: ["profile", "email"])
    client_id: str = CLIENT
    aud: list[str] | None = None

    def _body(self, now: float) -> dict[str, Any]:
        audience = {} if self.aud is None else {"aud": self.aud}
        return {"object": "clerk_idp_oauth_access_token", "id": self.id,
                "client_id": self.client_id, "type": "oauth:access_token",
                "subject": self.subject, "scopes": self.scopes, **self._validity(now),
                **self._history(), **audience}


@dataclass
class ApiKey(OpaqueToken):
    """Of a user or of an organization."""
    kind: ClassVar[str] = "api_key"
    prefix: ClassVar[str] = "ak_"
    subject: str = ADMIN.id
    name: str = "nightly export"
    claims: dict[str, Any] | None = None
    created_by: str | None = ADMIN.id
    description: str | None = None

    def _body(self, now: float) -> dict[str, Any]:
        return {"object": "api_key", "id": self.id, "type": "api_key", "name": self.name,
                "subject": self.subject, "scopes": self.scopes, "claims": self.claims,
                **self._validity(now), "created_by": self.created_by,
                "description": self.description,
                "last_used_at": self._time(self.last_used_at), **self._history()}


KINDS: dict[str, type[OpaqueToken]] = {
    one.kind: one for one in (M2MToken, OAuthToken, ApiKey)}
