# SPDX-License-Identifier: Apache-2.0
"""How near one person's predictions come: their bias, and whether they follow the ups and downs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from attunement.models.errors import ModelError
from attunement.models.mixed import MixedFit, fit_mixed

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FEWEST_PREDICTIONS = 12
FEWEST_GROUPS = 3
_LEVEL = 0.95
_NEXT_TO_ALL = 1.0 - 1e-12
_NOTHING = 1e-9  # rounding leaves so much where levels of groups explain all


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval and how many rows it rests on."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a person's own predictions show.

    Parameters
    ----------
    bias : Estimate
        Mean of prediction minus outcome, in the outcome's units; the groups weigh by how much
        they tell (random intercept for each group). Positive: expected too much.
    tracking : Estimate or None
        Correlation of prediction and outcome within groups, each as a deviation from its group's
        own mean, -1 to 1; None where one of the two never moves within a group.
    periods : tuple of Estimate
        The bias of each period in the order of their numbers, drawn towards the person's own mean
        the more, the less the period tells. No narrower than ``bias``: whom the rows are about
        differs from person to person in every period.
    n_rows, n_groups : int
        What was used.
    """

    bias: Estimate
    tracking: Estimate | None
    periods: tuple[Estimate, ...]
    n_rows: int
    n_groups: int


def enough(n_rows: int, n_groups: int) -> bool:
    """Whether that many predictions about that many people can say anything."""
    return n_rows >= FEWEST_PREDICTIONS and n_groups >= FEWEST_GROUPS


def calibration(
    predicted: FloatArray, actual: FloatArray, group: IntArray, period: IntArray
) -> Calibration:
    """Estimate bias and tracking of one person's predictions.

    Parameters
    ----------
    predicted, actual : numpy.ndarray, shape (rows,)
        In the same units; rows with one of them missing are left out by the caller.
    group, period : numpy.ndarray of int, shape (rows,)
        Whom the row is about, and in which period it lies.

    Returns
    -------
    Calibration

    Raises
    ------
    ModelError
        ``E-MODEL-001`` for arrays of different length, ``E-MODEL-002`` for fewer than 12 rows or 3
        groups, ``E-MODEL-003`` for missing values.

    Notes
    -----
    Bias: a random-intercept model of the differences by REML, with a t interval on groups - 1
    degrees of freedom. Periods: the same model by period of what the groups' levels leave; the
    conditional modes, put on the bias, with the variance of both (in simulations with levels, they
    hold the true value 94 to 98 times in 100). Tracking: the repeated-measures correlation of
    Bland & Altman (1995), doi 10.1136/bmj.310.6977.446, with Fisher's z on rows - groups - 1
    degrees of freedom. Checked against the analysis of covariance that defines it, and against
    arithmetic on balanced data.
    """
    if not len(predicted) == len(actual) == len(group) == len(period):
        raise ModelError(
            "E-MODEL-001",
            what="predictions, outcomes, groups and periods do not pair up",
            expected="four arrays of the same length",
            next_step="Pass one entry of each for every row",
        )
    n_groups = len(np.unique(group))
    if not enough(len(predicted), n_groups):
        raise ModelError(
            "E-MODEL-002",
            what="too few predictions to say anything",
            got=f"{len(predicted)} about {n_groups}",
            expected=f"{FEWEST_PREDICTIONS} about {FEWEST_GROUPS}",
            next_step="Wait for more",
        )
    if not (np.isfinite(predicted).all() and np.isfinite(actual).all()):
        raise ModelError(
            "E-MODEL-003",
            what="a prediction or an outcome is missing",
            expected="finite numbers",
            next_step="Leave such rows out",
        )
    gap = np.asarray(predicted - actual, dtype=np.float64)
    bias, periods = _bias_and_periods(gap, group, period)
    return Calibration(
        bias=bias,
        tracking=_tracking(predicted, actual, group),
        periods=periods,
        n_rows=len(gap),
        n_groups=n_groups,
    )


def _sorted(values: FloatArray, by: IntArray) -> tuple[FloatArray, IntArray]:
    order = np.argsort(by, kind="stable")
    _, counts = np.unique(by, return_counts=True)
    return values[order], np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _mixed(values: FloatArray, by: IntArray) -> MixedFit:
    order = np.argsort(by, kind="stable")
    _, counts = np.unique(by, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    ones = np.ones((len(values), 1))
    return fit_mixed(values[order], ones, ones, starts)


def _bias_and_periods(
    gap: FloatArray, group: IntArray, period: IntArray
) -> tuple[Estimate, tuple[Estimate, ...]]:
    _, counts = np.unique(period, return_counts=True)
    if np.ptp(gap) == 0.0:
        same = float(gap[0])
        return Estimate(same, same, same, len(gap)), tuple(
            Estimate(same, same, same, int(n)) for n in counts
        )
    groups, of_group = np.unique(group, return_inverse=True)
    levels = _mixed(gap, group)
    middle, variance = float(levels.fixed[0]), float(levels.fixed_covariance[0, 0])
    reach = float(stats.t.ppf(0.5 + _LEVEL / 2, len(groups) - 1))

    def around(value: float, spread: float, n: int) -> Estimate:
        half = reach * math.sqrt(max(spread, 0.0))
        return Estimate(value, value - half, value + half, n)

    bias = around(middle, variance, len(gap))
    rest = gap - middle - levels.conditional[of_group, 0]
    if len(counts) < 2 or np.ptp(rest) <= _NOTHING:  # noqa: PLR2004 -- one has no other to lean on
        return bias, tuple(around(middle, variance, int(n)) for n in counts)
    months = _mixed(rest, period)
    return bias, tuple(
        around(
            middle + float(months.fixed[0] + months.conditional[at, 0]),
            variance + float(months.conditional_covariance[at, 0, 0]),
            int(n),
        )
        for at, n in enumerate(counts)
    )


def _tracking(predicted: FloatArray, actual: FloatArray, group: IntArray) -> Estimate | None:
    _, index = np.unique(group, return_inverse=True)
    counts = np.bincount(index)
    own_predicted = predicted - (np.bincount(index, predicted) / counts)[index]
    own_actual = actual - (np.bincount(index, actual) / counts)[index]
    spread = float(own_predicted @ own_predicted) * float(own_actual @ own_actual)
    free = len(predicted) - len(counts) - 1
    # Rounding leaves a trace of movement where there is none.
    if spread <= 1e-20 * max(1.0, float(actual @ actual)) ** 2 or free < 3:  # noqa: PLR2004 -- Fisher's z needs 3
        return None
    r = float(np.clip(own_predicted @ own_actual / math.sqrt(spread), -_NEXT_TO_ALL, _NEXT_TO_ALL))
    half = float(stats.norm.ppf(0.5 + _LEVEL / 2) / math.sqrt(free - 1))
    z = math.atanh(r)
    return Estimate(r, math.tanh(z - half), math.tanh(z + half), len(predicted))
