# SPDX-License-Identifier: Apache-2.0
"""Null rates: pure, cached, alike in the things that matter, and said in plain words."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from attunement.signals import (
    RULES,
    Archive,
    NullRate,
    Rule,
    Series,
    SignalError,
    default_archive,
    detect,
    learn_archive,
    null_rate,
    rule,
)
from attunement.signals.nullrate import _simulate

ALARM, WATCH, DROP = RULES
ARCHIVE = Archive(4.7, 0.75, 0.5, 0.2, "by hand")


def like(n: int, *, missing: int = 0, best: int = 0, level: float = 4.7) -> Series:
    values: list[float | None] = [level + 0.2 * (-1) ** k for k in range(n)]
    values[:best] = [6.0] * best
    if missing:
        values[-missing:] = [None] * missing
    return Series(tuple(range(1, n + 1)), tuple(values), 0, 6, 1 / 7)


def rate(one: Rule, series: Series, **more: int) -> NullRate:
    return null_rate(one, like=series, archive=ARCHIVE, **more)


def test_same_seed_same_answer_other_seed_another() -> None:
    first = rate(WATCH, like(12), seed=1)
    _simulate.cache_clear()
    assert rate(WATCH, like(12), seed=1) == first
    other = rate(WATCH, like(12), seed=2)
    assert other.per_series != first.per_series
    assert abs(other.per_series - first.per_series) < 5 * first.per_series_se


def test_longer_series_are_flagged_more_often() -> None:
    rates = [rate(ALARM, like(n)).per_series for n in (3, 6, 12, 24, 40)]
    assert rates == sorted(rates)
    assert rates[0] < rates[-1]


def test_lower_threshold_flags_more() -> None:
    assert rate(WATCH, like(12)).per_series > 2 * rate(ALARM, like(12)).per_series


def test_missing_forms_leave_fewer_sessions_to_flag() -> None:
    assert rate(WATCH, like(20, missing=10)).per_series < rate(WATCH, like(20)).per_series


def test_ceiling_makes_sessions_impossible_to_judge() -> None:
    # with most scores at the maximum z is rarely trusted, so little can be flagged
    assert rate(WATCH, like(20, best=16)).per_series < rate(WATCH, like(20)).per_series


def test_too_short_to_say_anything() -> None:
    short = rate(ALARM, like(2))
    assert short.per_series == 0
    assert "too short" in short.sentence
    assert rate(ALARM, Series((), (), 0, 6)).n_sessions == 0


def test_sentence_speaks_of_a_hundred_series() -> None:
    found = rate(WATCH, like(12))
    assert f"would flag about {round(100 * found.per_series)} at least once" in found.sentence
    assert found.sentence.startswith("In 100 stable series like this one")
    assert found.n_simulated == 4000
    assert 0 < found.per_series_se < 0.01
    assert 0 < found.per_session_se < found.per_session


def test_direction_does_not_change_the_rate() -> None:
    up = like(12)
    down = Series(up.sessions, tuple(6 - v for v in up.values if v is not None), 0, 6, 1 / 7, False)
    mirrored = Archive(6 - 4.7, 0.75, 0.5, 0.2, "by hand")
    assert null_rate(ALARM, like=down, archive=mirrored) == rate(ALARM, up)


def test_units_do_not_change_the_rate() -> None:
    # ten times the scale, ten times everything: also where a parameter is in points
    median = rule("oac-below-own-median")
    up = like(12)
    tens = Series(up.sessions, tuple(10 * v for v in up.values if v is not None), 0, 60, 10 / 7)
    wide = Archive(47.0, 7.5, 5.0, 0.2, "by hand")
    scaled = median.with_params("tens", points=10.0)
    one, other = rate(median, up), null_rate(scaled, like=tens, archive=wide)
    assert one.per_series == other.per_series > 0


def test_very_long_series_are_cut_at_a_stated_length() -> None:
    assert rate(DROP, like(1000), n=200).n_sessions == 240


def test_repeated_questions_are_answered_from_the_table() -> None:
    archive = default_archive(0, 6)
    series = [like(n, missing=m) for n in range(5, 25) for m in (0, 1)]
    _simulate.cache_clear()
    for one in series:
        null_rate(ALARM, like=one, archive=archive)
    misses = _simulate.cache_info().misses
    for one in series:
        null_rate(ALARM, like=one, archive=archive)
    assert _simulate.cache_info().misses == misses <= 24


def test_the_same_noise_is_answered_alike_however_it_came_out() -> None:
    # one true person, 200 times twenty sessions: the own noise is known badly from so few changes
    generator = np.random.default_rng(8)
    scores = np.clip(np.round((4.0 + 0.5 * generator.standard_normal((200, 20))) * 7) / 7, 0, 6)
    series = [Series(tuple(range(20)), tuple(row), 0, 6, 1 / 7) for row in scores.tolist()]
    low, high = np.quantile([rate(ALARM, one).per_series for one in series], (0.05, 0.95))
    assert high < 2.5 * low


def test_a_little_more_noise_is_a_little_more_often() -> None:
    def restless(size: float) -> Series:
        values = tuple(4.0 + size * (-1) ** k for k in range(15))
        return Series(tuple(range(1, 16)), values, 0, 6)

    rates = [rate(ALARM, restless(0.20 + 0.02 * k)).per_series for k in range(20)]
    assert rates == sorted(rates)
    assert max(b - a for a, b in pairwise(rates)) < 0.03


def test_stated_rates_meet_the_counted_ones_in_stable_people() -> None:
    generator = np.random.default_rng(12)
    series = []
    for _ in range(2500):
        length = int(generator.integers(6, 25))
        scores = 4.6 + 0.75 * generator.standard_normal() + 0.5 * generator.standard_normal(length)
        values = np.clip(np.round(scores * 7) / 7, 0, 6).tolist()
        series.append(Series(tuple(range(length)), tuple(values), 0, 6, 1 / 7))
    archive = learn_archive(series)
    counted = np.mean([bool(detect(one, archive=archive).signals) for one in series])
    stated = np.mean([null_rate(ALARM, like=one, archive=archive).per_series for one in series])
    error = math.sqrt(counted * (1 - counted) / len(series))
    assert counted - 2 * error < stated < 1.15 * counted + 2 * error


@pytest.mark.parametrize("n", [0, 99, 1_000_001])
def test_number_of_simulations_out_of_bounds_refused(n: int) -> None:
    with pytest.raises(SignalError) as caught:
        rate(ALARM, like(5), n=n)
    assert caught.value.code == "E-SIGNAL-007"


def test_rule_on_items_has_no_simulated_rate() -> None:
    with pytest.raises(SignalError) as caught:
        rate(rule("oac-strain"), like(5))
    assert caught.value.code == "E-SIGNAL-006"
