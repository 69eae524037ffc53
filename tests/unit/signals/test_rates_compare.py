# SPDX-License-Identifier: Apache-2.0
"""Rules side by side on the same dyads."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attunement.signals import Archive, Batch, Reason, Rule, SignalError, judge_batch, rule
from attunement.signals.rates import Dip, compare, hit_rate, null_rate

ALARM, WATCH = rule("below-own-baseline"), rule("below-own-baseline-watch")
DROP = rule("drop-from-previous")
ARCHIVE = Archive(4.0, 0.7, 0.5, 0.2, "by hand")


def steady(n: int, length: int, seed: int = 1) -> Batch:
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal((n, length))
    for t in range(1, length):
        noise[:, t] = 0.2 * noise[:, t - 1] + math.sqrt(0.96) * noise[:, t]
    scores = 4.0 + 0.7 * generator.standard_normal((n, 1)) + 0.5 * noise
    return batch(np.clip(np.round(scores * 7) / 7, 0, 6))


def batch(scores: np.ndarray, *, higher: bool = True) -> Batch:
    n, length = scores.shape
    return Batch(
        scores.ravel().astype(np.float64),
        np.tile(np.arange(1, length + 1), n),
        length * np.arange(n + 1),
        0,
        6,
        1 / 7,
        higher,
    )


def test_counts_are_those_of_the_engine() -> None:
    data = steady(60, 10)
    found = compare(data, (ALARM, WATCH, DROP), archive=ARCHIVE, n=200)
    for at, one in enumerate((ALARM, WATCH, DROP)):
        judged = judge_batch(data, one, archive=ARCHIVE)
        row = found.rows[at]
        assert row.sessions_flagged == judged.flagged.sum()
        assert row.sessions_judged == judged.evaluable.sum()
        by_dyad = judged.flagged.reshape(60, 10).any(axis=1)
        assert (found.flagged_by[:, at] == by_dyad).all()
        assert row.n_flagged == by_dyad.sum()
        could = judged.evaluable.reshape(60, 10).any(axis=1)
        assert row.share_flagged == pytest.approx(by_dyad.sum() / could.sum())


def test_the_watch_flags_whoever_the_alarm_flags() -> None:
    data = steady(200, 12)
    found = compare(data, (ALARM, WATCH), archive=ARCHIVE, n=500)
    judged = judge_batch(data, ALARM, archive=ARCHIVE).evaluable
    pair = found.pair(ALARM.id, WATCH.id)
    assert pair.dyads.first_only == pair.sessions.first_only == 0
    assert pair.dyads.n == judged.reshape(200, 12).any(axis=1).sum()
    assert pair.sessions.n == judged.sum()
    alarm, watch = found.rows
    assert alarm.null_rate < watch.null_rate
    assert alarm.hit_rate is not None
    assert watch.hit_rate is not None
    assert alarm.hit_rate < watch.hit_rate


def test_rates_are_those_of_the_stated_world() -> None:
    # 12 sessions each, nothing missing: the same world as the one that is stated
    found = compare(steady(50, 12), (ALARM, DROP), archive=ARCHIVE, n=6000)
    world = {"level": 4.0, "between": 0.7, "within": 0.5, "autocorrelation": 0.2, "step": 1 / 7}
    for row in found.rows:
        null = null_rate(row.rule, scale=(0, 6), n=6000, **world)  # type: ignore[arg-type]
        hit = hit_rate(row.rule, scale=(0, 6), n=6000, **world)  # type: ignore[arg-type]
        assert row.hit_rate is not None
        assert abs(row.null_rate - null.per_series) < 4 * math.hypot(
            row.null_rate_se, null.per_series_se
        )
        assert abs(row.hit_rate - hit.rate) < 4 * math.hypot(row.hit_rate_se or 0, hit.rate_se)


def test_the_share_in_steady_data_is_the_null_rate() -> None:
    data = steady(3000, 12, seed=5)
    for row in compare(data, (ALARM, WATCH, DROP), archive=ARCHIVE, n=3000).rows:
        assert row.share_flagged == pytest.approx(row.null_rate, abs=0.03)


def test_lower_is_better_mirrors_everything() -> None:
    up = steady(40, 8)
    down = Batch(6 - up.values, up.sessions, up.starts, 0, 6, 1 / 7, higher_is_better=False)
    mirrored = Archive(2.0, 0.7, 0.5, 0.2, "by hand")
    one = compare(up, (ALARM, DROP), archive=ARCHIVE, n=300)
    other = compare(down, (ALARM, DROP), archive=mirrored, n=300)
    for a, b in zip(one.rows, other.rows, strict=True):
        assert a == b
    assert one.pairs == other.pairs


def test_undefined_kappa_says_why() -> None:
    flat = batch(np.full((5, 6), 4.0))
    found = compare(flat, (ALARM, DROP), archive=ARCHIVE, n=100)
    pair = found.pairs[0]
    assert pair.dyads.kappa.value is None
    assert "one and the same answer" in pair.dyads.kappa.reason
    assert pair.dyads.ac1.value == 1


def test_a_dyad_of_one_session_has_no_place_for_a_dip() -> None:
    found = compare(batch(np.full((4, 1), 4.0)), (ALARM,), archive=ARCHIVE, n=100)
    assert found.rows[0].hit_rate is None
    assert found.rows[0].share_flagged is None
    assert found.rows[0].null_rate is None  # nothing could be judged: no rate, not one of 0


def test_nothing_at_all() -> None:
    empty = Batch(
        np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(1, dtype=np.int64), 0, 6, 1 / 7
    )
    found = compare(empty, (ALARM, DROP), archive=ARCHIVE, n=100)
    assert found.n_simulated == 0
    assert found.pairs[0].dyads.n == 0


def test_missing_forms_of_the_data_are_kept() -> None:
    scores = steady(100, 12).values.reshape(100, 12).copy()
    scores[:, 3:] = np.nan
    few = compare(batch(scores), (WATCH,), archive=ARCHIVE, n=1000)
    many = compare(steady(100, 12), (WATCH,), archive=ARCHIVE, n=1000)
    assert few.rows[0].null_rate < 0.5 * many.rows[0].null_rate


def test_a_longer_deeper_dip_is_found_more_often() -> None:
    data = steady(50, 12)
    rates = [
        compare(data, (ALARM,), archive=ARCHIVE, dip=dip, n=500).rows[0].hit_rate or 0
        for dip in (Dip(1.5, 1), Dip(2.5, 1), Dip(2.5, 3), Dip(2.5, "step"))
    ]
    assert rates == sorted(rates)
    assert rates[0] < rates[1] < rates[2]


def test_unknown_pair_and_rule_on_items_refused() -> None:
    found = compare(steady(5, 5), (ALARM,), archive=ARCHIVE, n=100)
    with pytest.raises(SignalError) as caught:
        found.pair(ALARM.id, DROP.id)
    assert caught.value.code == "E-SIGNAL-006"
    items: Rule = rule("oac-strain")
    with pytest.raises(SignalError) as caught:
        compare(steady(5, 5), (items,), archive=ARCHIVE, n=100)
    assert caught.value.code == "E-SIGNAL-006"


@pytest.mark.slow
def test_the_house_rule_keeps_the_rate_it_is_asked_for() -> None:
    found = compare(steady(300, 12), (rule("house"), WATCH), archive=ARCHIVE, n=2000)
    house = found.rows[0]
    assert house.null_rate < 0.15
    assert house.hit_rate is not None
    assert house.hit_rate > 0.3


def test_a_rule_that_can_judge_no_dip_has_no_hit_rate() -> None:
    # 12 sessions: the dip is in session 7, the chart is frozen after 8 scores (the other after 6)
    late, early = rule("individuals-chart-runs"), rule("individuals-chart")
    found = compare(steady(30, 12), (late, early), archive=ARCHIVE, n=300)
    assert found.rows[0].hit_rate is None
    assert found.rows[0].dips_judged == 0
    assert found.rows[0].not_judged is Reason.TOO_FEW_SCORES
    assert found.rows[0].null_rate is not None
    assert found.rows[1].hit_rate is not None
    assert found.rows[1].dips_judged == 1
    assert found.rows[1].not_judged is None


def test_a_rule_that_can_judge_nobody_has_no_null_rate() -> None:
    found = compare(steady(30, 6), (rule("individuals-chart"), DROP), archive=ARCHIVE, n=300)
    chart, drop = found.rows
    assert (chart.null_rate, chart.null_rate_se, chart.hit_rate) == (None, None, None)
    assert chart.not_judged is Reason.TOO_FEW_SCORES
    assert drop.null_rate is not None


def test_dips_that_could_not_be_judged_count_as_not_found() -> None:
    # half of the dyads have 14 sessions (dip in session 8), half 24 (session 13): the chart that
    # is frozen after eight scores can judge the second half alone
    short, long = steady(40, 14), steady(40, 24)
    both = Batch(
        np.concatenate([short.values, long.values]),
        np.concatenate([short.sessions, long.sessions]),
        np.concatenate([short.starts, short.n_rows + long.starts[1:]]),
        0,
        6,
        1 / 7,
    )
    row = compare(both, (rule("individuals-chart-runs"),), archive=ARCHIVE, n=400).rows[0]
    assert row.dips_judged == pytest.approx(0.5)
    assert row.hit_rate is not None
    assert row.hit_rate < 0.5
    assert row.not_judged is Reason.TOO_FEW_SCORES


def test_a_dip_before_the_baseline_is_full_is_said_to_be_out_of_reach() -> None:
    found = hit_rate("individuals-chart-runs", scale=(0, 6), n=200)
    assert "cannot judge" in found.sentence
    assert "needs 8 earlier scores" in found.sentence
    assert (
        "too short" in null_rate("individuals-chart-runs", scale=(0, 6), horizon=8, n=200).sentence
    )
