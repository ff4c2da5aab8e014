# SPDX-License-Identifier: Apache-2.0 - what an instance remembers as an OAuth authorization server
"""Authorization codes and refresh tokens of one instance, and how its access tokens are made."""
from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .machines import new_secret
from .tokens import OMIT

if TYPE_CHECKING:
    from .instances import Instance

CODE_SECONDS = 60.0
ACCESS_TOKEN_SECONDS = 86400
FORMATS = ("opaque", "jwt")


@dataclass(frozen=True)
class Grant:
    """What a user allowed a client to do, and where."""
    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    resource: str | None = None      # RFC 8707, becomes the audience
    redirect_uri: str = ""
    challenge: str = ""
    made_at: float = 0.0

    def answers(self, verifier: str) -> bool:
        """PKCE with S256 (RFC 7636, section 4.6)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return secrets.compare_digest(made, self.challenge)


class OAuthGrants:
    """`consent`: the key of a user who agrees to everything without being asked; else the
    person at the browser is. `token_format`: opaque `oat_…`, or JWTs of type at+jwt."""

    def __init__(self) -> None:
        self.consent: str | None = None
        self.token_format = FORMATS[0]
        self._lock = threading.Lock()
        self._codes: dict[str, Grant] = {}
        self._refresh_tokens: dict[str, Grant] = {}

    def configure(self, *, consent: str | None = None, token_format: str = FORMATS[0]) -> None:
        if token_format not in FORMATS:
            raise ValueError(f"token_format must be one of {', '.join(FORMATS)}")
        self.consent, self.token_format = consent, token_format

    def code(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes[code] = grant
        return code

    def redeem_code(self, code: str) -> Grant | None:
        """Once, and not for long."""
        with self._lock:
            grant = self._codes.pop(code, None)
        return grant if grant and time.monotonic() - grant.made_at < CODE_SECONDS else None

    def redeem_refresh_token(self, token: str) -> Grant | None:
        """Once: the answer brings another."""
        with self._lock:
            return self._refresh_tokens.pop(token, None)

    def tokens(self, instance: Instance, grant: Grant) -> dict[str, Any]:
        """The body of a successful token response (RFC 6749, section 5.1)."""
        refresh = secrets.token_urlsafe(32)
        with self._lock:
            self._refresh_tokens[refresh] = grant
        return {"access_token": self._access_token(instance, grant), "token_type": "Bearer",
                "expires_in": ACCESS_TOKEN_SECONDS, "refresh_token": refresh,
                "scope": " ".join(grant.scopes)}

    def _access_token(self, instance: Instance, grant: Grant) -> str:
        if self.token_format == "jwt":
            user = instance.users.find(grant.user_id)
            return instance.minter().oauth(
                user, seconds=ACCESS_TOKEN_SECONDS, client_id=grant.client_id,
                scope=" ".join(grant.scopes), aud=[grant.resource] if grant.resource else OMIT)
        return instance.credentials.issue("oauth_token", {
            "secret": new_secret("oat_"), "subject": grant.user_id,
            "scopes": list(grant.scopes), "client_id": grant.client_id,
            "aud": [grant.resource] if grant.resource else None,
            "expiration": time.time() + ACCESS_TOKEN_SECONDS}).secret
