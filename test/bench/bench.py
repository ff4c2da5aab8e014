# SPDX-License-Identifier: Apache-2.0 - runs all measurements and prints what they show
from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import growth
import report
import servers
import special
from cases import PEER_CERT, PEER_JWKS, Load, Measured, cases, doubt

TOP = Path(__file__).resolve().parents[2]
MOST_BYTES, BYTES_AN_ENTRY, ENTRIES = 2 * 1024 * 1024, 700, 8192


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="test/bench/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs: does it work at all")
    parser.add_argument("--core", action="store_true", help="only the core's stages")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--seconds", type=int, help="length of a run")
    parser.add_argument("--rounds", type=int, help="how often each case runs")
    return parser.parse_args()


def write_tokens(place: Path, clerk, count: int) -> dict[str, tuple[str, int]]:
    distinct = servers.mint(clerk, count)
    kinds = {"one": distinct[:1], "distinct": distinct,
             "forged": servers.forged(distinct[:2000]),
             "big": servers.mint(clerk, 1, **servers.permissions(20),
                                 notes=["".join(chr(97 + (i * j) % 26) for i in range(100))
                                        for j in range(18)]),
             "key": [clerk.new_api_key(scopes=["notes:read"]).secret]}
    found = {"none": ("-", 0)}
    for name, tokens in kinds.items():
        file = place / f"{name}.tokens"
        file.write_text("\n".join(tokens) + "\n")
        found[name] = (str(file), len(tokens))
    return found


def start_all(stack: ExitStack, clerk, place: Path) -> dict:
    api = clerk.url
    made = {"plain": servers.plain(), "clerk": servers.with_module(clerk, api),
            "large cache": servers.with_module(clerk, api, "ClerkTokenCache 32768"),
            "logging": servers.with_module(clerk, api, "LogLevel clerk_auth:info"),
            "hanging": servers.with_module(clerk, api, "ClerkAPITimeout 60s 60s"),
            "memory": servers.with_module(clerk, api), "memory, plain": servers.plain()}
    if servers.has_openidc():
        over_tls = stack.enter_context(servers.key_set_over_tls(clerk, place))
        made[PEER_CERT] = servers.openidc(clerk)
        made[PEER_JWKS] = servers.openidc(clerk, over_tls.jwks_url)
    for server in made.values():
        server.log.allow(r"")
        stack.callback(server.discard)
    return made


def memory_row(found: dict) -> str:
    most = MOST_BYTES + ENTRIES * BYTES_AN_ENTRY
    shown = (f"{found['over'] / 1e6:.1f} MB, of which {found['second_half'] / 1e6:.1f} MB in the "
             "second half")
    flat = found["second_half"] < 0.1 * most
    return report.other_row(f"memory after {found['requests']:,} distinct tokens, over plain httpd",
                            f"≤ {most / 1e6:.1f} MB", shown,
                            "reached" if found["over"] <= most and flat else "missed")


def main() -> int:
    chosen = options()
    seconds = chosen.seconds or 1   # many short runs, as a machine's speed drifts
    rounds = chosen.rounds or (1 if chosen.quick else 20)
    place = TOP / "_build/bench" / time.strftime("%Y%m%d-%H%M%S")
    place.mkdir(parents=True)
    lines, others = [], {}

    if len(os.sched_getaffinity(0)) < 2:
        print("One processor only: server and load share it, and ratios say little.")
    stages = others["core"] = special.core(5 if chosen.quick else 60)
    for name, stage in stages.items():
        print(f"{name:36} {stage['microseconds']:8.2f} µs   {stage['ratio']:6.3f}")
    if chosen.core:
        return 0
    with ExitStack() as stack:
        clerk = stack.enter_context(servers.Standin.start())
        tokens = write_tokens(place, clerk, 9000 if chosen.quick else 20000)
        measured = Measured(start_all(stack, clerk, place), tokens)
        todo = [case for case in cases(servers.has_openidc()) if chosen.only in case.name]
        measured.warm(Load("large cache", "/app/page.txt", "distinct"))
        for _ in range(rounds):
            measured.once(todo, seconds)
        rows = [report.case_row(case) for case in todo]
        if not chosen.only:
            rows += measure_others(others, measured, clerk, chosen.quick, seconds, rounds)
        lines = [report.HEADING, *rows, *report.rate_table(measured)]
        if not chosen.only:
            lines += growth.tables(clerk, chosen.quick)
        trouble = report.noise(measured, todo)
    if trouble:
        lines.insert(0, f"**Too noisy to tell:** {trouble}.\n")
    report.write(place, lines, measured, todo, others)
    print("\n".join(lines))
    print(f"\nAll numbers: {place}")
    return 0


def measure_others(others: dict, measured: Measured, clerk, quick: bool, seconds: int,
                   rounds: int) -> list[str]:
    """Rows of what is no ratio of two loads."""
    row = report.other_row
    cold = others["core"]["one cold verification"]
    rows = [row("processor time of one cold verification in the core ÷ bare EVP_DigestVerify",
                "≤ 1.15", f"{cold['ratio']:.2f}",
                report.verdict(cold["ratio"], 1.15, cold["doubt"], at_most=True),
                cold["doubt"])]
    others["threads"] = special.threads(3 if quick else 41)
    for name, found in others["threads"].items():
        rows.append(row(f"two threads ÷ one: {name}", "≥ 1.85", f"{found['ratio']:.2f}",
                        report.verdict(found["ratio"], 1.85, found["doubt"]),
                        found["doubt"]))
    hang = others["hanging"] = special.hanging(measured, clerk, seconds, max(1, rounds // 2))
    ratio, off = statistics.median(hang["ratios"]), doubt(hang["ratios"])
    rows.append(row(f"static pages beside {hang['clients']} requests that wait for Clerk's API",
                    "≥ 0.95", f"{ratio:.2f}", report.verdict(ratio, 0.95, off), off))
    others["memory"] = special.memory(measured, 20000 if quick else 100000)
    rows.append(memory_row(others["memory"]))
    others["log"] = special.log_bytes(measured.servers["logging"], "/app/page.txt",
                                      measured.tokens["forged"][0], seconds)
    rows.append(row("bytes of log for each refused request at LogLevel info", "",
                    f"{others['log']:.2f}", ""))
    token = Path(measured.tokens["one"][0]).read_text().strip()
    others["sdk"] = special.sdk(clerk, token, 1 if quick else 5)
    rows.append(row("@clerk/backend: tokens verified a second on one processor", "",
                    f"{others['sdk']:,.0f}", ""))
    rows.append(row("this core: the same", "", f"{1e6 / cold['microseconds']:,.0f}", ""))
    return rows


if __name__ == "__main__":
    sys.exit(main())
