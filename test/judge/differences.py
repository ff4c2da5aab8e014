# SPDX-License-Identifier: Apache-2.0 - where the module differs from Clerk's SDK on purpose
"""The numbered differences, and what a case that shows one expects instead.

Docs/differences.md tells them to administrators. A case says exactly what takes the place
of the SDK's verdict; one that is neither the SDK's nor that is a disagreement.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from .cases import Case
from .verdicts import Verdict

DIFFERENCES = {
    1: "a session token needs a session and a subject",
    2: "malformed tokens are refused early",
    3: "the header is judged before the key, and the algorithm is the key's",
    4: "the issuer is checked",
    5: "Authorization follows HTTP",
    6: "answers about opaque tokens are read; M2M JWTs may be of the ignore category",
    7: "keys are replaced, not merged",
    8: "what cannot be decided is 503",
    9: "the redirect counter counts to three for the whole site; cookies of handshakes are tidy",
    10: "cross-origin handshakes are a setting; no redirect to an unknown place",
    11: "a handshake token that does not verify is no server error",
    12: "malformed features are none",
    13: "a sign-in URL keeps its query",
    14: "nobody comes back from signing in with a spent handshake",
}

COUNTER = "__clerk_redirect_count"
SPENT = ("__clerk_handshake", "__clerk_handshake_nonce", "__clerk_help")


def expected(case: Case, sdk: Verdict, stand_in: Verdict | None) -> tuple[Verdict, set[int]]:
    """The verdict that the module should come to, and the differences that made it so.

    `stand_in` is the SDK's verdict on the case that this one is to be like.
    """
    used = set()
    wanted = stand_in or sdk
    if case.instead is not None:
        wanted = case.instead(case, wanted)
    if wanted != sdk:
        used.add(case.shows)
    for number, change in ((9, for_whole_site), (14, without_spent)):
        changed = change(wanted)
        if changed != wanted:
            used.add(number)
        wanted = changed
    return wanted, used


def for_whole_site(verdict: Verdict) -> Verdict:
    return replace(verdict, cookies=frozenset(
        (name, value, attributes | {"path=/"} if name == COUNTER else attributes)
        for name, value, attributes in verdict.cookies))


def without_spent(verdict: Verdict) -> Verdict:
    """Seen where somebody is sent to sign in: the page to come back to."""
    if verdict.answer != 302:
        return verdict
    scheme, host, path, query, fragment = verdict.location
    return replace(verdict, location=(scheme, host, path, frozenset(
        ((name, _unspent(value)), count) for (name, value), count in query), fragment))


def _unspent(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    scheme, host, path, query, fragment = value
    return (scheme, host, path,
            frozenset(one for one in query if one[0][0] not in SPENT), fragment)
