# SPDX-License-Identifier: Apache-2.0
"""What is usual in a table: learned from its own dyads where there are enough of them.

Which dyads a large table is learned from follows from their names alone, so that every engine and
every order of the rows gives the same model.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import polars as pl

from attunement.frames.ruptures_request import HOUSE, PRIOR, Question, Usual, with_model
from attunement.frames.ruptures_rows import Rows
from attunement.signals.house import learn_house
from attunement.signals.house.learning import MOST_DYADS, pick

# From so many dyads on, a table says more of itself than a prior does, and what it says moves an
# asked rate of 10 % by less than its own sampling error.
FEWEST: Final = 200


def wanted(question: Question, usual: Usual) -> bool:
    """Return whether a model may have to be learned: asked for, or the house rule without one."""
    if isinstance(usual, str):
        return usual != PRIOR
    return usual is None and any(rule.detector == HOUSE for rule in question.rules)


def enough(names: int, usual: Usual) -> bool:
    """Return whether a table of so many dyads is learned from."""
    return isinstance(usual, str) or names >= FEWEST


def digest(name: Any) -> int:
    """Return a number that follows from a dyad's name, the same everywhere."""
    return zlib.crc32(str(name).encode())


@dataclass(slots=True)
class Chosen:
    """The dyads of a table to learn from: those with the smallest digests, at most 2,000."""

    most: int = MOST_DYADS
    names: set[Any] = field(default_factory=set)
    _bar: int = 1 << 32

    def add(self, names: Iterable[Any]) -> None:
        """Take the names of a part of the table; a name may come twice."""
        self.names.update(name for name in names if name is not None and digest(name) <= self._bar)
        if len(self.names) > self.most:
            kept = heapq.nsmallest(self.most, self.names, key=_order)
            self.names = set(kept)
            self._bar = digest(kept[-1])


def _order(name: Any) -> tuple[int, str]:
    return digest(name), str(name)


def settled(rows: Rows, question: Question, usual: Usual) -> Question:
    """Return the question with what is usual: given, learned from these rows, or the prior."""
    return (
        learned(rows, question, usual)
        if wanted(question, usual)
        else without_learning(question, usual)
    )


def without_learning(question: Question, usual: Usual) -> Question:
    """Return the question with the model that was given, or with the prior."""
    return with_model(question, None) if usual is None or isinstance(usual, str) else question


def learned(rows: Rows, question: Question, usual: Usual) -> Question:
    """Return the question with a model of these rows, or with the prior where they are few.

    The model rests on later sessions as well as on earlier ones, and its source says so.
    """
    names = rows.names.to_pylist()
    chosen = Chosen()
    chosen.add(names)
    if not enough(len(names), usual):
        return with_model(question, None)
    series = [
        (_order(names[at]), place)
        for place, at in enumerate(rows.dyad.tolist())
        if names[at] in chosen.names
    ]
    places = np.array([place for _, place in sorted(series)], dtype=np.int64)
    model = learn_house(pick(rows.batch, places))
    said = f"{model.source}; learned from this table, later sessions included"
    return with_model(question, replace(model, source=said))


def only(frame: pl.DataFrame, dyad: str, names: Iterable[Any]) -> pl.DataFrame:
    """Return the rows of some dyads.

    They are gathered, not filtered: a filter leaves room for the whole frame with the few rows
    that it keeps, which over the parts of a large file is all of the file.
    """
    kept = pl.Series(list(names)).cast(frame[dyad].dtype, strict=False)
    return frame[frame[dyad].is_in(kept.implode()).arg_true()]
