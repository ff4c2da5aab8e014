# SPDX-License-Identifier: Apache-2.0 - a directive that cannot be right stops the start, with a sentence for the administrator
"""The instance's directives and those of the whole server, and how a refusal is judged.

In a configuration of several lines the refused one begins with `>>> `.
"""
from __future__ import annotations

from typing import Mapping

import pytest

from httpd import Httpd, HttpdError
from standin import publishable_key

HOST = "clerk.example.com"
PK = publishable_key.encode(HOST, live=True)
SECRET = "sk_live_nobodyMayEverSeeThis"
HIDDEN = SECRET.removeprefix("sk_live_")   # nor a piece of it
MARK = ">>> "


def lay_out(config: str) -> tuple[list[str], int]:
    """The lines without the mark, and the place of the marked or only one."""
    lines = config.strip("\n").splitlines()
    marked = [place for place, line in enumerate(lines) if line.startswith(MARK)]
    assert len(marked) == 1 or len(lines) == 1, f"which line is wrong?\n{config}"
    return [line.removeprefix(MARK) for line in lines], marked[0] if marked else 0


def what_starting_says(server: Httpd) -> tuple[int, str]:
    with pytest.raises(HttpdError):
        server.start()
    return server.process.returncode, server.log.text()


def what_checking_says(server: Httpd) -> tuple[int, str]:
    result = server.check_config()
    return result.returncode, result.stdout + result.stderr


def assert_refused(config: str, sentence: str, *, whole: str | None = None, start: bool = False,
                   files: Mapping[str, str | bytes] = {}, scripts: Mapping[str, str] = {},
                   hidden: tuple[str, ...] = (), **options) -> None:
    """httpd refuses the marked line with exactly this sentence and exit code 1.

    `whole`: it is refused when all has been read; the words before the directive's name.
    `start`: by starting, not by `httpd -t`.
    `files` lie in ServerRoot, `scripts` in ${CGI}; {root} in the sentence is ServerRoot.
    Nothing of `hidden` and of SECRET is said.
    """
    lines, marked = lay_out(config)
    server = Httpd("\n".join(lines), **options)
    try:
        for name, content in files.items():
            server.file(name, content)
        for name, content in scripts.items():
            server.script(name, content)
        line = len(server.config_file.read_text().splitlines()) - len(lines) + marked + 1
        sentence = sentence.replace("{root}", str(server.root))
        wanted = f"AH00526: Syntax error on line {line} of {server.config_file}:\n{sentence}\n"
        if whole is not None:
            name = lines[marked].split()[0]
            wanted = (f"{whole}{name} on line {line} of {server.config_file}: {sentence}\n"
                      "AH00014: Configuration check failed\n")
        ask = what_starting_says if start else what_checking_says
        code, said = ask(server)
    finally:
        server.discard()
    assert said == wanted
    assert code == 1
    for text in (HIDDEN, *hidden):
        assert text not in said


def cases(table):
    return [pytest.param(line, sentence, id=line) for line, sentence in table]


NO_PK = ' copy the key that begins pk_live_ or pk_test_ from "API keys" in the Clerk Dashboard'
NEEDS_PK = ("ClerkPublishableKey needs a value: a publishable key (pk_live_... or pk_test_...), "
            "env:NAME or file:PATH")
NEEDS_SK = ("ClerkSecretKey needs a value: file:PATH, env:NAME, exec:COMMAND ARGS, or the key "
            "(sk_live_... or sk_test_...)")
NO_SK = ('ClerkSecretKey: this is no secret key (it is not shown); copy the key that begins '
         'sk_live_ or sk_test_ from "API keys" in the Clerk Dashboard')
ONE_VALUE = " takes one value; put quotes around it if it has spaces"
HTTPS = (" is not a usable URL: write https://HOST[:PORT][/PATH] "
         "(http:// is for loopback hosts only)")
HTTPS_OR_PATH = HTTPS.replace(" (http", " or a /PATH on this site (http")
NO_TIME = " is not a time: write it as in 5s, 500ms or 24h"
NO_DOMAIN = " is not a domain: write it as in example.com, without https:// and path"
API_URL = "ClerkAPIURL takes one argument, The Backend API, by default https://api.clerk.com"
TIMEOUT = ("ClerkAPITimeout takes 1-2 arguments, How long to wait for Clerk's API: to connect, "
           "and in total, such as 2s 5s")
BOTH_TIMES = ("ClerkAPITimeout: write CONNECT [TOTAL], both more than 0 and TOTAL not less than "
              "CONNECT, as in 2s 5s")
CA_FILE = ("ClerkAPICAFile takes one argument, PEM certificates of the authorities that Clerk's "
           "API is checked against")
NO_PROXY = " is not the URL of a proxy: write http://[USER:PASSWORD@]HOST:PORT"
NOT_SHOWN = '"(not shown, it may hold a secret)"'


def encoded(text: str) -> str:
    return publishable_key.encode(text, live=True)


INSTANCE = [
    ("ClerkPublishableKey", NEEDS_PK),
    ('ClerkPublishableKey ""', NEEDS_PK),
    (f"ClerkPublishableKey {PK} {PK}", "ClerkPublishableKey" + ONE_VALUE),
    *[(f"ClerkPublishableKey {key}", f"ClerkPublishableKey: {detail};{NO_PK}")
      for key, detail in [
          (SECRET, "a publishable key begins with pk_test_ or pk_live_"),
          (PK.replace("pk_live_", "pk_prod_"),
           "a publishable key begins with pk_test_ or pk_live_"),
          (PK.upper(), "a publishable key begins with pk_test_ or pk_live_"),
          (f"exec:/bin/echo_{PK}", "a publishable key begins with pk_test_ or pk_live_"),
          ("pk_live_", "the publishable key is not base64 after its prefix"),
          ("pk_live_!!!", "the publishable key is not base64 after its prefix"),
          (PK[:-3], "the publishable key is not base64 after its prefix"),
          (PK[:-4], "the publishable key does not hold one host name and one $"),
          (encoded("clerk.example.com$"),
           "the publishable key does not hold one host name and one $"),
          (encoded("localhost"), "the publishable key holds no DNS name"),
          (encoded(""), "the publishable key holds no DNS name"),
          (encoded("https://clerk.example.com"), "the publishable key holds no DNS name"),
          (encoded("clerk.example.com/x"), "the publishable key holds no DNS name"),
          (encoded("clerk example.com"), "the publishable key holds no DNS name"),
      ]],

    ("ClerkSecretKey", NEEDS_SK),
    ('ClerkSecretKey ""', NEEDS_SK),
    (f"ClerkSecretKey {SECRET} {SECRET}", "ClerkSecretKey" + ONE_VALUE),
    *[(f"ClerkSecretKey {key}", NO_SK)
      for key in (PK, "sk_", f"SK_LIVE_{HIDDEN}", f"x{SECRET}", f'"{SECRET} {HIDDEN}"',
                  f"{SECRET}\x7f", f"Exec:{SECRET}")],

    ("ClerkAPIURL", API_URL),
    ('ClerkAPIURL ""', API_URL),
    ("ClerkAPIURL https://api.example.com https://api.example.com", API_URL),
    *[(f"{name} {url}", f'{name}: "{url}"{sentence}')
      for name, sentence in [("ClerkAPIURL", HTTPS), ("ClerkJWKSURL", HTTPS),
                             ("ClerkProxyURL", HTTPS_OR_PATH)]
      for url in ["http://api.example.com", "http://localhost.example.com",
                  "http://128.0.0.1:8080", "ftp://api.example.com", "api.example.com",
                  "//api.example.com", "https://", "https:///v1", "https:api.example.com",
                  "https://api.example.com:0", "https://api.example.com:65536",
                  "https://api.example.com:https", "https://api.example.com/#keys",
                  "https://api..example.com"]],
    ('ClerkAPIURL "https://api.example.com/a b"',
     'ClerkAPIURL: "https://api.example.com/a b"' + HTTPS),
    ("ClerkAPIURL https://api.example.com/?v=1",
     'ClerkAPIURL: "https://api.example.com/?v=1"' + HTTPS),
    ("ClerkAPIURL /api", 'ClerkAPIURL: "/api"' + HTTPS),
    ("ClerkJWKSURL", "ClerkJWKSURL takes one argument, Where the instance's JWK Set is, if not "
                     "at Clerk's usual place"),
    ("ClerkJWKSURL /.well-known/jwks.json",
     'ClerkJWKSURL: "/.well-known/jwks.json"' + HTTPS),
    ("ClerkProxyURL", "ClerkProxyURL takes one argument, The Frontend API seen through a proxy: "
                      "an absolute URL or a path on this site"),
    ("ClerkProxyURL __clerk", 'ClerkProxyURL: "__clerk"' + HTTPS_OR_PATH),
    ("ClerkProxyURL /__clerk?x=1", 'ClerkProxyURL: "/__clerk?x=1"' + HTTPS_OR_PATH),

    ("ClerkDomain", "ClerkDomain takes one argument, The domain of a satellite application"),
    *[(f"ClerkDomain {text}", f'ClerkDomain: "{text}"{NO_DOMAIN}')
      for text in ("https://example.com", "example.com/app", "example.com:8443", "example",
                   ".example.com", "*.example.com", "example..com", "-.-")],
    ("ClerkSatellite", "ClerkSatellite must be On or Off"),
    ("ClerkSatellite yes", "ClerkSatellite must be On or Off"),
]

SERVER = [
    *[(name, f"{name} takes one argument, {what}")
      for name, what in [
          ("ClerkKeyRefresh", "The age at which a key set is fetched anew, such as 300s"),
          ("ClerkKeyMaxStale",
           "How long known keys serve on while their source is down, such as 24h"),
          ("ClerkKeyMinInterval",
           "The least time between two fetches of a key set, such as 10s"),
          ("ClerkAPIProxy", "The URL of an HTTP proxy on the way to Clerk's API")]],
    *[(f"{name} {time}", f'{name}: "{time}"{NO_TIME}')
      for name in ("ClerkKeyRefresh", "ClerkKeyMaxStale", "ClerkKeyMinInterval",
                   "ClerkAPITimeout", "ClerkClockSkew", "ClerkMachineTokenTTL")
      for time in ("soon", "-5s", "5x", "1.5s", "s", "99999999999999999999", "5sec", "5msx",
                   "24h30", "5s,10s")],
    *[(f"{name} {zero}", f"{name}: the time must be more than 0")
      for name in ("ClerkKeyRefresh", "ClerkKeyMaxStale", "ClerkKeyMinInterval")
      for zero in ("0", "0ms")],
    ("ClerkKeyRefresh 5 s",
     "ClerkKeyRefresh takes one argument, The age at which a key set is fetched anew, such as "
     "300s"),
    ("ClerkAPITimeout", TIMEOUT),
    ("ClerkAPITimeout 2s 5s 7s", TIMEOUT),
    ("ClerkAPITimeout 2s later", f'ClerkAPITimeout: "later"{NO_TIME}'),
    ("ClerkAPITimeout 0", BOTH_TIMES),
    ("ClerkAPITimeout 0s 5s", BOTH_TIMES),
    ("ClerkAPITimeout 2s 0", BOTH_TIMES),
    ("ClerkAPITimeout 5s 4999ms", BOTH_TIMES),
    ("ClerkAPICAFile", CA_FILE),
    ('ClerkAPICAFile ""', CA_FILE),
    *[(f"ClerkAPICAFile {name}",
       f'ClerkAPICAFile: cannot read certificates in PEM from "{{root}}/{name}": {why}')
      for name, why in (("no-such-file", "No such file or directory"), ("htdocs", "it holds none"),
                        ("empty.pem", "it holds none"), ("garbage.pem", "it holds none"),
                        ("key.pem", "it holds none"))],
    (f"ClerkAPIProxy ftp://user:{HIDDEN}@proxy.example.com",
     f"ClerkAPIProxy: {NOT_SHOWN}{NO_PROXY}"),
    *[(f"ClerkAPIProxy {url}", 'ClerkAPIProxy: "' + url.strip('"') + f'"{NO_PROXY}')
      for url in ("proxy.example.com:3128", "socks5://proxy.example.com:1080", "http://",
                  "http://:3128", "http://proxy.example.com:port", "/proxy",
                  "http://proxy.example.com:0", "http://proxy.example.com:65536",
                  "http://proxy.example.com:3128/path", "http://proxy.example.com:3128#x",
                  "http://proxy.example.com:3128?x", '"http://proxy example.com:3128"')],
]

FILES = {"empty.pem": "", "garbage.pem": "certificate\n",
         "key.pem": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}


@pytest.mark.parametrize("line, sentence", cases(INSTANCE))
def test_the_instance(line, sentence):
    assert_refused(line, sentence)


@pytest.mark.parametrize("line, sentence", cases(SERVER))
def test_the_whole_server(line, sentence):
    assert_refused(line, sentence, files=FILES)


@pytest.mark.sanitize
@pytest.mark.parametrize("line, sentence", cases([
    (f"ClerkPublishableKey {SECRET}",
     f"ClerkPublishableKey: a publishable key begins with pk_test_ or pk_live_;{NO_PK}"),
    (f"ClerkSecretKey x{SECRET}", NO_SK),
    ("ClerkAPIURL http://api.example.com",
     'ClerkAPIURL: "http://api.example.com"' + HTTPS),
    ("ClerkAPICAFile garbage.pem",
     'ClerkAPICAFile: cannot read certificates in PEM from "{root}/garbage.pem": it '
     "holds none"),
]))
def test_a_start_says_the_same(line, sentence):
    assert_refused(line, sentence, start=True, files=FILES)


# ---------------------------------------------------------------- where a directive may stand

SERVER_LINES = ["ClerkKeyRefresh 300s", "ClerkKeyMaxStale 24h", "ClerkKeyMinInterval 10s",
                "ClerkAPITimeout 2s 5s", "ClerkAPICAFile garbage.pem",
                "ClerkMachineTokenTTL 30s", "ClerkAPIConnections 8",
                "ClerkAPIProxy http://proxy.example.com:3128"]


@pytest.mark.parametrize("line", SERVER_LINES)
def test_a_directive_for_the_whole_server_stands_outside_of_virtual_hosts(line):
    name = line.split()[0]
    assert_refused(f"<VirtualHost *:80>\n>>> {line}\n</VirtualHost>",
                   f"{name} concerns the whole server: put it outside <VirtualHost>",
                   files=FILES)


@pytest.mark.parametrize("line", SERVER_LINES)
def test_a_directive_for_the_whole_server_stands_outside_of_sections(line):
    name = line.split()[0]
    assert_refused(f"<Location /app>\n>>> {line}\n</Location>",
                   f"{name} not allowed in <Location> context")


@pytest.mark.parametrize("open, close", [("<VirtualHost *:80>", "</VirtualHost>"),
                                         ("<Location /app>", "</Location>"),
                                         ('<Directory "/srv">', "</Directory>"),
                                         ("<IfModule clerk_auth_module>", "</IfModule>")])
def test_the_line_is_named_in_any_section(open, close):
    assert_refused(f"{open}\nClerkPublishableKey {PK}\n\n>>> ClerkSecretKey x{SECRET}\n{close}",
                   NO_SK)


def test_a_graceful_restart_says_it_in_the_log():
    server = Httpd(f"ClerkPublishableKey {PK}\nClerkSecretKey {SECRET}").start()
    try:
        server.configure(f"ClerkPublishableKey {PK}\nClerkSecretKey x{SECRET}")
        line = len(server.config_file.read_text().splitlines())
        with pytest.raises(HttpdError, match="ended at the restart"):
            server.graceful()
        code, said = server.process.returncode, server.log.text()
    finally:
        server.discard()
    assert code == 1
    assert f"AH00526: Syntax error on line {line} of {server.config_file}:" in said
    assert NO_SK in said
    assert HIDDEN not in said
