# SPDX-License-Identifier: Apache-2.0
"""``python -m bench scoring``: arrays in memory to arrays in memory, all tools in one run."""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
from pathlib import Path

from bench.machine import probe
from bench.scoring.contenders import Check, Contender, R, copies, frames, ours
from bench.scoring.task import answers

PEERS = ("psych", "r", "pandas", "polars", "duckdb")
# A turn of a tool is that many calls, or as many as fit in that many seconds, but one at least: a
# single call of a tenth of a millisecond would measure what the tool before it left in the caches.
CALLS, TURN = 20, 0.05
_PEER_OF = {"psych::scoreItems": "psych", "psych::scoreFast": "psych", "base R": "r"}


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="10000,1000000", help="such as 10000,1000000,10000000")
    parser.add_argument("--peers", default=",".join(PEERS), help="which peers run")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument(
        "--seconds", type=float, default=30, help="most that one tool gets per size"
    )
    options = parser.parse_args(words)
    peers = set(options.peers.split(",")) & set(PEERS)
    for rows in (int(word) for word in options.rows.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            compare(rows, peers, options.repeats, options.seconds, Path(folder))


def compare(rows: int, peers: set[str], repeats: int, seconds: float, folder: Path) -> None:
    """Run every contender in turn, round by round, and print a Markdown table."""
    print(f"\n### {rows:,} responses × 12 items\n\nBefore: {probe()}\n")
    table = answers(rows)
    r = R(table, folder) if peers & {"psych", "r"} else None
    sides: list[Contender] = [*ours(table), *copies(rows), *frames(table)]
    sides += r.contenders() if r is not None else []
    sides = [side for side in sides if _own(side) or _peer(side) in peers]
    times: dict[str, list[float]] = {side.name: [] for side in sides}
    checks: dict[str, Check] = {}
    for _ in range(repeats + 1):  # the first round warms up, and counts only for the slow
        for side in sides:
            taken = times[side.name]
            if sum(taken) + (taken[-1] if taken else 0) > seconds:
                continue
            turn: list[float] = []
            while not turn or (taken and len(turn) < CALLS and sum(turn) < TURN):
                elapsed, checks[side.name] = side.run()
                turn.append(elapsed)
            taken.extend(turn)
    if r is not None:
        r.close()
    compare_checks(checks)
    report(sides, times)
    print(f"\nAfter: {probe()}")


def _own(side: Contender) -> bool:
    return side.name.startswith(("ours", "copy"))


def _peer(side: Contender) -> str:
    return _PEER_OF.get(side.name, side.name.lower())


def compare_checks(checks: dict[str, Check]) -> None:
    """Stop if two tools that do the same task disagree."""
    found = {name: check for name, check in checks.items() if check is not None}
    total, count = found["ours"]
    for name, (other_total, other_count) in found.items():
        if other_count != count or not math.isclose(other_total, total, rel_tol=1e-12):
            message = f"{name}: sum {other_total!r} of {other_count}, not {total!r} of {count}"
            raise SystemExit(message)
    print(f"Equal checksums: {', '.join(found)} ({count:,} scores, sum {total:.6f}).\n")


def report(sides: list[Contender], times: dict[str, list[float]]) -> None:
    """Print medians, and how each compares with ours."""
    middle = {
        name: statistics.median(taken[1:] if len(taken) > 2 else taken)  # noqa: PLR2004 -- one to warm up
        for name, taken in times.items()
    }
    print("| tool | median s | calls | first call s | time / ours | note |")
    print("|---|---:|---:|---:|---:|---|")
    for side in sides:
        name = side.name
        ratio = middle[name] / middle["ours"]
        calls, first = max(len(times[name]) - 1, 1), times[name][0]
        print(
            f"| {name} | {middle[name]:.5f} | {calls} | {first:.4f} | {ratio:.2f} | {side.note} |"
        )
    for ours_name, copy_name in (
        ("ours", "copy, room reused"),
        ("ours, fresh memory", "copy, fresh memory"),
        ("ours, room reused", "copy, room reused"),
    ):
        ratio = middle[ours_name] / middle[copy_name]
        print(f"\n{ours_name}: {ratio:.2f} × the time of '{copy_name}'")


if __name__ == "__main__":
    main(sys.argv[1:])
