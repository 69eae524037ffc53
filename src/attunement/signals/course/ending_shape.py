# SPDX-License-Identifier: Apache-2.0
"""A hazard of endings beside what really happened: by session, and by tenth of the chances."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attunement.signals.batch import BoolArray, IntArray
from attunement.signals.course.ending import Ending, Episodes
from attunement.signals.series import FloatArray

GROUPS = 10
FEWEST_AT_RISK = 20
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Compared:
    """Groups of attended sessions: what the model said of them, and what came.

    Parameters
    ----------
    place : int
        The session's number among those attended, or the group's, from the smallest chances (1).
    n, events : int
        Sessions in it, and unplanned endings at them.
    said : float
        Mean of the chances that the model gave, 0 to 1.
    """

    place: int
    n: int
    events: int
    said: float

    @property
    def came(self) -> float:
        """Share of the sessions at which the episode ended unplanned."""
        return self.events / self.n

    @property
    def verdict(self) -> int:
        """1 where more ended than was said, −1 where fewer, by more than chance (95 %); else 0."""
        spread = math.sqrt(self.n * self.said * (1.0 - self.said))
        more = self.events - self.n * self.said
        if abs(more) <= _Z * spread:
            return 0
        return 1 if more > 0 else -1


def hazard_by_session(
    episodes: Episodes, probability: FloatArray, *, fewest: int = FEWEST_AT_RISK
) -> tuple[Compared, ...]:
    """Return what was said and what came at each attended session, as far as enough were there.

    Parameters
    ----------
    episodes : Episodes
    probability : numpy.ndarray, shape (rows,)
        Out of sample, NaN where a session did not take place (`EndingHazard.probability`).
    fewest : int
        The first session with fewer still in therapy ends the list.
    """
    there, event, number = _at_risk(episodes)
    said = probability[there]
    found = []
    for place in range(1, int(number.max(initial=0)) + 1):
        here = number == place
        n = int(here.sum())
        if n < fewest:
            break
        found.append(Compared(place, n, int(event[here].sum()), float(said[here].mean())))
    return tuple(found)


def calibration_groups(
    episodes: Episodes, probability: FloatArray, *, groups: int = GROUPS
) -> tuple[Compared, ...]:
    """Return what was said and what came in tenths of the sessions, ordered by their chance.

    Sessions of one chance may fall into two neighbouring groups: each group is as large as the
    others, to one.
    """
    there, event, _ = _at_risk(episodes)
    said = probability[there]
    order = np.argsort(said, kind="stable")
    parts = [part for part in np.array_split(order, groups) if part.size]
    return tuple(
        Compared(place, int(part.size), int(event[part].sum()), float(said[part].mean()))
        for place, part in enumerate(parts, start=1)
    )


def _at_risk(episodes: Episodes) -> tuple[IntArray, BoolArray, IntArray]:
    """Return the rows that took place, whether an unplanned ending came, and their numbers."""
    row = np.flatnonzero(episodes.attended)
    episode = np.repeat(np.arange(episodes.ending.size), np.diff(episodes.starts))[row]
    last = np.ones(row.size, dtype=np.bool_)
    last[:-1] = episode[1:] != episode[:-1]
    first = np.ones(row.size, dtype=np.bool_)
    first[1:] = last[:-1]
    began = np.maximum.accumulate(np.where(first, np.arange(row.size), 0))
    event = last & (episodes.ending[episode] == Ending.UNPLANNED)
    return row, event, np.arange(row.size) - began + 1
