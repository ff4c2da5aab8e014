# SPDX-License-Identifier: Apache-2.0 - httpd -t -D DUMP_CLERK: the configuration in force
from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from httpd import TOP, Httpd
from standin import publishable_key

MAIN, OTHER = (publishable_key.encode(host, live=live) for host, live in
               (("clerk.example.com", True), ("able-1.clerk.accounts.dev", False)))
SECRET, OTHER_SECRET = "sk_live_notARealKeyButShapedLikeOne", "sk_test_notARealKeyOfAnother"
MACHINE = "ak_notARealKeyOfAMachineButLong"

CONFIG = f"""ClerkPublishableKey {MAIN}
ClerkSecretKey {SECRET}
ClerkAuthorizedParties https://a.example https://b.example
ClerkAPIProxy http://somebody:hunter2@proxy.example:3128
ClerkKeyRefresh 500ms
<IfModule clerk_auth_module>
    ClerkResponses protect
</IfModule>
ClerkExportClaim metadata.plan Plan
<Directory "${{DOCROOT}}">
    ClerkIdentify On
    <Files "a.txt">
        ClerkUser On
    </Files>
</Directory>
<Location "/app">
    AuthType Clerk
    AuthName x
    Require valid-user
    ClerkErrorBody json
    <If "%{{REQUEST_URI}} =~ m#/x#">
        ClerkEnforce LogOnly
    </If>
</Location>
<Location "/app">
    ClerkOrganizationPatterns /orgs/:slug(.*)
</Location>
<VirtualHost *:${{PORT}}>
    ServerName two.example
    ClerkPublishableKey {OTHER}
    ClerkSecretKey {OTHER_SECRET}
    ClerkIssuer any
    <LocationMatch "^/(a|b)">
        ClerkForwardToken template:abc
    </LocationMatch>
    <Location ~ "/tilde">
        ClerkMachineSecretKey {MACHINE}
        ClerkAcceptsToken m2m_token session_token
    </Location>
    <Location "/app">
        ClerkClockSkew 1500ms
    </Location>
</VirtualHost>
"""


class Line(NamedTuple):
    value: str
    line: int | None   # of CONFIG; None: default


class Part:
    """What is said of one place: facts of its instance, directives, inner places."""

    def __init__(self, title: str, line: int | None):
        self.title, self.line = title, line
        self.facts: dict[str, str] = {}
        self.settings: dict[str, Line] = {}


def line_of(text: str, before: int) -> tuple[str, int | None]:
    found = re.fullmatch(r"(.*?) \((?:default|\S+:(\d+))\)", text)
    assert found, text
    return found[1], int(found[2]) - before if found[2] else None


def parts_of(text: str, before: int) -> list[Part]:
    parts: list[Part] = []
    for line in text.splitlines()[1:]:
        words = line.strip()
        if re.match(r"main server$|virtual host |<", words):
            title, at = line_of(words, before) if "(" in words else (words, None)
            parts.append(Part(title, at))
        elif found := re.match(r"((?:Clerk|AuthType)\w*) {2,}(.+)", words):
            parts[-1].settings[found[1]] = Line(*line_of(found[2], before))
        elif found := re.match(r"([\w ]+?) {2,}(.+)", words):
            parts[-1].facts[found[1]] = found[2]
        else:
            assert words in ("settings", "Clerk instance"), line
    return parts


def dump(config: str, **options) -> tuple[str, int]:
    """The text, and how many lines stand before the test's own."""
    server = Httpd(config, **options)
    try:
        result = server.check_config("-D", "DUMP_CLERK")
        before = server.config_file.read_text().splitlines().index(config.splitlines()[0])
    finally:
        server.discard()
    assert (result.returncode, result.stderr.strip()) == (0, "Syntax OK"), result.stderr
    return result.stdout, before


@pytest.fixture(scope="module")
def printed() -> tuple[str, int]:
    return dump(CONFIG)


@pytest.fixture(scope="module")
def parts(printed) -> list[Part]:
    return parts_of(*printed)


def line_in_config(text: str, which: int = 0) -> int:
    return [number for number, line in enumerate(CONFIG.splitlines(), 1)
            if line.strip().startswith(text)][which]


def directives() -> set[str]:
    table = (TOP / "src/httpd/directives.c").read_text()
    return set(re.findall(r'AP_INIT_\w+\("(Clerk\w+)"', table))


@pytest.mark.sanitize
def test_every_directive_of_the_table_is_there(parts):
    main = parts[0]
    assert main.title == "main server" and len(directives()) > 50
    assert set(main.settings) == directives()


def test_a_virtual_host_has_all_but_the_whole_servers(parts):
    host = part(parts, "virtual host two.example")
    missing = set(parts[0].settings) - set(host.settings)
    assert missing == {name for name in directives()
                       if re.match("ClerkKey|ClerkCache|ClerkMachineTokenTTL|ClerkTokenCache|"
                                   "ClerkAPI(?!URL)", name)}
    assert host.line == line_in_config("<VirtualHost")


def part(parts: list[Part], title: str, which: int = 0) -> Part:
    return [found for found in parts if found.title.startswith(title)][which]


@pytest.mark.parametrize("name, value, at", [
    ("ClerkPublishableKey", MAIN, "ClerkPublishableKey"),
    ("ClerkSecretKey", "sk_live…", "ClerkSecretKey"),
    ("ClerkMachineSecretKey", "none", None),
    ("ClerkAuthorizedParties", "https://a.example https://b.example", "ClerkAuthorizedParties"),
    ("ClerkResponses", "protect", "ClerkResponses"),
    ("ClerkKeyRefresh", "500ms", "ClerkKeyRefresh"),
    ("ClerkAPIProxy", "http://…@proxy.example:3128", "ClerkAPIProxy"),
    ("ClerkExportClaim", "metadata.plan as CLERK_CLAIM_PLAN", "ClerkExportClaim"),
    ("ClerkJWKSURL", "https://api.clerk.com/v1/jwks", None),
    ("ClerkIssuer", "https://clerk.example.com", None),
    ("ClerkAcceptsToken", "session_token", None), ("ClerkHandshake", "On", None),
    ("ClerkAPITimeout", "2s 5s", None), ("ClerkCache", "shmcb", None),
    ("ClerkSignInURL", "https://accounts.example.com/sign-in", None)])
def test_values_of_the_main_server(parts, name, value, at):
    wanted = None if at is None else line_in_config(at)
    assert parts[0].settings[name] == Line(value, wanted)


def test_an_instance_and_what_follows_from_it(parts):
    assert parts[0].facts == {
        "type": "production", "Frontend API": "clerk.example.com",
        "seen by browsers at": "https://clerk.example.com",
        "issuers": "https://clerk.example.com", "keys from": "https://api.clerk.com/v1/jwks",
        "Backend API": "https://api.clerk.com", "Account Portal": "https://accounts.example.com",
        "cookie suffix": parts[0].facts["cookie suffix"]}
    assert len(parts[0].facts["cookie suffix"]) == 8
    host = part(parts, "virtual host")
    assert host.facts["type"] == "development"
    assert host.facts["Frontend API"] == "able-1.clerk.accounts.dev"


def test_a_virtual_host_inherits_and_overrides(parts):
    host = part(parts, "virtual host").settings
    assert host["ClerkSecretKey"] == Line("sk_test…", line_in_config("ClerkSecretKey", 1))
    assert host["ClerkIssuer"] == Line("any", line_in_config("ClerkIssuer"))
    assert host["ClerkResponses"] == Line("protect", line_in_config("ClerkResponses"))


def test_sections_say_where_they_stand_and_what_is_said_there(parts):
    wanted = {("<Directory", 0): {"ClerkIdentify": "On"}, ("<Files", 0): {"ClerkUser": "On"},
              ("<Location", 0): {"AuthType": "Clerk", "ClerkErrorBody": "json"},
              ("<If", 0): {"ClerkEnforce": "LogOnly"},
              ("<Location \"/app\"", 1): {"ClerkOrganizationPatterns": "/orgs/:slug(.*)"},
              ("<LocationMatch", 0): {"ClerkForwardToken": "template:abc"},
              ("<Location ~", 0): {"ClerkMachineSecretKey": "ak_notA…",
                                   "ClerkAcceptsToken": "session_token m2m_token"}}
    for (title, which), settings in wanted.items():
        found = part(parts, title, which)
        assert {name: line.value for name, line in found.settings.items()} == settings, title
        for name, line in found.settings.items():
            assert CONFIG.splitlines()[line.line - 1].split()[0] == name, title
    assert part(parts, "<Location").line == line_in_config("<Location")
    assert part(parts, "<Location ~").facts["Frontend API"] == "able-1.clerk.accounts.dev"


def test_sections_of_the_main_server_are_repeated_in_virtual_hosts(parts):
    """Those of the same path are told apart."""
    at = parts.index(part(parts, "virtual host"))
    here = [found.line for found in parts[at:] if found.title == '<Location "/app">']
    assert here == [line_in_config('<Location "/app"', number) for number in range(3)]
    assert part(parts[at:], "<Directory").settings["ClerkIdentify"].value == "On"


@pytest.mark.parametrize("secret", [SECRET, OTHER_SECRET, MACHINE, "hunter2", "somebody"])
def test_no_secret_is_printed(printed, secret):
    assert secret[:8] not in printed[0]


def test_without_an_instance():
    text, before = dump("ClerkErrorBody html")
    main = parts_of(text.replace("  no Clerk instance\n", ""), before)[0]
    assert "  no Clerk instance\n" in text
    assert main.settings["ClerkErrorBody"] == Line("html", 1)
    assert main.settings["ClerkHandshake"] == Line("Off", None)


def test_nothing_is_printed_unless_asked():
    server = Httpd(CONFIG)
    try:
        result = server.check_config()
    finally:
        server.discard()
    assert (result.returncode, result.stdout) == (0, "")
