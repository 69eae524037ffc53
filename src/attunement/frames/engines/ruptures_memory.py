# SPDX-License-Identifier: Apache-2.0
"""Judge a table that is in memory and give back two of the same kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa

from attunement.frames.engines.memory import arrow
from attunement.frames.ruptures_judging import judge_rows, rows_of
from attunement.frames.ruptures_learning import settled
from attunement.frames.ruptures_request import Question, Usual
from attunement.frames.ruptures_rows import Rows
from attunement.frames.ruptures_summary import Tally
from attunement.frames.ruptures_tables import (
    Judged,
    SessionColumns,
    episode_columns,
    session_columns,
)

Frame = nw.DataFrame[Any]


def used_columns(frame: Frame, wanted: Sequence[str]) -> pl.DataFrame:
    """Return the columns that are read, as Polars has them."""
    return pl.DataFrame({name: pl.Series(name, arrow(frame[name])) for name in wanted})


def judge_table(
    frame: pl.DataFrame, question: Question, usual: Usual
) -> tuple[Question, Rows, tuple[Judged, ...], Tally]:
    """Settle what is usual, judge a whole table, and count what came of it."""
    rows = rows_of(frame, question)
    question = settled(rows, question, usual)
    judged = judge_rows(rows, question)
    tally = Tally(question)
    tally.add(rows, judged)
    return question, rows, judged, tally


def sessions_polars(
    keys: pl.DataFrame, rows: Rows, judged: Sequence[Judged], words: Any = pl.String
) -> pl.DataFrame:
    """Return the key columns beside the verdicts: row after row, and rule after rule within."""
    parts = [session_columns(rows, one).polars(words) for one in judged]
    wide = [pl.concat([keys, part], how="horizontal") for part in parts]
    if len(wide) == 1:
        return wide[0]
    order = np.arange(keys.height * len(wide)).reshape(len(wide), keys.height).T.ravel()
    return pl.concat(wide, how="vertical")[order]


def episodes_polars(dyad: pl.Series, rows: Rows, judged: Sequence[Judged]) -> pl.DataFrame:
    """Return the episodes: dyad after dyad in order of first appearance, then by rule and onset.

    ``dyad`` is the column that was read: the episodes name dyads in its type.
    """
    names = pl.Series(dyad.name, pl.Series(rows.names)).cast(dyad.dtype)
    parts = []
    for number, one in enumerate(judged):
        at, columns = episode_columns(rows, one)
        named = names.gather(pl.Series(at.astype(np.uint32))).alias(dyad.name)
        parts.append(
            columns.insert_column(0, named).with_columns(
                pl.Series("_dyad", at), pl.lit(number).alias("_rule")
            )
        )
    every = pl.concat(parts, how="vertical")
    if len(parts) > 1:
        every = every.sort("_dyad", "_rule", "onset", maintain_order=True)
    return every.drop("_dyad", "_rule")


def sessions_as(native: Any, keys: list[str], rows: Rows, judged: Sequence[Judged]) -> Any:
    """Return the sessions as the kind of table that ``native`` is; pandas keeps its index."""
    if not nw.dependencies.is_pandas_dataframe(native):
        own = native if isinstance(native, pl.DataFrame) else None
        whole = own if own is not None else pl.DataFrame(pl.from_arrow(native.select(keys)))
        made = sessions_polars(whole.select(keys), rows, judged)
        return made if own is not None else arrow_table(made)
    parts = [_beside(native[keys], session_columns(rows, one)) for one in judged]
    if len(parts) == 1:
        return parts[0]
    import pandas as pd  # noqa: PLC0415 -- it is there: the table is one of its own

    n, k = len(native), len(parts)
    return pd.concat(parts).iloc[np.arange(n * k).reshape(k, n).T.ravel()]


def episodes_as(native: Any, made: pl.DataFrame) -> Any:
    """Return the episodes as the kind of table that ``native`` is."""
    if isinstance(native, pl.DataFrame):
        return made
    if nw.dependencies.is_pandas_dataframe(native):
        frame = made.to_pandas()
        return frame.assign(repair=frame["repair"].astype("Int64"))
    return arrow_table(made)


def arrow_table(frame: pl.DataFrame) -> pa.Table:
    """Return a Polars frame as a PyArrow table."""
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _beside(keys: Any, found: SessionColumns) -> Any:
    columns = found.polars()
    return keys.assign(
        rule=found.rule,
        evaluable=found.reason == 0,
        statistic=found.statistic,
        probability=found.probability,
        flagged=found.flagged,
        reason=np.array(columns["reason"].to_list(), dtype=object),
    )
