# SPDX-License-Identifier: Apache-2.0
"""What could be known at best: likelihood ratios of somebody who knows every true parameter.

Written with dense normal algebra, apart from any rule of this project, as a yardstick for them: a
person's scores up to session t are normal with covariance τ²·11ᵀ + ω²·ttᵀ + σ²·φ^|i−j| + R·I, own
level and slope integrated out, and a rupture of a known shape lowers their mean by d. The log
likelihood ratio of one beginning is dᵀS⁻¹(m − y) − ½·dᵀS⁻¹d; over the possible beginnings, all
equally likely, the ratios are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attunement.simulate.series import Course, Matrix, fall

_NOT_SEEN = 1e9  # variance of a score that is missing: it says nothing


def oracle(
    scores: Matrix, course: Course, shapes: Mapping[str, float], *, first: int = 2
) -> Matrix:
    """Return the oracle's statistic for every session, shape (dyads, sessions).

    Parameters
    ----------
    scores : numpy.ndarray
        Client's scores, shape (dyads, sessions), NaN = missing.
    course : Course
        The true parameters; scores at an end of the scale are taken as they stand.
    shapes : mapping of str to float
        The shapes that may come, with their shares. One shape: an oracle that knows what will
        come, though not when.
    first : int
        First session in which a rupture may begin; earlier sessions are −inf.

    Returns
    -------
    numpy.ndarray
        Log of the mean likelihood ratio "such a rupture is on now" against "there is none".
    """
    spread = course.between_sd**2
    own, slopes = scores - course.level, course.slope_sd**2
    return _ratios(own, course, shapes, first=first, between=spread, slopes=slopes)


def clairvoyant(
    scores: Matrix,
    levels: Matrix,
    course: Course,
    shapes: Mapping[str, float],
    *,
    first: int = 2,
) -> Matrix:
    """Return the statistic of somebody who knows each person's own level too.

    No rule can know that; it shows how much of what is missed is due to people's differing.
    ``levels`` has the shape (dyads, sessions) or (dyads, 1).
    """
    return _ratios(scores - levels, course, shapes, first=first, between=0.0, slopes=0.0)


def _ratios(
    centred: Matrix,
    course: Course,
    shapes: Mapping[str, float],
    *,
    first: int,
    between: float,
    slopes: float,
) -> Matrix:
    n, length = centred.shape
    time = np.arange(length, dtype=np.float64)
    apart = np.abs(np.subtract.outer(time, time))
    covariance = (
        between
        + slopes * np.outer(time, time)
        + course.within_sd**2 * course.autocorrelation**apart
        + np.eye(length) * course.step**2 / 12.0
    )
    centred = centred - (course.slope * time if between > 0 or slopes > 0 else 0.0)
    missing = np.isnan(centred)
    known = np.where(missing, 0.0, centred)
    depth = course.depth * course.within_sd
    found = np.full((n, length), -np.inf)
    patterns, which = np.unique(missing, axis=0, return_inverse=True)
    which = which.reshape(-1)
    for t in range(first, length + 1):
        logs, weights = [], []
        begins = np.arange(first, t + 1)
        for shape, share in shapes.items():
            lost = depth * fall(shape, begins, t, course.decline_length)
            on = lost[:, -1] > 0
            logs.append(
                _of_patterns(known[:, :t], covariance[:t, :t], patterns[:, :t], which, lost[on])
            )
            weights.extend([share / on.sum()] * int(on.sum()))
        every = np.concatenate(logs, axis=1) + np.log(np.array(weights))
        top = every.max(axis=1)
        found[:, t - 1] = top + np.log(np.exp(every - top[:, None]).sum(axis=1))
    found[missing] = -np.inf
    return found


def _of_patterns(
    known: Matrix, covariance: Matrix, patterns: np.ndarray, which: np.ndarray, lost: Matrix
) -> Matrix:
    """Return each beginning's log likelihood ratio, shape (dyads, beginnings)."""
    found = np.empty((known.shape[0], lost.shape[0]))
    for place, pattern in enumerate(patterns):
        mine = which == place
        seen = covariance + np.diag(np.where(pattern, _NOT_SEEN, 0.0))
        fallen = np.where(pattern, 0.0, lost)
        weights = np.linalg.solve(seen, fallen.T)
        found[mine] = -(known[mine] @ weights) - 0.5 * (fallen.T * weights).sum(axis=0)
    return found
