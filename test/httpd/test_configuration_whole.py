# SPDX-License-Identifier: Apache-2.0 - what only the whole configuration shows: instances that cannot be, places without one, the warning
from __future__ import annotations

import re

import pytest

from httpd import Httpd
from test_configuration import PK, SECRET, assert_refused

KEYED = f"ClerkPublishableKey {PK}"
NO_KEY = ("no key to verify tokens with: set ClerkPublishableKey (and ClerkSecretKey), or "
          "ClerkJWTKey")
NO_INSTANCE = ("AuthType Clerk needs a Clerk instance: set ClerkPublishableKey (and "
               "ClerkSecretKey), or ClerkJWTKey")
NO_DOMAIN = "ClerkSatellite On needs ClerkDomain or ClerkProxyURL"
BEGINS = "the Clerk instance that begins with "
PROTECTED = """AuthType Clerk
AuthName "Example"
Require valid-user"""


def section(place: str, *lines: str) -> str:
    return "\n".join([f"<Location {place}>", *lines, "</Location>"])


def host(name: str, *lines: str) -> str:
    return "\n".join(["<VirtualHost *:${PORT}>", f"ServerName {name}", *lines, "</VirtualHost>"])


# ---------------------------------------------------------------- refused

REFUSED = {
    "only a URL": (">>> ClerkAPIURL https://api.example.com", NO_KEY),
    "only a proxy": (">>> ClerkProxyURL /__clerk", NO_KEY),
    "only a domain": (">>> ClerkDomain example.com", NO_KEY),
    "in a section": (section("/app", ">>> ClerkAPIURL https://api.example.com"), NO_KEY),
    "in one of two hosts": (host("a.example.com", KEYED) + "\n"
                            + host("b.example.com", ">>> ClerkDomain example.com"), NO_KEY),
    "a satellite of nothing": (f">>> ClerkSatellite On\n{KEYED}", NO_DOMAIN),
    "the first line is named": (f">>> {KEYED}\nClerkSatellite On", NO_DOMAIN),
    "in a section of a good server": (
        f"{KEYED}\n" + section("/app", ">>> ClerkSatellite On"), NO_DOMAIN),
    "protected, without an instance": (
        section("/app", ">>> AuthType Clerk", "Require valid-user"), NO_INSTANCE),
    "of two, the first is named": (
        section("/a", "AuthType Basic") + "\n" + section("/b", ">>> AuthType clerk") + "\n"
        + section("/c", "AuthType Clerk"), NO_INSTANCE),
    "in a virtual host": (host("a.example.com", section("/", ">>> AuthType Clerk")),
                          NO_INSTANCE),
    "another virtual host has one": (
        host("a.example.com", KEYED, section("/", PROTECTED)) + "\n"
        + host("b.example.com", section("/", ">>> AuthType Clerk")), NO_INSTANCE),
    "settings are no instance": (
        "ClerkResponses protect\nClerkKeyRefresh 60s\n" + section("/", ">>> AuthType Clerk"),
        NO_INSTANCE),
}


@pytest.mark.parametrize("start", [False, pytest.param(True, marks=pytest.mark.sanitize)])
@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, start):
    config, sentence = REFUSED[case]
    assert_refused(config, sentence, start=start,
                   whole="" if sentence == NO_INSTANCE else BEGINS)


# ---------------------------------------------------------------- accepted

ACCEPTED = {
    "nothing at all": "",
    "no protected place": KEYED,
    "a secret key alone": f"ClerkSecretKey {SECRET}",
    "where the keys are": "ClerkJWKSURL https://clerk.example.com/.well-known/jwks.json",
    "an instance in a section": section("/app", KEYED, PROTECTED),
    "the domain above, the satellite below":
        f"{KEYED}\nClerkDomain example.com\n" + section("/app", "ClerkSatellite On"),
    "an instance in each of two hosts": "\n".join(
        host(name, KEYED, section("/", PROTECTED)) for name in ("a.example.com",
                                                                "b.example.com")),
    "a section of all hosts, an instance in one":
        section("/app", PROTECTED) + "\n" + host("a.example.com", KEYED),
    "another AuthType": section("/app", "AuthType Basic", "AuthName x", "Require valid-user"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(case):
    server = Httpd(ACCEPTED[case])
    try:
        result = server.check_config()
    finally:
        server.discard()
    assert (result.returncode, result.stderr) == (0, "Syntax OK\n")


@pytest.mark.parametrize("common, each", [
    ("ClerkAPIURL https://api.example.com", KEYED),
    ("ClerkDomain example.com", KEYED),
    (f"ClerkSatellite On\n{KEYED}", "ClerkDomain example.com"),
], ids=["a URL", "a domain", "a satellite"])
def test_what_instances_have_in_common_may_stand_above_them(common, each):
    config = "\n".join([common, section("/a", each, PROTECTED), section("/b", each, PROTECTED)])
    server = Httpd(config)
    try:
        result = server.check_config()
    finally:
        server.discard()
    assert (result.returncode, result.stderr) == (0, "Syntax OK\n")


@pytest.mark.sanitize
def test_a_place_without_an_instance_admits_nobody(httpd):
    """Another place has one, so the server starts."""
    server = httpd("\n".join(["ClerkAuthorizedParties https://www.example.com",
                              section("/with", KEYED, PROTECTED),
                              section("/without", PROTECTED)]))
    for name in ("with", "without"):
        server.write(f"{name}/page.txt", "here\n")
    assert server.get("/with/page.txt").status == 401
    for headers in ({}, {"Authorization": "Bearer a.b.c"}, {"Accept": "text/html"}):
        answer = server.get("/without/page.txt", headers)
        assert answer.status == 500
        assert b"here" not in answer.body
    server.log.expect(r"\[clerk_auth:error\].*no Clerk instance for /without/page\.txt: ", times=3)


# ---------------------------------------------------------------- the warning

PARTIES = "ClerkAuthorizedParties https://www.example.com"
WARNING = ("ClerkAuthorizedParties is not set for AuthType on line {} of {}: session tokens made "
           "for any origin of the Clerk instance are accepted; name this site's origins, such as "
           "https://www.example.com")


def named_line(server: Httpd, config: str) -> str:
    """The warning that names the marked line."""
    lines = config.splitlines()
    marked = next(place for place, line in enumerate(lines) if line.startswith(">>> "))
    all_lines = len(server.config_file.read_text().splitlines())
    return WARNING.format(all_lines - len(lines) + marked + 1, server.config_file)


WARNED = {
    "one place": f"{KEYED}\n" + section("/app", ">>> AuthType Clerk"),
    "two places, the first is named":
        f"{KEYED}\n" + section("/a", ">>> AuthType Clerk") + "\n" + section("/b", PROTECTED),
    "one of two names them":
        f"{KEYED}\n" + section("/a", PARTIES, PROTECTED) + "\n"
        + section("/b", ">>> AuthType Clerk"),
    "another host names them":
        f"{KEYED}\n" + host("a.example.com", PARTIES, section("/", PROTECTED)) + "\n"
        + host("b.example.com", section("/", ">>> AuthType Clerk")),
    "a section of all hosts, one host names none":
        f"{KEYED}\n" + section("/app", ">>> AuthType Clerk") + "\n"
        + host("a.example.com", PARTIES) + "\n" + host("b.example.com"),
    # Which sections meet is known only of a request.
    "a section around it names them":
        f"{KEYED}\n" + section("/", PARTIES) + "\n" + section("/app", ">>> AuthType Clerk"),
}


@pytest.mark.sanitize
@pytest.mark.parametrize("case", WARNED)
def test_warned_once_a_start(httpd, case):
    config = WARNED[case]
    server = httpd(config.replace(">>> ", ""))
    wanted = named_line(server, config)
    assert [line.text for line in server.log.lines(pattern="ClerkAuthorizedParties")] == [wanted]
    server.log.expect(r"\[clerk_auth:warn\] .*" + re.escape(wanted), times=1)
    server.log.verify()

    assert server.get("/index.txt").status in (200, 401)
    server.graceful()
    server.log.expect(r"\[clerk_auth:warn\] .*" + re.escape(wanted), times=1)
    assert "ClerkAuthorizedParties" not in server.check_config().stderr


NOT_WARNED = {
    "nothing is protected": KEYED,
    "by another module": f"{KEYED}\n" + section("/app", "AuthType None"),
    "named for the server": f"{KEYED}\n{PARTIES}\n" + section("/app", PROTECTED),
    "named afterwards": f"{KEYED}\n" + section("/app", PROTECTED) + f"\n{PARTIES}",
    "named in the section": f"{KEYED}\n" + section("/app", PROTECTED, PARTIES),
    "named in the host":
        f"{KEYED}\n" + host("a.example.com", PARTIES, section("/", PROTECTED)),
    "named for the server, used in a host":
        f"{KEYED}\n{PARTIES}\n" + host("a.example.com", section("/", PROTECTED)),
}


@pytest.mark.parametrize("case", NOT_WARNED)
def test_not_warned(httpd, case):
    server = httpd(NOT_WARNED[case])
    assert server.get("/index.txt").status in (200, 401)
    assert server.log.lines("clerk_auth", "warn") == []
