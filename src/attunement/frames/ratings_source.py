# SPDX-License-Identifier: Apache-2.0
"""Any table as Polars columns with row numbers: text tables, files and data frames alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from attunement.errors import Problem
from attunement.frames.engines.memory import arrow
from attunement.frames.ratings_errors import RatingsError


class WrittenDialect(Protocol):
    """What ratings need to know of how a text was written."""

    @property
    def decimal(self) -> str:
        """The decimal sign, "." or ","."""
        ...


@runtime_checkable
class TextTable(Protocol):
    """What ratings need of a text table; ``attunement.exchange.Table`` is one."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names."""
        ...

    @property
    def row_numbers(self) -> npt.NDArray[np.int64]:
        """For each row its number as a spreadsheet counts."""
        ...

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong while reading."""
        ...

    @property
    def dialect(self) -> Any:
        """How the text was written; its ``decimal`` is read."""
        ...

    @property
    def rows_read(self) -> int:
        """Rows in the file, those left out included."""
        ...

    def to_arrow(self) -> pa.Table:
        """Return the cells as Arrow strings."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A table at the door: columns as they came, and where each row stood."""

    frame: pl.DataFrame
    row_numbers: pl.Series
    decimal: str
    problems: tuple[Problem, ...]
    rows_read: int

    @property
    def columns(self) -> list[str]:
        """Column names, in order."""
        return self.frame.columns


def open_source(table: object) -> Source:
    """Return any table as a :class:`Source`.

    Parameters
    ----------
    table : attunement.exchange.Table or data frame
        A text table, or any data frame that narwhals knows (pandas, Polars, PyArrow, DuckDB …).
        Rows of a data frame are counted from 1.

    Returns
    -------
    Source
        The same cells; a categorical column as text; NaN as missing.

    Raises
    ------
    RatingsError
        E-FRAME-104 if the object is not a table.
    """
    # A data frame is asked for one attribute only: some warn when they are asked for others.
    if hasattr(type(table), "rows_read") and isinstance(table, TextTable):
        cells = pl.DataFrame(table.to_arrow())
        numbers = pl.Series("row", table.row_numbers)
        return Source(cells, numbers, table.dialect.decimal, table.problems, table.rows_read)
    try:
        native = nw.from_native(table)  # type: ignore[call-overload]
    except TypeError as refusal:
        raise RatingsError(
            code="E-FRAME-104",
            what="this object is not a table",
            got=f"an object of type {type(table).__name__}",
            expected="a file, a table of attunement.exchange or a data frame",
            next_step="Pass a path, or a pandas, Polars, PyArrow or DuckDB table",
        ) from refusal
    if isinstance(native, nw.LazyFrame):
        native = native.collect("polars")
    try:
        frame = _plain_types(native.to_polars())
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # a column of numbers with a word in it
        columns = {name: pl.Series(name, arrow(native[name])) for name in native.columns}
        frame = _plain_types(pl.DataFrame(columns))
    return Source(
        frame, pl.Series("row", range(1, frame.height + 1), pl.Int64), ".", (), frame.height
    )


def _plain_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with categories as text and NaN as null."""
    return frame.with_columns(
        pl.col(pl.Categorical, pl.Enum).cast(pl.String),
        pl.col(pl.Float32, pl.Float64).fill_nan(None),
        pl.col(pl.Decimal).cast(pl.Float64),
    )
