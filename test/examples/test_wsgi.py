# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/wsgi what its README promises
from __future__ import annotations

import pytest

from conftest import BROWSER, EXAMPLES, bearer, session_cookies
from standin.users import ADMIN, MEMBER, SOLO

SITE = "https://www.example.com"
# All that WSGI passes on, and a mark that it ran.
DUMP = """
import json

def application(environ, start_response):
    open("{0}", "w").close()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({{name: str(value) for name, value in environ.items()}}).encode()]
"""


@pytest.fixture(scope="module")
def site(example):
    prepared = example("wsgi", SITE, "wsgi")
    server = prepared.server
    script = server.file("application.py", (EXAMPLES / "wsgi/application.py").read_bytes(), 0o644)
    dump = server.file("dump.py", DUMP.format(server.run / "ran"), 0o644)
    return prepared.start("\n".join([
        f'WSGIScriptAlias /dump "{dump}" process-group=example application-group=%{{GLOBAL}}',
        "WSGISocketPrefix ${RUN}/wsgi", "<Location /dump>", "AuthType Clerk", "Require valid-user",
        "ClerkExport env", "ClerkStripCredentials On", "</Location>",
        "<Location /dump/public>", "Require all granted", "</Location>",
        f'WSGIScriptAlias /headers "{dump}" process-group=example application-group=%{{GLOBAL}}',
        "<Location /headers>", "AuthType Clerk", "Require valid-user", "</Location>"]),
        APPLICATION=script)


def test_the_application_tells_who_is_asking(site, clerk):
    answer = site.get("/app/", session_cookies(clerk.mint.session(MEMBER)))
    assert answer.text == f"You are:       {MEMBER.id}\nOrganization:  acme\n"
    answer = site.get("/app/", bearer(clerk.mint.session(SOLO)))
    assert answer.text == f"You are:       {SOLO.id}\nOrganization:  none\n"
    token = clerk.mint.session(SOLO, o={"id": "org_1", "slg": "größte ☃", "rol": "org:x"})
    assert "größte ☃" in site.get("/app/", bearer(token)).text
    assert "nobody" in site.get("/app/public").text


def test_without_a_session_no_python_runs(site, clerk):
    (site.run / "ran").unlink(missing_ok=True)
    assert site.get("/dump", BROWSER).status == 302
    assert site.get("/dump").status == site.request("POST", "/dump", BROWSER, b"x").status == 401
    assert not (site.run / "ran").exists()


FORGED = [("X-Clerk-User-Id", ADMIN.id), ("X_Clerk_User_Id", ADMIN.id),
          ("x-clerk_user-id", ADMIN.id), ("X-CLERK-ORG-ROLE", "org:admin")]


def test_what_would_be_folded_is_removed(site, clerk):
    """Where headers are exported, too, HTTP_X_CLERK_USER_ID is the user and nobody else."""
    token = clerk.mint.session(SOLO)
    for target in ("/dump", "/headers"):
        found = site.get(target, [*FORGED, ("Authorization", f"Bearer {token}")]).json()
        assert found["CLERK_USER_ID"] == found["REMOTE_USER"] == SOLO.id
        assert found.get("HTTP_X_CLERK_USER_ID") == (SOLO.id if target == "/headers" else None)
        assert ADMIN.id not in str(found) and "org:admin" not in str(found)
    found = site.get("/dump/public", FORGED).json()
    assert not [name for name in found if "CLERK" in name]


def test_the_token_does_not_reach_python(site, clerk):
    token = clerk.mint.session(MEMBER)
    for headers in (bearer(token), session_cookies(token)):
        found = site.get("/dump", headers).json()
        assert found["CLERK_USER_ID"] == MEMBER.id and token not in str(found)
    assert found["HTTP_COOKIE"] == "theme=dark; lang=en"
