# SPDX-License-Identifier: Apache-2.0
"""How good predicted probabilities are: discrimination, calibration, and whether to use them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit
from scipy.stats import norm, rankdata

from attunement.models.errors import ModelError
from attunement.models.logistic import fit_logistic
from attunement.models.mixed import FloatArray

_EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Performance:
    """How predicted probabilities did on events they were not learned from.

    Parameters
    ----------
    auc, auc_low, auc_high : float
        Area under the receiver operating curve, with its 95 % interval (DeLong).
    brier, brier_skill : float
        Mean squared error, and its share saved against predicting the base rate for all.
    calibration_intercept, calibration_slope : float
        Targets 0 and 1; the intercept with the slope held at 1. NaN where they cannot be told.
    base_rate : float
        Share of events.
    n_rows, n_events : int
        What was used.
    """

    auc: float
    auc_low: float
    auc_high: float
    brier: float
    brier_skill: float
    calibration_intercept: float
    calibration_slope: float
    base_rate: float
    n_rows: int
    n_events: int


def performance(event: FloatArray, probability: FloatArray) -> Performance:
    """Return how predicted probabilities did.

    Parameters
    ----------
    event : numpy.ndarray of 0 and 1, shape (rows,)
    probability : numpy.ndarray, shape (rows,)
        Predicted for rows that the model never saw.

    Raises
    ------
    ModelError
        ``E-MODEL-001`` for shapes that differ, ``E-MODEL-002`` unless there are at least two
        events and two others.

    Notes
    -----
    AUC variance: DeLong, DeLong & Clarke-Pearson (1988), doi 10.2307/2531595. Calibration: Cox
    (1958). Checked by arithmetic in the tests.
    """
    _check(event, probability)
    auc, error = _auc(event, probability)
    base = float(event.mean())
    brier = float(np.square(probability - event).mean())
    intercept, slope = _calibration(event, probability)
    reach = norm.ppf(0.975) * error
    return Performance(
        auc=auc,
        auc_low=max(0.0, auc - reach),
        auc_high=min(1.0, auc + reach),
        brier=brier,
        brier_skill=1.0 - brier / (base * (1.0 - base)),
        calibration_intercept=intercept,
        calibration_slope=slope,
        base_rate=base,
        n_rows=event.size,
        n_events=int(event.sum()),
    )


def _auc(event: FloatArray, probability: FloatArray) -> tuple[float, float]:
    """Return the area and its standard error from placements among the other kind."""
    yes, no = probability[event == 1], probability[event == 0]
    together = rankdata(np.concatenate((yes, no)))
    above = (together[: yes.size] - rankdata(yes)) / no.size  # share of the others below each
    below = 1.0 - (together[yes.size :] - rankdata(no)) / yes.size
    variance = above.var(ddof=1) / yes.size + below.var(ddof=1) / no.size
    return float(above.mean()), float(np.sqrt(variance))


def _calibration(event: FloatArray, probability: FloatArray) -> tuple[float, float]:
    odds = logit(np.clip(probability, _EDGE, 1.0 - _EDGE))
    ones = np.ones((event.size, 1))
    intercept = float(fit_logistic(event, ones, offset=odds).coefficients[0])
    try:
        slope = float(fit_logistic(event, np.column_stack((ones, odds))).coefficients[1])
    except ModelError:  # all predicted alike, or complete separation
        slope = float("nan")
    return intercept, slope


def decision_curve(
    event: FloatArray, probability: FloatArray, thresholds: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the net benefit of acting on the model, and of acting on everybody.

    Net benefit at threshold t: true positives/n − false positives/n · t/(1 − t); acting on nobody
    has 0. Vickers & Elkin (2006), doi 10.1177/0272989X06295361.

    Parameters
    ----------
    thresholds : numpy.ndarray
        Probabilities, above 0 and below 1, from which one would act.

    Returns
    -------
    model, everybody : numpy.ndarray
        Of the length of ``thresholds``.
    """
    _check(event, probability)
    acted = probability[None, :] >= thresholds[:, None]
    price = thresholds / (1.0 - thresholds)
    right = (acted & (event == 1)).mean(axis=1)
    wrong = (acted & (event == 0)).mean(axis=1)
    base = float(event.mean())
    return right - wrong * price, base - (1.0 - base) * price


def _check(event: FloatArray, probability: FloatArray) -> None:
    if event.shape != probability.shape or event.ndim != 1:
        raise ModelError(
            "E-MODEL-001",
            what="events and probabilities do not pair up",
            got=f"{event.shape} and {probability.shape}",
            expected="one probability for each event",
            next_step="Give both for the same rows",
        )
    if not 2 <= event.sum() <= event.size - 2:  # noqa: PLR2004 -- a spread needs two
        raise ModelError(
            "E-MODEL-002",
            what="these events cannot tell how good the predictions are",
            got=f"{int(event.sum())} events in {event.size} rows",
            expected="at least two events and two others",
            next_step="Wait for more finished courses",
        )
