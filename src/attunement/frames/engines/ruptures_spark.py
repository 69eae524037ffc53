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
from attunement.frames.ruptures_request import Question

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
