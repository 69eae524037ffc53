# SPDX-License-Identifier: Apache-2.0
"""Columns of a table to plain arrays: one value per input row, every mistake named by its row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from attunement.errors import Problem
from attunement.frames.arrow_places import flags, places
from attunement.frames.ratings_cells import numbers, perspectives
from attunement.frames.ruptures_errors import LISTED, RupturesError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_YES_NO = {"1": 1.0, "0": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
_EXACT = 2.0**53  # whole numbers up to here are exact as floats

CLIENT, THERAPIST, OTHER = 0, 1, 2


@dataclass(slots=True)
class Faults:
    """Cells that cannot be used: the first of each kind by row and column, and how many in all."""

    first_row: int | Ints  # the number of the first row, or of each row
    problems: list[Problem] = field(default_factory=list)
    total: int = 0

    def number(self, rows: Ints) -> Ints:
        """Return the numbers by which messages name rows counted from 0."""
        if isinstance(self.first_row, int):
            return rows + self.first_row
        return self.first_row[rows]

    def add(self, where: Bools, column: str, what: str) -> None:
        """Take note of the rows of one mistake."""
        rows = np.flatnonzero(where)
        self.total += rows.size
        self.problems += [
            Problem("E-FRAME-205", int(number), column, what, "", refused=True)
            for number in self.number(rows[:LISTED])
        ]

    def refuse(self) -> None:
        """Refuse if there is any.

        Raises
        ------
        RupturesError
            E-FRAME-205, with the first 20 cells.
        """
        if self.total:
            raise RupturesError.from_problems(
                self.problems,
                total=self.total,
                next_step="Correct them; leave a score empty where there was no form",
            )


def floats(
    column: pl.Series, faults: Faults, *, bounds: tuple[float, float] | None, comma: bool = False
) -> Floats:
    """Read scores: NaN where there is none; text, infinities and what is off the scale are faults.

    NaN in the table counts as no score, as an empty cell does, in every kind of table. ``comma``
    says that numbers in text have a decimal comma: a point is a fault then.
    """
    name = column.name
    if column.dtype == pl.String:
        text = column.str.strip_chars()
        read, said = numbers(text.set(text == "", None), comma=comma)
        for what in said.drop_nulls().unique().sort():
            faults.add((said == what).fill_null(value=False).to_numpy(), name, _lower(what))
        return _within(read.to_numpy().astype(np.float64), name, faults, bounds)
    if not column.dtype.is_numeric() and column.dtype != pl.Null:
        faults.add(column.is_not_null().to_numpy(), name, "not a number")
        return np.full(len(column), np.nan)
    values = column.cast(pl.Float64).to_numpy()
    infinite = np.isinf(values)
    if infinite.any():
        faults.add(infinite, name, "infinity, which no scale has")
        values = np.where(infinite, np.nan, values)
    return _within(values, name, faults, bounds)


def _within(
    values: Floats, name: str, faults: Faults, bounds: tuple[float, float] | None
) -> Floats:
    if bounds is None:
        return values
    low, high = bounds
    slack = 1e-9 * (high - low)
    with np.errstate(invalid="ignore"):
        off = (values < low - slack) | (values > high + slack)
    if off.any():
        faults.add(off, name, f"off the scale {low:g} to {high:g}")
        return np.where(off, np.nan, values)
    return values


def whole(column: pl.Series, faults: Faults) -> Ints:
    """Read session numbers: whole numbers, in every row."""
    if column.dtype.is_integer() and not column.null_count():
        return column.cast(pl.Int64).to_numpy()
    if column.dtype.is_temporal():
        faults.add(np.ones(len(column), np.bool_), column.name, "a date; sessions have numbers")
        return np.zeros(len(column), np.int64)
    before = faults.total
    values = floats(column, faults, bounds=None)
    if faults.total > before:
        return np.zeros(len(column), np.int64)
    faults.add(np.isnan(values), column.name, "no session number")
    with np.errstate(invalid="ignore"):
        broken = (values != np.floor(values)) | (np.abs(values) > _EXACT)
    broken &= ~np.isnan(values)
    faults.add(broken, column.name, "not a whole number")
    return np.where(broken | np.isnan(values), 0.0, values).astype(np.int64)


def ticks(column: pl.Series, faults: Faults) -> Floats:
    """Read yes and no: 1, 0, NaN where there is neither."""
    if column.dtype == pl.Boolean:
        return column.cast(pl.Float64).to_numpy()
    if column.dtype == pl.String:
        text = column.str.strip_chars().str.to_lowercase()
        text = text.set(text == "", None)
        read = text.replace_strict(_YES_NO, default=None, return_dtype=pl.Float64)
        strange = (read.is_null() & text.is_not_null()).to_numpy()
        faults.add(strange, column.name, "neither yes nor no")
        return read.to_numpy()
    values = floats(column, faults, bounds=None)
    strange = ~np.isnan(values) & (values != 0.0) & (values != 1.0)
    faults.add(strange, column.name, "neither 1 (yes) nor 0 (no)")
    return np.where(strange, np.nan, values)


def chairs(column: pl.Series, faults: Faults) -> npt.NDArray[np.int8]:
    """Read who rated: the client, the therapist, or another."""
    if column.dtype != pl.String:
        column = column.cast(pl.String, strict=False).alias(column.name)
    known = column.unique()  # a handful of words in millions of rows
    read, strange = perspectives(known)
    told = {"client": CLIENT, "therapist": THERAPIST}
    code = [told.get(word, OTHER) for word in read.to_list()]
    faults.add(
        column.is_in(known.filter(strange & known.is_not_null()).implode())
        .fill_null(value=False)
        .to_numpy(),
        column.name,
        "not a known perspective (client, therapist, observer, caregiver)",
    )
    faults.add(column.is_null().to_numpy(), column.name, "does not say who rated")
    return (
        column.replace_strict(known, pl.Series(code, dtype=pl.Int8), default=OTHER)
        .to_numpy()
        .astype(np.int8)
    )


def days(column: pl.Series, faults: Faults) -> Ints:
    """Read dates as counted time; the smallest integer where there is none."""
    if column.dtype == pl.String:
        text = column.str.strip_chars()
        read = text.str.to_date("%Y-%m-%d", strict=False)
        strange = read.is_null() & text.is_not_null() & (text != "")
        faults.add(strange.fill_null(value=False).to_numpy(), column.name, "no date as 2026-03-01")
        column = read
    elif column.dtype != pl.Date and not isinstance(column.dtype, pl.Datetime):
        faults.add(column.is_not_null().to_numpy(), column.name, "not a date")
        return np.full(len(column), np.iinfo(np.int64).min)
    counted = column.to_physical().cast(pl.Int64)
    return counted.fill_null(np.iinfo(np.int64).min).to_numpy()


def codes(column: pl.Series, faults: Faults | None, *, what: str) -> tuple[Ints, pa.Array]:
    """Give the values of a column numbers in order of first appearance; −1 where missing.

    With ``faults`` a missing value is one of them.
    """
    array = column.to_arrow()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.type == pa.string_view():
        array = array.cast(pa.large_string())
    try:
        coded: Any = array.dictionary_encode()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as problem:
        raise RupturesError(
            "E-FRAME-202",
            what=f"The column '{column.name}' cannot say {what}",
            got=f"a column of type {column.dtype}",
            expected="text or numbers",
        ) from problem
    numbered = places(coded, missing=-1)
    if pa.types.is_floating(array.type):
        numbered[flags(pc.is_nan(array))] = -1
    missing = numbered < 0
    if faults is not None and missing.any():
        faults.add(missing, column.name, f"does not say {what}")
    return numbered, coded.dictionary


def _lower(what: str) -> str:
    return what[:1].lower() + what[1:]
