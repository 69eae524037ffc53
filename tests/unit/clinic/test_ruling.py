# SPDX-License-Identifier: Apache-2.0
"""The house rule in the clinic asks where the library's would flag, and nowhere else."""

from __future__ import annotations

import pytest

from attunement.clinic.services.ruling import Judge, Sides
from attunement.signals import Series


def asks_from(*scores: float) -> list[float | None]:
    """Return for each session that was judged the smallest null rate at which the rule asks."""
    n = len(scores)
    series = Series(tuple(range(1, n + 1)), scores, 0.0, 6.0, 1 / 7, higher_is_better=True)
    nothing = (None,) * n
    sides = Sides(nothing, nothing, strain=(0.0,) * n, expected=(True,) * n)
    judge = Judge.of(series, sides, learned=None)
    found = [judge.ruled(number) for number in range(1, n + 1)]
    return [one.flags_from for one in found if one is not None]


@pytest.mark.parametrize("level", [0.0, 1.0, 6.0])
def test_who_never_moved_is_not_asked_about(level: float) -> None:
    """Far below where the model has people, a course looks fallen though nothing got worse."""
    assert set(asks_from(*[level] * 8)) == {None}


def test_a_fall_is_asked_about_in_its_session_and_not_after_it() -> None:
    found = asks_from(5.0, 5.0, 5.0, 5.0, 1.0, 5.0)
    assert found[-2] is not None
    assert [one for one in found if one is not None] == [found[-2]]
