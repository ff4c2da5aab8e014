# SPDX-License-Identifier: Apache-2.0 - the project's files, as the guards see them
from __future__ import annotations

import re
import subprocess
from functools import lru_cache
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
LAYERS = ("core", "service", "httpd")
MODULE = TOP / "mod_clerk_auth.c"

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)
GENERATED = {"_build", ".git", "build-aux", "autom4te.cache", "node_modules", "__pycache__",
             ".libs", ".deps", ".pytest_cache"}


def layer_files(layer: str) -> list[Path]:
    return sorted((TOP / "src" / layer).glob("*.[ch]"))


def c_sources() -> list[Path]:
    return [MODULE, *sorted(p for p in (TOP / "src").rglob("*.[ch]"))]


def sources_of_tests() -> list[Path]:
    return sorted(p for p in (TOP / "test").rglob("*.[ch]") if not GENERATED & set(p.parts))


def project_files() -> list[Path]:
    """All files that somebody wrote, in a checkout with whatever builds left in it."""
    found = []
    pending = [TOP]
    while pending:
        for place in sorted(pending.pop().iterdir()):
            if place.name in GENERATED or place.name.startswith("mod_clerk_auth-"):
                continue
            if place.is_dir():
                pending.append(place)
            elif not ignored(place):
                found.append(place)
    return sorted(found)


@lru_cache
def ignored(place: Path) -> bool:
    """What a build in the checkout itself makes."""
    names = {"configure", "configure~", "aclocal.m4", "Makefile", "Makefile.in", "libtool",
             "config.log", "config.status", "compile_commands.json"}
    if place.parent == TOP and place.name in names:
        return True
    if place.parent == TOP / "m4" and place.name != "clerk.m4":
        return True
    if place.suffix in (".o", ".lo", ".la", ".trs", ".log", ".so", ".gcda", ".gcno", ".gz", ".pyc"):
        return True
    return place.suffix == "" and (place.parent == TOP / "test/unit"
                                   or place.parent == TOP / "test/fuzz"
                                   and place.name.startswith("fuzz_"))


def text(place: Path) -> str | None:
    """None for a file that is no text."""
    try:
        return place.read_text()
    except UnicodeDecodeError:
        return None


def includes(place: Path) -> list[tuple[str, str]]:
    """Pairs of the opening character and the name."""
    return INCLUDE.findall(place.read_text())


def resolve(place: Path, name: str) -> Path | None:
    """The project's header that an include in quotes means, as the compiler looks it up."""
    for base in (place.parent, TOP / "src", TOP):
        found = (base / name).resolve()
        if found.is_file():
            return found
    return None


@lru_cache
def compile_flags() -> tuple[str, ...]:
    """Enough to compile any file of the project."""
    def ask(*command: str) -> list[str]:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    apxs = next((name for name in ("apxs", "apxs2", "/usr/sbin/apxs")
                 if subprocess.run(["sh", "-c", f"command -v {name}"],
                                   capture_output=True).returncode == 0), "apxs")
    return ("-std=c11", f"-I{TOP}/src", f"-I{ask(apxs, '-q', 'INCLUDEDIR')[0]}",
            *ask(apxs, "-q", "EXTRA_CPPFLAGS"),
            *ask(ask(apxs, "-q", "APR_CONFIG")[0], "--includes", "--cppflags"),
            *ask(ask(apxs, "-q", "APU_CONFIG")[0], "--includes"),
            *ask("pkg-config", "--cflags", "libcrypto", "jansson", "libcurl"))
