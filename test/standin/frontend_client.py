# SPDX-License-Identifier: Apache-2.0 - what a page's script asks the Frontend API
"""Dev browser, client, session tokens: JSON for scripts on the application's origins."""
from __future__ import annotations

from typing import Any, Callable

from .clients import Client
from .exchange import Response, clerk_error, json_response
from .sessions import Session
from .visits import Visit

Answer = Callable[..., Response]


def for_scripts(answer: Answer) -> Answer:
    """With CORS; another origin than the application's is refused."""
    def checked(visit: Visit, *groups: str) -> Response:
        origin = visit.request.headers.get("origin")
        if origin is None:
            return answer(visit, *groups)
        if origin not in visit.instance.app_origins:
            return clerk_error(400, "origin_invalid", "Invalid HTTP Origin header")
        response = answer(visit, *groups)
        response.headers += [("Access-Control-Allow-Origin", origin), ("Vary", "Origin"),
                             ("Access-Control-Allow-Credentials", "true")]
        return response
    return checked


@for_scripts
def preflight(_visit: Visit, *_path: str) -> Response:
    return Response(204, headers=[("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
                                  ("Access-Control-Allow-Headers", "Content-Type"),
                                  ("Access-Control-Max-Age", "86400")])


@for_scripts
def dev_browser(visit: Visit) -> Response:
    if not visit.instance.development:
        return clerk_error(400, "dev_browser_unauthenticated", "Not a development instance")
    client = visit.client or visit.instance.clients.create()
    return visit.remember(json_response({"id": client.dev_browser}), client)


@for_scripts
def client(visit: Visit) -> Response:
    return json_response({"response": _client(visit, visit.client), "client": None})


@for_scripts
def token(visit: Visit, session_id: str) -> Response:
    """A fresh session token for the origin that asks, as `session.getToken()` gets it."""
    session = _session(visit, session_id)
    if session is None:
        return _no_session()
    origin = visit.request.headers.get("origin", visit.origin)
    return json_response({"object": "token",
                          "jwt": visit.instance.session_token(session, origin)})


@for_scripts
def touch(visit: Visit, session_id: str) -> Response:
    """Makes a session the active one, in the organization that the form names."""
    session = _session(visit, session_id)
    if session is None:
        return _no_session()
    if "active_organization_id" in visit.fields and not visit.instance.sessions.activate(
            session, visit.fields["active_organization_id"]):
        return clerk_error(403, "not_a_member_in_organization", "Not a member")
    return json_response({"response": _shown(visit, session),
                          "client": _client(visit, visit.client)})


@for_scripts
def end(visit: Visit, session_id: str) -> Response:
    session = _session(visit, session_id)
    if session is None:
        return _no_session()
    visit.instance.clients.sign_out(visit.client)
    return visit.remember(json_response({"response": _shown(visit, session), "client": None}),
                          visit.client)


def _session(visit: Visit, session_id: str) -> Session | None:
    client = visit.signed_in
    return client.session if client and client.session.id == session_id else None


def _no_session() -> Response:
    return clerk_error(404, "resource_not_found", "Session not found",
                       "This client has no such session.")


def _client(visit: Visit, known: Client | None) -> dict[str, Any] | None:
    if known is None:
        return None
    sessions = [_shown(visit, known.session)] if known.signed_in else []
    return {"object": "client", "sessions": sessions,
            "last_active_session_id": sessions[0]["id"] if sessions else None}


def _shown(visit: Visit, session: Session) -> dict[str, Any]:
    user = visit.instance.sessions.user_of(session)
    return {"object": "session", "id": session.id, "status": session.status,
            "last_active_organization_id": session.organization_id,
            "user": {"id": user.id, "first_name": user.first_name, "last_name": user.last_name}}
