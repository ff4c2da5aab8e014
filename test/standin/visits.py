# SPDX-License-Identifier: Apache-2.0 - a request to one instance's Frontend API, and who sent it
"""Visits: which client asks, for which application, and how to send it back there."""
from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .clients import Client
from .directives import DEV_BROWSER, CookieJar
from .exchange import Request, Response
from .instances import Instance

CLIENT_COOKIE = "__client"
PROXY_URL_HEADER = "clerk-proxy-url"


class Visit:
    """A request, and what is known about its sender.

    In development the client is known by its dev browser token, which travels in queries
    because cookies of another site would not; in production by the `__client` cookie alone.
    """

    def __init__(self, instance: Instance, request: Request, base: str):
        self.instance = instance
        self.request = request
        proxy = urlsplit(request.headers.get(PROXY_URL_HEADER, ""))
        # "", "/fapi/<instance>", or the path of a Frontend API proxy
        self.base = proxy.path.rstrip("/") if proxy.netloc else base
        self.scheme = proxy.scheme or request.scheme
        self.host = proxy.netloc or request.headers.get("host", "")
        self.fields = {**request.query, **request.form()} \
            if request.method == "POST" else request.query
        self.client = self._client()
        self.redirect_url = allowed_url(
            self.fields.get("redirect_url", ""), instance.app_origins)

    def _client(self) -> Client | None:
        clients = self.instance.clients
        known = clients.find_dev_browser(self.fields.get(DEV_BROWSER)) \
            if self.instance.development else None
        return known or clients.find(self.request.cookie(CLIENT_COOKIE))

    @property
    def url(self) -> str:
        """The Frontend API's own URL, as its visitors see it."""
        return f"{self.scheme}://{self.host}{self.base}"

    @property
    def signed_in(self) -> Client | None:
        """The client, where it is signed in."""
        return self.client if self.client and self.client.signed_in else None

    @property
    def origin(self) -> str:
        """The application's origin, for the `azp` claim."""
        if not self.redirect_url:
            return self.instance.app_origins[0]
        return origin_of(self.redirect_url)

    @property
    def same_host(self) -> bool:
        """Cookies set here are the application's own: they ignore ports."""
        return host_of(self.host) == host_of(self.origin)

    def jar(self, suffixed: bool = True) -> CookieJar:
        return CookieJar(self.instance, self.origin, suffixed, shared_domain(
            host_of(self.host), host_of(self.origin)))

    def unreachable(self) -> bool:
        """Whether the application has no way to hear of a sign-in that happens here.

        A development instance tells it by the query.
        """
        return bool(self.redirect_url) and not (
            self.instance.development or self.same_host or self.jar().domain)

    def way_back(self, client: Client | None) -> str:
        """Where the person came from; there the dev browser token starts a handshake."""
        if client and self.instance.development and not self.same_host:
            return with_query(self.redirect_url, DEV_BROWSER, client.dev_browser)
        return self.redirect_url

    def link(self, path: str) -> str:
        query = "?" + urlencode({"redirect_url": self.redirect_url}) if self.redirect_url else ""
        return f"{self.base}{path}{query}"

    def remember(self, response: Response, client: Client) -> Response:
        """Let the browser show this client again on the Frontend API's own origin."""
        return self.set_cookies(response, f"{CLIENT_COOKIE}={client.token}; "
                                          f"Path={self.base or '/'}; HttpOnly; SameSite=Lax")

    def forget(self, response: Response) -> Response:
        return self.set_cookies(response, f"{CLIENT_COOKIE}=; Path={self.base or '/'}; "
                                          "Max-Age=0; HttpOnly; SameSite=Lax")

    @staticmethod
    def set_cookies(response: Response, *directives: str) -> Response:
        response.headers += [("Set-Cookie", one) for one in directives]
        return response


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def host_of(place: str) -> str:
    """The host name of `host:port` or of an origin."""
    return (urlsplit("//" + place.rpartition("//")[2]).hostname or "").lower()


def shared_domain(one: str, other: str) -> str | None:
    """The domain whose cookies two different hosts share."""
    if one == other or _is_address(one) or _is_address(other):
        return None
    shared: list[str] = []
    for mine, its in zip(reversed(one.split(".")), reversed(other.split("."))):
        if mine != its:
            break
        shared.insert(0, mine)
    return ".".join(shared) if len(shared) > 1 else None


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def with_query(url: str, name: str, value: str) -> str:
    """The URL with exactly one parameter of that name."""
    parts = urlsplit(url)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return urlunsplit(parts._replace(query=urlencode([*pairs, (name, value)])))


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
