# SPDX-License-Identifier: Apache-2.0
"""First and second scores of people, from a wide or a long table."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from attunement.frames.course_errors import CourseDirectionWarning, CourseError, not_offered
from attunement.frames.named_table import NamedTable, open_named, rows_by_person
from attunement.frames.ruptures_cells import Floats, Ints
from attunement.signals.change import Occasions

CHANGE_COLUMNS = (
    "method",
    "pre",
    "post",
    "change",
    "statistic",
    "category",
    "attainable",
    "reason",
)


@dataclass(frozen=True, slots=True)
class TwoScores:
    """Everybody's first and second score.

    Parameters
    ----------
    ids : polars.Series
        The people, in order of first appearance, under the name of their column.
    pre, post : numpy.ndarray, shape (people,)
        NaN where there is none.
    occasions : Occasions or None
        Every score of these people, where the table is long and its times are numbers.
    rows : int
        Rows of the table.
    said : str
        Which two occasions, in words.
    score_name : str
        What the score is called.
    """

    ids: pl.Series
    pre: Floats
    post: Floats
    occasions: Occasions | None
    rows: int
    said: str
    score_name: str


def read_two_scores(
    table: Any,
    *,
    person: str,
    pre: Any,
    post: Any,
    score: str | None,
    time: str | None,
    bounds: tuple[float, float] | None,
) -> TwoScores:
    """Read a table of one row per person, or with ``score`` and ``time`` of one per occasion.

    Raises
    ------
    CourseError
        E-FRAME-232 … E-FRAME-236.
    """
    if (score is None) != (time is None):
        raise not_offered(
            "score" if score is None else "time",
            None,
            "score= and time= together for a long table, neither for a wide one",
            "Name both columns; pre= and post= are then values of the time column",
        )
    if score is not None and time is not None:
        return _long(table, person, (pre, post), (score, time), bounds)
    for name, column in (("pre", pre), ("post", post)):
        if not isinstance(column, str):
            raise not_offered(
                name,
                column,
                "the name of a column of a wide table",
                "For a long table name score= and time= as well",
            )
    if pre == post:
        raise not_offered("post", post, "another column than pre=")
    return _wide(table, person, pre, post, bounds)


def _wide(
    table: Any, person: str, pre: str, post: str, bounds: tuple[float, float] | None
) -> TwoScores:
    _check_id(person)
    named = open_named(table, {"id": person, "pre": pre, "post": post})
    who, ids = named.people(person)
    first, second = named.floats(pre, bounds), named.floats(post, bounds)
    named.refuse()
    named.refuse_twice(who, np.zeros(who.size, np.int64), unit="person", occasion="row")
    said = f"from “{pre}” to “{post}”"
    return TwoScores(ids, first, second, None, named.height, said, post)


def _long(
    table: Any,
    person: str,
    ends: tuple[Any, Any],
    named_columns: tuple[str, str],
    bounds: tuple[float, float] | None,
) -> TwoScores:
    score, time = named_columns
    _check_id(person)
    named = open_named(table, {"id": person, "score": score, "time": time})
    who, ids = named.people(person)
    scores = named.floats(score, bounds)
    times, at = _times(named, time, ends)
    named.refuse()
    if times.dtype.kind == "f" and at[0] > at[1]:
        warnings.warn(
            f"pre= is a later time than post=: is it right that '{time}' counts backwards?",
            CourseDirectionWarning,
            stacklevel=4,
        )
    _, when = np.unique(times, return_inverse=True)
    named.refuse_twice(who, when.astype(np.int64), unit="person", occasion="time")
    found = [np.full(ids.len(), np.nan), np.full(ids.len(), np.nan)]
    for values, end, name, given in zip(found, at, ("pre", "post"), ends, strict=True):
        here = times == end
        if not here.any():
            raise CourseError(
                "E-FRAME-236",
                what=f"No row has the time that {name}= names",
                got=repr(given),
                expected=f"a value of the column '{time}'",
            )
        values[who[here]] = scores[here]
    occasions = None
    if times.dtype.kind == "f":
        order, starts = rows_by_person(who, when.astype(np.int64))
        occasions = Occasions(times[order], scores[order], starts)
    said = f"from {time} {ends[0]} to {ends[1]}"
    return TwoScores(ids, found[0], found[1], occasions, named.height, said, score)


def _check_id(person: str) -> None:
    if person in CHANGE_COLUMNS:
        raise CourseError(
            "E-FRAME-233",
            what=f"The column '{person}' has the name of a result column",
            next_step="Rename it",
        )


def _times(named: NamedTable, column: str, ends: tuple[Any, Any]) -> tuple[Any, tuple[Any, Any]]:
    """Return the times as numbers where they are, otherwise as words, and the two that count."""
    cells = named.frame[column]
    named.faults.add(cells.is_null().to_numpy(), column, "does not say when")
    if ends[0] == ends[1]:
        raise not_offered("post", ends[1], "another time than pre=")
    read = cells.cast(pl.Float64, strict=False) if _may_be_numbers(cells) else None
    if read is not None and not (read.is_null() & cells.is_not_null()).any():
        return named.floats(column), (_number(ends[0]), _number(ends[1]))
    words: Ints = cells.cast(pl.String).fill_null("").to_numpy()
    return words.astype(str), (str(ends[0]), str(ends[1]))


def _may_be_numbers(cells: pl.Series) -> bool:
    return cells.dtype == pl.String or cells.dtype.is_numeric()


def _number(end: Any) -> float:
    try:
        return float(end)
    except (TypeError, ValueError):
        return float("nan")
