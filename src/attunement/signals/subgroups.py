# SPDX-License-Identifier: Apache-2.0
"""The chart of means: several values at each point, limits from the spread inside the points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from attunement.signals.batch import BoolArray
from attunement.signals.errors import SignalError
from attunement.signals.series import FloatArray

_SIGMAS = 3.0
_FEWEST, _MOST = 2, 25
_EDGE, _POINTS = 9.0, 20_001


@dataclass(frozen=True, slots=True)
class MeanChart:
    """Limits of a chart of means, and which points lie beyond.

    Parameters
    ----------
    centre, sigma : float
        Mean of the means, and the SD inside the points (mean range / d₂), of the points that fix
        the limits.
    lower, upper : float
        centre ± 3·sigma/√n.
    means : numpy.ndarray of float64
        One for each point.
    beyond : numpy.ndarray of bool
        Points outside the limits, on either side.
    """

    centre: float
    sigma: float
    lower: float
    upper: float
    means: FloatArray
    beyond: BoolArray


def mean_chart(samples: FloatArray, *, baseline: int) -> MeanChart:
    """Chart the means of several values per point (Shewhart's x̄ chart).

    Parameters
    ----------
    samples : numpy.ndarray of float64, shape (points, n)
        2 to 25 values at each point, none missing.
    baseline : int
        How many of the first points fix the limits.

    Returns
    -------
    MeanChart
        Prospective for the points after the baseline.

    Raises
    ------
    SignalError
        ``E-SIGNAL-006`` for another shape, missing values, or a baseline that is not there.

    Notes
    -----
    Checked against R's qcc on the piston rings, see ``tests/golden/signals``.
    """
    shaped = samples.ndim == 2 and _FEWEST <= samples.shape[-1] <= _MOST  # noqa: PLR2004 -- a table
    if not shaped or not 1 <= baseline <= samples.shape[0] or not np.isfinite(samples).all():
        raise SignalError(
            "E-SIGNAL-006",
            what="a chart of means cannot be drawn",
            got=f"an array of shape {samples.shape} and a baseline of {baseline}",
            expected="points × 2 to 25 values, none missing, and a baseline among the points",
            next_step="Leave out points that are not complete",
        )
    means, first = samples.mean(axis=1), samples[:baseline]
    centre = float(means[:baseline].mean())
    n = samples.shape[1]
    # three decimals, as in printed tables and in other programs
    sigma = float(np.ptp(first, axis=1).mean()) / round(mean_range(n), 3)
    away = _SIGMAS * sigma / math.sqrt(n)
    return MeanChart(
        centre=centre,
        sigma=sigma,
        lower=centre - away,
        upper=centre + away,
        means=means,
        beyond=np.abs(means - centre) > away,
    )


@lru_cache(maxsize=32)
def mean_range(n: int) -> float:
    """Return d₂, the mean range of n standard normal values: ∫ 1 − Φⁿ − (1 − Φ)ⁿ.

    2/√π = 1.1284 for two.
    """
    at = np.linspace(-_EDGE, _EDGE, _POINTS)
    below = np.array([NormalDist().cdf(float(x)) for x in at])
    inside = 1.0 - below**n - (1.0 - below) ** n
    return float(np.trapezoid(inside, at))
