# SPDX-License-Identifier: Apache-2.0 - which tokens a place may accept with which keys, and a machine's secret key
from __future__ import annotations

import pytest

from clerk_site import FETCH, api_url, production
from httpd import Httpd
from machine_site import CHALLENGE, MachineSite, accepting, facts, outcome, verification
from standin.users import MEMBER
from test_configuration import ONE_VALUE, PK, SECRET, assert_refused, cases

PK_LINE = f"ClerkPublishableKey {PK}"
SK_LINE = f"ClerkSecretKey {SECRET}"
MACHINE = "ak_nobodyMayEverSeeThis"
HIDDEN = MACHINE.removeprefix("ak_")
MK_LINE = f"ClerkMachineSecretKey {MACHINE}"
PROTECTED = "AuthType Clerk\nAuthName x\nRequire valid-user"
WORDS = (": write any, or one or more of session_token, oauth_token, m2m_token and api_key")
NO_MK = ("ClerkMachineSecretKey: this is no machine's secret key (it is not shown); copy the key "
         'that begins ak_ from "Machines" in the Clerk Dashboard')
NEEDS_MK = ("ClerkMachineSecretKey needs a value: file:PATH, env:NAME, exec:COMMAND ARGS, or the "
            "key (ak_...)")
ACCEPT_USE = ("ClerkAcceptsToken requires at least one argument, any, or one or more of "
              "session_token, oauth_token, m2m_token and api_key")
NO_NUMBER = " is not a number from 1 to 1000"

LINES = [
    ("ClerkAcceptsToken", ACCEPT_USE),
    *[(f"ClerkAcceptsToken {word}", f'ClerkAcceptsToken: "{word}" is not known{WORDS}')
      for word in ("session", "machine_token", "m2m", "oauth", "api_keys", "none", "ak_",
                   "api_key,m2m_token", "all")],
    ("ClerkAcceptsToken api_key jwt", f'ClerkAcceptsToken: "jwt" is not known{WORDS}'),
    *[(f"ClerkAcceptsToken {words}",
       'ClerkAcceptsToken: "any" cannot stand beside other words: write either')
      for words in ("any api_key", "session_token any",
                    "session_token oauth_token m2m_token api_key any")],
    ("ClerkAcceptsToken any\n>>> ClerkAcceptsToken api_key",
     'ClerkAcceptsToken: "any" cannot stand beside other words: write either'),
    ("ClerkMachineSecretKey", NEEDS_MK), ('ClerkMachineSecretKey ""', NEEDS_MK),
    (f"{MK_LINE} {MACHINE}", "ClerkMachineSecretKey" + ONE_VALUE),
    *[(f"ClerkMachineSecretKey {key}", NO_MK)
      for key in (SECRET, PK, "ak_", f"AK_{HIDDEN}", f'"{MACHINE} {HIDDEN}"', f"x{MACHINE}")],
    ("ClerkSecretKey " + MACHINE,
     'ClerkSecretKey: this is no secret key (it is not shown); copy the key that begins sk_live_ '
     'or sk_test_ from "API keys" in the Clerk Dashboard'),
    *[(f"ClerkAPIConnections {number}", f'ClerkAPIConnections: "{number}"{NO_NUMBER}')
      for number in ("0", "-1", "1001", "8.5", "many", "8x", "99999999999999999999")],
    ("ClerkAPIConnections", "ClerkAPIConnections takes one argument, How many requests to the "
                            "Backend API a process makes at a time"),
    ("ClerkMachineTokenTTL", "ClerkMachineTokenTTL takes one argument, How long a good answer "
                             "about an opaque machine token is remembered, such as 30s"),
]


@pytest.mark.parametrize("line, sentence", cases(LINES))
def test_refused(line, sentence):
    assert_refused(line, sentence, hidden=(HIDDEN,))


@pytest.mark.sanitize
@pytest.mark.parametrize("line, sentence", cases([
    ("ClerkAcceptsToken machine_token",
     f'ClerkAcceptsToken: "machine_token" is not known{WORDS}'),
    (f"ClerkMachineSecretKey x{MACHINE}", NO_MK)]))
def test_a_start_says_the_same(line, sentence):
    assert_refused(line, sentence, start=True, hidden=(HIDDEN,))


@pytest.mark.parametrize("value, sentence", [
    (f"file:{MACHINE}", 'ClerkMachineSecretKey: cannot read the file "(not shown, it may hold a '
                        'secret)": No such file or directory'),
    (f"env:{MACHINE}", 'ClerkMachineSecretKey: the environment variable "(not shown, it may hold '
                       'a secret)" is not set; set it where httpd is started (on Debian in '
                       "/etc/apache2/envvars)"),
    ("file:keys/ak_key", 'ClerkMachineSecretKey: cannot read the file "{root}/keys/ak_key": No '
                         "such file or directory"),
    ("exec:${CGI}/none", 'ClerkMachineSecretKey: the command "{root}/cgi-bin/none" could not be '
                         "run, failed or printed nothing; it must print the value as its first "
                         "line"),
])
def test_a_key_that_cannot_be_had(value, sentence):
    """A key in the place of a name is not shown either."""
    assert_refused(f"ClerkMachineSecretKey {value}", sentence, hidden=(HIDDEN,))


# ---------------------------------------------------------------- which keys for which tokens

NO_API_KEYS = "API keys (api_key) cannot be verified without ClerkSecretKey"
NO_M2M = ("M2M tokens (m2m_token) cannot be verified without ClerkMachineSecretKey or "
          "ClerkSecretKey")
NO_KEYS = ("session tokens and OAuth tokens cannot be verified with ClerkMachineSecretKey alone: "
           "set ClerkPublishableKey (and ClerkSecretKey), or ClerkAcceptsToken m2m_token")


def section(path: str, *lines: str) -> str:
    return "\n".join([f"<Location {path}>", *lines, "</Location>"])


def host(name: str, *lines: str) -> str:
    return "\n".join(["<VirtualHost *:${PORT}>", f"ServerName {name}", *lines, "</VirtualHost>"])


LACKING = {
    "an API key": (f"{PK_LINE}\n>>> ClerkAcceptsToken api_key", NO_API_KEYS),
    "any": (f"{PK_LINE}\n>>> ClerkAcceptsToken any", NO_API_KEYS),
    "in a list": (f"{PK_LINE}\n>>> ClerkAcceptsToken session_token api_key", NO_API_KEYS),
    "in a section": (f"{PK_LINE}\n" + section("/api", ">>> ClerkAcceptsToken api_key", PROTECTED),
                     NO_API_KEYS),
    "with a machine's key": (f"{PK_LINE}\n{MK_LINE}\n>>> ClerkAcceptsToken api_key", NO_API_KEYS),
    "M2M": (f"{PK_LINE}\n>>> ClerkAcceptsToken m2m_token", NO_M2M),
    "M2M by a public key": ("ClerkJWKSURL https://clerk.example.com/jwks\n"
                            ">>> ClerkAcceptsToken oauth_token m2m_token", NO_M2M),
    "of two lines the first is named": (
        f"{PK_LINE}\n>>> ClerkAcceptsToken session_token\nClerkAcceptsToken m2m_token", NO_M2M),
    "sessions with a machine's key": (
        f"{MK_LINE}\n" + section("/app", ">>> AuthType Clerk", "Require valid-user"), NO_KEYS),
    "OAuth with a machine's key": (f"{MK_LINE}\n>>> ClerkAcceptsToken oauth_token m2m_token",
                                   NO_KEYS),
    "in one of two hosts": (
        host("a.example.com", PK_LINE, SK_LINE, "ClerkAcceptsToken api_key") + "\n"
        + host("b.example.com", PK_LINE, ">>> ClerkAcceptsToken api_key"), NO_API_KEYS),
}


@pytest.mark.parametrize("start", [False, pytest.param(True, marks=pytest.mark.sanitize)])
@pytest.mark.parametrize("case", LACKING)
def test_a_type_that_could_never_be_verified(case, start):
    """K17: told at start, with the line."""
    config, sentence = LACKING[case]
    assert_refused(config, sentence, whole="", start=start, hidden=(HIDDEN,))


ENOUGH = {
    "all of them": f"{PK_LINE}\n{SK_LINE}\nClerkAcceptsToken any",
    "a secret key alone": f"{SK_LINE}\nClerkAcceptsToken any",
    "sessions by the publishable key": f"{PK_LINE}\nClerkAcceptsToken session_token",
    "OAuth by the publishable key": f"{PK_LINE}\nClerkAcceptsToken oauth_token",
    "M2M by a machine's key": f"{MK_LINE}\nClerkAcceptsToken m2m_token\n"
                              + section("/", PROTECTED),
    "the key comes further in": f"{PK_LINE}\nClerkAcceptsToken api_key\n"
                                + section("/a", SK_LINE, PROTECTED),
    "the type is said further in": f"{MK_LINE}\n" + section("/", PROTECTED) + "\n"
                                   + section("/m2m", "ClerkAcceptsToken m2m_token"),
    "the key is in a host": "ClerkAcceptsToken api_key\n" + host("a.example.com", PK_LINE, SK_LINE),
    "for all hosts, the keys in one": section("/api", "ClerkAcceptsToken api_key", PROTECTED)
                                      + f"\n{PK_LINE}\n" + host("a.example.com", SK_LINE),
    "no instance, nothing protected": "ClerkAcceptsToken any",
}


@pytest.mark.parametrize("case", ENOUGH)
def test_keys_that_are_enough(case):
    server = Httpd(ENOUGH[case])
    try:
        result = server.check_config()
    finally:
        server.discard()
    assert (result.returncode, result.stderr) == (0, "Syntax OK\n")


def test_no_warning_of_origins_where_only_machines_call(httpd, standin):
    """ClerkAuthorizedParties is about sessions."""
    site = MachineSite(httpd, standin, parties=False, sections=accepting("key", "any"))
    site.log.expect(r"\[clerk_auth:warn\].*ClerkAuthorizedParties is not set", times=1)
    MachineSite(httpd, standin, parties=False, sections=accepting("key", "api_key m2m_token"))


# ---------------------------------------------------------------- a machine's secret key

@pytest.mark.parametrize("form", ["file:", "env:", "exec:", ""])
def test_each_form_works_and_the_key_is_logged_at_no_level(standin, httpd, tmp_path, form):
    clerk = production(standin)
    key = clerk.receiver.secret_key
    tmp_path.joinpath("key").write_text(f"  {key} \n")
    tmp_path.joinpath("key").chmod(0o600)
    value = {"file:": f'"file:{tmp_path}/key"', "env:": "env:MACHINE_KEY",
             "exec:": f"exec:/bin/cat {tmp_path}/key", "": key}[form]
    site = MachineSite(httpd, standin, clerk=clerk, env={"MACHINE_KEY": key},
                       sections=accepting("m2m", "m2m_token"),
                       instance=[f"ClerkMachineSecretKey {value}", f"ClerkAPIURL {api_url(clerk)}",
                                 "LogLevel debug clerk_auth:trace8"])
    site.log.expect("with ClerkMachineSecretKey alone only opaque M2M tokens", times=2)
    token = clerk.new_m2m_token()
    with site.calls() as calls:
        assert site.ask("m2m", token.secret).status == 200
    assert calls == [verification("m2m_token", token.secret, key)]
    site.httpd.graceful()
    assert site.ask("m2m", token.secret).status == 200
    assert key not in site.log.text()


def test_another_key_after_a_restart(standin, httpd):
    """What was answered to the old one is not remembered under the new one."""
    clerk = production(standin)
    site = MachineSite(httpd, standin, f"ClerkMachineSecretKey {clerk.receiver.secret_key}",
                       clerk=clerk, sections=accepting("m2m", "m2m_token"))
    token = clerk.new_m2m_token()
    assert site.ask("m2m", token.secret).status == 200
    config = site.httpd.config_file.read_text()
    site.httpd.config_file.write_text(
        config.replace(clerk.receiver.secret_key, "ak_ofNobody0000000000000"))
    site.httpd.graceful()
    assert outcome(site.ask("m2m", token.secret)) == (503, "secret-key-invalid")
    site.log.expect(r"\[clerk_auth:error\].*the Backend API refuses the key that tokens are "
                    r"verified with \(reason=secret-key-invalid, token-carrier=header\)", times=1)


# ---------------------------------------------------------------- inheritance, .htaccess

def test_what_is_inherited_and_what_is_replaced(httpd, standin):
    """An inner list replaces the outer one; lines of one section add up."""
    site = MachineSite(httpd, standin, "ClerkAcceptsToken api_key m2m_token", sections="\n".join([
        section("/", PROTECTED),
        section("/key", "ClerkAcceptsToken oauth_token", "ClerkAcceptsToken session_token"),
        section("/key/page.txt", "ClerkAcceptsToken any")]))
    site.httpd.write("key/other.txt", "other")
    clerk = site.clerk
    key, session, oauth = (clerk.new_api_key().secret, clerk.mint.session(MEMBER),
                           clerk.mint.oauth())
    for target, let_in in (("/m2m/page.txt", {key}), ("/key/other.txt", {session, oauth}),
                           ("/key/page.txt", {key, session, oauth})):
        assert let_in == {token for token in (key, session, oauth)
                          if site.get(target, bearer=token).status == 200}


HTACCESS = """
<Directory "${DOCROOT}/key">
    AllowOverride AuthConfig
</Directory>
"""


@pytest.mark.sanitize
def test_htaccess(httpd, standin):
    site = MachineSite(httpd, standin, sections=HTACCESS)
    file = "key/.htaccess"
    clerk = site.clerk
    key = clerk.new_api_key(scopes=["notes:read"])
    site.httpd.write(file, "AuthType Clerk\nAuthName Example\nClerkAcceptsToken api_key\n"
                           "Require clerk-scope notes:read\n")
    answer = site.ask("key", key.secret)
    assert (answer.status, facts(answer)["CLERK_SCOPES"]) == (200, "notes:read")
    answer = site.ask("key", headers=FETCH)
    assert (answer.status, answer.header("WWW-Authenticate")) == (401, CHALLENGE)
    assert answer.all("Vary") == ["Authorization"]
    for mistake, sentence in (("ClerkAcceptsToken keys", "ClerkAcceptsToken: \"keys\" is not known"),
                              ("Require clerk-scope \"a b\"", "is not a scope"),
                              (f"ClerkMachineSecretKey {MACHINE}",
                               "ClerkMachineSecretKey not allowed here"),
                              ("ClerkAPIConnections 9", "ClerkAPIConnections not allowed here"),
                              ("ClerkMachineTokenTTL 9", "ClerkMachineTokenTTL not allowed")):
        site.httpd.write(file, f"AuthType Clerk\n{mistake}\nRequire valid-user\n")
        answer = site.ask("key", key.secret)
        assert answer.status == 500
        assert HIDDEN not in answer.text and "Clerk" not in answer.text
        site.log.expect(rf"\[core:alert\].*{sentence}", times=1)
    assert HIDDEN not in site.log.text()


def test_htaccess_cannot_be_checked_at_start(httpd, standin):
    """What cannot be verified there is told in the log, and refused."""
    clerk = production(standin)
    site = MachineSite(httpd, standin, clerk=clerk, sections=HTACCESS, instance=[
        f"ClerkPublishableKey {clerk.publishable_key}", f"ClerkAPIURL {api_url(clerk)}"])
    site.httpd.write("key/.htaccess", "AuthType Clerk\nAuthName x\nClerkAcceptsToken api_key\n"
                                      "Require valid-user\n")
    with site.calls() as calls:
        answer = site.ask("key", clerk.new_api_key().secret)
    assert outcome(answer) == (503, "secret-key-invalid")
    assert calls == []
    site.log.expect(r"\[clerk_auth:error\].*there is no secret key to verify such tokens with",
                    times=1)
