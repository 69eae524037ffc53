# SPDX-License-Identifier: Apache-2.0
"""The task in each tool, from data already in that tool's own memory."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from attunement.frames import score
from attunement.frames.score_answers import AnswerReader
from attunement.scoring import make_plan, release_memory, score_arrays
from attunement.scoring.bulk import empty_scores
from bench.scoring.task import ITEMS, KEY, REVERSED, SCALES, made_up_measure, polars_numbers

THREADS = 2
# Sum of all scores and their number; None where the tool's task is another one.
Check = tuple[float, int] | None


@dataclass(frozen=True, slots=True)
class Contender:
    """One side of the comparison: ``run`` returns seconds and a checksum."""

    name: str
    run: Callable[[], tuple[float, Check]]
    note: str = ""


def timed(job: Callable[[], Any], check: Callable[[Any], Check]) -> tuple[float, Check]:
    start = time.perf_counter()
    result = job()
    seconds = time.perf_counter() - start
    return seconds, check(result)


def check_columns(columns: list[np.ndarray]) -> Check:
    return (
        float(sum(np.nansum(column) for column in columns)),
        int(sum(np.count_nonzero(~np.isnan(column)) for column in columns)),
    )


def check_polars(frame: pl.DataFrame) -> Check:
    chosen = frame.select(list(SCALES))
    return (
        float(sum(column.sum() for column in chosen)),
        int(sum(column.count() for column in chosen)),
    )


def ours(table: pa.Table) -> list[Contender]:
    measure = made_up_measure()
    plan = make_plan(measure)
    reader = AnswerReader(plan, "numbers", None, ())
    columns = [
        reader.read(measure.item(item), table.column(item).combine_chunks())[0]
        for item in plan.items
    ]
    room = empty_scores(plan, table.num_rows, reasons=False)
    frame = pl.DataFrame(pl.from_arrow(table))

    def arrays(out: Any) -> Any:
        options = {"reasons": False, "threads": THREADS, "nan_is_missing": False}
        return score_arrays(plan, columns, out=out, **options)

    def check(result: Any) -> Check:
        return check_columns(list(result.scores))

    def fresh() -> tuple[float, Check]:
        release_memory()
        return timed(lambda: arrays(None), check)

    return [
        Contender(
            "ours",
            lambda: timed(lambda: arrays(None), check),
            "plain call after an earlier result is gone; strict check of every answer",
        ),
        Contender("ours, fresh memory", fresh, "plain call when nothing is kept, as the first is"),
        Contender(
            "ours, room reused",
            lambda: timed(lambda: arrays(room), check),
            "the caller hands in arrays",
        ),
        Contender(
            "ours, at.score(frame)",
            lambda: timed(lambda: score(frame, measure=measure, keys=[KEY]), check_polars),
            "with reason, measure, scorer and key columns",
        ),
    ]


def copies(rows: int) -> list[Contender]:
    """The floor: as many bytes read and written as the task reads and writes."""
    read = len(ITEMS) * (rows + rows // 8)
    written = rows * (8 * len(SCALES) + 1)
    source = np.ones((read + written) // 2, dtype=np.uint8)
    room = np.ones_like(source)
    half = source.size // 2

    def copy(target: np.ndarray) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(
                pool.map(np.copyto, (target[:half], target[half:]), (source[:half], source[half:]))
            )

    def fresh() -> None:
        copy(np.empty_like(source))

    return [
        Contender("copy, fresh memory", lambda: timed(fresh, lambda _: None), "2 threads"),
        Contender(
            "copy, room reused", lambda: timed(lambda: copy(room), lambda _: None), "2 threads"
        ),
    ]


def frames(table: pa.Table) -> list[Contender]:
    polars = pl.DataFrame(pl.from_arrow(table))
    pandas = polars.to_pandas()  # missing answers are NaN, as pandas has them
    arrow = polars.select(ITEMS).to_arrow()
    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    connection.register("answers", arrow)
    query = f"SELECT {', '.join(sql())} FROM answers"

    def with_pandas() -> pd.DataFrame:
        keyed = pandas[ITEMS].copy()
        keyed[list(REVERSED)] = 6 - keyed[list(REVERSED)]
        made = {}
        for name, (items, needed) in SCALES.items():
            part = keyed[items]
            made[name] = part.mean(axis=1).where(part.count(axis=1) >= needed)
        made["n_answered"] = keyed.count(axis=1).astype("int8")
        return pd.DataFrame(made)

    def check_pandas(made: pd.DataFrame) -> Check:
        return check_columns([made[name].to_numpy() for name in SCALES])

    def check_arrow(made: pa.Table) -> Check:
        return check_polars(pl.DataFrame(pl.from_arrow(made)))

    return [
        Contender(
            "Polars", lambda: timed(lambda: polars.select(polars_numbers()), check_polars), "eager"
        ),
        Contender(
            "DuckDB",
            lambda: timed(lambda: connection.sql(query).to_arrow_table(), check_arrow),
            "from Arrow to Arrow",
        ),
        Contender("pandas", lambda: timed(with_pandas, check_pandas)),
    ]


def sql() -> list[str]:
    made = []
    for name, (items, needed) in SCALES.items():
        n = " + ".join(f"({item} IS NOT NULL)::TINYINT" for item in items)
        keyed = [f"6 - {item}" if item in REVERSED else item for item in items]
        total = " + ".join(f"coalesce({one}, 0)::SMALLINT" for one in keyed)
        made.append(f"CASE WHEN {n} >= {needed} THEN ({total})::DOUBLE / ({n}) END AS {name}")
    n = " + ".join(f"({item} IS NOT NULL)::TINYINT" for item in ITEMS)
    return [*made, f"({n})::TINYINT AS n_answered"]


class R:
    """One R process that holds the answers and runs a method when asked."""

    def __init__(self, table: pa.Table, folder: Path) -> None:
        path = folder / "answers.bin"
        with path.open("wb") as file:
            for item in ITEMS:
                file.write(table.column(item).combine_chunks().fill_null(-128).to_numpy().tobytes())
        rscript = shutil.which("Rscript")
        if rscript is None:
            message = "R is not installed; leave its peers out with --peers"
            raise RuntimeError(message)
        script = Path(__file__).with_name("peers.R")
        self.process = subprocess.Popen(
            [rscript, "--vanilla", str(script), str(path), str(table.num_rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()
        path.unlink()

    def _line(self) -> str:
        if self.process.stdout is None or not (line := self.process.stdout.readline()):
            message = "the R process ended early"
            raise RuntimeError(message)
        return line

    def run(self, method: str, *, same_task: bool) -> tuple[float, Check]:
        if self.process.stdin is None:
            message = "the R process has no input"
            raise RuntimeError(message)
        self.process.stdin.write(method + "\n")
        self.process.stdin.flush()
        seconds, total, count = self._line().split()
        return float(seconds), (float(total), int(count)) if same_task else None

    def contenders(self) -> list[Contender]:
        other = "no 80 % rule: another task"
        return [
            Contender("base R", lambda: self.run("base", same_task=True), "rowMeans"),
            Contender(
                "psych::scoreItems",
                lambda: self.run("scoreItems", same_task=False),
                f"{other}; also reliabilities",
            ),
            Contender("psych::scoreFast", lambda: self.run("scoreFast", same_task=False), other),
        ]

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()
