# SPDX-License-Identifier: Apache-2.0 - what was decided about a request, in one form for both sides
"""Verdicts: the SDK's, as a server would answer by it, and httpd's.

What has to differ from run to run is put into words: a fresh token by its claims, a nonce
by its name. URLs are compared with their query as a set.
"""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from standin.tokens import decode

from .cases import NONCE, Case
from .setups import SESSION

Cookies = frozenset[tuple[str, str, frozenset[str]]]
PENDING_REASON = "session-pending"

# Names of the environment, and members of the SDK's auth object.
SESSION_NAMES = {"USER_ID": "userId", "SESSION_ID": "sessionId",
                 "SESSION_STATUS": "sessionStatus", "ORG_ID": "orgId", "ORG_SLUG": "orgSlug", "ORG_ROLE": "orgRole", "ACTOR": "actor",
                 "ORG_PERMISSIONS": "orgPermissions",
                 "FACTOR_VERIFICATION_AGE": "factorVerificationAge"}
MACHINE_NAMES = {"SUBJECT": "subject", "TOKEN_ID": "id", "TOKEN_NAME": "name",
                 "SCOPES": "scopes", "MACHINE_ID": "machineId", "CLIENT_ID": "clientId",
                 "USER_ID": "userId", "ORG_ID": "orgId"}
SHOWN = {f"X-Seen-{name.replace('_', '-')}": f"CLERK_{name}" for name in
         ("AUTH_STATUS", "AUTH_REASON", "TOKEN_TYPE", *{**SESSION_NAMES, **MACHINE_NAMES})}


@dataclass(frozen=True)
class Verdict:
    answer: int                      # HTTP status
    status: str                      # signed-in, signed-out, handshake
    reason: str | None
    location: Any = None
    cookies: Cookies = frozenset()
    no_store: bool = False           # of a handshake or a clean-up, which must not be cached
    allow_origin: str | None = None
    identity: dict[str, str] = field(default_factory=dict)

    def refused(self, case: Case, reason: str, **changes: Any) -> "Verdict":
        """The answer to nobody, for that reason, instead of this one."""
        found = replace(self, status="signed-out", reason=reason, identity={},
                        **{"cookies": frozenset(), "no_store": False, **changes})
        return found if "answer" in changes else found.sent_to_sign_in(case)

    def sent_to_sign_in(self, case: Case) -> "Verdict":
        answer, location = to_nobody(case, case.sign_in)
        return replace(self, answer=answer, location=location)

    def difference(self, other: "Verdict") -> str:
        return "\n".join(
            f"    {name}: {getattr(self, name)}\n    {' ' * len(name)}  {getattr(other, name)}"
            for name in self.__dataclass_fields__
            if getattr(self, name) != getattr(other, name))


# ---- the SDK's

def of_sdk(case: Case, told: dict[str, Any]) -> Verdict:
    """Its state, and the answer that belongs to it in a section `Require valid-user`."""
    case.sign_in, tasks = url(case, told.get("signIn")), url(case, told.get("tasks"))
    if told["status"] == "error":
        return Verdict(500, "error", told["reason"])
    found = Verdict(200, told["status"], told["reason"],
                    cookies=cookies(case, told["setCookie"]),
                    allow_origin=told["allowOrigin"], identity=_sdk_identity(told))
    if told["sessionStatus"] == "pending" and told["userId"] is None:
        # The SDK finds out when the auth object is read; here it is the reason.
        found = replace(found, status="signed-out", reason=PENDING_REASON,
                        identity={"SESSION_STATUS": "pending"})
    if told["location"] is not None:
        return replace(found, answer=307, location=url(case, told["location"]),
                       identity=found.identity if found.reason == PENDING_REASON else {},
                       no_store=told["cacheControl"] == "no-store")
    if found.status == "signed-in":
        return found
    answer, location = to_nobody(case, tasks if found.reason == PENDING_REASON else case.sign_in)
    return replace(found, answer=answer, location=location)


def to_nobody(case: Case, sign_in: Any) -> tuple[int, Any]:
    """How a request is answered that nobody signed in has sent."""
    if case.setup.identify:
        return 200, None
    sessions = {"any", SESSION} & set(case.setup.accepts)
    if case.navigation and sessions and not case.machine_sent:
        return 302, sign_in
    return 401, None


def _sdk_identity(told: dict[str, Any]) -> dict[str, str]:
    if told["status"] != "signed-in":
        return {}
    names = SESSION_NAMES if told["tokenType"] == SESSION else MACHINE_NAMES
    values = {name: _text(name, told.get(member)) for name, member in names.items()}
    return {"TOKEN_TYPE": told["tokenType"],
            **{name: value for name, value in values.items() if value}}


def _text(name: str, value: Any) -> str:
    if isinstance(value, dict):
        value = value["sub"]
    if isinstance(value, list):
        parts = [str(part) for part in value]
        return (" " if name == "SCOPES" else ",").join(
            sorted(parts) if name == "ORG_PERMISSIONS" else parts)
    return "" if value is None else str(value)


# ---- httpd's

def of_httpd(case: Case, answer) -> Verdict:
    seen = {name: answer.header(f"X-Seen-{name.replace('_', '-')}") for name in
            (shown.removeprefix("CLERK_") for shown in SHOWN.values())}
    status = seen["AUTH_STATUS"] or "(none)"
    identity = {name: value for name, value in seen.items()
                if value and name not in ("AUTH_STATUS", "AUTH_REASON")}
    if "ORG_PERMISSIONS" in identity:
        identity["ORG_PERMISSIONS"] = ",".join(sorted(identity["ORG_PERMISSIONS"].split(",")))
    return Verdict(
        answer.status, status, seen["AUTH_REASON"], url(case, answer.location),
        cookies(case, answer.cookies),
        answer.status == 307 and answer.header("Cache-Control") == "no-store",
        answer.header("Access-Control-Allow-Origin"), identity)


# ---- URLs and cookies

def url(case: Case, text: str | None, depth: int = 0) -> Any:
    """Parts of a URL, with the query as a set, and URLs in it taken apart too."""
    if text is None:
        return None
    for nonce in filter(None, case.nonces):
        text = text.replace(nonce, NONCE)
    parts = urlsplit(text)
    pairs = Counter()
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "__clerk_db_jwt" and case.two_dev_browsers and \
                not parts.path.endswith("/handshake"):
            continue
        inner = "redirect_url" in name and depth < 3 and "://" in value
        pairs[name, url(case, value, depth + 1) if inner else value] += 1
    return (parts.scheme, parts.netloc.lower(), parts.path, frozenset(pairs.items()),
            parts.fragment)


def cookies(case: Case, lines: list[str]) -> Cookies:
    return frozenset(_cookie(case, line) for line in lines)


def _cookie(case: Case, line: str) -> tuple[str, str, frozenset[str]]:
    pair, *attributes = line.split(";")
    name, _, value = pair.partition("=")
    if name.startswith("__session") and value.count(".") == 2:
        value = _words_of(value)
    return name, value, frozenset(one.strip().lower() for one in attributes)


def _words_of(token: str) -> str:
    """A token by what it says; those made in answer to each side's question are not the same."""
    try:
        claims = decode(token)[1]
    except ValueError:
        return token
    return f"token of {claims.get('sub')} {claims.get('sid')} {claims.get('o')}"
