# SPDX-License-Identifier: Apache-2.0
"""Each rule on series worked by hand."""

from __future__ import annotations

import json
import math

import pytest

from attunement.signals import (
    RULES,
    Archive,
    Reason,
    Series,
    SignalError,
    default_archive,
    detect,
    judge,
    rule,
)

BASELINE, WATCH, DROP = RULES
MEDIAN = rule("oac-below-own-median")
# τ² = 1, σ² = 1: with n earlier scores w = 1/(1 + 1/n) = n/(n + 1), s = √(2 − n/(n + 1))
ARCHIVE = Archive(4.0, 1.0, 1.0, 0.0, "by hand")


def series(*values: float | None, low: float = 0, high: float = 10, step: float = 0) -> Series:
    return Series(tuple(range(1, len(values) + 1)), tuple(values), low, high, step)


def test_baseline_by_hand() -> None:
    # session 3 after 6 and 8: m = 7, w = 2/3, b = 4 + 2/3·3 = 6, s = √(4/3) = 1.1547
    # limit = 6 − 2.33·1.1547 = 3.3095; z of 3 = (3 − 6)/1.1547 = −2.5981
    third = judge(series(6, 8, 3), BASELINE, archive=ARCHIVE)[2]
    assert third.evaluable
    assert third.flagged
    assert third.expected == pytest.approx(6.0)
    assert third.threshold == pytest.approx(6 - 2.33 * math.sqrt(4 / 3))
    assert third.statistic == pytest.approx(-3 / math.sqrt(4 / 3))
    assert third.n_used == 2


def test_baseline_between_watch_and_alarm() -> None:
    # z of 3.5 = −2.5/1.1547 = −2.165: watched, no alarm
    found = detect(series(6, 8, 3.5), RULES, archive=ARCHIVE)
    assert [s.rule_id for s in found.signals if s.rule_id != DROP.id] == [WATCH.id]


def test_baseline_needs_two_earlier_scores() -> None:
    verdicts = judge(series(9, 0, 5), BASELINE, archive=ARCHIVE)
    reasons = [verdict.reason for verdict in verdicts]
    assert reasons == [Reason.TOO_FEW_SCORES, Reason.TOO_FEW_SCORES, Reason.EVALUABLE]


def test_missing_forms_are_neither_zero_nor_evidence() -> None:
    # the same two earlier scores as above, with a form missing between and after
    verdicts = judge(series(6, None, 8, None, 3), BASELINE, archive=ARCHIVE)
    assert verdicts[1].reason is Reason.NO_FORM
    assert not verdicts[1].flagged
    assert verdicts[4].expected == pytest.approx(6.0)
    assert verdicts[4].n_used == 2


def test_lower_is_better_mirrors_exactly() -> None:
    up = series(6, 8, 3)
    down = Series((1, 2, 3), (4.0, 2.0, 7.0), 0, 10, higher_is_better=False)
    mirrored = Archive(6.0, 1.0, 1.0, 0.0, "by hand")
    one = detect(up, archive=ARCHIVE).signals[0]
    other = detect(down, archive=mirrored).signals[0]
    assert other.expected == pytest.approx(10 - one.expected)
    assert other.threshold == pytest.approx(10 - one.threshold)
    assert "below" in one.sentence
    assert "above" in other.sentence


def test_better_than_expected_is_no_signal() -> None:
    assert detect(series(3, 3, 9), RULES, archive=ARCHIVE).signals == ()


def test_many_scores_at_the_ceiling_are_not_judged_by_z() -> None:
    # 4 of 10 earlier scores at the maximum is more than 30 %; 3 of 10 is not
    many = judge(series(*[10] * 4, *[8] * 6, 2), BASELINE, archive=ARCHIVE)[-1]
    some = judge(series(*[10] * 3, *[8] * 7, 2), BASELINE, archive=ARCHIVE)[-1]
    assert many.reason is Reason.AT_THE_END_OF_THE_SCALE
    assert not many.flagged
    assert some.flagged


def test_ceiling_is_the_lowest_score_where_lower_is_better() -> None:
    flat = Series(tuple(range(1, 6)), (0.0, 0.0, 0.0, 0.0, 9.0), 0, 10, higher_is_better=False)
    assert judge(flat, BASELINE, archive=ARCHIVE)[-1].reason is Reason.AT_THE_END_OF_THE_SCALE
    found = detect(flat, archive=ARCHIVE)
    assert "lowest possible" in found.not_evaluable[-1].reason


def test_drop_by_hand() -> None:
    # r = 0, σ = 1: S_diff = √2 = 1.4142, 1.96·S_diff = 2.7719. A drop of 2.8 counts, 2.7 does not
    assert judge(series(7, 4.2), DROP, archive=ARCHIVE)[1].flagged
    assert not judge(series(7, 4.3), DROP, archive=ARCHIVE)[1].flagged
    # with r = .5 S_diff = 1 and the limit is 1.96
    close = Archive(4, 1, 1, 0.5, "by hand")
    assert judge(series(7, 5.0), DROP, archive=close)[1].flagged
    assert not judge(series(7, 5.1), DROP, archive=close)[1].flagged


def test_drop_of_exactly_the_limit_counts() -> None:
    # k·S_diff = 1·√2·(1/√2) = 1; binary fractions: .7 − .6 is not .1
    rule_of_one = DROP.with_params("test", k=1.0)
    archive = Archive(0.5, 0.1, 0.1 / math.sqrt(2), 0.0, "by hand")
    assert judge(series(0.7, 0.6, low=0, high=1), rule_of_one, archive=archive)[1].flagged


def test_drop_compares_over_one_missing_form_only() -> None:
    one, two = series(9, None, 2), series(9, None, None, 2)
    assert judge(one, DROP, archive=ARCHIVE)[2].flagged
    assert judge(two, DROP, archive=ARCHIVE)[3].reason is Reason.GAP


def test_flat_at_the_ceiling_uses_the_pooled_noise_with_a_floor() -> None:
    # own SD is 0; an archive without noise falls back on half a step: σ = .5, S_diff = .7071,
    # 1.96·S_diff = 1.386: two points down from a flat run count, one does not
    silent = Archive(10.0, 0.0, 0.0, 0.0, "by hand")
    assert judge(series(10, 10, 10, 8, step=1), DROP, archive=silent)[3].flagged
    assert not judge(series(10, 10, 10, 9, step=1), DROP, archive=silent)[3].flagged


def test_no_noise_at_all_is_not_evaluable() -> None:
    silent = Archive(5.0, 0.0, 0.0, 0.0, "by hand")
    for one in (BASELINE, DROP):
        assert judge(series(5, 5, 5), one, archive=silent)[2].reason is Reason.NO_SPREAD


def test_own_median_by_hand() -> None:
    # median of 5, 3, 4, 4 is 4; of 5, 3, 4, 4, 3 is 4
    verdicts = judge(series(5, 3, 4, 4, 3.0, 3.1, high=6), MEDIAN, archive=ARCHIVE)
    assert [v.evaluable for v in verdicts] == [False] * 4 + [True] * 2
    assert verdicts[4].flagged  # 4 − 3 = 1.0
    assert verdicts[5].expected == 4
    assert not verdicts[5].flagged  # 4 − 3.1 = .9


def test_own_median_of_an_even_number_of_scores_with_a_gap() -> None:
    # 2, 6, 5, (none), 5: sorted 2 5 5 6, median 5
    verdict = judge(series(2, 6, 5, None, 5, 4, high=6), MEDIAN, archive=ARCHIVE)[5]
    assert verdict.expected == 5
    assert verdict.n_used == 4
    assert verdict.flagged


def test_detection_accounts_for_every_session() -> None:
    found = detect(series(6, None, 8, 3, 7), archive=ARCHIVE)
    assert found.n_evaluated == {"below-own-baseline": 2}
    assert [(n.session_no, n.reason_code) for n in found.not_evaluable] == [
        (1, "too_few_scores"),
        (2, "no_form"),
        (3, "too_few_scores"),
    ]
    assert all(n.reason for n in found.not_evaluable)
    assert [s.session_no for s in found.signals] == [4]


def test_sentence_and_why_can_be_checked_by_a_person() -> None:
    signal = detect(series(6, 8, 3), archive=ARCHIVE).signals[0]
    assert signal.sentence == (
        "In session 3 the rating was 3; after 2 earlier ratings about 6 was to be expected, "
        "and a rating below 3.3 is unusual."
    )
    why = signal.why
    assert why.inputs["expected"] == pytest.approx(6)
    assert why.inputs["within SD σ"] == 1
    assert "2.33" in why.formula
    assert "below 3.3" in why.threshold
    assert "by hand" in why.source
    assert "What it cannot tell" in why.text()
    assert json.loads(json.dumps(why.to_dict()))["version"] == "1"


def test_drop_and_median_sentences() -> None:
    drop = detect(series(8, 3), (DROP,), archive=ARCHIVE).signals[0]
    assert drop.sentence.startswith("In session 2 the rating fell from 8 to 3,")
    median = detect(series(5, 5, 5, 5, 3.5, high=6), (MEDIAN,), archive=ARCHIVE).signals[0]
    assert "below the middle (5) of the 4 earlier ratings by 1.5 points" in median.sentence
    assert "archive" not in " ".join(median.why.inputs)
    one = detect(series(5, 5, 5, 5, 4, high=6), (MEDIAN,), archive=ARCHIVE).signals[0]
    assert one.sentence.endswith("earlier ratings by 1 point.")
    assert one.why.formula.startswith(
        "flagged if median of all earlier scores − this score ≥ 1 point"
    )
    assert "1 points" not in one.why.text()


@pytest.mark.parametrize("values", [(), (None,), (5.0,), (None, None, None)])
def test_too_little_to_judge(values: tuple[float | None, ...]) -> None:
    found = detect(series(*values), RULES, archive=ARCHIVE)
    assert found.signals == ()
    assert len(found.not_evaluable) == len(values) * len(RULES)


def test_ten_thousand_sessions_are_judged() -> None:
    values = [5.0 + 0.5 * (-1) ** n for n in range(10_000)]
    found = detect(series(*values), archive=ARCHIVE)
    assert found.n_evaluated["below-own-baseline"] == 9_998


def test_archive_of_another_scale_refused() -> None:
    with pytest.raises(SignalError) as caught:
        detect(series(5, 5), archive=default_archive(0, 63))
    assert caught.value.code == "E-SIGNAL-005"


def test_rule_that_reads_items_refused_on_one_series() -> None:
    with pytest.raises(SignalError, match="oac_signals"):
        detect(series(5, 5), (rule("oac-low-item"),), archive=ARCHIVE)
