# SPDX-License-Identifier: Apache-2.0
"""One chair's scores, session by session."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attunement.signals.errors import SignalError

FloatArray = NDArray[np.float64]

# A score counts as lying on the scale, or at its end, within this share of the scale's range:
# it only absorbs the rounding of binary fractions.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Series:
    """The scores of one person of one dyad on one version of one measure.

    Parameters
    ----------
    sessions : tuple of int
        Session numbers, strictly increasing. A cancelled session may be left out or given as
        ``None``; a session that took place without a form is given as ``None``.
    values : tuple of float or None
        The score of each session in the measure's own units; ``None`` where there is none.
        Missing is not zero, and NaN is refused.
    minimum, maximum : float
        The ends of the scale.
    step : float
        The smallest step between two possible scores (1/7 for a mean of seven whole answers);
        0 for a continuous score.
    higher_is_better : bool
        The direction of the measure.

    Raises
    ------
    SignalError
        ``E-SIGNAL-001`` … ``E-SIGNAL-004``. The message names the session, never the score.

    Notes
    -----
    A new version of a measure begins a new series: the two are not on one scale.
    """

    sessions: tuple[int, ...]
    values: tuple[float | None, ...]
    minimum: float
    maximum: float
    step: float = 0.0
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be a series."""
        _check_scale(self.minimum, self.maximum, self.step)
        if len(self.sessions) != len(self.values):
            raise SignalError(
                "E-SIGNAL-001",
                what="the sessions and the values of a series do not pair up",
                got=f"{len(self.sessions)} session numbers and {len(self.values)} values",
                expected="one value, or None, for each session",
                next_step="Give None for a session without a form",
            )
        for before, after in zip(self.sessions, self.sessions[1:], strict=False):
            if after <= before:
                raise SignalError(
                    "E-SIGNAL-002",
                    what="the session numbers of a series are not strictly increasing",
                    got=f"session {after} after session {before}",
                    expected="each session once, in order",
                    next_step="Sort by session number and settle doubled sessions first",
                )
        slack = TOLERANCE * (self.maximum - self.minimum)
        for session, value in zip(self.sessions, self.values, strict=True):
            if value is None:
                continue
            if not self.minimum - slack <= value <= self.maximum + slack:
                kind = "not a number" if math.isnan(value) else "off the scale"
                raise SignalError(
                    "E-SIGNAL-003",
                    what=f"the score of session {session} cannot be used",
                    got=f"a score that is {kind}",
                    expected=f"a number from {self.minimum:g} to {self.maximum:g}, or None",
                    next_step="Give None for a missing form, or check the measure's range",
                )

    @property
    def n_scores(self) -> int:
        """Number of sessions that have a score."""
        return sum(value is not None for value in self.values)

    @property
    def best(self) -> float:
        """The best possible score: the maximum, or the minimum where lower is better."""
        return self.maximum if self.higher_is_better else self.minimum

    def at_best_share(self) -> float | None:
        """Share of the scores that sit at the best end (ceiling share); None without scores."""
        scores = [value for value in self.values if value is not None]
        if not scores:
            return None
        slack = TOLERANCE * (self.maximum - self.minimum)
        return sum(abs(value - self.best) <= slack for value in scores) / len(scores)

    def upward(self) -> FloatArray:
        """Return the scores turned so that higher is better; shape (sessions,), NaN = no score.

        Where lower is better a score x becomes minimum + maximum − x, which keeps the range.
        """
        raw = np.array([math.nan if value is None else value for value in self.values])
        scores = np.clip(raw.astype(np.float64), self.minimum, self.maximum)
        return scores if self.higher_is_better else self.minimum + self.maximum - scores

    def as_scored(self, upward: float) -> float:
        """Turn a number on the higher-is-better axis back into the measure's own units."""
        return upward if self.higher_is_better else self.minimum + self.maximum - upward


def _check_scale(minimum: float, maximum: float, step: float = 0.0) -> None:
    """Refuse ends that are not numbers or not in order, and a step that is no step."""
    if not (math.isfinite(minimum) and math.isfinite(maximum) and minimum < maximum):
        raise SignalError(
            "E-SIGNAL-004",
            what="the ends of the scale cannot be used",
            got=f"minimum {minimum!r} and maximum {maximum!r}",
            expected="two numbers, the minimum below the maximum",
            next_step="Take the range from the measure's definition",
        )
    if not 0.0 <= step <= maximum - minimum:
        raise SignalError(
            "E-SIGNAL-004",
            what="the step of the scale cannot be used",
            got=f"step {step!r}",
            expected=f"a number from 0 (continuous) to {maximum - minimum:g}",
            next_step="Give the smallest difference between two possible scores",
        )
