# SPDX-License-Identifier: Apache-2.0 - the manual says what the code has, and its snippets are valid
"""Ties README.md and docs/ to the directive table, the Require lines, the reasons and the names
that are exported, follows every link, and gives every apache snippet to `httpd -t`."""
from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "test/httpd"))

from httpd import Httpd   # noqa: E402

MANUAL = TOP / "docs/manual"
PAGES = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
PARTS = ("- **Syntax:** ", "- **Default:** ", "- **Context:** ", "\n**Example**\n\n```apache\n",
         "\n**Pitfall:** ")
CONTEXTS = {"SECTION": "server config, virtual host, directory",
            "ANYWHERE": "server config, virtual host, directory, .htaccess",
            "RSRC_CONF": "server config"}
HTTPD_OWN_LINES = ("valid-user", "user", "expr")


def source(name: str) -> str:
    return (TOP / name).read_text()


def directive_table() -> dict[str, str]:
    """Directive name to the word for its context in the table."""
    found = re.findall(r'AP_INIT_\w+\("(Clerk\w+)",.*?\b(SECTION|ANYWHERE|RSRC_CONF),',
                       source("src/httpd/directives.c"), re.S)
    return dict(found)


def require_names() -> list[str]:
    return re.findall(r'^    { "(clerk-[\w-]+)",', source("src/httpd/requirement_kinds.c"), re.M)


def reasons() -> list[str]:
    table = source("src/core/error.c").split("statuses[CLERK_STATUS_COUNT]")[1]
    return sorted({*re.findall(r'CLERK_FAMILY_(?!OK)\w+,\s+"([^"]+)"', table)})


def exported_names() -> list[str]:
    """Those that a signed-in request can have: their rows name a function."""
    return re.findall(r'{ "(CLERK_\w+)", "[\w-]+",\s+[a-z]\w+ }',
                      source("src/httpd/export_names.c"))


class Entry(NamedTuple):
    page: Path
    name: str
    text: str


def entries() -> list[Entry]:
    found = []
    for page in sorted(MANUAL.glob("*.md")):
        pieces = re.split(r"^## ((?:Clerk\w+|Require [\w-]+))$", page.read_text(), flags=re.M)
        found += [Entry(page, name, re.split(r"^# ", text, maxsplit=1, flags=re.M)[0])
                  for name, text in zip(pieces[1::2], pieces[2::2])]
    return found


ENTRIES = entries()
BY_NAME = [pytest.param(entry, id=entry.name) for entry in ENTRIES]


# ---------------------------------------------------------------- what is there

def test_the_sources_were_understood():
    assert len(directive_table()) >= 30
    assert len(require_names()) >= 9
    assert len(reasons()) >= 24
    assert len(exported_names()) >= 12
    assert source("src/httpd/directives.c").count('("Clerk') == len(directive_table())


def test_each_directive_and_each_require_line_has_one_entry():
    wanted = [*directive_table(), *(f"Require {name}" for name in
                                    (*HTTPD_OWN_LINES, *require_names()))]
    assert sorted(entry.name for entry in ENTRIES) == sorted(wanted)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_directive_is_named_that_does_not_exist(page: Path):
    # `ClerkSomething: 1` and `ClerkSomething[0]…` are lines of mod_status
    named = set(re.findall(r"\bClerk[A-Z]\w+\b(?!: \d|\[\d)", page.read_text()))
    assert named <= set(directive_table()), page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_require_line_is_named_that_does_not_exist(page: Path):
    named = set(re.findall(r"\bRequire (?:not )?(clerk-[\w-]+)", page.read_text()))
    assert named <= set(require_names()), page


def test_the_index_links_to_every_entry():
    index = (MANUAL / "index.md").read_text()
    for entry in ENTRIES:
        assert f"[{entry.name}]({entry.page.name}#{anchor(entry.name)})" in index


def test_each_reason_is_explained():
    text = source("docs/how-it-decides.md")
    assert sorted(re.findall(r"^\| `([^`]+)` \|", text, re.M)) == reasons()


def test_each_exported_name_is_listed():
    text = source("docs/manual/application.md")
    listed = re.findall(r"^\| `(CLERK_[A-Z_]+)` \| `X-Clerk-[\w-]+` \|", text, re.M)
    assert set(exported_names()) <= set(listed)


# ---------------------------------------------------------------- entries

@pytest.mark.parametrize("entry", BY_NAME)
def test_an_entry_has_its_parts_in_order(entry: Entry):
    places = [entry.text.find(part) for part in PARTS]
    assert -1 not in places, f"{entry.name} lacks {PARTS[places.index(-1)].strip()}"
    assert places == sorted(places)
    for part, place in zip(PARTS, places):
        assert entry.text.count(part) == 1 or part == PARTS[3], f"{part.strip()} twice"
        assert re.match(r"\S", entry.text[place + len(part):]), f"{part.strip()} is empty"
    description = entry.text[places[2]:places[3]].partition("\n\n")[2]
    assert len(description.split()) >= 8, "no description"


@pytest.mark.parametrize("entry", BY_NAME)
def test_syntax_and_example_are_about_the_entry(entry: Entry):
    syntax = re.search(r"\*\*Syntax:\*\* `([^`]+)`", entry.text)
    assert syntax and f"{syntax[1]} ".startswith(f"{entry.name} ")
    example = entry.text.split(PARTS[3])[1].split("```")[0]
    pattern = entry.name.replace("Require ", r"Require (not )?") + r"\b"
    assert re.search(rf"^\s*{pattern}", example, re.M)


@pytest.mark.parametrize("entry", BY_NAME)
def test_the_context_is_that_of_the_table(entry: Entry):
    said = re.search(r"\*\*Context:\*\* (.+)", entry.text)[1]
    table = directive_table()
    wanted = CONTEXTS[table[entry.name]] if entry.name in table else "directory, .htaccess"
    assert said == wanted


# ---------------------------------------------------------------- links

def anchor(heading: str) -> str:
    """As GitHub makes them."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        if target.startswith("https://"):
            continue
        name, _, fragment = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        assert place.exists(), f"{page.name}: {target}"
        if fragment:
            headings = re.findall(r"^#+ (.+)$", without_code(place.read_text()), re.M)
            assert fragment in map(anchor, headings), f"{page.name}: {target}"


# ---------------------------------------------------------------- snippets

INSTANCE = ("ClerkPublishableKey pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\n"
            "ClerkSecretKey sk_live_notARealKeyButShapedLikeOne\n")
SNIPPET_MODULES = ("dir", "proxy_http", "socache_redis", "rewrite")
SECTION_ONLY = re.compile(r"^(AuthType|AuthName|Require|<Require)", re.M)


def snippets() -> Iterator:
    for page in PAGES:
        blocks = re.findall(r"^```apache\n(.*?)^```$", page.read_text(), re.S | re.M)
        for number, block in enumerate(blocks, start=1):
            yield pytest.param(block, id=f"{page.stem}-{number}")


SNIPPETS = list(snippets())


def test_there_are_snippets():
    assert len(SNIPPETS) >= len(ENTRIES)


def completed(block: str) -> str:
    """The block as a whole configuration: an instance where it has none, a section around
    lines that cannot stand alone."""
    has_instance = re.search(r"ClerkPublishableKey|ClerkJWTKey", block)
    if SECTION_ONLY.search(block):
        block = f'<Directory "${{DOCROOT}}">\n{block}</Directory>\n'
    return block if has_instance else INSTANCE + block


def with_files(block: str, server: Httpd) -> str:
    """Paths of an administrator's machine become files of this one."""
    def made(found: re.Match) -> str:
        return str(server.file(found[1], FILES[found[1]]()))

    block = re.sub(r"/etc/clerk/([\w.]+)", made, block)
    return block.replace('"logs/', f'"{server.run}/')


def public_key_pem() -> bytes:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def certificate_pem() -> bytes:
    import datetime
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an authority")])
    start = datetime.datetime(2026, 1, 1)
    return x509.CertificateBuilder(
        name, name, key.public_key(), 1, start, start + datetime.timedelta(days=3650)
    ).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


FILES = {"secret_key": lambda: b"sk_live_notARealKeyButShapedLikeOne\n",
         "machine_secret_key": lambda: b"ak_notARealKeyButShapedLikeOne\n",
         "jwt_public.pem": public_key_pem, "ca.pem": certificate_pem}


@pytest.mark.parametrize("block", SNIPPETS)
def test_a_snippet_is_a_valid_configuration(block: str):
    server = Httpd(modules=SNIPPET_MODULES)
    try:
        # LoadModule of what is loaded already is only a warning
        server.configure(with_files(completed(block), server))
        result = server.check_config()
    finally:
        server.discard()
    assert result.returncode == 0, f"{result.returncode}: {result.stderr}"
    assert result.stderr.rstrip().endswith("Syntax OK"), result.stderr


def test_a_wrong_snippet_would_be_noticed():
    server = Httpd(modules=SNIPPET_MODULES)
    try:
        server.configure(completed("ClerkResponses sometimes\n"))
        result = server.check_config()
    finally:
        server.discard()
    assert result.returncode != 0 and "http or protect" in result.stderr
