# SPDX-License-Identifier: Apache-2.0 - every sort of token, and what the SDK says of one
"""What the tests of machine tokens share."""
from __future__ import annotations

from typing import Any, Callable

import pytest

from standin.backend_api import API_KEY_VERIFY, M2M_VERIFY, OAUTH_VERIFY
from standin.client import Standin

Make = Callable[[Standin], str]
M2M, OAUTH, API_KEY, SESSION = "m2m_token", "oauth_token", "api_key", "session_token"

# Of each sort: its type, the endpoint that verifies it, and how to make one.
SORTS: dict[str, tuple[str, str | None, Make]] = {
    "m2m opaque": (M2M, M2M_VERIFY, lambda clerk: clerk.new_m2m_token().secret),
    "m2m jwt": (M2M, None, lambda clerk: clerk.mint.m2m()),
    "oauth opaque": (OAUTH, OAUTH_VERIFY, lambda clerk: clerk.new_oauth_token().secret),
    "oauth jwt": (OAUTH, None, lambda clerk: clerk.mint.oauth()),
    "oauth jwt, long typ": (OAUTH, None, lambda clerk: clerk.mint.oauth(
        header={"typ": "application/at+jwt"})),
    "api key": (API_KEY, API_KEY_VERIFY, lambda clerk: clerk.new_api_key().secret),
    "session": (SESSION, None, lambda clerk: clerk.mint.session()),
}
OPAQUE = [sort for sort, (_, endpoint, _) in SORTS.items() if endpoint]
each_sort = pytest.mark.parametrize("sort", SORTS)
each_opaque = pytest.mark.parametrize("sort", OPAQUE)
NOBODY = {"id": None, "subject": None, "scopes": None, "claims": None, "userId": None,
          "orgId": None, "machineId": None, "clientId": None}


def verify_calls(clerk: Standin) -> dict[str, int]:
    return {endpoint: clerk.count(endpoint)
            for endpoint in (M2M_VERIFY, OAUTH_VERIFY, API_KEY_VERIFY)}


def judged(clerk: Standin, judge, token: str | None, **question: Any) -> tuple[dict, list[str]]:
    """The verdict, and the verify endpoints that were called for it."""
    before = verify_calls(clerk)
    if token is not None:
        question["token"] = token
    verdict = judge.ask(**question)
    called = [endpoint for endpoint, count in verify_calls(clerk).items()
              for _ in range(count - before[endpoint])]
    return verdict, called


def outcome(verdict: dict[str, Any]) -> tuple:
    return verdict["status"], verdict["reason"], verdict["tokenType"]


def identity(verdict: dict[str, Any]) -> dict[str, Any]:
    return {name: verdict[name] for name in NOBODY}


def session_cookies(token: str) -> dict[str, str]:
    return {"__session": token, "__client_uat": "1700000000", "__clerk_db_jwt": "dvb_1"}
