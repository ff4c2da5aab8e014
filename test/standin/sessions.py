# SPDX-License-Identifier: Apache-2.0 - sessions: whose they are, what organization is active, whether they last
"""Sessions of an instance, and the refresh tokens that renew their session tokens."""
from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from .ids import new_id
from .users import Directory, User

# Clerk's words. Only sessions of the first two have tokens.
ACTIVE, PENDING = "active", "pending"
STATUSES = (ACTIVE, PENDING, "ended", "expired", "removed", "replaced", "revoked", "abandoned")

# How long after its first use an expired token refreshes again: the requests that a page
# makes at once all carry the same.
CONSUMED_SECONDS = 10.0


@dataclass
class Session:
    """One person signed in at one browser; `organization_id` is the active one's."""
    user_key: str
    organization_id: str | None
    status: str
    id: str = field(default_factory=lambda: new_id("sess"))
    refresh_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def lasts(self) -> bool:
        return self.status in (ACTIVE, PENDING)


def session_of(user: User, **fields: Any) -> Session:
    """A new session of a user, in the organization that this user begins with."""
    organization = user.membership.organization.id if user.membership else None
    return Session(user.key, organization, PENDING if user.pending else ACTIVE, **fields)


class Sessions:
    """By id. The session that minted tokens of a user name (`User.session_id`) is always there."""

    def __init__(self, users: Directory) -> None:
        self._users = users
        self._lock = threading.RLock()
        self._sessions: dict[str, Session] = {}
        self._consumed: dict[str, float] = {}

    def start(self, user: User) -> Session:
        with self._lock:
            session = session_of(user)
            self._sessions[session.id] = session
            return session

    def find(self, session_id: str) -> Session | None:
        with self._lock:
            if session_id not in self._sessions:
                user = next((one for one in self._users if one.session_id == session_id), None)
                if user is not None:
                    self._sessions[session_id] = session_of(user, id=session_id)
            return self._sessions.get(session_id)

    def user_of(self, session: Session) -> User | None:
        """The session's user as claims show one: with the active organization."""
        user = self._users.find(session.user_key)
        return user.acting_in(session.organization_id) if user else None

    def activate(self, session: Session, id_or_slug: str) -> bool:
        """Change the active organization; empty is the personal account.

        False, and nothing changed, where the user is no member.
        """
        user = self._users.find(session.user_key)
        wanted = next((one.organization.id for one in user.memberships
                       if id_or_slug in (one.organization.id, one.organization.slug)), None)
        if wanted is None and id_or_slug:
            return False
        session.organization_id = wanted
        return True

    def change(self, session_id: str, *, status: str | None = None,
               organization: str | None = None, user: str | None = None) -> Session:
        """Give a session another status, active organization or user."""
        session = self.find(session_id)
        if session is None:
            raise KeyError(f"no session {session_id}")
        if status not in (None, *STATUSES):
            raise ValueError(f"status must be one of {', '.join(STATUSES)}")
        if organization is not None and not self.activate(session, organization):
            raise ValueError(f"not a member of {organization}")
        session.status = status or session.status
        session.user_key = user or session.user_key
        return session

    def has_refresh_token(self, session: Session, token: str) -> bool:
        return secrets.compare_digest(session.refresh_token.encode(), token.encode())

    def consume(self, token_id: str, at: float | None = None) -> bool:
        """Note the use of an expired token; False where it has been used up before."""
        now = time.monotonic()
        with self._lock:
            first = self._consumed.setdefault(token_id, now if at is None else at)
        return now - first <= CONSUMED_SECONDS
