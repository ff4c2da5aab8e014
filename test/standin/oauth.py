# SPDX-License-Identifier: Apache-2.0 - the OAuth authorization server of the Frontend API
"""Metadata (RFC 8414), registration of clients (RFC 7591), authorization with PKCE, tokens.

What a client of a protected resource goes through, the Model Context Protocol's for one.
"""
from __future__ import annotations

import base64
import time
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from . import pages
from .exchange import Response, html_response, json_response, redirect
from .machines import OAuthClient, new_secret
from .oauth_grants import Grant
from .visits import Visit, with_query

SCOPES = ("openid", "profile", "email", "public_metadata", "private_metadata",
          "offline_access", "user:org:read")
SECRET_METHODS = ("client_secret_basic", "client_secret_post")


def _open(response: Response) -> Response:
    """For clients that run in a page of whatever origin."""
    response.headers += [("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-store")]
    return response


def _error(code: str, description: str, status: int = 400) -> Response:
    return _open(json_response({"error": code, "error_description": description}, status))


def preflight(_visit: Visit) -> Response:
    return _open(Response(204, headers=[("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
                                        ("Access-Control-Allow-Headers", "*")]))


def metadata(visit: Visit) -> Response:
    """The URLs are those by which we were asked."""
    url = visit.url
    return _open(json_response({
        "issuer": url, "authorization_endpoint": f"{url}/oauth/authorize",
        "token_endpoint": f"{url}/oauth/token", "userinfo_endpoint": f"{url}/oauth/userinfo",
        "introspection_endpoint": f"{url}/oauth/token_info",
        "registration_endpoint": f"{url}/oauth/register",
        "jwks_uri": f"{url}/.well-known/jwks.json", "scopes_supported": SCOPES,
        "response_types_supported": ["code"], "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": [*SECRET_METHODS, "none"],
        "code_challenge_methods_supported": ["S256"]}))


def register(visit: Visit) -> Response:
    try:
        wanted = visit.request.json()
        uris = wanted["redirect_uris"]
        if not uris or not all(urlsplit(one).scheme and "#" not in one for one in uris):
            return _error("invalid_redirect_uri", "redirect_uris must be absolute URIs.")
    except (ValueError, KeyError, TypeError, AttributeError):
        return _error("invalid_client_metadata", "redirect_uris is missing.")
    method = wanted.get("token_endpoint_auth_method", SECRET_METHODS[0])
    client = OAuthClient(str(wanted.get("client_name", "unnamed")), redirect_uris=tuple(uris),
                         secret=None if method == "none" else new_secret("cs_"))
    visit.instance.credentials.add_client(client)
    secret = {"client_secret": client.secret, "client_secret_expires_at": 0} \
        if client.secret else {}
    return _open(json_response({
        "client_id": client.id, "client_id_issued_at": int(time.time()),
        "client_name": client.name, "redirect_uris": uris, "token_endpoint_auth_method": method,
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "scope": wanted.get("scope", "profile email"), **secret}, 201))


# ---- authorization

def authorize(visit: Visit) -> Response:
    """Asks whoever is there; a wrong client or redirect_uri is told to no other server."""
    client = visit.instance.credentials.find_client(visit.fields.get("client_id", ""))
    uri = visit.fields.get("redirect_uri", "")
    if client is None or uri not in client.redirect_uris:
        return html_response(pages.refused("This client or its redirect_uri is not known."), 400)
    problem = _problem(visit)
    if problem:
        return _answer(visit, error=problem)
    user_key = visit.instance.oauth.consent or visit.fields.get("user")
    if user_key is None or visit.request.method == "GET" and not visit.instance.oauth.consent:
        return html_response(pages.consent(visit.base, client.name, _scopes(visit),
                                           visit.instance.users, visit.fields))
    user = visit.instance.users.find(user_key)
    if user is None:
        return _answer(visit, error="access_denied")
    return _answer(visit, code=visit.instance.oauth.code(Grant(
        client.id, user.id, tuple(_scopes(visit)), visit.fields.get("resource"), uri,
        visit.fields["code_challenge"], time.monotonic())))


def _problem(visit: Visit) -> str | None:
    fields = visit.fields
    if fields.get("response_type") != "code":
        return "unsupported_response_type"
    if fields.get("code_challenge_method") != "S256" or not fields.get("code_challenge"):
        return "invalid_request"
    return None if set(_scopes(visit)) <= set(SCOPES) else "invalid_scope"


def _scopes(visit: Visit) -> list[str]:
    return visit.fields.get("scope", "profile email").split()


def _answer(visit: Visit, **members: str) -> Response:
    location = visit.fields["redirect_uri"]
    if "state" in visit.fields:
        members["state"] = visit.fields["state"]
    for name, value in members.items():
        location = with_query(location, name, value)
    return redirect(location, 302)


# ---- tokens

def token(visit: Visit) -> Response:
    client = _client(visit)
    if client is None:
        return _error("invalid_client", "The client is unknown or its secret is wrong.", 401)
    kind, oauth = visit.fields.get("grant_type"), visit.instance.oauth
    if kind == "refresh_token":
        grant = oauth.redeem_refresh_token(visit.fields.get("refresh_token", ""))
    elif kind == "authorization_code":
        grant = oauth.redeem_code(visit.fields.get("code", ""))
        if grant and (grant.redirect_uri != visit.fields.get("redirect_uri")
                      or not grant.answers(visit.fields.get("code_verifier", ""))):
            grant = None
    else:
        return _error("unsupported_grant_type", "authorization_code or refresh_token.")
    if grant is None or grant.client_id != client.id:
        return _error("invalid_grant", "The grant is not valid for this client.")
    resource = visit.fields.get("resource", grant.resource)
    return _open(json_response(oauth.tokens(visit.instance, replace(grant, resource=resource))))


def _client(visit: Visit) -> OAuthClient | None:
    """Who asks, by HTTP Basic or in the form (RFC 6749, section 2.3.1); a public client by id."""
    scheme, _, value = visit.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(value).decode().partition(":")
        except ValueError:
            return None
        name, secret = unquote_plus(name), unquote_plus(secret)
    else:
        name = visit.fields.get("client_id", "")
        secret = visit.fields.get("client_secret")
    client = visit.instance.credentials.find_client(name)
    return client if client and client.secret == secret else None


def token_info(visit: Visit) -> Response:
    """Introspection (RFC 7662) of opaque tokens."""
    if _client(visit) is None:
        return _error("invalid_client", "The client is unknown or its secret is wrong.", 401)
    found = visit.instance.credentials.verification(
        "oauth_token", visit.fields.get("token", ""), time.time())
    if found is None or found["revoked"] or found["expired"]:
        return json_response({"active": False})
    return json_response({"active": True, "client_id": found["client_id"],
                          "sub": found["subject"], "scope": " ".join(found["scopes"]),
                          "iat": found["created_at"], "exp": found["expiration"]})


def userinfo(visit: Visit) -> Response:
    found = visit.instance.credentials.verification(
        "oauth_token", visit.request.headers.get("authorization", "")[len("Bearer "):],
        time.time())
    user = visit.instance.users.find(found["subject"]) if found else None
    if user is None or found["revoked"] or found["expired"]:
        return _error("invalid_token", "The access token is not valid.", 401)
    claims: dict[str, Any] = {"sub": user.id, "user_id": user.id}
    if "profile" in found["scopes"]:
        claims |= {"given_name": user.first_name, "family_name": user.last_name}
    if "email" in found["scopes"]:
        claims |= {"email": user.email, "email_verified": True}
    return _open(json_response(claims))
