# SPDX-License-Identifier: Apache-2.0 - JWT templates: an application's own claims
"""JWT templates of an instance: a name, a lifetime, claims in which shortcodes are filled in."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .sessions import Session
from .users import User

_SHORTCODE = re.compile(r"\{\{\s*([a-z_.]+)\s*\}\}")


@dataclass(frozen=True)
class JWTTemplate:
    name: str
    lifetime: int = 60                       # seconds
    claims: dict[str, Any] = field(default_factory=dict)

    def claims_of(self, user: User, session: Session) -> dict[str, Any]:
        return _filled(self.claims, shortcodes(user, session))


def shortcodes(user: User, session: Session) -> dict[str, Any]:
    """What may stand between double braces; the values are those of Clerk's names."""
    membership = user.membership
    return {
        "user.id": user.id, "user.first_name": user.first_name, "user.last_name": user.last_name,
        "user.username": user.username, "user.primary_email_address": user.email,
        "user.external_id": user.external_id, "user.public_metadata": user.public_metadata,
        "session.id": session.id,
        "org.id": membership.organization.id if membership else None,
        "org.slug": membership.organization.slug if membership else None,
        "org.name": membership.organization.name if membership else None,
        "org.role": f"org:{membership.role}" if membership else None}


def _filled(value: Any, values: dict[str, Any]) -> Any:
    """A text that is one shortcode becomes its value, of whatever type; others stay texts."""
    if isinstance(value, dict):
        return {name: _filled(member, values) for name, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, values) for member in value]
    if not isinstance(value, str):
        return value
    whole = _SHORTCODE.fullmatch(value)
    if whole:
        return values.get(whole[1])
    return _SHORTCODE.sub(lambda found: str(values.get(found[1]) or ""), value)
