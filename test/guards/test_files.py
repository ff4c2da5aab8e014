# SPDX-License-Identifier: Apache-2.0 - rules that every file of the project keeps
from __future__ import annotations

import re

import pytest

from sources import TOP, c_sources, project_files, sources_of_tests, text

MAX_LINES = 450
# Those that have comments of their own kind, or none.
HEADED = {".c", ".h", ".py", ".mjs", ".sh", ".ac", ".am", ".m4"}
HEADER = re.compile(r"(#|//|/\*|dnl) ?SPDX-License-Identifier: Apache-2\.0 - \S")
# Words of a workplace, not of the project. Put together here, so that this file is clean.
FOREIGN = [re.compile(pattern) for pattern in
           ("P" + "§", "/wo" + "rk/", r"\bsub" + "agents?\\b", r"/tmp/" + r"(brief|build-)")]


def shown(places) -> list[str]:
    return [str(place.relative_to(TOP)) for place in places]


def test_files_were_found():
    assert len(project_files()) > 100
    assert len(c_sources()) > 50


def test_no_c_file_is_too_long():
    long = [place for place in [*c_sources(), *sources_of_tests()]
            if len(place.read_text().splitlines()) > MAX_LINES]
    assert shown(long) == []


def headed(place) -> bool:
    """Scripts have the line after the one that names their interpreter."""
    lines = text(place).splitlines()[:2]
    return any(HEADER.match(line) for line in lines)


def test_each_source_says_its_licence_and_its_job():
    sources = [place for place in project_files()
               if place.suffix in HEADED or (text(place) or "").startswith("#!")]
    assert len(sources) > 100
    assert shown(place for place in sources if not headed(place)) == []


@pytest.mark.parametrize("pattern", FOREIGN, ids=lambda pattern: pattern.pattern)
def test_no_foreign_word(pattern):
    found = [place for place in project_files() if pattern.search(text(place) or "")]
    assert shown(found) == []


def test_no_tab_and_no_trailing_space_in_sources():
    wrong = [place for place in project_files() if place.suffix in (".c", ".h", ".py", ".mjs")
             and re.search(r"\t|[ \t]$", text(place) or "", re.M)]
    assert shown(wrong) == []
