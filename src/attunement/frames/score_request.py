# SPDX-License-Identifier: Apache-2.0
"""What was asked for, checked once: which measure, which columns, how cells are read."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from attunement.frames.score_answers import AnswerReader
from attunement.frames.score_batch import result_columns
from attunement.frames.score_columns import (
    ITEM_COLUMN,
    MEASURE_COLUMN,
    VALUE_COLUMNS,
    check_keys,
    find_wide,
    is_long,
)
from attunement.frames.score_errors import ColumnGuessWarning, ScoreFrameError
from attunement.frames.score_tally import Tally
from attunement.measures import as_measure, load_text
from attunement.measures.schema import Measure
from attunement.scoring import make_plan

LAYOUTS = ("auto", "wide", "long")
LABELS = ("auto", "numbers", "text")


@dataclass(frozen=True, slots=True)
class Request:
    """Everything about a call but the table itself."""

    reader: AnswerReader
    keys: tuple[str, ...] | None
    items: Mapping[str, str] | None
    layout: str
    row_numbers: npt.NDArray[np.int64] | int  # of each row, or of the first one
    first_row: int

    @property
    def measure(self) -> Measure:
        """The measure."""
        return self.reader.measure

    @property
    def name(self) -> str:
        """The measure's id and version, as the result says it."""
        return f"{self.measure.id}@{self.measure.version}"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table's columns are used.

    ``items`` is item id to column for a wide table; a long one has ``item`` and ``value`` (and
    ``measure``, where it holds answers to several).
    """

    keys: tuple[str, ...]
    items: Mapping[str, str]
    value: str = ""
    measure: str = ""

    @property
    def long(self) -> bool:
        """Whether there is one row per answer."""
        return bool(self.value)


def make_request(
    measure: str | Measure,
    *,
    keys: str | Sequence[str] | None,
    items: Mapping[str, str] | None,
    layout: str,
    labels: str,
    language: str,
    missing: Sequence[float],
    row_numbers: npt.NDArray[np.int64] | None,
    first_row: int,
    tally: Tally | None = None,
) -> Request:
    """Check the arguments and load what they name."""
    for what, value, offered in (("layout", layout, LAYOUTS), ("labels", labels, LABELS)):
        if value not in offered:
            raise ScoreFrameError(
                "E-FRAME-011",
                what=f"{what} cannot be '{value}'",
                expected=" or ".join(f"'{one}'" for one in offered),
            )
    measure = as_measure(measure)
    if not measure.scales:
        raise ScoreFrameError(
            "E-FRAME-011",
            what=f"'{measure.id}' has no scale, so there is nothing to score",
            next_step="'attunement measures show' lists a measure's scales",
        )
    bundle = load_text(measure, language) if labels != "numbers" else None
    plan = make_plan(measure)
    return Request(
        reader=AnswerReader(
            plan, labels, bundle, tuple(float(mark) for mark in missing), tally or Tally()
        ),
        keys=None if keys is None else (keys,) if isinstance(keys, str) else tuple(keys),
        items=items,
        layout=layout,
        row_numbers=first_row if row_numbers is None else row_numbers,
        first_row=first_row if row_numbers is None else 2,  # a message then counts the header
    )


def choose_layout(request: Request, columns: Sequence[str]) -> Layout:
    """Decide how the columns are used; a guess is said as a ``ColumnGuessWarning``."""
    long = request.layout == "long"
    if request.layout == "auto" and request.items is None and is_long(columns):
        exact = {item.id for item in request.measure.items} & set(columns)
        long = not exact
    made = _long(request, columns) if long else _wide(request, columns)
    check_keys(made.keys, columns, result_columns(request.measure))
    return made


def _wide(request: Request, columns: Sequence[str]) -> Layout:
    found = find_wide(columns, request.measure, request.items)
    if found.guess:
        warnings.warn(
            f"{found.guess}. Say so yourself with items={{…}}.",
            ColumnGuessWarning,
            stacklevel=6,
        )
    taken = set(found.items.values())
    rest = tuple(column for column in columns if column not in taken)
    return Layout(keys=rest if request.keys is None else request.keys, items=found.items)


def _long(request: Request, columns: Sequence[str]) -> Layout:
    values = [name for name in VALUE_COLUMNS if name in columns]
    if ITEM_COLUMN not in columns or len(values) != 1:
        raise ScoreFrameError(
            "E-FRAME-007",
            what="A long table needs a column 'item' and one column 'value' (or 'answer')",
            got=", ".join(f"'{name}'" for name in columns[:12]),
            next_step="Rename the columns, or give layout='wide'",
        )
    measure = MEASURE_COLUMN if MEASURE_COLUMN in columns else ""
    taken = {ITEM_COLUMN, values[0], measure}
    rest = tuple(column for column in columns if column not in taken)
    keys = rest if request.keys is None else request.keys
    return Layout(keys=keys, items={}, value=values[0], measure=measure)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
