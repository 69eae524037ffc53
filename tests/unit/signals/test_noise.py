# SPDX-License-Identifier: Apache-2.0
"""Noise and memory with level and line taken out: worked by hand, and against plain matrices."""

from __future__ import annotations

import numpy as np
import pytest

from attunement.signals.noise import (
    deviations,
    expected_sums,
    mean_variance,
    slope_score,
    within,
)


def test_mean_variance_by_hand() -> None:
    # three scores, r = .5: (3 + 2·(2·.5 + 1·.25)) / 9 = 5.5/9
    assert mean_variance(3, 0.5) == pytest.approx(5.5 / 9)
    assert mean_variance(4, 0.0) == pytest.approx(0.25)


def test_expected_sums_without_memory_by_hand() -> None:
    # three scores, own mean taken out: two neighbouring covariances of −1/3, three variances of 2/3
    assert expected_sums(3, 0.0) == pytest.approx((-2 / 3, 2.0))
    # four, own line taken out: the hat matrix has 1/4 + t·u/5 with t, u in (−1.5, −.5, .5, 1.5),
    # next to the diagonal .40, .20, .40: together 1; two degrees of freedom are left
    assert expected_sums(4, 0.0) == pytest.approx((-1.0, 2.0))


@pytest.mark.parametrize("memory", [-0.6, 0.3, 0.9])
@pytest.mark.parametrize("n", [2, 3, 4, 9, 40])
def test_expected_sums_are_those_of_the_whole_matrix(n: int, memory: float) -> None:
    shape = np.vander(np.arange(n), 2 if n >= 4 else 1)
    rest = np.eye(n) - shape @ np.linalg.inv(shape.T @ shape) @ shape.T
    seen = rest @ memory ** np.abs(np.subtract.outer(np.arange(n), np.arange(n))) @ rest
    wanted = (float(np.trace(seen[:-1, 1:])), float(np.trace(seen)))
    assert expected_sums(n, memory) == pytest.approx(wanted)


def test_a_straight_line_leaves_no_deviation() -> None:
    assert deviations(np.array([30.0, 27, 24, 21, 18])) == pytest.approx(np.zeros(5))
    assert deviations(np.array([1.0, 3.0])) == pytest.approx([-1, 1])


def test_a_steady_fall_changes_neither_noise_nor_memory() -> None:
    generator = np.random.default_rng(3)
    still = [generator.standard_normal(12) for _ in range(50)]
    falling = [own - 2.5 * np.arange(12) for own in still]
    believed = {"memory": 0.2, "noise": 1.0, "weight": 30.0}
    assert within(falling, **believed) == pytest.approx(within(still, **believed))


def test_a_line_in_units_of_its_chance_spread_by_hand() -> None:
    # 0 1 2 3 has the slope 1; the slope's variance is σ²/Σ(t − t̄)² = 1/5 without memory
    assert slope_score(np.arange(4.0), 1.0, 0.0) == pytest.approx(5**0.5)
    assert slope_score(np.arange(3.0), 1.0, 0.0) == 0.0
    assert slope_score(np.arange(9.0), 0.0, 0.0) == 0.0


@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_stable_people_rarely_have_a_line(memory: float) -> None:
    generator = np.random.default_rng(4)
    noise = generator.standard_normal((4000, 10))
    for t in range(1, 10):
        noise[:, t] = memory * noise[:, t - 1] + np.sqrt(1 - memory**2) * noise[:, t]
    scores = np.array([slope_score(own, 1.0, memory) for own in 3.0 * noise + 40.0]) / 3.0
    assert scores.std() == pytest.approx(1.0, abs=0.04)
