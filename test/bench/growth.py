# SPDX-License-Identifier: Apache-2.0 - how the time of a request grows with what is configured or sent
from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import servers
from load import wrk

SECTION = """
<Location /app>
    AuthType Clerk
    AuthName Example
    {lines}
</Location>
"""


def require_values(clerk, size: int) -> tuple[servers.Server, str, str]:
    """That many roles on a Require line, of which the last is the member's."""
    words = [f"org:role{i}" for i in range(size - 1)] + ["org:admin", "org:member"][:1]
    section = SECTION.format(lines="Require clerk-role " + " ".join(words))
    token = servers.mint(clerk, 1, **servers.permissions(2))[0]
    return servers.with_module(clerk, clerk.url, sections=section), "/app/page.txt", token


def claim_kilobytes(clerk, size: int) -> tuple[servers.Server, str, str]:
    token = servers.mint(clerk, 1, notes=["x" * 1000] * size)[0]
    return servers.with_module(clerk, clerk.url), "/app/page.txt", token


def keys_in_set(clerk, size: int) -> tuple[servers.Server, str, str]:
    """A key set of that many keys, each token verified anew."""
    one = clerk.new_instance(f"keys{size}")
    for _ in range(size - 1):
        one.rotate(keep_old=True, key=one.key.named(f"ins_{len(one.kid)}{_:05d}"))
    server = servers.with_module(one, clerk.url, "ClerkTokenCache off")
    return server, "/app/page.txt", servers.mint(one, 1)[0]


def instances(clerk, size: int) -> tuple[servers.Server, str, str]:
    """That many instances in one server, of which the last one is asked for."""
    sections = []
    for i in range(size - 1):
        other = clerk.new_instance(f"i{size}-{i}")
        sections.append(f"<Location /other{i}>\nClerkPublishableKey {other.publishable_key}\n"
                        f"ClerkSecretKey {other.secret_key}\nAuthType Clerk\nAuthName Example\n"
                        "Require valid-user\n</Location>")
    server = servers.with_module(clerk, clerk.url,
                                 sections="\n".join([*sections, servers.PROTECTED]))
    return server, "/app/page.txt", servers.mint(clerk, 1)[0]


# A token may have 16 KiB, of which claims are three quarters.
SIZES = {require_values: ("values of a Require line", (1, 10, 100, 1000)),
         claim_kilobytes: ("KB of claims", (1, 2, 4, 8)),
         keys_in_set: ("keys in the key set, tokens verified anew", (1, 10, 100, 500)),
         instances: ("instances in the server", (1, 10, 50, 200))}


def measure(make, clerk, size: int, rounds: int, place: Path) -> float:
    """Microseconds of processor time a request."""
    server, path, token = make(clerk, size)
    try:
        file = place / "token"
        file.write_text(token + "\n")
        found = [wrk(server, path, 1, str(file)) for _ in range(rounds)]
        if any(run.refused for run in found):
            raise RuntimeError(f"{make.__name__} {size}: refused\n{server.log.text()[-500:]}")
        return statistics.median(run.cpu for run in found)
    finally:
        server.discard()


def tables(clerk, quick: bool) -> list[str]:
    lines = ["", "Growth: processor time of a request in µs", ""]
    with tempfile.TemporaryDirectory() as directory:
        for make, (name, sizes) in SIZES.items():
            if quick:
                sizes = (sizes[0], sizes[2])
            times = [measure(make, clerk, size, 1 if quick else 3, Path(directory))
                     for size in sizes]
            lines.append(f"- {name}: " + ", ".join(
                f"{size} → {micros:.1f}" for size, micros in zip(sizes, times)))
    return lines
