# SPDX-License-Identifier: Apache-2.0
"""A checked question on its way to an engine, and back as the kind of table that came in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pyarrow.parquet as pq

from attunement.frames.engines.reading import open_file
from attunement.frames.engines.ruptures_memory import (
    episodes_as,
    episodes_polars,
    judge_table,
    sessions_as,
    used_columns,
)
from attunement.frames.engines.ruptures_spark import judge_spark, settled_spark, spark_table
from attunement.frames.engines.ruptures_stream import judge_file, settled_file
from attunement.frames.ruptures_errors import RupturesError
from attunement.frames.ruptures_fit import remarks
from attunement.frames.ruptures_request import Question, Usual
from attunement.frames.ruptures_result import Ruptures
from attunement.frames.ruptures_source import file_source, source_of, spark_source
from attunement.frames.ruptures_summary import RupturesSummary

Progress = Callable[[str, int, int], None]
_CSV_ROW = 24  # bytes of a row of CSV, at least about


@dataclass(frozen=True, slots=True)
class Job:
    """A checked question on its way to an engine."""

    question: Question
    usual: Usual
    progress: Progress | None

    def memory(self, native: Any) -> Ruptures:
        """Judge a table that fits in memory."""
        if isinstance(native, pl.LazyFrame):
            found = self.memory(native.collect())
            return _exchanged(found, found.sessions.lazy(), found.episodes.lazy())
        table = _as_table(native)
        frame = _used(table, self.question)
        question, rows, judged, tally = judge_table(frame, self.question.written(frame), self.usual)
        notes = remarks(rows, question)
        keys = [question.columns.dyad, question.columns.session]
        own = table.to_native()
        episodes = episodes_polars(frame[question.columns.dyad], rows, judged)
        found = Ruptures(
            sessions=sessions_as(own, keys, rows, judged),
            episodes=episodes_as(own, episodes),
            summary=tally.summary(notes),
            question=question,
            source=source_of(frame, question.columns.dyad),
        )
        if _is_relation(native):
            return _exchanged(
                found, _as_relation(native, found.sessions), _as_relation(native, found.episodes)
            )
        return found

    def stream(self, path: Path | None, out: str | Path | None) -> Ruptures:
        """Judge a file into two others."""
        if path is None or out is None:
            raise RupturesError(
                "E-FRAME-210",
                what="engine='stream' judges a file into a file",
                expected="a path, and out='….parquet'",
                next_step="Give a path and out=…, or leave engine= out",
            )
        target = Path(out)
        episodes = target.with_name(f"{target.stem}.episodes{target.suffix}")
        _check_target(path, target, episodes)
        dtypes, batches = open_file(path)
        _check_columns(list(dtypes), self.question)
        first = next(iter(batches(self.question.scored)), None)
        asked = self.question if first is None else self.question.written(first)
        question = settled_file(batches, asked, self.usual)
        tally = judge_file(
            batches,
            dtypes,
            question,
            out=target,
            episodes=episodes,
            total=_rows_of(path),
            progress=self.progress,
        )
        return Ruptures(
            sessions=_scan(target),
            episodes=_scan(episodes),
            summary=tally.summary(),
            question=question,
            source=file_source(path, question),
        )

    def spark(self, given: Any) -> Ruptures:
        """Judge a Spark table; only what is usual is computed before it is read."""
        table = spark_table(given)
        _check_columns(table.columns, self.question)
        question = settled_spark(table, self.question, self.usual)
        sessions, episodes = judge_spark(table, question)
        return Ruptures(
            sessions=sessions,
            episodes=episodes,
            summary=RupturesSummary.unknown(question),
            question=question,
            source=spark_source(table, question),
        )


def table_of(native: Any, question: Question) -> pl.DataFrame:
    """Return the columns of a table that a question reads.

    Raises
    ------
    RupturesError
        E-FRAME-201, E-FRAME-202, E-FRAME-209.
    """
    eager = native.collect() if isinstance(native, pl.LazyFrame) else native
    return _used(_as_table(eager), question)


def _used(table: nw.DataFrame[Any], question: Question) -> pl.DataFrame:
    _check_columns(table.columns, question)
    frame = used_columns(table, question.wanted)
    if not frame.height:
        raise RupturesError("E-FRAME-209", what="The table has no rows")
    return frame


def _check_columns(columns: Sequence[str], question: Question) -> None:
    for role, column in question.columns.named().items():
        if column not in columns:
            raise RupturesError(
                "E-FRAME-201",
                what=f"There is no column '{column}'",
                got="the columns " + ", ".join(f"'{name}'" for name in columns[:12]),
                next_step=f"Name the right one: {role}='…'",
            )


def _as_table(native: Any) -> nw.DataFrame[Any]:
    if type(native).__module__.startswith("pandas") and hasattr(native, "columns"):
        named = all(isinstance(name, str) for name in native.columns)
        native = native if named else native.rename(columns=str)
    try:
        table = nw.from_native(native)
    except (TypeError, nw.exceptions.DuplicateError) as problem:
        raise RupturesError(
            "E-FRAME-202",
            what="The scores are not a table, or two of its columns have the same name",
            got=f"an object of type {type(native).__name__}",
            expected="a pandas or Polars frame, a pyarrow.Table, a DuckDB relation, or a path",
        ) from problem
    if isinstance(table, nw.LazyFrame):
        if not _is_relation(native):
            raise RupturesError(
                "E-FRAME-202",
                what="This kind of lazy table cannot be given back as it came",
                got=f"an object of type {type(native).__name__}",
                next_step="Collect it first; for a table of Spark give engine='spark'",
            )
        table = table.collect("pyarrow")
    eager: nw.DataFrame[Any] = table
    return eager


def _is_relation(native: Any) -> bool:
    return type(native).__name__ == "DuckDBPyRelation"


def _as_relation(relation: Any, judged_rows: Any) -> Any:  # noqa: ARG001 -- DuckDB finds it by its name
    return relation.query("rows_to_judge", "SELECT * FROM judged_rows")


def _exchanged(found: Ruptures, sessions: Any, episodes: Any) -> Ruptures:
    return Ruptures(sessions, episodes, found.summary, found.question, found.source)


def whole_file(path: Path, question: Question) -> pl.DataFrame:
    """Read the columns of a file that are used."""
    dtypes, batches = open_file(path)
    missing = [name for name in question.wanted if name not in dtypes]
    if missing:
        return pl.DataFrame(schema=dtypes)  # the check of the columns says which
    parts = list(batches(question.wanted))
    return pl.concat(parts, how="vertical") if parts else pl.DataFrame(schema=dtypes)


def _check_target(path: Path, out: Path, episodes: Path) -> None:
    if out.suffix.lower() not in {".csv", ".parquet"}:
        raise RupturesError(
            "E-FRAME-210",
            what="The file for the sessions has no known kind",
            expected="out='….csv' or out='….parquet'",
        )
    for target in (out, episodes):
        try:
            same = target.samefile(path)
        except OSError:  # one of them is not there
            continue
        if same:
            raise RupturesError(
                "E-FRAME-210",
                what="The result would replace the scores it is made of",
                next_step="Give out another name",
            )


def _rows_of(path: Path) -> int:
    """Return the rows of a Parquet file, or a guess at those of a text file."""
    if path.suffix.lower() == ".parquet":
        return int(pq.read_metadata(path).num_rows)
    return path.stat().st_size // _CSV_ROW


def _scan(path: Path) -> pl.LazyFrame:
    if path.suffix.lower() == ".parquet":
        return pl.scan_parquet(path)
    return pl.scan_csv(path)
