# SPDX-License-Identifier: Apache-2.0 - Require lines that cannot be right, and the modules that carry Require and AuthType out
from __future__ import annotations

import pytest

from httpd import BASE_MODULES, Httpd, _load
from test_configuration import PK, assert_refused, cases

EXAMPLES = {
    "clerk-role": "clerk-role org:admin",
    "clerk-permission": "clerk-permission org:invoices:create",
    "clerk-feature": "clerk-feature reports or clerk-feature org:reports",
    "clerk-plan": "clerk-plan gold or clerk-plan user:gold",
    "clerk-org": "clerk-org or clerk-org acme",
    "clerk-reverification":
        "clerk-reverification strict (or strict_mfa, moderate, lax, second_factor:10)",
    "clerk-token-type":
        "clerk-token-type session_token (or oauth_token, m2m_token, api_key)",
    "clerk-scope": "clerk-scope notes:read", "clerk-machine": "clerk-machine mch_2abcDEF",
    "clerk-client": "clerk-client 2abcDEF",
    # httpd doubles a backslash in its log
    "clerk-claim": r"clerk-claim metadata.plan:gold or clerk-claim email~@example[.]com$",
}

WRONG_VALUES = {
    "clerk-role": ["a:b", "org:", "org:org:", "org:a:b", ":", '""'],
    "clerk-permission": ["read", "org:read", "org::read", "org:invoices:", ":", "a:b:c",
                         "org:a:b:c", "org:in,voices:read", "sys_profile", '""'],
    "clerk-feature": ["team:reports", "org:", "user:", ":reports", "ou:reports", "uo:reports",
                      "a,b", "org:a:b", "Org:reports", '""'],
    "clerk-plan": ["team:gold", "org:", "u:", ":gold", "gold,silver", '""'],
    "clerk-org": ['""'],
    "clerk-reverification": ["Strict", "strictest", "10", "second_factor", "second_factor:",
                             "second_factor:0", "second_factor:-1", "second_factor:010",
                             "second_factor:99999", "second_factor:1.5", "second_factor:ten",
                             "third_factor:10", "10:second_factor", "strict:10", '""'],
    "clerk-token-type": ["any", "session", "jwt", "Session_Token", "session_token,api_key",
                         "m2m", '""'],
    "clerk-scope": ['"notes read"', '""'],
    "clerk-machine": ["sender", "mch_", "MCH_1", "user_1", '""'],
    "clerk-client": ['""'],
}


def section(line: str) -> str:
    return (f"ClerkPublishableKey {PK}\n<Location /app>\nAuthType Clerk\n"
            f">>> Require {line}\n</Location>")


NOT_ONE = {"clerk-role": "not a role", "clerk-permission": "not a permission",
           "clerk-feature": "not a feature", "clerk-plan": "not a plan",
           "clerk-scope": "not a scope", "clerk-machine": "not a machine's id",
           "clerk-client": "not an OAuth client's id",
           "clerk-org": "not an organization", "clerk-token-type": "not a token type",
           "clerk-reverification": "neither a preset nor LEVEL:MINUTES"}


def wrong(kind: str, value: str, what: str = "") -> str:
    return (f'Require {kind}: "{value}" is {what or NOT_ONE[kind]}; write it as in: '
            f"Require {EXAMPLES[kind]}")


VALUES = [(f"{kind} {value}", wrong(kind, value.strip('"')))
          for kind, values in WRONG_VALUES.items() for value in values]

MORE = [
    *[(kind, f"Require {kind} needs a value, as in: Require {example}")
      for kind, example in EXAMPLES.items() if kind != "clerk-org"],
    # every value is looked at
    ("clerk-role admin org:editor a:b", wrong("clerk-role", "a:b")),
    ("clerk-reverification strict slack", wrong("clerk-reverification", "slack")),
    ('clerk-feature "a:b c"', wrong("clerk-feature", "a:b c")),

    *[(f"clerk-claim {value}",
       wrong("clerk-claim", value.strip('"'), "neither PATH:VALUE nor PATH~REGEX"))
      for value in ("plan", "metadata.plan", ":gold", "~gold", '""', "plan=gold")],
    # behind `not`, a path that no claim has would let everybody in
    *[(f"clerk-claim {value}",
       wrong("clerk-claim", value, "no claim: its path is not one"))
      for value in (".plan:gold", "metadata..plan:gold", "plan.:gold", "%{env:PAIR}",
                    "metadata.%{env:NAME}:gold", ".~gold")],
    *[(f"clerk-claim {value}", wrong("clerk-claim", value, "no valid regular expression"))
      for value in ("email~(", "email~[a-", "email~*", "email~a{2,1}")],

    ("clerk-impersonated yes", "Require clerk-impersonated takes no value"),
    ('clerk-impersonated ""', "Require clerk-impersonated takes no value"),
    ("clerk-org %{env:SLUG",
     wrong("clerk-org", "%{env:SLUG", "no expression (Unterminated string or variable)")),
    ("clerk-role admin %{nonsense:x}",
     wrong("clerk-role", "%{nonsense:x}",
           "no expression (Function 'nonsense' does not exist)")),
    ("clerk-permission org:%{NONSENSE}:read",
     wrong("clerk-permission", "org:%{NONSENSE}:read",
           "no expression (Variable 'NONSENSE' does not exist)")),
    ("clerk-claim plan:%{env:PLAN",
     wrong("clerk-claim", "%{env:PLAN", "no expression (Unterminated string or variable)")),
    # httpd's own words
    ("clerk-nonsense x", "Unknown Authz provider: clerk-nonsense"),
    ("Clerk-Role admin", "Unknown Authz provider: Clerk-Role"),
    ("not clerk-role admin",
     "negative Require directive has no effect in <RequireAny> directive"),
]


@pytest.mark.parametrize("line, sentence", cases([*VALUES, *MORE]))
def test_refused(line, sentence):
    assert_refused(section(line), sentence)


@pytest.mark.parametrize("kind", [kind for kind in EXAMPLES if kind != "clerk-org"])
def test_the_same_with_not(kind):
    assert_refused(
        f"ClerkPublishableKey {PK}\n<Location /app>\nAuthType Clerk\n<RequireAll>\n"
        f"Require valid-user\n>>> Require not {kind}\n</RequireAll>\n</Location>",
        f"Require {kind} needs a value, as in: Require {EXAMPLES[kind]}")


@pytest.mark.sanitize
@pytest.mark.parametrize("line, sentence", cases([
    ("clerk-permission org:read", wrong("clerk-permission", "org:read")),
    ("clerk-claim email~(",
     wrong("clerk-claim", "email~(", "no valid regular expression")),
    ("clerk-role %{env:A", wrong("clerk-role", "%{env:A",
                                 "no expression (Unterminated string or variable)")),
]))
def test_a_start_says_the_same(line, sentence):
    assert_refused(section(line), sentence, start=True)


def test_an_alias_is_looked_at_too():
    assert_refused(f"ClerkPublishableKey {PK}\n"
                   '>>> <AuthzProviderAlias clerk-permission readers "org:read">\n'
                   "</AuthzProviderAlias>", "Can't parse 'Require clerk-permission org:read': "
                   + wrong("clerk-permission", "org:read"))


ACCEPTED = [
    "valid-user", "user user_1 user_2",
    "clerk-role admin org:editor", "clerk-role org:org:admin", 'clerk-role "team lead"',
    "clerk-permission invoices:create org:invoices:read",
    "clerk-feature reports user:reports u:reports org:reports o:reports organization:reports",
    "clerk-plan gold user:gold",
    "clerk-org", "clerk-org acme org_2abc",
    "clerk-reverification strict_mfa", "clerk-reverification strict moderate lax",
    "clerk-reverification first_factor:1", "clerk-reverification multi_factor:99998",
    "clerk-token-type session_token oauth_token m2m_token api_key",
    "clerk-claim metadata.plan:gold", "clerk-claim plan:", "clerk-claim at:10:30",
    r"clerk-claim email~@example\.com$", 'clerk-claim "name:Ada Lovelace"', "clerk-claim a~b:c",
    "clerk-impersonated",
    "clerk-org %{env:SLUG}", "clerk-role %{req:X-Role} admin", "clerk-claim slug:%{env:SLUG}",
]


@pytest.mark.parametrize("line", ACCEPTED)
def test_accepted(line):
    server = Httpd(section(line).replace(">>> ", ""))
    try:
        result = server.check_config()
    finally:
        server.discard()
    assert (result.returncode, result.stderr) == (0, "Syntax OK\n")


# ---------------------------------------------------------------- who carries it out

WITHOUT = {name: [module for module in BASE_MODULES if module != name]
           for name in ("authz_core", "authn_core")}
NEEDS = "{} needs mod_{}: load it with LoadModule {}_module modules/mod_{}.so"


@pytest.mark.parametrize("start", [False, pytest.param(True, marks=pytest.mark.sanitize)])
@pytest.mark.parametrize("module, lines", [
    ("authz_core", "AuthType Clerk\n>>> Require valid-user"),
    ("authz_core", "AuthType Basic\n>>> Require valid-user"),
    ("authz_core", ">>> Require all denied"),
    ("authz_core", ">>> Require not clerk-role admin"),
    ("authn_core", ">>> AuthType Clerk\nRequire valid-user"),
    ("authn_core", ">>> AuthType Basic\nRequire valid-user"),
])
def test_without_the_module_that_carries_it_out(module, lines, start):
    name = lines.split(">>> ")[1].split()[0]
    assert_refused(f"ClerkPublishableKey {PK}\n<Location /app>\n{lines}\n</Location>",
                   NEEDS.format(name, *[module] * 3), start=start,
                   base_modules=WITHOUT[module])


def test_not_needed_where_neither_directive_stands():
    bare = [name for name in WITHOUT["authz_core"] if name != "authn_core"]
    server = Httpd(f"ClerkPublishableKey {PK}", base_modules=bare)
    try:
        result = server.check_config()
    finally:
        server.discard()
    assert (result.returncode, result.stderr) == (0, "Syntax OK\n")


@pytest.mark.parametrize("module", WITHOUT)
def test_the_order_of_loading_does_not_matter(httpd, module):
    """Loaded after this module, the other one carries its directive out all the same."""
    server = httpd("\n".join([*_load(module), f"ClerkPublishableKey {PK}",
                              "ClerkAuthorizedParties https://www.example.com",
                              "<Location /shut>", "Require all denied", "</Location>",
                              "<Location /app>", "AuthType Clerk", 'AuthName "Example"',
                              "Require valid-user", "</Location>"]),
                   base_modules=WITHOUT[module])
    server.write("shut/page.txt", "shut\n")
    server.write("app/page.txt", "app\n")
    assert server.get("/index.txt").status == 200
    assert server.get("/shut/page.txt").status == 403
    assert server.get("/app/page.txt").status == 401
    server.log.expect(r"AH01630: client denied by server configuration")
