# SPDX-License-Identifier: Apache-2.0
"""By when who is told: a rule that only goes forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from attunement.clinic.config import RiskRule
from attunement.clinic.services.risk.escalation import Level, added, level_due

RULE = RiskRule()
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
spans = st.timedeltas(timedelta(days=-400), timedelta(days=400))
steps = st.timedeltas(timedelta(0), timedelta(days=2))


def test_levels_begin_at_the_configured_minutes() -> None:
    at = {0: 1, 14: 1, 15: 2, 29: 2, 30: 3, 59: 3, 60: 4, 10_000: 4}
    assert {m: level_due(timedelta(minutes=m), RULE) for m in at} == {
        m: Level(level) for m, level in at.items()
    }


@given(steps, steps)
def test_longer_waiting_never_means_an_earlier_level(one: timedelta, more: timedelta) -> None:
    assert level_due(one, RULE) <= level_due(one + more, RULE)


@given(spans, st.none() | steps)
def test_waiting_never_shrinks_and_is_never_less_than_the_steady_clock_says(
    wall: timedelta, steady: timedelta | None
) -> None:
    more = added(NOW, NOW + wall, steady=steady)
    assert more >= timedelta(0)
    assert more >= (steady or timedelta(0))
    assert more >= wall


@given(st.lists(st.tuples(steps, spans), min_size=1, max_size=30))
def test_clock_jumps_of_any_size_never_make_an_alert_wait_longer(
    rounds: list[tuple[timedelta, timedelta]],
) -> None:
    wall, waited, true = NOW, timedelta(0), timedelta(0)
    for step, jump in rounds:
        counted_at = wall
        wall = min(max(wall + step + jump, NOW - timedelta(days=9000)), NOW + timedelta(days=9000))
        true += step
        waited += added(counted_at, wall, steady=step)
    assert waited >= true
    assert level_due(waited, RULE) >= level_due(true, RULE)
