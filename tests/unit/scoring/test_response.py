# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from tests.measure_samples import continuous_and_odd, nine_sums, twelve_means, with_skips

from attunement.measures import MeasureError, load
from attunement.scoring import NotScored, RiskAnswer, Score, ScoringError, score_response


def nine(*answers: float | None) -> dict[str, float | None]:
    return {str(k): answer for k, answer in enumerate(answers, start=1)}


def test_sum_of_all_answers() -> None:
    scored = score_response(nine_sums(), nine(0, 1, 2, 3, 0, 1, 2, 3, 1))
    total = scored.scales["total"]
    assert isinstance(total, Score)
    assert total.value == 0 + 1 + 2 + 3 + 0 + 1 + 2 + 3 + 1
    assert (total.n_answered, total.n_items, scored.n_answered) == (9, 9, 9)
    assert total.method == "sum, prorated, rounded, a half up"
    assert (scored.measure_id, scored.measure_version) == ("sample", "1")


def test_prorated_sum_rounds_a_half_up() -> None:
    # 8 answered, sum 12: 12 * 9 / 8 = 13.5 -> 14; sum 4: 4.5 -> 5 (not 4, as half-even would).
    assert value(nine(3, 3, 3, 3, 0, 0, 0, 0, None)) == 14
    assert value(nine(1, 1, 1, 1, 0, 0, 0, 0, None)) == 5
    # 7 answered, sum 10: 90 / 7 = 12.857 -> 13; sum 2: 18 / 7 = 2.571 -> 3; sum 1: 1.286 -> 1.
    assert value(nine(3, 3, 3, 1, 0, 0, 0)) == 13
    assert value(nine(1, 1, 0, 0, 0, 0, 0)) == 3
    assert value(nine(1, 0, 0, 0, 0, 0, 0)) == 1


def value(answers: dict[str, float | None]) -> float:
    total = score_response(nine_sums(), answers).scales["total"]
    assert isinstance(total, Score)
    return total.value


def test_one_answer_below_the_limit_is_not_scored() -> None:
    total = score_response(nine_sums(), nine(1, 1, 1, 1, 1, 1)).scales["total"]
    assert total == NotScored("total", "6 of 9 answered, 7 needed", 6, 9)


def test_nothing_answered_is_not_zero() -> None:
    scored = score_response(nine_sums(), {})
    assert scored.scales["total"] == NotScored("total", "0 of 9 answered, 7 needed", 0, 9)
    assert scored.n_answered == 0


def test_mean_reverses_and_keeps_subscales_apart() -> None:
    answers: dict[str, float | None] = {f"i{k}": 4 for k in range(1, 13)}
    answers["i5"] = None
    scored = score_response(twelve_means(), answers)
    goal, total = scored.scales["goal"], scored.scales["total"]
    assert isinstance(goal, Score)
    assert goal.value == (4 + (6 - 4) + 4 + 4) / 4
    assert isinstance(total, Score)
    assert total.value == (8 * 4 + 3 * 2) / 11
    assert total.n_answered == 11
    assert scored.scales["task"] == NotScored("task", "3 of 4 answered, 4 needed", 3, 4)


def test_hidden_item_counts_as_not_asked() -> None:
    scored = score_response(with_skips(), {"1": 4, "2": 5, "3": 0, "3a": 3, "3b": 1})
    assert scored.hidden == ("3b", "3a")
    assert scored.scales["repair"] == NotScored(
        "repair", "not asked, its answer was left out", 0, 0
    )
    unanswered = score_response(with_skips(), {"1": 4, "2": 5, "3": 0, "3b": 1})
    assert unanswered.scales["repair"] == NotScored("repair", "not asked", 0, 0)
    # Three of five asked, all answered: the two that were not asked are not made up.
    assert scored.scales["all"] == Score("all", 9.0, 3, 3, "sum, prorated")
    assert scored.n_answered == 3


def test_shown_item_that_is_not_answered_is_missing() -> None:
    scored = score_response(with_skips(), {"1": 4, "2": 5, "3": 1, "3a": None})
    assert scored.scales["repair"] == NotScored("repair", "0 of 1 answered, 1 needed", 0, 1)
    # Asked 1, 2, 3, 3a (3b not, since 3a is not at least 2); 3 of 4 answered; 1 may be missing.
    assert scored.scales["all"] == Score("all", 10 * 4 / 3, 3, 4, "sum, prorated")


def test_chain_of_skips_opens_step_by_step() -> None:
    scored = score_response(with_skips(), {"1": 0, "2": 0, "3": 6, "3a": 2, "3b": 4})
    assert scored.hidden == ()
    assert scored.scales["all"] == Score("all", 12.0, 5, 5, "sum, prorated")


def test_unanswered_control_hides_what_it_controls() -> None:
    scored = score_response(with_skips(), {"1": 1, "2": 1, "3a": 4})
    assert scored.hidden == ("3a",)
    assert scored.scales["strain"] == NotScored("strain", "0 of 1 answered, 1 needed", 0, 1)


def test_weights_and_multiplier() -> None:
    scored = score_response(continuous_and_odd(), {"a": 2.5, "b": 0.125, "c": 8})
    total = scored.scales["total"]
    assert isinstance(total, Score)
    assert total.value == (2 * 2.5 + 0.125 + 0.5 * 8) / (2 + 1 + 0.5) * 4
    assert total.method == "weighted mean, times 4"
    part = score_response(continuous_and_odd(), {"a": 2.5, "b": 0.125}).scales["total"]
    assert isinstance(part, Score)
    assert part.value == (2 * 2.5 + 0.125) / (2 + 1) * 4


def test_sum_without_prorating_needs_every_item() -> None:
    scored = score_response(continuous_and_odd(), {"a": 2.5})
    assert scored.scales["sum"] == NotScored("sum", "1 of 2 answered, 2 needed", 1, 2)


@pytest.mark.parametrize("answer", [4, -1, 1.5, math.nan, math.inf, -math.inf, "2", True, 1e300])
def test_answer_off_the_scale_is_refused_without_being_shown(answer: object) -> None:
    with pytest.raises(ScoringError) as refusal:
        score_response(nine_sums(), {"3": answer})  # type: ignore[dict-item]
    text = refusal.value.text()
    assert refusal.value.code == "E-SCORE-001"
    assert "item '3'" in text
    assert "0 to 3 in steps of 1" in text
    assert f"'{answer}'" not in text
    assert "1e+300" not in text


@pytest.mark.parametrize(("item", "answer"), [("a", 2.55), ("a", 10.1), ("b", 1.01), ("c", 2.0)])
def test_answer_between_steps_or_not_listed_is_refused(item: str, answer: float) -> None:
    with pytest.raises(ScoringError, match="E-SCORE-001"):
        score_response(continuous_and_odd(), {item: answer})


@pytest.mark.parametrize("tenths", range(101))
def test_steps_of_a_tenth_are_accepted(tenths: int) -> None:
    scored = score_response(continuous_and_odd(), {"a": tenths / 10, "c": 3})
    assert isinstance(scored.scales["sum"], Score)


def test_unknown_item_is_refused() -> None:
    with pytest.raises(ScoringError, match=r"E-SCORE-002.*no item '10'"):
        score_response(nine_sums(), {"10": 1})


def test_text_item_is_ignored() -> None:
    scored = score_response(with_skips(), {"1": 1, "2": 1, "3": 0, "4": None})
    assert isinstance(scored.scales["total"], Score)


def test_negative_zero_and_numpy_numbers_are_numbers() -> None:
    answers = nine(*[np.int64(1)] * 8, -0.0)
    assert value(answers) == 8


def test_measure_may_be_named() -> None:
    answers: dict[str, float | None] = dict.fromkeys(map(str, range(1, 10)), 1.0)
    for named in ("phq-9", "PHQ-9", "phq-9@1", load("phq-9")):
        assert score_response(named, answers).scales["total"] == Score(
            "total", 9.0, 9, 9, "sum, prorated, rounded, a half up"
        )
    for wrong in ("phq-99", 9):
        with pytest.raises(MeasureError) as caught:
            score_response(wrong, answers)  # type: ignore[arg-type]
        assert caught.value.code == "E-MEASURE-001"


def test_key_that_is_a_number_is_told_that_ids_are_text() -> None:
    with pytest.raises(ScoringError, match=r"ids that are text.*Expected '1'") as caught:
        score_response("phq-9", {1: 2})  # type: ignore[dict-item]
    assert caught.value.code == "E-SCORE-002"


@pytest.mark.parametrize(("answer", "named"), [(0, False), (1, True), (3, True), (None, False)])
def test_risk_answer_is_named_whatever_the_score(answer: float | None, *, named: bool) -> None:
    only = score_response("phq-9", {"9": answer})
    assert isinstance(only.scales["total"], NotScored)
    whole = score_response("phq-9", {**dict.fromkeys(map(str, range(1, 9)), 0.0), "9": answer})
    expected = (RiskAnswer("9", "thoughts of death or self-harm"),) if named else ()
    assert only.risks == whole.risks == expected
