# SPDX-License-Identifier: Apache-2.0 - what leaves the built module, and what is built
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from sources import TOP, c_sources, sources_of_tests


@pytest.fixture
def module() -> Path:
    given = os.environ.get("CLERK_MODULE")
    places = [Path(given)] if given else \
        [TOP / "_build/test/.libs/mod_clerk_auth.so", TOP / ".libs/mod_clerk_auth.so"]
    found = [place for place in places if place.exists()]
    assert found, f"build the module first: none of {places}"
    return found[0]


def test_exactly_one_symbol_is_exported(module):
    listed = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", str(module)],
                            check=True, capture_output=True, text=True).stdout
    assert [line.split()[0] for line in listed.splitlines()] == ["clerk_auth_module"]


def test_makefile_and_tree_name_the_same_files():
    makefile = (TOP / "Makefile.am").read_text()
    named = set(re.findall(r"(?:\b(?:src|test)/[\w/]+|\bmod_\w+)\.[ch]\b", makefile))
    named |= {f"{program}.c" for program in re.findall(r"\btest/(?:unit/test|fuzz/fuzz)_\w+",
                                                          makefile)}
    there = {str(place.relative_to(TOP)) for place in
             [*c_sources(), *(p for p in sources_of_tests()
                                if p.parent.name in ("unit", "bench", "fuzz"))]}
    assert named == there


def test_version_and_changes_agree():
    version = re.search(r"AC_INIT\(\[mod_clerk_auth\], \[([\d.]+)\]\)",
                        (TOP / "configure.ac").read_text())[1]
    newest = re.search(r"^(\d+\.\d+\.\d+)", (TOP / "CHANGES").read_text(), re.M)[1]
    assert newest == version
