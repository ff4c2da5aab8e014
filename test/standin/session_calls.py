# SPDX-License-Identifier: Apache-2.0 - makes and changes sessions, handshakes and templates for tests
"""The part of the tests' client that is about sessions.

    session = clerk.new_session(MEMBER)
    expired = clerk.mint.session(MEMBER, sid=session.id, iat=NOW - 120, exp=NOW - 60)
    ... cookies __session=expired, __refresh_<suffix>=session.refresh_token ...
    clerk.change_session(session, status="ended")     # "signed out elsewhere"

    nonce = clerk.new_handshake([f"__session={token}; Path=/"])
    clerk.set_template("billing", lifetime=120, claims={"email": "{{user.primary_email_address}}"})
"""
from __future__ import annotations

from typing import Any, Callable, Iterable, NamedTuple

from .users import User


class IssuedSession(NamedTuple):
    id: str
    refresh_token: str
    status: str
    user: str
    organization_id: str | None


class SessionCalls:
    """Needs `_call` and `name` of the instance."""
    name: str
    _call: Callable[..., Any]

    def new_session(self, user: User) -> IssuedSession:
        """A session of a user, as if begun in some browser."""
        return self._session("", user=user.id)

    def session(self, session_id: str) -> IssuedSession:
        """What is known of a session; that of minted tokens is `user.session_id`."""
        return self._session("/find", session=session_id)

    def change_session(self, session: IssuedSession | str, **fields: str) -> IssuedSession:
        """Give it another `status`, `organization` (id or slug, empty for none) or `user`."""
        session_id = session if isinstance(session, str) else session.id
        return self._session("/change", session=session_id, **fields)

    def consume(self, expired_token: str) -> None:
        """As if this token had been exchanged for a fresh one long ago."""
        self._call("/sessions/consume", instance=self.name, token=expired_token)

    def _session(self, path: str, **fields: Any) -> IssuedSession:
        return IssuedSession(**self._call(f"/sessions{path}", instance=self.name, **fields))

    def set_session_lifetime(self, seconds: int) -> None:
        """Of tokens that the stand-in itself makes at sign-in, handshake and refresh."""
        self._call("/session-lifetime", instance=self.name, seconds=seconds)

    def new_handshake(self, directives: Iterable[str]) -> str:
        """A nonce under which the Backend API has these Set-Cookie values, once."""
        return self._call("/handshake-payloads", instance=self.name,
                          directives=list(directives))["nonce"]

    def set_template(self, template: str, *, lifetime: int = 60,
                     claims: dict[str, Any] | None = None) -> None:
        """Register a JWT template; shortcodes as in `jwt_templates.shortcodes`."""
        self._call("/jwt-templates", instance=self.name, name=template, lifetime=lifetime,
                   claims=claims or {})
