# SPDX-License-Identifier: Apache-2.0 - Clerk's Backend API, as far as it is needed
"""Backend API endpoints. The secret key in `Authorization` says whose instance it is."""
from __future__ import annotations

from typing import Callable

from . import users
from .exchange import Request, Response, Route, clerk_error, json_response
from .instances import Instance, Instances

Answer = Callable[..., Response]


def bearer(request: Request) -> str | None:
    """The secret key the caller sent, if the header has its form."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value if scheme == "Bearer" and value else None


def refusal(request: Request) -> Response:
    """Why nobody's instance was found."""
    if bearer(request) is None:
        return clerk_error(401, "authorization_header_format_invalid",
                           "Invalid Authorization header format",
                           "Authorization must be `Bearer` and a secret key.")
    return clerk_error(401, "clerk_key_invalid", "The provided Clerk Secret Key is invalid.")


def routes(instances: Instances) -> list[Route]:
    def authorized(answer: Callable[..., Response]) -> Answer:
        def check(request: Request, *groups: str) -> Response:
            instance = instances.by_secret_key(bearer(request) or "")
            if instance is None:
                return refusal(request)
            if "clerk-api-version" in request.headers and \
                    "__clerk_api_version" in request.query:
                return clerk_error(400, "api_version_invalid", "Invalid API version",
                                   "Give the API version in the header or in the query.")
            return answer(instance, request, *groups)
        return check

    return [
        Route("backend.jwks", "GET", r"/v1/jwks", authorized(jwks)),
        Route("backend.user", "GET", r"/v1/users/([^/]+)", authorized(user)),
    ]


def jwks(instance: Instance, _request: Request) -> Response:
    return json_response(instance.jwks())


def user(instance: Instance, _request: Request, user_id: str) -> Response:
    found = next((one for one in instance.users if one.id == user_id), None)
    if found is None:
        return clerk_error(404, "resource_not_found", "not found",
                           "No user was found with that id.")
    return json_response(users.backend_object(found))
