# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
from tests.measure_samples import (
    choice,
    continuous_and_odd,
    measure,
    nine_sums,
    twelve_means,
    with_skips,
)

from attunement.measures.schema import Item, Measure, Scale, ShownIf
from attunement.scoring import ScoringError, make_plan

ITEMS = (choice("1"), choice("2"), Item(id="t", kind="text", minimum=None, maximum=None))


def one(scale: Scale) -> Measure:
    return measure(ITEMS, (scale,))


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (Scale("total", ("1", "9"), "sum", 2), "without a number: 9"),
        (Scale("total", ("1", "t"), "sum", 2), "without a number: t"),
        (Scale("total", (), "sum", 0), "no items"),
        (Scale("total", ("1", "1"), "sum", 2), "an item twice"),
        (Scale("total", ("1",), "sum", 1, reverse=("2",)), "reverse key"),
        (Scale("total", ("1",), "sum", 1, weights={"2": 1.0}), "weight outside"),
        (Scale("total", ("1",), "sum", 1, weights={"1": math.nan}), "not a number"),
        (Scale("total", ("1",), "sum", 1, multiplier=math.inf), "not a number"),
        (Scale("total", ("1",), "mean", 1, weights={"1": 0.0}), "not positive"),
        (Scale("total", ("1",), "median", 1), "unknown method"),
        (Scale("total", ("1",), "sum", 1, rounding="half_even"), "unknown method or rounding"),
    ],
)
def test_rule_that_cannot_be_carried_out_is_refused(scale: Scale, words: str) -> None:
    with pytest.raises(ScoringError, match="E-SCORE-003") as refusal:
        make_plan(one(scale))
    assert words in refusal.value.text()


def test_skip_logic_in_a_circle_is_refused() -> None:
    items = (choice("1", shown_if=ShownIf("2", 1)), choice("2", shown_if=ShownIf("1", 1)))
    with pytest.raises(ScoringError, match="circle"):
        make_plan(measure(items, (Scale("total", ("1", "2"), "sum", 2),)))


def test_skip_logic_on_an_unknown_item_is_refused() -> None:
    items = (choice("1", shown_if=ShownIf("7", 1)),)
    with pytest.raises(ScoringError, match="unknown item"):
        make_plan(measure(items, (Scale("total", ("1",), "sum", 1),)))


def test_whole_numbers_are_recognised() -> None:
    assert make_plan(nine_sums()).whole
    assert make_plan(twelve_means()).whole
    assert make_plan(with_skips()).whole
    assert not make_plan(continuous_and_odd()).whole
    assert not make_plan(one(Scale("total", ("1",), "sum", 1, weights={"1": 0.5}))).whole
    wide = measure((choice("1", 0, 200),), (Scale("total", ("1",), "sum", 1),))
    assert not make_plan(wide).whole


def test_many_items_keep_sums_inside_sixteen_bits() -> None:
    items = tuple(choice(str(k), 0, 100) for k in range(300))
    plan = make_plan(measure(items, (Scale("total", tuple(i.id for i in items), "sum", 300),)))
    assert not plan.whole


def test_code_of_reasons_stays_within_its_room() -> None:
    items = tuple(choice(str(k)) for k in range(9))
    ids = tuple(item.id for item in items)
    scales = tuple(Scale(f"s{k}", ids, "mean", 5) for k in range(40))
    plan = make_plan(measure(items, scales))
    assert math.prod(plan.radices) <= 2**62
    assert plan.coarse[0] is False
    assert plan.coarse[-1] is True
