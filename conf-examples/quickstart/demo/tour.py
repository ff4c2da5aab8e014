# SPDX-License-Identifier: Apache-2.0 - what to click and what to curl, printed and checked from one list
"""The tour through the quickstart.

`explanation` prints it for people; `check` walks it and compares. Both read the same lists,
so what is printed is what is checked.
"""
from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass, field

from visitor import Answer, Browser, Client
from standin.pages import label
from standin.users import ADMIN, MEMBER


@dataclass(frozen=True)
class Click:
    """A link or button, and the page that follows."""
    on: str
    status: int
    shows: str


@dataclass(frozen=True)
class Curl:
    """A request as curl sends it, and its answer.

    `jar`: the cookies of this person, `sign_in`: get them first, by the sign-in form;
    `token`: their session token instead of cookies. `note` is printed above it.
    """
    path: str
    status: int
    shows: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    person: str = ""
    token: bool = False
    sign_in: bool = False
    note: str = ""

    def url(self, site: str, clerk: str) -> str:
        return f"{clerk}/sign-in" if self.sign_in else site + self.path

    def form(self, site: str) -> dict[str, str] | None:
        return {"user": self.person, "redirect_url": site + self.path} if self.sign_in else None

    def command(self, site: str, clerk: str) -> str:
        words = ["curl -i"]
        words += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in self.headers.items()]
        if self.token:
            words.append('-H "Authorization: Bearer $token"')
        elif self.person:
            words.append(f'{"-c" if self.sign_in else "-b"} "$jar"')
        words += [f"-d {name}={value}" for name, value in (self.form(site) or {}).items()]
        return " ".join([*words, self.url(site, clerk)])

    def expected(self) -> str:
        return f"{self.status}, with {self.shows}" if self.shows else str(self.status)


CLICKS = (
    Click("Sign in", 200, "Choose who to be"),
    Click(label(MEMBER), 200, MEMBER.id),
    Click("Admins only", 403, "You are signed in, and that is not enough here"),
    Click("CGI script", 200, MEMBER.id),
    Click("Start", 200, "This page is for everybody"),
    Click("Application", 200, MEMBER.id),
    Click("Sign out", 200, "This page is for everybody"),
    Click("Account", 200, "Choose who to be"),
    Click(label(ADMIN), 200, ADMIN.id),
    Click("Admins only", 200, "You see this because you are an admin of"),
)

# A session token lives for a minute. As if that had passed, the browser loses it.
LATER = ("__session", "__refresh")
RENEWED = Click("reload an hour later", 200, "You see this because you are an admin of")

NOBODY = (
    Curl("/", 200, "This page is for everybody"),
    Curl("/account/", 401, "not_authenticated"),
    Curl("/account/", 307, "/v1/client/handshake?redirect_url=", headers={"Accept": "text/html"},
         note="a browser is sent to Clerk: is it signed in there? if not, to sign-in"),
    Curl("/app/me", 401, "invalid_token", headers={"Authorization": "Bearer made.up.token"}),
)

SIGN_IN = Curl("/account/", 303, "__session=", person=MEMBER.key, sign_in=True)

SIGNED_IN = (
    Curl("/account/", 200, MEMBER.id, person=MEMBER.key),
    Curl("/admin/", 403, "Require clerk-role admin", person=MEMBER.key),
    Curl("/cgi-bin/whoami", 200, MEMBER.id, person=MEMBER.key),
    Curl("/app/me", 200, f'"X-Clerk-User-Id": "{MEMBER.id}"', person=MEMBER.key),
    Curl("/app/me", 200, f'"X-Clerk-User-Id": "{MEMBER.id}"', person=MEMBER.key,
         headers={"X-Clerk-User-Id": ADMIN.id}, note="a forged name does not get through"),
    Curl("/app/me", 200, f'"X-Clerk-User-Id": "{MEMBER.id}"', person=MEMBER.key, token=True,
         note="the token in a header, as an API client sends it"),
)

GET_TOKEN = """token=$(awk '$6 == "__session" { print $7 }' "$jar")"""

# ---------------------------------------------------------------- for people


def explanation(site: str, clerk: str) -> str:
    lines = ["", f"Open  {site}/  in a browser, then click:", ""]
    lines += [f'    {number:2}. "{click.on}"  ->  {_page(click)}'
              for number, click in enumerate(CLICKS, 1)]
    lines += ["", "    Wait a minute, until the session token has run out, and reload: the page comes",
              "    all the same. The browser has been at Clerk and back meanwhile, for a new one."]
    lack = "" if shutil.which("curl") else " (install the package curl first)"
    lines += ["", f"Or in another terminal{lack}, as nobody:", ""]
    lines += [line for curl in NOBODY for line in _lines(curl, site, clerk)]
    lines += ["", f"As {MEMBER.first_name} {MEMBER.last_name} (for a minute; then sign in again):",
              "", "    jar=$(mktemp)", *_lines(SIGN_IN, site, clerk), f"    {GET_TOKEN}"]
    lines += [line for curl in SIGNED_IN for line in _lines(curl, site, clerk)]
    lines += ["", f"The stand-in for Clerk is at {clerk}/sign-in", ""]
    return "\n".join(lines)


def _page(click: Click) -> str:
    status = f"{click.status}, " if click.status != 200 else ""
    return f"{status}a page with: {click.shows}"


def _lines(curl: Curl, site: str, clerk: str) -> list[str]:
    note = [f"    # {curl.note}"] if curl.note else []
    return [*note, f"    {curl.command(site, clerk)}", f"        -> {curl.expected()}"]


# ---------------------------------------------------------------- checked


def check(site: str, clerk: str) -> int:
    """Make all requests, print each with its answer; 0 if all were as printed."""
    results = [*_click_through(site), *_ask_as_nobody(site, clerk), *_ask_signed_in(site, clerk)]
    wrong = results.count(False)
    print(f"\n{len(results)} requests, {wrong} not as printed.", flush=True)
    return 1 if wrong else 0


def _report(what: str, answer: Answer, status: int, shows: str) -> bool:
    good = answer.status == status and shows in f"{answer.headers}\n{answer.text}"
    print(f"{'ok  ' if good else 'BAD '} {what}\n     -> {answer.status}"
          + (f", with {shows}" if good and shows else ""))
    if not good:
        print(f"     wanted {status}, with {shows}; from {answer.url}\n{answer.text}")
    return good


def _click_through(site: str) -> list[bool]:
    print(f"\nIn a browser, from {site}/\n")
    browser = Browser()
    results = [_report(f"open {site}/", browser.open(f"{site}/"), 200, "Sign in")]
    for click in CLICKS:
        try:
            answer = browser.click(click.on)
        except LookupError as problem:
            print(f"BAD  {problem}")
            return [*results, False]
        results.append(_report(f'click "{click.on}"', answer, click.status, click.shows))
    return [*results, _reload_later(browser)] if all(results) else results


def _reload_later(browser: Browser) -> bool:
    browser.client.forget(*LATER)
    answer = browser.open(browser.page.url)
    return _report(RENEWED.on, answer, RENEWED.status, RENEWED.shows)


def _ask(client: Client, curl: Curl, site: str, clerk: str) -> bool:
    headers = {"Accept": "*/*", **curl.headers}
    if curl.token:
        headers["Authorization"] = f"Bearer {client.cookie('__session')}"
        client = Client()   # the token alone, no cookies
    answer = client.ask(curl.url(site, clerk), headers, curl.form(site))
    return _report(curl.command(site, clerk), answer, curl.status, curl.shows)


def _ask_as_nobody(site: str, clerk: str) -> list[bool]:
    print("\nBy single requests, as nobody\n")
    return [_ask(Client(), curl, site, clerk) for curl in NOBODY]


def _ask_signed_in(site: str, clerk: str) -> list[bool]:
    print(f"\nAs {MEMBER.first_name} {MEMBER.last_name}\n")
    client = Client()
    return [_ask(client, curl, site, clerk) for curl in (SIGN_IN, *SIGNED_IN)]
