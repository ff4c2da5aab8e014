# SPDX-License-Identifier: Apache-2.0 - follows links, forms and redirects like a browser, with its cookies
"""Just enough of a browser to click through the quickstart."""
from __future__ import annotations

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPMessage

ACCEPT = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Dest": "document",
          "Sec-Fetch-Mode": "navigate"}


@dataclass
class Answer:
    url: str
    status: int
    headers: HTTPMessage
    text: str


class _ShowRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None


class Client:
    """Sends single requests and keeps cookies."""

    def __init__(self) -> None:
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar),
            _ShowRedirects)

    def ask(self, url: str, headers: dict[str, str] | None = None,
            form: dict[str, str] | None = None) -> Answer:
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, data, headers or {})
        try:
            reply = self._opener.open(request, timeout=20)
        except urllib.error.HTTPError as refusal:
            reply = refusal
        with reply:
            return Answer(url, reply.status, reply.headers, reply.read().decode())

    def forget(self, *prefixes: str) -> None:
        """Drop the cookies whose names begin so."""
        for cookie in list(self.jar):
            if cookie.name.startswith(prefixes):
                self.jar.clear(cookie.domain, cookie.path, cookie.name)

    def cookie(self, name: str) -> str:
        return next((cookie.value for cookie in self.jar if cookie.name == name), "")


@dataclass
class _Target:
    """What a click does: open a URL, or send a form."""
    label: str
    url: str
    form: dict[str, str] | None = None


@dataclass
class _Page(HTMLParser):
    """Links and buttons of a page by the words on them."""
    text: str
    targets: list[_Target] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._action, self._fields = "", {}
        self._open: _Target | None = None
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        if tag == "form":
            self._action, self._fields = found["action"], {}
        elif tag == "input":
            self._fields[found["name"]] = found.get("value", "")
        elif tag == "button":
            chosen = {found["name"]: found["value"]} if "name" in found else {}
            self._begin(_Target("", self._action, {**self._fields, **chosen}))
        elif tag == "a" and "href" in found:
            self._begin(_Target("", found["href"]))

    def _begin(self, target: _Target) -> None:
        self._open = target
        self.targets.append(target)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("a", "button"):
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.label += data


class Browser:
    """Has one page open."""

    def __init__(self) -> None:
        self.client = Client()
        self.page: Answer | None = None

    def open(self, url: str, form: dict[str, str] | None = None) -> Answer:
        """Follow redirects to where they lead."""
        for _ in range(10):
            answer = self.client.ask(url, ACCEPT, form)
            if answer.status not in (301, 302, 303, 307, 308):
                self.page = answer
                return answer
            url, form = urllib.parse.urljoin(url, answer.headers["Location"]), None
        raise LookupError(f"redirected in a circle, last to {url}")

    def click(self, label: str) -> Answer:
        """The link or button with exactly these words."""
        for target in _Page(self.page.text).targets:
            if target.label == label:
                return self.open(urllib.parse.urljoin(self.page.url, target.url), target.form)
        raise LookupError(f'{self.page.url} has no link or button "{label}"')
