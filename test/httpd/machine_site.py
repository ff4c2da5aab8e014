# SPDX-License-Identifier: Apache-2.0 - a site where machines call, and what Clerk was asked about their tokens
"""A site with a section for each of the ways to accept tokens.

    site = MachineSite(module_httpd, _standin_program)
    key = site.clerk.new_api_key(scopes=["notes:read"])
    with site.calls() as calls:
        answer = site.get("/key/page.txt", bearer=key.secret)
    assert calls == [verification("api_key", key.secret, site.clerk.secret_key)]
    assert facts(answer)["CLERK_SUBJECT"] == key.subject
"""
from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import Any, Iterator, NamedTuple

from clerk_site import ClerkSite, production
from http_message import Response
from standin.client import InstanceHandle, Standin

# Where each set of types is accepted.
ACCEPTING = {"key": "api_key", "m2m": "m2m_token", "oauth": "oauth_token", "any": "any",
             "list": "m2m_token api_key", "mixed": "session_token api_key",
             "all": "api_key m2m_token oauth_token session_token", "app": "session_token"}
SECTION_OF = {"api_key": "key", "m2m_token": "m2m", "oauth_token": "oauth"}

# Endpoint, path, and member of the body by which tokens of a type are verified.
ENDPOINTS = {"api_key": ("backend.api_key_verify", "/api_keys/verify", "secret"),
             "m2m_token": ("backend.m2m_verify", "/m2m_tokens/verify", "token"),
             "oauth_token": ("backend.oauth_verify",
                             "/oauth_applications/access_tokens/verify", "access_token")}

# What is told of a request, whether it was let in or not.
TOLD = ("CLERK_TOKEN_TYPE", "CLERK_AUTH_STATUS", "CLERK_AUTH_REASON", "CLERK_DENIED_BY",
        "CLERK_USER_ID", "CLERK_ORG_ID", "CLERK_SESSION_ID", "CLERK_ORG_ROLE", "CLERK_ACTOR",
        "CLERK_SUBJECT", "CLERK_TOKEN_ID", "CLERK_TOKEN_NAME", "CLERK_SCOPES",
        "CLERK_MACHINE_ID", "CLERK_CLIENT_ID", "CLERK_CLAIMS", "REMOTE_USER")

NOT_VALID = (b'{"error":"not_authenticated","description":'
             b'"The token that was sent is not valid here."}')
NEEDS_MACHINE = (b'{"error":"not_authenticated","description":'
                 b'"This needs a machine token: send one in Authorization."}')
NEEDS_ANY = (b'{"error":"not_authenticated","description":'
             b'"This needs a signed-in user or a machine: send a token."}')
NOT_ALLOWED = b'{"error":"not_authorized","description":"The token does not allow this."}'
UNAVAILABLE = (b'{"error":"temporarily_unavailable","description":'
               b'"The token cannot be checked at the moment; try again."}')
DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
UNDECIDED = r"\[clerk_auth:error\].*not authenticated: "
CHALLENGE = 'Bearer realm="Example"'
INVALID = f'{CHALLENGE}, error="invalid_token"'
LACKS_SCOPE = f'{CHALLENGE}, error="insufficient_scope"'


def accepting(path: str, types: str, *lines: str) -> str:
    """A protected section where these types count."""
    return "\n".join([f"<Location /{path}>", "AuthType Clerk", "AuthName Example",
                      f"ClerkAcceptsToken {types}", *(lines or ["Require valid-user"]),
                      "</Location>"])


SECTIONS = "\n".join(accepting(path, types) for path, types in ACCEPTING.items())


class Call(NamedTuple):
    """One request to the Backend API; the parts of it that matter."""
    method: str
    path: str
    query: dict
    bearer: str | None
    body: Any


def verification(kind: str, secret: str, bearer: str) -> Call:
    """The request by which a token of this kind is verified."""
    _, path, member = ENDPOINTS[kind]
    return Call("POST", path, {}, bearer, {member: secret})


class MachineSite(ClerkSite):
    """A page in each section, which says the section's name, and a production instance."""
    SECTIONS = SECTIONS

    def __init__(self, start, standin: Standin, *lines: str, sections: str = SECTIONS,
                 clerk: InstanceHandle | None = None, **options):
        self.standin = standin
        told = [f'Header always set {field_of(name)} "%{{{name}}}e" env={name}'
                for name in TOLD if name != "REMOTE_USER"]
        told.append(f'Header always set {field_of("REMOTE_USER")} "expr=%{{REMOTE_USER}}"')
        super().__init__(start, clerk or production(standin), *told, *lines,
                         sections=sections, **options)
        for path in ACCEPTING:
            self.httpd.write(f"{path}/page.txt", path)

    def ask(self, path: str, bearer: str | None = None, method: str = "GET",
            **how) -> Response:
        """The page of a section."""
        return self.request(method, f"/{path}/page.txt", bearer=bearer, **how)

    @contextmanager
    def calls(self) -> Iterator[list[Call]]:
        """Fills the list with what the Backend API is asked about tokens meanwhile."""
        start = time.time()
        found: list[Call] = []
        yield found
        endpoints = {endpoint for endpoint, *_ in ENDPOINTS.values()}
        found += [call_of(entry) for entry in self.standin.requests()
                  if entry["at"] >= start and entry["endpoint"] in endpoints]

    def count(self, kind: str) -> int:
        """How often this instance's endpoint for tokens of a type was asked in all."""
        counts = self.standin.counters()["by_instance"]
        return counts.get(f"{self.clerk.name}/{ENDPOINTS[kind][0]}", 0)

    def fault(self, kind: str, what: str, **parameters: Any) -> None:
        """Make this instance's endpoint for tokens of a type misbehave."""
        self.standin.fault(f"{self.clerk.name}/{ENDPOINTS[kind][0]}", what, **parameters)


def call_of(entry: dict[str, Any]) -> Call:
    scheme, _, bearer = entry["headers"].get("authorization", "").partition(" ")
    return Call(entry["method"], entry["path"], entry["query"],
                bearer if scheme == "Bearer" else None, json.loads(entry["body"]))


def field_of(name: str) -> str:
    """X-Told-Subject of CLERK_SUBJECT."""
    return "X-Told-" + name.removeprefix("CLERK_").replace("_", "-").title()


def facts(answer: Response) -> dict[str, str]:
    """What the module exported for a request, by the name of the variable."""
    found = {name: answer.header(field_of(name)) for name in TOLD}
    return {name: value for name, value in found.items() if value}


def outcome(answer: Response) -> tuple[int, str | None]:
    """Status and reason."""
    return answer.status, facts(answer).get("CLERK_AUTH_REASON")
