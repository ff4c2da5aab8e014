# SPDX-License-Identifier: Apache-2.0 - an application and its Clerk instance, on hosts of their own
"""A town is a site in httpd and the Frontend API that it belongs to, on another origin.

In development these are http://localhost and http://127.0.0.1, which share no cookies; in
production http://app.localhost and http://clerk.app.localhost, which share a domain.
Chromium finds names below `localhost` by itself.
"""
from __future__ import annotations

import time
from pathlib import Path

from standin import publishable_key
from standin.client import Standin
from standin.tokens import decode
from standin.users import User

from .chromium import Person

SATELLITE = "satellite.localhost"
HOSTS = {"dev": ("localhost", "other.localhost", "127.0.0.1"),
         "live": ("app.localhost", "spa.app.localhost", "clerk.app.localhost")}


class Town:
    def __init__(self, kind: str, clerk: Standin, port: int):
        site, neighbour, fapi = HOSTS[kind]
        self.kind, self.development = kind, kind == "dev"
        self.site, self.neighbour = f"http://{site}:{port}", f"http://{neighbour}:{port}"
        self.satellite = f"http://{SATELLITE}:{port}"
        self.instance = clerk.new_instance(
            f"town-{kind}", app_origins=[self.site, self.neighbour, self.satellite],
            publishable_key=publishable_key.encode(f"clerk.{kind}.example", live=kind == "live"))
        self.api = clerk.url
        self.fapi = f"http://{fapi}:{clerk.url.rpartition(':')[2]}/fapi/town-{kind}"

    def sections(self, keys: Path) -> str:
        return f"""
    ClerkPublishableKey {self.instance.publishable_key}
    ClerkSecretKey {self.instance.secret_key}
    ClerkAPIURL {self.api}
    ClerkProxyURL {self.fapi}
    ClerkSignInURL {self.fapi}/sign-in
    ClerkAuthorizedParties {self.site} {self.neighbour} {self.satellite}
    <LocationMatch "^/(app|orgs|me|loop|api)(/|$)">
        AuthType Clerk
        AuthName "Town"
        Require valid-user
    </LocationMatch>
    <LocationMatch "^/(orgs|me)(/|$)">
        ClerkOrganizationPatterns /orgs/:slug "/orgs/:slug/(.*)"
        ClerkPersonalAccountPatterns /me "/me/(.*)"
    </LocationMatch>
    <Location /loop>
        # A key with which no token of this instance verifies.
        ClerkJWTKey file:{keys}/another.pem
        ClerkSignInRedirect Off
    </Location>
    <Location /api>
        Header always set Access-Control-Allow-Origin {self.neighbour}
        Header always set Access-Control-Allow-Headers Authorization
        Header always set Access-Control-Allow-Methods "GET, PUT"
        Header always set Vary Origin
    </Location>
"""

    def satellite_host(self) -> str:
        """Another site of the same instance, whose primary is this town's."""
        return f"""<VirtualHost 127.0.0.1:${{PORT}}>
    ServerName {self.satellite}
    ClerkPublishableKey {self.instance.publishable_key}
    ClerkSecretKey {self.instance.secret_key}
    ClerkAPIURL {self.api}
    ClerkProxyURL {self.fapi}
    ClerkSatellite On
    ClerkSatelliteAutoSync On
    ClerkDomain {SATELLITE}
    ClerkSignInURL {self.site}/app/sign-in
    ClerkAuthorizedParties {self.satellite}
    <Location /app>
        AuthType Clerk
        AuthName "Satellite"
        Require valid-user
    </Location>
</VirtualHost>"""

    def expire(self, person: Person, user: User, *, refresh: bool = True) -> str:
        """Let this person's session token have run out; the id of the session.

        `refresh` False takes the refresh token away too.
        """
        kept = person.cookies()
        held = {name: one for name, one in kept.items() if name.startswith("__session")}
        session_id = decode(next(iter(held.values()))["value"])[1]["sid"]
        token = self.instance.mint.session(user, sid=session_id, azp=self.site,
                                           exp=int(time.time()) - 60)
        person.set_cookies([{**one, "value": token} for one in held.values()])
        if not refresh:
            for name in kept:
                if name.startswith("__refresh"):
                    person.forget(name)
        return session_id


def httpd_config(towns: list[Town], keys: Path) -> str:
    hosts = "\n".join(
        f"<VirtualHost 127.0.0.1:${{PORT}}>\n    ServerName {town.site}\n{town.sections(keys)}"
        f"</VirtualHost>\n<VirtualHost 127.0.0.1:${{PORT}}>\n    ServerName {town.neighbour}\n"
        "</VirtualHost>" for town in towns)
    hosts += "\n" + "".join(town.satellite_host() for town in towns if town.development)
    return f"""
UseCanonicalName On
LogLevel clerk_auth:warn
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
<Directory ${{DOCROOT}}>
    Options +Includes
</Directory>
AliasMatch "^/" "${{DOCROOT}}/page.shtml"
LogFormat "%V %m %U %s" town
CustomLog ${{RUN}}/access.log town
{hosts}
"""
