# SPDX-License-Identifier: Apache-2.0 - one request under one setup, and the two ways to send it
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Iterable
from urllib.parse import quote

from .setups import Setup, World

# Stands where a nonce goes: each side redeems one of its own, for the same directives.
NONCE = "@nonce@"


@dataclass
class Case:
    setup: Setup
    method: str = "GET"
    path: str = "/page"
    query: list[tuple[str, str]] = field(default_factory=list)
    raw_query: str = ""                       # behind the other, as it is
    headers: list[tuple[str, str]] = field(default_factory=list)
    cookies: list[tuple[str, str]] = field(default_factory=list)
    directives: list[str] | None = None       # what the nonce stands for
    shows: int | None = None                  # the difference that this case is there to show
    instead: Callable[..., Any] | None = None    # (case, the SDK's verdict): what it expects
    like: "Case | None" = None                # expect what the SDK says of that one
    before: Callable[[World], None] | None = None    # what happens before it is asked
    machine_sent: bool = False                # a machine's token is in Authorization
    two_dev_browsers: bool = False            # which one sign-in gets is not compared
    what: list[str] = field(default_factory=list)
    nonces: tuple[str, str] = ("", "")
    sign_in: Any = None                       # where the SDK would have somebody sign in

    def prepare(self, world: World) -> None:
        """Make the nonces, shortly before they are redeemed."""
        if self.directives is not None:
            keep = world.of(self.setup).new_handshake
            self.nonces = (keep(self.directives), keep(self.directives))

    # ---- the request

    def target(self, nonce: str) -> str:
        pairs = "&".join(f"{quote(name)}={quote(value.replace(NONCE, nonce), safe='')}"
                         for name, value in self.query)
        query = "&".join(filter(None, (pairs, self.raw_query)))
        return f"/{self.setup.name}{self.path}" + (f"?{query}" if query else "")

    def header_list(self, nonce: str) -> list[tuple[str, str]]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies)
        return self.headers + ([("Cookie", cookies.replace(NONCE, nonce))] if cookies else [])

    def question(self, world: World) -> dict[str, Any]:
        """For the SDK. Repeated headers are joined, as the Fetch API does."""
        headers: dict[str, str] = {"host": self.setup.site.partition("//")[2]}
        for name, value in self.header_list(self.nonces[0]):
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return {"url": self.setup.site + self.target(self.nonces[0]), "method": self.method,
                "headers": headers, "options": self.setup.options(world),
                "signIn": {"devBrowserToken": self.dev_browser()}}

    def dev_browser(self) -> str | None:
        if not self.setup.development:
            return None
        return next((value for name, value in self.query if name == "__clerk_db_jwt" and value),
                    next((value for name, value in self.cookies
                          if name.startswith("__clerk_db_jwt") and value), None))

    # ---- what kind of request it is

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def navigation(self) -> bool:
        """A page that a browser opens: it can be sent to sign in."""
        destination = self.header("sec-fetch-dest")
        page = destination in ("document", "iframe") if destination else \
            "text/html" in (self.header("accept") or "")
        return self.method in ("GET", "HEAD") and page

    def __str__(self) -> str:
        return (f"{self.method} {self.target(NONCE)} under {self.setup}\n"
                f"    {', '.join(self.what)}\n"
                f"    headers {_short(self.headers)}\n    cookies {_short(self.cookies)}")


def _short(pairs: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"{name}={value if len(value) < 70 else value[:30] + '…' + value[-8:]}"
                    for name, value in pairs)
