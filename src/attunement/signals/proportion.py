# SPDX-License-Identifier: Apache-2.0
"""A share of a count, with how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from attunement.signals.errors import SignalError

LEVEL = 0.95
# What is known before the first answer: nothing, with the weight of ten answers.
_PRIOR_MEAN = 0.5
_PRIOR_WEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share k/n with an interval.

    Parameters
    ----------
    k, n : int
        How many of how many.
    estimate : float or None
        k/n, or None where n is 0: no share of nothing.
    low, high : float
        The interval, 0 to 1; the whole of it where n is 0.
    method : str
        ``"wilson"``, ``"clopper-pearson"`` or ``"beta-binomial"``.
    """

    k: int
    n: int
    estimate: float | None
    low: float
    high: float
    method: str


def wilson(k: int, n: int, *, level: float = LEVEL) -> Proportion:
    """Return k/n with Wilson's score interval.

    Parameters
    ----------
    k, n : int
        0 ≤ k ≤ n.
    level : float
        Coverage, between 0 and 1.

    Raises
    ------
    SignalError
        ``E-SIGNAL-008`` for counts or a level that cannot be.

    Notes
    -----
    Wilson (1927), J Am Stat Assoc 22:209–212. Checked against R's ``prop.test(correct = FALSE)``.
    """
    _check(k, n, level)
    if n == 0:
        return Proportion(0, 0, None, 0.0, 1.0, "wilson")
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    share, square = k / n, z * z / n
    middle = (share + square / 2.0) / (1.0 + square)
    half = z * math.sqrt(share * (1.0 - share) / n + square / (4.0 * n)) / (1.0 + square)
    low = 0.0 if k == 0 else max(0.0, middle - half)
    high = 1.0 if k == n else min(1.0, middle + half)
    return Proportion(k, n, share, low, high, "wilson")


def clopper_pearson(k: int, n: int, *, level: float = LEVEL) -> Proportion:
    """Return k/n with the exact interval, which covers at least as often as it says.

    Raises
    ------
    SignalError
        ``E-SIGNAL-008`` for counts or a level that cannot be.

    Notes
    -----
    Clopper & Pearson (1934), Biometrika 26:404–413. Checked against R's ``binom.test``.
    """
    _check(k, n, level)
    if n == 0:
        return Proportion(0, 0, None, 0.0, 1.0, "clopper-pearson")
    tail = (1.0 - level) / 2.0
    low = 0.0 if k == 0 else _beta_quantile(k, n - k + 1, tail)
    high = 1.0 if k == n else _beta_quantile(k + 1, n - k, 1.0 - tail)
    return Proportion(k, n, k / n, low, high, "clopper-pearson")


def pooled_mean(counts: Iterable[tuple[int, int]]) -> float:
    """Return the share of all counts together, drawn to one half by ten answers of nobody.

    It is the prior of `shrunken`: (Σk + 5) / (Σn + 10).
    """
    together = [(k, n) for k, n in counts]
    successes, tries = sum(k for k, _ in together), sum(n for _, n in together)
    return (successes + _PRIOR_MEAN * _PRIOR_WEIGHT) / (tries + _PRIOR_WEIGHT)


def shrunken(
    k: int,
    n: int,
    *,
    mean: float = _PRIOR_MEAN,
    weight: float = _PRIOR_WEIGHT,
    level: float = LEVEL,
) -> Proportion:
    """Return the beta-binomial posterior of a share: k/n drawn towards a prior mean.

    Parameters
    ----------
    k, n : int
        0 ≤ k ≤ n.
    mean : float
        Prior mean, inside 0 and 1; `pooled_mean` of all rules together.
    weight : float
        How many answers the prior counts as, above 0.
    level : float
        Of the central credible interval.

    Returns
    -------
    Proportion
        ``estimate`` = (k + mean·weight) / (n + weight), also where n is 0; the quantiles of
        Beta(k + mean·weight, n − k + (1 − mean)·weight) around it.

    Raises
    ------
    SignalError
        ``E-SIGNAL-008`` for numbers that cannot be.

    Notes
    -----
    Checked against R's ``qbeta``.
    """
    _check(k, n, level)
    if not (0.0 < mean < 1.0 and weight > 0.0):
        _refuse(f"a prior mean of {mean!r} and weight {weight!r}", "0 < mean < 1 and weight > 0")
    a, b = k + mean * weight, n - k + (1.0 - mean) * weight
    tail = (1.0 - level) / 2.0
    return Proportion(
        k,
        n,
        a / (a + b),
        _beta_quantile(a, b, tail),
        _beta_quantile(a, b, 1.0 - tail),
        "beta-binomial",
    )


def _beta_quantile(a: float, b: float, at: float) -> float:
    from scipy.special import betaincinv  # noqa: PLC0415 -- 0.4 s that a signal should not pay for

    return float(betaincinv(a, b, at))


def _check(k: int, n: int, level: float) -> None:
    if not 0 <= k <= n:
        _refuse(f"{k} of {n}", "a count from 0 to the number of tries")
    if not 0.0 < level < 1.0:
        _refuse(f"a level of {level!r}", "a level between 0 and 1")


def _refuse(got: str, expected: str) -> None:
    raise SignalError(
        "E-SIGNAL-008",
        what="a share cannot be computed as asked",
        got=got,
        expected=expected,
        next_step="Check the counts",
    )
