# SPDX-License-Identifier: Apache-2.0 - machines and OAuth clients, in whose name tokens are issued
"""Machines (senders and receivers of M2M tokens) and OAuth clients of an instance."""
from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field

from .ids import new_id
from .tokens import CLIENT, MACHINE, OTHER_MACHINE

_ALPHABET = string.digits + string.ascii_letters


def new_secret(prefix: str) -> str:
    """An opaque secret as Clerk's are: a prefix and letters and digits, no dot."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(43))


@dataclass(frozen=True)
class Machine:
    """A machine; `scopes` are the ids of the machines it may talk to.

    Its secret key begins as API keys do, and is none.
    """
    name: str
    id: str = field(default_factory=lambda: new_id("mch"))
    secret_key: str = field(default_factory=lambda: new_secret("ak_"))
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.id.startswith("mch_") or not self.secret_key.startswith("ak_"):
            raise ValueError("a machine's id begins mch_, its secret key ak_")
        object.__setattr__(self, "scopes", tuple(self.scopes))


@dataclass(frozen=True)
class OAuthClient:
    """A client; without a secret it is a public one, which has PKCE alone."""
    name: str
    id: str = field(default_factory=lambda: new_id("cl"))
    redirect_uris: tuple[str, ...] = ()
    secret: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "redirect_uris", tuple(self.redirect_uris))


def first_machines() -> list[Machine]:
    """The two that minted M2M tokens speak of, with secret keys of this instance alone."""
    return [Machine("sender", MACHINE, scopes=(OTHER_MACHINE,)),
            Machine("receiver", OTHER_MACHINE)]


def first_clients() -> list[OAuthClient]:
    return [OAuthClient("client", CLIENT)]
