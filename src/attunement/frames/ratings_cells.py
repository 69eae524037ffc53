# SPDX-License-Identifier: Apache-2.0
"""Read cells as numbers, sessions, dates and perspectives; say of each what is wrong with it."""

from __future__ import annotations

from typing import Final

import polars as pl

from attunement.frames.ratings_names import WORDS

# Polars' expressions know \d as any script's digits: ours are 0 to 9, written out.
POINT: Final = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$"
COMMA: Final = r"^[+-]?(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)$"
MINUS_ZERO: Final = r"^-0*[.,]?0*$"
EXPONENT: Final = r"^[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+$"
NOT_FINITE: Final = r"(?i)^[+-]?(?:nan|inf|infinity)$"
LARGEST_SESSION: Final = 99_999

COMMA_WHERE_POINT: Final = "A number with a decimal comma, where the file uses a decimal point"
POINT_WHERE_COMMA: Final = "A number with a decimal point, where the column uses a decimal comma"
WHAT_EXPONENT: Final = "A number written with an exponent"
WHAT_NOT_FINITE: Final = "“not a number” or infinity in a number column"
WHAT_MINUS_ZERO: Final = "Minus zero, which no scale has"
WHAT_TEXT: Final = "Text in a number column"


def uses_decimal_comma(column: pl.Series, decimal: str) -> bool:
    """Whether a text column's numbers have a decimal comma (asked only where the file may)."""
    if decimal != "," or column.dtype != pl.String:
        return False
    return bool(column.str.contains(r"^[+-]?[0-9]+,[0-9]+$").any())


def numbers(column: pl.Series, *, comma: bool) -> tuple[pl.Series, pl.Series]:
    """Read a column as numbers.

    Parameters
    ----------
    column : polars.Series
        Text or numbers; null where missing.
    comma : bool
        Whether the numbers have a decimal comma.

    Returns
    -------
    values : polars.Series of Float64
        Null where missing or where the cell is not a plain number.
    faults : polars.Series of String
        What is wrong with the cell, null where nothing is.
    """
    if column.dtype.is_numeric():
        values = column.cast(pl.Float64)
        wrong = ~values.is_finite()
        return values.set(wrong.fill_null(value=False), None), say(wrong, WHAT_NOT_FINITE)
    if column.dtype != pl.String:
        return pl.repeat(None, len(column), dtype=pl.Float64, eager=True), say(
            column.is_not_null(), WHAT_TEXT
        )
    text = pl.col("text")
    good = text.str.contains(COMMA if comma else POINT) & ~text.str.contains(MINUS_ZERO)
    other = (
        (COMMA_WHERE_POINT, text.str.contains(COMMA))
        if not comma
        else (POINT_WHERE_COMMA, text.str.contains(POINT))
    )
    read = pl.DataFrame({"text": column}).select(
        pl.when(good)
        .then(text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False))
        .alias("value"),
        pl.when(text.is_null() | good)
        .then(None)
        .when(text.str.contains(MINUS_ZERO))
        .then(pl.lit(WHAT_MINUS_ZERO))
        .when(other[1])
        .then(pl.lit(other[0]))
        .when(text.str.contains(EXPONENT))
        .then(pl.lit(WHAT_EXPONENT))
        .when(text.str.contains(NOT_FINITE))
        .then(pl.lit(WHAT_NOT_FINITE))
        .otherwise(pl.lit(WHAT_TEXT))
        .alias("fault"),
    )
    huge = read["value"].is_infinite().fill_null(value=False)
    faults = (
        read["fault"]
        .to_frame()
        .select(pl.when(pl.lit(huge)).then(pl.lit(WHAT_NOT_FINITE)).otherwise(pl.col("fault")))
    )
    return read["value"].set(huge, None), faults.to_series()


def sessions(column: pl.Series) -> tuple[pl.Series, pl.Series, str]:
    """Read a column as session numbers.

    Whole numbers from 0 to 99,999 are read as they stand; "S3" or "week 3" only where every cell
    has the same words before the number, which are returned so that they can be said.

    Parameters
    ----------
    column : polars.Series
        Text or numbers; null where missing.

    Returns
    -------
    values : polars.Series of Int64
    faults : polars.Series of bool
        True where the cell is not a session number (a missing one included).
    prefix : str
        The words before every number, "" if there are none.
    """
    prefix = ""
    if column.dtype == pl.String:
        words = column.str.extract(r"^([^0-9+.,-]*?)[0-9]+$", 1).drop_nulls().unique().to_list()
        if len(words) == 1 and words[0]:
            prefix = str(words[0])
            column = column.str.strip_prefix(prefix)
        text = column.str.contains(r"^[0-9]{1,9}(?:\.0+)?$")
        floats = column.set(~text.fill_null(value=False), None).cast(pl.Float64)
    elif column.dtype.is_numeric():
        floats = column.cast(pl.Float64)
    else:
        floats = pl.repeat(None, len(column), dtype=pl.Float64, eager=True)
    whole = (floats == floats.floor()) & (floats >= 0) & (floats <= LARGEST_SESSION)
    whole = whole.fill_null(value=False)
    return floats.set(~whole, None).cast(pl.Int64), ~whole, prefix.strip()


def perspectives(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Read a column as client, therapist, observer or caregiver.

    Returns
    -------
    values : polars.Series of String
        Null where the word is not known or missing.
    faults : polars.Series of bool
        True there.
    """
    text = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    values = text.replace_strict(WORDS, default=None, return_dtype=pl.String)
    return values, values.is_null()


def say(where: pl.Series, fault: str) -> pl.Series:
    """Return the fault where a mask is true, null elsewhere."""
    told = pl.DataFrame({"where": where.fill_null(value=False)}).select(
        pl.when("where").then(pl.lit(fault)).otherwise(None).cast(pl.String)
    )
    return told.to_series().alias("fault")
