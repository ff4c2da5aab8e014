# SPDX-License-Identifier: Apache-2.0 - the control port: JSON over HTTP for tests
"""Control: state, counters, faults, keys, users, sessions, credentials, minting, instances.

Listens on loopback and asks for no password, so it answers no web page: a request that
carries `Origin` is refused, and POST needs JSON's content type.
"""
from __future__ import annotations

import base64
import os
from dataclasses import asdict
from typing import Any, Callable

from . import control_sessions, tokens
from .application import Application
from .exchange import Request, Response, Route, json_response
from .faults import KINDS, Fault
from .instances import DEFAULT, Instance
from .keys import SigningKey
from .machines import Machine, OAuthClient
from .opaque_tokens import OpaqueToken

MINTS = ("session", "template", "m2m", "oauth", "handshake")


class Control:
    def __init__(self, application: Application):
        self._application = application
        self._instances = application.instances
        self._routes = [
            Route("state", "GET", r"/state", self.state),
            Route("counters", "GET", r"/counters", self.counters),
            Route("requests", "GET", r"/requests", self.requests),
            Route("reset", "POST", r"/reset", self.reset),
            Route("fault", "POST", r"/fault", self.fault),
            Route("clear_faults", "POST", r"/clear-faults", self.clear_faults),
            Route("rotate", "POST", r"/rotate", self.rotate),
            Route("mint", "POST", r"/mint", self.mint),
            Route("instance", "POST", r"/instances", self.create_instance),
            Route("origins", "POST", r"/app-origins", self.app_origins),
            Route("user", "POST", r"/users", self.change_user),
            Route("machine", "POST", r"/machines", self.create_machine),
            Route("oauth_client", "POST", r"/oauth-clients", self.create_oauth_client),
            Route("oauth", "POST", r"/oauth", self.configure_oauth),
            Route("opaque_token", "POST", r"/opaque-tokens", self.issue_token),
            Route("token_change", "POST", r"/opaque-tokens/change", self.change_token),
            Route("api_keys", "POST", r"/api-keys", self.enable_api_keys),
            Route("user_removal", "POST", r"/users/remove", self.remove_user),
            *control_sessions.routes(self._instance),
        ]

    def exchange(self, request: Request, wire: Any) -> None:
        if "origin" in request.headers:
            wire.respond(_problem(403, "no web page may use the control port"))
        elif request.method == "POST" and \
                request.headers.get("content-type") != "application/json":
            wire.respond(_problem(415, "send application/json"))
        elif (request.method, request.path) == ("POST", "/quit"):
            wire.respond(json_response({}))
            os._exit(0)
        else:
            wire.respond(self._answer(request))

    def _answer(self, request: Request) -> Response:
        for route in self._routes:
            if route.match(request) is not None:
                try:
                    return route.answer(request)
                except (KeyError, TypeError, ValueError) as problem:
                    return _problem(400, f"{type(problem).__name__}: {problem}")
        return _problem(404, "known: " + ", ".join(
            f"{route.method} {route.pattern}" for route in self._routes) + ", POST /quit")

    def _instance(self, fields: dict[str, Any]) -> Instance:
        name = fields.pop("instance", DEFAULT)
        instance = self._instances.by_name(name)
        if instance is None:
            raise KeyError(f"no instance {name}")
        return instance

    def state(self, _request: Request) -> Response:
        return json_response({
            "instances": [one.describe() for one in self._instances],
            "endpoints": self._application.endpoints(), "fault_kinds": KINDS,
            "faults": self._application.faults.describe(),
            "users": [{"key": user.key, "id": user.id, "description": user.description}
                      for user in self._instances.default().users]})

    def counters(self, _request: Request) -> Response:
        return json_response(self._application.recorder.counters())

    def requests(self, request: Request) -> Response:
        return json_response(self._application.recorder.requests(request.query.get("endpoint")))

    def reset(self, _request: Request) -> Response:
        """Forget counters and faults; keys, users and sessions stay."""
        self._application.recorder.reset()
        self._application.faults.clear()
        return json_response({})

    def fault(self, request: Request) -> Response:
        fields = request.json()
        endpoint = fields.pop("endpoint")
        known = self._application.endpoints() + ["*"]
        if endpoint.rpartition("/")[2] not in known:
            raise ValueError(f"endpoint must be one of {', '.join(known)}")
        self._application.faults.set(endpoint, Fault(**fields))
        return json_response(self._application.faults.describe())

    def clear_faults(self, request: Request) -> Response:
        self._application.faults.clear(request.json().get("endpoint"))
        return json_response(self._application.faults.describe())

    def rotate(self, request: Request) -> Response:
        fields = request.json()
        instance = self._instance(fields)
        keep_old = fields.pop("keep_old", True)
        instance.rotate(self._instances.new_key(**fields), keep_old)
        return json_response(instance.describe())

    def create_instance(self, request: Request) -> Response:
        return json_response(self._instances.create(**request.json()).describe())

    def app_origins(self, request: Request) -> Response:
        fields = request.json()
        instance = self._instance(fields)
        instance.app_origins = [str(origin) for origin in fields["origins"]]
        return json_response(instance.describe())

    def change_user(self, request: Request) -> Response:
        fields = request.json()
        instance = self._instance(fields)
        user = instance.users.change(fields.pop("user"), fields)
        return json_response({"key": user.key, "id": user.id})

    def remove_user(self, request: Request) -> Response:
        fields = request.json()
        self._instance(fields).users.remove(fields["user"])
        return json_response({})

    def create_machine(self, request: Request) -> Response:
        fields = request.json()
        instance = self._instance(fields)
        machine = Machine(**fields)
        if self._instances.by_machine_secret(machine.secret_key):
            raise ValueError("there is a machine of that secret key")
        instance.credentials.add_machine(machine)
        return json_response(asdict(machine))

    def create_oauth_client(self, request: Request) -> Response:
        fields = request.json()
        instance = self._instance(fields)
        client = OAuthClient(**fields)
        instance.credentials.add_client(client)
        return json_response(asdict(client))

    def configure_oauth(self, request: Request) -> Response:
        fields = request.json()
        self._instance(fields).oauth.configure(**fields)
        return json_response({})

    def issue_token(self, request: Request) -> Response:
        """An opaque token of `kind`; the other fields are those of its class."""
        fields = request.json()
        instance = self._instance(fields)
        kind = fields.pop("kind")
        return json_response(_issued(instance.credentials.issue(kind, fields)))

    def change_token(self, request: Request) -> Response:
        """Set fields of the opaque token whose id or secret is `token`."""
        fields = request.json()
        instance = self._instance(fields)
        return json_response(_issued(instance.credentials.change(fields.pop("token"), fields)))

    def enable_api_keys(self, request: Request) -> Response:
        fields = request.json()
        instance = self._instance(fields)
        instance.credentials.api_keys_enabled = bool(fields["enabled"])
        return json_response(instance.describe())

    def mint(self, request: Request) -> Response:
        fields = request.json()
        instance = self._instance(fields)
        kind = fields.pop("kind", "session")
        if kind == "raw":
            token = self._mint_raw(instance, fields)
        elif kind in MINTS:
            token = self._mint_kind(instance, kind, fields)
        else:
            raise ValueError(f"kind must be one of {', '.join(MINTS)}, raw")
        return json_response({"token": token})

    def _mint_raw(self, instance: Instance, fields: dict[str, Any]) -> str:
        return instance.minter().raw(
            base64.b64decode(fields.pop("header_base64")),
            base64.b64decode(fields.pop("payload_base64")), **_signing(fields))

    def _mint_kind(self, instance: Instance, kind: str, fields: dict[str, Any]) -> str:
        """`claims` and `header` are laid over the usual ones; `without` lists what goes."""
        arguments = _signing(fields)
        claims = fields.pop("claims", {})
        claims.update({name: tokens.OMIT for name in fields.pop("without", [])})
        header = fields.pop("header", {})
        header.update({name: tokens.OMIT for name in fields.pop("header_without", [])})
        alter = fields.pop("alter_signature", False)
        if "user" in fields:
            wanted = fields.pop("user")
            fields["user"] = instance.users.find(wanted)
            if fields["user"] is None:
                raise KeyError(f"no user {wanted}")
        elif kind in ("session", "template", "oauth"):
            fields["user"] = instance.users.find("admin")
        mint: Callable[..., str] = getattr(instance.minter(), kind)
        token = mint(header=header, **arguments, **fields, **claims)
        return tokens.alter_signature(token) if alter else token


def _issued(token: OpaqueToken) -> dict[str, Any]:
    return {"kind": token.kind, "id": token.id, "secret": token.secret,
            "subject": token.subject}


def _signing(fields: dict[str, Any]) -> dict[str, Any]:
    """How to sign: `alg`, and another key as PEM or as base64 of an HMAC secret."""
    arguments: dict[str, Any] = {"alg": fields.pop("alg", "RS256")}
    if "private_key_pem" in fields:
        arguments["key"] = SigningKey.from_pem(fields.pop("private_key_pem"), "other")
    if "secret_base64" in fields:
        arguments["key"] = base64.b64decode(fields.pop("secret_base64"))
    if "signature_base64" in fields:
        arguments["signature"] = base64.b64decode(fields.pop("signature_base64"))
    return arguments


def _problem(status: int, text: str) -> Response:
    return json_response({"error": text}, status)
