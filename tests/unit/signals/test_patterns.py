# SPDX-License-Identifier: Apache-2.0
"""Shapes of a course, each worked by hand on the scale 0-6 (a sixth is 1, a twelfth 0.5)."""

from __future__ import annotations

import pytest

from attunement.signals import SignalError
from attunement.signals.patterns import Course, Pattern, pattern_of


def _of(
    *client: float | None,
    therapist: tuple[float | None, ...] | None = None,
    dipped: bool = False,
    turned: bool = False,
) -> Pattern:
    other = therapist if therapist is not None else (None,) * len(client)
    course = Course(tuple(client), other, 0.0, 6.0, higher_is_better=not turned)
    return pattern_of(course, dipped=dipped)


@pytest.mark.parametrize(
    ("client", "pattern"),
    [
        ((), Pattern.STEADY),
        ((None, None), Pattern.STEADY),
        # Median of 5, 4.8 is 4.9; 4.9 - 1 = 3.9.
        ((5.0, 4.8, 3.9), Pattern.DROP),
        ((5.0, 4.8, 4.0), Pattern.STEADY),
        # One rating before is no course to fall from; median of 5, 2 is 3.5: a low start.
        ((5.0, 2.0), Pattern.LOW_START),
        # A missing rating is left out: 5, 5 before, 4 now.
        ((5.0, None, 5.0, None, 4.0), Pattern.DROP),
        # At the top is from 5.7; three there, then 5.5: the first step off.
        ((5.0, 6.0, 5.7, 6.0, 5.5), Pattern.OFF_CEILING),
        ((6.0, 6.0, 6.0, 4.9), Pattern.DROP),  # 6 - 1 = 5: a fall, not a step
        ((6.0, 6.0, 5.5), Pattern.STEADY),  # two at the top are no run
        ((6.0, 6.0, 6.0), Pattern.FLAT_TOP),
        ((4.0, 5.7, 5.8, 6.0), Pattern.FLAT_TOP),
        # 5, 5, then 3.5 (median 5, fell by 1.5), then 4.5 = 5 - 0.5: back.
        ((5.0, 5.0, 3.5, 4.5), Pattern.REPAIRED),
        # 4.4 is not back; median of 5, 5, 3.5 is 5, and 5 - 1 = 4 < 4.4: no drop either.
        ((5.0, 5.0, 3.5, 4.4), Pattern.STEADY),
        # Fell at the second of three ratings before the newest: still lately.
        ((5.0, 5.0, 3.5, 4.2, 4.2, 5.0), Pattern.REPAIRED),
        # Four ratings ago: not any more.
        ((5.0, 5.0, 3.5, 4.2, 4.2, 4.2, 5.0), Pattern.STEADY),
        ((3.0,), Pattern.LOW_START),  # 3.6 of 6 is where a beginning stops being low
        ((3.6,), Pattern.STEADY),
        ((3.0, 3.2, 3.5), Pattern.LOW_START),
        ((3.0, 3.2, 3.5, 3.4), Pattern.STEADY),  # four ratings are no beginning
    ],
)
def test_pattern_of_the_clients_own_line(
    client: tuple[float | None, ...], pattern: Pattern
) -> None:
    assert _of(*client) is pattern


def test_split_needs_two_sessions_running_the_same_way() -> None:
    assert _of(5.0, 5.0, therapist=(3.5, 3.5)) is Pattern.SPLIT
    assert _of(4.0, 4.0, therapist=(5.5, 5.6)) is Pattern.SPLIT
    assert _of(5.0, 5.0, therapist=(3.6, 3.5)) is Pattern.STEADY
    assert _of(4.0, 5.0, therapist=(5.5, 3.5)) is Pattern.STEADY  # once each way round
    assert _of(5.0, 5.0, therapist=(None, 3.0)) is Pattern.STEADY


def test_a_rule_that_asks_makes_it_a_drop() -> None:
    assert _of(5.0, 5.0, 4.6) is Pattern.STEADY
    assert _of(5.0, 5.0, 4.6, dipped=True) is Pattern.DROP
    assert _of(4.6, dipped=True) is Pattern.STEADY  # nothing to fall from


def test_a_scale_that_runs_the_other_way_is_turned_round() -> None:
    assert _of(1.0, 1.2, 2.1, turned=True) is Pattern.DROP
    assert _of(0.0, 0.0, 0.0, turned=True) is Pattern.FLAT_TOP


@pytest.mark.parametrize(
    "course",
    [Course((1.0,), (), 0.0, 6.0), Course((1.0,), (1.0,), 6.0, 6.0)],
)
def test_a_course_that_is_none_is_refused(course: Course) -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-001"):
        pattern_of(course)
