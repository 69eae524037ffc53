# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from tests.measure_samples import continuous_and_odd, nine_sums, twelve_means, with_skips

from attunement.scoring import explain

LOOK = (
    "Item 9 was answered in a way that asks for a person to look (thoughts of death or self-harm)."
)


def test_explanation_names_a_risk_answer_before_the_scores() -> None:
    answers = dict.fromkeys(map(str, range(1, 9)), 0.0)
    lines = explain("phq-9", {**answers, "9": 3}).text().splitlines()
    assert lines.index(LOOK) < lines.index("total:")
    assert "person to look" not in explain("phq-9", {**answers, "9": 0}).text()


def test_explanation_shows_answers_formula_and_reading() -> None:
    text = explain(nine_sums(), {str(k): 1 for k in range(1, 9)}).text()
    assert "Item 1: 1." in text
    assert "Item 9: no answer." in text
    assert (
        "Sum of 8 answers = 8; times 9 items / 8 answered; rounded, a half up; score = 9." in text
    )
    assert "Reading (severity): mild, 5 to 9 [made], not verified." in text
    assert "This form is not validated." in text


def test_explanation_shows_reversing_and_weights() -> None:
    text = explain(twelve_means(), {f"i{k}": 4 for k in range(1, 13)}).text()
    assert "Item i2: 4, reversed 6 − 4 = 2." in text
    text = explain(continuous_and_odd(), {"a": 2.5, "b": 0.5, "c": 8}).text()
    assert "Item a: 2.5, times 2 = 5." in text
    assert "Sum of 3 answers = 9.5; divided by 3.5; times 4; score = 10.85714286." in text


def test_explanation_says_why_there_is_no_score_and_what_was_not_asked() -> None:
    text = explain(with_skips(), {"1": 1, "3": 0, "3a": 2}).text()
    assert "No score: 1 of 2 answered, 2 needed." in text
    assert "Item 3a has an answer but was not asked; the answer is not used." in text
    assert "Item 3a: not asked." in text


def test_explanation_of_an_empty_response_has_no_number() -> None:
    explanation = explain(nine_sums(), {})
    assert "No score: 0 of 9 answered, 7 needed." in explanation.text()
    assert "score =" not in explanation.text()
