# SPDX-License-Identifier: Apache-2.0
"""The filter against dense normal algebra, and the compiled twin against the plain function."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from attunement.signals.house.calm import Flat, calm_dyads
from attunement.signals.house.model import CHANNELS, Chair, HouseModel, Rupture, default_house
from attunement.signals.house.running import run

NOTHING = np.zeros(0)


def one_hypothesis(**numbers: float) -> HouseModel:
    """Return a model whose only hypothesis is a fall since the latest form but one."""
    model = default_house(0.0, 100.0, 0.0)
    chair = Chair(level=60.0, between_sd=6.0, within_sd=4.0, memory=0.4, slope=0.5, slope_sd=0.3)
    return replace(
        model,
        client=replace(chair, **numbers),
        rupture=Rupture(depth=2.0, lengths=(1.0,), weights=((0.0, 1.0),)),
    )


def flat(values: list[float], sessions: list[int]) -> Flat:
    return Flat(
        np.array(values),
        NOTHING,
        NOTHING,
        NOTHING,
        np.zeros(0, dtype=np.bool_),
        np.array(sessions),
        np.array([0, len(values)]),
    )


def dense(sessions: list[int], step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of the scores: level, slope and memory written out."""
    t = np.array(sessions, dtype=float) - sessions[0]
    covariance = 36.0 + 0.09 * np.outer(t, t) + 16.0 * 0.4 ** np.abs(np.subtract.outer(t, t))
    return 60.0 + 0.5 * t, covariance + np.eye(t.size) * step**2 / 12.0


@pytest.mark.parametrize("step", [0.0, 1.0])
def test_log_likelihood_and_ratio_are_those_of_dense_algebra(step: float) -> None:
    sessions, values = [1, 2, 4, 5, 9], [55.0, 61.0, 58.0, 49.0, 47.0]
    mean, covariance = dense(sessions, step)
    model = replace(one_hypothesis(), step=step)
    out = run(flat(values, sessions), model, frozenset())
    centred = np.array(values) - mean
    whole = np.linalg.slogdet(2 * math.pi * covariance)[1]
    by_hand = -0.5 * (whole + centred @ np.linalg.solve(covariance, centred))
    assert out.log_likelihood[0] == pytest.approx(by_hand, abs=1e-9)
    for at in range(1, 5):
        fall = np.zeros(at + 1)
        fall[at - 1 :] = 8.0  # 2 within SDs since the form before
        inverse = np.linalg.inv(covariance[: at + 1, : at + 1])
        ratio = -fall @ inverse @ centred[: at + 1] - 0.5 * fall @ inverse @ fall
        assert out.statistic[at] == pytest.approx(ratio, abs=1e-9)


def test_expected_is_the_conditional_mean() -> None:
    sessions, values = [1, 2, 3], [50.0, 70.0, 65.0]
    mean, covariance = dense(sessions, 0.0)
    given = np.linalg.solve(covariance[:2, :2], np.array(values[:2]) - mean[:2])
    out = run(flat(values, sessions), one_hypothesis(), frozenset())
    assert out.expected[2] == pytest.approx(mean[2] + covariance[2, :2] @ given, abs=1e-9)
    assert out.n_used.tolist() == [0, 1, 2]


def test_a_score_at_the_top_is_taken_as_a_tail() -> None:
    model = replace(one_hypothesis(slope=0.0, slope_sd=0.0), step=2.0)
    out = run(flat([100.0], [1]), model, frozenset())
    # P(latent ≥ 99 | mean 60, variance 36 + 16)
    chance = 0.5 * math.erfc(39.0 / math.sqrt(52.0) / math.sqrt(2.0))
    assert out.log_likelihood[0] == pytest.approx(math.log(chance), abs=1e-9)


def test_a_missing_form_says_nothing_of_the_client() -> None:
    with_gap = run(flat([55.0, math.nan, 58.0], [1, 2, 3]), one_hypothesis(), frozenset())
    without = run(flat([55.0, 58.0], [1, 3]), one_hypothesis(), frozenset())
    assert with_gap.log_likelihood[0] == pytest.approx(without.log_likelihood[0], abs=1e-12)
    assert math.isnan(with_gap.statistic[1])
    assert with_gap.statistic[2] == pytest.approx(without.statistic[1], abs=1e-9)


def test_one_size_of_noise_or_three_weigh_the_same_when_the_spread_is_none() -> None:
    model = one_hypothesis()
    wide = replace(model, client=replace(model.client, noise_spread=0.3))
    data = flat([55.0, 61.0, 40.0, 41.0], [1, 2, 3, 4])
    # Scores far from each other speak for a person with more noise, so that a drop says less.
    narrow = run(data, model, frozenset()).statistic
    assert run(data, wide, frozenset()).statistic[2] != pytest.approx(narrow[2], abs=1e-3)


@pytest.mark.parametrize("spread", [0.0, 0.35])
def test_plain_and_compiled_are_identical(spread: float) -> None:
    model = default_house(0.0, 6.0, 1.0 / 7.0)
    model = replace(model, missing=0.2, client=replace(model.client, noise_spread=spread))
    for named in ((), CHANNELS):
        channels = frozenset(named)
        data = calm_dyads(model, channels, n=30, length=9, generator=np.random.default_rng(1))
        plain = run(data, model, channels, compile_from=1 << 60)
        many = run(data, model, channels, compile_from=0)
        for one, other in zip(plain, many, strict=True):
            assert np.array_equal(one, other, equal_nan=True)
