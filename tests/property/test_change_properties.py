# SPDX-License-Identifier: Apache-2.0
"""Order, names, shift and scale of a table change no verdict on reliable change."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import attunement as at
from attunement.frames import CourseDirectionWarning
from attunement.signals import SignalError

QUICK = settings(max_examples=25, deadline=None)
score = st.one_of(st.integers(0, 60), st.none())
people = st.lists(st.tuples(score, score), min_size=4, max_size=15)
ASKED: dict[str, Any] = {"id": "who", "pre": "a", "post": "b", "reliability": 0.83}


def _table(rows: list[tuple[int | None, int | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "who": [f"P{n}" for n in range(len(rows))],
            "a": pl.Series([one for one, _ in rows], dtype=pl.Float64),
            "b": pl.Series([two for _, two in rows], dtype=pl.Float64),
        }
    )


def _judged(table: pl.DataFrame, **more: Any) -> dict[tuple[str, str], Any]:
    asked = {"lower_is": "better", "functional": (10, 6), "scale": (0, 60), **more}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CourseDirectionWarning)
        try:
            found = at.reliable_change(table, **ASKED, **asked).changes
        except SignalError:  # all alike
            assume(condition=False)
    return {(row["who"], row["method"]): row for row in found.to_dicts()}


def _near_a_limit(found: dict[tuple[str, str], Any]) -> bool:
    """Whether rounding could decide a verdict."""
    values = [abs(row["statistic"]) for row in found.values() if row["statistic"] is not None]
    return any(min(abs(value - 1.96), abs(value - 1.65)) < 1e-6 for value in values)


def _verdicts(found: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    return {key: (row["category"], row["reason"], row["attainable"]) for key, row in found.items()}


@QUICK
@given(rows=people, seed=st.integers(0, 1000))
def test_shuffled_rows_and_other_names_give_the_same(
    rows: list[tuple[int | None, int | None]], seed: int
) -> None:
    table = _table(rows)
    plain = _judged(table)
    assume(not _near_a_limit(plain))
    order = np.random.default_rng(seed).permutation(len(rows))
    shuffled = _judged(table[order])
    assert _verdicts(plain) == _verdicts(shuffled)
    renamed = _judged(table.with_columns(who=pl.lit("x") + pl.col("who")))
    assert {(f"x{who}", method): kept for (who, method), kept in _verdicts(plain).items()} == (
        _verdicts(renamed)
    )


@QUICK
@given(rows=people, times=st.sampled_from([0.1, 3.0]), plus=st.sampled_from([-20.0, 7.0]))
def test_shifted_rescaled_and_turned_scores_give_the_same(
    rows: list[tuple[int | None, int | None]], times: float, plus: float
) -> None:
    table = _table(rows)
    plain = _judged(table)
    assume(not _near_a_limit(plain))
    moved = _judged(
        table.with_columns(pl.col("a", "b") * times + plus),
        functional=(10 * times + plus, 6 * times),
        scale=(plus, 60 * times + plus),
    )
    assert _verdicts(plain) == _verdicts(moved)
    turned = _judged(
        table.with_columns(a=60 - pl.col("a"), b=60 - pl.col("b")),
        lower_is=None,
        higher_is="better",
        functional=(50, 6),
    )
    assert _verdicts(plain) == _verdicts(turned)


@QUICK
@given(rows=people)
def test_no_verdict_is_never_a_category(rows: list[tuple[int | None, int | None]]) -> None:
    for row in _judged(_table(rows)).values():
        assert (row["category"] is None) == (row["reason"] is not None)
        if row["pre"] is None or row["post"] is None:
            assert row["category"] is None
