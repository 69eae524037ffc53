# SPDX-License-Identifier: Apache-2.0
"""The house rule: the future changes nothing, nor do units, directions or who comes first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from attunement.signals.batch import Batch, Channels
from attunement.signals.house import CHANNELS, Memory, Threshold, default_house, judge_house
from attunement.signals.house.model import Chair

MODEL = default_house(0.0, 6.0, 0.25)
ALL = frozenset(CHANNELS)
LIMIT = Threshold(2.0, 0.1, 12, ALL, MODEL.version, 0.0, 0)
FLOATS = frozenset({"statistic", "expected", "probability"})
rows = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.none() | st.integers(0, 24),
        st.none() | st.integers(0, 24),
        st.sampled_from([0.0, 1.0, None]),
    ),
    min_size=1,
    max_size=14,
)


def number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def batch_of(every: list[list[tuple[int, int | None, int | None, float | None]]]) -> Batch:
    flat = [row for one in every for row in one]
    sessions = np.concatenate([np.cumsum([row[0] for row in one]) for one in every])
    starts = np.cumsum([0, *(len(one) for one in every)])
    return Batch(
        np.array([number(row[1]) for row in flat]) / 4,
        sessions,
        starts,
        0.0,
        6.0,
        0.25,
        channels=Channels(
            therapist=np.array([number(row[2]) for row in flat]) / 4,
            strain=np.array([number(row[3]) for row in flat]),
            expected=np.ones(len(flat), dtype=np.bool_),
        ),
    )


@settings(max_examples=40, deadline=None)
@given(rows, st.integers(1, 14))
def test_cutting_the_future_off_never_changes_the_past(one: list, kept: int) -> None:
    whole = judge_house(batch_of([one]), MODEL, LIMIT)
    cut = judge_house(batch_of([one[:kept]]), MODEL, LIMIT)
    n = min(kept, len(one))
    assert np.array_equal(whole.statistic[:n], cut.statistic, equal_nan=True)
    assert np.array_equal(whole.flagged[:n], cut.flagged)


@settings(max_examples=25, deadline=None)
@given(rows, rows)
def test_who_comes_first_never_matters(one: list, other: list) -> None:
    there = judge_house(batch_of([one, other]), MODEL, LIMIT).statistic
    back = judge_house(batch_of([other, one]), MODEL, LIMIT).statistic
    n = len(one)
    assert np.array_equal(there[:n], back[len(other) :], equal_nan=True)


def moved(chair: Chair, factor: float, shift: float) -> Chair:
    return replace(
        chair,
        level=chair.level * factor + shift,
        between_sd=chair.between_sd * factor,
        within_sd=chair.within_sd * factor,
        slope=chair.slope * factor,
        slope_sd=chair.slope_sd * factor,
    )


@settings(max_examples=25, deadline=None)
@given(rows, st.sampled_from([0.5, 3.0]), st.sampled_from([-2.0, 10.0]))
def test_other_units_give_the_same_verdicts(one: list, factor: float, shift: float) -> None:
    batch = batch_of([one])
    there = judge_house(batch, MODEL, LIMIT)
    scale = (shift, 6.0 * factor + shift, 0.25 * factor)
    other = replace(
        MODEL,
        minimum=scale[0],
        maximum=scale[1],
        step=scale[2],
        client=moved(MODEL.client, factor, shift),
        therapist=moved(MODEL.therapist, factor, shift),
        prediction=moved(MODEL.prediction, factor, shift),
    )
    channels = replace(batch.channels, therapist=batch.channels.therapist * factor + shift)
    units = Batch(
        batch.values * factor + shift, batch.sessions, batch.starts, *scale, channels=channels
    )
    here = judge_house(units, other, LIMIT)
    assert np.allclose(here.statistic, there.statistic, atol=1e-7, equal_nan=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, min_size=1, max_size=3), st.data())
def test_going_on_with_remembered_courses_changes_no_bit(every: list, data: st.DataObject) -> None:
    memory = Memory(most=2)
    for _ in range(6):
        one = data.draw(st.sampled_from(every))
        upto = data.draw(st.integers(1, len(one)))
        batch = batch_of([one[:upto]])
        whole, gone_on = (
            judge_house(batch, MODEL, LIMIT),
            judge_house(batch, MODEL, LIMIT, memory=memory),
        )
        for name in ("statistic", "flagged", "reason", "expected", "n_used", "probability"):
            assert np.array_equal(
                getattr(whole, name), getattr(gone_on, name), equal_nan=name in FLOATS
            ), name


def test_a_course_that_grows_is_judged_from_where_it_was_left() -> None:
    course = [(1, 20, 18, 0.0)] * 12
    memory = Memory()
    for upto in range(3, 13):
        judge_house(batch_of([course[:upto]]), MODEL, LIMIT, memory=memory)
    assert memory.n_rows == 12
    judge_house(batch_of([course]), MODEL, LIMIT, memory=memory)
    assert memory.n_rows == 12
    other = [(1, 20, 18, 0.0), (1, 19, 18, 0.0), *course[2:]]  # another second session
    judge_house(batch_of([other]), MODEL, LIMIT, memory=memory)
    assert memory.n_rows == 24
