# SPDX-License-Identifier: Apache-2.0
"""Change of each person as the slope of a mixed model over every occasion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attunement.models import ModelError, fit_mixed
from attunement.signals.batch import IntArray
from attunement.signals.series import FloatArray


@dataclass(frozen=True, slots=True)
class Growth:
    """Each person's slope, and the statistics made from it; NaN for people without scores.

    Parameters
    ----------
    slope : numpy.ndarray, shape (people,)
        Empirical Bayes estimate of the person's change per unit of time.
    own, beyond : numpy.ndarray, shape (people,)
        The slope, and its deviation from the group's slope, over their standard errors.
    group : float
        The group's slope.
    n_scores : int
        How many scores were used.
    """

    slope: FloatArray
    own: FloatArray
    beyond: FloatArray
    group: float
    n_scores: int


def growth(times: FloatArray, scores: FloatArray, starts: IntArray) -> Growth | None:
    """Fit score ~ time + (time | person) and return each person's slope.

    Parameters
    ----------
    times, scores : numpy.ndarray, shape (rows,)
        Person after person; NaN scores are left out.
    starts : numpy.ndarray, shape (people + 1,)
        First row of each person.

    Returns
    -------
    Growth or None
        None where the scores cannot carry the model (two occasions only, one person …).

    Notes
    -----
    ``own`` = (β + b)/√(Var(b | data) + Var(β)). ``beyond`` = b/√Var(b | data), which is what a
    known program calls HLM; checked against it on the data of Claus (2020).
    """
    kept = ~np.isnan(scores)
    n_people = starts.size - 1
    person = np.repeat(np.arange(n_people), np.diff(starts))[kept]
    counts = np.bincount(person, minlength=n_people)
    present = counts > 0
    x = np.column_stack((np.ones(person.size), times[kept]))
    first = np.concatenate(([0], np.cumsum(counts[present])))
    try:
        fit = fit_mixed(scores[kept], x, x, first)
    except ModelError:
        return None
    deviation = fit.conditional[:, 1]
    variance = fit.conditional_covariance[:, 1, 1]
    if not (variance > 0).all():
        return None
    slope = fit.fixed[1] + deviation

    def spread(values: FloatArray) -> FloatArray:
        every = np.full(n_people, np.nan)
        every[present] = values
        return every

    return Growth(
        slope=spread(slope),
        own=spread(slope / np.sqrt(variance + fit.fixed_covariance[1, 1])),
        beyond=spread(deviation / np.sqrt(variance)),
        group=float(fit.fixed[1]),
        n_scores=int(kept.sum()),
    )
