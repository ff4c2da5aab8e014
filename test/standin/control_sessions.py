# SPDX-License-Identifier: Apache-2.0 - the part of the control port about sessions and their tokens
"""Control of sessions, refresh, handshake payloads, JWT templates."""
from __future__ import annotations

from dataclasses import asdict
from typing import Any, Callable

from . import tokens
from .exchange import Request, Response, Route, json_response
from .instances import Instance
from .jwt_templates import JWTTemplate
from .sessions import Session

Find = Callable[[dict[str, Any]], Instance]


def routes(instance_of: Find) -> list[Route]:
    """`instance_of` takes the member `instance` out of the fields."""
    def route(name: str, path: str, answer: Callable[[Instance, dict[str, Any]], Any]) -> Route:
        def reply(request: Request) -> Response:
            fields = request.json()
            instance = instance_of(fields)
            return json_response(answer(instance, fields))
        return Route(name, "POST", path, reply)

    return [
        route("session", r"/sessions", start),
        route("session_found", r"/sessions/find", find),
        route("session_change", r"/sessions/change", change),
        route("session_seconds", r"/session-lifetime", set_lifetime),
        route("consumed", r"/sessions/consume", consume),
        route("handshake_payload", r"/handshake-payloads", keep_payload),
        route("jwt_template", r"/jwt-templates", set_template),
    ]


def start(instance: Instance, fields: dict[str, Any]) -> dict[str, Any]:
    """A session of `user` without a browser."""
    user = instance.users.find(fields["user"])
    if user is None:
        raise KeyError(f"no user {fields['user']}")
    return _shown(instance.sessions.start(user))


def find(instance: Instance, fields: dict[str, Any]) -> dict[str, Any]:
    session = instance.sessions.find(fields["session"])
    if session is None:
        raise KeyError(f"no session {fields['session']}")
    return _shown(session)


def change(instance: Instance, fields: dict[str, Any]) -> dict[str, Any]:
    return _shown(instance.sessions.change(fields.pop("session"), **fields))


def set_lifetime(instance: Instance, fields: dict[str, Any]) -> dict[str, Any]:
    """How long session tokens that the Frontend or Backend API makes are good, in seconds."""
    instance.session_seconds = int(fields["seconds"])
    return {"seconds": instance.session_seconds}


def consume(instance: Instance, fields: dict[str, Any]) -> dict[str, Any]:
    """As if this expired token had been exchanged long ago."""
    instance.sessions.consume(tokens.decode(fields["token"])[1]["jti"], float("-inf"))
    return {}


def keep_payload(instance: Instance, fields: dict[str, Any]) -> dict[str, Any]:
    return {"nonce": instance.handshakes.keep([str(one) for one in fields["directives"]])}


def set_template(instance: Instance, fields: dict[str, Any]) -> dict[str, Any]:
    """A new template, or another under the name of an old one."""
    template = JWTTemplate(**fields)
    instance.jwt_templates[template.name] = template
    return asdict(template)


def _shown(session: Session) -> dict[str, Any]:
    return {"id": session.id, "refresh_token": session.refresh_token, "status": session.status,
            "user": session.user_key, "organization_id": session.organization_id}
