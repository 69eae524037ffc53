# SPDX-License-Identifier: Apache-2.0
"""A file of people as a frame: each cell read strictly, each kind of mistake named once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from attunement.clinic.errors import ClinicError
from attunement.clinic.models.people import EARLIEST_BIRTH_YEAR
from attunement.clinic.services.people import MAX_CODE, is_code
from attunement.errors import Problem, problem_at
from attunement.exchange import Table
from attunement.frames.ratings_dates import EARLIEST_YEAR, check_format, dates

CODE, LOGIN, YEAR, DAY = "client_code", "therapist_login", "birth_year", "began_on"
REQUIRED, COLUMNS = (CODE, LOGIN), (CODE, LOGIN, YEAR, DAY)
_CERTAINLY_READABLE = r"^[!-~]{1,40}$"
_WITH_TIME = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[T ]"
_DAY_FAULTS = {
    "impossible": ("There is no such day", "Correct it"),
    "year": (f"The year lies before {EARLIEST_YEAR} or after 2100", "Correct it"),
    "ambiguous": (
        "The order of day, month and year is not guessed",
        "Write YYYY-MM-DD, or say it: --date-format DD/MM/YYYY",
    ),
    "time": (
        "A time stands beside the day, and whose day it then is, is not guessed",
        "Write the day alone, as YYYY-MM-DD",
    ),
    "unreadable": ("This is not a date", "Write YYYY-MM-DD, or say it: --date-format DD/MM/YYYY"),
}


@dataclass(slots=True)
class PeopleFile:
    """The rows of a file of people, and what is wrong with them.

    Attributes
    ----------
    frame : polars.DataFrame
        One row per row that could be cut into cells: ``row`` (as a spreadsheet counts),
        ``client_code``, ``therapist_login`` (lower case), ``birth_year``, ``began_on``; null where
        a cell is empty or cannot be used.
    refused : polars.Series of bool
        Which of these rows are left out.
    problems : list of Problem
        Each kind of mistake once, those of the table itself first.
    rows_read : int
        Rows below the header, empty ones aside.
    """

    frame: pl.DataFrame
    refused: pl.Series
    problems: list[Problem]
    rows_read: int
    name: str = field(default="")

    def refuse(
        self,
        mask: pl.Series,
        code: str,
        column: str,
        *,
        what: str,
        next_step: str,
        also: pl.Series | None = None,
    ) -> None:
        """Leave out the rows of ``mask``, told as one problem, and those of ``also``, untold."""
        told = mask.fill_null(value=False)
        rows = self.frame["row"].filter(told)
        if rows.is_empty():
            return
        self.problems.append(
            problem_at(code, rows, column=column, what=what, next_step=next_step, refused=True)
        )
        self.refused = self.refused | told
        if also is not None:
            self.refused = self.refused | also.fill_null(value=False)


def read_people(
    table: Table, *, today: date, began_on: date | None = None, date_format: str | None = None
) -> PeopleFile:
    """Read a table of people; nothing is looked up in the store.

    Parameters
    ----------
    table : attunement.exchange.Table
        With the columns ``client_code`` and ``therapist_login``, and ``birth_year`` and
        ``began_on`` where they are known.
    today : date
        No care episode begins later than a day after it, nobody is born in a later year.
    began_on : date, optional
        The first day of care where a row has none.
    date_format : str, optional
        How ``began_on`` is written, such as ``DD/MM/YYYY``; by default only year-month-day and
        day.month.year are read.

    Returns
    -------
    PeopleFile

    Raises
    ------
    ClinicError
        E-CLINIC-102 where a column is missing or unknown, E-CLINIC-104 where ``began_on`` itself
        cannot be.
    attunement.frames.RatingsError
        E-FRAME-109 where ``date_format`` names no day, month and year.
    """
    check_format(date_format)
    latest = today + timedelta(days=1)
    if began_on is not None and not date(EARLIEST_YEAR, 1, 1) <= began_on <= latest:
        raise ClinicError(
            "E-CLINIC-104",
            what="--began-on cannot be the first day of care",
            expected=f"a day from {EARLIEST_YEAR} until today",
            next_step="Run the command again",
        )
    _check_columns(table, began_on)
    people = _people_as_written(table)
    days = _column(table, DAY)
    _check_needed(people, days, began_on)
    _check_codes(people)
    _read_years(people, _column(table, YEAR), today.year)
    _read_days(people, days, date_format, latest)
    _check_within(people, began_on)
    return people


def _check_columns(table: Table, began_on: date | None) -> None:
    missing = [name for name in REQUIRED if name not in table.columns]
    if began_on is None and DAY not in table.columns:
        missing.append(DAY)
    unknown = [name for name in table.columns if name not in COLUMNS]
    if not missing and not unknown:
        return
    said = [f"no column {name}" for name in missing]
    said += [f"the unknown column “{name}” (row 1)" for name in unknown]
    raise ClinicError(
        "E-CLINIC-102",
        what=f"the columns of “{table.name}” are not those of a file of people",
        got=" and ".join(said[:5]),
        expected=f"{CODE}, {LOGIN}, {DAY} and, if you like, {YEAR}",
        next_step="Rename or delete columns"
        + ("; or give one day for all rows: --began-on YYYY-MM-DD" if DAY in missing else ""),
    )


def _people_as_written(table: Table) -> PeopleFile:
    codes, logins = _column(table, CODE), _column(table, LOGIN)
    return PeopleFile(
        frame=pl.DataFrame(
            {"row": table.row_numbers, CODE: codes, LOGIN: logins.str.to_lowercase()}
        ),
        refused=pl.repeat(value=False, n=len(table), dtype=pl.Boolean, eager=True),
        problems=list(table.problems),
        rows_read=table.rows_read,
        name=table.name,
    )


def _column(table: Table, name: str) -> pl.Series:
    if name not in table.columns:
        return pl.repeat(None, len(table), dtype=pl.String, eager=True).alias(name)
    return pl.Series(name, pl.from_arrow(table.column(name)), dtype=pl.String)


def _check_needed(people: PeopleFile, days: pl.Series, began_on: date | None) -> None:
    needed = [people.frame[CODE], people.frame[LOGIN]]
    for cells in needed if began_on is not None else [*needed, days]:
        people.refuse(
            cells.is_null(),
            "E-CLINIC-103",
            cells.name,
            what="The cell is empty",
            next_step="Fill it in"
            + ("; or give one day for all such rows: --began-on" if cells.name == DAY else ""),
        )


def _check_codes(people: PeopleFile) -> None:
    doubtful = people.frame.filter(~pl.col(CODE).str.contains(_CERTAINLY_READABLE))
    wrong = [code for code in doubtful[CODE].unique() if not is_code(code)]
    people.refuse(
        people.frame[CODE].is_in(wrong),
        "E-CLINIC-104",
        CODE,
        what=f"The code is longer than {MAX_CODE} characters, or holds control or invisible ones",
        next_step=f"Use 1 to {MAX_CODE} letters, numbers and signs on one line",
    )


def _read_years(people: PeopleFile, written: pl.Series, this_year: int) -> None:
    digits = written.str.contains(r"^[0-9]{4}$").fill_null(value=False)
    years = written.set(~digits, None).cast(pl.Int16)
    plausible = years.is_between(EARLIEST_BIRTH_YEAR, this_year).fill_null(value=False)
    people.refuse(
        written.is_not_null() & ~plausible,
        "E-CLINIC-104",
        YEAR,
        what=f"This is not a year from {EARLIEST_BIRTH_YEAR} to this one in four digits",
        next_step="Correct it, or leave the cell empty",
    )
    people.frame = people.frame.with_columns(years.set(~plausible, None).alias(YEAR))


def _read_days(people: PeopleFile, written: pl.Series, form: str | None, latest: date) -> None:
    # Each way of writing is read once: a file has few days and many rows.
    different = written.unique()
    values, told, _ = dates(different, form)
    if form is None:
        timed = different.str.contains(_WITH_TIME).fill_null(value=False)
        values, told = values.set(timed, None), told.set(timed, "time")
    reading = pl.DataFrame({DAY: different, "day": values, "fault": told})
    read = written.to_frame().join(reading, on=DAY, how="left", maintain_order="left")
    days, faults = read["day"], read["fault"]
    for fault, (what, next_step) in _DAY_FAULTS.items():
        people.refuse(faults == fault, "E-CLINIC-104", DAY, what=what, next_step=next_step)
    late = (days > latest).fill_null(value=False)
    people.refuse(
        late,
        "E-CLINIC-104",
        DAY,
        what="The first day of care lies in the future",
        next_step="Correct it, or import the row when care has begun",
    )
    people.frame = people.frame.with_columns(days.set(late, None).alias(DAY))


def _check_within(people: PeopleFile, began_on: date | None) -> None:
    """Refuse what contradicts itself within the file; which row is right cannot be known."""
    repeated = people.frame.select("row", CODE, LOGIN, YEAR, DAY).filter(
        pl.col(CODE).is_duplicated() & pl.col(CODE).is_not_null()
    )
    years = repeated.filter(_differ(YEAR, CODE))
    days = repeated.filter(_differ(DAY, CODE, LOGIN) & pl.col(LOGIN).is_not_null())
    begins = pl.coalesce(DAY, pl.lit(began_on, dtype=pl.Date))
    people.refuse(
        people.frame.select(pl.col(YEAR) > begins.dt.year()).to_series(),
        "E-CLINIC-106",
        YEAR,
        what="The birth year lies after the first day of care",
        next_step="Correct one of the two",
    )
    row = people.frame["row"]
    people.refuse(
        row.is_in(years.filter(pl.col(YEAR).is_not_null())["row"].to_list()),
        "E-CLINIC-106",
        YEAR,
        what="The same client has different birth years in these rows",
        next_step="Correct it, or give the two people two codes",
        also=row.is_in(years["row"].to_list()),
    )
    people.refuse(
        row.is_in(days.filter(pl.col(DAY).is_not_null())["row"].to_list()),
        "E-CLINIC-106",
        DAY,
        what="The same client and therapist have different first days in these rows",
        next_step="Keep the row that is right",
        also=row.is_in(days["row"].to_list()),
    )


def _differ(column: str, *of: str) -> pl.Expr:
    return pl.col(column).min().over(of) != pl.col(column).max().over(of)
