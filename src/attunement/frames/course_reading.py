# SPDX-License-Identifier: Apache-2.0
"""Scores of people over sessions, in an order that depends on the scores alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from attunement.frames.course_errors import CourseError
from attunement.frames.named_table import NamedTable, open_named, rows_by_person
from attunement.frames.ruptures_cells import Floats, Ints
from attunement.frames.ruptures_errors import some
from attunement.signals.course import Courses
from attunement.signals.course.expected import FOLDS

COURSE_COLUMNS = (
    "expected",
    "sd",
    "low68",
    "high68",
    "low80",
    "high80",
    "position",
    "reason",
    "model_version",
)


@dataclass(frozen=True, slots=True)
class CourseRows:
    """People's scores as arrays, and where each row stood in the table.

    Parameters
    ----------
    courses : Courses
        Person after person, in an order that rests on the scores alone: so neither the order of
        rows nor people's names decide who is judged with whom.
    row : numpy.ndarray of int, shape (rows,)
        The position of each row in the table.
    ids : polars.Series
        The person of each row of the table, in the table's own order.
    names : polars.Series
        The people in the order of ``courses``.
    """

    courses: Courses
    row: Ints
    ids: pl.Series
    names: pl.Series


def read_courses(
    table: Any,
    *,
    person: str,
    session: str,
    score: str,
    features: Sequence[str],
    bounds: tuple[float, float],
) -> CourseRows:
    """Read one row per person and session.

    Raises
    ------
    CourseError
        E-FRAME-233 … E-FRAME-236.
    """
    columns: dict[str, str | None] = {"id": person, "session": session, "score": score}
    columns |= {f"features[{n}]": name for n, name in enumerate(features)}
    named = open_named(table, columns, taken=COURSE_COLUMNS)
    who, ids = named.people(person)
    when = named.sessions(session)
    scores = named.floats(score, bounds)
    known = [named.floats(name) for name in features]
    named.refuse()
    named.refuse_twice(who, when, unit="person", occasion="session")
    order, starts = rows_by_person(who, when)
    beginnings = [
        _one_each(named, name, cells, who, order)
        for name, cells in zip(features, known, strict=True)
    ]
    alike, part = by_content(scores[order], when[order], starts, beginnings)
    counts = np.diff(starts)[alike]
    placed = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    inner = np.arange(order.size) - np.repeat(placed[:-1], counts)
    row = order[np.repeat(starts[:-1][alike], counts) + inner]
    courses = Courses(
        scores=scores[row],
        sessions=when[row],
        starts=placed,
        features=np.column_stack([cells[alike] for cells in beginnings]) if beginnings else None,
        part=part,
    )
    return CourseRows(courses, row, named.frame[person], ids.gather(alike))


def by_content(
    scores: Floats, when: Ints, starts: Ints, more: Sequence[Floats]
) -> tuple[Ints, Ints]:
    """Return an order of the people that rests on what they scored, not on names or rows.

    Parameters
    ----------
    scores, when : numpy.ndarray, shape (rows,)
        Person after person, session after session.
    starts : numpy.ndarray of int, shape (people + 1,)
    more : sequence of numpy.ndarray, shape (people,)
        What else tells people with equal scores apart.

    Returns
    -------
    order : numpy.ndarray of int, shape (people,)
    part : numpy.ndarray of int, shape (people,)
        Which of ten parts each belongs to, in that order: neighbours fall into different parts,
        people who cannot be told apart into the same.
    """
    person = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    value = np.nan_to_num(scores)
    there = (~np.isnan(scores)).astype(np.float64)
    first = np.full(starts.size - 1, np.inf)
    begins = (when == 1) & ~np.isnan(scores)
    first[person[begins]] = scores[begins]
    sums = [
        np.bincount(person, weight, minlength=first.size)
        for weight in (there * when**2, there * when, value * when, value, there)
    ]
    keys = np.column_stack([*(np.nan_to_num(one, nan=np.inf) for one in more), *sums, first])
    order = np.lexsort(keys.T).astype(np.int64)
    new = np.any(keys[order][1:] != keys[order][:-1], axis=1)
    part = np.concatenate(([0], np.cumsum(new))).astype(np.int64)[: order.size] % FOLDS
    return order, part


def _one_each(named: NamedTable, name: str, cells: Floats, who: Ints, order: Ints) -> Floats:
    """Return what a column says of each person at the beginning; refuse what changes later."""
    found = np.full(int(who.max()) + 1, np.nan)
    there = order[~np.isnan(cells[order])]
    people, first = np.unique(who[there], return_index=True)
    found[people] = cells[there[first]]
    changed = ~np.isnan(cells) & (cells != found[who])
    if changed.any():
        rows = named.faults.number(np.flatnonzero(changed))
        raise CourseError(
            "E-FRAME-234",
            what=f"The feature '{name}' changes within a person",
            got=some(rows.tolist(), rows.size),
            expected="what was known of each person at the beginning, alike in all rows",
            next_step="Give a column that was known then; what came later may not be used",
        )
    return found
