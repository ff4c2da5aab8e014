# SPDX-License-Identifier: Apache-2.0 - what a test sees of a browser that is sent away, and one that follows
"""Handshakes taken apart, and a browser of a few lines that follows redirects.

    away = handshake(site.get(headers=NAVIGATION, cookies=jar))
    assert away.reason == "session-token-nbf" and away.query["redirect_url"] == site.url(PAGE)
"""
from __future__ import annotations

import time
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import http_message
from clerk_site import NAVIGATION, PAGE, ClerkSite
from http_message import Response
from standin.users import User

EXPIRED_AT = 60   # seconds ago
COUNTER = "__clerk_redirect_count={}; Path=/; SameSite=Lax; HttpOnly; Max-Age=2"


class Handshake(NamedTuple):
    """Where a browser is sent, and with what."""
    endpoint: str           # the URL without its query
    query: dict[str, str]
    names: list[str]        # of the query, in order

    @property
    def reason(self) -> str:
        return self.query["__clerk_hs_reason"]

    @property
    def back(self) -> str:
        return self.query["redirect_url"]


def redirect(answer: Response) -> Handshake:
    """The parts of a 307, which nobody may keep."""
    assert answer.status == 307, f"{answer.status} {answer.headers}"
    assert answer.header("Cache-Control") == "no-store"
    assert "WWW-Authenticate" not in answer
    endpoint, _, query = answer.location.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    assert len(pairs) == len(dict(pairs)), f"a parameter stands twice: {query}"
    return Handshake(endpoint, dict(pairs), [name for name, _ in pairs])


def handshake(answer: Response, count: int = 1) -> Handshake:
    """A redirect to the Frontend API, counted in a cookie."""
    away = redirect(answer)
    assert away.endpoint.endswith("/v1/client/handshake"), away.endpoint
    assert answer.cookies == [COUNTER.format(count)]
    assert answer.header("X-Seen-Status") == "handshake"
    assert answer.header("X-Seen-Reason") == away.reason
    assert answer.header("X-Seen-User") is None
    return away


def visit(site: ClerkSite, target: str = PAGE, *, headers=NAVIGATION, **how) -> Response:
    """A person opens a page."""
    return site.get(target, headers=headers, **how)


def expired(site: ClerkSite, user: User, **claims) -> str:
    """A session token that was good and is no more."""
    now = int(time.time())
    return site.mint.session(user, **{"iat": now - 2 * EXPIRED_AT, "nbf": now - 2 * EXPIRED_AT,
                                      "exp": now - EXPIRED_AT, **claims})


class Browser:
    """Keeps cookies by host, without regard to ports, as browsers do, and follows redirects.

    `hosts` maps a host name (and port) as it stands in URLs to the port where it listens.
    """

    def __init__(self, hosts: dict[str, int], headers=NAVIGATION, **cookies: str):
        self.hosts, self.headers = hosts, dict(headers)
        self.jars: dict[str, dict[str, str]] = {}
        self.cookies = cookies          # of the first host that is asked
        self.trail: list[str] = []      # every URL asked

    def open(self, url: str, form: dict[str, str] | None = None, limit: int = 12) -> Response:
        """The answer where redirects end; `trail` has the way. A form is posted."""
        answer = self.ask(url, form)
        for _ in range(limit):
            if answer.status not in (302, 303, 307) or \
                    urlsplit(answer.location).netloc not in self.hosts:
                return answer
            answer = self.ask(answer.location)
        raise AssertionError(f"still redirected after {limit}: {self.trail}")

    def ask(self, url: str, form: dict[str, str] | None = None) -> Response:
        """One request, and its cookies kept."""
        self.trail.append(url)
        parts = urlsplit(url)
        jar = self.jars.setdefault(parts.hostname, dict(self.cookies))
        self.cookies = {}
        headers = {**self.headers, "Cookie": "; ".join(f"{n}={v}" for n, v in jar.items())}
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = http_message.request(
            self.hosts[parts.netloc], "GET" if form is None else "POST", target, headers,
            None if form is None else urlencode(form).encode(), host=parts.netloc)
        for line in answer.cookies:
            self._keep(jar, line)
        return answer

    @staticmethod
    def _keep(jar: dict[str, str], line: str) -> None:
        pair, *attributes = [word.strip() for word in line.split(";")]
        name, _, value = pair.partition("=")
        jar[name] = value
        if "Max-Age=0" in attributes:
            del jar[name]
