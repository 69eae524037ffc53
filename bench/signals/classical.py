# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S101, PLR2004 - a script; numbers of a made-up clinic
"""``python -m bench classical``: the rules in use over many series, beside other tools, in turn.

Weekly scores of clients with a level of their own and noise around it, none missing, so that every
tool can be asked the same. Three rules are asked of all: a drop of .25 points from the previous
score; one own SD below the mean of the earlier scores (from the fourth score on); below the 3σ
limit of an individuals chart frozen after six scores. Every side must flag as many sessions. Ours
is also asked for every kind of detector, and for all rules at once.

Each side starts from arrays or columns in memory and ends with one mark per session and rule (R:
with the counts). Other sides run fewer clients where their time allows no more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from attunement.signals import CLASSICAL_RULES, Archive, Batch, Rule, rule, screen_batch
from attunement.signals.batch import FloatArray
from bench.machine import probe

SESSIONS = 15
ARCHIVE = Archive(6.0, 0.7, 0.45, 0.2, "known")
THREE = tuple(
    rule(one) for one in ("drop-of-2.5-percent", "drop-own-sd-from-own-mean", "individuals-chart")
)
# one of each kind: previous, own mean, last m, line, reliable change, chart with run rules,
# two-sided CUSUM, EWMA, shrunken baseline, change point
KINDS = tuple(
    rule(one)
    for one in (
        "drop-from-previous",
        "drop-own-sd-from-own-mean",
        "drop-from-last-three",
        "below-own-line",
        "drop-reliable-change",
        "individuals-chart-runs",
        "cusum-both-sides",
        "ewma",
        "below-own-baseline",
        "change-point",
    )
)
SCRIPT = Path(__file__).with_suffix(".R")
MOST = {"base R, client by client": 5_000, "data.table": 100_000, "pandas groupby": 100_000}
Counts = tuple[int, ...]
Side = Callable[[], tuple[float, Counts]]


def clients(n: int, seed: int = 1) -> FloatArray:
    """Return scores of shape (n, SESSIONS), on a scale from 0 to 10 whose ends nobody reaches."""
    generator = np.random.default_rng(seed)
    level = generator.normal(6.0, 0.7, (n, 1))
    return np.clip(level + generator.normal(0, 0.45, (n, SESSIONS)), 0.1, 9.9)


def ours(batch: Batch, rules: tuple[Rule, ...]) -> tuple[float, Counts]:
    start = time.perf_counter()
    found = screen_batch(batch, rules, archive=ARCHIVE)
    seconds = time.perf_counter() - start
    return seconds, tuple(int(found.of(one.id)[0].sum()) for one in rules)


def checked(scores: FloatArray) -> tuple[float, Counts]:
    """Make the batch as well, with its checks of scale, order and shape, and ask the three."""
    sessions, starts = numbered(scores.shape[0])
    start = time.perf_counter()
    batch = Batch(scores.ravel(), sessions, starts, 0, 10)
    made = time.perf_counter() - start
    seconds, counts = ours(batch, THREE)
    return made + seconds, counts


def numbered(n: int) -> tuple[Any, Any]:
    return np.tile(np.arange(1, SESSIONS + 1), n), SESSIONS * np.arange(n + 1)


def polars_marks(frame: pl.DataFrame) -> tuple[float, Counts]:
    """Shift, running sums and masks: no window per client, which would take many times longer."""
    start = time.perf_counter()
    x, same = pl.col("score"), pl.col("dyad") == pl.col("dyad").shift(1)
    away = x - 6.0  # keeps the running sums small, and so exact enough
    marked = (
        frame.lazy()
        .with_columns(
            row=pl.int_range(pl.len()),
            drop=same & (x.shift(1) - x >= 0.25),
            sums=away.cum_sum() - away,
            squares=(away * away).cum_sum() - away * away,
            ranges=pl.when(same).then((x - x.shift(1)).abs()).otherwise(0.0).cum_sum(),
        )
        .with_columns(first=pl.when(same).then(None).otherwise(pl.col("row")).forward_fill())
        .with_columns(n=pl.col("row") - pl.col("first"))
        .with_columns(
            s=pl.col("sums") - pl.col("sums").gather(pl.col("first")),
            q=pl.col("squares") - pl.col("squares").gather(pl.col("first")),
            sixth=pl.min_horizontal(pl.col("first") + 5, pl.len() - 1),
            seventh=pl.min_horizontal(pl.col("first") + 6, pl.len() - 1),
        )
        .with_columns(
            own=((pl.col("q") - pl.col("s") ** 2 / pl.col("n")) / (pl.col("n") - 1)).sqrt(),
            centre=(
                pl.col("sums").gather(pl.col("seventh")) - pl.col("sums").gather(pl.col("first"))
            )
            / 6,
            moved=(
                pl.col("ranges").gather(pl.col("sixth")) - pl.col("ranges").gather(pl.col("first"))
            )
            / 5,
        )
        .select(
            drop=pl.col("drop").fill_null(value=False),
            below=(pl.col("n") >= 3) & (away <= pl.col("s") / pl.col("n") - pl.col("own")),
            chart=(pl.col("n") >= 6) & (away < pl.col("centre") - 3 * pl.col("moved") / 1.128),
        )
        .collect()
    )
    seconds = time.perf_counter() - start
    return seconds, tuple(int(marked[name].sum()) for name in ("drop", "below", "chart"))


QUERY = """
SELECT score - lag(score) OVER w <= -0.25 AS dropped,
       n > 3 AND score <= avg(score) OVER before - stddev_samp(score) OVER before AS below,
       n > 6 AND score < avg(score) FILTER (n <= 6) OVER whole
           - 3 * avg(moved) FILTER (n BETWEEN 2 AND 6) OVER whole / 1.128 AS chart
FROM (SELECT *, abs(score - lag(score) OVER (PARTITION BY dyad ORDER BY n)) AS moved FROM scores)
WINDOW w AS (PARTITION BY dyad ORDER BY n),
       before AS (PARTITION BY dyad ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
       whole AS (PARTITION BY dyad)
"""


def duck(connection: duckdb.DuckDBPyConnection) -> tuple[float, Counts]:
    start = time.perf_counter()
    marked = connection.sql(QUERY).to_arrow_table()
    seconds = time.perf_counter() - start
    frame = pl.DataFrame(pl.from_arrow(marked))
    return seconds, tuple(int(frame[name].sum()) for name in ("dropped", "below", "chart"))


def pandas_marks(frame: pd.DataFrame) -> tuple[float, Counts]:
    start = time.perf_counter()
    x, by = frame["score"], frame.groupby("dyad", sort=False)
    n = frame["n"] - 1
    s = by["score"].cumsum() - x
    q = (x**2).groupby(frame["dyad"], sort=False).cumsum() - x**2
    own = np.sqrt(((q - s**2 / n) / (n - 1)).clip(lower=0))
    moved = by["score"].diff().abs()
    inside = moved.where(frame["n"] <= 6).groupby(frame["dyad"], sort=False).transform("mean")
    centre = x.where(frame["n"] <= 6).groupby(frame["dyad"], sort=False).transform("mean")
    marks = (
        by["score"].diff() <= -0.25,
        (n >= 3) & (x <= s / n - own),
        (n >= 6) & (x < centre - 3 * inside / 1.128),
    )
    seconds = time.perf_counter() - start
    return seconds, tuple(int(mark.sum()) for mark in marks)


class R:
    """R, which has read the scores and waits for what to run."""

    def __init__(self, scores: FloatArray, folder: Path) -> None:
        data = folder / "scores.bin"
        scores.tofile(data)
        words = ["Rscript", str(SCRIPT), str(data), str(scores.shape[0]), str(SESSIONS)]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.has_table = not self._read().endswith("-")

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def run(self, method: str, n: int) -> tuple[float, Counts]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{method} {n}\n")
        self.process.stdin.flush()
        seconds, *counts = self._read().split()
        return float(seconds), tuple(int(one) for one in counts)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def sides(scores: FloatArray, r: R) -> dict[str, tuple[int, Side]]:
    """Return each side that is to count the same: how many clients it runs, and how."""
    n = scores.shape[0]
    sessions, starts = numbered(n)
    batch = Batch(scores.ravel(), sessions, starts, 0, 10)
    frame = pl.DataFrame(
        {
            "dyad": np.repeat(np.arange(n), SESSIONS),
            "n": sessions.astype(np.int32),
            "score": scores.ravel(),
        }
    )
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.register("scores", frame.to_arrow())
    few = {name: min(n, most) for name, most in MOST.items()}
    part = frame.head(few["pandas groupby"] * SESSIONS).to_pandas()
    every: dict[str, tuple[int, Side]] = {
        "ours": (n, lambda: ours(batch, THREE)),
        "ours, arrays checked too": (n, lambda: checked(scores)),
        "Polars, shift and masks": (n, lambda: polars_marks(frame)),
        "DuckDB, window functions": (n, lambda: duck(connection)),
        "pandas groupby": (few["pandas groupby"], lambda: pandas_marks(part)),
        "base R, client by client": (
            few["base R, client by client"],
            lambda: r.run("base", few["base R, client by client"]),
        ),
    }
    if r.has_table:
        every["data.table"] = (few["data.table"], lambda: r.run("table", few["data.table"]))
    return every


def expected(scores: FloatArray, n: int) -> Counts:
    sessions, starts = numbered(n)
    return ours(Batch(scores[:n].ravel(), sessions, starts, 0, 10), THREE)[1]


def measure(n: int, repeats: int) -> None:
    """Run every side in turn, ``repeats`` times, and print medians."""
    scores = clients(n)
    sessions, starts = numbered(n)
    batch = Batch(scores.ravel(), sessions, starts, 0, 10)
    more = {
        f"ours, one of each kind ({len(KINDS)})": KINDS,
        f"ours, all rules ({len(CLASSICAL_RULES)})": CLASSICAL_RULES,
    }
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        r = R(scores[: max(MOST.values())], Path(folder))
        asked = sides(scores, r)
        wanted = {name: expected(scores, size) for name, (size, _) in asked.items()}
        for rules in more.values():
            ours(batch, rules)  # compiled, or read from the disk, before the clock starts
        for _ in range(repeats):
            for name, (_, run) in asked.items():
                seconds, counts = run()
                assert counts == wanted[name], (name, counts, wanted[name])
                times.setdefault(name, []).append(seconds)
            for name, rules in more.items():
                times.setdefault(name, []).append(ours(batch, rules)[0])
        r.close()
    sizes = {name: size for name, (size, _) in asked.items()} | dict.fromkeys(more, n)
    report(n, times, sizes)


def report(n: int, times: dict[str, list[float]], sizes: dict[str, int]) -> None:
    each = {name: statistics.median(taken) / sizes[name] for name, taken in times.items()}
    print(f"\n{n:,} clients × {SESSIONS} sessions; three rules unless said otherwise")
    print("| side | clients run | median s | µs per client | per client / ours |")
    print("|---|---:|---:|---:|---:|")
    for name, taken in times.items():
        print(
            f"| {name} | {sizes[name]:,} | {statistics.median(taken):.4f} | "
            f"{1e6 * each[name]:.3f} | {each[name] / each['ours']:.1f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", default="1000,100000")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors; {probe()}")
    for size in options.clients.split(","):
        measure(int(size), options.repeats)
    print(probe())


if __name__ == "__main__":
    main()
