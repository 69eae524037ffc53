# SPDX-License-Identifier: Apache-2.0
"""Both rates of a rule for a series at hand, from the shipped tables and nothing else.

For a process that has no compiler and no time: where the tables do not reach there is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from attunement.signals.archive import Archive
from attunement.signals.rates.axes import USUALLY_ASKED
from attunement.signals.rates.likeness import tabled_hit, tabled_null
from attunement.signals.rates.world import Dip
from attunement.signals.rules import Rule
from attunement.signals.series import Series
from attunement.signals.wording import count

_SHORT, _LONGER = 6, 8  # a series shorter than this has no place for a dip: this many sessions then
_HALF_PER_CENT = 0.005


@dataclass(frozen=True, slots=True)
class AtHand:
    """How often a rule asks in series like one at hand, without and with a stated dip.

    Parameters
    ----------
    null : float
        Share of stable series of this length, missingness, distance to the ceiling and spread
        that are flagged at least once, 0 to 1.
    hit : float
        Share of dips flagged while they are on.
    length, n_missing : int
        Sessions of the series, and how many of them have no score.
    hit_length : int
        Sessions of the series that the dips were put into: ``length``, or 8 for a shorter one.
    dip : Dip
    points : float
        The depth of the dip in points.
    """

    null: float
    hit: float
    length: int
    n_missing: int
    hit_length: int
    dip: Dip
    points: float

    @property
    def null_sentence(self) -> str:
        """The null rate in one plain sentence, with "it" for the rule."""
        gaps = f", {self.n_missing} without a score" if self.n_missing else ""
        return (
            f"In 100 series like this one ({count(self.length, 'session')}{gaps}; as near to the "
            "best end, as much up and down) in which nothing is wrong, it would ask "
            f"{_times(self.null)} at least once."
        )

    @property
    def hit_sentence(self) -> str:
        """The hit rate in one plain sentence, with "it" for the rule."""
        return (
            f"In 100 such series of {self.hit_length} sessions with "
            f"{self.dip.words(self.hit_length)} ({self.points:.2g} points), it would ask "
            f"{_times(self.hit)} while it is on."
        )


def rates_at_hand(
    rule: Rule,
    like: Series,
    archive: Archive,
    *,
    asked_null: float | None = None,
    dip: Dip | None = None,
) -> AtHand | None:
    """Return both rates for a series, or None where the tables do not reach it.

    Parameters
    ----------
    rule : Rule
        A rule over one series of totals.
    like : Series
        The series at hand. The house rule's other channels are not read.
    archive : Archive
        What is usual, in the units of the series.
    asked_null : float, optional
        What the house rule is asked for within 12 sessions; by default one in ten.
    dip : Dip, optional
        By default 2.5 usual SDs for one session, at the first of the second half.

    Notes
    -----
    The tables hold the house rule asked for 2, 5, 10, 20, 30 and 50 in 100 within 12 sessions;
    between two of them, and down to 1 in 100, both rates lie on a straight line on the probit
    scale.
    """
    asked = USUALLY_ASKED if asked_null is None else asked_null
    return _rates(rule, like, archive, asked, dip or Dip())


@lru_cache(maxsize=1024)
def _rates(rule: Rule, like: Series, archive: Archive, asked: float, dip: Dip) -> AtHand | None:
    null = tabled_null(rule, like, archive, asked)
    length = len(like.sessions)
    hit_length = length if length >= _SHORT else _LONGER
    hit = tabled_hit(rule, like, archive, dip, length=hit_length, asked=asked)
    if null is None or hit is None:
        return None
    noise = max(archive.within_sd, 0.5 * like.step)
    missing = length - like.n_scores
    return AtHand(null, hit, length, missing, hit_length, dip, dip.depth * noise)


def _times(share: float) -> str:
    return "in fewer than 1" if share < _HALF_PER_CENT else f"in about {round(100 * share)}"
