# SPDX-License-Identifier: Apache-2.0
"""A cut-off for criterion 1 from how reliable a measure is, and the factor of criterion 3."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attunement.signals.errors import SignalError

Z = 1.96
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A cut-off with what it was derived from.

    Attributes
    ----------
    standard_error : float
        Standard error of measurement, in the measure's points.
    standard_error_of_difference : float
        Of the difference of two scores.
    value : float
        The smallest change that counts: 1.96 standard errors of the difference.
    """

    standard_error: float
    standard_error_of_difference: float
    value: float


def define_crit1_cutoff(sd: float, reliability: float) -> Cutoff:
    """Derive the cut-off of criterion 1 from a standard deviation and a reliability.

    Parameters
    ----------
    sd : float
        Standard deviation of the scores (usually before treatment), in points; above 0.
    reliability : float
        Reliability of the score, from 0 to below 1. One from a retest says more about change
        than an internal consistency.

    Returns
    -------
    Cutoff
        ``sd · √(1 − r)``, ``√2`` times that, and 1.96 times that.

    Raises
    ------
    SignalError
        ``E-SIGNAL-020`` for other numbers.

    Notes
    -----
    The reliable change of Jacobson and Truax (1991), doi 10.1037/0022-006X.59.1.12, as used for
    sudden gains by Stiles et al. (2003), doi 10.1037/0022-006X.71.1.14. Checked against figures of
    the R package suddengains 0.7.2.

    Examples
    --------
    >>> round(define_crit1_cutoff(10.5, 0.931).value, 3)
    7.645
    """
    if not (math.isfinite(sd) and sd > 0):
        raise SignalError(
            "E-SIGNAL-020",
            what="a cut-off cannot be derived",
            got=f"a standard deviation of {sd!r}",
            expected="a number above 0",
            next_step="Give the standard deviation of the scores",
        )
    if not 0.0 <= reliability < 1.0:
        raise SignalError(
            "E-SIGNAL-020",
            what="a cut-off cannot be derived",
            got=f"a reliability of {reliability!r}",
            expected="a number from 0 to below 1",
            next_step="Give the reliability of the score",
        )
    error = sd * math.sqrt(1.0 - reliability)
    difference = math.sqrt(2.0) * error
    return Cutoff(error, difference, Z * difference)


def t_critical(df: int, alpha: float) -> float:
    """Return the two-tailed critical value of Student's t for 2, 3 or 4 degrees of freedom.

    The distribution function inverts in closed form for 2 and 4, and is solved by halving for 3.
    Checked against scipy in the tests.
    """
    tails = alpha * (2.0 - alpha)  # 4 p (1 - p) at p = 1 - alpha / 2
    if df == 2:  # noqa: PLR2004 -- degrees of freedom
        return (1.0 - alpha) * math.sqrt(2.0 / tails)
    if df == 4:  # noqa: PLR2004 -- degrees of freedom
        root = math.sqrt(tails)
        return 2.0 * math.sqrt(math.cos(math.acos(root) / 3.0) / root - 1.0)
    low, high = 0.0, 1.0
    while _upper_tail_3(high) > alpha / 2.0:
        low, high = high, 2.0 * high
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _upper_tail_3(middle) > alpha / 2.0 else (low, middle)
    return 0.5 * (low + high)


def _upper_tail_3(t: float) -> float:
    """Return the chance of more than ``t`` with 3 degrees of freedom."""
    x = t / math.sqrt(3.0)
    return (math.atan2(1.0, x) - x / (1.0 + x * x)) / math.pi
