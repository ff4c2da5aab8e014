# SPDX-License-Identifier: Apache-2.0 - the handshake: an application asks how a browser is signed in
"""`/v1/client/handshake`: back to the application with the cookies it is to set.

They travel as a nonce that the application redeems at the Backend API, or as a signed
token; in development in the query, in production in a cookie of the shared domain.
"""
from __future__ import annotations

from .clients import Client
from .directives import CookieJar
from .exchange import Response, clerk_error, redirect
from .visits import Visit, with_query

TOKEN, NONCE = "__clerk_handshake", "__clerk_handshake_nonce"
SYNCED = "__clerk_synced"
SATELLITE_REASON = "satellite-needs-syncing"
RESULT_SECONDS = 60


def handshake(visit: Visit) -> Response:
    if not visit.redirect_url:
        return clerk_error(400, "invalid_handshake", "Invalid handshake",
                           "redirect_url does not lead to the application.")
    client = visit.client
    if client is None and visit.instance.development:
        client = visit.instance.clients.create()
    if client and client.signed_in and "organization_id" in visit.fields:
        # Where the person is no member, all stays as it is.
        visit.instance.sessions.activate(client.session, visit.fields["organization_id"])
    jar = visit.jar(visit.fields.get("suffixed_cookies") == "true")
    response = _to_application(visit, jar, directives(visit, jar, client))
    return visit.remember(response, client) if client else response


def directives(visit: Visit, jar: CookieJar, client: Client | None) -> list[str]:
    """Set-Cookie values that make the application's cookies agree with the client."""
    cookies = jar.dev_browser(client.dev_browser) if visit.instance.development else []
    if client and client.signed_in:
        return cookies + jar.signed_in(client.session, client.changed_at)
    return cookies + jar.signed_out()


def _to_application(visit: Visit, jar: CookieJar, cookies: list[str]) -> Response:
    name = NONCE if visit.fields.get("format") == "nonce" else TOKEN
    if not visit.instance.development:
        # It has done its work when the application has it, and would be taken again.
        cookies = [*cookies, jar.transient(name, "", 0)]
    value = visit.instance.handshakes.keep(cookies) if name == NONCE \
        else visit.instance.minter().handshake(cookies)
    location = _synced(visit)
    if visit.instance.development:
        return redirect(with_query(location, name, value), 307)
    return visit.set_cookies(redirect(location, 307),
                             jar.transient(name, value, RESULT_SECONDS))


def _synced(visit: Visit) -> str:
    """A satellite that asked to be synced is told that it is."""
    asked = visit.fields.get("__clerk_hs_reason") == SATELLITE_REASON
    if asked or f"{SYNCED}=" in visit.redirect_url.partition("?")[2]:
        return with_query(visit.redirect_url, SYNCED, "true")
    return visit.redirect_url
