# SPDX-License-Identifier: Apache-2.0 - a small application that learns from headers who is asking
"""An application behind httpd. It knows nothing of tokens: httpd has checked them.

    python3 application.py PORT        (0 takes a free port)

Prints the port when it listens, on 127.0.0.1 only: whoever reached it past httpd could claim
to be anybody. `/` is a page, `/me` the same as JSON.
"""
import json
import signal
import sys
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>An application</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<nav aria-label="Pages">
<ul>
<li><a href="/">Start</a></li>
<li><a href="/sign-out">Sign out</a></li>
</ul>
</nav>
<main>
<h1>An application behind the proxy</h1>
<p>It finds who is asking in the request's headers:</p>
<dl>
{rows}
</dl>
<p>The same <a href="me">as JSON</a>.</p>
</main>
</body>
</html>
"""


class Application(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/":
            rows = "\n".join(f"<dt>{escape(name)}</dt>\n<dd>{escape(value)}</dd>"
                             for name, value in self.identity())
            self.answer(200, "text/html; charset=utf-8", PAGE.format(rows=rows))
        elif self.path == "/me":
            self.answer(200, "application/json", json.dumps(dict(self.identity()), indent=2) + "\n")
        else:
            self.answer(404, "text/plain; charset=utf-8", "There is / and /me.\n")

    def identity(self) -> list[tuple[str, str]]:
        return sorted((name, value) for name, value in self.headers.items()
                      if name.lower().startswith("x-clerk-"))

    def answer(self, status: int, content_type: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """httpd's log has it all."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Application)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
