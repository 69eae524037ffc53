# SPDX-License-Identifier: Apache-2.0
"""Each drop rule on a series worked by hand, and what every rule has in common."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from attunement.signals import (
    CLASSICAL_RULES,
    OAC_RULES,
    RULES,
    Archive,
    Batch,
    Judgements,
    Reason,
    Reference,
    Rule,
    Series,
    SignalError,
    Unit,
    detect,
    judge,
    judge_batch,
    rule,
    screen_batch,
)
from attunement.signals.detectors import DETECTORS, Model

NAN = float("nan")
# γ = 6, τ = 2, σ = 1, no memory
ARCHIVE = Archive(6.0, 2.0, 1.0, 0.0, "by hand")
NEVER, ALWAYS = 1 << 60, 0
ONE_SERIES = [one for one in (*CLASSICAL_RULES, *OAC_RULES) if one.reads_one_series]


def batch(*dyads: list[float], step: float = 0.0) -> Batch:
    values = [x for one in dyads for x in one]
    numbers = [k + 1 for one in dyads for k in range(len(one))]
    starts = np.cumsum([0, *(len(one) for one in dyads)])
    return Batch(np.array(values, dtype=float), np.array(numbers, np.int64), starts, 0, 10, step)


def ask(rule_id: str, *values: float, step: float = 0.0, **params: float) -> Judgements:
    one = rule(rule_id)
    one = one.with_params("test", **params) if params else one
    return judge_batch(batch(list(values), step=step), one, archive=ARCHIVE)


def reasons(found: Judgements) -> list[str]:
    return [Reason(code).name.lower() for code in found.reason.tolist()]


def random_batch(seed: int, *, dyads: int = 150, higher: bool = True) -> Batch:
    generator = np.random.default_rng(seed)
    sizes = generator.integers(0, 45, dyads)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    values = np.clip(np.round(generator.normal(7.5, 1.6, starts[-1]) * 3) / 3, 0, 10)
    values[generator.random(values.size) < 0.15] = np.nan
    sessions = np.concatenate([np.cumsum(generator.integers(1, 4, n)) for n in sizes])
    return Batch(values, sessions.astype(np.int64), starts, 0, 10, 1 / 3, higher)


def test_drop_of_a_share_of_the_range() -> None:
    # 2.5 % of 10 points: .25. From 7 to 6.75 counts, to 6.8 does not
    assert ask("drop-of-2.5-percent", 7, 6.75).flagged.tolist() == [False, True]
    assert not ask("drop-of-2.5-percent", 7, 6.8).flagged.any()
    one = ask("drop-of-2.5-percent", 7, 6.5)
    assert one.statistic[1] == pytest.approx(-0.05)
    assert (one.expected[1], one.limit[1], one.n_used[1]) == (7, 6.75, 1)


def test_drop_of_an_own_sd_from_the_previous_score() -> None:
    # SD of 6, 8, 7 is 1; the previous score is 7: 6 counts, 6.1 does not
    assert ask("drop-own-sd-from-previous", 6, 8, 7, 6).flagged[3]
    assert not ask("drop-own-sd-from-previous", 6, 8, 7, 6.1).flagged[3]
    assert reasons(ask("drop-own-sd-from-previous", 6, 8, 7, 6))[:3] == ["too_few_scores"] * 3


def test_own_mean_leaves_the_score_itself_out() -> None:
    # mean of 6, 8, 7 is 7, SD 1: with the score of 6 in, the mean would be 6.75
    found = ask("drop-own-sd-from-own-mean", 6, 8, 7, 6)
    assert (found.expected[3], found.limit[3], found.n_used[3]) == (7, 6, 3)
    assert found.flagged[3]
    # in units of the archive's σ = 1: 1.96 below 7 is 5.04
    assert ask("drop-from-own-mean", 6, 8, 7, 5.04).flagged[3]
    assert not ask("drop-from-own-mean", 6, 8, 7, 5.05).flagged[3]


def test_mean_of_the_last_three() -> None:
    # the last three before session 6 are 5, 6, 7 (mean 6); the 9 and the missing form are not in
    found = ask("drop-from-last-three", 9, 5, NAN, 6, 7, 4.04)
    assert (found.expected[5], found.n_used[5]) == (6, 3)
    assert found.limit[5] == pytest.approx(4.04)
    assert found.flagged[5]
    assert reasons(found) == [
        "too_few_scores",
        "too_few_scores",
        "no_form",
        "too_few_scores",
        "evaluable",
        "evaluable",
    ]


def test_own_line_goes_on() -> None:
    # 2, 4, 6, 8 lie on x = 2t: 10 is expected at session 5. Mean session 2.5, Σ(t − t̄)² = 5,
    # s = √(1 + 1/4 + 2.5²/5) = √2.5; 10 − 2.33·1.5811 = 6.316
    found = ask("below-own-line", 2, 4, 6, 8, 6.3)
    assert found.expected[4] == pytest.approx(10)
    assert found.limit[4] == pytest.approx(10 - 2.33 * math.sqrt(2.5))
    assert found.statistic[4] == pytest.approx(-3.7 / math.sqrt(2.5))
    assert found.flagged[4]
    assert not ask("below-own-line", 2, 4, 6, 8, 6.4).flagged[4]


def test_reliable_change() -> None:
    # SD of all scores √(2² + 1²) = √5; 1.96·√5·√(2·.1) = 1.96
    assert ask("drop-reliable-change", 7, 5.04).flagged[1]
    assert not ask("drop-reliable-change", 7, 5.05).flagged[1]


def test_moving_range_of_the_earlier_scores() -> None:
    # 6 7 6 7 6: mean range 1, σ̂ = 1/1.128 = .8865; mean 6.4; 6.4 − 3·.8865 = 3.7404
    found = ask("drop-three-moving-ranges", 6, 7, 6, 7, 6, 3.7)
    assert found.limit[5] == pytest.approx(6.4 - 3 / 1.128)
    assert found.flagged[5]


def test_a_moving_range_is_not_taken_over_a_long_gap() -> None:
    # sessions 1 2 3 … with two forms missing between 7 and 2: |2 − 7| is no range of neighbours
    found = ask("drop-three-moving-ranges", 6, 7, NAN, NAN, 2, 3, 2, 3)
    assert found.limit[7] == pytest.approx(4.0 - 3 * 1 / 1.128)


def test_persistence_measures_from_before_the_first_low_score() -> None:
    # after 6, 6: w = 4/(4 + 1/2) = 8/9, b = 6, s² = 4/9 + 1; limit 6 − 1.645·1.2019 = 4.023
    limit = 6 - 1.645 * math.sqrt(4 / 9 + 1)
    found = ask("below-own-baseline-twice", 6, 6, 4, 4, 4.1)
    assert found.flagged.tolist() == [False, False, False, True, False]
    assert found.limit[3] == pytest.approx(limit)
    assert found.expected[3] == pytest.approx(6)
    assert found.statistic[3] == pytest.approx(-2 / math.sqrt(4 / 9 + 1))
    assert not ask("below-own-baseline-twice", 6, 6, 4, 6, 4).flagged.any()


def test_persistence_over_one_missing_form_but_not_over_two() -> None:
    assert ask("below-own-baseline-twice", 6, 6, 4, NAN, 4).flagged[4]
    assert not ask("below-own-baseline-twice", 6, 6, 4, NAN, NAN, 4).flagged.any()


def test_whole_series_rules_say_that_they_look_ahead() -> None:
    # 4, 6, 8: mean 6, SD 2. The first score is judged by later ones
    found = ask("own-sd-below-whole-mean", 4, 6, 8)
    assert found.flagged.tolist() == [True, False, False]
    assert found.n_used.tolist() == [3, 3, 3]
    assert not rule("own-sd-below-whole-mean").prospective
    # 7, 5, 6: SD 1; 7 → 5 is a drop of 2
    assert ask("own-sd-drop-whole", 7, 5, 6).flagged.tolist() == [False, True, False]


def test_drop_and_return() -> None:
    # 7 5 7 7 6: SD .894; back within half of it, 6.553: 7 in session 3. The drop to 6 has no return
    assert ask("own-sd-drop-and-return", 7, 5, 7, 7, 6).flagged.tolist() == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert not ask("own-sd-drop-and-return", 7, 5, 5, 5, 5, 7).flagged.any()  # after four sessions


def test_points_and_units_can_be_asked_together() -> None:
    both = {"reference": Reference.PREVIOUS, "unit": Unit.WITHIN_SD, "k": 0.5, "points": 2.0}
    found = ask("drop-from-own-mean", 7, 5.5, 3.5, **both, min_previous=1)
    assert found.flagged.tolist() == [False, False, True]  # 1.5 is above .5σ, but not 2 points
    assert found.limit[2] == 3.5


def test_flat_at_the_ceiling_falls_back_on_the_archives_noise() -> None:
    # own SD 0: σ = 1 instead, so 9 is one unit below 10 and counts, 9.1 does not
    for rule_id in ("drop-own-sd-from-previous", "drop-own-sd-from-own-mean"):
        assert ask(rule_id, 10, 10, 10, 9).flagged[3]
        assert not ask(rule_id, 10, 10, 10, 9.1).flagged[3]


def test_an_own_sd_is_never_below_half_a_step() -> None:
    # 10 10 10 10 9.9: SD .0447; with a step of 1 the unit is .5
    found = ask("drop-own-sd-from-own-mean", 10, 10, 10, 10, 9.9, 9, step=1.0)
    assert found.statistic[5] == pytest.approx((9 - 9.98) / 0.5)


def test_missing_forms_are_neither_zero_nor_evidence() -> None:
    full, gappy = (6.0, 8.0, 7.0, 6.0), (6.0, NAN, 8.0, NAN, 7.0, 6.0)
    one, two = ask("drop-own-sd-from-own-mean", *full), ask("drop-own-sd-from-own-mean", *gappy)
    assert two.statistic[5] == one.statistic[3]
    assert [two.reason[k] for k in (1, 3)] == [Reason.NO_FORM] * 2
    assert not two.flagged[[1, 3]].any()


@pytest.mark.parametrize("one", ONE_SERIES, ids=lambda one: one.id)
@pytest.mark.parametrize("values", [[], [5.0], [NAN], [NAN, NAN, NAN]])
def test_too_little_is_not_evaluable_and_never_none(one: Rule, values: list[float]) -> None:
    found = judge_batch(batch(values), one, archive=ARCHIVE)
    assert not found.evaluable.any()
    assert not found.flagged.any()
    assert np.isnan(found.statistic).all() or values == [5.0]


@pytest.mark.parametrize("one", ONE_SERIES, ids=lambda one: one.id)
def test_all_equal_is_never_flagged(one: Rule) -> None:
    for level in (0.0, 6.0, 10.0):
        found = judge_batch(batch([level] * 25, step=1.0), one, archive=ARCHIVE)
        lower_than_all = level == 0.0 and one.detector in {"shrunken_baseline", "cusum", "ewma"}
        assert lower_than_all or not found.flagged.any()


@pytest.mark.parametrize("one", ONE_SERIES, ids=lambda one: one.id)
@pytest.mark.parametrize("higher", [True, False])
def test_plain_and_compiled_are_equal_to_the_last_bit(
    one: Rule,
    higher: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    of = random_batch(1, higher=higher)
    archive = Archive(7.5 if higher else 2.5, 1.0, 1.2, 0.2, "by hand")
    plain = judge_batch(of, one, archive=archive, compile_from=NEVER)
    fast = judge_batch(of, one, archive=archive, compile_from=ALWAYS)
    for name in ("statistic", "flagged", "reason", "expected", "limit", "n_used"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(fast, name), err_msg=name)


def test_threads_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    of = random_batch(2, dyads=400)
    whole = screen_batch(of, CLASSICAL_RULES, archive=ARCHIVE, threads=1, compile_from=ALWAYS)
    monkeypatch.setattr("attunement.signals.engine.MOST_BLOCK_ROWS", 64)
    parts = screen_batch(of, CLASSICAL_RULES, archive=ARCHIVE, threads=3, compile_from=ALWAYS)
    np.testing.assert_array_equal(whole.flagged, parts.flagged)
    np.testing.assert_array_equal(whole.evaluable, parts.evaluable)


@pytest.mark.parametrize("compile_from", [ALWAYS, NEVER])
def test_screening_is_each_rule_by_itself(compile_from: int) -> None:
    of = random_batch(3)
    two = rule("drop-from-last-three").with_params("two", last=2)
    rules = (*CLASSICAL_RULES, two)
    together = screen_batch(of, rules, archive=ARCHIVE, compile_from=compile_from)
    for at, one in enumerate(rules):
        alone = judge_batch(of, one, archive=ARCHIVE)
        np.testing.assert_array_equal(together.flagged >> at & 1 == 1, alone.flagged)
        np.testing.assert_array_equal(together.evaluable >> at & 1 == 1, alone.evaluable)
    flagged, evaluable = together.of("cusum")
    assert (flagged <= evaluable).all()


def test_more_than_sixty_four_rules_are_refused() -> None:
    with pytest.raises(SignalError) as caught:
        screen_batch(batch([5.0]), RULES[:1] * 65, archive=ARCHIVE)
    assert caught.value.code == "E-SIGNAL-006"


@pytest.mark.parametrize("one", [one for one in ONE_SERIES if one.detector in DETECTORS][:3])
def test_simulation_and_engine_hold_the_same_rule(one: Rule) -> None:
    # the array functions that null rates run on give the engine's verdicts, row by row
    function = DETECTORS[one.detector].function
    assert function is not None
    generator = np.random.default_rng(5)
    scores = np.clip(np.round(generator.normal(7.5, 1.5, (300, 14)) * 3) / 3, 0, 10)
    scores[generator.random(scores.shape) < 0.2] = np.nan
    sessions = np.cumsum(generator.integers(1, 4, 14))
    model = Model.of(ARCHIVE, Series((1,), (5.0,), 0, 10, 1 / 3))
    there = function(scores, sessions, model, one.params)
    of = Batch(scores.ravel(), np.tile(sessions, 300), 14 * np.arange(301), 0, 10, 1 / 3)
    here = judge_batch(of, one, archive=ARCHIVE)
    np.testing.assert_array_equal(there.flagged.ravel(), here.flagged)
    np.testing.assert_array_equal(there.reason.ravel(), here.reason)
    np.testing.assert_array_equal(there.n_used.ravel(), here.n_used)
    judged = here.evaluable
    np.testing.assert_allclose(there.statistic.ravel()[judged], here.statistic[judged], atol=1e-9)


@pytest.mark.parametrize("one", ONE_SERIES, ids=lambda one: one.id)
def test_ten_thousand_sessions_in_one_dyad(one: Rule) -> None:
    generator = np.random.default_rng(7)
    series = Series(
        tuple(range(1, 10_001)), tuple(np.clip(generator.normal(6, 1, 10_000), 0, 10)), 0, 10
    )
    plain = judge(series, one, archive=ARCHIVE)
    fast = judge_batch(Batch.of(series), one, archive=ARCHIVE, compile_from=ALWAYS)
    assert [verdict.flagged for verdict in plain] == fast.flagged.tolist()
    assert sum(verdict.evaluable for verdict in plain) > 9_000


@pytest.mark.parametrize("one", CLASSICAL_RULES, ids=lambda one: one.id)
def test_every_rule_can_be_said_in_words(one: Rule) -> None:
    low = [3.0, 2.0, 2.5, 2.0, 9.0, 1.0, 9.0]
    values = [9.0, 8.5, 9.5, 9.0, 8.0, 9.0, 8.5, 9.5, 9.0, *low]
    if one.detector == "individuals_chart" and not one.prospective:
        values = [9.0, 8.5] * 12 + [2.0] + [9.0, 8.5] * 6  # many low scores would widen the limits
    series = Series(tuple(range(1, len(values) + 1)), tuple(values), 0, 10)
    found = detect(series, (one,), archive=Archive(8.5, 0.5, 0.6, 0.1, "by hand"))
    assert found.signals
    for signal in found.signals:
        assert f"session {signal.session_no}" in signal.sentence
        assert "nan" not in signal.why.text()
        assert "{" not in signal.why.text()
    assert one.formula


def test_one_series_is_judged_without_a_compiler() -> None:
    code = (
        "import sys; from attunement.signals import *;"
        "s = Series(tuple(range(1, 2001)), tuple(float(k % 5) for k in range(2000)), 0, 10);"
        "detect(s, CLASSICAL_RULES, archive=default_archive(0, 10));"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_archive_of_another_scale_is_refused() -> None:
    with pytest.raises(SignalError) as caught:
        judge_batch(batch([5.0]), RULES[0], archive=Archive(40, 1, 1, 0, "x"))
    assert caught.value.code == "E-SIGNAL-005"


def test_rules_over_items_and_null_rates_of_classical_rules_are_refused() -> None:
    with pytest.raises(SignalError, match="oac_signals"):
        judge_batch(batch([5.0]), rule("oac-strain"), archive=ARCHIVE)
    with pytest.raises(SignalError, match="with_params"):
        judge_batch(batch([5.0]), RULES[0], archive=ARCHIVE, null_rate=0.1, horizon=12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit": Unit.PREDICTIVE_SD},  # of an own mean: not known
        {"unit": Unit.POINTS},  # with a k
        {"k": 0.0},
        {"min_previous": 0},
        {"persist": 1.5},
        {"reference": 17},
        {"reliability": 1.0},
        {"persist": 2, "return_within": 3},
    ],
)
def test_numbers_that_do_not_go_together_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SignalError) as caught:
        rule("drop-from-own-mean").with_params("test", **wrong)
    assert caught.value.code == "E-SIGNAL-006"


def test_a_rule_cannot_call_itself_prospective_when_it_looks_ahead() -> None:
    back = rule("own-sd-below-whole-mean")
    kept = {name: getattr(back, name) for name in back.__slots__}
    with pytest.raises(SignalError, match="prospective"):
        Rule(**{**kept, "prospective": True})
    assert not rule("drop-from-own-mean").with_params("t", unit=Unit.WHOLE_SD).prospective
    assert back.with_params("t", reference=Reference.OWN_MEAN, unit=1, min_previous=2).prospective


def long_batch() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the arrays of 7,000 dyads of ten sessions, in more than one portion of the checks."""
    values = np.full(70_000, 5.0)
    values[::7] = NAN
    return values, np.tile(np.arange(1, 11), 7_000), 10 * np.arange(7_001)


def test_memory_of_an_earlier_screening_holds_nothing_of_it() -> None:
    values, sessions, starts = long_batch()
    values[1::2] = 2.0  # falls at every second session
    rules = [rule("drop-of-2.5-percent"), rule("individuals-chart")]
    fallen = screen_batch(Batch(values, sessions, starts, 0, 10), rules, archive=ARCHIVE)
    assert fallen.flagged.any()
    there = fallen.flagged.ctypes.data
    del fallen
    level = Batch(np.full(70_000, NAN), sessions, starts, 0, 10)
    found = screen_batch(level, rules, archive=ARCHIVE)
    assert found.flagged.ctypes.data == there or sys.platform == "win32"
    assert not found.flagged.any()
    assert not found.evaluable.any()


@pytest.mark.parametrize("row", [1, 9, 32_767, 32_768, 32_769, 69_999])
def test_a_number_that_does_not_rise_is_found_wherever_it_is(row: int) -> None:
    values, sessions, starts = long_batch()
    Batch(values, sessions, starts, 0, 10)
    sessions[row] = sessions[row - 1]
    with pytest.raises(SignalError, match=f"row {row} ") as caught:
        Batch(values, sessions, starts, 0, 10)
    assert caught.value.code == "E-SIGNAL-002"


@pytest.mark.parametrize("score", [10.1, -0.1, float("inf"), -float("inf")])
@pytest.mark.parametrize("row", [0, 40_000, 69_999])
def test_a_score_off_the_scale_is_found_wherever_it_is(row: int, score: float) -> None:
    values, sessions, starts = long_batch()
    values[row] = score
    with pytest.raises(SignalError, match=f"row {row} ") as caught:
        Batch(values, sessions, starts, 0, 10)
    assert caught.value.code == "E-SIGNAL-003"


def test_no_score_at_all_and_dyads_without_rows_are_a_batch() -> None:
    of = Batch(np.full(3, NAN), np.array([1, 2, 1]), np.array([0, 0, 2, 2, 3, 3]), 0, 10)
    assert not judge_batch(of, RULES[0], archive=ARCHIVE).evaluable.any()
