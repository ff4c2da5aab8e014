# SPDX-License-Identifier: Apache-2.0 - every line of the conformance checklist has a test, or is owed one
"""checklist/ids.txt says what there is to show. A line is shown where its id stands in a test
of the module itself, in test/unit, test/httpd or test/examples; the stand-in's and the SDK's tests may name
it, but prove nothing about the module. What no test shows yet stands in pending.txt with one
word why; with `partly` behind it where a unit test shows the part that is there."""
from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

TEST = Path(__file__).resolve().parents[1]
SHOWING = ("unit", "httpd", "examples")
NAMING = (*SHOWING, "sdk", "standin")
ID = re.compile(r"\b[ACDFHJKMNOPRSTWX]\d\d\b")


def rows(name: str) -> list[list[str]]:
    """Id and text of each line; `#` begins a comment."""
    lines = (TEST / "checklist" / name).read_text("utf-8").splitlines()
    return [line.split(" ", 1) for line in lines if line.strip() and not line.startswith("#")]


def words_of_python(source: str) -> str:
    """Names of functions and text constants: docstrings, parametrize ids, tables. A comment
    is no test."""
    words = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            words.append(node.name.replace("_", " "))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.append(node.value)
    return "\n".join(words)


def named_in(directory: str) -> dict[str, list[str]]:
    """Ids, each with the files that name it. Labels of C tables may stand in comments."""
    found: dict[str, list[str]] = {}
    for pattern, words in (("test_*.c", str), ("test_*.py", words_of_python)):
        for file in sorted((TEST / directory).glob(pattern)):
            for name in set(ID.findall(words(file.read_text("utf-8")))):
                found.setdefault(name, []).append(f"{directory}/{file.name}")
    return found


IDS = {name for name, *_ in rows("ids.txt")}
PENDING = {name: why.split() for name, why in rows("pending.txt")}
PARTLY = {name for name, words in PENDING.items() if words[1:] == ["partly"]}
NAMED = {directory: named_in(directory) for directory in NAMING}
SHOWN = {name for directory in SHOWING for name in NAMED[directory]}


@pytest.mark.parametrize("name", ["ids.txt", "pending.txt"])
def test_each_id_stands_once_with_its_text(name):
    for row in rows(name):
        assert len(row) == 2 and row[1].strip(), f"{name}: {row[0]} has no text"
        assert ID.fullmatch(row[0]), f"{name}: {row[0]} is no id"
    twice = [one for one, times in Counter(row[0] for row in rows(name)).items() if times > 1]
    assert not twice


def test_the_checklist_is_whole():
    """Numbers of a letter run without a gap, so that no line can be dropped unseen."""
    last = {letter: max(int(name[1:]) for name in IDS if name[0] == letter)
            for letter in {name[0] for name in IDS}}
    assert IDS == {f"{letter}{n:02}" for letter in last for n in range(1, last[letter] + 1)}
    assert len(IDS) == 292


def test_every_line_is_shown_or_pending():
    missing = sorted(IDS - SHOWN - PENDING.keys())
    assert not missing, f"neither a test names these nor pending.txt: {' '.join(missing)}"


def test_what_is_pending_is_not_shown():
    """And what is shown in part is so by a unit test: a running httpd shows all or nothing."""
    running = NAMED["httpd"].keys() | NAMED["examples"].keys()
    both = sorted((PENDING.keys() - PARTLY) & SHOWN) + sorted(PARTLY & running)
    assert not both, f"a test names these; take them out of pending.txt: {' '.join(both)}"
    neither = sorted(PARTLY - NAMED["unit"].keys())
    assert not neither, f"no unit test names these, so they are not partly there: {neither}"


def test_pending_says_why():
    assert PENDING.keys() <= IDS
    for name, words in PENDING.items():
        assert re.fullmatch(r"[a-z-]+( partly)?", " ".join(words)), name


@pytest.mark.parametrize("directory", NAMING)
def test_no_test_names_an_unknown_id(directory):
    unknown = {name: files for name, files in NAMED[directory].items() if name not in IDS}
    assert not unknown, f"not in ids.txt: {unknown}"


@pytest.mark.parametrize("source, ids", [
    ('def test_x():\n    """J01."""', {"J01"}), ("# J01\n", set()), ("x = 'J01 two'", {"J01"}),
    ("def test_J01_two(): pass", {"J01"}), ("x = 'XJ01 J011 J1'", set())])
def test_the_guard_reads_what_it_should(source, ids):
    assert set(ID.findall(words_of_python(source))) == ids
