# SPDX-License-Identifier: Apache-2.0 - Clerk's Backend API, as far as it is needed
"""Backend API endpoints. The credential in `Authorization` says whose instance it is."""
from __future__ import annotations

import time
from functools import partial
from typing import Callable

from . import backend_sessions
from .backend_objects import organization_object, user_object
from .exchange import Request, Response, Route, clerk_error, json_response
from .instances import Instance, Instances
from .users import ORGANIZATIONS

Answer = Callable[..., Response]

# Endpoints that verify opaque tokens, as counters and faults name them.
M2M_VERIFY = "backend.m2m_verify"
OAUTH_VERIFY = "backend.oauth_verify"
API_KEY_VERIFY = "backend.api_key_verify"


def bearer(request: Request) -> str | None:
    """The credential the caller sent, if the header has its form."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value if scheme == "Bearer" and value else None


def instance_of(instances: Instances, endpoint: str, request: Request) -> Instance | None:
    """The instance that the credential is of, where it counts for this endpoint.

    A secret key counts everywhere, a machine's only where M2M tokens are verified.
    """
    credential = bearer(request) or ""
    found = instances.by_secret_key(credential)
    if found is None and endpoint == M2M_VERIFY:
        found = instances.by_machine_secret(credential)
    return found


def refusal(request: Request) -> Response:
    """Why nobody's instance was found."""
    if bearer(request) is None:
        return clerk_error(401, "authorization_header_format_invalid",
                           "Invalid Authorization header format",
                           "Authorization must be `Bearer` and a secret key.")
    return clerk_error(401, "clerk_key_invalid", "The provided Clerk Secret Key is invalid.")


def routes(instances: Instances) -> list[Route]:
    def route(name: str, method: str, pattern: str, answer: Answer) -> Route:
        def authorized(request: Request, *groups: str) -> Response:
            instance = instance_of(instances, name, request)
            if instance is None:
                return refusal(request)
            if "clerk-api-version" in request.headers and \
                    "__clerk_api_version" in request.query:
                return clerk_error(400, "api_version_invalid", "Invalid API version",
                                   "Give the API version in the header or in the query.")
            return answer(instance, request, *groups)
        return Route(name, method, pattern, authorized)

    # The verify endpoints have no version in their paths.
    return [
        route("backend.jwks", "GET", r"/v1/jwks", jwks),
        route("backend.user", "GET", r"/v1/users/([^/]+)", user),
        route("backend.organization", "GET", r"/v1/organizations/([^/]+)", organization),
        route("backend.handshake_payload", "GET", r"/v1/clients/handshake_payload",
              backend_sessions.handshake_payload),
        route("backend.session_refresh", "POST", r"/v1/sessions/([^/]+)/refresh",
              backend_sessions.refresh),
        route("backend.session_token", "POST", r"/v1/sessions/([^/]+)/tokens",
              backend_sessions.session_token),
        route("backend.template_token", "POST", r"/v1/sessions/([^/]+)/tokens/([^/]+)",
              backend_sessions.template_token),
        route(M2M_VERIFY, "POST", r"/m2m_tokens/verify", partial(verify, "m2m_token", "token")),
        route(OAUTH_VERIFY, "POST", r"/oauth_applications/access_tokens/verify", verify_oauth),
        route(API_KEY_VERIFY, "POST", r"/api_keys/verify", verify_api_key),
    ]


def jwks(instance: Instance, _request: Request) -> Response:
    return json_response(instance.jwks())


def user(instance: Instance, _request: Request, user_id: str) -> Response:
    found = next((one for one in instance.users if one.id == user_id), None)
    if found is None:
        return clerk_error(404, "resource_not_found", "not found",
                           "No user was found with that id.")
    return json_response(user_object(found))


def organization(instance: Instance, _request: Request, id_or_slug: str) -> Response:
    found = next((one for one in ORGANIZATIONS if id_or_slug in (one.id, one.slug)), None)
    if found is None:
        return clerk_error(404, "resource_not_found", "not found",
                           "No organization was found with that id or slug.")
    return json_response(organization_object(
        found, (membership for one in instance.users for membership in one.memberships)))


def verify_oauth(instance: Instance, request: Request) -> Response:
    """Takes the deprecated `secret` too, where `access_token` is not given."""
    return verify("oauth_token", "access_token", instance, request, deprecated="secret")


def verify_api_key(instance: Instance, request: Request) -> Response:
    if not instance.credentials.api_keys_enabled:
        return clerk_error(422, "api_keys_not_enabled", "API keys are not enabled",
                           "API keys are not enabled for this instance.")
    return verify("api_key", "secret", instance, request)


def verify(kind: str, member: str, instance: Instance, request: Request,
           deprecated: str | None = None) -> Response:
    """What is known of a token, which the body names in `member`.

    A revoked or expired token is found and said to be so: callers have to look.
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return clerk_error(415, "unsupported_content_type", "Unsupported content type",
                           "Send application/json.")
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return clerk_error(400, "request_body_invalid", "Request body invalid",
                           "The body is no JSON object.")
    secret = body.get(member, body.get(deprecated))
    if not isinstance(secret, str) or not secret:
        return backend_sessions.parameter_missing(member)
    found = instance.credentials.verification(kind, secret, time.time())
    if found is None:
        return clerk_error(404, "resource_not_found", "not found", "No token was found.")
    return json_response(found)
