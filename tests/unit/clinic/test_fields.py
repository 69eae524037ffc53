# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from attunement.clinic.services.fields import (
    FieldsRefused,
    field_name,
    parse_form,
    parse_prediction,
    raw_fields,
)
from attunement.measures import load


@pytest.fixture(scope="module")
def oac() -> Any:
    return load("oac-c")


def _problems(oac: Any, fields: dict[str, object]) -> tuple[str, ...]:
    with pytest.raises(FieldsRefused) as refusal:
        parse_form(oac, fields)
    return tuple(problem.item for problem in refusal.value.problems)


def test_field_name_carries_the_item() -> None:
    assert field_name("8a") == "item-8a"


def test_an_offered_answer_is_read(oac: Any) -> None:
    parsed = parse_form(oac, {"item-1": "0", "item-2": "6", "item-3": 4})
    assert parsed.values["1"] == 0.0
    assert parsed.values["2"] == 6.0
    assert parsed.values["3"] == 4.0
    assert parsed.values["4"] is None
    assert parsed.n_answered == 3


@pytest.mark.parametrize(
    "raw",
    [
        "7", "-1", "3 ", " 3", "3.0", "3,0", "+3", "03", "1e0", "٣", "1_0", "NaN", "inf", "-0",
        "three", " ", True, False, 3.0, 7, -1, float("nan"), ["3"], ["3", "4"], {"a": 1}, b"3",
    ],
)  # fmt: skip
def test_row_55_what_is_not_exactly_an_answer_is_refused(oac: Any, raw: object) -> None:
    assert _problems(oac, {"item-1": raw, "item-2": "3"}) == ("1",)


def test_a_refusal_never_repeats_what_was_typed(oac: Any) -> None:
    with pytest.raises(FieldsRefused) as refusal:
        parse_form(oac, {"item-1": "canary-4711", "item-9": "canary\x00"})
    assert "canary" not in str(refusal.value)
    assert all("canary" not in problem.message for problem in refusal.value.problems)
    assert [problem.item for problem in refusal.value.problems] == ["1", "9"]


def test_unknown_fields_are_ignored(oac: Any) -> None:
    parsed = parse_form(
        oac, {"item-1": "3", "item-99": "3", "__proto__": "x", "role": "lead", "score": "6"}
    )
    assert set(parsed.values) == {item.id for item in oac.items if item.kind != "text"}
    assert parsed.n_answered == 1


@pytest.mark.parametrize("fields", [{}, {"item-1": "", "item-9": "  \n ", "wish": "raise"}])
def test_a_form_with_everything_left_out_is_read_as_one_without_answers(
    oac: Any, fields: dict[str, object]
) -> None:
    parsed = parse_form(oac, fields)
    assert (parsed.answered, parsed.texts) == ((), {})
    assert set(parsed.values.values()) == {None}


def test_text_is_kept_as_it_is_with_one_kind_of_line_end(oac: Any) -> None:
    said = "<img onerror=x> {{7*7}} ${jndi:} '; DROP \u202eabc 🙂\r\nsecond\rthird"
    parsed = parse_form(oac, {"item-9": said})
    assert parsed.texts["9"] == said.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("raw", ["x" * 10_001, "a\x00b", "a\ud800b", ["a", "b"], 5])
def test_row_56_text_that_cannot_be_kept_is_refused(oac: Any, raw: object) -> None:
    assert _problems(oac, {"item-9": raw}) == ("9",)


def test_row_56_ten_thousand_emoji_are_within_the_limit(oac: Any) -> None:
    assert len(parse_form(oac, {"item-9": "🙂" * 10_000}).texts["9"]) == 10_000


def test_an_answer_to_a_question_that_is_not_asked_is_not_kept(oac: Any) -> None:
    unasked = parse_form(oac, {"item-8": "0", "item-8a": "3"})
    assert unasked.values["8a"] is None
    assert unasked.n_not_asked == 1
    asked = parse_form(oac, {"item-8": "1", "item-8a": "3"})
    assert asked.values["8a"] == 3.0
    assert asked.n_not_asked == 0


def test_row_54_a_field_sent_twice_becomes_a_list_and_is_refused(oac: Any) -> None:
    fields = raw_fields(QueryDict("item-1=3&item-1=4&item-2=5"))
    assert fields == {"item-1": ["3", "4"], "item-2": "5"}
    assert _problems(oac, fields) == ("1",)


@pytest.mark.parametrize(
    ("raw", "read"), [("4.5", 4.5), ("0", 0.0), ("6", 6.0), ("", None), (None, None), (4, 4.0)]
)
def test_a_prediction_is_a_number_on_the_scale(raw: object, read: float | None) -> None:
    assert parse_prediction(raw, minimum=0, maximum=6) == read


@pytest.mark.parametrize(
    "raw", ["6.1", "-0.5", "4,5", "nan", "1e0", " 4", True, ["4"], float("nan")]
)
def test_a_prediction_off_the_scale_is_refused(raw: object) -> None:
    with pytest.raises(FieldsRefused) as refusal:
        parse_prediction(raw, minimum=0, maximum=6)
    assert refusal.value.problems[0].item == "predicted_total"
