# SPDX-License-Identifier: Apache-2.0 - HTTP/1.1 listeners that can also misbehave
"""A threaded HTTP/1.1 server whose connections can be broken in the middle."""
from __future__ import annotations

import select
import socket
import socketserver
import ssl
import sys
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Callable, TextIO

from .exchange import Request, Response

MAX_BODY = 4 * 1024 * 1024
IDLE_SECONDS = 120


class Handler(BaseHTTPRequestHandler):
    """Reads one request after the other and hands each to the server's `exchange`."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: "Listener"

    def setup(self) -> None:
        super().setup()
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.do_handshake()
        self.server.connected()

    def answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY \
                or "Transfer-Encoding" in self.headers:
            self.refuse(411)
            return
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        body = self.rfile.read(int(length))
        try:
            scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
            request = Request(self.command, self.path, headers, body, scheme)
        except ValueError:
            self.refuse(400)
            return
        self.server.exchange(request, self)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def refuse(self, status: int) -> None:
        self.close_connection = True
        self.respond(Response(status))

    def head(self, response: Response, length: int | None) -> bytes:
        """Status line and headers; without a length the connection's end is the body's end."""
        phrase = self.responses.get(response.status, ("Unknown",))[0]
        lines = [f"HTTP/1.1 {response.status} {phrase}", f"Date: {formatdate(usegmt=True)}"]
        if response.content_type is not None:
            lines.append(f"Content-Type: {response.content_type}")
        lines += [f"{name}: {value}" for name, value in response.headers]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        if length is None or self.close_connection:
            lines.append("Connection: close")
        return "\r\n".join(lines + ["", ""]).encode("latin-1", "replace")

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def respond(self, response: Response) -> None:
        body = b"" if self.command == "HEAD" else response.body
        self.send(self.head(response, len(response.body)) + body)
        self.server.log(f"{self.command} {self.path.partition('?')[0]} {response.status}")

    def peer_gone(self, seconds: float) -> bool:
        """Wait so long; tell whether the client has closed (or sent what it should not)."""
        return bool(select.select([self.connection], [], [], seconds)[0])

    def hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """The server's own log says what is worth saying."""


class Listener(socketserver.ThreadingTCPServer):
    """One listening port."""
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, host: str, port: int, exchange: Callable[[Request, Handler], None],
                 connected: Callable[[], None] = lambda: None,
                 tls: tuple[str, str] | None = None, log: TextIO | None = None):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.exchange = exchange
        self.connected = connected
        self._log = log
        self._context = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*tls)
        super().__init__((host, port), Handler)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{shown}:{self.server_address[1]}"

    def get_request(self):
        connection, peer = super().get_request()
        if self._context:
            # The handshake itself is done in the connection's own thread.
            connection = self._context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False)
        return connection, peer

    def handle_error(self, request, client_address) -> None:
        """A client that went away is no event; anything else is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def log(self, line: str) -> None:
        if self._log:
            print(line, file=self._log, flush=True)

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 3600},
                         daemon=True).start()
