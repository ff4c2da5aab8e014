# SPDX-License-Identifier: Apache-2.0 - a browser between an application that the SDK guards and the stand-in
"""Redirects and cookies between the SDK, as the application, and the stand-in, as Clerk."""
from __future__ import annotations

import http.client
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from sdk.judge import Judge
from standin.client import InstanceHandle, Standin

DOCUMENT = {"sec-fetch-dest": "document", "accept": "text/html"}
MOST_REDIRECTS = 10


class Browser:
    """Keeps the application's cookies and the Frontend API's apart, as two hosts are.

    A Set-Cookie of the Frontend API with a Domain goes to the application too.
    """

    def __init__(self, clerk: Standin, instance: InstanceHandle, judge: Judge, fapi: str,
                 **options: Any):
        self._clerk, self._instance, self._judge = clerk, instance, judge
        self._fapi = fapi
        self._options = options
        self.app: dict[str, str] = {}
        self.clerk_jar: dict[str, str] = {}
        self.reasons: list[str] = []   # of the handshakes on the way

    def open(self, url: str) -> dict[str, Any]:
        """Follow redirects; the SDK's verdict on the last request, with its `url`."""
        self.reasons = []
        self.app.pop("__clerk_redirect_count", None)   # a person clicks more than 2 s later
        for _ in range(MOST_REDIRECTS):
            verdict = self._judge.ask(url=url, headers=DOCUMENT, cookies=self.app,
                                      options=self._options)
            assert verdict["status"] != "error", verdict
            _keep(self.app, verdict["setCookie"])
            if verdict["location"] is None:
                return {**verdict, "url": url}
            if verdict["status"] == "handshake":
                self.reasons.append(verdict["reason"])
            url = verdict["location"]
            if urlsplit(url).netloc == self._fapi:
                url = self.ask(url)
        raise AssertionError(f"redirected {MOST_REDIRECTS} times: {self.reasons}")

    def ask(self, url: str, form: dict[str, str] | None = None) -> str:
        """One request to the Frontend API; returns where it leads."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(urlsplit(self._clerk.url).netloc, timeout=10)
        try:
            connection.request(
                "GET" if form is None else "POST",
                f"/fapi/{self._instance.name}{parts.path}?{parts.query}", urlencode(form or {}),
                {"Host": parts.netloc, "Content-Type": "application/x-www-form-urlencoded",
                 "Cookie": "; ".join(f"{name}={value}" for name, value
                                     in self.clerk_jar.items())})
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        lines = answer.headers.get_all("Set-Cookie") or []
        _keep(self.clerk_jar, lines)
        _keep(self.app, [line for line in lines if "; Domain=" in line])
        assert answer.status in (303, 307), answer.status
        return answer.headers["Location"]

    def sign_in(self, user, redirect_url: str, **query: str) -> dict[str, Any]:
        url = f"https://{self._fapi}/sign-in?{urlencode(query)}"
        return self.open(self.ask(url, {"user": user.key, "redirect_url": redirect_url}))

    def forget(self, name: str) -> None:
        """Drop an application's cookie, suffixed or not."""
        for each in (name, f"{name}_{self._instance.cookie_suffix}"):
            self.app.pop(each, None)

    def replace_session(self, token: str) -> None:
        for name in [one for one in self.app if one.startswith("__session")]:
            self.app[name] = token


def _keep(jar: dict[str, str], lines: list[str]) -> None:
    for line in lines:
        for name, cookie in SimpleCookie(line).items():
            if cookie["max-age"] == "0":
                jar.pop(name, None)
            else:
                jar[name] = cookie.value
