# SPDX-License-Identifier: Apache-2.0
"""Simulated courses and the oracle that knows how they were made."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attunement.simulate import SimulationError
from attunement.simulate.oracle import clairvoyant, oracle
from attunement.simulate.series import Course, fall, series


def test_fall_has_the_shape_that_its_name_says() -> None:
    onset = np.array([3])
    assert fall("dip", onset, 6, 4)[0].tolist() == [0, 0, 1, 0, 0, 0]
    assert fall("long-dip", onset, 6, 4)[0].tolist() == [0, 0, 1, 1, 1, 0]
    assert fall("step", onset, 6, 4)[0].tolist() == [0, 0, 1, 1, 1, 1]
    assert fall("decline", onset, 6, 4)[0].tolist() == [0, 0, 0.25, 0.5, 0.75, 1.0]
    assert not fall("step", np.array([0]), 6, 4).any()
    with pytest.raises(SimulationError, match="E-SIM-001"):
        fall("wave", onset, 6, 4)


def test_series_keep_to_their_course() -> None:
    course = Course(missing=0.2, missing_after=1.0)
    drawn = series(4000, 12, course=course, rng=np.random.default_rng(1))
    seen = ~np.isnan(drawn.client)
    assert seen.mean() == pytest.approx(0.8, abs=0.01)  # SE √(.16/48000) = .002
    assert np.nanmean(drawn.client) == pytest.approx(2.8, abs=0.04)  # SE about .5/√4000 = .008
    assert not drawn.on.any()
    assert np.nanmax(drawn.client) <= 4.0
    steps = drawn.client[seen] * 12
    assert np.allclose(steps, np.round(steps))


def test_oracle_of_two_sessions_is_the_arithmetic_of_two_sessions() -> None:
    course = Course(
        level=3.0, between_sd=1.0, within_sd=0.5, autocorrelation=0.0, step=0.0, depth=2.0
    )
    found = oracle(np.array([[3.4, 2.0]]), course, {"dip": 1.0})
    # Given .4 above the mean in session 1, session 2 has mean 3 + .4·1/1.25 = 3.32 and variance
    # 1.25 − 1/1.25 = .45; a dip of 1 point lowers the mean: log ratio = (1·1.32 − .5)/.45.
    assert found[0, 0] == -math.inf
    assert found[0, 1] == pytest.approx((1.32 - 0.5) / 0.45, abs=1e-9)


def test_clairvoyant_needs_no_earlier_score() -> None:
    course = Course(within_sd=0.5, autocorrelation=0.0, step=0.0, depth=2.0)
    levels = np.array([[3.0]])
    found = clairvoyant(np.array([[3.4, 2.0]]), levels, course, {"dip": 1.0})
    assert found[0, 1] == pytest.approx((1.0 - 0.5) / 0.25, abs=1e-9)


def test_oracle_without_a_score_says_nothing_and_uses_what_is_left() -> None:
    course = Course(step=0.0)
    whole = oracle(np.array([[3.0, math.nan, 2.5]]), course, {"dip": 1.0})
    assert whole[0, 1] == -math.inf
    longer = oracle(np.array([[3.0, 2.9, 2.5]]), course, {"dip": 1.0})
    assert math.isfinite(whole[0, 2])
    assert whole[0, 2] != longer[0, 2]


def test_oracle_of_several_shapes_averages_their_ratios() -> None:
    course = Course(step=0.0)
    scores = np.array([[3.0, 2.9, 2.5]])
    dip = oracle(scores, course, {"dip": 1.0})[0, 2]
    step = oracle(scores, course, {"step": 1.0})[0, 2]
    both = oracle(scores, course, {"dip": 0.5, "step": 0.5})[0, 2]
    assert both == pytest.approx(math.log(0.5 * math.exp(dip) + 0.5 * math.exp(step)), abs=1e-9)
