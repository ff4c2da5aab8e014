# SPDX-License-Identifier: Apache-2.0 - what .htaccess may say, what it may not, and that a mistake there lets nobody in
from __future__ import annotations

import itertools
import re

import pytest

from test_configuration import HIDDEN, PK, SECRET
from test_configuration_section import ANYWHERE, IN_SECTIONS, NO_ORIGIN, NO_PAGE, WHOLE_SERVER

PROTECTED = 'AuthType Clerk\nAuthName "Example"\nRequire valid-user\n'
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(module_httpd):
    """Below /open .htaccess may configure authentication, below /other only file types."""
    return module_httpd(f"""
ClerkPublishableKey {PK}
ClerkAuthorizedParties https://www.example.com
<Directory "${{DOCROOT}}/open">
    AllowOverride AuthConfig
</Directory>
<Directory "${{DOCROOT}}/other">
    AllowOverride FileInfo
</Directory>
<Directory "${{DOCROOT}}/none">
    AllowOverride None
</Directory>
<Location /other>
    AuthType Clerk
    AuthName "Example"
    Require valid-user
</Location>
""")


def place(server, htaccess: str, below: str = "open") -> str:
    """A directory of its own with this .htaccess; the path of a page in it."""
    name = f"{below}/{next(_numbers)}"
    server.write(f"{name}/.htaccess", htaccess)
    server.write(f"{name}/page.txt", "here\n")
    return f"/{name}/page.txt"


def assert_told(server, path: str, sentence: str) -> None:
    """500 without a word of it; the log names the file."""
    answer = server.get(path)
    assert answer.status == 500
    assert "here" not in answer.text
    assert HIDDEN not in answer.text and "Clerk" not in answer.text
    file = server.docroot / path.lstrip("/").replace("page.txt", ".htaccess")
    server.log.expect(r"\[core:alert\] .*" + re.escape(f"{file}: {sentence}"), times=1)
    server.log.verify()
    assert HIDDEN not in server.log.text()


@pytest.mark.sanitize
@pytest.mark.parametrize("line", [line for line in (*IN_SECTIONS, *WHOLE_SERVER)
                                  if "\n" not in line])
def test_what_names_the_instance_or_concerns_the_server_stays_outside(server, line):
    assert_told(server, place(server, f"{line}\n{PROTECTED}"),
                f"{line.split()[0]} not allowed here")


@pytest.mark.sanitize
@pytest.mark.parametrize("line, sentence", [
    ("ClerkAuthorizedParties https://www.example.com/",
     'ClerkAuthorizedParties: "https://www.example.com/"' + NO_ORIGIN),
    ("ClerkEnforce Off", 'ClerkEnforce: "Off" is not known: write On or LogOnly; to '
     'protect nothing here, remove AuthType Clerk'),
    ("ClerkSignInURL sign-in", 'ClerkSignInURL: "sign-in"' + NO_PAGE),
    ("ClerkExport env none", 'ClerkExport: "none" cannot stand beside other words: write either'),
    ("ClerkClockSkew long",
     'ClerkClockSkew: "long" is not a time: write it as in 5s, 500ms or 24h'),
    ("Require clerk-role a:b", 'Require clerk-role: "a:b" is not a role; write it as in: '
                               "Require clerk-role org:admin"),
    ("Require clerk-permission", "Require clerk-permission needs a value, as in: Require "
                                 "clerk-permission org:invoices:create"),
])
def test_a_mistake_is_told_in_the_log(server, line, sentence):
    assert_told(server, place(server, f"{PROTECTED}{line}\n"), sentence)


@pytest.mark.sanitize
@pytest.mark.parametrize("line", ANYWHERE)
def test_every_setting_of_a_section_is_accepted(server, line):
    """With it the page is protected as without it; LogOnly says what it would have done."""
    answer = server.get(place(server, f"{PROTECTED}{line}\n"))
    if "logonly" in line:
        assert answer.status == 200
        server.log.expect(r"\[clerk_auth:notice\].*ClerkEnforce LogOnly: ", times=1)
    elif "Protect" in line:
        assert answer.status == 404
    else:
        assert answer.status == 401


@pytest.mark.parametrize("line", ["ClerkEnforce LogOnly", "ClerkAuthorizedParties https://a.example",
                                  "AuthType None", "Require all granted", "ClerkIssuer any",
                                  "ClerkTreatPendingAsSignedOut Off"])
def test_nothing_is_loosened_without_allowoverride_authconfig(server, line):
    path = place(server, f"{line}\n", "other")
    assert_told(server, path, f"{line.split()[0]} not allowed here")
    server.write(path.replace("page.txt", ".htaccess").lstrip("/"), "AddType text/x-a .a\n")
    assert server.get(path).status == 401


def test_htaccess_that_is_not_read_matters_not(server):
    assert server.get(place(server, f"ClerkSecretKey {SECRET}\n", "none")).status == 200
