# SPDX-License-Identifier: Apache-2.0 - the cookies a signed-in application sees
"""Clerk's cookies on the application's host.

Cookies ignore ports, so the stand-in can set them for an application that runs on the
same host name. Real Clerk does it from JavaScript or by the handshake.
"""
from __future__ import annotations

from .clients import Client
from .exchange import Response
from .instances import Instance

CLIENT_COOKIE = "__client"
GONE = "; Max-Age=0"


def set_cookie(response: Response, name: str, value: str, attributes: str = "",
               path: str = "/") -> None:
    response.headers.append(
        ("Set-Cookie", f"{name}={value}; Path={path}; SameSite=Lax{attributes}"))


def sign_in(response: Response, instance: Instance, client: Client, origin: str) -> Response:
    """A fresh session token and what goes with it."""
    _set_both(response, instance, "__session", instance.session_token(client.session, origin))
    _set_both(response, instance, "__client_uat", str(client.changed_at))
    if instance.development:
        _set_both(response, instance, "__clerk_db_jwt", client.dev_browser)
    return response


def sign_out(response: Response, instance: Instance) -> Response:
    """No session token, and a client state that says so."""
    _set_both(response, instance, "__session", "", GONE)
    _set_both(response, instance, "__client_uat", "0")
    return response


def remember_client(response: Response, client: Client, path: str) -> Response:
    set_cookie(response, CLIENT_COOKIE, client.token, "; HttpOnly", path)
    return response


def forget_client(response: Response, path: str) -> Response:
    set_cookie(response, CLIENT_COOKIE, "", "; HttpOnly" + GONE, path)
    return response


def _set_both(response: Response, instance: Instance, name: str, value: str,
              attributes: str = "") -> None:
    set_cookie(response, name, value, attributes)
    set_cookie(response, f"{name}_{instance.cookie_suffix}", value, attributes)
