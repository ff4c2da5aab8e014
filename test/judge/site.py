# SPDX-License-Identifier: Apache-2.0 - one httpd that has a section for every setup, and how it is asked
from __future__ import annotations

import http.client
from pathlib import Path

from http_message import Response

from . import directed, generate
from .cases import Case
from .setups import DEV_SITE, LIVE_SITE, World
from .verdicts import SHOWN

SETUPS = [*generate.SETUPS, *directed.SETUPS]


def configuration(world: World, keys: Path) -> str:
    """A virtual host for each site's name; every request's verdict is told in its answer."""
    show = [f'Header always set {name} "%{{{variable}}}e" env={variable}'
            for name, variable in SHOWN.items()]
    lines = ["LimitRequestFieldSize 65536", "UseCanonicalName On", *show,
             f"ClerkKeyMinInterval {int(directed.KEY_INTERVAL * 1000)}ms",
             "LogLevel clerk_auth:warn", 'AliasMatch "^/[a-z0-9]+/" "${DOCROOT}/index.txt"']
    for site in (DEV_SITE, LIVE_SITE):
        sections = "".join(setup.section(world, str(keys)) for setup in SETUPS
                           if setup.site == site)
        lines.append(f"<VirtualHost 127.0.0.1:${{PORT}}>\nServerName {site}\n"
                     f"AllowEncodedSlashes NoDecode\n{sections}</VirtualHost>")
    return "\n".join(lines)


class Asker:
    """Asks httpd, over one connection as long as it lasts."""

    def __init__(self, port: int):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, case: Case) -> Response:
        try:
            return self._ask(case)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()   # it had been kept alive for long enough
            return self._ask(case)

    def _ask(self, case: Case) -> Response:
        target = case.target(case.nonces[1])
        self._connection.putrequest(case.method, target, skip_host=True,
                                    skip_accept_encoding=True)
        self._connection.putheader("Host", case.setup.site.partition("//")[2])
        for name, value in case.header_list(case.nonces[1]):
            self._connection.putheader(name, value)
        if case.method in ("POST", "PUT"):
            self._connection.putheader("Content-Length", "0")
        self._connection.endheaders()
        reply = self._connection.getresponse()
        body = reply.read()
        return Response(reply.status, reply.reason, reply.getheaders(), body)

    def close(self) -> None:
        self._connection.close()
