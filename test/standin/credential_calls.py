# SPDX-License-Identifier: Apache-2.0 - makes machines, OAuth clients and opaque tokens for tests
"""The part of the tests' client that is about machines and their tokens.

    api = clerk.new_machine("api")                       # ClerkMachineSecretKey: api.secret_key
    token = clerk.new_m2m_token(claims={"tier": "gold"})
    ... Authorization: Bearer token.secret ...
    clerk.revoke(token)
"""
from __future__ import annotations

from typing import Any, Callable, NamedTuple

from .machines import Machine, OAuthClient
from .users import ADMIN, User


class IssuedToken(NamedTuple):
    """An opaque token: `secret` is what its holder sends."""
    kind: str
    id: str
    secret: str
    subject: str


class CredentialCalls:
    """Needs `_call` and `name` of the instance; `_remember` takes the instance's state.

    An instance begins with the machines `sender` and `receiver` and the OAuth client
    `oauth_client`: those of the JWTs that `mint.m2m` and `mint.oauth` make.
    """
    name: str
    _call: Callable[..., Any]

    def _remember(self, state: dict[str, Any]) -> None:
        machines = [Machine(**fields) for fields in state["machines"]]
        self.sender, self.receiver = machines[:2]
        self.oauth_client = OAuthClient(**state["oauth_clients"][0])

    def new_machine(self, name: str, **fields: Any) -> Machine:
        """Another machine; `fields` are those of `machines.Machine`."""
        return Machine(**self._call("/machines", instance=self.name, name=name, **fields))

    def new_oauth_client(self, name: str, **fields: Any) -> OAuthClient:
        return OAuthClient(**self._call("/oauth-clients", instance=self.name, name=name,
                                        **fields))

    def configure_oauth(self, *, consent: str | None = None,
                        token_format: str = "opaque") -> None:
        """`consent`: a user who agrees without being asked; `token_format`: opaque or jwt."""
        self._call("/oauth", instance=self.name, consent=consent, token_format=token_format)

    def new_m2m_token(self, machine: Machine | None = None, **fields: Any) -> IssuedToken:
        """An `mt_…` of a machine; `fields` are those of `opaque_tokens.M2MToken`."""
        if machine is not None:
            fields = {"subject": machine.id, "scopes": list(machine.scopes), **fields}
        return self._issue("m2m_token", fields)

    def new_oauth_token(self, user: User = ADMIN, client: OAuthClient | None = None,
                        **fields: Any) -> IssuedToken:
        """An `oat_…` of a client for a user; `fields` as in `opaque_tokens.OAuthToken`."""
        client = client or self.oauth_client
        return self._issue("oauth_token", {"subject": user.id, "client_id": client.id, **fields})

    def new_api_key(self, subject: str = ADMIN.id, **fields: Any) -> IssuedToken:
        """An `ak_…` of a user's or an organization's id; fields as in `opaque_tokens.ApiKey`."""
        return self._issue("api_key", {"subject": subject, **fields})

    def _issue(self, kind: str, fields: dict[str, Any]) -> IssuedToken:
        made = self._call("/opaque-tokens", instance=self.name, kind=kind, **fields)
        return IssuedToken(**made)

    def change_token(self, token: IssuedToken, **fields: Any) -> None:
        """Set fields of a token: `expired`, `scopes`, `answer`, …"""
        self._call("/opaque-tokens/change", instance=self.name, token=token.secret, **fields)

    def revoke(self, token: IssuedToken, reason: str | None = None) -> None:
        self.change_token(token, revoked=True, revocation_reason=reason)

    def enable_api_keys(self, enabled: bool) -> None:
        """Off: the endpoint answers 422 api_keys_not_enabled."""
        self._call("/api-keys", instance=self.name, enabled=enabled)
