# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import warnings
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import attunement as at
from attunement.frames import DirectionWarning, FitWarning

# Prospective rules of every kind; sixths are exact enough to be moved and stretched.
RULES = ["house", "below-own-baseline", "drop-from-previous", "individuals-chart", "cusum"]
VERDICTS = ["evaluable", "flagged", "reason"]

score = st.one_of(st.none(), st.integers(0, 48).map(lambda k: k / 8.0))
course = st.lists(score, min_size=1, max_size=14)
table = st.lists(course, min_size=1, max_size=4)
quiet = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def frame_of(courses: list[list[float | None]]) -> pl.DataFrame:
    rows = [
        {"dyad": f"D{d}", "session": t + 1, "score": value}
        for d, values in enumerate(courses)
        for t, value in enumerate(values)
    ]
    return pl.DataFrame(rows, schema={"dyad": pl.String, "session": pl.Int64, "score": pl.Float64})


def judged(frame: pl.DataFrame, **asked: Any) -> at.frames.Ruptures:  # type: ignore[name-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DirectionWarning)
        warnings.simplefilter("ignore", FitWarning)
        return at.ruptures(frame, **{"scale": (0, 6), "rule": RULES, **asked})


@quiet
@given(table, st.randoms(use_true_random=False))
def test_shuffled_rows_give_the_same_verdicts(courses: Any, random: Any) -> None:
    frame = frame_of(courses).with_row_index("at")
    order = list(range(frame.height))
    random.shuffle(order)
    key = ["dyad", "session", "rule"]
    one = judged(frame)
    other = judged(frame[order])
    assert_frame_equal(one.sessions.sort(key), other.sessions.sort(key))
    order_of = ["dyad", "rule", "onset"]
    assert_frame_equal(one.episodes.sort(order_of), other.episodes.sort(order_of))


@quiet
@given(table)
def test_relabelled_dyads_give_the_same_verdicts(courses: Any) -> None:
    frame = frame_of(courses)
    numbered = frame.with_columns(pl.col("dyad").str.slice(1).cast(pl.Int64).mul(-7))
    one, other = judged(frame), judged(numbered)
    assert_frame_equal(one.sessions.drop("dyad"), other.sessions.drop("dyad"))
    assert_frame_equal(one.episodes.drop("dyad"), other.episodes.drop("dyad"))


@quiet
@given(table)
def test_other_dyads_change_nothing(courses: Any) -> None:
    whole = judged(frame_of(courses)).sessions
    first = judged(frame_of(courses[:1])).sessions
    assert_frame_equal(whole.head(first.height), first)


@quiet
@given(table, st.sampled_from([0.25, 1.0, 8.0]), st.sampled_from([-16.0, 0.0, 4.0]))
def test_shifted_and_stretched_scores_with_their_scale_give_the_same_verdicts(
    courses: Any, by: float, up: float
) -> None:
    frame = frame_of(courses)
    moved = frame.with_columns(pl.col("score") * by + up)
    one, other = judged(frame), judged(moved, scale=(up, 6 * by + up))
    assert_frame_equal(
        one.sessions.select("rule", *VERDICTS), other.sessions.select("rule", *VERDICTS)
    )


@quiet
@given(table, st.integers(1, 13))
def test_cutting_off_the_future_never_changes_the_past(courses: Any, last: int) -> None:
    frame = frame_of(courses)
    past = frame.filter(pl.col("session") <= last)
    whole = judged(frame).sessions.filter(pl.col("session") <= last)
    assert_frame_equal(whole, judged(past).sessions)


@quiet
@given(table)
def test_there_is_one_row_for_each_input_row_and_rule(courses: Any) -> None:
    frame = frame_of(courses)
    found = judged(frame)
    assert found.sessions.height == frame.height * len(RULES)
    assert not (found.sessions["flagged"] & ~found.sessions["evaluable"]).any()
    assert (found.sessions["reason"].is_null() == found.sessions["evaluable"]).all()
    missing = frame["score"].is_null()
    unjudged = found.sessions.filter(pl.col("rule") == "cusum")["evaluable"]
    assert not (missing & unjudged).any()
    for rule in found.summary.rules:
        part = found.sessions.filter(pl.col("rule") == rule.rule)
        assert (rule.evaluable, rule.flagged) == (part["evaluable"].sum(), part["flagged"].sum())
        assert sum(rule.episodes.values()) == (found.episodes["rule"] == rule.rule).sum()


@pytest.mark.parametrize("part_rows", [1, 7, 1000])
@quiet
@given(courses=table)
def test_parts_of_whole_dyads_lose_and_cut_nothing(courses: Any, part_rows: int) -> None:
    from attunement.frames.engines.ruptures_parts import whole_dyads  # noqa: PLC0415

    frame = frame_of(courses)
    batches = [frame.slice(at_, 3) for at_ in range(0, frame.height, 3)]
    parts = list(whole_dyads(batches, "dyad", rows=part_rows, rising=True))
    assert_frame_equal(pl.concat(parts), frame)
    seen = [dyad for part in parts for dyad in part["dyad"].unique(maintain_order=True)]
    assert len(seen) == len(set(seen))
