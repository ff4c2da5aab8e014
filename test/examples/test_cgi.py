# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/cgi what its README promises
from __future__ import annotations

import shutil

import pytest

from conftest import BROWSER, EXAMPLES, bearer, session_cookies
from standin.users import ACME, ADMIN, MEMBER, SOLO

SITE = "https://tools.example.com"


@pytest.fixture(scope="module")
def tools(example):
    prepared = example("cgi", SITE, "cgid")
    for name in ("whoami", "new-invoice"):
        shutil.copy(EXAMPLES / "cgi" / name, prepared.server.cgi / name)
    prepared.server.environment_script("environment")
    prepared.server.script("mark", f"#!/bin/sh\n: >'{prepared.server.run}/ran'\necho\n")
    return prepared.start(SCRIPTS=prepared.server.cgi)


def environment(tools, headers):
    return tools.get("/tools/environment", headers).json()


def test_whoami_tells_who_is_asking(tools, clerk):
    answer = tools.get("/tools/whoami", session_cookies(clerk.mint.session(MEMBER)))
    assert answer.status == 200
    facts = dict(line.split(":", 1) for line in answer.text.splitlines())
    assert {name: value.strip() for name, value in facts.items()} == {
        "You are": MEMBER.id, "Organization": "acme", "Role": "org:member",
        "Permissions": "org:invoices:read,org:reports:read"}
    answer = tools.get("/tools/whoami", bearer(clerk.mint.session(SOLO)))
    assert answer.text.count("none") == 3


def test_without_a_session_no_script_runs(tools, clerk):
    answer = tools.get("/tools/mark", BROWSER)
    assert answer.status == 302
    assert answer.location.startswith("https://accounts.example.com/sign-in?redirect_url=")
    assert tools.get("/tools/mark").status == 401
    assert tools.request("POST", "/tools/mark", BROWSER, b"x=1").status == 401
    assert not (tools.run / "ran").exists()


def test_the_environment_has_the_user_and_the_organization(tools, clerk):
    seen = environment(tools, bearer(clerk.mint.session(ADMIN)))
    assert seen["REMOTE_USER"] == seen["CLERK_USER_ID"] == ADMIN.id
    assert seen["AUTH_TYPE"] == "Clerk"
    assert (seen["CLERK_ORG_ID"], seen["CLERK_ORG_SLUG"]) == (ACME.id, "acme")
    assert seen["CLERK_ORG_ROLE"] == "org:admin"
    assert "org:invoices:create" in seen["CLERK_ORG_PERMISSIONS"].split(",")


def test_a_variable_with_nothing_to_say_is_not_set(tools, clerk):
    seen = environment(tools, bearer(clerk.mint.session(SOLO)))
    assert seen["CLERK_USER_ID"] == SOLO.id
    assert not [name for name in seen if name.startswith("CLERK_ORG")]


def test_new_invoice_needs_the_permission(tools, clerk):
    assert tools.get("/tools/new-invoice", bearer(clerk.mint.session(MEMBER))).status == 403
    answer = tools.get("/tools/new-invoice", bearer(clerk.mint.session(ADMIN)))
    assert (answer.status, answer.text) == (200, f"{ADMIN.id} may create invoices for acme.\n")
    assert tools.get("/tools/new-invoice/path/info",
                     bearer(clerk.mint.session(MEMBER))).status == 403


def test_nobody_passes_for_somebody_else(tools, clerk):
    forged = {"X-Clerk-User-Id": ADMIN.id, "x_clerk_org_role": "org:admin",
              "Clerk-User-Id": ADMIN.id, "Remote-User": ADMIN.id}
    seen = environment(tools, bearer(clerk.mint.session(SOLO), **forged))
    assert seen["REMOTE_USER"] == seen["CLERK_USER_ID"] == SOLO.id
    assert not [name for name in seen if name.startswith("HTTP_X_CLERK")]
    assert "CLERK_ORG_ROLE" not in seen


def test_the_token_reaches_no_script(tools, clerk):
    token = clerk.mint.session(MEMBER)
    for headers in (bearer(token), session_cookies(token)):
        seen = environment(tools, headers)
        assert seen["REMOTE_USER"] == MEMBER.id
        assert "HTTP_AUTHORIZATION" not in seen and "HTTP_COOKIE" not in seen
        assert not [name for name, value in seen.items() if token in value]
