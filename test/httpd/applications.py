# SPDX-License-Identifier: Apache-2.0 - applications of four kinds behind one httpd, and what each is told
"""CGI, PHP (php-fpm), WSGI (mod_wsgi) and an application behind mod_proxy.

Each answers below its prefix, whatever the path, with all that it was told:

    with Applications() as applications:
        server = start(applications.config + ..., modules=applications.modules)
        applications.install(server)
        told = applications.told("php", server.get(PREFIXES["php"] + "/public"))
"""
from __future__ import annotations

import json
from typing import Any

from http_message import Response
from httpd import Httpd
from php_fpm import PhpFpm
from upstream import Upstream

PREFIXES = {"cgi": "/cgi/env", "proxy": "/up", "php": "/php", "wsgi": "/wsgi"}
WELL_KNOWN = "/.well-known/oauth-protected-resource"

# A shell starts much sooner than python; names and values end with NUL.
CGI = "#!/bin/sh\ntest $REQUEST_METHOD = GET || cat >/dev/null\nprintf 'Content-Type: text/plain\\n\\n'\nexec env -0\n"

PHP = """<?php
header('Content-Type: application/json');
echo json_encode($_SERVER, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE);
"""

WSGI = """
import json

def application(environ, start_response):
    told = {name: value for name, value in environ.items() if isinstance(value, str)}
    body = json.dumps(told).encode()
    start_response("200 OK", [("Content-Type", "application/json"),
                              ("Content-Length", str(len(body)))])
    return [body]
"""

CONFIG = f"""
ScriptAlias {WELL_KNOWN}/cgi/ "${{CGI}}/"
ProxyPass {WELL_KNOWN}/up "${{UP}}"
ProxyPass /up "${{UP}}"
AliasMatch "^({WELL_KNOWN})?/php/" "${{RUN}}/../echo.php"
<LocationMatch "^({WELL_KNOWN})?/php/">
    SetHandler "${{PHP}}"
</LocationMatch>
WSGIRestrictEmbedded On
WSGISocketPrefix "${{RUN}}/wsgi"
WSGIDaemonProcess echo threads=2 shutdown-timeout=1
WSGIProcessGroup echo
WSGIChunkedRequest On
WSGIApplicationGroup %{{GLOBAL}}
WSGIScriptAlias {WELL_KNOWN}/wsgi "${{RUN}}/../echo.wsgi"
WSGIScriptAlias /wsgi "${{RUN}}/../echo.wsgi"
"""


class Applications:
    """A context manager; `upstream` is the proxied one."""

    modules = ["cgid", "proxy_http", "proxy_fcgi", "wsgi"]
    config = CONFIG

    def __init__(self) -> None:
        self.upstream = Upstream()
        self.php = PhpFpm()

    @property
    def defines(self) -> dict[str, str]:
        return {"UP": self.upstream.url, "PHP": self.php.handler}

    def install(self, server: Httpd) -> None:
        server.script("env", CGI)
        server.file("echo.php", PHP, 0o644)
        server.file("echo.wsgi", WSGI, 0o644)

    def told(self, kind: str, answer: Response, status: int = 200) -> dict[str, str]:
        """Names and values as this application reads them; of headers in the letters and
        signs of CGI, because many applications read them so."""
        assert answer.status == status, f"{kind}: {answer.status} {answer.text}"
        if kind == "cgi":
            pairs = [entry.partition("=") for entry in answer.text.split("\0") if entry]
            return {name: value for name, _, value in pairs}
        if kind != "proxy":
            return {name: value if isinstance(value, str) else json.dumps(value)
                    for name, value in answer.json().items()}
        found: dict[str, str] = {}
        for name, value in answer.json()["headers"]:
            folded = "HTTP_" + name.upper().replace("-", "_")
            found[folded] = f"{found[folded]},{value}" if folded in found else value
        return found

    def __enter__(self) -> "Applications":
        self.upstream.__enter__()
        self.php.__enter__()
        return self

    def __exit__(self, *what: Any) -> None:
        self.php.__exit__(*what)
        self.upstream.__exit__(*what)
