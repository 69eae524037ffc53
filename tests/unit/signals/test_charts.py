# SPDX-License-Identifier: Apache-2.0
"""Charts and recursions, each on a series worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attunement.signals import Archive, Batch, Judgements, Reason, Runs, SignalError, judge_batch
from attunement.signals import rule as find

NAN = float("nan")
ARCHIVE = Archive(5.0, 1.0, 1.0, 0.0, "by hand")


def ask(rule_id: str, *values: float, archive: Archive = ARCHIVE, **params: float) -> Judgements:
    one = find(rule_id)
    one = one.with_params("test", **params) if params else one
    numbers = np.arange(1, len(values) + 1)
    of = Batch(np.array(values, dtype=float), numbers, np.array([0, len(values)]), 0, 10)
    return judge_batch(of, one, archive=archive)


def flagged(found: Judgements) -> list[int]:
    return (np.nonzero(found.flagged)[0] + 1).tolist()


# Eight scores with mean 6 and ranges 1 1 1 1 1 1 1: σ̂ = 1/1.128 = .8865
BASE = (6.5, 5.5, 6.5, 5.5, 6.5, 5.5, 6.5, 5.5)
SIGMA = 1 / 1.128


def test_limits_come_from_the_frozen_baseline_alone() -> None:
    found = ask("individuals-chart-runs", *BASE, 3.3, 3.4, 1.0)
    assert found.expected[8:].tolist() == pytest.approx([6.0] * 3)
    # 6 − 3·.8865 = 3.3404: 3.3 lies beyond; the first point beyond 2σ alone does not count
    assert found.limit[8] == pytest.approx(6 - 3 * SIGMA)
    assert found.statistic[8] == pytest.approx(-2.7 / SIGMA)
    assert found.flagged[8]
    assert found.n_used[8] == 8
    assert {Reason(code) for code in found.reason[:8]} == {Reason.TOO_FEW_SCORES}
    assert np.isnan(found.expected[:8]).all()


def test_two_of_three_beyond_two_sigma() -> None:
    # 2σ̂ below is 4.227, 3σ̂ below 3.34: 4 is beyond two, 6 is not
    found = ask("individuals-chart-runs", *BASE, 4.0, 6.0, 4.0, 4.2)
    assert flagged(found) == [11, 12]
    assert found.limit[10] == pytest.approx(6 - 2 * SIGMA)
    assert flagged(ask("individuals-chart-runs", *BASE, 4.0, 6.0, 6.0, 4.0)) == []
    assert flagged(ask("individuals-chart-runs", *BASE, 4.0, 8.0, 4.0)) == [11]


def test_four_of_five_beyond_one_sigma() -> None:
    # 1σ̂ below is 5.1135
    found = ask("individuals-chart-runs", *BASE, 5.0, 5.0, 6.5, 5.0, 5.0)
    assert flagged(found) == [13]
    assert found.limit[12] == pytest.approx(6 - SIGMA)
    assert flagged(ask("individuals-chart-runs", *BASE, 5.0, 5.0, 6.5, 6.5, 5.0, 5.0)) == []


def test_eight_on_one_side() -> None:
    found = ask("individuals-chart-runs", *BASE, *[5.9] * 9)
    assert flagged(found) == [16, 17]
    assert found.limit[15] == 6.0
    broken = ask("individuals-chart-runs", *BASE, *[5.9] * 7, 6.0, *[5.9] * 7)
    assert flagged(broken) == []  # a score on the centre line is on neither side


def test_each_run_rule_can_be_left_out() -> None:
    low = (*BASE, 4.0, 6.0, 4.0)
    assert flagged(ask("individuals-chart-runs", *low, runs=Runs.BEYOND_3_SIGMA)) == []
    assert flagged(ask("individuals-chart-runs", *low, runs=Runs.EIGHT_ON_ONE_SIDE)) == []


def test_the_better_side_is_asked_about_on_demand() -> None:
    high = (*BASE, 8.9)
    assert flagged(ask("individuals-chart-runs", *high)) == []
    found = ask("individuals-chart-runs", *high, both_sides=1)
    assert flagged(found) == [9]
    assert found.limit[8] == pytest.approx(6 + 3 * SIGMA)


def test_a_gap_breaks_a_run() -> None:
    assert flagged(ask("individuals-chart-runs", *BASE, 4.0, NAN, 4.0)) == [11]
    assert flagged(ask("individuals-chart-runs", *BASE, 4.0, NAN, NAN, 4.0)) == []


def test_missing_forms_are_no_points_of_the_baseline() -> None:
    found = ask("individuals-chart-runs", *BASE[:4], NAN, *BASE[4:], 3.3)
    assert found.limit[9] == pytest.approx(6 - 3 * SIGMA)
    assert found.flagged[9]


def test_whole_series_limits_hold_the_point_itself() -> None:
    # 6 6 6 6 1: mean 5, ranges 0 0 0 5, σ̂ = 1.25/1.128 = 1.1082: 5 − 3.3245 = 1.6755
    found = ask("individuals-chart-whole", 6, 6, 6, 6, 1)
    assert found.limit[0] == pytest.approx(5 - 3 * 1.25 / 1.128)
    assert flagged(found) == [5]
    assert not find("individuals-chart-whole").prospective


def test_a_flat_baseline_has_the_archives_noise() -> None:
    # ranges 0: σ = 1 of the archive, not 0
    found = ask("individuals-chart", *[10.0] * 6, 7.1, 6.9)
    assert found.limit[6] == pytest.approx(7.0)
    assert flagged(found) == [8]


def test_medians_do_not_follow_an_outlier() -> None:
    # baseline 6.5 5.5 6.5 0 6.5 5.5 6.5 5.5: median 6; ranges 1 1 6.5 6.5 1 1 1, median 1
    found = ask("individuals-chart-median", 6.5, 5.5, 6.5, 0, 6.5, 5.5, 6.5, 5.5, 2.8)
    assert found.expected[8] == 6
    assert found.limit[8] == pytest.approx(6 - 3 / 0.9539)  # = 6 − 3.145·median(MR)
    assert pytest.approx(3.145, abs=5e-4) == 3 / 0.9539
    assert found.flagged[8]


def test_cusum_by_hand() -> None:
    # Prior 5, τ = σ = 1. After 5, 5: b = 5, s² = 2 − 2/3 = 4/3. z(3) = −2/1.1547 = −1.7321 and
    # S = 1.2321. Then m = 13/3, w = 3/4, b = 4.5, s² = 5/4; z(2.5) = −1.7889; S = 2.5209.
    found = ask("cusum", 5, 5, 3, 2.5)
    assert found.statistic[2] == pytest.approx(-(2 / math.sqrt(4 / 3) - 0.5))
    first = 2 / math.sqrt(4 / 3) - 0.5
    second = first + 2 / math.sqrt(5 / 4) - 0.5
    assert found.statistic[3] == pytest.approx(-second)
    # the limit is the score at which the sum would reach h = 3
    assert found.limit[3] == pytest.approx(4.5 - math.sqrt(5 / 4) * (3 + 0.5 - first))
    assert not found.flagged.any()
    below = found.limit[3] - 1e-6
    assert ask("cusum", 5, 5, 3, below).flagged[3]
    assert not ask("cusum", 5, 5, 3, below + 2e-6).flagged[3]


def test_cusum_forgets_below_zero_and_skips_missing_forms() -> None:
    found = ask("cusum", 5, 5, 9, NAN, 5)
    assert found.statistic[2] == 0  # better than expected
    assert math.isnan(found.statistic[3])
    assert Reason(found.reason[3]) is Reason.NO_FORM


def test_two_sided_cusum_speaks_of_the_better_side_too() -> None:
    rising = (5, 5, 8, 8.5, 9, 9.5)
    assert not ask("cusum", *rising).flagged.any()
    found = ask("cusum-both-sides", *rising)
    assert found.flagged.any()
    at = int(np.argmax(found.flagged))
    assert found.statistic[at] > 3
    assert found.limit[at] < rising[at]


def test_ewma_by_hand() -> None:
    # λ = .2: e after z = −1.7321 is −.3464; its limit 2.7·√(.2/1.8·(1 − .64)) = 2.7·.2 = .54
    found = ask("ewma", 5, 5, 3)
    assert found.statistic[2] == pytest.approx(-0.2 * 2 / math.sqrt(4 / 3))
    assert not found.flagged[2]
    # z below −2.7 alone is enough at the first judged score: x < 5 − 2.7·1.1547 = 1.8823
    assert found.limit[2] == pytest.approx(5 - 2.7 * math.sqrt(4 / 3))
    assert ask("ewma", 5, 5, 1.88).flagged[2]
    assert not ask("ewma", 5, 5, 1.89).flagged[2]


def test_ewma_counts_judged_scores_only() -> None:
    # a missing form changes neither the average nor its limit
    one, two = ask("ewma", 5, 5, 3, 3.0), ask("ewma", 5, 5, 3, NAN, 3.0)
    assert two.statistic[4] == one.statistic[3]
    assert two.limit[4] == one.limit[3]


@pytest.mark.parametrize("rule_id", ["cusum", "cusum-both-sides", "ewma", "change-point"])
def test_many_scores_at_the_ceiling_are_not_judged(rule_id: str) -> None:
    found = ask(rule_id, 10, 10, 10, 5, 2)
    assert {Reason(code) for code in found.reason[2:]} == {Reason.AT_THE_END_OF_THE_SCALE}
    assert not found.flagged.any()


@pytest.mark.parametrize("rule_id", ["cusum", "ewma", "change-point", "individuals-chart-runs"])
def test_no_noise_at_all_is_not_evaluable(rule_id: str) -> None:
    silent = Archive(5.0, 0.0, 0.0, 0.0, "by hand")
    found = ask(rule_id, *[5.0] * 10, archive=silent)
    assert Reason(found.reason[9]) is Reason.NO_SPREAD


@pytest.mark.parametrize(
    ("rule_id", "wrong"),
    [
        ("individuals-chart", {"baseline": 1}),
        ("individuals-chart", {"runs": 0}),
        ("cusum", {"h": 0.0}),
        ("ewma", {"weight": 0.0}),
        ("change-point", {"hazard": 1.0}),
        ("change-point", {"degrees": 2}),
        ("change-point", {"degrees": 31}),
    ],
)
def test_numbers_without_a_meaning_are_refused(rule_id: str, wrong: dict[str, float]) -> None:
    with pytest.raises(SignalError) as caught:
        find(rule_id).with_params("test", **wrong)
    assert caught.value.code == "E-SIGNAL-006"
