# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest

from attunement.models import ModelError, calibration, enough


def _made(seed: int, *, n: int = 8, groups: int = 6) -> tuple[np.ndarray, ...]:
    chance = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), n)
    actual = chance.normal(4.0, 0.6, groups)[group] + chance.normal(0, 0.5, len(group))
    predicted = 0.4 + actual + chance.normal(0, 0.4, len(group))
    return predicted, actual, group, np.tile(np.arange(n), groups)


def test_balanced_bias_is_the_mean_with_the_t_interval_of_group_means() -> None:
    """With equally many rows the mean is the mean, and its error that of the group means."""
    group = np.repeat(np.arange(4), 3)
    gap = np.repeat([0.0, 1.0, 2.0, 3.0], 3) + np.tile([-0.1, 0.0, 0.1], 4)
    actual = np.tile([3.0, 4.0, 5.0], 4)
    found = calibration(actual + gap, actual, group, np.zeros(12, dtype=np.int64))
    # Group means 0, 1, 2, 3: mean 1.5, SD sqrt(5/3), SE sqrt(5/12); t(0.975, 3 df) = 3.182446.
    reach = 3.182446305 * math.sqrt(5 / 12)
    assert found.bias.value == pytest.approx(1.5)
    assert found.bias.low == pytest.approx(1.5 - reach, rel=1e-5)
    assert found.bias.high == pytest.approx(1.5 + reach, rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_tracking_is_the_analysis_of_covariance_that_defines_it(seed: int) -> None:
    """r² = SS of the outcome / (SS of the outcome + residual SS), beside a level for each group."""
    predicted, actual, group, period = _made(seed)
    found = calibration(predicted, actual, group, period).tracking
    assert found is not None
    levels = (group[:, None] == np.unique(group)).astype(float)

    def residual(columns: np.ndarray) -> float:
        fitted = columns @ np.linalg.lstsq(columns, predicted, rcond=None)[0]
        return float(np.sum((predicted - fitted) ** 2))

    without, with_it = residual(levels), residual(np.column_stack([levels, actual]))
    assert found.value == pytest.approx(math.sqrt((without - with_it) / without))
    free = len(predicted) - 6 - 1
    half = 1.959963985 / math.sqrt(free - 1)
    assert found.low == pytest.approx(math.tanh(math.atanh(found.value) - half))


def test_periods_are_drawn_towards_the_own_mean() -> None:
    predicted, actual, group, period = _made(3)
    found = calibration(predicted, actual, group, period)
    gap = predicted - actual
    raw = np.array([gap[period == one].mean() for one in range(8)])
    shrunk = np.array([one.value for one in found.periods])
    assert [one.n for one in found.periods] == [6] * 8
    assert np.all(np.abs(shrunk - gap.mean()) <= np.abs(raw - gap.mean()) + 1e-9)
    assert np.ptp(shrunk) < np.ptp(raw)
    assert all(one.low <= one.value <= one.high for one in found.periods)


def test_intervals_hold_what_they_promise() -> None:
    """With 0.4 planted, the 95 % intervals of 200 simulated people hold it about 190 times."""
    held = 0
    for seed in range(200):
        bias = calibration(*_made(seed)).bias
        held += bias.low <= 0.4 <= bias.high
    assert 180 <= held <= 200


@pytest.mark.parametrize("moves", [0.0, 0.4])
def test_intervals_of_periods_hold_what_they_promise_where_clients_have_levels(
    moves: float,
) -> None:
    """Rows about one person hang together: eight months of six clients are no 48 witnesses."""
    held = n = 0
    for seed in range(100):
        chance = np.random.default_rng(seed)
        group, period = np.repeat(np.arange(6), 8), np.tile(np.arange(8), 6)
        month = chance.normal(0.0, moves, 8)
        gap = 0.4 + chance.normal(0.0, 0.6, 6)[group] + month[period] + chance.normal(0, 0.5, 48)
        found = calibration(4.0 + gap, np.full(48, 4.0), group, period)
        held += sum(e.low <= 0.4 + month[at] <= e.high for at, e in enumerate(found.periods))
        n += len(found.periods)
        width = found.bias.high - found.bias.low
        assert all(e.high - e.low >= width - 1e-12 for e in found.periods)
    assert 0.92 <= held / n <= 0.995


def test_levels_that_explain_everything_leave_months_that_do_not_differ() -> None:
    group, period = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    gap = np.array([0.0, 1.0, 2.0, 3.0])[group]
    found = calibration(4.0 + gap, np.full(12, 4.0), group, period)
    assert [(e.value, e.low, e.high) for e in found.periods] == [
        (found.bias.value, found.bias.low, found.bias.high)
    ] * 3


def test_predictions_that_never_move_have_no_tracking_and_a_bias() -> None:
    _, actual, group, period = _made(1)
    found = calibration(np.full(len(actual), 4.5), actual, group, period)
    assert found.tracking is None
    assert math.isfinite(found.bias.value)
    same = calibration(actual, actual, group, period)
    assert (same.bias.value, same.bias.low, same.bias.high) == (0.0, 0.0, 0.0)
    assert same.tracking is not None
    assert same.tracking.value == pytest.approx(1.0)


def test_too_little_is_refused() -> None:
    predicted, actual, group, period = _made(1)
    for n in (11, 0):
        with pytest.raises(ModelError) as refusal:
            calibration(predicted[:n], actual[:n], group[:n], period[:n])
        assert refusal.value.code == "E-MODEL-002"
    with pytest.raises(ModelError) as refusal:
        calibration(predicted, actual[1:], group, period)
    assert refusal.value.code == "E-MODEL-001"
    with pytest.raises(ModelError) as refusal:
        calibration(np.where(period == 0, np.nan, predicted), actual, group, period)
    assert refusal.value.code == "E-MODEL-003"
    assert enough(12, 3)
    assert not enough(12, 2)
    assert not enough(11, 3)
