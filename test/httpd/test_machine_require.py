# SPDX-License-Identifier: Apache-2.0 - Require lines and machine tokens: what machines satisfy, and what never
from __future__ import annotations

import pytest

from clerk_site import FETCH
from machine_site import DENIAL, MachineSite, accepting, facts
from standin.tokens import CLIENT, MACHINE, OTHER_MACHINE
from standin.users import ADMIN, MEMBER

# Each line, and who satisfies it; the machines are those of `credentials` below.
EVERYBODY = {"key", "org_key", "bare_key", "m2m", "m2m_jwt", "oauth", "oauth_jwt", "session"}
MACHINES = EVERYBODY - {"session"}
ROWS = {
    "Require valid-user": EVERYBODY,
    "Require clerk-token-type api_key": {"key", "org_key", "bare_key"},
    "Require clerk-token-type m2m_token oauth_token": {"m2m", "m2m_jwt", "oauth", "oauth_jwt"},
    "Require clerk-token-type session_token": {"session"},

    "Require clerk-scope notes:read": {"key", "oauth", "oauth_jwt"},
    "Require clerk-scope other notes:read": {"key", "oauth", "oauth_jwt"},
    "Require clerk-scope notes:write": {"oauth_jwt"},
    f"Require clerk-scope {OTHER_MACHINE}": {"m2m", "m2m_jwt"},
    "Require clerk-scope NOTES:READ": set(),
    "Require clerk-scope notes": set(),
    "Require clerk-scope notes:*": set(),
    "Require clerk-scope %{req:X-Scope}": {"key", "oauth", "oauth_jwt"},
    "Require clerk-scope %{req:X-Nothing}": set(),
    "Require not clerk-scope notes:read": EVERYBODY - {"key", "oauth", "oauth_jwt"},
    "Require not clerk-scope %{req:X-Nothing}": set(),

    f"Require clerk-machine {MACHINE}": {"m2m", "m2m_jwt"},
    f"Require clerk-machine mch_x {MACHINE}": {"m2m", "m2m_jwt"},
    f"Require clerk-machine {OTHER_MACHINE}": set(),
    f"Require not clerk-machine {MACHINE}": EVERYBODY - {"m2m", "m2m_jwt"},
    f"Require clerk-client {CLIENT}": {"oauth", "oauth_jwt"},
    "Require clerk-client other": set(),

    # what only people have
    "Require clerk-role admin": {"session"},
    "Require clerk-permission org:invoices:create": {"session"},
    "Require clerk-feature invoices": {"session"},
    "Require clerk-plan org:team": {"session"},
    "Require clerk-org": {"session"},
    "Require clerk-org org_1": set(),
    "Require clerk-reverification lax": {"session"},
    "Require clerk-impersonated": {"oauth_jwt"},
    "Require not clerk-impersonated": EVERYBODY - {"oauth_jwt"},

    # by name
    f"Require user {ADMIN.id}": {"key", "oauth", "oauth_jwt", "session"},
    "Require user org_1 robot_1": {"org_key", "bare_key"},
    f"Require user {MACHINE}": {"m2m", "m2m_jwt"},

    "Require clerk-claim tier:gold": {"bare_key", "m2m", "m2m_jwt"},
    f"Require clerk-claim sub:{ADMIN.id}": {"oauth_jwt", "session"},
    "<RequireAny>\nRequire clerk-role admin\nRequire clerk-scope notes:write\n</RequireAny>":
        {"session", "oauth_jwt"},
    "<RequireAll>\nRequire clerk-scope notes:read\nRequire clerk-scope notes:write\n"
    "</RequireAll>": {"oauth_jwt"},
    f"<RequireAll>\nRequire clerk-client {CLIENT}\nRequire clerk-scope notes:read\n"
    "</RequireAll>": {"oauth", "oauth_jwt"},
}


def section(number, line):
    if line.startswith("Require not"):
        line = f"<RequireAll>\nRequire valid-user\n{line}\n</RequireAll>"
    return accepting(f"{number}/", "any", *line.splitlines())


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    sections = "\n".join(section(n, line) for n, line in enumerate(ROWS))
    site = MachineSite(module_httpd, _standin_program, "ClerkRemoteUser sub", sections=sections)
    for number in range(len(ROWS)):
        site.httpd.write(f"{number}/page.txt", "let in")
    return site


@pytest.fixture(scope="module")
def credentials(site):
    clerk = site.clerk
    return {
        "key": clerk.new_api_key(scopes=["notes:read"]).secret,
        "org_key": clerk.new_api_key("org_1").secret,
        "bare_key": clerk.new_api_key("robot_1", claims={
            "tier": "gold", "org_role": "admin", "fea": "o:invoices", "pla": "o:team",
            "o": {"id": "org_1", "rol": "admin"}, "fva": [0, 0]}).secret,
        "m2m": clerk.new_m2m_token(claims={"tier": "gold"}).secret,
        "m2m_jwt": clerk.mint.m2m(tier="gold", org_id="org_1", org_role="org:admin"),
        "oauth": clerk.new_oauth_token(ADMIN, scopes=["notes:read"]).secret,
        # with all that a session token of an admin has
        "oauth_jwt": clerk.mint.oauth(ADMIN, **{
            **{name: value for name, value in clerk.mint.session_claims(ADMIN).items()
               if name not in ("exp", "iat", "nbf", "jti", "iss", "sub")},
            "scope": "notes:read notes:write", "act": {"sub": "agent_1"}, "fva": [0, 0]}),
        "session": clerk.mint.session(ADMIN, fva=[0, 0]),
    }


@pytest.mark.parametrize("number, line", enumerate(ROWS), ids=list(ROWS))
def test_who_satisfies_a_line(site, credentials, number, line):
    let_in = set()
    for who, token in credentials.items():
        answer = site.request("GET", f"/{number}/page.txt", bearer=token,
                              headers={**FETCH, "X-Scope": "notes:read"})
        assert answer.status in (200, 403), (who, facts(answer))
        let_in |= {who} if answer.status == 200 else set()
    site.log.allow(DENIAL)
    assert let_in == ROWS[line]


@pytest.mark.sanitize
def test_the_subject_names_a_machine(httpd, standin):
    """ClerkRemoteUser is about people; a machine is its subject, whatever its claims say."""
    site = MachineSite(httpd, standin, "ClerkRemoteUser email",
                       sections=accepting("any", "any", "Require user mallory@example.com",
                                          f"Require user {MACHINE} org_1"))
    clerk = site.clerk
    for token, user in ((clerk.new_api_key("org_1").secret, "org_1"),
                        (clerk.mint.m2m(email="mallory@example.com"), MACHINE)):
        answer = site.ask("any", token)
        assert (answer.status, facts(answer)["REMOTE_USER"]) == (200, user)
    key = clerk.new_api_key("user_1", claims={"email": "mallory@example.com"})
    assert site.ask("any", key.secret).status == 403
    assert site.ask("any", clerk.mint.session(MEMBER, email="mallory@example.com")).status == 200
    site.log.expect(DENIAL, times=1)
