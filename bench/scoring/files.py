# SPDX-License-Identifier: Apache-2.0
"""``python -m bench scoring-files``: Parquet to Parquet, each tool in its own process.

A process scores the file several times; the first time (with everything that must be imported
and compiled or loaded) and the median of the others are shown apart, beside its peak memory and
the processor time of all its threads, which other work on the machine moves less.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIDES = {
    "ours": "key, scores, n_answered, reason, measure, scorer; every answer checked",
    "polars": "the same columns, equal cell by cell; nothing checked",
    "polars-words": "the same, its words as text instead of categories",
    "polars-numbers": "key, scores, n_answered only; nothing checked",
}


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="1000000,10000000")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2, help="processes per side, in turn")
    parser.add_argument("--run", nargs=3, metavar=("SIDE", "IN", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.run:
        one_side(*options.run, repeats=options.repeats)
        return
    for rows in (int(word) for word in options.rows.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            compare(rows, options.repeats, options.rounds, Path(folder))


def one_side(side: str, source: str, out: str, *, repeats: int) -> None:
    """Score the file again and again in this process; print times and peak memory as JSON."""
    times, busy = [], []
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        if side == "ours":
            from attunement.frames import score  # noqa: PLC0415 -- the first time counts it in
            from bench.scoring.task import made_up_measure  # noqa: PLC0415

            score(source, measure=made_up_measure(), out=out)
        else:
            with_polars(source, out, side)
        times.append(time.perf_counter() - start)
        busy.append(time.process_time() - used)
    found = {"first": times[0], "rest": times[1:], "busy": busy[1:], "peak": peak_megabytes()}
    print(json.dumps(found))


def peak_megabytes() -> float:
    """Return this process's peak memory; ``ru_maxrss`` would count what started it, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def with_polars(source: str, out: str, side: str) -> None:
    """Score with Polars: the engine, compression and row groups are those that ours uses, too."""
    import polars as pl  # noqa: PLC0415 -- the first time counts it in

    from bench.scoring.task import KEY, polars_numbers, polars_reason  # noqa: PLC0415

    chosen = [pl.col(KEY), *polars_numbers()]
    if side != "polars-numbers":
        kind = pl.String if side == "polars-words" else pl.Categorical
        words = {"measure": "bench-12@1", "scorer": "1"}
        constants = [pl.lit(word, dtype=kind).alias(name) for name, word in words.items()]
        chosen += [polars_reason().cast(kind), *constants]
    pl.scan_parquet(source).select(chosen).sink_parquet(out)


def compare(rows: int, repeats: int, rounds: int, folder: Path) -> None:
    from bench.machine import probe  # noqa: PLC0415 -- not in the processes that are measured

    source = folder / "answers.parquet"
    make = (
        "import sys, polars as pl; from bench.scoring.task import answers;"
        "pl.DataFrame(pl.from_arrow(answers(int(sys.argv[1])))).write_parquet(sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", make, str(rows), str(source)], check=True)
    print(f"\n### {rows:,} responses × 12 items, Parquet to Parquet\n\nBefore: {probe()}\n")
    found: dict[str, list[dict[str, object]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            words = ["--repeats", str(repeats), "--run", side, str(source), str(out(folder, side))]
            command = [sys.executable, "-m", "bench.scoring.files", *words]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[side].append(json.loads(done.stdout))
    check_equal(folder)
    middle, busy = (
        {
            side: statistics.median(t for run in runs for t in run[kind])  # type: ignore[attr-defined]
            for side, runs in found.items()
        }
        for kind in ("rest", "busy")
    )
    print(
        "| side | median s | processor s | first time s | peak MB | time / ours | what it writes |"
    )
    print("|---|---:|---:|---:|---:|---:|---|")
    for side, runs in found.items():
        first = min(float(str(run["first"])) for run in runs)
        peak = max(float(str(run["peak"])) for run in runs)
        ratio = middle[side] / middle["ours"]
        print(
            f"| {side} | {middle[side]:.2f} | {busy[side]:.2f} | {first:.2f} | {peak:.0f}"
            f" | {ratio:.2f} | {SIDES[side]} |"
        )
    print(f"\nAfter: {probe()}")


def out(folder: Path, side: str) -> Path:
    return folder / f"{side}.parquet"


def check_equal(folder: Path) -> None:
    """Stop if the two results with the same columns differ anywhere."""
    import polars as pl  # noqa: PLC0415 -- not in the processes that are measured

    words = pl.col("reason", "measure", "scorer").cast(pl.String)
    mine, theirs = (
        pl.scan_parquet(out(folder, side)).with_columns(words) for side in ("ours", "polars")
    )
    names = mine.collect_schema().names()
    same = all(mine.select(name).collect().equals(theirs.select(name).collect()) for name in names)
    if not same or names != theirs.collect_schema().names():
        message = "the two results differ"
        raise SystemExit(message)
    print("Results of 'ours' and 'polars' are equal, cell by cell.\n")


if __name__ == "__main__":
    main(sys.argv[1:])
