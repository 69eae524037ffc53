# SPDX-License-Identifier: Apache-2.0
"""Null and hit rates: pure, alike in the things that matter, and said in plain words."""

from __future__ import annotations

import math
import subprocess
import sys
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
    null_rate,
    rule,
)
from attunement.signals.rates import Dip, hit_rate

ALARM, WATCH, DROP = RULES
ARCHIVE = Archive(4.7, 0.75, 0.5, 0.2, "by hand")


def like(n: int, *, missing: int = 0, best: int = 0, level: float = 4.7) -> Series:
    # as restless as is usual: the archive's noise
    noise = np.random.default_rng(11).standard_normal(n)
    values: list[float | None] = [min(level + 0.5 * float(z), 5.9) for z in noise]
    values[:best] = [6.0] * best
    if missing:
        values[-missing:] = [None] * missing
    return Series(tuple(range(1, n + 1)), tuple(values), 0, 6, 1 / 7)


def rate(one: Rule, series: Series, **more: int) -> NullRate:
    return null_rate(one, like=series, archive=ARCHIVE, **more)


def test_same_seed_same_answer_other_seed_another() -> None:
    first = rate(WATCH, like(8), seed=1)
    assert rate(WATCH, like(8), seed=1) == first
    assert not first.from_table
    other = rate(WATCH, like(8), seed=2)
    assert other.per_series != first.per_series
    assert abs(other.per_series - first.per_series) < 5 * first.per_series_se


def test_shipped_rates_are_those_of_a_simulation() -> None:
    shipped, simulated = rate(ALARM, like(12)), rate(ALARM, like(12), n=2000)
    assert shipped.from_table
    assert shipped.per_series == pytest.approx(simulated.per_series, abs=0.03)
    assert shipped.per_session == pytest.approx(simulated.per_session, abs=0.005)


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
    assert found.n_simulated >= 1000
    assert 0 < found.per_series_se < 0.02
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
    assert one.per_series == pytest.approx(other.per_series, abs=1e-9)
    assert one.per_series > 0


def test_very_long_series_are_cut_at_a_stated_length() -> None:
    assert rate(DROP, like(1000)).n_sessions == 240


def test_the_same_noise_is_answered_alike_however_it_came_out() -> None:
    # one true person, 200 times twenty sessions: the own noise is known badly from so few changes,
    # so most are told a rate within half and twice the middle one
    generator = np.random.default_rng(8)
    scores = np.clip(np.round((4.0 + 0.5 * generator.standard_normal((200, 20))) * 7) / 7, 0, 6)
    series = [Series(tuple(range(20)), tuple(row), 0, 6, 1 / 7) for row in scores.tolist()]
    rates = np.array([rate(ALARM, one).per_series for one in series])
    low, middle, high = np.quantile(rates, (0.1, 0.5, 0.9))
    assert middle < 2 * low
    assert high < 2 * middle


def test_a_little_more_noise_is_a_little_more_often() -> None:
    def restless(size: float) -> Series:
        values = tuple(4.0 + size * (-1) ** k for k in range(15))
        return Series(tuple(range(1, 16)), values, 0, 6)

    rates = [rate(ALARM, restless(0.20 + 0.02 * k)).per_series for k in range(20)]
    assert rates == sorted(rates)
    assert max(b - a for a, b in pairwise(rates)) < 0.03


@pytest.mark.parametrize("n", [0, 99, 1_000_001])
def test_number_of_simulations_out_of_bounds_refused(n: int) -> None:
    with pytest.raises(SignalError) as caught:
        rate(ALARM, like(5), n=n)
    assert caught.value.code == "E-SIGNAL-007"


def test_rule_on_items_has_no_simulated_rate() -> None:
    with pytest.raises(SignalError) as caught:
        rate(rule("oac-strain"), like(5))
    assert caught.value.code == "E-SIGNAL-006"


def test_a_stated_world_gives_the_published_rate() -> None:
    # The published simulation table: alarm limit, mean 3.8 of 1-5, 10.2 % of people
    table = ALARM.with_params("table", max_best_share=1.0)
    world = {"level": 3.8, "between": 0.5, "within": 0.35, "autocorrelation": 0.2, "step": 1 / 12}
    # what the table's clinic sees of it: the plain pooled SDs of twelve sessions with a memory
    archive = Archive(3.788, 0.491, 0.337, 0.2, "pooled")
    depth = 2.5 * 0.35 / 0.337  # the table counts in the true SD
    found = null_rate(table, scale=(1, 5), archive=archive, **world)  # type: ignore[arg-type]
    assert 100 * found.per_series == pytest.approx(10.2, abs=1.5)
    hit = hit_rate(table, depth=depth, scale=(1, 5), archive=archive, **world)  # type: ignore[arg-type]
    assert 100 * hit.rate == pytest.approx(53, abs=1.5)
    assert hit.onset == 7
    assert hit.sentence == (
        "In 100 series (12 sessions) with a dip of 2.59644 usual SDs in session 7, the rule “worse "
        f"than this person's own baseline” would flag about {round(100 * hit.rate)} while it is on."
    )


def test_a_stated_world_in_the_other_direction_is_its_mirror() -> None:
    up = null_rate(ALARM, scale=(0, 6), level=4.5, n=2000)
    down = null_rate(ALARM, scale=(0, 6), level=1.5, higher_is="worse", n=2000)
    assert up.per_series == down.per_series


def test_what_makes_a_world_noisier_or_shorter_shows() -> None:
    def ever(**more: float) -> float:
        return null_rate(WATCH, scale=(0, 6), n=2000, **more).per_series  # type: ignore[arg-type]

    assert ever(horizon=6) < ever(horizon=12) < ever(horizon=24)
    assert ever(missing=0.5) < ever()
    loud = null_rate(ALARM, scale=(0, 6), n=2000, noise_spread=0.5)
    assert loud.per_series > 1.2 * null_rate(ALARM, scale=(0, 6), n=2000).per_series


def test_more_noise_than_the_archive_knows_flags_more() -> None:
    known = default_archive(0, 6)
    loud = null_rate(ALARM, scale=(0, 6), within=1.5 * known.within_sd, archive=known, n=2000)
    assert loud.per_series > 2 * null_rate(ALARM, scale=(0, 6), n=2000).per_series


def test_deeper_and_longer_dips_are_found_more_often() -> None:
    def found(**more: object) -> float:
        return hit_rate(ALARM, like=like(12), archive=ARCHIVE, **more).rate  # type: ignore[arg-type]

    depths = [found(depth=depth) for depth in (1.0, 2.0, 3.0, 4.0)]
    assert depths == sorted(depths)
    lengths = [found(length=length) for length in (1, 3, "step")]
    assert lengths == sorted(lengths)
    assert depths[0] < 0.3 < depths[3]


def test_shipped_hit_rates_are_those_of_a_simulation() -> None:
    for one in (ALARM, DROP):
        for length in (1, 3):
            shipped = hit_rate(one, length=length, like=like(16), archive=ARCHIVE)
            simulated = hit_rate(one, length=length, like=like(16), archive=ARCHIVE, n=1500)
            assert shipped.from_table
            assert not simulated.from_table
            assert shipped.rate == pytest.approx(simulated.rate, abs=0.08)


def test_a_rule_that_looks_back_says_so() -> None:
    back = rule("own-sd-drop-and-return")
    assert "only later" in hit_rate(back, scale=(0, 6), n=200).sentence
    assert not math.isnan(null_rate(back, scale=(0, 6), n=200).per_series)


def test_own_parameters_are_simulated() -> None:
    own = ALARM.with_params("mine", z=1.0)
    found = rate(own, like(8))
    assert not found.from_table
    assert found.per_series > rate(WATCH, like(8)).per_series


def test_no_scale_no_direction_no_dip_refused() -> None:
    for wrong in ({}, {"scale": (0, 6), "higher_is": "up"}, {"scale": (6, 0)}):
        with pytest.raises(SignalError) as caught:
            null_rate(ALARM, **wrong)  # type: ignore[arg-type]
        assert caught.value.code == "E-SIGNAL-004"
    for wrong in ({"missing": 1.0}, {"horizon": 0}, {"within": -1.0}, {"autocorrelation": 1.0}):
        with pytest.raises(SignalError) as caught:
            null_rate(ALARM, scale=(0, 6), **wrong)  # type: ignore[arg-type]
        assert caught.value.code == "E-SIGNAL-007"
    for wrong in ({"depth": -1.0}, {"length": 0}, {"length": "long"}, {"onset": 0}):
        with pytest.raises(SignalError) as caught:
            Dip(**wrong)  # type: ignore[arg-type]
        assert caught.value.code == "E-SIGNAL-007"


def test_a_series_is_answered_without_a_compiler() -> None:
    code = """
import sys
from attunement.signals import Series, default_archive, hit_rate, null_rate, rule
from attunement.signals.rates.grid import TABLED
scores = (4.0, 4.5, 4.2, 5.0, 4.1, 4.6, 3.9, 4.4, 4.8, 4.0, 4.3, 4.5)
like = Series(tuple(range(1, 13)), scores, 0, 6)
archive = default_archive(0, 6)
for one in TABLED:
    assert null_rate(one, like=like, archive=archive).from_table, one.id
    assert hit_rate(one, like=like, archive=archive).from_table, one.id
own = rule("cusum").with_params("mine", h=2.0)
assert not null_rate(own, like=like, archive=archive).from_table
assert "numba" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
