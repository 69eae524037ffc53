# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.measure_samples import choice, measure, nine_sums, twelve_means

from attunement.kernels import (
    TABLE,
    Outputs,
    make_scratch,
    make_tables,
    score_rows,
    tabulate,
)
from attunement.measures.schema import Measure, Scale
from attunement.scoring import Column, ScoringError, bulk, make_plan, reasons_for, score_arrays
from attunement.scoring.bulk import empty_scores


def columns(answers: np.ndarray, *, offset: int = 0) -> list[Column]:
    """Columns of int8 with Arrow's bits, starting at bit ``offset``; -1 is missing."""
    made = []
    for column in answers.T:
        bits = np.packbits(np.r_[np.zeros(offset, bool), column != -1], bitorder="little")
        made.append(Column(np.ascontiguousarray(column), bits, offset))
    return made


@pytest.mark.parametrize("offset", [0, 3, 8, 13])
def test_bits_may_start_anywhere(offset: int) -> None:
    answers = np.random.default_rng(1).integers(-1, 4, (5_000, 9)).astype(np.int8)
    plan = make_plan(nine_sums())
    at_zero = score_arrays(plan, columns(answers), compile_from=0)
    moved = score_arrays(plan, columns(answers, offset=offset), compile_from=0)
    np.testing.assert_array_equal(at_zero.scores, moved.scores)
    np.testing.assert_array_equal(at_zero.n_answered, (answers != -1).sum(axis=1))


def test_threads_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "THREAD_FROM", 1)
    monkeypatch.setattr(bulk, "CHUNK", 20_000)
    answers = np.random.default_rng(2).integers(1, 6, (200_001, 12)).astype(np.int8)
    plan = make_plan(twelve_means())
    one = score_arrays(plan, columns(answers), threads=1)
    many = score_arrays(plan, columns(answers), threads=5)
    np.testing.assert_array_equal(one.scores, many.scores)
    np.testing.assert_array_equal(one.why, many.why)
    # By hand, in numpy: reversed items are 6 - x.
    keyed = answers.astype(float)
    keyed[:, [1, 6, 10]] = 6 - keyed[:, [1, 6, 10]]
    np.testing.assert_array_equal(one.scores[0], keyed.sum(axis=1) / 12)


def test_threads_that_fail_are_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = bulk.make_scratch
    calls = iter(range(9))

    def fail_once(n_items: int, answers: str) -> object:
        if next(calls) == 0:  # of the two threads, one
            message = "no memory for scratch"
            raise MemoryError(message)
        return plain(n_items, answers)

    plan, made = make_plan(nine_sums()), columns(np.ones((10_000, 9), dtype=np.int8))
    score_arrays(plan, made)  # tables are worked out
    monkeypatch.setattr(bulk, "THREAD_FROM", 1)
    monkeypatch.setattr(bulk, "make_scratch", fail_once)
    with pytest.raises(MemoryError):
        score_arrays(plan, made, threads=2)


def test_a_plan_works_its_tables_out_once() -> None:
    plan, made = make_plan(nine_sums()), columns(np.ones((10_000, 9), dtype=np.int8))
    first = score_arrays(plan, made)
    tables = plan.tables["int8"]
    second = score_arrays(plan, made)
    assert plan.tables["int8"] is tables
    assert first.scores.tobytes() == second.scores.tobytes()


def test_off_scale_answers_name_their_range_of_rows() -> None:
    answers = np.ones((150_000, 9), dtype=np.int8)
    answers[140_000, 4] = 4
    result = score_arrays(make_plan(nine_sums()), columns(answers))
    assert len(result.off_chunks) == 1
    first, last = result.off_chunks[0]
    assert first <= 140_000 < last


def test_off_scale_bytes_under_missing_answers_do_not_matter() -> None:
    answers = np.full((3, 9), -1, dtype=np.int8)
    result = score_arrays(make_plan(nine_sums()), columns(answers))
    assert result.off_chunks == ()
    assert np.isnan(result.scores).all()


def test_nan_is_missing_or_refused_as_asked() -> None:
    made = [Column(np.array([1.0, np.nan])) for _ in range(9)]
    plan = make_plan(nine_sums())
    assert score_arrays(plan, made).off_chunks == ()
    assert score_arrays(plan, made, nan_is_missing=False).off_chunks == ((0, 2),)


def test_no_rows_give_no_rows() -> None:
    result = score_arrays(make_plan(nine_sums()), [Column(np.zeros(0, np.int8))] * 9)
    assert result.scores.shape == (1, 0)
    positions, sentences = reasons_for(make_plan(nine_sums()), result.why)
    assert positions.size == 0
    assert sentences == []


def test_reasons_name_every_scale_without_a_score() -> None:
    answers = np.full((3, 12), 3, dtype=np.int8)
    answers[1, :3] = -1
    answers[2, 4] = -1
    plan = make_plan(twelve_means())
    result = score_arrays(plan, columns(answers))
    positions, sentences = reasons_for(plan, result.why)
    assert positions[0] == -1
    assert sentences[positions[1]] == (
        "total: 9 of 12 answered, 10 needed; goal: 1 of 4 answered, 4 needed"
    )
    assert sentences[positions[2]] == "task: 3 of 4 answered, 4 needed"


def test_reasons_of_many_scales_fall_back_to_fewer_words() -> None:
    items = tuple(choice(str(k)) for k in range(9))
    ids = tuple(item.id for item in items)
    scales = tuple(Scale(f"s{k}", ids, "mean", 5) for k in range(40))
    plan = make_plan(measure(items, scales))
    result = score_arrays(plan, columns(np.full((2, 9), -1, dtype=np.int8)))
    positions, sentences = reasons_for(plan, result.why)
    assert positions.tolist() == [0, 0]
    assert sentences[0].startswith("s0: 0 of 9 answered, 5 needed; ")
    assert sentences[0].endswith("s39: fewer than 5 of 9 answered")


@pytest.mark.parametrize(
    "made",
    [
        [Column(np.zeros(2, np.int8))] * 8,
        [*[Column(np.zeros(2, np.int8))] * 8, Column(np.zeros(3, np.int8))],
        [*[Column(np.zeros(2, np.int8))] * 8, Column(np.zeros(2))],
        [Column(np.zeros(2, np.int32))] * 9,
    ],
)
def test_columns_that_do_not_fit_are_refused(made: list[Column]) -> None:
    with pytest.raises(ScoringError, match="E-SCORE-005"):
        score_arrays(make_plan(nine_sums()), made)


def spread(high: int, n: int, **more: object) -> Measure:
    """A measure of ``n`` items 0 to ``high`` with a prorated sum, its second item reversed."""
    items = tuple(choice(str(k), 0, high) for k in range(n))
    ids = tuple(item.id for item in items)
    scale = Scale("total", ids, "sum", 1, prorate=True, reverse=ids[1:2])
    return measure(items, (replace(scale, **more),))  # type: ignore[arg-type]


def looked_up(made: Measure) -> bool:
    return bool(make_plan(made).scale_rules["int8"].span[0])


def test_results_are_looked_up_just_as_long_as_the_table_is_small() -> None:
    # One scale of n items 0..h has h * n + 1 sums and n + 1 numbers of answers.
    assert (100 * 8 + 1) * 9 <= TABLE < (114 * 8 + 1) * 9
    assert looked_up(spread(100, 8))
    assert not looked_up(spread(114, 8))
    assert not looked_up(spread(4, 4, method="mean", weights={"0": 2.0}))


@pytest.mark.parametrize("high", [4, 100, 113, 114, 127])
@pytest.mark.parametrize("more", [{}, {"multiplier": 0.1}, {"rounding": "half_up"}])
def test_looking_up_gives_what_dividing_gives(high: int, more: dict[str, object]) -> None:
    rng = np.random.default_rng(high)
    answers = rng.integers(-1, high + 1, (6_000, 8)).astype(np.int8)
    answers[0], answers[1], answers[2] = 0, high, -1
    answers[3] = [high, 0, *[high] * 6]  # the highest sum: the second item is reversed
    answers[4] = [0, high, *[0] * 6]
    plan = make_plan(spread(high, 8, **more))
    divided = score_arrays(plan, columns(answers), compile_from=10**9)
    fast = score_arrays(plan, columns(answers), compile_from=0)
    assert divided.scores.tobytes() == fast.scores.tobytes()
    assert divided.why.tobytes() == fast.why.tobytes()


def test_the_plain_rule_looks_up_too() -> None:
    answers = np.random.default_rng(5).integers(-1, 6, (400, 12)).astype(np.int8)
    answers[answers == 0] = 1
    plan = make_plan(twelve_means())
    scales = plan.scale_rules["int8"]
    tables = make_tables(scales, empty=False)
    assert tables.scores.size
    tabulate(scales, tables, make_scratch(0, "int8"))
    out = empty_scores(plan, 400, reasons=True)
    given = columns(answers)
    score_rows(
        np.concatenate([one.values for one in given]),
        np.arange(12) * 400,
        np.concatenate([one.bits for one in given if one.bits is not None]),
        np.arange(12) * 400,
        400,
        plan.item_rules["int8"],
        scales,
        tables,
        Outputs(out.scores.reshape(-1), 400, out.n_answered, out.why),
        make_scratch(12, "int8"),
        False,
    )
    fast = score_arrays(plan, given, compile_from=0)
    assert out.scores.tobytes() == fast.scores.tobytes()
    assert out.why.tobytes() == fast.why.tobytes()


@pytest.mark.parametrize("wild", [-128, -1, 6, 127])
def test_answers_far_off_the_scale_stay_within_the_table(wild: int) -> None:
    answers = np.full((5_000, 12), wild, dtype=np.int8)
    given = [Column(np.ascontiguousarray(column)) for column in answers.T]
    result = score_arrays(make_plan(twelve_means()), given, compile_from=0)
    assert result.off_chunks == ((0, 5_000),)
    assert np.isnan(result.scores).all()


def test_columns_may_lie_anywhere_in_memory() -> None:
    answers = np.random.default_rng(6).integers(1, 6, (5_000, 12))
    plan = make_plan(twelve_means())
    expected = score_arrays(plan, columns(answers.astype(np.int8)), compile_from=0)
    rows_first = np.ascontiguousarray(answers.astype(np.int8))
    strided = [Column(rows_first[:, k]) for k in range(12)]
    floats = []
    for k in range(12):  # each begins at another odd byte
        room = np.zeros(5_000 * 8 + 16, dtype=np.uint8)
        column = room[k + 1 : k + 1 + 40_000].view(np.float64)
        column[:] = answers[:, k]
        floats.append(Column(column))
    for given in (strided, floats):
        found = score_arrays(plan, given, compile_from=0)
        assert found.scores.tobytes() == expected.scores.tobytes()


def test_bits_end_with_the_last_row() -> None:
    # 13 + 4095 rows need 514 bytes, and the last block reads none beyond them.
    answers = np.random.default_rng(7).integers(-1, 4, (4_095, 9)).astype(np.int8)
    plan = make_plan(nine_sums())
    given = columns(answers, offset=13)
    assert all(one.bits is not None and one.bits.size == 514 for one in given)
    found = score_arrays(plan, given, compile_from=0)
    np.testing.assert_array_equal(found.n_answered, (answers != -1).sum(axis=1))
