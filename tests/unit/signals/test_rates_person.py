# SPDX-License-Identifier: Apache-2.0
"""What a series says of the person behind it."""

from __future__ import annotations

import numpy as np
import pytest

from attunement.signals.rates.person import person_behind
from attunement.signals.stable import People

PEOPLE = People(4.0, 0.7, 0.5, 0.2)
SCALE = {"minimum": 0.0, "maximum": 6.0, "step": 1 / 7}


def test_without_scores_it_is_how_people_are_spread() -> None:
    found = person_behind(np.array([np.nan, np.nan]), PEOPLE, **SCALE)
    assert found.weights.sum() == pytest.approx(1)
    level = found.weights @ found.levels
    assert level == pytest.approx(4.0, abs=0.01)
    assert np.sqrt(found.weights @ (found.levels - level) ** 2) == pytest.approx(0.7, rel=0.03)


def test_one_score_of_independent_noise_as_by_hand() -> None:
    # Normal and normal, no spread of the noise: weight τ²/(τ² + σ²) = .49/.74 = .662 of the way
    # from 4 to 5, spread √(.49·.25/.74) = .407
    people = People(4.0, 0.7, 0.5, 0.0)
    found = person_behind(
        np.array([5.0]), people, minimum=-100.0, maximum=100.0, step=0.0, spread=0.0
    )
    mean = found.weights @ found.levels
    assert mean == pytest.approx(4.662, abs=0.01)
    assert np.sqrt(found.weights @ (found.levels - mean) ** 2) == pytest.approx(0.407, abs=0.01)


def test_scores_at_the_top_say_at_least_so_much() -> None:
    varied = People(4.0, 1.5, 0.5, 0.2)
    topped = person_behind(np.full(8, 6.0), varied, **SCALE)
    near = person_behind(np.full(8, 5.7), varied, **SCALE)
    assert topped.weights @ topped.levels > near.weights @ near.levels
    spread = [np.sqrt(p.weights @ (p.levels - p.weights @ p.levels) ** 2) for p in (topped, near)]
    assert spread[0] > spread[1]


def test_restless_series_mean_a_restless_person() -> None:
    swing = 4.0 + np.tile([1.0, -1.0], 8)
    still = 4.0 + np.tile([0.1, -0.1], 8)
    loud, calm = (person_behind(one, PEOPLE, **SCALE) for one in (swing, still))
    assert loud.weights @ loud.noises > 0.5 > calm.weights @ calm.noises


def test_over_many_people_doubt_and_estimate_add_up_to_how_they_are_spread() -> None:
    generator = np.random.default_rng(4)
    levels = 4.0 + 0.7 * generator.standard_normal(1500)
    noises = 0.5 * np.exp(0.2 * generator.standard_normal(1500))
    noise = generator.standard_normal((1500, 10))
    for t in range(1, 10):
        noise[:, t] = 0.2 * noise[:, t - 1] + np.sqrt(0.96) * noise[:, t]
    scores = np.clip(np.round((levels[:, None] + noises[:, None] * noise) * 7) / 7, 0, 6)
    found = [person_behind(one, PEOPLE, **SCALE) for one in scores]
    mean = np.mean([p.weights @ p.levels for p in found])
    square = np.mean([p.weights @ (p.levels - mean) ** 2 for p in found])
    assert mean == pytest.approx(levels.mean(), abs=0.02)
    assert np.sqrt(square) == pytest.approx(0.7, rel=0.05)
    log = np.mean([p.weights @ np.log(p.noises / 0.5) for p in found])
    spread = np.mean([p.weights @ np.log(p.noises / 0.5) ** 2 for p in found])
    assert log == pytest.approx(0, abs=0.03)
    assert np.sqrt(spread) == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize(
    "people", [People(6.0, 0.0, 0.5, 0.0), People(4.0, 0.7, 0.0, 0.0), People(4.0, 0.7, 0.5, -0.9)]
)
def test_people_without_spread_or_noise_stay_finite(people: People) -> None:
    found = person_behind(np.array([3.0, np.nan, 6.0, 0.0]), people, **SCALE)
    assert np.isfinite(found.weights).all()
    assert found.weights.sum() == pytest.approx(1)
