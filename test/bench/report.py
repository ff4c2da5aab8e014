# SPDX-License-Identifier: Apache-2.0 - the table, the numbers and the plot of one run
from __future__ import annotations

import json
import statistics
import subprocess
from dataclasses import asdict
from pathlib import Path

from cases import Case, Measured, doubt

# Above it the machine had other things to do.
MOST_DOUBT = 0.05
LEAST_BUSY = 0.85
HEADING = "| case | goal | requests | processor | ± | |\n|---|---|---|---|---|---|"


def verdict(found: float, goal: float | None, off: float, at_most: bool = False) -> str:
    """@param off  by how much of itself what was found may be off"""
    if goal is None:
        return ""
    if off > MOST_DOUBT:
        return "too noisy"
    reached = found <= goal if at_most else found >= goal
    close = abs(found - goal) < off * found
    return ("reached" if reached else "missed") + (", barely" if close else "")


def case_row(case: Case) -> str:
    found, cpu = statistics.median(case.ratios), statistics.median(case.cpu_ratios)
    off = doubt(case.ratios)
    word = verdict(found, case.goal, off) if len(case.ratios) > 1 else "one run only"
    goal = "" if case.goal is None else f"≥ {case.goal:.2f}"
    return (f"| {case.name} | {goal} | {found:.2f} | {cpu:.2f} | "
            f"{100 * off:.1f} % | {word} |")


def other_row(name: str, goal: str, found: str, word: str, off: float | None = None) -> str:
    width = "" if off is None else f"{100 * off:.1f} %"
    return f"| {name} | {goal} | {found} | | {width} | {word} |"


def rate_table(measured: Measured) -> list[str]:
    lines = ["", "| load | requests a second | processor, µs a request | server's share | p99, ms |",
             "|---|---|---|---|---|"]
    for load, runs in measured.runs.items():
        if runs:
            lines.append(
                f"| {load.server}: {load.path}, tokens: {load.tokens} | "
                f"{statistics.median(r.rate for r in runs):,.0f} | "
                f"{statistics.median(r.cpu for r in runs):.1f} | "
                f"{statistics.median(r.busy for r in runs):.2f} | "
                f"{statistics.median(r.p99 for r in runs):.1f} |")
    return lines


def noise(measured: Measured, todo: list[Case]) -> str | None:
    """Why ratios of this run are not to be trusted, if they are not."""
    busy = [run.busy for case in todo for run in measured.runs[case.than]]
    wide = [case.name for case in todo if doubt(case.ratios) > MOST_DOUBT]
    if statistics.median(busy) < LEAST_BUSY:
        return (f"the servers had their processor for {statistics.median(busy):.0%} of the time: "
                "others used it")
    if len(wide) > len(todo) / 3:
        return f"{len(wide)} of {len(todo)} medians may be off by more than {MOST_DOUBT:.0%}"
    return None


def write(place: Path, lines: list[str], measured: Measured, todo: list[Case],
          others: dict) -> None:
    (place / "table.md").write_text("\n".join(lines) + "\n")
    (place / "results.json").write_text(json.dumps({
        "cases": [asdict(case) for case in todo],
        "runs": [{**load._asdict(), "runs": [run._asdict() for run in runs]}
                 for load, runs in measured.runs.items()],
        **others}, indent=1) + "\n")
    plot(place, todo)


def plot(place: Path, todo: list[Case]) -> None:
    """A bar a case, with its goal."""
    rows = [f'"{case.name}" {statistics.median(case.ratios):.4f} {min(case.ratios):.4f} '
            f"{max(case.ratios):.4f} {case.goal or 'nan'}" for case in todo]
    (place / "cases.dat").write_text("\n".join(rows) + "\n")
    (place / "cases.gnuplot").write_text("""\
set terminal svg size 1000,900 font "sans,12"
set output "cases.svg"
set title "Throughput ratios: median, least, most; a cross is the goal"
set yrange [-0.6:*] reverse
set xrange [0:*]
set style fill solid 0.5
set grid x
set lmargin 60
plot "cases.dat" using ($2/2):0:($2/2):(0.35):ytic(1) with boxxyerror title "ratio", \\
     "" using 2:0:3:4 with xerrorbars pt 7 ps 0.5 lc rgb "black" title "", \\
     "" using 5:0 with points pt 2 ps 1.5 lc rgb "red" title "goal"
""")
    subprocess.run(["gnuplot", "cases.gnuplot"], cwd=place, check=True)
