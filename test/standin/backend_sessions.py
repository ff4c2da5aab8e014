# SPDX-License-Identifier: Apache-2.0 - the Backend API's endpoints about sessions and handshakes
"""Handshake payloads, the refresh of session tokens, session tokens and template JWTs."""
from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from . import tokens
from .directives import CookieJar
from .exchange import Request, Response, clerk_error, json_response
from .instances import Instance
from .sessions import Session
from .users import User

# How old a session token may be that is exchanged for a fresh one.
REFRESHABLE_SECONDS = 7 * 24 * 3600
EXPIRES_IN = range(30, 10 * 365 * 24 * 3600 + 1)


class Refused(Exception):
    """A refresh that is not granted; the text is Clerk's code."""


def handshake_payload(instance: Instance, request: Request) -> Response:
    directives = instance.handshakes.redeem(request.query.get("nonce", ""))
    if directives is None:
        return clerk_error(404, "resource_not_found", "not found",
                           "No handshake payload was found for that nonce.")
    return json_response({"directives": directives})


# ---- refresh

def refresh(instance: Instance, request: Request, session_id: str) -> Response:
    body = json_object(request)
    missing = [name for name in ("expired_token", "refresh_token", "request_origin")
               if not isinstance(body.get(name), str) or not body[name]]
    if missing:
        return parameter_missing(missing[0])
    try:
        session = _refreshable(instance, session_id, body)
    except Refused as refusal:
        code = str(refusal)
        return clerk_error(401, code, code.replace("_", " "))
    token = instance.session_token(session, body["request_origin"])
    if body.get("format", "token") == "token":
        return json_response({"object": "token", "jwt": token})
    jar = CookieJar(instance, body["request_origin"],
                    request.query.get("suffixed_cookies") == "true")
    return json_response({"object": "cookies", "cookies": jar.session_token(token)})


def _refreshable(instance: Instance, session_id: str, body: dict[str, Any]) -> Session:
    """The session that gets a fresh token."""
    claims = _expired_claims(instance, body)
    if claims["sid"] != session_id:
        raise Refused("refresh_sid_mismatch")
    session = instance.sessions.find(session_id)
    if session is None:
        raise Refused("session_refresh_session_not_found")
    if not session.lasts:
        raise Refused("session_refresh_inactive_session")
    if not instance.sessions.has_refresh_token(session, body["refresh_token"]):
        raise Refused("refresh_token_not_found")
    if instance.sessions.user_of(session) is None:
        raise Refused("session_refresh_user_not_found")
    _check_age(claims)
    if not instance.sessions.consume(str(claims.get("jti"))):
        raise Refused("session_refresh_expired_session_token_consumed")
    return session


def _expired_claims(instance: Instance, body: dict[str, Any]) -> dict[str, Any]:
    """The claims of the token that is to be renewed, as far as they are about who asks."""
    origin = body["request_origin"]
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin:
        raise Refused("refresh_request_origin_invalid")
    header, claims = tokens.verified(body["expired_token"], instance.keys)
    if claims is None:
        raise Refused("expired_session_token_invalid")
    if header.get("cat") != tokens.CAT_SESSION:
        raise Refused("session_refresh_session_token_ineligible")
    if not claims.get("azp"):
        raise Refused("expired_session_token_missing_azp")
    if claims["azp"] != origin:
        raise Refused("refresh_request_origin_azp_mismatch")
    if not claims.get("sid"):
        raise Refused("expired_session_token_missing_sid")
    return claims


def _check_age(claims: dict[str, Any]) -> None:
    if not isinstance(claims.get("iat"), int):
        raise Refused("session_refresh_expired_session_token_missing_iat")
    if claims["iat"] < time.time() - REFRESHABLE_SECONDS:
        raise Refused("session_refresh_expired_session_token_too_old")


# ---- tokens

def session_token(instance: Instance, request: Request, session_id: str) -> Response:
    """A session token that no browser asked for, so it names no authorized party."""
    return _token(instance, request, session_id,
                  lambda session, _user, times: instance.session_token(
                      session, azp=tokens.OMIT, **times))


def template_token(instance: Instance, request: Request, session_id: str,
                   name: str) -> Response:
    template = instance.jwt_templates.get(name)
    if template is None:
        return clerk_error(404, "resource_not_found", "JWT template not found",
                           "No JWT template exists with that name.")

    def mint(session: Session, user: User, times: dict[str, int]) -> str:
        now = int(time.time())
        claims = {"azp": tokens.OMIT, "exp": now + template.lifetime,
                  **template.claims_of(user, session), **times}
        return instance.minter().template(user, **claims)
    return _token(instance, request, session_id, mint)


def _token(instance: Instance, request: Request, session_id: str, mint: Any) -> Response:
    seconds = json_object(request).get("expires_in_seconds")
    if seconds is not None and (type(seconds) is not int or seconds not in EXPIRES_IN):
        return clerk_error(422, "form_param_value_invalid", "is invalid",
                           "expires_in_seconds is out of range.",
                           {"param_name": "expires_in_seconds"})
    session = instance.sessions.find(session_id)
    user = instance.sessions.user_of(session) if session and session.lasts else None
    if user is None:
        return clerk_error(404, "resource_not_found", "Session not found",
                           "No active session was found with that id.")
    times = {} if seconds is None else {"exp": int(time.time()) + seconds}
    return json_response({"object": "token", "jwt": mint(session, user, times)})


# ---- bodies

def json_object(request: Request) -> dict[str, Any]:
    """The body, or nothing where it is no JSON object."""
    try:
        body = request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def parameter_missing(name: str) -> Response:
    return clerk_error(422, "form_param_missing", "is missing", f"{name} must be included.",
                       {"param_name": name})
