# SPDX-License-Identifier: Apache-2.0
"""Put sessions on a line without holes, so that neighbours in memory are neighbours in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attunement.signals.batch import IntArray
from attunement.signals.errors import SignalError
from attunement.signals.series import FloatArray

FREE = 10_000_000  # so many places are given without asking how many rows there are
MOST_PER_ROW = 100


@dataclass(frozen=True, slots=True)
class Grid:
    """Scores of many persons, one place per session number.

    Attributes
    ----------
    values : numpy.ndarray of float64, shape (places,)
        NaN where there is no score, whether a row says so or there is none.
    sessions : numpy.ndarray of int64, shape (places,)
    starts : numpy.ndarray of int64, shape (persons + 1,)
    """

    values: FloatArray
    sessions: IntArray
    starts: IntArray

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return int(self.starts.size) - 1

    def person_of(self, rows: IntArray) -> IntArray:
        """Return the position of the person that each place belongs to."""
        return np.asarray(np.searchsorted(self.starts, rows, side="right") - 1)


def make_grid(values: FloatArray, sessions: IntArray, starts: IntArray, *, close: bool) -> Grid:
    """Return scores with one place for every session number from a person's first to last row.

    Parameters
    ----------
    values, sessions, starts : numpy.ndarray
        As of a `Batch`.
    close : bool
        Take the scores in their order, whichever numbers lie between: no place is without one.

    Raises
    ------
    SignalError
        ``E-SIGNAL-002`` where session numbers do not rise within a person; ``E-SIGNAL-021`` where
        they leave so many holes that they can be no session numbers.
    """
    _check_order(sessions, starts)
    if close:
        return _closed(values, sessions, starts)
    sizes = np.diff(starts)
    full = sizes > 0
    first, last = starts[:-1][full], starts[1:][full] - 1
    places = np.zeros(sizes.size, dtype=np.int64)
    places[full] = sessions[last] - sessions[first] + 1
    total = int(places.sum())
    if total == values.size:
        return Grid(values, sessions, starts)
    if total > max(FREE, MOST_PER_ROW * values.size):
        raise SignalError(
            "E-SIGNAL-021",
            what="the session numbers leave too many holes",
            got=f"{total} numbers from the first to the last session of each person, for "
            f"{values.size} rows",
            expected="sessions numbered 1, 2, 3 …",
            next_step="Number the sessions, or take the scores in their order: gaps='close'",
        )
    new_starts = np.concatenate(([0], np.cumsum(places)))
    person = np.repeat(np.arange(sizes.size), sizes)
    begin = np.zeros(sizes.size, dtype=np.int64)
    begin[full] = sessions[first]
    spread = np.full(total, np.nan)
    spread[new_starts[person] + sessions - begin[person]] = values
    numbers = np.arange(total) - np.repeat(new_starts[:-1] - begin, places)
    return Grid(spread, numbers, new_starts)


def _closed(values: FloatArray, sessions: IntArray, starts: IntArray) -> Grid:
    there = ~np.isnan(values)
    before = np.concatenate(([0], np.cumsum(there)))
    return Grid(values[there], sessions[there], before[starts].astype(np.int64))


def _check_order(sessions: IntArray, starts: IntArray) -> None:
    rising: NDArray[np.bool_] = np.ones(sessions.size, dtype=np.bool_)
    rising[1:] = np.diff(sessions) > 0
    inner = starts[:-1]
    rising[inner[inner < rising.size]] = True
    if not rising.all():
        raise SignalError(
            "E-SIGNAL-002",
            what="the session numbers of a person are not strictly increasing",
            got=f"row {int(np.argmin(rising))} (counted from 0) does not come after the last",
            expected="each session once, in order",
            next_step="Sort by person and session and settle doubled sessions first",
        )
