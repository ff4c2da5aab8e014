# SPDX-License-Identifier: Apache-2.0 - a site with the module, a Clerk instance behind it and a protected page
"""One site, ready to be asked.

    @pytest.fixture(scope="module")
    def site(module_httpd, _standin_program):
        return ClerkSite(module_httpd, _standin_program)

    def test_member_is_let_in(site):
        answer = site.get(bearer=site.mint.session(MEMBER))
        assert (answer.status, seen(answer).user) == (200, MEMBER.id)

`httpd` in place of `module_httpd` gives a server for one test. Instance, authorized party
and answer headers that tell the verdict are configured at server level; `lines` come after
them, and `sections` say what is protected. For a production instance:

    ClerkSite(module_httpd, production(_standin_program))
"""
from __future__ import annotations

import itertools
import os
import re
from contextlib import contextmanager
from typing import Callable, Iterator, Mapping, NamedTuple

from error_log import Line
from http_message import HeadersIn, Response, header_pairs
from httpd import Httpd
from standin import publishable_key
from standin.client import InstanceHandle, Standin

PAGE = "/app/page.txt"
PAGE_TEXT = "for members\n"

PROTECTED = """
<Location /app>
    AuthType Clerk
    AuthName "Example"
    Require valid-user
</Location>
"""

# One that answers as Clerk's auth.protect() does, and one that refuses nobody.
LIKE_PROTECT = """
<Location /protect>
    AuthType Clerk
    AuthName x
    ClerkResponses protect
    Require valid-user
</Location>
"""
LOG_ONLY = """
<Location /log-only>
    AuthType Clerk
    AuthName x
    ClerkEnforce LogOnly
    Require valid-user
</Location>
"""

# What a browser sends when a person opens a page, and what a script in a page does.
NAVIGATION = {"Sec-Fetch-Dest": "document", "Accept": "text/html,application/xhtml+xml"}
FETCH = {"Sec-Fetch-Dest": "empty", "Accept": "*/*"}

SIGNED_IN_AT = 1_700_000_000   # long before any token of a test was made
DEV_BROWSER = "dvb_test"

# The environment of a request, made visible in its answer; on refusals too.
SHOWN = {"X-Seen-Status": "CLERK_AUTH_STATUS", "X-Seen-Reason": "CLERK_AUTH_REASON",
         "X-Seen-User": "CLERK_USER_ID", "X-Seen-Session": "CLERK_SESSION_ID",
         "X-Seen-Denied-By": "CLERK_DENIED_BY"}

_numbers = itertools.count(1)


class Seen(NamedTuple):
    """What the module exported for a request; None where it exported nothing."""
    status: str | None
    reason: str | None
    user: str | None
    session: str | None
    denied_by: str | None


def seen(answer: Response) -> Seen:
    return Seen(*(answer.header(name) for name in SHOWN))


def body_of(answer: Response) -> bytes:
    """The body without the reason that a 401 names at its end."""
    body, named = re.subn(rb' \(([\w. -]+)\)\."}$', b'."}', answer.body)
    assert named == (answer.body.startswith(b'{"error":"not_authenticated"'))
    if named and seen(answer).reason is not None:
        assert f"({seen(answer).reason})".encode() in answer.body
    return body


def new_name(what: str) -> str:
    """A name for an instance that no other test of this process has taken."""
    return f"{what}-{os.getpid()}-{next(_numbers)}"


def production(standin: Standin, host: str | None = None, **fields) -> InstanceHandle:
    """A production instance in the stand-in."""
    name = new_name("live")
    key = publishable_key.encode(host or f"clerk.{name}.example", live=True)
    return standin.new_instance(name, publishable_key=key, **fields)


def development(standin: Standin, **fields) -> InstanceHandle:
    """A development instance of the test's own: counters and keys are nobody else's."""
    return standin.new_instance(new_name("dev"), **fields)


def instance_lines(clerk: InstanceHandle, api: str) -> list[str]:
    """The directives that name a Clerk instance and where its Backend API is."""
    return [f"ClerkPublishableKey {clerk.publishable_key}",
            f"ClerkSecretKey {clerk.secret_key}",
            f"ClerkAPIURL {api}"]


def api_url(clerk: InstanceHandle) -> str:
    """The Backend API of the stand-in in which this instance lives."""
    return clerk.frontend_url.partition("/fapi/")[0]


class ClerkSite:
    """A running server, the instance `clerk` behind it, and the page /app/page.txt."""

    def __init__(self, start: Callable[..., Httpd], clerk: InstanceHandle, *lines: str,
                 sections: str = PROTECTED, instance: list[str] | None = None,
                 parties: bool = True, keys: bool = True, **options):
        """`instance` replaces the directives that name the instance; `parties=False`
        leaves ClerkAuthorizedParties to the test; `keys=False` does not wait for the keys
        that the server fetches at start; `options` are those of Httpd."""
        self.clerk = clerk
        config = instance_lines(clerk, api_url(clerk)) if instance is None else instance
        if parties:
            config = [*config, f"ClerkAuthorizedParties {clerk.mint.azp}"]
        show = [f'Header always set {name} "%{{{value}}}e" env={value}'
                for name, value in SHOWN.items()]
        self.httpd = start("\n".join([*config, *show, *lines, sections]), **options)
        self.httpd.write(PAGE.lstrip("/"), PAGE_TEXT)
        if keys:
            self.httpd.await_keys()

    @property
    def mint(self):
        return self.clerk.mint

    @property
    def log(self):
        return self.httpd.log

    # ---- asking

    def get(self, target: str = PAGE, **how) -> Response:
        return self.request("GET", target, **how)

    def request(self, method: str, target: str = PAGE, *, bearer: str | None = None,
                session: str | None = None, cookies: Mapping[str, str] | None = None,
                headers: HeadersIn | None = None, **options) -> Response:
        """`bearer`: a token for Authorization. `session`: a token for the session cookie,
        with the cookies that go with it. `cookies`: these over those."""
        pairs = header_pairs(headers)
        if bearer is not None:
            pairs.append(("Authorization", f"Bearer {bearer}"))
        jar = {**(self.cookies(session) if session is not None else {}), **(cookies or {})}
        if jar:
            pairs.append(("Cookie", "; ".join(f"{name}={jar[name]}" for name in jar)))
        return self.httpd.request(method, target, pairs, **options)

    def cookies(self, session: str | None = None, *, suffixed: bool = False,
                client_uat: int | str | None = SIGNED_IN_AT) -> dict[str, str]:
        """The cookies of a signed-in browser; None leaves one out."""
        end = f"_{self.clerk.cookie_suffix}" if suffixed else ""
        jar = {f"__session{end}": session, f"__client_uat{end}": client_uat}
        if self.clerk.publishable_key.startswith("pk_test_"):
            jar[f"__clerk_db_jwt{end}"] = DEV_BROWSER
        return {name: str(value) for name, value in jar.items() if value is not None}

    # ---- what it logs

    @contextmanager
    def logged(self, level: str = "info") -> Iterator[list[Line]]:
        """Fills the list with what the module logs meanwhile, at `level` or graver."""
        before = len(self.log.lines("clerk_auth", level))
        found: list[Line] = []
        yield found
        found += self.log.lines("clerk_auth", level)[before:]

    @contextmanager
    def no_leak(self, *tokens: str | None) -> Iterator[None]:
        """No payload or signature of these tokens, and nothing behind the prefix of an opaque
        one, is in what the server logs meanwhile."""
        before = len(self.log.text())
        yield
        fresh = self.log.text()[before:]
        secrets = [part for token in tokens if token
                   for part in token.split(".")[1:] or [token.partition("_")[2]]]
        assert not any(part[:40] in fresh for part in secrets if len(part) >= 20), fresh

    def refused(self, reason: str, carrier: str = "header", status: int = 401,
                method: str = "GET", target: str = PAGE, **how) -> Response:
        """Ask, and assert that it is refused for this reason and logged in one line."""
        with self.logged() as lines, self.no_leak(how.get("bearer"), how.get("session")):
            answer = self.request(method, target, **how)
        what = f"{answer.status} {seen(answer)}\n{lines}"
        assert (answer.status, seen(answer).reason) == (status, reason), what
        assert seen(answer).user is None, what
        assert [line.level for line in lines] == ["info"], what
        assert f"(reason={reason}, token-carrier={carrier})" in lines[0].text, what
        return answer

    def admitted(self, user, method: str = "GET", target: str = PAGE, **how) -> Response:
        """Ask, and assert that it passes as this user and nothing is said of it."""
        with self.logged() as lines, self.no_leak(how.get("bearer"), how.get("session")):
            answer = self.request(method, target, **how)
        assert answer.status == 200, f"{answer.status} {seen(answer)}\n{lines}"
        assert (seen(answer).status, seen(answer).user) == ("signed-in", user.id)
        assert lines == []
        return answer
