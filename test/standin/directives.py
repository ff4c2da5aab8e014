# SPDX-License-Identifier: Apache-2.0 - the Set-Cookie texts that a handshake or a refresh brings
"""Directives: Set-Cookie values that the application's server hands on to the browser."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .instances import Instance
    from .sessions import Session

SESSION, CLIENT_UAT, REFRESH, DEV_BROWSER = (
    "__session", "__client_uat", "__refresh", "__clerk_db_jwt")
YEAR = 365 * 24 * 3600
GONE = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True)
class CookieJar:
    """How cookies for one application are written.

    `origin` is the application's; `domain` is what it has in common with the Frontend API,
    in production; `suffixed` adds the names that end in the instance's suffix.
    """
    instance: Instance
    origin: str
    suffixed: bool
    domain: str | None = None

    def signed_in(self, session: Session, client_uat: int) -> list[str]:
        token = self.instance.session_token(session, self.origin)
        return [*self.session_token(token), *self.client_uat(client_uat),
                self._refresh(session.refresh_token, f"; Max-Age={YEAR}")]

    def signed_out(self) -> list[str]:
        return [*self._named(SESSION, "", GONE), *self.client_uat(0), self._refresh("", GONE)]

    def session_token(self, token: str) -> list[str]:
        return self._named(SESSION, token, f"; Max-Age={YEAR}")

    def dev_browser(self, token: str) -> list[str]:
        return self._named(DEV_BROWSER, token, f"; Max-Age={YEAR}")

    def transient(self, name: str, value: str, seconds: int) -> str:
        """A cookie that carries a handshake's result from the Frontend API to the application."""
        return self._cookie(name, value, f"; Max-Age={seconds}; HttpOnly", self.domain)

    def client_uat(self, value: int) -> list[str]:
        return self._named(CLIENT_UAT, str(value), f"; Max-Age={YEAR}", self.domain)

    def _refresh(self, value: str, lifetime: str) -> str:
        return self._cookie(f"{REFRESH}_{self.instance.cookie_suffix}", value,
                            lifetime + "; HttpOnly")

    def _named(self, name: str, value: str, attributes: str,
               domain: str | None = None) -> list[str]:
        names = [name, f"{name}_{self.instance.cookie_suffix}"] if self.suffixed else [name]
        return [self._cookie(each, value, attributes, domain) for each in names]

    def _cookie(self, name: str, value: str, attributes: str, domain: str | None = None) -> str:
        place = f"; Domain={domain}" if domain else ""
        secure = "; Secure" if self.origin.startswith("https:") else ""
        return f"{name}={value}; Path=/{place}{attributes}; SameSite=Lax{secure}"
