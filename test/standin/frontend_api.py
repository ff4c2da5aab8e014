# SPDX-License-Identifier: Apache-2.0 - Clerk's Frontend API and Account Portal
"""Which instance's Frontend API is asked, and for what.

Every path also works below `/fapi/<instance>`: what a Frontend API proxy URL points to. A
real proxy says by headers whom it stands for, and proves it by the secret key.
"""
from __future__ import annotations

import re
from typing import Callable

from . import account_portal, frontend_client, oauth
from .exchange import Request, Response, Route, clerk_error, json_response, not_found
from .handshakes import handshake
from .instances import Instance, Instances
from .visits import PROXY_URL_HEADER, Visit

PREFIX = r"(?:/fapi/[a-z0-9-]+)?"
NAMED = re.compile(r"^(?:/\.well-known/[a-z-]+)?/fapi/([a-z0-9-]+)")
SECRET_KEY_HEADER = "clerk-secret-key"
METADATA = r"/\.well-known/(?:oauth-authorization-server|openid-configuration)"
SESSION = r"/v1/client/sessions/([^/]+)"


def instance_of(instances: Instances, request: Request) -> Instance | None:
    """Whose Frontend API is asked: by path, by a proxy's secret key, by host, else the first's."""
    named = NAMED.search(request.path)
    if named:
        return instances.by_name(named[1])
    by_key = instances.by_secret_key(request.headers.get(SECRET_KEY_HEADER, ""))
    return by_key or instances.by_host(request.headers.get("host", ""))


def routes(instances: Instances) -> list[Route]:
    def visit(answer: Callable[..., Response]) -> Callable[..., Response]:
        def find_instance(request: Request, *groups: str) -> Response:
            instance = instance_of(instances, request)
            if instance is None:
                return not_found()
            base = f"/fapi/{instance.name}" if NAMED.search(request.path) else ""
            return _proxy_refusal(instance, request) or \
                answer(Visit(instance, request, base), *groups)
        return find_instance

    def route(name: str, method: str, path: str, answer: Callable[..., Response]) -> Route:
        return Route(f"frontend.{name}", method, PREFIX + path, visit(answer))

    return [
        route("jwks", "GET", r"/\.well-known/jwks\.json", jwks),
        route("sign_in_page", "GET", r"/sign-in", account_portal.sign_in_page),
        route("sign_up_page", "GET", r"/(?:sign-up|sign-in/create)",
              account_portal.sign_up_page),
        route("sign_in", "POST", r"/sign-in", account_portal.sign_in),
        route("tasks_page", "GET", r"/sign-(?:in|up)/tasks", account_portal.tasks_page),
        route("complete_task", "POST", r"/sign-in/tasks", account_portal.complete_task),
        route("sign_out", "GET", r"/sign-out", account_portal.sign_out),
        route("handshake", "GET", r"/v1/client/handshake", handshake),
        route("preflight", "OPTIONS", r"/v1/.*", frontend_client.preflight),
        route("dev_browser", "POST", r"/v1/dev_browser", frontend_client.dev_browser),
        route("client", "GET", r"/v1/client", frontend_client.client),
        route("token", "POST", SESSION + "/tokens", frontend_client.token),
        route("touch", "POST", SESSION + "/touch", frontend_client.touch),
        route("end", "POST", SESSION + "/(?:end|remove)", frontend_client.end),
        route("oauth_metadata", "GET", METADATA, oauth.metadata),
        # RFC 8414, section 3.1: the path of the issuer comes last.
        Route("frontend.oauth_metadata", "GET", METADATA + PREFIX, visit(oauth.metadata)),
        route("oauth_register", "POST", r"/oauth/register", oauth.register),
        route("oauth_authorize", "GET", r"/oauth/authorize", oauth.authorize),
        route("oauth_consent", "POST", r"/oauth/authorize", oauth.authorize),
        route("oauth_token", "POST", r"/oauth/token", oauth.token),
        route("oauth_token_info", "POST", r"/oauth/token_info", oauth.token_info),
        route("oauth_userinfo", "GET", r"/oauth/userinfo", oauth.userinfo),
        route("oauth_preflight", "OPTIONS", rf"(?:{METADATA}|/oauth/\w+)", oauth.preflight),
    ]


def _proxy_refusal(instance: Instance, request: Request) -> Response | None:
    """A proxy that does not know the secret key could be anybody's."""
    if PROXY_URL_HEADER not in request.headers:
        return None
    key = request.headers.get(SECRET_KEY_HEADER)
    if key is None:
        return clerk_error(400, "proxy_request_missing_secret_key", "Missing secret key",
                           "A proxy must send Clerk-Secret-Key.")
    if key != instance.secret_key:
        return clerk_error(401, "proxy_request_invalid_secret_key", "Invalid secret key")
    return None


def jwks(visit: Visit) -> Response:
    return json_response(visit.instance.jwks())
