# SPDX-License-Identifier: Apache-2.0 - one request, one response, and the way between them
"""Requests and responses as the endpoints see them, and the table that joins them."""
from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Callable
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]          # lower-case names; repeated ones joined by a comma
    body: bytes = b""
    scheme: str = "http"             # how it came
    path: str = field(init=False)
    query: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        # A target that begins with two slashes is a path, not a host.
        parts = urlsplit("//host" + self.target if self.target.startswith("/") else self.target)
        self.path = parts.path or "/"
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    def cookie(self, name: str) -> str | None:
        """The first cookie of that name (RFC 6265, section 5.4)."""
        for pair in self.headers.get("cookie", "").split(";"):
            key, separator, value = pair.strip(" \t").partition("=")
            if separator and key == name:
                return value
        return None

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        return json.loads(self.body or b"{}")


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)


def json_response(value: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode(), "application/json")


def html_response(text: str, status: int = 200) -> Response:
    return Response(status, text.encode(), "text/html; charset=utf-8",
                    [("Cache-Control", "no-store")])


def redirect(location: str, status: int = 303) -> Response:
    return Response(status, headers=[("Location", location), ("Cache-Control", "no-store")])


def clerk_error(status: int, code: str, message: str, long_message: str | None = None,
                meta: dict[str, Any] | None = None) -> Response:
    """Clerk's error envelope: a list of errors and a trace id."""
    error: dict[str, Any] = {"code": code, "message": message,
                             "long_message": long_message or message}
    if meta:
        error["meta"] = meta
    return json_response(
        {"errors": [error], "clerk_trace_id": secrets.token_hex(16)}, status)


def not_found() -> Response:
    return clerk_error(404, "resource_not_found", "not found",
                       "The requested resource could not be found.")


@dataclass(frozen=True)
class Route:
    """An endpoint: its name in counters and faults, and what answers it.

    The pattern is matched against the whole path; its groups become arguments,
    percent-decoded.
    """
    name: str
    method: str
    pattern: str
    answer: Callable[..., Response]

    def match(self, request: Request) -> list[str] | None:
        method = "GET" if request.method == "HEAD" else request.method
        found = re.fullmatch(self.pattern, request.path) if method == self.method else None
        return [unquote(group) for group in found.groups()] if found else None
