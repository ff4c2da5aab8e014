# SPDX-License-Identifier: Apache-2.0 - starts and drives the stand-in from Python tests
"""The stand-in, for tests.

    with Standin.start() as clerk:
        token = clerk.mint.session(MEMBER, fva=[0, 0])
        clerk.fault("backend.jwks", "hang", times=1)
        ...
        assert clerk.requests("backend.jwks")[-1]["headers"]["authorization"]

Tokens are minted in the test's own process: the test makes the signing keys and hands
them over.
"""
from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Callable

from .credential_calls import CredentialCalls
from .exchange import clerk_error
from .keys import SigningKey, pooled_key
from .session_calls import SessionCalls
from .tokens import Minter

PROGRAM = Path(__file__).with_name("clerk_standin.py")
START_SECONDS = 20
Call = Callable[..., Any]


class InstanceHandle(CredentialCalls, SessionCalls):
    """One Clerk instance of a running stand-in."""

    def __init__(self, call: Call, url: str, state: dict[str, Any], key: SigningKey):
        self._call = call
        self.name: str = state["name"]
        self.publishable_key: str = state["publishable_key"]
        self.secret_key: str = state["secret_key"]
        self.issuer: str = state["issuer"]
        self.frontend_api: str = state["frontend_api"]
        self.cookie_suffix: str = state["cookie_suffix"]
        self.frontend_url = f"{url}/fapi/{self.name}"
        self.jwks_url = f"{self.frontend_url}/.well-known/jwks.json"
        self.mint = Minter(key, self.issuer, state["app_origins"][0])
        self._remember(state)

    @property
    def key(self) -> SigningKey:
        """The key that signs at present."""
        return self.mint.key

    @property
    def kid(self) -> str:
        return self.mint.key.kid

    def rotate(self, *, kid: str | None = None, keep_old: bool = True,
               key: SigningKey | None = None) -> SigningKey:
        """Sign with another key from now on; returns the new one."""
        new = key or pooled_key(kid, unlike=[self.key])
        self._call("/rotate", instance=self.name, kid=new.kid, keep_old=keep_old,
                   private_key_pem=new.private_pem())
        self.mint.key = new
        return new

    def change_user(self, user: str, **fields: Any) -> None:
        """Set fields of a user of this instance, as `Directory.change` takes them."""
        self._call("/users", instance=self.name, user=user, **fields)

    def remove_user(self, user: str) -> None:
        self._call("/users/remove", instance=self.name, user=user)

    def set_app_origins(self, *origins: str) -> None:
        """Where sign-in may lead back to; the first is what `mint` puts into azp."""
        self._call("/app-origins", instance=self.name, origins=list(origins))
        self.mint.azp = origins[0]


class Standin(InstanceHandle):
    """A running stand-in; by itself also its first instance."""

    def __init__(self, process: subprocess.Popen, ready: dict[str, Any], key: SigningKey,
                 directory: tempfile.TemporaryDirectory):
        self._process = process
        self._directory = directory
        self.control_url: str = ready["control"]
        self.url: str = ready["url"]
        super().__init__(self.call, self.url, self.state()["instances"][0], key)

    @classmethod
    def start(cls, *options: str, key: SigningKey | None = None, kid: str | None = None,
              publishable_key: str | None = None, secret_key: str | None = None,
              fapi_host: str | None = None, app_origin: str | None = None,
              tls: tuple[str, str] | None = None) -> "Standin":
        """Start the program; `options` are further words of its command line."""
        signing = key or pooled_key(kid)
        directory = tempfile.TemporaryDirectory(prefix="clerk-standin-")
        pem = Path(directory.name, "signing.pem")
        pem.touch(mode=0o600)
        pem.write_text(signing.private_pem())
        command = [sys.executable, str(PROGRAM), "--signing-key", str(pem),
                   "--kid", signing.kid, *options]
        for name, value in (("--publishable-key", publishable_key), ("--secret-key", secret_key),
                            ("--fapi-host", fapi_host), ("--app-origin", app_origin),
                            ("--tls-cert", tls and tls[0]), ("--tls-key", tls and tls[1])):
            if value:
                command += [name, value]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        try:
            return cls(process, _ready(process), signing, directory)
        except BaseException:
            process.kill()
            process.wait()
            directory.cleanup()
            raise

    def __enter__(self) -> "Standin":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def stop(self) -> int:
        """End the program; returns its exit status."""
        self._process.terminate()
        _, complaints = self._process.communicate(timeout=10)
        self._directory.cleanup()
        if complaints:
            raise AssertionError(f"the stand-in complained:\n{complaints}")
        return self._process.returncode

    def call(self, path: str, **fields: Any) -> Any:
        """POST to the control port; ValueError with its words when it refuses."""
        return self._ask(urllib.request.Request(
            self.control_url + path, json.dumps(fields).encode(),
            {"Content-Type": "application/json"}))

    def _ask(self, request: urllib.request.Request) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            raise ValueError(json.load(refusal)["error"]) from None

    def state(self) -> dict[str, Any]:
        return self._ask(urllib.request.Request(f"{self.control_url}/state"))

    def counters(self) -> dict[str, Any]:
        """`requests` by endpoint, `by_instance`, `total`, `connections`."""
        return self._ask(urllib.request.Request(f"{self.control_url}/counters"))

    def count(self, endpoint: str) -> int:
        return self.counters()["requests"].get(endpoint, 0)

    def requests(self, endpoint: str = "") -> list[dict[str, Any]]:
        """The last requests, oldest first: method, path, query, headers, body, at."""
        query = f"?endpoint={endpoint}" if endpoint else ""
        return self._ask(urllib.request.Request(f"{self.control_url}/requests{query}"))

    def reset(self) -> None:
        """Forget counters and faults."""
        self.call("/reset")

    def fault(self, endpoint: str, kind: str, **parameters: Any) -> None:
        """Make an endpoint misbehave; see `faults.Fault` for kinds and parameters."""
        self.call("/fault", endpoint=endpoint, kind=kind, **parameters)

    def fail_with(self, endpoint: str, status: int, code: str, *,
                  retry_after: int | str | None = None, **parameters: Any) -> None:
        """Make an endpoint answer with Clerk's error envelope."""
        headers = [] if retry_after is None else [["Retry-After", str(retry_after)]]
        body = clerk_error(status, code, code.replace("_", " ")).body.decode()
        self.fault(endpoint, "answer", status=status, body=body, headers=headers, **parameters)

    def clear_faults(self, endpoint: str | None = None) -> None:
        self.call("/clear-faults", endpoint=endpoint)

    def new_instance(self, name: str, *, key: SigningKey | None = None, kid: str | None = None,
                     **fields: Any) -> InstanceHandle:
        """Another instance in the same program, with a key of its own."""
        signing = key or pooled_key(kid, unlike=[self.key])
        state = self.call("/instances", name=name, kid=signing.kid,
                          private_key_pem=signing.private_pem(), **fields)
        return InstanceHandle(self.call, self.url, state, signing)


def _ready(process: subprocess.Popen) -> dict[str, Any]:
    readable, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if readable else ""
    if not line:
        process.kill()
        raise RuntimeError(f"the stand-in did not start: {process.communicate()[1]}")
    return json.loads(line)
