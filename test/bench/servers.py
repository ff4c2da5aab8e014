# SPDX-License-Identifier: Apache-2.0 - the servers that are compared, and the tokens they are shown
from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from load import SERVER_CPU

sys.path[:0] = [str(Path(__file__).resolve().parents[1]),
                str(Path(__file__).resolve().parents[1] / "httpd")]

from httpd import Httpd, modules_directory                     # noqa: E402
from standin.client import Standin                             # noqa: E402
from standin.keys import SigningKey                            # noqa: E402
from standin.tokens import OMIT, Minter, alter_signature       # noqa: E402
from standin.users import MEMBER                               # noqa: E402

PAGE = "x" * 1024
OPENIDC = "mod_auth_openidc.so"
TOKEN_SECONDS = 3 * 3600
# An ordinary session: an active organization without permissions, some 930 bytes of token.
ORDINARY = {"fea": OMIT, "pla": OMIT, "o": {"id": "org_2aBcDeFgHiJkLmNoPqRsTuVwXyZ",
                                            "slg": "example", "rol": "admin"}}


class Server(Httpd):
    """One child of 64 threads on a processor of its own, as quiet as httpd is by default."""

    THREADS = 64

    def __init__(self, config: str, **options):
        quiet = ["LogLevel warn", "MaxKeepAliveRequests 0", "LimitRequestFieldSize 32768",
                 *(["LogLevel clerk_auth:warn"] if options.get("clerk", True) else [])]
        super().__init__("\n".join([*quiet, config]), **options)
        for name in ("plain", "app", "require", "key", "off"):
            self.write(f"{name}/page.txt", PAGE)

    def _mpm_lines(self) -> list[str]:
        n = self.THREADS
        return ["StartServers 1", "ServerLimit 1", f"ThreadLimit {n}", f"ThreadsPerChild {n}",
                f"MinSpareThreads {n}", f"MaxSpareThreads {n}", f"MaxRequestWorkers {n}"]

    def start(self) -> "Server":
        own = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {SERVER_CPU})
        try:
            return super().start()
        finally:
            os.sched_setaffinity(0, own)

    @property
    def child(self) -> int:
        return next(iter(self.children()))


# ---------------------------------------------------------------- tokens

def _mint(arguments: tuple) -> list[str]:
    pem, kid, issuer, azp, first, count, claims = arguments
    minter = Minter(SigningKey.from_pem(pem, kid), issuer, azp)
    times = {"exp": int(time.time()) + TOKEN_SECONDS}
    return [minter.session(MEMBER, sid=f"sess_2aBcDeFgHiJkLmNoPq{first + i:09d}", **{**ORDINARY, **times, **claims})
            for i in range(count)]


def mint(clerk, count: int, **claims) -> list[str]:
    """That many session tokens, all different."""
    step = max(1, min(500, count // 4))
    parts = [(clerk.key.private_pem(), clerk.kid, clerk.issuer, clerk.mint.azp, first,
              min(step, count - first), claims) for first in range(0, count, step)]
    with ProcessPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
        return [token for part in pool.map(_mint, parts) for token in part]


def permissions(count: int) -> dict:
    """Claims of a version 2 token by which a member has that many permissions."""
    features = count // 2
    return {"fea": ",".join(f"o:feature{i}" for i in range(features)),
            "o": {"id": "org_2aBcDeFgHiJkLmNoPqRsTuVwXyZ", "slg": "example", "rol": "admin",
                  "per": "create,read", "fpm": ",".join(["3"] * features)}}


def forged(tokens: list[str]) -> list[str]:
    return [alter_signature(token, bit=9) for token in tokens]


# ---------------------------------------------------------------- configurations

PROTECTED = """
<Location /app>
    AuthType Clerk
    AuthName Example
    Require valid-user
</Location>
<Location /require>
    AuthType Clerk
    AuthName Example
    <RequireAny>
        Require clerk-role org:owner org:auditor
        Require clerk-permission org:invoices:create org:invoices:read
        Require clerk-permission org:reports:read
        Require clerk-role org:billing
        Require clerk-role org:member org:admin
    </RequireAny>
</Location>
<Location /key>
    AuthType Clerk
    AuthName Example
    ClerkAcceptsToken api_key
    Require valid-user
</Location>
"""


def clerk_lines(clerk, api: str) -> str:
    return "\n".join([f"ClerkPublishableKey {clerk.publishable_key}",
                      f"ClerkSecretKey {clerk.secret_key}", f"ClerkAPIURL {api}",
                      f"ClerkAuthorizedParties {clerk.mint.azp}"])


def plain() -> Server:
    return Server("", clerk=False).start()


def with_module(clerk, api: str, *lines: str, sections: str = PROTECTED) -> Server:
    return Server("\n".join([clerk_lines(clerk, api), *lines, sections])).start()


def certificate(key: SigningKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.now(timezone.utc)
    private = serialization.load_pem_private_key(key.private_pem().encode(), None)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(private.public_key()).serial_number(1)
            .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .sign(private, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.PEM)


def has_openidc() -> bool:
    return Path(modules_directory(), OPENIDC).exists()


def key_set_over_tls(clerk, place: Path) -> Standin:
    """The same keys at an https: URL, which mod_auth_openidc insists on."""
    place.joinpath("tls.pem").write_bytes(certificate(clerk.key))
    place.joinpath("tls.key").write_text(clerk.key.private_pem())
    return Standin.start(key=clerk.key, tls=(str(place / "tls.pem"), str(place / "tls.key")))


def openidc(clerk, jwks_url: str | None = None) -> Server:
    """Debian's mod_auth_openidc as a resource server, with the same key."""
    server = Server("", clerk=False, modules=["auth_openidc"])
    file = server.file("certificate.pem", certificate(clerk.key), mode=0o644)
    keys = f"OIDCOAuthVerifyJwksUri {jwks_url}" if jwks_url else \
        f'OIDCOAuthVerifyCertFiles "{clerk.kid}#{file}"'
    server.configure("\n".join([
        "LogLevel warn", "MaxKeepAliveRequests 0", "LimitRequestFieldSize 32768", keys,
        "OIDCOAuthSSLValidateServer Off",
        "OIDCOAuthRemoteUserClaim sub", "<Location /app>", "AuthType oauth20",
        "Require valid-user", "</Location>"]))
    return server.start()
