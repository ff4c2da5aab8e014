# SPDX-License-Identifier: Apache-2.0 - an application behind mod_proxy that tells what reached it
"""Answers every request with JSON: method, target, headers in order, body."""
from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        seen = {"method": self.command, "target": self.path,
                "headers": list(self.headers.items()),
                "body": self.rfile.read(length).decode("utf-8", "replace")}
        self.server.requests.append(seen)
        content = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_: Any) -> None:
        pass


class Upstream:
    """A context manager; `requests` holds what came, `url` goes into ProxyPass."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
        self._server.daemon_threads = True
        self._server.requests = []
        self._thread = threading.Thread(target=self._server.serve_forever,
                                        kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[dict[str, Any]]:
        return self._server.requests

    def __enter__(self) -> "Upstream":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def header_values(seen: dict[str, Any], name: str) -> list[str]:
    """All values of a header in an echoed request, however its letters were written."""
    return [value for key, value in seen["headers"] if key.lower() == name.lower()]
