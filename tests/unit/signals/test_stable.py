# SPDX-License-Identifier: Apache-2.0
"""Simulated stable people: as described, and found again behind a cut-off scale."""

from __future__ import annotations

import numpy as np
import pytest

from attunement.signals.stable import People, _as_seen, chance, stable_series, uncut

PEOPLE = People(0.5, 0.10, 0.08, 0.3)


def test_draws_are_as_described() -> None:
    people, noise, luck = chance(20_000, 10, 0.3, 5)
    assert people.std() == pytest.approx(1, abs=0.02)
    assert noise.std(axis=0) == pytest.approx(np.ones(10), abs=0.03)
    assert (noise[:, :-1] * noise[:, 1:]).mean() == pytest.approx(0.3, abs=0.02)
    assert luck.mean() == pytest.approx(0.5, abs=0.01)
    with pytest.raises(ValueError, match="read-only"):
        noise[0, 0] = 1


def test_scores_are_rounded_and_cut_off() -> None:
    drawn = chance(2000, 10, 0.3, 5)[:2]
    scores = stable_series(drawn, People(0.9, 0.2, 0.2, 0.3), 0.25)
    assert set(np.unique(scores)) <= {0.0, 0.25, 0.5, 0.75, 1.0}
    assert (scores == 1).mean() > 0.3


def test_people_far_from_the_ends_are_what_was_seen() -> None:
    found = uncut(PEOPLE, 0.0)
    assert found.level == pytest.approx(PEOPLE.level, abs=0.005)
    assert found.between == pytest.approx(PEOPLE.between, rel=0.03)
    assert found.noise == pytest.approx(PEOPLE.noise, rel=0.03)


def test_people_behind_a_ceiling_are_found_again() -> None:
    # one in five scores at the top; what is seen of them is computed on other draws
    true = People(0.86, 0.13, 0.09, 0.2)
    scores = stable_series(chance(50_000, 40, 0.2, 99)[:2], true, 0.0)
    own = scores.mean(axis=1)
    seen = People(float(own.mean()), float(own.std()), float((scores - own[:, None]).std()), 0.2)
    assert seen.noise < 0.9 * true.noise
    found = uncut(seen, 0.0)
    assert found.level == pytest.approx(true.level, abs=0.01)
    assert found.between == pytest.approx(true.between, rel=0.06)
    assert found.noise == pytest.approx(true.noise, rel=0.06)


@pytest.mark.parametrize("step", [0.0, 1 / 42, 0.2])
@pytest.mark.parametrize("true", [People(0.9, 0.15, 0.12, 0.4), People(0.3, 0.2, 0.3, 0.0)])
def test_what_is_worked_out_is_what_simulated_people_show(true: People, step: float) -> None:
    drawn = chance(40_000, 12, true.autocorrelation, 3)[:2]
    scores = stable_series(drawn, true, step)
    memory = true.autocorrelation ** np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    of_mean = memory.mean()
    within = scores.var(axis=1).mean() / (1 - of_mean)
    between = scores.mean(axis=1).var() - within * of_mean
    found = _as_seen(true, step)
    expected = (scores.mean(), np.sqrt(between), np.sqrt(within))
    assert found == pytest.approx(expected, rel=0.015)


@pytest.mark.parametrize(
    "seen", [People(1.0, 0.0, 0.0, 0.0), People(0.0, 0.1, 0.1, 0.0), People(0.99, 0.2, 0.3, 0.9)]
)
def test_what_no_people_can_show_stays_finite(seen: People) -> None:
    assert np.isfinite(uncut(seen, 0.1)).all()
