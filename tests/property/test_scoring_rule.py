# SPDX-License-Identifier: Apache-2.0
"""Laws that every score obeys, on measures that Hypothesis makes up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measure_samples import choice, measure, twelve_means

from attunement.kernels import BLOCK
from attunement.measures import ids, load
from attunement.measures.schema import Measure, Scale, ShownIf
from attunement.scoring import (
    Column,
    NotScored,
    Plan,
    Score,
    make_plan,
    reasons_for,
    score_arrays,
    score_response,
    unused_answers,
)
from attunement.scoring.plan import permitted

Answers = dict[str, float | None]


@st.composite
def measures(draw: st.DrawFn, *, skips: bool = False, rounding: bool = True) -> Measure:
    low = draw(st.integers(-3, 3))
    high = low + draw(st.integers(1, 6))
    n = draw(st.integers(1, 8))
    ids = [str(k) for k in range(n)]
    items = [choice(item, low, high) for item in ids]
    if skips and n > 1:
        for k in draw(st.sets(st.integers(1, n - 1), max_size=3)):
            at_least = draw(st.integers(low, high))
            items[k] = replace(items[k], shown_if=ShownIf(str(k - 1), at_least))
    scales = [draw(scale(name, ids, rounding=rounding)) for name in ("total", "part")]
    return measure(tuple(items), tuple(scales))


@st.composite
def scale(draw: st.DrawFn, name: str, ids: list[str], *, rounding: bool) -> Scale:
    chosen = tuple(draw(st.permutations(ids)))[: draw(st.integers(1, len(ids)))]
    weight = st.sampled_from([1.0, 1.0, 2.0, 0.5])
    return Scale(
        id=name,
        items=chosen,
        method=draw(st.sampled_from(["sum", "mean"])),
        min_answered=draw(st.integers(1, len(chosen))),
        reverse=tuple(item for item in chosen if draw(st.booleans())),
        weights={item: draw(weight) for item in chosen} if draw(st.booleans()) else {},
        multiplier=draw(st.sampled_from([1.0, 1.0, 4.0, 0.1])),
        prorate=draw(st.booleans()),
        rounding=draw(st.sampled_from(["none", "half_up"])) if rounding else "none",
    )


def answered(draw: st.DrawFn, made: Measure, *, missing: bool = True) -> Answers:
    answers: Answers = {}
    for item in made.items:
        assert item.minimum is not None
        assert item.maximum is not None
        one = st.integers(int(item.minimum), int(item.maximum)).map(float)
        answers[item.id] = draw(st.one_of(one, one, st.none()) if missing else one)
    return answers


def scored(made: Measure, answers: Answers, name: str = "total") -> Score | NotScored:
    return score_response(made, answers).scales[name]


@given(st.data())
@settings(deadline=None)
def test_score_stays_within_what_its_items_allow(data: st.DataObject) -> None:
    made = data.draw(measures())
    answers = answered(data.draw, made)
    for one in made.scales:
        result = scored(made, answers, one.id)
        if isinstance(result, NotScored):
            continue
        ends = [_ends(made, one, item) for item in one.items]
        low, high = sum(e[0] for e in ends), sum(e[1] for e in ends)
        if one.method == "sum" and one.weights and result.n_answered < result.n_items:
            continue  # prorating by number of items cannot know which weights are missing
        if one.method == "mean":
            size = sum(one.weights.get(item, 1.0) for item in one.items)
            item_low, item_high = made.items[0].minimum or 0.0, made.items[0].maximum or 0.0
            low, high = item_low, item_high
            assert size > 0
        slack = 0.5 if one.rounding == "half_up" else 1e-9
        assert low * one.multiplier - slack <= result.value <= high * one.multiplier + slack


def _ends(made: Measure, one: Scale, item_id: str) -> tuple[float, float]:
    item = made.item(item_id)
    weight = one.weights.get(item_id, 1.0)
    return weight * (item.minimum or 0.0), weight * (item.maximum or 0.0)


@given(st.data())
@settings(deadline=None)
def test_reversing_answers_and_keys_together_changes_nothing(data: st.DataObject) -> None:
    made = data.draw(measures())
    answers = answered(data.draw, made)
    flipped: Answers = {
        item.id: None
        if (x := answers[item.id]) is None
        else (item.minimum or 0.0) + (item.maximum or 0.0) - x
        for item in made.items
    }
    turned = replace(
        made,
        scales=tuple(
            replace(one, reverse=tuple(i for i in one.items if i not in one.reverse))
            for one in made.scales
        ),
    )
    assert score_response(made, answers).scales == score_response(turned, flipped).scales


@given(st.data())
@settings(deadline=None)
def test_order_of_items_and_answers_does_not_matter(data: st.DataObject) -> None:
    made = data.draw(measures(rounding=False))
    answers = answered(data.draw, made)
    shuffled = replace(
        made,
        items=tuple(data.draw(st.permutations(made.items))),
        scales=tuple(
            replace(one, items=tuple(data.draw(st.permutations(one.items)))) for one in made.scales
        ),
    )
    mixed = dict(data.draw(st.permutations(list(answers.items()))))
    for one in made.scales:
        assert scored(made, answers, one.id) == scored(shuffled, mixed, one.id)


@given(st.data())
@settings(deadline=None)
def test_one_more_point_on_a_keyed_item_never_goes_the_wrong_way(data: st.DataObject) -> None:
    made = data.draw(measures())
    answers = answered(data.draw, made)
    for one in made.scales:
        for item_id in one.items:
            x, top = answers[item_id], made.item(item_id).maximum
            if x is None or top is None or x + 1 > top:
                continue
            before = scored(made, answers, one.id)
            after = scored(made, {**answers, item_id: x + 1}, one.id)
            if isinstance(before, NotScored):
                assert after == before
                continue
            assert isinstance(after, Score)
            sign = -1 if item_id in one.reverse else 1
            assert (after.value - before.value) * sign >= 0
            if one.rounding == "none":
                assert after.value != before.value


@given(st.data())
@settings(deadline=None)
def test_score_exists_exactly_from_the_missing_limit_on(data: st.DataObject) -> None:
    made = data.draw(measures())
    answers = answered(data.draw, made)
    for one in made.scales:
        result = scored(made, answers, one.id)
        given_answers = sum(answers[item] is not None for item in one.items)
        whole = one.method == "sum" and not one.prorate
        needed = len(one.items) if whole else one.min_answered
        assert isinstance(result, Score) == (given_answers >= needed)
        assert (result.n_answered, result.n_items) == (given_answers, len(one.items))


@given(st.data())
@settings(deadline=None)
def test_missing_limit_is_exact_to_one_answer(data: st.DataObject) -> None:
    made = data.draw(measures())
    full = answered(data.draw, made, missing=False)
    for one in made.scales:
        needed = len(one.items) if one.method == "sum" and not one.prorate else one.min_answered
        kept = data.draw(st.permutations(one.items))[:needed]
        at_limit: Answers = {item: full[item] for item in kept}
        assert isinstance(scored(made, at_limit, one.id), Score)
        del at_limit[kept[0]]
        assert isinstance(scored(made, at_limit, one.id), NotScored)
        assert isinstance(scored(made, {}, one.id), NotScored)


@given(st.data())
@settings(deadline=None)
def test_hidden_items_change_nothing_whatever_they_hold(data: st.DataObject) -> None:
    made = data.draw(measures(skips=True))
    answers = answered(data.draw, made)
    first = score_response(made, answers)
    emptied = {**answers, **dict.fromkeys(first.hidden)}
    second = score_response(made, emptied)
    assert second.hidden == ()
    for name, result in first.scales.items():
        other = second.scales[name]
        if isinstance(result, NotScored):
            assert isinstance(other, NotScored)
            assert result.reason.removesuffix(", its answer was left out") == other.reason
        else:
            assert result == other


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_compiled_and_plain_agree_to_the_last_bit(data: st.DataObject) -> None:
    made = data.draw(measures(skips=True))
    plan = make_plan(made)
    table = [answered(data.draw, made) for _ in range(data.draw(st.integers(1, 5)))]
    rows = [[nan(answers[item]) for item in plan.items] for answers in table]
    floats = np.array(rows, dtype=np.float64).T
    compare(plan, table, [Column(np.ascontiguousarray(column)) for column in floats])
    if plan.whole:
        offset = data.draw(st.integers(0, 9))
        compare(plan, table, [packed(column, offset) for column in floats])


def nan(answer: float | None) -> float:
    return math.nan if answer is None else answer


def packed(column: np.ndarray, offset: int) -> Column:
    bits = np.packbits(np.r_[np.ones(offset, bool), ~np.isnan(column)], bitorder="little")
    return Column(np.nan_to_num(column, nan=-128).astype(np.int8), bits, offset)


def compare(plan: Plan, table: list[Answers], columns: list[Column]) -> None:
    plain = score_arrays(plan, columns, compile_from=10**9)
    fast = score_arrays(plan, columns, compile_from=0)
    assert plain.scores.tobytes() == fast.scores.tobytes()
    assert plain.n_answered.tobytes() == fast.n_answered.tobytes()
    assert plain.why.tobytes() == fast.why.tobytes()
    unused = unused_answers(plan, columns)
    for row, answers in enumerate(table):
        left_out = {item for item, rows in unused.items() if rows[row]}
        assert left_out == set(score_response(plan.measure, answers).hidden)
    positions, sentences = reasons_for(plan, plain.why, unused)
    for row, answers in enumerate(table):
        single = score_response(plan.measure, answers)
        assert plain.n_answered[row] == single.n_answered
        reasons = []
        for index, one in enumerate(plan.scales):
            result = single.scales[one.id]
            if isinstance(result, Score):
                assert plain.scores[index, row] == result.value
            else:
                assert math.isnan(plain.scores[index, row])
                reasons.append(f"{one.id}: {result.reason}")
        said = sentences[positions[row]] if positions[row] >= 0 else ""
        assert said == "; ".join(reasons)


@pytest.mark.parametrize("name", ids(packs=("core", "own", "nc", "structure")))
def test_one_response_of_a_shipped_measure_is_scored_as_a_column_of_them(name: str) -> None:
    """One response runs on lists, a column on arrays, plainly and compiled: the same bits."""
    made = load(name)
    plan = make_plan(made)
    if not plan.items:
        pytest.skip("no item of it carries a number")
    rng = np.random.default_rng(len(plan.items))
    table: list[Answers] = []
    for share in (0.0, 0.1, 0.5, 1.0) * 5:
        row = {item: answer_to(made, item, rng) for item in plan.items}
        table.append({k: None if rng.random() < share else v for k, v in row.items()})
    rows = [[nan(answers[item]) for item in plan.items] for answers in table]
    compare(plan, table, [Column(np.ascontiguousarray(one)) for one in np.array(rows).T])


def answer_to(made: Measure, item_id: str, rng: np.random.Generator) -> float:
    item = made.item(item_id)
    listed = permitted(made, item)
    low, high = item.minimum or 0.0, item.maximum or 0.0
    if listed is not None:
        return float(rng.choice(listed))
    if item.step == 0:
        return float(rng.uniform(low, high))
    return low + item.step * float(rng.integers(0, round((high - low) / item.step) + 1))


@pytest.mark.parametrize("rows", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_blocks_end_where_they_should(rows: int) -> None:
    rng = np.random.default_rng(rows)
    answers = rng.integers(1, 6, (12, rows)).astype(np.int8)
    valid = rng.random((12, rows)) > 0.1
    plan = make_plan(twelve_means())
    columns = [
        Column(column, np.packbits(ok, bitorder="little"))
        for column, ok in zip(answers, valid, strict=True)
    ]
    plain = score_arrays(plan, columns, compile_from=10**9)
    fast = score_arrays(plan, columns, compile_from=0)
    assert plain.scores.tobytes() == fast.scores.tobytes()
    np.testing.assert_array_equal(fast.n_answered, valid.sum(axis=0))
