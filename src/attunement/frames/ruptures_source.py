# SPDX-License-Identifier: Apache-2.0
"""Where the rows of one dyad can be had again, to be drawn or explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from attunement.frames.engines.reading import open_file
from attunement.frames.ruptures_cells import Ints
from attunement.frames.ruptures_errors import RupturesError
from attunement.frames.ruptures_request import Question


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of one dyad can be had again.

    Parameters
    ----------
    dyad_of : callable
        From an input row, counted from 0, to its dyad; None if there is no such row.
    rows_of : callable
        From a dyad to its rows and their positions in the input.
    """

    dyad_of: Callable[[int], Any]
    rows_of: Callable[[Any], tuple[pl.DataFrame, Ints]]


def source_of(frame: pl.DataFrame, column: str) -> Source:
    """Return the source of a table that is in memory."""
    dyads = frame[column]

    def rows_of(dyad: Any) -> tuple[pl.DataFrame, Ints]:
        try:
            here = (dyads == dyad).fill_null(value=False)
        except (pl.exceptions.PolarsError, TypeError):
            return frame.clear(), np.zeros(0, np.int64)
        return frame.filter(here), here.arg_true().cast(pl.Int64).to_numpy()

    def dyad_of(row: int) -> Any:
        return dyads[row] if row < len(dyads) else None

    return Source(dyad_of, rows_of)


def file_source(path: Path, question: Question) -> Source:
    """Return the source of a file: it is read again, for the rows of one dyad."""
    column, wanted = question.columns.dyad, question.wanted

    def rows_of(dyad: Any) -> tuple[pl.DataFrame, Ints]:
        _, batches = open_file(path)
        found, at, before = [], [], 0
        for batch in batches(wanted):
            here = (batch[column] == dyad).fill_null(value=False)
            if here.any():
                found.append(batch.filter(here))
                at.append(here.arg_true().cast(pl.Int64).to_numpy() + before)
            before += batch.height
        if not found:
            return pl.DataFrame(schema=dict.fromkeys(wanted, pl.String)), np.zeros(0, np.int64)
        return pl.concat(found, how="vertical"), np.concatenate(at)

    def dyad_of(row: int) -> Any:
        _, batches = open_file(path)
        before = 0
        for batch in batches([column]):
            if row < before + batch.height:
                return batch[column][row - before]
            before += batch.height
        return None

    return Source(dyad_of, rows_of)


def spark_source(table: Any, question: Question) -> Source:
    """Return the source of a Spark table: one dyad is collected."""
    column = question.columns.dyad

    def rows_of(dyad: Any) -> tuple[pl.DataFrame, Ints]:
        chosen = table.select(*question.wanted).filter(table[column] == dyad).toArrow()
        frame = pl.DataFrame(pl.from_arrow(chosen)).sort(question.columns.session)
        return frame, np.arange(frame.height)

    def dyad_of(row: int) -> Any:
        raise RupturesError(
            "E-FRAME-212",
            what="A table of Spark has no order, so no row has a number",
            got=str(row),
            next_step="Use plot(dyad), or explain the rows of one dyad from a frame of its own",
        )

    return Source(dyad_of, rows_of)
