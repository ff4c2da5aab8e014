# SPDX-License-Identifier: Apache-2.0 - counts of a test run, from the reports that its runner left
"""tally.py trs DIRECTORY | tally.py junit FILE: prints "PASSED FAILED SKIPPED"."""
from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

RESULT = re.compile(r"^:test-result:\s*([A-Z]+)", re.M)


def tally_trs(directory: Path) -> tuple[int, int, int]:
    """automake's reports: one file a program, one line a case.

    A program with a failed case ends with a status, which automake counts as one ERROR
    more; so ERROR counts only where no case failed (the program crashed).
    """
    passed = failed = skipped = 0
    for report in directory.rglob("*.trs"):
        seen = Counter(RESULT.findall(report.read_text(errors="replace")))
        wrong = seen["FAIL"] + seen["XPASS"]
        passed += seen["PASS"] + seen["XFAIL"]
        failed += wrong or seen["ERROR"]
        skipped += seen["SKIP"]
    return passed, failed, skipped


def tally_junit(report: Path) -> tuple[int, int, int]:
    """pytest's report. A test whose clean-up fails is there twice: it counts as failed."""
    outcomes: dict[tuple[str, str], str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = (case.get("classname", ""), case.get("name", ""))
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"} or outcomes.get(name) == "failed":
            outcomes[name] = "failed"
        elif "skipped" in kinds:
            outcomes[name] = "skipped"
        else:
            outcomes.setdefault(name, "passed")
    seen = Counter(outcomes.values())
    return seen["passed"], seen["failed"], seen["skipped"]


if __name__ == "__main__":
    count = {"trs": tally_trs, "junit": tally_junit}[sys.argv[1]]
    print(*count(Path(sys.argv[2])))
