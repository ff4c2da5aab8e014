# SPDX-License-Identifier: Apache-2.0 - mints every kind of token, right and wrong
"""Tokens as Clerk mints them, and tokens as nobody should accept them.

    mint = Minter(key, issuer="https://clerk.example.com")
    mint.session(ADMIN)                                  # version 2, valid for 60 seconds
    mint.session(ADMIN, exp=1, azp=OMIT, header={"cat": OMIT})
    mint.raw(b'{"alg":"RS256","alg":"none"}', b"[1]")    # bytes of your choice, signed

Any claim may be given by name; OMIT takes a claim or a header member away.
"""
from __future__ import annotations

import json
import secrets
import time
from typing import Any, Callable, Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from .ids import fixed_id, new_id
from .keys import SigningKey, b64url, b64url_decode, ec_key
from .users import ADMIN, User, claims_v1, claims_v2

CAT_SESSION = "cl_B7d4PD111AAA"
CAT_TEMPLATE = "cl_B7d4PD222AAA"
CAT_M2M = "cl_B7d4PD333AAA"
CAT_IGNORE = "cl_I7d4PD111III"

SESSION_SECONDS = 60
MACHINE = fixed_id("mch", "Machine")
OTHER_MACHINE = fixed_id("mch", "Other")
CLIENT = fixed_id("cl", "Client")

_HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


class _Omit:
    def __repr__(self) -> str:
        return "OMIT"


OMIT = _Omit()


def merge(base: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    """`base` with `changes` laid over it; members whose value is OMIT are gone."""
    merged = {**base, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not OMIT}


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def decode(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and payload of a token, unverified."""
    header, payload, _ = token.split(".")
    return json.loads(b64url_decode(header)), json.loads(b64url_decode(payload))


def verified(token: str, keys: Iterable[SigningKey]) -> tuple[dict[str, Any], dict | None]:
    """Header and claims of a token of one of these keys; no claims where it is of none."""
    try:
        header, payload = decode(token)
        signed, _, signature = token.rpartition(".")
        key = next(one for one in keys if one.kid == header.get("kid"))
        key.private.public_key().verify(
            b64url_decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, AttributeError, StopIteration, InvalidSignature):
        return {}, None
    return header, payload if isinstance(payload, dict) else None


def alter_signature(token: str, bit: int = 0) -> str:
    """The token with one bit of its signature flipped."""
    head, _, signature = token.rpartition(".")
    raw = bytearray(b64url_decode(signature))
    raw[bit // 8] ^= 1 << (bit % 8)
    return f"{head}.{b64url(bytes(raw))}"


def alter_payload(token: str, **claims: Any) -> str:
    """The token with other claims under its old signature."""
    header, _, signature = token.split(".")
    payload = merge(decode(token)[1], claims)
    return f"{header}.{b64url(compact(payload))}.{signature}"


def sign(alg: str, key: SigningKey | bytes, message: bytes) -> bytes:
    """Sign as RFC 7518 section 3 says for `alg`; HS* takes bytes, `none` signs nothing."""
    if alg == "none":
        return b""
    family, digest = alg[:2], _HASHES[alg[2:]]()
    if family == "HS":
        if not isinstance(key, bytes):
            raise TypeError(f"{alg} needs key=bytes")
        mac = hmac.HMAC(key, digest)
        mac.update(message)
        return mac.finalize()
    if family == "ES":
        r, s = utils.decode_dss_signature(ec_key().sign(message, ec.ECDSA(digest)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if not isinstance(key, SigningKey):
        raise TypeError(f"{alg} needs a SigningKey")
    if family == "PS":
        pad: Any = padding.PSS(padding.MGF1(digest), digest.digest_size)
    elif family == "RS":
        pad = padding.PKCS1v15()
    else:
        raise ValueError(f"unknown alg {alg}")
    return key.private.sign(message, pad, digest)


class Minter:
    """Mints tokens of one Clerk instance.

    Each method takes, besides claims by name: `header` (members laid over the usual
    ones), `alg` (how to sign, and what the header says unless `header` says otherwise),
    `key` (another SigningKey, or bytes for HS*) and `signature` (these bytes instead of
    a real one).
    """

    def __init__(self, key: SigningKey, issuer: str, azp: str = "http://localhost:8080",
                 clock: Callable[[], float] = time.time):
        self.key = key
        self.issuer = issuer
        self.azp = azp
        self.clock = clock

    def session(self, user: User = ADMIN, *, version: int = 2, header: dict | None = None,
                alg: str = "RS256", key: SigningKey | bytes | None = None,
                signature: bytes | None = None, **claims: Any) -> str:
        """A session token (category 111AAA), version 1 or 2."""
        payload = merge(self.session_claims(user, version), claims)
        return self._token(CAT_SESSION, payload, header, alg, key, signature)

    def session_claims(self, user: User = ADMIN, version: int = 2) -> dict[str, Any]:
        """The claims `session` starts from."""
        claims = {"azp": self.azp, **self._times(SESSION_SECONDS), "iss": self.issuer,
                  "jti": secrets.token_hex(10), "sub": user.id, "sid": user.session_id,
                  "sts": "pending" if user.pending else "active",
                  "fva": list(user.factor_ages)}
        if user.actor:
            claims["act"] = user.actor
        return {**claims, **(claims_v2(user) if version == 2 else claims_v1(user))}

    def template(self, user: User = ADMIN, *, seconds: int = SESSION_SECONDS,
                 header: dict | None = None, alg: str = "RS256",
                 key: SigningKey | bytes | None = None, signature: bytes | None = None,
                 **claims: Any) -> str:
        """A token from a JWT template (category 222AAA): no session id."""
        base = {"azp": self.azp, **self._times(seconds), "iss": self.issuer,
                "jti": secrets.token_hex(10), "sub": user.id}
        return self._token(CAT_TEMPLATE, merge(base, claims), header, alg, key, signature)

    def m2m(self, *, seconds: int = 3600, header: dict | None = None, alg: str = "RS256",
            key: SigningKey | bytes | None = None, signature: bytes | None = None,
            **claims: Any) -> str:
        """A machine-to-machine JWT (category 333AAA, subject mch_…)."""
        base = {**self._times(seconds), "iss": self.issuer, "jti": new_id("mt"),
                "sub": MACHINE, "aud": [OTHER_MACHINE], "scopes": OTHER_MACHINE}
        return self._token(CAT_M2M, merge(base, claims), header, alg, key, signature)

    def oauth(self, user: User = ADMIN, *, seconds: int = 86400, header: dict | None = None,
              alg: str = "RS256", key: SigningKey | bytes | None = None,
              signature: bytes | None = None, **claims: Any) -> str:
        """An OAuth access token in JWT form (RFC 9068: typ at+jwt)."""
        base = {**self._times(seconds), "iss": self.issuer, "jti": new_id("oat"),
                "sub": user.id, "client_id": CLIENT, "scope": "profile email"}
        header = {"typ": "at+jwt", "cat": OMIT, **(header or {})}
        return self._token(CAT_SESSION, merge(base, claims), header, alg, key, signature)

    def handshake(self, directives: Iterable[str], *, header: dict | None = None,
                  alg: str = "RS256", key: SigningKey | bytes | None = None,
                  signature: bytes | None = None, **claims: Any) -> str:
        """A handshake token: Set-Cookie values, signed; Clerk puts no expiry in it."""
        payload = merge({"handshake": list(directives)}, claims)
        return self._token(CAT_SESSION, payload, header, alg, key, signature)

    def raw(self, header: bytes | dict, payload: bytes | Any, *, alg: str = "RS256",
            key: SigningKey | bytes | None = None, signature: bytes | None = None) -> str:
        """A token of exactly these bytes, signed all the same.

        A dict header is taken as it is: nothing is added to it. `alg` says only how to
        sign.
        """
        head = header if isinstance(header, bytes) else compact(header)
        body = payload if isinstance(payload, bytes) else compact(payload)
        message = f"{b64url(head)}.{b64url(body)}"
        if signature is None:
            signature = sign(alg, self.key if key is None else key, message.encode())
        return f"{message}.{b64url(signature)}"

    def header(self, cat: str = CAT_SESSION, alg: str = "RS256", **members: Any) -> dict[str, Any]:
        """The header Clerk writes, for use with `raw`."""
        return merge({"alg": alg, "cat": cat, "kid": self.key.kid, "typ": "JWT"}, members)

    def _token(self, cat: str, payload: dict, header: dict | None, alg: str,
               key: SigningKey | bytes | None, signature: bytes | None) -> str:
        head = merge(self.header(cat, alg), header)
        return self.raw(head, payload, alg=alg, key=key, signature=signature)

    def _times(self, seconds: int) -> dict[str, int]:
        now = int(self.clock())
        return {"exp": now + seconds, "iat": now, "nbf": now - 10}
