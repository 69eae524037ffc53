# SPDX-License-Identifier: Apache-2.0
"""Read scores of persons over sessions from any table, as arrays for the search for gains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from attunement.errors import Problem
from attunement.frames.engines.reading import open_file
from attunement.frames.ratings_plan import RatingColumns
from attunement.frames.ratings_reading import Ratings, ratings
from attunement.frames.ratings_source import TextTable, open_source

MISSING_TEXT = ("", "NA")


@dataclass(frozen=True, slots=True)
class Courses:
    """Scores of persons over sessions, person after person in the order of the table.

    ``labels`` has one row per person: the id under its own name, and ``perspective`` where the
    table says who rated.
    """

    labels: pl.DataFrame
    values: npt.NDArray[np.float64]
    sessions: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    read: Ratings


@dataclass(frozen=True, slots=True)
class _Written:
    """How a text file was written: its decimal sign may be a comma where no cell ends with one."""

    decimal: str


@dataclass(frozen=True, slots=True)
class _File:
    """A file as a table of text with the rows counted as a spreadsheet does."""

    frame: pl.DataFrame
    dialect: _Written
    problems: tuple[Problem, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.frame.columns)

    @property
    def row_numbers(self) -> npt.NDArray[np.int64]:
        return np.arange(2, self.frame.height + 2)

    @property
    def rows_read(self) -> int:
        return self.frame.height

    def to_arrow(self) -> pa.Table:
        return self.frame.to_arrow()


def read_courses(
    table: Any,
    *,
    columns: RatingColumns,
    measure: str | None,
    scale: tuple[float, float] | None,
    lower_is_better: bool | None,
    leave_out_baseline: bool,
) -> Courses:
    """Return the scores of a table as arrays.

    Parameters
    ----------
    table : data frame, path or attunement.exchange.Table
    leave_out_baseline : bool
        Drop what was rated before session 1.

    Raises
    ------
    RatingsError
        As ``ratings`` does.
    """
    source, ids = opened(table, columns.dyad)
    read = ratings(
        source,
        columns=columns,
        measure=measure,
        scale_range=scale,
        lower_is_better=lower_is_better,
    )
    frame = read.frame.filter(pl.col("session") >= 1) if leave_out_baseline else read.frame
    persons = frame.group_by("dyad", "perspective").agg(pl.min("row"), n=pl.len())
    persons = persons.sort("row", "perspective").with_row_index("person")
    placed = frame.join(persons.select("person", "dyad", "perspective"), on=["dyad", "perspective"])
    placed = placed.sort("person", "session")
    name = columns.dyad or "id"
    labels = persons.select(pl.col("dyad").alias(name))
    if ids is not None:
        labels = pl.DataFrame({name: ids.gather(persons["row"] - 1)})
    if read.chairs != ("",):
        labels = labels.with_columns(persons["perspective"])
    return Courses(
        labels=labels,
        values=placed["score"].fill_null(float("nan")).to_numpy().astype(np.float64),
        sessions=placed["session"].to_numpy().astype(np.int64),
        starts=np.concatenate(([0], np.cumsum(persons["n"].to_numpy()))).astype(np.int64),
        read=read,
    )


def opened(table: Any, id_column: str | None) -> tuple[object, pl.Series | None]:
    """Return what ``open_source`` takes, and the ids in their own type where rows count from 1."""
    if isinstance(table, str | Path):
        path = Path(table)
        schema, batches = open_file(path)
        frame = pl.concat(list(batches(list(schema))))
        if path.suffix.lower() != ".parquet":
            with path.open(encoding="utf-8-sig", errors="replace") as text:
                head = text.readline()
            decimal = "." if head.count(",") > max(head.count(";"), head.count("\t")) else ","
            missing = pl.all().replace(dict.fromkeys(MISSING_TEXT))
            return _File(frame.select(missing), _Written(decimal)), None
        table = frame
    if hasattr(type(table), "rows_read") and isinstance(table, TextTable):
        return table, None
    frame = open_source(table).frame
    known = id_column is not None and id_column in frame.columns
    return frame, frame[id_column] if known and id_column is not None else None
