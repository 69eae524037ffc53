# SPDX-License-Identifier: Apache-2.0
"""Judge a Spark table: partitioned by dyad, the same batch function, Arrow in and Arrow out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from attunement.frames.engines.ruptures_memory import (
    arrow_table,
    episodes_polars,
    sessions_polars,
)
from attunement.frames.engines.ruptures_parts import whole_dyads
from attunement.frames.ruptures_errors import RupturesError
from attunement.frames.ruptures_judging import judge_frame
from attunement.frames.ruptures_learning import (
    Chosen,
    enough,
    learned,
    wanted,
    without_learning,
)
from attunement.frames.ruptures_request import Question, Usual, with_model
from attunement.frames.ruptures_rows import arrange
from attunement.signals.house.learning import MOST_DYADS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Rows that one Python worker judges at a time.
SPARK_ROWS = 1 << 18
Mapped = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]

_SESSION_TYPES = (
    "rule string, evaluable boolean, statistic double, probability double, flagged boolean, "
    "reason string"
)
_EPISODE_TYPES = (
    "rule string, onset bigint, pre double, nadir double, nadir_session bigint, depth double, "
    "depth_noise double, repair bigint, status string, across_gap boolean"
)


def settled_spark(table: DataFrame, question: Question, usual: Usual) -> Question:
    """Return the question with what is usual, learned from chosen dyads of the table if need be.

    The names are chosen where they lie; only the rows of at most 2,000 dyads come to the driver.
    """
    if not wanted(question, usual):
        return without_learning(question, usual)
    from pyspark.sql import functions as f  # noqa: PLC0415 -- optional, half a gigabyte

    dyad = question.columns.dyad
    text = f.col(f"`{dyad}`").cast("string")
    names = table.select(f"`{dyad}`").where(f"`{dyad}` is not null").distinct()
    first = names.orderBy(f.crc32(text), text).limit(MOST_DYADS)
    chosen = Chosen()
    chosen.add(row[0] for row in first.collect())
    if not enough(len(chosen.names), usual):
        return with_model(question, None)
    held = table.select(*question.wanted).where(f.col(f"`{dyad}`").isin(list(chosen.names)))
    rows = pl.DataFrame(pl.from_arrow(held.toArrow()))
    return learned(arrange(rows, question.columns, question.scale), question, usual)


def judge_spark(table: DataFrame, question: Question) -> tuple[DataFrame, DataFrame]:
    """Return sessions and episodes as Spark tables that are computed when they are read.

    Rows of one dyad come to one worker, sorted by session; rows of the result lie dyad after
    dyad, since a Spark table has no order of its own.
    """
    columns = question.columns
    ordered = (
        table.select(*question.wanted)
        .repartition(columns.dyad)
        .sortWithinPartitions(columns.dyad, columns.session)
    )
    types = dict(table.dtypes)
    dyad = f"`{columns.dyad}` {types[columns.dyad]}"
    session = f"`{columns.session}` {types[columns.session]}"
    sessions = ordered.mapInArrow(
        _mapped(question, episodes=False), f"{dyad}, {session}, {_SESSION_TYPES}"
    )
    episodes = ordered.mapInArrow(_mapped(question, episodes=True), f"{dyad}, {_EPISODE_TYPES}")
    return sessions, episodes


def _mapped(question: Question, *, episodes: bool) -> Mapped:
    asked = replace(question, first_row=1)
    dyad, session = question.columns.dyad, question.columns.session

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        frames = (pl.DataFrame(pl.from_arrow(pa.Table.from_batches([b]))) for b in batches)
        for part in whole_dyads(frames, dyad, rows=SPARK_ROWS):
            rows, judged = judge_frame(part, asked)
            if episodes:
                made = episodes_polars(part[dyad], rows, judged)
            else:
                made = sessions_polars(part.select(dyad, session), rows, judged)
            yield from arrow_table(made).to_batches()

    return run


def spark_table(source: Any) -> DataFrame:
    """Return the Spark table that was given, or a Parquet file read by the running session.

    Raises
    ------
    RupturesError
        E-FRAME-211 if PySpark is not installed, E-FRAME-202 for another kind of table.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 -- optional, half a gigabyte
    except ImportError as missing:
        raise RupturesError(
            "E-FRAME-211",
            what="The package for this engine is not installed",
            expected="pyspark, and Java 17 or newer",
            next_step="Install it with: pip install 'attunement[spark]'",
        ) from missing
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        return SparkSession.builder.getOrCreate().read.parquet(str(source))
    if not hasattr(source, "mapInArrow"):
        raise RupturesError(
            "E-FRAME-202",
            what="The table is no table of Spark",
            got=f"an object of type {type(source).__name__}",
            expected="a pyspark.sql.DataFrame, or the path of a Parquet file",
        )
    table: DataFrame = source
    return table
