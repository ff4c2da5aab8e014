# SPDX-License-Identifier: Apache-2.0 - tokens of every kind, by name
"""Kinds of tokens that the comparison sends. Those that Clerk's SDK and this module judge
alike are COMMON; ODD ones bear the number of the difference that they show."""
from __future__ import annotations

import time
from typing import Any, Callable

from standin.client import InstanceHandle
from standin.tokens import (CAT_IGNORE, OMIT, alter_payload, alter_signature, compact)
from standin.users import ADMIN, IMPERSONATED, MEMBER, PENDING, SOLO

from .setups import AUDIENCE, OTHER_ORIGIN, Setup, World

LONG = 100_000     # no token expires while the comparison lasts
Make = Callable[["Mint"], str]


class Mint:
    """Makes tokens for one setup: of its instance, for its site, good for long."""

    def __init__(self, world: World, setup: Setup):
        self.world, self.setup = world, setup
        self.clerk: InstanceHandle = world.of(setup)
        self.now = int(time.time())

    def session(self, user=ADMIN, age: int = 60, **claims: Any) -> str:
        usual = {"iss": self.setup.issuer, "azp": self.setup.site, "iat": self.now - age,
                 "nbf": self.now - age - 10, "exp": self.now + LONG}
        return self.clerk.mint.session(user, **{**usual, **claims})

    def machine(self, kind: str, **claims: Any) -> str:
        return getattr(self.clerk.mint, kind)(seconds=LONG, **claims)

    def expired(self, user=ADMIN, **claims: Any) -> str:
        return self.session(user, age=600, exp=self.now - 500, **claims)

    def raw(self, payload: bytes, **header: Any) -> str:
        return self.clerk.mint.raw(self.clerk.mint.header(**header), payload)

    def members(self) -> dict[str, Any]:
        """The claims of a good session token."""
        return {**self.clerk.mint.session_claims(ADMIN), "iss": self.setup.issuer,
                "azp": self.setup.site, "exp": self.now + LONG}


# Judged alike, in whatever carrier.
COMMON: dict[str, Make] = {
    "admin": lambda mint: mint.session(ADMIN),
    "member, version 1": lambda mint: mint.session(MEMBER, version=1),
    "solo": lambda mint: mint.session(SOLO),
    "pending": lambda mint: mint.session(PENDING),
    "impersonated": lambda mint: mint.session(IMPERSONATED),
    "no category": lambda mint: mint.session(header={"cat": OMIT}),
    "ignore category": lambda mint: mint.session(header={"cat": CAT_IGNORE}),
    "no typ": lambda mint: mint.session(header={"typ": OMIT}),
    "newer": lambda mint: mint.session(MEMBER, age=5),
    "older": lambda mint: mint.session(SOLO, age=4000),
    "expired": lambda mint: mint.expired(),
    "expired, member": lambda mint: mint.expired(MEMBER),
    "expired long ago": lambda mint: mint.session(age=9000, exp=mint.now - 8000),
    "expired within skew": lambda mint: mint.session(exp=mint.now - 2),
    "not yet": lambda mint: mint.session(nbf=mint.now + 3000),
    "not yet made": lambda mint: mint.session(age=-3000, nbf=mint.now - 10),
    "altered": lambda mint: alter_signature(mint.session()),
    "altered payload": lambda mint: alter_payload(mint.session(), sub="user_x"),
    "a stranger's": lambda mint: mint.world.stranger.mint.session(
        ADMIN, exp=mint.now + LONG, azp=mint.setup.site),
    "a stranger's under our name": lambda mint: mint.world.stranger.mint.session(
        ADMIN, exp=mint.now + LONG, iss=mint.setup.issuer),
    "unknown kid": lambda mint: mint.session(header={"kid": "ins_unknown"}),
    "HS256": lambda mint: mint.session(alg="HS256", key=b"secret"),
    "RS512 under an RS256 key": lambda mint: mint.session(alg="RS512"),
    "PS256": lambda mint: mint.session(alg="PS256"),
    "alg none": lambda mint: mint.session(alg="none", signature=b"x"),
    "template": lambda mint: mint.clerk.mint.template(
        ADMIN, seconds=LONG, iss=mint.setup.issuer),
    "unknown category": lambda mint: mint.session(header={"cat": "cl_Zz"}),
    "M2M JWT": lambda mint: mint.machine("m2m"),
    "OAuth JWT": lambda mint: mint.machine("oauth"),
    "no issuer": lambda mint: alter_signature(mint.session(iss=OMIT)),
    "garbage": lambda mint: "abc", "two parts": lambda mint: "e30.e30",
    "no JSON": lambda mint: "YWI.YWI.YWI",
    "no subject": lambda mint: mint.session(sub=OMIT),
    "no azp": lambda mint: mint.session(azp=OMIT),
    "another party's": lambda mint: mint.session(azp=OTHER_ORIGIN),
    "for an audience": lambda mint: mint.session(aud=AUDIENCE),
    "for audiences": lambda mint: mint.session(aud=["x", AUDIENCE]),
    "for another audience": lambda mint: mint.session(aud="https://else.example"),
    "exp no number": lambda mint: mint.session(exp="9999999999"),
    "no exp": lambda mint: mint.session(exp=OMIT),
    "iat no number": lambda mint: mint.session(iat="x"),
}

# In Authorization only.
MACHINES: dict[str, Make] = {
    "M2M": lambda mint: mint.clerk.new_m2m_token().secret,
    "OAuth": lambda mint: mint.clerk.new_oauth_token(aud=[AUDIENCE]).secret,
    "API key": lambda mint: mint.clerk.new_api_key().secret,
    "organization's API key": lambda mint: mint.clerk.new_api_key("org_2Acme", scopes=["a:b"]).secret,
    "unknown M2M": lambda mint: "mt_unknown", "unknown OAuth": lambda mint: "oat_unknown",
    "unknown API key": lambda mint: "ak_unknown",
    "M2M JWT": COMMON["M2M JWT"], "OAuth JWT": COMMON["OAuth JWT"],
    "expired M2M JWT": lambda mint: mint.machine("m2m", exp=mint.now - 900),
    "expired OAuth JWT": lambda mint: mint.machine("oauth", exp=mint.now - 900),
    "altered OAuth JWT": lambda mint: alter_signature(mint.machine("oauth")),
    "OAuth JWT for an audience": lambda mint: mint.machine("oauth", aud=[AUDIENCE]),
    "OAuth JWT for another": lambda mint: mint.machine("oauth", aud=["https://else.example"]),
    "M2M JWT of a session's category": lambda mint: mint.machine(
        "m2m", header={"cat": "cl_B7d4PD111AAA"}),
}


def _twice(mint: Mint) -> str:
    """A payload with a member twice; the last one counts for a lenient reader."""
    return mint.raw(b'{"sub":"user_x",' + compact(mint.members())[1:])


# Difference number, label, how to make it.
ODD: list[tuple[int, str, Make]] = [
    (1, "no sid", lambda mint: mint.session(sid=OMIT)),
    (1, "empty sid", lambda mint: mint.session(sid="")),
    (1, "empty sub", lambda mint: mint.session(sub="")),
    (1, "sid no text", lambda mint: mint.session(sid=5)),
    (2, "a member twice", _twice),
    (2, "critical header", lambda mint: mint.session(header={"crit": ["exp"]})),
    (2, "long", lambda mint: mint.session(filler="x" * 17_000)),
    (2, "header twice", lambda mint: mint.clerk.mint.raw(
        b'{"typ":"JWT",' + compact(mint.clerk.mint.header())[1:], compact(mint.members()))),
    (2, "exp beyond", lambda mint: mint.session(exp=2 ** 60)),
    (2, "nbf negative", lambda mint: mint.session(nbf=-5)),
    (2, "aud of another shape", lambda mint: mint.session(aud={"a": 1})),
    (2, "aud of numbers", lambda mint: mint.session(aud=[1])),
    (3, "unknown kid, PS256", lambda mint: mint.session(alg="PS256", header={"kid": "ins_x"})),
    (3, "unknown kid, other type", lambda mint: mint.session(header={"kid": "ins_x",
                                                                     "typ": "jwt"})),
    (4, "another issuer", lambda mint: mint.session(iss="https://clerk.else.example")),
    (12, "features no text", lambda mint: mint.session(fea=5)),
    (12, "features without scope", lambda mint: mint.session(fea="dashboard")),
]
