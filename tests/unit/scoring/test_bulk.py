# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from tests.measure_samples import choice, measure, nine_sums, twelve_means

from attunement.measures.schema import Scale
from attunement.scoring import Column, ScoringError, make_plan, reasons_for, score_arrays


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


def test_threads_do_not_change_the_result() -> None:
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
