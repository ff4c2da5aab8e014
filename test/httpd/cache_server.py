# SPDX-License-Identifier: Apache-2.0 - a real redis or memcached of a test's own
"""A cache server on a free port of the loopback, to be asked, frozen, killed and started again.

    with CacheServer("redis") as cache:
        site = ClerkSite(httpd, clerk, cache.directive)
        cache.freeze()      # SIGSTOP: it accepts connections and never answers
        cache.thaw()
        cache.kill()        # connections are refused
        cache.start()       # there again, and empty
"""
from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time

from httpd import free_port

KINDS = ("redis", "memcache")
START_SECONDS = 10


class CacheServer:
    """`kind` is the name of httpd's provider for it."""

    def __init__(self, kind: str):
        self.kind = kind
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        self._directory = tempfile.TemporaryDirectory(prefix="clerk-cache-")

    @property
    def module(self) -> str:
        return f"socache_{self.kind}"

    @property
    def address(self) -> str:
        return f"{self.kind}:127.0.0.1:{self.port}"

    @property
    def directive(self) -> str:
        return f"ClerkCache {self.address}"

    def _command(self) -> list[str]:
        if self.kind == "redis":
            return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                    "--appendonly", "no", "--dir", self._directory.name]
        user = ["-u", "nobody"]
        return ["memcached", "-l", "127.0.0.1", "-p", str(self.port), "-U", "0", *user]

    def start(self) -> "CacheServer":
        command = self._command()
        assert shutil.which(command[0]), f"{command[0]} is missing: see test/install-packages"
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, f"{command[0]} ended at start"
            assert time.monotonic() < deadline, f"{command[0]} does not answer"
            time.sleep(0.02)
        return self

    def _answers(self) -> bool:
        try:
            self.ask(b"PING\r\n" if self.kind == "redis" else b"version\r\n")
        except OSError:
            return False
        return True

    # ---- faults

    def freeze(self) -> None:
        """The system goes on accepting connections for it."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> "CacheServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._directory.cleanup()

    # ---- what is in it (redis)

    def ask(self, sent: bytes) -> bytes:
        """The first bytes of the answer to one line."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as wire:
            wire.sendall(sent)
            return wire.recv(65536)

    def command(self, *words: str | bytes) -> "bytes | int | list | None":
        """What redis answers to one command."""
        assert self.kind == "redis"
        parts = [word if isinstance(word, bytes) else word.encode() for word in words]
        sent = b"*%d\r\n" % len(parts) + b"".join(
            b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as wire:
            wire.sendall(sent)
            with wire.makefile("rb") as answer:
                return _read_reply(answer)

    def entries(self) -> dict[bytes, bytes]:
        """All keys and values, without the one by which the module tries the server."""
        found = {key: self.command("GET", key) for key in self.command("KEYS", "*")}
        return {key: value for key, value in found.items() if value not in (None, b"?")}


def _read_reply(answer) -> "bytes | int | list | None":
    line = answer.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind == b"$":
        length = int(rest)
        return None if length < 0 else answer.read(length + 2)[:-2]
    if kind == b"*":
        return [_read_reply(answer) for _ in range(int(rest))]
    if kind == b":":
        return int(rest)
    assert kind == b"+", line
    return rest
