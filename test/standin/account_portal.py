# SPDX-License-Identifier: Apache-2.0 - the pages where people sign in, do their tasks and sign out
"""Clerk's Account Portal, and its way back to the application.

Where these pages are on the application's own host, the cookies they set are the
application's. Elsewhere it hears of the sign-in by a handshake: in development the dev
browser token in the query starts one, in production `__client_uat` of the shared domain.
"""
from __future__ import annotations

from . import pages
from .clients import Client
from .exchange import Response, html_response, redirect
from .sessions import ACTIVE
from .visits import Visit

BOUNCED = ("The application sent you back several times at once: it finds nothing it can use "
           "in the session it got.")


def sign_in_page(visit: Visit) -> Response:
    """The choice of users; who has signed in already goes straight back."""
    client, note = visit.signed_in, ""
    if client and visit.redirect_url:
        if client.task_open:
            return redirect(visit.link("/sign-in/tasks"))
        if client.may_bounce(visit.redirect_url):
            return _send_back(visit, client)
        note = BOUNCED
    return _choice(visit, "Sign in", note)


def sign_up_page(visit: Visit) -> Response:
    return _choice(visit, "Sign up", "There is nobody new here: sign up as one of these.")


def _choice(visit: Visit, title: str, note: str, status: int = 200) -> Response:
    if visit.fields.get("redirect_url") and not visit.redirect_url:
        note = "The redirect_url does not lead to the application and is left out."
    elif visit.unreachable():
        note = ("The application is on another host name than this page, so the cookies set "
                "here do not reach it.")
    signed_in = visit.signed_in and visit.instance.sessions.user_of(visit.signed_in.session)
    response = html_response(pages.sign_in(
        title, visit.base, visit.instance.users, visit.redirect_url, note, signed_in), status)
    # The form below is sent without the query that named this client.
    return visit.remember(response, visit.client) if visit.client else response


def sign_in(visit: Visit) -> Response:
    """Signs in as the chosen user; a session this browser had before ends."""
    user = visit.instance.users.find(visit.fields.get("user", ""))
    if user is None:
        return _choice(visit, "Sign in", "There is no such user.", 422)
    client = visit.client or visit.instance.clients.create()
    visit.instance.clients.sign_in(client, visit.instance.sessions.start(user))
    return _send_back(visit, client)


def tasks_page(visit: Visit) -> Response:
    """The task of a pending session; everybody else belongs on the sign-in page."""
    client = visit.signed_in
    if client is None or not client.task_open:
        return redirect(visit.link("/sign-in"))
    user = visit.instance.sessions.user_of(client.session)
    response = html_response(pages.tasks(visit.base, user, visit.redirect_url))
    return visit.remember(response, client)


def complete_task(visit: Visit) -> Response:
    """The pending session becomes an active one."""
    if visit.signed_in is None:
        return redirect(visit.link("/sign-in"))
    visit.signed_in.session.status = ACTIVE
    visit.signed_in.touch()
    return _send_back(visit, visit.signed_in)


def sign_out(visit: Visit) -> Response:
    if visit.client:
        visit.instance.clients.sign_out(visit.client)
    response = (redirect(visit.way_back(visit.client)) if visit.redirect_url
                else html_response(pages.signed_out(visit.base)))
    jar = visit.jar()
    visit.set_cookies(response, *(jar.signed_out() if visit.same_host else _uat(visit, 0)))
    return visit.forget(response)


def _send_back(visit: Visit, client: Client) -> Response:
    """To the application, or to our own page when none was named."""
    response = redirect(visit.way_back(client) if visit.redirect_url
                        else f"{visit.base}/sign-in")
    if visit.same_host:
        jar = visit.jar()
        visit.set_cookies(response, *jar.signed_in(client.session, client.changed_at))
        if visit.instance.development:
            visit.set_cookies(response, *jar.dev_browser(client.dev_browser))
    else:
        visit.set_cookies(response, *_uat(visit, client.changed_at))
    return visit.remember(response, client)


def _uat(visit: Visit, changed_at: int) -> list[str]:
    """What the application's host can see of a change, where it has a domain in common with us."""
    jar = visit.jar()
    return jar.client_uat(changed_at) if jar.domain and not visit.instance.development else []
