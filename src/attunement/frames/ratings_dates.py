# SPDX-License-Identifier: Apache-2.0
"""Read cells as dates, guessing nothing; say of each what is wrong with it."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from attunement.frames.ratings_cells import say
from attunement.frames.ratings_errors import RatingsError

EARLIEST_YEAR: Final = 1900
LATEST_YEAR: Final = 2100
KNOWN: Final = ("YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "DD/MM/YY", "D.M.YYYY")
ISO: Final = r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ].*)?$"
DOTTED: Final = r"^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})$"
_CODES: Final = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "M": "%m", "D": "%d"}
_WORD: Final = "YYYY|YY|MM|DD|M|D"
_FORM: Final = re.compile(rf"({_WORD})([./ -]?)({_WORD})\2({_WORD})")
_PERCENT: Final = re.compile("%[-_0]?([A-Za-z])")


def check_format(written: str | None) -> None:
    """Refuse a date format that names no day, month and year.

    Raises
    ------
    RatingsError
        E-FRAME-109, naming formats that are known.
    """
    if written is None:
        return
    if "%" in written:
        said = _PERCENT.findall(written)
        parts = sorted("y" if sign in "yY" else "m" if sign in "mbBh" else sign for sign in said)
        known = parts in (["d", "m", "y"], ["e", "m", "y"]) or said in (["F"], ["D"])
    else:
        found = _FORM.fullmatch(written.strip().upper())
        known = found is not None and {found.group(n)[0] for n in (1, 3, 4)} == {"Y", "M", "D"}
    if not known:
        raise RatingsError(
            code="E-FRAME-109",
            what="--date-format does not name a day, a month and a year",
            expected="a format such as " + ", ".join(KNOWN),
            next_step="Write the format with D, M and Y, or leave it away for year-month-day",
        )


def date_format_code(written: str) -> str:
    """Return ``DD/MM/YYYY`` as ``%d/%m/%Y``; a format that has ``%`` in it stays as it is."""
    if "%" in written:
        return written
    return re.sub(_WORD, lambda found: _CODES[found.group()], written.strip().upper())


def dates(column: pl.Series, form: str | None) -> tuple[pl.Series, pl.Series, str]:
    """Read a column as dates, guessing nothing.

    Parameters
    ----------
    column : polars.Series
        Text, dates or datetimes; null where missing. A time of day is left aside.
    form : str or None
        The format as the reader named it. Without it, only year-month-day and day.month.year
        with a four-digit year are read.

    Returns
    -------
    values : polars.Series of Date
    faults : polars.Series of String
        "impossible" where there is no such day, "year" where it lies before 1900 or after 2100,
        "ambiguous" where the order of day, month and year is never guessed, "unreadable"
        otherwise; null where nothing is wrong.
    how : str
        "day.month.year" where dates were read so, "" otherwise.
    """
    if column.dtype == pl.Date:
        return _in_years(column, pl.repeat(None, len(column), dtype=pl.String, eager=True), "")
    if isinstance(column.dtype, pl.Datetime):
        return dates(column.dt.date(), form)
    if column.dtype != pl.String:
        none = pl.repeat(None, len(column), dtype=pl.Date, eager=True)
        return none, say(column.is_not_null(), "unreadable"), ""
    if form is not None:
        values = column.str.to_date(date_format_code(form), strict=False, exact=True)
        return _in_years(values, say(column.is_not_null() & values.is_null(), "unreadable"), "")
    text = pl.col("text")
    iso = text.str.extract_groups(ISO)
    dotted = text.str.extract_groups(DOTTED)
    read = pl.DataFrame({"text": column}).select(
        pl.coalesce(_day(iso, "1", "2", "3"), _day(dotted, "3", "2", "1")).alias("value"),
        pl.when(text.is_null())
        .then(None)
        .when(text.str.contains(ISO) | text.str.contains(DOTTED))
        .then(pl.lit("impossible"))
        .when(text.str.contains(r"^[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}$"))
        .then(pl.lit("ambiguous"))
        .otherwise(pl.lit("unreadable"))
        .alias("fault"),
        text.str.contains(DOTTED).alias("dotted"),
    )
    faults = read.select(pl.when(pl.col("value").is_null()).then(pl.col("fault"))).to_series()
    how = "day.month.year" if read["dotted"].any() else ""
    return _in_years(read["value"], faults, how)


def _day(groups: pl.Expr, year: str, month: str, day: str) -> pl.Expr:
    parts = [groups.struct.field(name) for name in (year, month, day)]
    joined = pl.concat_str(parts[0], parts[1].str.zfill(2), parts[2].str.zfill(2), separator="-")
    return joined.str.to_date("%Y-%m-%d", strict=False)


def _in_years(values: pl.Series, faults: pl.Series, how: str) -> tuple[pl.Series, pl.Series, str]:
    outside = ~values.dt.year().is_between(EARLIEST_YEAR, LATEST_YEAR).fill_null(value=True)
    told = pl.DataFrame({"fault": faults, "outside": outside}).select(
        pl.when("outside").then(pl.lit("year")).otherwise("fault")
    )
    return values.set(outside, None), told.to_series().alias("fault"), how
