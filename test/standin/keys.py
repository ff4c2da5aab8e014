# SPDX-License-Identifier: Apache-2.0 - signing keys, and a pool that makes them once
"""Signing keys of a Clerk instance.

Making a 2048-bit RSA key takes about a tenth of a second, so keys come from a pool that
lives as long as the process and makes each key when it is first asked for.
"""
from __future__ import annotations

import base64
import itertools
import threading
from functools import lru_cache
from typing import Iterable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from .ids import new_id

POOL_SIZE = 6


def b64url(data: bytes) -> str:
    """Unpadded base64url (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64url_decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class SigningKey:
    """An RSA key together with the key id under which it is published."""

    def __init__(self, private: rsa.RSAPrivateKey, kid: str):
        self.private = private
        self.kid = kid

    @classmethod
    def from_pem(cls, pem: bytes | str, kid: str) -> "SigningKey":
        return cls(_read_pem(pem.encode() if isinstance(pem, str) else pem), kid)

    def named(self, kid: str) -> "SigningKey":
        """The same key material under another key id."""
        return SigningKey(self.private, kid)

    def same_material(self, other: "SigningKey") -> bool:
        mine, its = self.private.public_key(), other.private.public_key()
        return mine.public_numbers() == its.public_numbers()

    def private_pem(self) -> str:
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode("ascii")

    def public_pem(self) -> str:
        """What Clerk's dashboard shows as the JWKS public key, for `ClerkJWTKey`."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    def jwk(self) -> dict[str, str]:
        """The key as a member of Clerk's JWKS (RFC 7517, RFC 7518 section 6.3)."""
        numbers = self.private.public_key().public_numbers()
        return {"use": "sig", "kty": "RSA", "kid": self.kid, "alg": "RS256",
                "n": _uint(numbers.n), "e": _uint(numbers.e)}


@lru_cache(maxsize=64)
def _read_pem(pem: bytes) -> rsa.RSAPrivateKey:
    """Remembered, because the check of a key takes long, and tests send the same few."""
    private = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ValueError("a signing key must be an RSA private key")
    return private


def _uint(value: int) -> str:
    return b64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class _Pool:
    """A few RSA keys, handed out in turn so that neighbours do not share one."""

    def __init__(self, size: int):
        self._slots: list[rsa.RSAPrivateKey | None] = [None] * size
        self._turn = itertools.count()
        self._lock = threading.Lock()

    def take(self) -> rsa.RSAPrivateKey:
        with self._lock:
            slot = next(self._turn) % len(self._slots)
            if self._slots[slot] is None:
                self._slots[slot] = new_rsa_key(2048)
            return self._slots[slot]


_pool = _Pool(POOL_SIZE)


@lru_cache(maxsize=None)
def ec_key() -> ec.EllipticCurvePrivateKey:
    """One P-256 key for tokens that claim ES256."""
    return ec.generate_private_key(ec.SECP256R1())


def new_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def pooled_key(kid: str | None = None, unlike: Iterable[SigningKey] = ()) -> SigningKey:
    """A key from the pool whose material differs from every key in `unlike`."""
    taken = list(unlike)
    for _ in range(POOL_SIZE):
        key = SigningKey(_pool.take(), kid or new_id("ins"))
        if not any(key.same_material(other) for other in taken):
            return key
    return SigningKey(new_rsa_key(2048), kid or new_id("ins"))
