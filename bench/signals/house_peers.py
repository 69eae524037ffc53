# SPDX-License-Identifier: Apache-2.0
"""Other detectors: the usual ones in a few lines of numpy, and the rules of this package.

Each returns a statistic that is higher where a drop is more likely; their limits are tuned on calm
series. The first take scores (dyads × sessions, no gaps) and the course they were drawn from: they
know the true numbers. The rules learn from an archive, as the house rule does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from attunement.signals import Series, judge_batch, learn_archive
from attunement.signals.rules import CLASSICAL_RULES, Rule
from attunement.simulate.series import Course, CourseScores
from bench.signals.house_series import batch_of

Matrix = NDArray[np.float64]


def shrunken(scores: Matrix, course: Course) -> Matrix:
    """z of the score about the own mean, shrunken to the archive's."""
    n = np.arange(scores.shape[1])
    before = np.cumsum(scores, axis=1) - scores
    mean = before / np.maximum(n, 1)
    between, noise = course.between_sd**2, course.within_sd**2
    weight = np.where(n > 0, between / (between + noise / np.maximum(n, 1)), 0.0)
    expected = course.level + weight * (mean - course.level)
    spread = np.sqrt(between * (1 - weight) + noise)
    return _from_second((expected - scores) / spread)


def cusum(scores: Matrix, course: Course) -> Matrix:
    z = np.maximum(shrunken(scores, course), -50.0)
    z[:, 0] = 0.0
    found = np.zeros_like(z)
    for t in range(1, z.shape[1]):
        found[:, t] = np.maximum(0.0, found[:, t - 1] + z[:, t] - 0.5)
    return _from_second(found)


def ewma(scores: Matrix, course: Course) -> Matrix:
    z = np.maximum(shrunken(scores, course), -50.0)
    z[:, 0] = 0.0
    found = np.zeros_like(z)
    for t in range(1, z.shape[1]):
        found[:, t] = 0.8 * found[:, t - 1] + 0.2 * z[:, t]
        spread = math.sqrt(0.2 / 1.8 * (1 - 0.8 ** (2 * t)))
        z[:, t] = found[:, t] / spread
    return _from_second(z)


def individuals(scores: Matrix, course: Course) -> Matrix:
    """Individuals chart (XmR) of the own earlier scores, from the fourth session on."""
    del course
    found = np.full_like(scores, -np.inf)
    for t in range(3, scores.shape[1]):
        own = scores[:, :t]
        spread = np.abs(np.diff(own, axis=1)).mean(axis=1) / 1.128
        found[:, t] = (own.mean(axis=1) - scores[:, t]) / np.maximum(spread, 0.02)
    return found


def previous(scores: Matrix, course: Course) -> Matrix:
    del course
    found = np.full_like(scores, -np.inf)
    found[:, 1:] = scores[:, :-1] - scores[:, 1:]
    return found


def change_point(scores: Matrix, course: Course) -> Matrix:
    """Bayesian online change point with the archive as prior: log odds of a lower run of ≤ 3."""
    n, length = scores.shape
    hazard = 0.1
    between, noise = course.between_sd**2, course.within_sd**2
    logs = np.zeros((n, 1))
    means = np.full((n, 1), course.level)
    variances = np.full(1, between)
    found = np.full_like(scores, -np.inf)
    for t in range(length):
        spread = variances + noise
        like = -0.5 * (scores[:, [t]] - means) ** 2 / spread - 0.5 * np.log(spread)
        fresh = -0.5 * (scores[:, t] - course.level) ** 2 / (between + noise)
        fresh = fresh - 0.5 * math.log(between + noise)
        whole = np.logaddexp.reduce(logs, axis=1)
        grown = logs + like + math.log(1 - hazard)
        logs = np.column_stack([whole + fresh + math.log(hazard), grown])
        gain = variances / spread
        moved = means + gain * (scores[:, [t]] - means)
        first = between / (between + noise)
        means = np.column_stack([course.level + first * (scores[:, t] - course.level), moved])
        variances = np.concatenate([[between * (1 - first)], variances * (1 - gain)])
        if t:
            short = min(3, logs.shape[1] - 1)
            before = means[:, -1:]
            lower = np.where(means[:, :short] < before, logs[:, :short], -np.inf)
            with np.errstate(divide="ignore"):
                found[:, t] = np.logaddexp.reduce(lower, axis=1) - logs[:, -1]
    return found


def rules_of_the_package(
    course: Course, archive: CourseScores
) -> dict[str, Callable[[CourseScores], Matrix]]:
    """Return each rule's statistic by its id; where it cannot judge it does not flag."""
    usual = learn_archive([_series(row, course) for row in archive.client])

    def statistic(rule: Rule, scores: CourseScores) -> Matrix:
        found = judge_batch(batch_of(scores, course), rule, archive=usual)
        value = np.where(found.evaluable, -found.statistic, -np.inf)
        return value.reshape(scores.client.shape)

    return {rule.id: partial(statistic, rule) for rule in CLASSICAL_RULES}


def _series(scores: Matrix, course: Course) -> Series:
    return Series(
        tuple(range(1, scores.size + 1)),
        tuple(scores.tolist()),
        course.minimum,
        course.maximum,
        step=course.step,
    )


def _from_second(found: Matrix) -> Matrix:
    found = np.array(found)
    found[:, 0] = -np.inf
    return found


PEERS: dict[str, Callable[[Matrix, Course], Matrix]] = {
    "shrunken baseline z": shrunken,
    "CUSUM": cusum,
    "EWMA": ewma,
    "individuals chart": individuals,
    "drop from previous": previous,
    "online change point": change_point,
}
