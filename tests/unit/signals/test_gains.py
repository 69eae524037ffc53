# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy.special import stdtrit

from attunement.kernels.gains import NOT_TESTED
from attunement.signals.errors import SignalError
from attunement.signals.gains import (
    GainOptions,
    Gains,
    check_interval,
    define_crit1_cutoff,
    rule_words,
    sudden_gains,
    t_critical,
)

NAN = float("nan")
LOW = GainOptions(lower_is_better=True, cutoff=7)


def _one(values: list[float], options: GainOptions = LOW, **more: Any) -> Gains:
    line = np.array(values, dtype=float)
    sessions = more.pop("sessions", np.arange(1, line.size + 1))
    return sudden_gains(line, np.asarray(sessions), np.array([0, line.size]), options, **more)


def test_gain_worked_by_hand() -> None:
    # 20 21 19 | 9 10 8: change 10 >= 7; 10 >= .25 * 19 = 4.75; means 20 and 9, both variances 1:
    # 11 > 2.776 * sqrt((2 * 1 + 2 * 1) / 4) = 2.776
    found = _one([20, 21, 19, 9, 10, 8])
    assert found.session.tolist() == [3]
    assert found.session_after.tolist() == [4]
    assert found.magnitude.tolist() == [10]
    assert found.facts[:6, 0].tolist() == [20, 9, 1, 1, 3, 3]
    assert found.facts[7, 0] == pytest.approx(2.776445, abs=1e-6)
    assert found.reversal_limit.tolist() == [14]
    assert found.reversed.tolist() == [0]
    assert found.total_change.tolist() == [12]


def test_criterion_3_is_no_t_test() -> None:
    # means 20 and 14, variances 9 and 0, pooled SD sqrt(18 / 4) = 2.121: 6 > 2.776 * 2.121 = 5.889
    assert check_interval([17, 20, 23], [14, 14, 14], LOW).needed == pytest.approx(5.8897, abs=1e-3)
    # a t test would ask for 2.776 * 2.121 * sqrt(2 / 3) = 4.809 only
    one = check_interval([17, 20, 23], [15, 15, 15], LOW)
    assert 4.809 < one.mean_before - one.mean_after < 5.889
    assert one.criterion_3 is False


def test_first_interval_and_last_are_never_tested() -> None:
    found = _one([30, 10, 10, 10, 30, 10])
    tested = np.flatnonzero(found.codes != NOT_TESTED)
    assert tested.tolist() == [1, 2, 3]  # 2 to 3, 3 to 4, 4 to 5
    assert (found.n_intervals, found.n_testable) == (5, 3)


@pytest.mark.parametrize("values", [[], [10.0], [10, 3], [10, 9, 3]])
def test_too_short_a_course_has_nothing_to_test(values: list[float]) -> None:
    found = _one(values)
    assert found.n_testable == 0
    assert found.rows.size == 0


def test_missing_end_leaves_the_interval_open() -> None:
    found = _one([20, 21, NAN, 9, 10, 8]).intervals()
    assert found.verdict.tolist() == [2, 2, 0]
    assert found.criteria[:, 1].tolist() == [2, 2, 2]


def test_missing_criterion_outweighs_a_failed_one_unless_strict() -> None:
    # 4 to 5: change 1 fails criterion 1, and only one score follows within three sessions
    values = [20, 21, 19, 20, 19, NAN, NAN, 19]
    assert _one(values).intervals().verdict.tolist() == [0, 0, 2, 2, 2]
    strict = GainOptions(lower_is_better=True, cutoff=7, strict=True)
    assert _one(values, strict).intervals().verdict.tolist() == [0, 0, 0, 2, 2]


def test_strict_never_turns_a_missing_criterion_into_a_gain() -> None:
    strict = GainOptions(lower_is_better=True, cutoff=7, strict=True)
    assert check_interval([30, 30, 30], [10, None, None], strict).verdict is None


def test_each_criterion_can_be_off() -> None:
    # 10 to 7.9: criterion 1 fails, 2 fails (2.1 < 2.5), 3 holds (no spread at all)
    sides = ([10, 10, 10], [7.9, 7.9, 7.9])
    assert check_interval(*sides, LOW).verdict is False
    only_3 = GainOptions(lower_is_better=True, criteria=(3,))
    one = check_interval(*sides, only_3)
    assert (one.criterion_1, one.criterion_2, one.criterion_3, one.verdict) == (
        None,
        None,
        True,
        True,
    )
    only_2 = GainOptions(lower_is_better=True, criteria=(2,))
    assert check_interval([None, None, 10], [7.5], only_2).verdict is True
    assert check_interval([None, None, 10], [7.6], only_2).verdict is False


def test_loss_is_mirrored_and_its_vacuous_variant_is_not() -> None:
    # 40 to 48: 8 >= 7, but 8 < .25 * 40 = 10
    sides = ([40, 40, 40], [48, 48, 48])
    mirrored = GainOptions(lower_is_better=True, cutoff=7, losses=True)
    vacuous = GainOptions(lower_is_better=True, cutoff=7, losses=True, relative="vacuous_loss")
    assert check_interval(*sides, mirrored).criterion_2 is False
    assert check_interval(*sides, vacuous).criterion_2 is True
    assert check_interval([40, 40, 40], [50, 50, 50], mirrored).verdict is True


def test_alliance_loss_is_a_fall_where_higher_is_better() -> None:
    # scale 1 to 7: 5 to 4 is 25 % of the distance to 1, and 20 % of 5
    options = {"lower_is_better": False, "cutoff": 1, "losses": True}
    sides = ([5, 5, 5], [4, 4, 4])
    assert check_interval(*sides, GainOptions(**options)).criterion_2 is False  # type: ignore[arg-type]
    pomp = GainOptions(**options, relative="pomp", minimum=1)  # type: ignore[arg-type]
    assert check_interval(*sides, pomp).verdict is True


def test_score_of_zero_before_and_no_change_is_no_gain() -> None:
    only_2 = GainOptions(lower_is_better=True, criteria=(2,))
    assert check_interval([0], [0], only_2).verdict is False
    rise = GainOptions(lower_is_better=True, criteria=(2,), losses=True)
    one = check_interval([0], [1], rise)
    assert one.verdict is True
    assert "of nothing, so any change meets it" in one.text()


def test_reversal_is_more_than_half_lost_from_the_second_session_on() -> None:
    # gain 20 to 10: half way back is 15; 15 itself is not beyond
    assert _one([20, 20, 20, 10, 15, 10]).reversed.tolist() == [0]
    found = _one([20, 20, 20, 10, 10, 10, 15.5])
    assert found.reversed.tolist() == [1]
    assert found.reversal_session.tolist() == [7]


def test_reversal_is_not_known_without_a_later_score() -> None:
    without_3 = GainOptions(lower_is_better=True, cutoff=7, criteria=(1, 2))
    found = _one([20, 20, 20, 10, NAN, NAN], without_3)
    assert found.reversed.tolist() == [-1]
    assert found.reversal_session.tolist() == [-2]


def test_hole_in_the_numbering_is_a_session_without_score() -> None:
    scores = [20, 21, 19, 9, 10, 8]
    whole = _one(scores, sessions=[1, 2, 3, 5, 6, 7])
    assert whole.rows.size == 0
    assert whole.n_intervals == 6
    closed = _one(scores, sessions=[1, 2, 3, 5, 6, 7], close_gaps=True)
    assert (closed.session.tolist(), closed.session_after.tolist()) == ([3], [5])


def test_cases_by_pattern_and_by_number() -> None:
    values = np.array([20, 20, 20, 10, 10, 10, 20, NAN, 20, NAN, 20, NAN], dtype=float)
    sessions = np.tile(np.arange(1, 7), 2)
    starts = np.array([0, 6, 12])
    pattern = GainOptions(lower_is_better=True, cutoff=7, pattern=True)
    assert sudden_gains(values, sessions, starts, pattern).kept.tolist() == [True, False]
    three = GainOptions(lower_is_better=True, cutoff=7, least_scores=3)
    four = GainOptions(lower_is_better=True, cutoff=7, least_scores=4)
    assert sudden_gains(values, sessions, starts, three).n_persons == 2
    kept = sudden_gains(values, sessions, starts, four)
    assert kept.n_persons == 1
    assert (kept.codes[6:] == NOT_TESTED).all()


@pytest.mark.parametrize(
    ("which", "session"), [("first", 3), ("last", 13), ("smallest", 8), ("largest", 3)]
)
def test_one_gain_stands_for_a_person(which: Any, session: int) -> None:
    # gains of 20 (3 to 4), 8 (8 to 9) and 20 (13 to 14): the earliest of two equal ones
    values = [60, 60, 60, 40, 40, 40, 20, 20, 12, 12, 40, 40, 40, 20, 20, 20]
    options = GainOptions(lower_is_better=True, cutoff=7, criteria=(1,), which=which)
    found = _one([float(v) for v in values], options)
    mine = found.session[found.chosen()]
    gains = dict(zip(found.session.tolist(), found.magnitude.tolist(), strict=True))
    assert gains == {3: 20, 6: 20, 8: 8, 13: 20}
    assert mine.tolist() == [session]


@pytest.mark.parametrize("df", [2, 3, 4])
@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.05, 0.2, 0.5, 0.9])
def test_critical_values_are_those_of_students_t(df: int, alpha: float) -> None:
    assert t_critical(df, alpha) == pytest.approx(stdtrit(df, 1 - alpha / 2), rel=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cutoff": None},
        {"cutoff": 0},
        {"cutoff": -7},
        {"cutoff": NAN},
        {"criteria": ()},
        {"criteria": (4,)},
        {"share": 0},
        {"share": 25},
        {"alpha": 1},
        {"fixed_t": 0},
        {"relative": "other"},
        {"relative": "pomp"},
        {"relative": "vacuous_loss"},
        {"which": "best"},
        {"least_scores": 0},
        {"cutoff": "7"},
        {"share": "25 %"},
        {"criteria": 3},
    ],
)
def test_choice_that_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-020"):
        GainOptions(**{"lower_is_better": True, "cutoff": 7, **wrong})


@pytest.mark.parametrize(
    ("sd", "reliability"), [(0, 0.9), (-1, 0.9), (NAN, 0.9), (5, 1), (5, -0.1)]
)
def test_cut_off_from_impossible_numbers_is_refused(sd: float, reliability: float) -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-020"):
        define_crit1_cutoff(sd, reliability)


def test_arrays_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(SignalError, match=r"E-SIGNAL-003.*infinite"):
        _one([20, float("inf"), 20, 10])
    with pytest.raises(SignalError, match=r"E-SIGNAL-003.*pomp"):
        _one([20, -1, 20, 10])
    with pytest.raises(SignalError, match="E-SIGNAL-002"):
        _one([20, 20, 20, 10], sessions=[1, 3, 2, 4])
    with pytest.raises(SignalError, match="E-SIGNAL-021"):
        _one([20, 20, 20, 10], sessions=[1, 2, 3, 20_260_101])
    with pytest.raises(SignalError, match="E-SIGNAL-001"):
        sudden_gains(np.zeros(3), np.arange(2), np.array([0, 3]), LOW)
    with pytest.raises(SignalError, match="E-SIGNAL-001"):
        check_interval([], [1], LOW)


def test_plain_and_compiled_give_the_same_bits() -> None:
    generator = np.random.default_rng(7)
    n, k = 400, 15
    values = generator.normal(25, 12, n * k).clip(0, 63).round(1)
    values[generator.random(n * k) < 0.15] = NAN
    sessions, starts = np.tile(np.arange(1, k + 1), n), np.arange(n + 1) * k
    for options in (
        LOW,
        GainOptions(lower_is_better=False, cutoff=5, fixed_t=2.776, strict=True, pattern=True),
        GainOptions(lower_is_better=True, cutoff=7, losses=True, relative="pomp", minimum=0),
        GainOptions(lower_is_better=True, cutoff=7, losses=True, relative="vacuous_loss"),
    ):
        plain = sudden_gains(values, sessions, starts, options, compile_from=10**9)
        for threads in (1, 2):
            twin = sudden_gains(values, sessions, starts, options, compile_from=0, threads=threads)
            assert plain.rows.size > 20
            for name in ("codes", "rows", "magnitude", "reversal_session", "facts", "kept"):
                assert np.array_equal(
                    getattr(plain, name), getattr(twin, name), equal_nan=name == "facts"
                )


def test_small_search_leaves_numba_alone() -> None:
    code = (
        "import sys, numpy as np; from attunement.signals.gains import *;"
        "sudden_gains(np.array([20.,21,19,9,10,8]), np.arange(6), np.array([0,6]),"
        " GainOptions(lower_is_better=True, cutoff=7)); sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_words_say_what_is_looked_for() -> None:
    assert rule_words(
        GainOptions(lower_is_better=False, cutoff=0.5, criteria=(1,), losses=True)
    ) == (
        "A sudden loss is an interval between two neighbouring sessions in which the score falls "
        "(1) by 0.5 points or more."
    )
    assert "holds for every loss" in rule_words(
        GainOptions(lower_is_better=True, cutoff=7, losses=True, relative="vacuous_loss")
    )
