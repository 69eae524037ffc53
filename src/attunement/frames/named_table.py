# SPDX-License-Identifier: Apache-2.0
"""Any table with columns that were named: opened, checked, read cell by cell, refused in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from attunement.frames.course_errors import CourseError
from attunement.frames.gains_reading import MISSING_TEXT, opened
from attunement.frames.ratings_cells import numbers, uses_decimal_comma
from attunement.frames.ratings_source import open_source
from attunement.frames.ruptures_cells import Faults, Floats, Ints, codes, floats, whole
from attunement.frames.ruptures_errors import LISTED, RupturesError, some

_SHOWN = 12  # columns that a message lists


@dataclass(frozen=True, slots=True)
class NamedTable:
    """The columns of a table that were named, and every mistake found in them so far.

    Parameters
    ----------
    frame : polars.DataFrame
        The named columns; empty cells and "NA" in text are missing.
    decimal : str
        The decimal sign of a text file.
    faults : Faults
        Collects cells that cannot be used.
    """

    frame: pl.DataFrame
    decimal: str
    faults: Faults = field(repr=False)

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.frame.height

    def floats(self, column: str, bounds: tuple[float, float] | None = None) -> Floats:
        """Read scores: NaN where there is none."""
        cells = self.frame[column]
        if uses_decimal_comma(cells, self.decimal):
            read, said = numbers(cells, comma=True)
            for what in said.drop_nulls().unique().sort():
                wrong = (said == what).fill_null(value=False).to_numpy()
                self.faults.add(wrong, column, what[:1].lower() + what[1:])
            cells = read.alias(column)
        return floats(cells, self.faults, bounds=bounds)

    def sessions(self, column: str) -> Ints:
        """Read session numbers: whole numbers from 1 on."""
        before = self.faults.total
        read = whole(self.frame[column], self.faults)
        if self.faults.total == before:
            self.faults.add(read < 1, column, "below 1; session 1 is the beginning")
        return read

    def people(self, column: str, what: str = "whose row it is") -> tuple[Ints, pl.Series]:
        """Give the people numbers in order of first appearance, and return them beside."""
        try:
            numbered, names = codes(self.frame[column], self.faults, what=what)
        except RupturesError as refusal:
            raise CourseError(
                "E-FRAME-234", what=refusal.what, got=refusal.got, expected=refusal.expected
            ) from refusal
        return numbered, pl.Series(column, names)

    def refuse(self) -> None:
        """Refuse the table if any cell cannot be used.

        Raises
        ------
        CourseError
            E-FRAME-234, with the first 20 cells.
        """
        if not self.faults.total:
            return
        shown = tuple(sorted(self.faults.problems, key=lambda one: one.row)[:LISTED])
        more = self.faults.total - len(shown)
        cells = "; ".join(f"row {one.row}, column '{one.column}': {one.what}" for one in shown)
        refusal = CourseError(
            "E-FRAME-234",
            what=f"{self.faults.total} cell{'s' if self.faults.total != 1 else ''} cannot be used",
            got=cells + (f"; and {more} more" if more else ""),
            next_step="Correct them; leave a score empty where there was no form",
        )
        refusal.problems = shown
        raise refusal

    def refuse_twice(self, who: Ints, when: Ints, *, unit: str, occasion: str) -> None:
        """Refuse a table in which a person has an occasion twice.

        Raises
        ------
        CourseError
            E-FRAME-235.
        """
        order = np.lexsort((when, who))
        same = (np.diff(who[order]) == 0) & (np.diff(when[order]) == 0)
        if not same.any():
            return
        rows = self.faults.number(np.sort(order[1:][same]))
        raise CourseError(
            "E-FRAME-235",
            what=f"A {unit} has the same {occasion} twice",
            got=some(rows.tolist(), rows.size),
            expected=f"one row for each {unit} and {occasion}",
            next_step="Keep one of them; if the table holds both chairs, keep one chair's rows",
        )


def open_named(
    table: Any, columns: Mapping[str, str | None], *, taken: Iterable[str] = ()
) -> NamedTable:
    """Open any table and keep the columns that were named.

    Parameters
    ----------
    table : data frame, path or attunement.exchange.Table
    columns : mapping
        What each is for, to its name; None where none was named.
    taken : iterable of str
        Names of result columns, which a named key may not have.

    Raises
    ------
    CourseError
        E-FRAME-233, E-FRAME-236 if the table has no rows.
    """
    source = open_source(opened(table, None)[0])
    broken = tuple(problem for problem in source.problems if problem.refused)
    if broken:
        refusal = CourseError(
            "E-FRAME-234",
            what="Some rows of the file cannot be read",
            got="; ".join(f"row {one.row}: {one.what} ({one.count} in all)" for one in broken),
            next_step="Mend these rows; nothing was judged",
        )
        refusal.problems = broken
        raise refusal
    named = {role: name for role, name in columns.items() if name is not None}
    for role, name in named.items():
        if name not in source.columns:
            listed = ", ".join(f"'{one}'" for one in source.columns[:_SHOWN])
            raise CourseError(
                "E-FRAME-233",
                what=f"There is no column '{name}'",
                got=f"the columns {listed}",
                next_step=f"Name the right one: {role}='…'",
            )
    clash = sorted(set(taken) & set(named.values()))
    if clash:
        raise CourseError(
            "E-FRAME-233",
            what=f"The column '{clash[0]}' has the name of a result column",
            next_step="Rename it",
        )
    if not source.frame.height:
        raise CourseError("E-FRAME-236", what="The table has no rows")
    frame = source.frame.select(list(dict.fromkeys(named.values())))
    frame = frame.with_columns(
        pl.col(pl.String).str.strip_chars().replace(dict.fromkeys(MISSING_TEXT))
    )
    return NamedTable(frame, source.decimal, Faults(source.row_numbers.to_numpy()))


def rows_by_person(who: Ints, when: Ints) -> tuple[Ints, Ints]:
    """Return the rows person after person in the order of time, and where each person begins."""
    order = np.lexsort((when, who))
    n_people = int(who.max()) + 1 if who.size else 0
    counts = np.bincount(who, minlength=n_people)
    return order, np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
