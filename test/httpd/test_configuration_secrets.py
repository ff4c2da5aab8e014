# SPDX-License-Identifier: Apache-2.0 - keys from files, the environment and commands: right ones work, wrong ones are told and never shown
from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from clerk_site import ClerkSite, api_url, production
from error_log import LogError
from httpd import Httpd
from standin.users import MEMBER
from test_configuration import HIDDEN, NO_PK, NO_SK, PK, SECRET, assert_refused, cases
from test_configuration_section import NO_ORIGIN

KEYED = f"ClerkPublishableKey {PK}\n"
NO_PEM = ' copy the "JWKS Public Key" (PEM) from "API keys" in the Clerk Dashboard'
NOT_SET = " is not set; set it where httpd is started (on Debian in /etc/apache2/envvars)"
NO_COMMAND = (" could not be run, failed or printed nothing; it must print the value as its first "
              "line")
NOT_SHOWN = "(not shown, it may hold a secret)"
SETTERS = ("ClerkPublishableKey", "ClerkSecretKey", "ClerkJWTKey")


def executable(place: Path, content: str) -> Path:
    place.write_text(content)
    place.chmod(0o755)
    return place


# ---------------------------------------------------------------- files

FILES = {"empty": "", "blank": " \n\t\r\n", "nul": f"{SECRET}\0more\n", "leading-nul": "\0",
         "large": SECRET + "x" * 65536, "wrong": f"{HIDDEN}\n", "two": f"{SECRET}\n{SECRET}\n",
         "public": f"{PK}\n"}
UNREADABLE = [("no-such-file", "No such file or directory"), ("htdocs", "Is a directory"),
              ("empty", "it is empty"), ("blank", "it is empty"), ("nul", "it holds a NUL byte"),
              ("leading-nul", "it holds a NUL byte"), ("large", "it is larger than 64 KiB")]


@pytest.mark.parametrize("name, why", UNREADABLE)
@pytest.mark.parametrize("setter", SETTERS)
def test_a_file_that_cannot_be_read(setter, name, why):
    assert_refused(f"{setter} file:{name}",
                   f'{setter}: cannot read the file "{{root}}/{name}": {why}', files=FILES)


@pytest.mark.parametrize("start", [False, pytest.param(True, marks=pytest.mark.sanitize)])
@pytest.mark.parametrize("name", ["wrong", "two", "public"])
def test_a_file_with_something_else(name, start):
    assert_refused(f"{KEYED}>>> ClerkSecretKey file:{name}", NO_SK, files=FILES, start=start)


@pytest.mark.parametrize("name", ["two", "wrong"])
def test_a_secret_where_the_publishable_key_belongs(name):
    assert_refused(f"ClerkPublishableKey file:{name}",
                   "ClerkPublishableKey: a publishable key begins with pk_test_ or pk_live_;"
                   + NO_PK, files=FILES)


class WithoutRights(Httpd):
    """A server that reads no file against its mode, though root starts it."""

    def _command(self) -> list[str]:
        drop = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
        return [*(drop if os.geteuid() == 0 else []), *super()._command()]


def test_a_file_without_permission_to_read_it():
    server = WithoutRights("ClerkSecretKey file:locked")
    try:
        server.file("locked", f"{SECRET}\n", mode=0)
        result = server.check_config()
        assert result.returncode == 1, result.stderr
        assert result.stderr.endswith(
            f'\nClerkSecretKey: cannot read the file "{server.root}/locked": '
            "Permission denied\n")
        assert HIDDEN not in result.stderr
    finally:
        server.discard()


# ---------------------------------------------------------------- the environment

@pytest.mark.parametrize("env", [{}, {"CLERK_KEY": ""}], ids=["unset", "empty"])
@pytest.mark.parametrize("setter", SETTERS)
def test_a_variable_that_is_not_set(setter, env):
    assert_refused(f"{setter} env:CLERK_KEY",
                   f'{setter}: the environment variable "CLERK_KEY"{NOT_SET}', env=env)


@pytest.mark.parametrize("value", [HIDDEN, PK, " ", f"{SECRET}\n{SECRET}"])
def test_a_variable_with_something_else(value):
    assert_refused("ClerkSecretKey env:CLERK_KEY", NO_SK, env={"CLERK_KEY": value})


# ---------------------------------------------------------------- commands

COMMANDS = {
    "silent": "#!/bin/sh\nexit 0\n",
    "failing": f"#!/bin/sh\necho {SECRET}\nexit 3\n",
    "killed": f"#!/bin/sh\necho {SECRET}\nkill -9 $$\n",
    "endless": f"#!/bin/sh\nwhile echo {SECRET}{'x' * 1000}; do :; done\n",
    "blank": "#!/bin/sh\necho\necho x\n",
    "other": f"#!/bin/sh\necho {HIDDEN}\n",
    "no-interpreter": f"#!/no/such/interpreter\necho {SECRET}\n",
}


@pytest.mark.parametrize("start", [False, pytest.param(True, marks=pytest.mark.sanitize)])
@pytest.mark.parametrize("name", ["silent", "failing", "killed", "endless", "blank",
                                  "no-interpreter", "no-such-command"])
def test_a_command_without_a_value(name, start):
    assert_refused(f"{KEYED}>>> ClerkSecretKey exec:${{CGI}}/{name} {HIDDEN}",
                   f'ClerkSecretKey: the command "{{root}}/cgi-bin/{name}"{NO_COMMAND}',
                   scripts=COMMANDS, start=start)


def test_what_a_command_complains_of_is_seen():
    """It goes where httpd's own errors go, however much it is."""
    server = Httpd(f"{KEYED}ClerkSecretKey exec:${{CGI}}/key")
    try:
        server.script("key", "#!/bin/sh\nfor i in $(seq 9999); do echo the vault is sealed >&2; "
                             "done\nexit 1\n")
        result = server.check_config()
    finally:
        server.discard()
    assert result.returncode == 1
    said = result.stderr.splitlines()
    assert said[:9999] == ["the vault is sealed"] * 9999
    assert said[-1].endswith(f'/key"{NO_COMMAND}')


def test_a_command_is_found_by_path_and_sees_the_environment(tmp_path):
    executable(tmp_path / "print-key", '#!/bin/sh\necho "$CLERK_KEY"\n')
    server = Httpd(f"{KEYED}ClerkSecretKey exec:print-key",
                   env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CLERK_KEY": SECRET})
    try:
        result = server.check_config()
    finally:
        server.discard()
    assert (result.returncode, result.stderr) == (0, "Syntax OK\n")


def test_a_command_that_prints_something_else():
    assert_refused(f"{KEYED}>>> ClerkSecretKey exec:${{CGI}}/other", NO_SK, scripts=COMMANDS)


@pytest.mark.parametrize("line", ["ClerkSecretKey exec:", 'ClerkSecretKey "exec:"',
                                  "ClerkSecretKey exec:   "])
def test_no_command(line):
    assert_refused(line, "ClerkSecretKey: exec: needs a command, as in exec:/path/to/it")


@pytest.mark.parametrize("setter, sentence", cases([
    ("ClerkPublishableKey", "ClerkPublishableKey: a publishable key begins with pk_test_ or "
                            f"pk_live_;{NO_PK}"),
    ("ClerkJWTKey", f"ClerkJWTKey: neither PEM nor the base64 of a public key;{NO_PEM}")]))
def test_only_the_secret_key_comes_from_a_command(setter, sentence):
    assert_refused(f"{setter} exec:${{CGI}}/other", sentence, scripts=COMMANDS)


ARGUMENTS = """one "two words" 'three of them' four\\ more "say \\"five\\""
one
two words
three of them
four more
say "five"
"""


@pytest.mark.sanitize
def test_a_command_runs_once_a_start_with_its_arguments(standin, httpd, tmp_path):
    """Each run leaves a file with its arguments, one a line."""
    clerk = production(standin)
    script = executable(tmp_path / "key", f'#!/bin/sh\nprintf "%s\\n" "$@" >"{tmp_path}/run.$$"\n'
                                          f"echo '  {clerk.secret_key} '\n")
    given, _, wanted = ARGUMENTS.partition("\n")
    site = ClerkSite(httpd, clerk, instance=[f"ClerkPublishableKey {clerk.publishable_key}",
                                             f"ClerkSecretKey exec:{script} {given}",
                                             f"ClerkAPIURL {api_url(clerk)}"])

    def runs() -> list[str]:
        return [run.read_text() for run in tmp_path.glob("run.*")]

    assert runs() == [wanted]
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert standin.requests("backend.jwks")[-1]["headers"]["authorization"] \
        == f"Bearer {clerk.secret_key}"
    site.httpd.graceful()
    assert runs() == [wanted] * 2
    assert site.httpd.check_config().returncode == 0
    assert runs() == [wanted] * 3
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert runs() == [wanted] * 3


@pytest.mark.sanitize
@pytest.mark.parametrize("more", ["", "echo and more"], ids=["one line", "two lines"])
def test_a_command_is_no_child_of_the_server_later(more):
    """httpd reaps what it finds, and says that a lost child came home or died by a signal."""
    server = Httpd(f"{KEYED}ClerkSecretKey exec:${{CGI}}/key")
    server.script("key", f"#!/bin/sh\necho {SECRET}\n{more}\n")
    try:
        server.start()
        assert server.get("/index.txt").status == 200
        server.graceful()
        with pytest.raises(LogError):
            server.log.wait_for("AH00488|exit signal", timeout=2.0)
    finally:
        server.discard()


@pytest.mark.sanitize
def test_a_command_is_all_that_names_the_instance(standin, httpd):
    """A secret key alone is enough to verify tokens; httpd's first pass has none yet."""
    clerk = production(standin)
    site = ClerkSite(httpd, clerk, instance=[f"ClerkSecretKey exec:/bin/echo {clerk.secret_key}",
                                             f"ClerkAPIURL {api_url(clerk)}"])
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert standin.requests("backend.jwks")[-1]["headers"]["authorization"] \
        == f"Bearer {clerk.secret_key}"


# ---------------------------------------------------------------- right ones

def instance(clerk, secret: str, publishable: str | None = None) -> list[str]:
    return [f"ClerkPublishableKey {publishable or clerk.publishable_key}",
            f"ClerkSecretKey {secret}", f"ClerkAPIURL {api_url(clerk)}", "LogLevel debug clerk_auth:trace8"]


@pytest.mark.sanitize
@pytest.mark.parametrize("content", ["{}", "{}\n", "\n  {} \r\n\r\n"],
                         ids=["bare", "line end", "white space"])
@pytest.mark.parametrize("form", ["file:", "env:", "exec:"])
def test_each_form_works_and_the_secret_is_logged_at_no_level(standin, httpd, tmp_path, form,
                                                              content):
    if form == "exec:" and content.startswith("\n"):
        content = "\t{}  \n\n"   # the first line counts
    clerk = production(standin)
    keys = {"secret": clerk.secret_key, "public": clerk.publishable_key}
    for name, key in keys.items():
        tmp_path.joinpath(name).write_text(content.format(key), newline="")
    where = {"file:": f'"file:{tmp_path}/secret"', "env:": "env:CLERK_SECRET",
             "exec:": f"exec:/bin/cat {tmp_path}/secret"}[form]
    env = {f"CLERK_{name.upper()}": content.format(key) for name, key in keys.items()}
    site = ClerkSite(httpd, clerk, env=env, instance=instance(
        clerk, where, {"file:": f"file:{tmp_path}/public", "env:": "env:CLERK_PUBLIC"}.get(form)))
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert standin.requests("backend.jwks")[-1]["headers"]["authorization"] \
        == f"Bearer {clerk.secret_key}"
    assert clerk.secret_key not in site.log.text()
    assert clerk.secret_key not in site.httpd.check_config("-D", "DUMP_RUN_CFG").stdout


def test_a_file_is_relative_to_the_server_root():
    server = Httpd(f"{KEYED}ClerkSecretKey file:keys/secret")
    try:
        server.root.joinpath("keys").mkdir()
        server.file("keys/secret", f"{SECRET}\n")
        result = server.check_config()
        assert (result.returncode, result.stderr) == (0, "Syntax OK\n")
    finally:
        server.discard()


# ---------------------------------------------------------------- PEM

def public_pem(key) -> str:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key, form=serialization.PrivateFormat.PKCS8) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form,
                             serialization.NoEncryption()).decode()


def pem_files() -> dict[str, str]:
    good = rsa.generate_private_key(65537, 2048)
    pem = public_pem(good)
    return {
        "garbage": "certificate of authenticity!\n",
        "ec": public_pem(ec.generate_private_key(ec.SECP256R1())),
        "short": public_pem(rsa.generate_private_key(65537, 1024)),
        "private": private_pem(good),
        "private-rsa": private_pem(good, serialization.PrivateFormat.TraditionalOpenSSL),
        "pkcs1": good.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.PKCS1).decode(),
        "cut": "\n".join(pem.splitlines()[:-2]),
        "no-end": pem.replace("-----END PUBLIC KEY-----", ""),
        "damaged": pem.replace("MIIB", "MIIC"),
        "two": pem + pem,
        "jwks": '{"keys":[]}',
    }


PEM_FILES = pem_files()
WRONG_PEM = [
    ("garbage", "neither PEM nor the base64 of a public key"),
    ("ec", "not a sound RSA key"),
    ("short", "RSA key is not of 2048 to 16384 bits"),
    ("private", "PEM block is not a PUBLIC KEY"),
    ("private-rsa", "PEM block is not a PUBLIC KEY"),
    ("pkcs1", "PEM block is not a PUBLIC KEY"),
    ("cut", "PEM text does not end where its public key does"),
    ("no-end", "PEM text does not end where its public key does"),
    ("damaged", "not a public key"),
    ("two", "neither PEM nor the base64 of a public key"),
    ("jwks", "neither PEM nor the base64 of a public key"),
]


@pytest.mark.parametrize("name, detail", WRONG_PEM)
@pytest.mark.parametrize("form", ["file:{}", "env:CLERK_PEM"])
def test_a_pem_key_that_is_none(form, name, detail):
    body = PEM_FILES[name].splitlines()[1:2] or PEM_FILES[name].splitlines()
    assert_refused(f"ClerkJWTKey {form.format(name)}", f"ClerkJWTKey: {detail};{NO_PEM}",
                   files=PEM_FILES, env={"CLERK_PEM": PEM_FILES[name]}, hidden=(body[0],))


@pytest.mark.sanitize
@pytest.mark.parametrize("name, detail", [WRONG_PEM[1], WRONG_PEM[2], WRONG_PEM[3]])
def test_a_start_says_the_same_of_a_pem_key(name, detail):
    assert_refused(f"ClerkJWTKey file:{name}", f"ClerkJWTKey: {detail};{NO_PEM}",
                   files=PEM_FILES, start=True)


@pytest.mark.parametrize("line, sentence", cases([
    ("ClerkJWTKey", "ClerkJWTKey needs a value: file:PATH, env:NAME, or the text of an RSA "
                    "public key in PEM"),
    ("ClerkJWTKey -----BEGIN PUBLIC KEY-----",
     "ClerkJWTKey takes one value; put quotes around it if it has spaces"),
    ("ClerkJWTKey notBase64OfAnything", f"ClerkJWTKey: not a public key;{NO_PEM}"),
    (f"ClerkJWTKey {SECRET}",
     f"ClerkJWTKey: neither PEM nor the base64 of a public key;{NO_PEM}"),
]))
def test_the_text_of_a_pem_key(line, sentence):
    assert_refused(line, sentence)


def test_a_pem_key_with_line_breaks_in_two_characters():
    """As environment files write them."""
    pem = public_pem(rsa.generate_private_key(65537, 2048)).replace("\n", "\\n")
    server = Httpd("ClerkJWTKey env:CLERK_PEM", env={"CLERK_PEM": pem})
    try:
        result = server.check_config()
    finally:
        server.discard()
    assert (result.returncode, result.stderr) == (0, "Syntax OK\n")


# ---------------------------------------------------------------- a secret in the wrong place

URL = " is not a usable URL: write https://HOST[:PORT]"
IN_THE_WRONG_PLACE = [
    (f"ClerkSecretKey env:{SECRET}",
     f'ClerkSecretKey: the environment variable "{NOT_SHOWN}"{NOT_SET}'),
    (f"ClerkSecretKey file:{SECRET}",
     f'ClerkSecretKey: cannot read the file "{NOT_SHOWN}": No such file or directory'),
    (f"ClerkSecretKey exec:{SECRET}",
     f'ClerkSecretKey: the command "{NOT_SHOWN}"{NO_COMMAND}'),
    *[(f"{name} https://user:{HIDDEN}@www.example.com", f'{name}: "{NOT_SHOWN}"{rest}')
      for name, rest in [
          ("ClerkAPIURL", f"{URL}[/PATH] (http:// is for loopback hosts only)"),
          ("ClerkJWKSURL", f"{URL}[/PATH] (http:// is for loopback hosts only)"),
          ("ClerkProxyURL", f"{URL}[/PATH] or a /PATH on this site (http:// is for loopback "
                            "hosts only)"),
          ("ClerkSignInURL", f"{URL}/PATH or a /PATH on this site"),
          ("ClerkUnauthenticatedURL", f"{URL}/PATH or a /PATH on this site"),
          ("ClerkUnauthorizedURL", f"{URL}/PATH or a /PATH on this site"),
          ("ClerkIssuer", " is not an issuer: write it as in the iss claim, such as "
                          "https://clerk.example.com, or any"),
          ("ClerkAuthorizedParties", NO_ORIGIN)]],
    (f"ClerkAPIURL {SECRET}", f'ClerkAPIURL: "{NOT_SHOWN}"{URL}[/PATH] (http:// is for loopback '
                              "hosts only)"),
]


@pytest.mark.parametrize("line, sentence", cases(IN_THE_WRONG_PLACE))
def test_a_secret_in_the_wrong_place_is_not_shown(line, sentence):
    assert_refused(line, sentence)


def test_the_name_of_a_file_is_shown():
    assert_refused("ClerkSecretKey file:disk_a/sk_key", "ClerkSecretKey: cannot read the file "
                   '"{root}/disk_a/sk_key": No such file or directory')
