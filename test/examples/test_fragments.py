# SPDX-License-Identifier: Apache-2.0 - every example is valid as it stands and explained
from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from conftest import EXAMPLES
from httpd import Httpd
from tls import make_certificate

FRAGMENTS = sorted(place for place in EXAMPLES.glob("*/*.conf"))
QUICKSTART = "quickstart"


def named_modules(text: str) -> list[str]:
    """The list in the comment at the top; `cgid (or cgi)` is cgid."""
    found = re.search(r"Modules: (.*?)\.\n#?\n", text, re.S)[1]
    words = re.sub(r"\([^)]*\)", "", found.replace("\n#", " "))
    return [word.strip() for word in words.split(",")]


def with_files_of(server: Httpd, text: str) -> str:
    """Files that are not on this machine in places that are."""
    def key(found: re.Match) -> str:
        begins = "ak_" if found[1].startswith("machine") else "sk_live_"
        return f'file:{server.file(found[1], begins + "example")}'

    text = re.sub(r"file:/etc/clerk/(\w+)", key, text)
    for word in re.findall(r"\$\{CERTIFICATES\}/(\w+)\.pem", text):
        certificate, key = make_certificate(Path(server.root), f"{word}.example.com")
        shutil.move(certificate, server.root / f"{word}.pem")
        shutil.move(key, server.root / f"{word}.key")
    text = text.replace("/etc/ssl/example", str(server.root))
    return re.sub(r"(?m)^( +Define FILES +)\S+", rf"\1{server.docroot}", text)


def test_there_is_an_example_of_each_kind():
    assert {place.stem for place in FRAGMENTS} == {
        "static-site", "cgi", "reverse-proxy", "api-spa", "machine-api", "two-instances",
        "frontend-api-proxy", "shared-cache", "php-fpm", "node-app", "wsgi", "multi-tenant",
        "greeting", "mcp-server"}


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda place: place.stem)
def test_the_example_is_valid_with_its_own_values_and_the_modules_it_names(fragment):
    text = fragment.read_text()
    modules = named_modules(text)
    assert modules[0] == "clerk_auth"
    server = Httpd(base_modules=modules[1:], env={"CLERK_SECRET_KEY": "sk_live_example"})
    try:
        for word in ("store", "staff"):
            server.write(f"{word}/index.html", "")
        server.configure(with_files_of(server, text))
        result = server.check_config()
    finally:
        server.discard()
    assert (result.returncode, result.stderr.strip()) == (0, "Syntax OK")


@pytest.mark.parametrize("directory", sorted(p for p in EXAMPLES.iterdir() if p.is_dir()),
                         ids=lambda place: place.name)
def test_the_readme_is_short_and_names_each_file(directory):
    readme = (directory / "README.md").read_text()
    assert 10 <= len(readme.splitlines()) <= (40 if directory.name == QUICKSTART else 30)
    for place in (directory / "site" if directory.name == QUICKSTART else directory).iterdir():
        if place.is_file() and place.name != "README.md":
            assert f"]({place.relative_to(directory)})" in readme
    for link in re.findall(r"\]\(([^)#]+)\)", readme):
        assert (directory / link).exists(), link


def test_the_list_of_examples_is_complete():
    listed = re.findall(r"\]\(([\w-]+)/README\.md\)", (EXAMPLES / "README.md").read_text())
    assert sorted(listed) == sorted(p.name for p in EXAMPLES.iterdir() if p.is_dir())
