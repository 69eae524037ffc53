# SPDX-License-Identifier: Apache-2.0
"""Turn a planned table into one row per rating, and mark what is wrong with each."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from attunement.errors import Problem, problem_at
from attunement.frames.ratings_cells import (
    numbers,
    perspectives,
    sessions,
    uses_decimal_comma,
)
from attunement.frames.ratings_dates import EARLIEST_YEAR, LATEST_YEAR, dates
from attunement.frames.ratings_errors import RatingsError
from attunement.frames.ratings_plan import Plan
from attunement.frames.ratings_source import Source

HALF = 0.5
ADVICE = {
    "impossible": ("There is no such day", "Correct the date"),
    "year": (f"The year is not one from {EARLIEST_YEAR} to {LATEST_YEAR}", "Correct the year"),
    "ambiguous": (
        "A date with slashes, or with a year of two digits, is never guessed",
        "Name the format, for example --date-format DD/MM/YYYY",
    ),
    "unreadable": ("Not a date", "Write it as year-month-day"),
}


@dataclass(slots=True)
class Rows:
    """One row per rating: row, column, dyad, session, date, perspective, measure, score, fault.

    ``fault`` is the code of what is wrong with the row, null where it can be used; a null score
    without a fault is a missing rating.
    """

    frame: pl.DataFrame
    problems: list[Problem] = field(default_factory=list)

    def refuse(
        self, where: pl.Series, code: str, *, column: str, what: str, next_step: str
    ) -> None:
        """Mark rows as left out, and tell it once with all their places."""
        where = where.fill_null(value=False)
        if not where.any():
            return
        rows = self.frame["row"].filter(where).unique(maintain_order=True).sort().to_list()
        self.problems.append(
            problem_at(
                code,
                rows,
                column=column,
                what=what,
                next_step=f"Left out. {next_step}",
                refused=True,
            )
        )
        self.frame = self.frame.with_columns(
            pl.when(pl.col("fault").is_null() & pl.lit(where))
            .then(pl.lit(code))
            .otherwise("fault")
            .alias("fault")
        )

    def usable(self) -> pl.DataFrame:
        """Return the rows without a fault."""
        return self.frame.filter(pl.col("fault").is_null())


def long_rows(
    source: Source, plan: Plan, date_format: str | None, scored: pl.DataFrame | None
) -> Rows:
    """Return one row per rating.

    Parameters
    ----------
    source : Source
        The table.
    plan : Plan
        Which columns are what; what is found on the way is said in it.
    date_format : str or None
        As the reader named it.
    scored : polars.DataFrame or None
        ``score`` and ``refused`` per row of the table, where items were scored; then
        ``plan.scores`` is not read.

    Returns
    -------
    Rows
        With every cell that cannot be read marked and told.

    Raises
    ------
    RatingsError
        E-FRAME-106 where the sessions can only be told from dates whose format is ambiguous.
    """
    base = pl.DataFrame({"row": source.row_numbers, "dyad": _dyads(source, plan)})
    faults: list[tuple[pl.Series, str, str, str, str]] = [
        (
            base["dyad"].is_null(),
            "E-FRAME-119",
            plan.dyad,
            "The row names no dyad",
            "Fill in whom the rating belongs to",
        )
    ]
    base = base.with_columns(
        _session_column(source, plan, faults),
        _date_column(source, plan, date_format, faults),
        _chair_column(source, plan, faults),
        (
            source.frame[plan.measure].cast(pl.String)
            if plan.measure
            else pl.Series([None], dtype=pl.String).new_from_index(0, base.height)
        ).alias("measure"),
        pl.lit(None, pl.String).alias("fault"),
    )
    rows = Rows(base, plan.remarks[:])
    for where, code, column, what, next_step in faults:
        rows.refuse(where, code, column=column, what=what, next_step=next_step)
    _spread(rows, source, plan, scored)
    if plan.session is None and plan.layout == "long":
        _number_by_date(rows, plan)
    return rows


def _dyads(source: Source, plan: Plan) -> pl.Series:
    def words(name: str) -> pl.Series:
        column = source.frame[name]
        if column.dtype.is_float() and bool((column == column.floor()).all()):
            column = column.cast(pl.Int64)
        text = column.cast(pl.String)
        return text.set(text.fill_null("") == "", None)

    dyads = words(plan.dyad)
    if plan.therapist is None:
        return dyads.alias("dyad")
    return (dyads + " · " + words(plan.therapist)).alias("dyad")


def _session_column(
    source: Source, plan: Plan, faults: list[tuple[pl.Series, str, str, str, str]]
) -> pl.Series:
    if plan.session is None:
        return pl.Series("session", [None], dtype=pl.Int64).new_from_index(0, source.frame.height)
    values, wrong, prefix = sessions(source.frame[plan.session])
    if prefix:
        plan.say("Session", f"“{prefix}” before each session number was left aside", "--session")
    faults.append(
        (
            wrong,
            "E-FRAME-113",
            plan.session,
            "The session is not a whole number from 0 to 99,999",
            "Number the sessions of each dyad",
        )
    )
    return values.alias("session")


def _date_column(
    source: Source,
    plan: Plan,
    date_format: str | None,
    faults: list[tuple[pl.Series, str, str, str, str]],
) -> pl.Series:
    none = pl.Series("date", [None], dtype=pl.Date).new_from_index(0, source.frame.height)
    if plan.date is None:
        return none
    column = source.frame[plan.date]
    values, wrong, how = dates(column, date_format)
    unclear = wrong == "ambiguous"
    if unclear.sum() > HALF * column.count():
        if plan.session is None:
            raise RatingsError(
                code="E-FRAME-106",
                what=f"the dates in “{plan.date}” are written in a way that is never guessed",
                got="slashes, or years of two digits: is the day first, or the month?",
                expected="year-month-day, or day.month.year with four digits for the year",
                next_step="Name the format, for example --date-format DD/MM/YYYY",
            )
        plan.remarks.append(
            problem_at(
                "E-FRAME-117",
                source.row_numbers.filter(unclear.fill_null(value=False)).to_list(),
                column=plan.date,
                what="Dates with slashes, or with years of two digits, are never guessed and "
                "were not used",
                next_step="Name the format, for example --date-format DD/MM/YYYY",
                refused=False,
            )
        )
        return none
    if how:
        plan.say("Date", f"Dates in “{plan.date}” with points were read as {how}", "--date-format")
    advice = dict(ADVICE)
    if date_format is not None:
        advice["unreadable"] = (
            f"Not a date as {date_format.strip()} asks for",
            "Correct the date, or name the format that it has with --date-format",
        )
    for kind, (what, next_step) in advice.items():
        faults.append(
            (
                wrong == kind,
                "E-FRAME-117" if kind == "ambiguous" else "E-FRAME-116",
                plan.date,
                what,
                next_step,
            )
        )
    return values.alias("date")


def _chair_column(
    source: Source, plan: Plan, faults: list[tuple[pl.Series, str, str, str, str]]
) -> pl.Series:
    if plan.perspective is None:
        return pl.Series("perspective", [plan.chair]).new_from_index(0, source.frame.height)
    values, wrong = perspectives(source.frame[plan.perspective])
    faults.append(
        (
            wrong,
            "E-FRAME-118",
            plan.perspective,
            "It is not known who rated",
            "Write client, therapist, observer or caregiver",
        )
    )
    return values.alias("perspective")


def _spread(rows: Rows, source: Source, plan: Plan, scored: pl.DataFrame | None) -> None:
    """Read each score column, mark its faults, and put the columns below one another."""
    if scored is not None:
        bad = pl.col("fault").is_null() & pl.lit(scored["refused"])
        rows.frame = rows.frame.with_columns(
            scored["score"],
            pl.lit(plan.score_name).alias("column"),
            pl.when(bad).then(pl.lit("E-FRAME-120")).otherwise("fault").alias("fault"),
        )
        return
    parts: list[pl.DataFrame] = []
    for name, session, chair in plan.scores:
        column = source.frame[name]
        comma = uses_decimal_comma(column, source.decimal)
        values, wrong = numbers(column, comma=comma)
        part = Rows(rows.frame)
        for what in wrong.drop_nulls().unique(maintain_order=True).to_list():
            part.refuse(
                wrong == what,
                "E-FRAME-110",
                column=name,
                what=what,
                next_step="Write a plain number such as 3.5, or leave the cell blank",
            )
        rows.problems.extend(part.problems)
        told = [pl.lit(session, pl.Int64).alias("session")] if session is not None else []
        told += [pl.lit(chair).alias("perspective")] if chair else []
        parts.append(
            part.frame.with_columns(values.alias("score"), pl.lit(name).alias("column"), *told)
        )
    rows.frame = pl.concat(parts)


def _number_by_date(rows: Rows, plan: Plan) -> None:
    rows.refuse(
        rows.frame["date"].is_null() & rows.frame["fault"].is_null(),
        "E-FRAME-116",
        column=plan.date or "",
        what="The row has no date, and no column numbers the sessions",
        next_step="Fill in the date",
    )
    plan.say("Session", f"Sessions are numbered by the dates in “{plan.date}”", "--session")
    day = pl.when(pl.col("fault").is_null()).then("date")
    rows.frame = rows.frame.with_columns(
        day.rank("dense").over("dyad").cast(pl.Int64).alias("session")
    )
