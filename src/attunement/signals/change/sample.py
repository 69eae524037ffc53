# SPDX-License-Identifier: Apache-2.0
"""What the formulas of reliable change need to know of the people and of the measure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attunement.signals.errors import SignalError
from attunement.signals.series import FloatArray

_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Norms:
    """Mean and SD of a population; ``None`` where they are not known."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        """Refuse an SD that is none."""
        if not (math.isfinite(self.mean) and math.isfinite(self.sd) and self.sd > 0):
            raise SignalError(
                "E-SIGNAL-030",
                what="the norms of a population cannot be used",
                got="a mean or an SD that is not a number, or an SD of 0 or less",
                expected="a finite mean and an SD above 0",
                next_step="Take both from one published sample",
            )


@dataclass(frozen=True, slots=True)
class Sample:
    """The two occasions of a group, and how reliable the measure is.

    Parameters
    ----------
    pre, post : Norms
        Mean and SD at both occasions, of those who have both scores.
    correlation : float
        Of pre and post in the same people; NaN where it cannot be told.
    reliability, reliability_post : float
        0 < r < 1; test-retest for Jacobson–Truax.
    n : int
        People with both scores; 0 where the norms were given and not taken from these people.
    """

    pre: Norms
    post: Norms
    correlation: float
    reliability: float
    reliability_post: float
    n: int

    @property
    def error(self) -> float:
        """The standard error of measurement S·√(1 − r)."""
        return self.pre.sd * math.sqrt(1.0 - self.reliability)


def sample_of(
    pre: FloatArray,
    post: FloatArray,
    *,
    reliability: float,
    reliability_post: float | None = None,
    norms: Norms | None = None,
) -> Sample:
    """Describe the people who have both scores.

    Parameters
    ----------
    pre, post : numpy.ndarray, shape (people,)
        NaN = missing.
    reliability, reliability_post : float
        Of the measure; the second is that of the second occasion (the first's by default).
    norms : Norms, optional
        Mean and SD of the population at the first occasion, instead of these people's own.

    Raises
    ------
    SignalError
        ``E-SIGNAL-030`` for a reliability outside 0 and 1, for fewer than two people with both
        scores, or for people without any spread.
    """
    after = reliability if reliability_post is None else reliability_post
    for value in (reliability, after):
        if not 0.0 < value < 1.0:
            raise SignalError(
                "E-SIGNAL-030",
                what="the reliability cannot be used",
                got=f"{value!r}",
                expected="a number above 0 and below 1",
                next_step="Take the test-retest reliability of the measure from its manual",
            )
    both = ~np.isnan(pre) & ~np.isnan(post)
    n = int(both.sum())
    if n < _FEWEST or pre[both].std() <= 0 or post[both].std() <= 0:
        raise SignalError(
            "E-SIGNAL-030",
            what="reliable change cannot be told from these people",
            got=f"{n} with both scores, or no spread among them",
            expected="at least two people with both scores, and not all alike",
            next_step="Check which columns are the first and the second score",
        )
    return Sample(
        pre=norms or Norms(float(pre[both].mean()), float(pre[both].std(ddof=1))),
        post=Norms(float(post[both].mean()), float(post[both].std(ddof=1))),
        correlation=float(np.corrcoef(pre[both], post[both])[0, 1]),
        reliability=reliability,
        reliability_post=after,
        n=n,
    )
