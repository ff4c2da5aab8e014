# SPDX-License-Identifier: Apache-2.0 - requests byte for byte as a test wants them, and their answers
"""A small HTTP client that hides nothing: no redirects, no cookies, no added headers."""
from __future__ import annotations

import http.client
import io
import json
import socket
import ssl
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Mapping, Union

HeaderList = Iterable[tuple[str, str]]
HeadersIn = Union[Mapping[str, str], HeaderList]


@dataclass
class Response:
    """Status, headers in their order with every repetition, and the body."""
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes
    version: str = "HTTP/1.1"
    request: str = field(default="", repr=False)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The one value of a header; several are a failure, none is None."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))

    @property
    def location(self) -> str | None:
        return self.header("Location")

    @property
    def cookies(self) -> list[str]:
        return self.all("Set-Cookie")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def json(self) -> Any:
        return json.loads(self.body)


def header_pairs(headers: HeadersIn | None) -> list[tuple[str, str]]:
    if headers is None:
        return []
    return list(headers.items() if isinstance(headers, Mapping) else headers)


def request(port: int, method: str, target: str, headers: HeadersIn | None = None,
            body: bytes | None = None, *, host: str | None = None, timeout: float = 20.0,
            tls: ssl.SSLContext | None = None, sni: str = "localhost") -> Response:
    """One request on a connection of its own. `Host` is `host`, or localhost:PORT, unless
    the headers have one; a name may be given several times as a list of pairs."""
    pairs = header_pairs(headers)
    connection = _Connection(port, timeout, tls, sni)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if not any(name.lower() == "host" for name, _ in pairs):
            connection.putheader("Host", host or f"localhost:{port}")
        for name, value in pairs:
            connection.putheader(name, value)
        if body is not None and not any(name.lower() in ("content-length", "transfer-encoding")
                                        for name, _ in pairs):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return _received(connection.getresponse(), f"{method} {target}")
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    """To 127.0.0.1, with TLS to a name that needs no resolver."""

    def __init__(self, port: int, timeout: float, tls: ssl.SSLContext | None, sni: str):
        super().__init__("127.0.0.1", port, timeout=timeout)
        self._tls, self._sni = tls, sni

    def connect(self) -> None:
        super().connect()
        if self._tls:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._sni)


def _received(reply: http.client.HTTPResponse, what: str) -> Response:
    body = reply.read()
    version = {10: "HTTP/1.0", 11: "HTTP/1.1"}[reply.version]
    return Response(reply.status, reply.reason, reply.getheaders(), body, version, what)


def exchange_bytes(port: int, sent: bytes, timeout: float = 20.0) -> bytes:
    """Send these bytes and return all that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as peer:
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR)
        received = bytearray()
        while chunk := peer.recv(65536):
            received += chunk
        return bytes(received)


def parse_response(received: bytes, method: str = "GET") -> Response:
    """The first response in these bytes (HTTP/1.x)."""
    reply = http.client.HTTPResponse(_Bytes(received), method=method)
    reply.begin()
    return _received(reply, "raw bytes")


class _Bytes:
    """The one method of a socket that http.client reads a response with."""

    def __init__(self, content: bytes):
        self._content = content

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def curl(url: str, *options: str, timeout: float = 20.0) -> Response:
    """By the curl program: HTTP/2 (`--http2-prior-knowledge`, `--http2`) and the like."""
    with tempfile.TemporaryDirectory(prefix="clerk-curl-") as directory:
        head, body = Path(directory, "head"), Path(directory, "body")
        command = ["curl", "--silent", "--show-error", "--max-time", str(timeout),
                   "--dump-header", str(head), "--output", str(body), *options, url]
        subprocess.run(command, check=True, capture_output=True, text=True)
        # An upgrade or a 100 Continue leaves a block of its own before the answer's.
        block = head.read_bytes().decode("latin-1").strip().split("\r\n\r\n")[-1]
        first, *fields = block.split("\r\n")
        version, status, *reason = first.split(" ", 2)
        pairs = [(name, value.strip()) for name, _, value in
                 (line.partition(":") for line in fields)]
        content = body.read_bytes() if body.exists() else b""
        return Response(int(status), "".join(reason), pairs, content, version, url)
