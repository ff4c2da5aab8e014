# SPDX-License-Identifier: Apache-2.0 - a WebSocket server and client, as small as RFC 6455 lets them be
"""The server answers each text with what came in the handshake's header, as JSON.

    with WebSocketServer() as server: ... server.port, server.handshakes
    answer, told = converse(httpd.port, "/ws", [("Authorization", "Bearer …")])
"""
from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import struct
import threading
from typing import Any

from http_message import Response, parse_response

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SECONDS = 20


def accept_value(key: str) -> str:
    return base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()


def read_head(peer: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = peer.recv(1)
        if not byte:
            break
        head += byte
    return head


def exactly(peer: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        chunk = peer.recv(length - len(received))
        if not chunk:
            raise ConnectionError("closed")
        received += chunk
    return received


def send_text(peer: socket.socket, text: str, *, masked: bool) -> None:
    content = text.encode()
    mask = os.urandom(4) if masked else b""
    body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(content)) if masked else content
    peer.sendall(struct.pack("!BBH", 0x81, 126 | (128 if masked else 0), len(content))
                 + mask + body)


def receive_text(peer: socket.socket) -> str:
    first, length = exactly(peer, 2)
    assert first == 0x81
    masked, length = length & 128, length & 127
    if length == 126:
        length, = struct.unpack("!H", exactly(peer, 2))
    mask = exactly(peer, 4) if masked else bytes(4)
    return bytes(byte ^ mask[index % 4]
                 for index, byte in enumerate(exactly(peer, length))).decode()


class WebSocketServer:
    """`handshakes` holds the header of each that came, as pairs."""

    def __init__(self) -> None:
        self.handshakes: list[list[tuple[str, str]]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> "WebSocketServer":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        with peer:
            peer.settimeout(SECONDS)
            lines = read_head(peer).decode("latin-1").split("\r\n")[1:-2]
            header = [(name, value.strip()) for name, _, value in
                      (line.partition(":") for line in lines)]
            self.handshakes.append(header)
            key = {name.lower(): value for name, value in header}.get("sec-websocket-key")
            if key is None:
                peer.sendall(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
                return
            peer.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\n"
                          f"Sec-WebSocket-Accept: {accept_value(key)}\r\n\r\n").encode())
            try:
                while text := receive_text(peer):
                    send_text(peer, json.dumps([text, header]), masked=False)
            except (OSError, AssertionError):
                pass


def converse(port: int, target: str, headers: list[tuple[str, str]],
             texts: tuple[str, ...] = ("hello",)) -> tuple[Response, list[Any]]:
    """The answer to the handshake, and to each text where it was accepted."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {target} HTTP/1.1", f"Host: localhost:{port}", "Upgrade: websocket",
             "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
             *(f"{name}: {value}" for name, value in headers)]
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as peer:
        peer.sendall("\r\n".join([*lines, "", ""]).encode())
        head = read_head(peer)
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        answer = parse_response(head + exactly(peer, int(length[1]) if length else 0))
        if answer.status != 101:
            return answer, []
        assert answer.header("Sec-WebSocket-Accept") == accept_value(key)
        answers = []
        for text in texts:
            send_text(peer, text, masked=True)
            answers.append(json.loads(receive_text(peer)))
        return answer, answers
