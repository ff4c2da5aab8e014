# SPDX-License-Identifier: Apache-2.0 - fixtures of the stand-in's own tests
"""A running stand-in, and a way to ask it that follows no redirect."""
from __future__ import annotations

import http.client
from typing import Callable, NamedTuple
from urllib.parse import urlsplit

import pytest

from standin.client import Standin


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


Ask = Callable[..., Answer]


@pytest.fixture
def clerk():
    with Standin.start() as running:
        yield running


@pytest.fixture
def ask(clerk: Standin) -> Ask:
    def send(path: str, method: str = "GET", body: str | bytes | None = None, timeout: float = 10,
             url: str = clerk.url, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
    return send
