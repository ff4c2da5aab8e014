# SPDX-License-Identifier: Apache-2.0 - Clerk's Frontend API and Account Portal
"""Frontend API endpoints and the sign-in pages.

Every path also works below `/fapi/<instance>`: what a Frontend API proxy URL points to.
"""
from __future__ import annotations

import re
from typing import Callable
from urllib.parse import urlencode, urlsplit

from . import app_cookies, pages
from .clients import Client
from .exchange import (Request, Response, Route, html_response, json_response, not_found,
                       redirect)
from .instances import Instance, Instances
from .sessions import ACTIVE

PREFIX = r"(?:/fapi/[a-z0-9-]+)?"
BOUNCED = ("The application sent you back several times at once: it finds nothing it can use "
           "in the session it got.")


class Visit:
    """A request to one instance's Frontend API, and what is known about its sender."""

    def __init__(self, instance: Instance, request: Request, base: str):
        self.instance = instance
        self.request = request
        self.base = base            # "" or "/fapi/<instance>"
        known = instance.clients.find(request.cookie(app_cookies.CLIENT_COOKIE))
        self.client: Client | None = known if known and known.signed_in else None
        self.fields = request.form() if request.method == "POST" else request.query
        self.redirect_url = allowed_url(
            self.fields.get("redirect_url", ""), instance.app_origins)

    @property
    def origin(self) -> str:
        """The application's origin, for the `azp` claim."""
        if not self.redirect_url:
            return self.instance.app_origins[0]
        return origin_of(self.redirect_url)

    def on_another_host(self) -> bool:
        """Whether the application's host name is not the one this page was asked by."""
        asked = self.request.headers.get("host", "").lower()
        return bool(self.redirect_url) and _without_port(asked) != _without_port(self.origin)

    def link(self, path: str) -> str:
        query = "?" + urlencode({"redirect_url": self.redirect_url}) if self.redirect_url else ""
        return f"{self.base}{path}{query}"

    def send_back(self, client: Client) -> Response:
        """To the application with fresh cookies, or to our own page when none was named."""
        response = redirect(self.redirect_url or f"{self.base}/sign-in")
        app_cookies.sign_in(response, self.instance, client, self.origin)
        return app_cookies.remember_client(response, client, self.base or "/")


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _without_port(place: str) -> str:
    return re.sub(r":\d+$", "", place.rpartition("/")[2])


def allowed_url(url: str, origins: list[str]) -> str:
    """`url` if it leads to one of the application's origins, else nothing.

    Compared as text, so user names, backslashes and other ways to write a host that
    browsers read differently fail.
    """
    if any(character <= " " or character in "\\\x7f" for character in url):
        return ""
    try:
        return url if origin_of(url) in origins else ""
    except ValueError:
        return ""


def instance_of(instances: Instances, request: Request) -> Instance | None:
    """Whose Frontend API is asked: by path, else by host, else the first instance's."""
    if request.path.startswith("/fapi/"):
        return instances.by_name(request.path.split("/")[2])
    return instances.by_host(request.headers.get("host", ""))


def routes(instances: Instances) -> list[Route]:
    def visit(answer: Callable[[Visit], Response]) -> Callable[[Request], Response]:
        def find_instance(request: Request) -> Response:
            instance = instance_of(instances, request)
            if instance is None:
                return not_found()
            base = f"/fapi/{instance.name}" if request.path.startswith("/fapi/") else ""
            return answer(Visit(instance, request, base))
        return find_instance

    def route(name: str, method: str, path: str, answer: Callable[[Visit], Response]) -> Route:
        return Route(f"frontend.{name}", method, PREFIX + path, visit(answer))

    return [
        route("jwks", "GET", r"/\.well-known/jwks\.json", jwks),
        route("sign_in_page", "GET", r"/sign-in", sign_in_page),
        route("sign_up_page", "GET", r"/sign-up", sign_up_page),
        route("sign_in", "POST", r"/sign-in", sign_in),
        route("tasks_page", "GET", r"/sign-(?:in|up)/tasks", tasks_page),
        route("complete_task", "POST", r"/sign-in/tasks", complete_task),
        route("sign_out", "GET", r"/sign-out", sign_out),
    ]


def jwks(visit: Visit) -> Response:
    return json_response(visit.instance.jwks())


def sign_in_page(visit: Visit) -> Response:
    """The choice of users; who has signed in already goes straight back."""
    client, note = visit.client, ""
    if client and visit.redirect_url:
        if client.task_open:
            return redirect(visit.link("/sign-in/tasks"))
        if client.may_bounce(visit.redirect_url):
            return visit.send_back(client)
        note = BOUNCED
    return _choice(visit, "Sign in", note)


def sign_up_page(visit: Visit) -> Response:
    return _choice(visit, "Sign up", "There is nobody new here: sign up as one of these.")


def _choice(visit: Visit, title: str, note: str) -> Response:
    if visit.fields.get("redirect_url") and not visit.redirect_url:
        note = "The redirect_url does not lead to the application and is left out."
    elif visit.on_another_host():
        note = ("The application is on another host name than this page, so the cookies set "
                "here do not reach it.")
    signed_in = visit.instance.sessions.user_of(visit.client.session) if visit.client else None
    return html_response(pages.sign_in(
        title, visit.base, visit.instance.users, visit.redirect_url, note, signed_in))


def sign_in(visit: Visit) -> Response:
    """Signs in as the chosen user; a session this browser had before ends."""
    user = visit.instance.users.find(visit.fields.get("user", ""))
    if user is None:
        return html_response(pages.sign_in(
            "Sign in", visit.base, visit.instance.users, visit.redirect_url,
            "There is no such user."), 422)
    client = visit.client or visit.instance.clients.create()
    visit.instance.clients.sign_in(client, visit.instance.sessions.start(user))
    return visit.send_back(client)


def tasks_page(visit: Visit) -> Response:
    """The task of a pending session; everybody else belongs on the sign-in page."""
    if visit.client is None or not visit.client.task_open:
        return redirect(visit.link("/sign-in"))
    user = visit.instance.sessions.user_of(visit.client.session)
    return html_response(pages.tasks(visit.base, user, visit.redirect_url))


def complete_task(visit: Visit) -> Response:
    """The pending session becomes an active one."""
    if visit.client is None:
        return redirect(visit.link("/sign-in"))
    visit.client.session.status = ACTIVE
    return visit.send_back(visit.client)


def sign_out(visit: Visit) -> Response:
    if visit.client:
        visit.instance.clients.sign_out(visit.client)
    response = (redirect(visit.redirect_url) if visit.redirect_url
                else html_response(pages.signed_out(visit.base)))
    app_cookies.sign_out(response, visit.instance)
    return app_cookies.forget_client(response, visit.base or "/")
