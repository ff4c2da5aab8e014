# SPDX-License-Identifier: Apache-2.0 - settings, said once and written for the SDK and for httpd
"""A setup is a section of httpd's configuration and the SDK's options that mean the same."""
from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from standin import publishable_key
from standin.client import InstanceHandle, Standin

DEV_SITE, LIVE_SITE = "http://app.localhost:8080", "https://shop.tidewater.example"
# Frontend API hosts by the instance's name.
FAPI = {"dev": "sunny-otter-42.clerk.accounts.dev", "live": "clerk.tidewater.example",
        "stranger": "clerk.stranger.example", "down": "clerk.down.example",
        "rotating": "clerk.rotating.example"}
OTHER_ORIGIN = "https://other.example"
SATELLITE_DOMAIN = "satellite.example"
SIGN_IN_URL = "https://primary.example/login?from=app"
AUDIENCE = "https://api.example"
SESSION, M2M, OAUTH, API_KEY = "session_token", "m2m_token", "oauth_token", "api_key"


class World:
    """The Clerk instances that the comparison is about, all in one stand-in."""

    def __init__(self, clerk: Standin):
        self.clerk = clerk
        self.dev = self._make("dev", DEV_SITE)
        self.live = self._make("live", LIVE_SITE)
        self.stranger = self._make("stranger", LIVE_SITE)
        # Of this one's keys and tokens nothing can be learned.
        self.down = self._make("down", LIVE_SITE)
        for endpoint in ("m2m_verify", "oauth_verify", "api_key_verify"):
            clerk.fault(f"judge-down/backend.{endpoint}", "answer", status=500, body="{}")
        # No keys at all: the SDK would ask five times where it gets an error.
        clerk.fault("judge-down/backend.jwks", "answer", status=200, body='{"keys":[]}')
        # This one's signing key is changed in the course of the comparison.
        self.rotating = self._make("rotating", LIVE_SITE)

    def _make(self, name: str, site: str) -> InstanceHandle:
        key = publishable_key.encode(FAPI[name], live=site == LIVE_SITE)
        return self.clerk.new_instance(f"judge-{name}", publishable_key=key, app_origins=[site])

    def of(self, setup: "Setup") -> InstanceHandle:
        return getattr(self, setup.instance)


@dataclass(frozen=True)
class Setup:
    """`name` is the first part of the paths under which the section is."""
    name: str
    instance: str = "dev"
    accepts: tuple[str, ...] = (SESSION,)       # ("any",) for any; one word or several
    parties: tuple[str, ...] = ()
    audience: str | None = None
    skew: int | None = None                     # milliseconds
    jwt_key: bool = False
    satellite: bool = False
    auto_sync: bool = False
    domain: str | None = None
    proxy_url: str | None = None
    sign_in_url: str | None = None
    patterns: bool = False
    cross_origin: bool = True
    forwarded: bool = False
    identify: bool = False                      # let everybody in, known or not
    admits_pending: bool = False                # sessions that have a task to do

    @property
    def development(self) -> bool:
        return self.instance == "dev"

    @property
    def site(self) -> str:
        return DEV_SITE if self.development else LIVE_SITE

    @property
    def issuer(self) -> str:
        """The Frontend API host by which the SDK tells its own tokens."""
        if self.satellite and self.domain and not self.development:
            return f"https://clerk.{self.domain}"
        return f"https://{FAPI[self.instance]}"

    def __str__(self) -> str:
        told = {one.name: getattr(self, one.name) for one in fields(self)
                if getattr(self, one.name) != one.default}
        return str(told)

    def _patterns(self) -> tuple[list[str], list[str]]:
        base = f"/{self.name}"
        return ([f"{base}/orgs/:slug", f"{base}/orgs/:slug/(.*)", f"{base}/by-id/:id",
                 f"{base}/opt{{/:slug}}?/end"], [f"{base}/me", f"{base}/me/(.*)"])

    def options(self, world: World) -> dict[str, Any]:
        """For authenticateRequest."""
        clerk = world.of(self)
        accepts = self.accepts[0] if len(self.accepts) == 1 else list(self.accepts)
        found: dict[str, Any] = {
            "publishableKey": clerk.publishable_key, "secretKey": clerk.secret_key,
            "acceptsToken": accepts, "authorizedParties": list(self.parties) or None,
            "audience": self.audience, "clockSkewInMs": self.skew, "domain": self.domain,
            "proxyUrl": self.proxy_url, "signInUrl": self.sign_in_url,
            "jwtKey": clerk.key.public_pem() if self.jwt_key else None}
        if self.satellite:
            found |= {"isSatellite": True, "satelliteAutoSync": self.auto_sync}
        if self.admits_pending:
            found["treatPendingAsSignedOut"] = False
        if self.patterns:
            organizations, personal = self._patterns()
            found["organizationSyncOptions"] = {"organizationPatterns": organizations,
                                                "personalAccountPatterns": personal}
        return found

    def section(self, world: World, keys: str) -> str:
        """For httpd; `keys` is the directory of key files."""
        clerk = world.of(self)
        lines = [f"ClerkPublishableKey {clerk.publishable_key}",
                 f"ClerkSecretKey {clerk.secret_key}",
                 f"ClerkAPIURL {world.clerk.url}",
                 f"ClerkAcceptsToken {' '.join(self.accepts)}"]
        lines += [f"{name} {value}" for name, value in {
            "ClerkAuthorizedParties": " ".join(self.parties), "ClerkAudience": self.audience,
            "ClerkClockSkew": None if self.skew is None else f"{self.skew}ms",
            "ClerkDomain": self.domain, "ClerkProxyURL": self.proxy_url,
            "ClerkSignInURL": self.sign_in_url,
            "ClerkJWTKey": f"file:{keys}/{self.instance}.pem" if self.jwt_key else None,
        }.items() if value]
        lines += [f"{name} On" for name, on in {
            "ClerkSatellite": self.satellite, "ClerkSatelliteAutoSync": self.auto_sync,
            "ClerkCrossOriginSync": self.cross_origin, "ClerkForwardedHeaders": self.forwarded,
            "ClerkIdentify": self.identify}.items() if on]
        if self.admits_pending:
            lines.append("ClerkTreatPendingAsSignedOut Off")
        if self.patterns:
            organizations, personal = self._patterns()
            lines += ["ClerkOrganizationPatterns " + " ".join(f'"{one}"' for one in organizations),
                      "ClerkPersonalAccountPatterns " + " ".join(f'"{one}"' for one in personal)]
        access = ["Require all granted"] if self.identify else [
            "AuthType Clerk", "AuthName judge", "Require valid-user"]
        return "\n    ".join([f'<Location "/{self.name}">', *lines, *access]) + "\n</Location>\n"
