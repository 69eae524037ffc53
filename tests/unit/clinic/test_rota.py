# SPDX-License-Identifier: Apache-2.0
"""The week of who is told first: holes, order, words, and nights with an hour more or less."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attunement.clinic.models.risk import WEEK_MINUTES
from attunement.clinic.services.risk.rota import (
    DAY_MINUTES,
    Span,
    Turn,
    holes,
    minute_of_week,
    order_at,
    read_minute,
    say_minute,
    spans_between,
)

minutes = st.integers(0, WEEK_MINUTES)
turns = st.lists(
    st.tuples(minutes, minutes, st.booleans(), st.integers(1, 3)).filter(lambda t: t[0] < t[1]),
    max_size=6,
).map(
    lambda rows: [
        Turn(f"login-{at}", place, starts, ends, reachable)
        for at, (starts, ends, reachable, place) in enumerate(rows)
    ]
)


@given(turns)
def test_holes_are_exactly_the_minutes_without_anybody_who_can_be_told(found: list[Turn]) -> None:
    covered = {
        minute for turn in found if turn.reachable for minute in range(turn.starts, turn.ends)
    }
    free = {minute for span in holes(found) for minute in range(span.starts, span.ends)}
    assert free == set(range(WEEK_MINUTES)) - covered


@given(turns, st.integers(0, WEEK_MINUTES - 1))
def test_everybody_who_can_be_told_is_in_the_order_once_and_who_is_on_comes_first(
    found: list[Turn], minute: int
) -> None:
    order = order_at(found, minute)
    assert sorted(order) == sorted({turn.login_id for turn in found if turn.reachable})
    on = {t.login_id for t in found if t.reachable and t.starts <= minute < t.ends}
    assert set(order[: len(on)]) == on


def test_order_goes_by_place_then_by_whose_turn_begins_next() -> None:
    day = DAY_MINUTES
    found = [
        Turn("second", 2, 0, day),
        Turn("first", 1, 0, day),
        Turn("friday", 1, 4 * day, 5 * day),
        Turn("tuesday", 1, day, 2 * day),
        Turn("gone", 1, 0, WEEK_MINUTES, reachable=False),
    ]
    assert order_at(found, 60) == ("first", "second", "tuesday", "friday")
    assert order_at(found, 6 * day) == ("first", "second", "tuesday", "friday")
    assert order_at(found, 3 * day)[0] == "friday"


@pytest.mark.parametrize("minute", [0, 1, 59, 480, 1439, 1440, WEEK_MINUTES - 1])
def test_minute_is_said_and_read_the_same(minute: int) -> None:
    assert read_minute(say_minute(minute)) == minute


@pytest.mark.parametrize(
    "text", ["", "mon", "08:00", "mon 24:00", "mon 08:60", "mon 8", "xyz 08:00", "mon 08:00 x"]
)
def test_time_that_cannot_be_read_is_none(text: str) -> None:
    assert read_minute(text) is None


def test_days_may_be_written_out() -> None:
    assert read_minute(" Monday  8:05 ") == 485


@pytest.mark.parametrize(
    ("starts", "ends", "spans"),
    [
        (480, 960, (Span(480, 960),)),
        (9600, 480, (Span(9600, WEEK_MINUTES), Span(0, 480))),
        (9600, 0, (Span(9600, WEEK_MINUTES),)),
        (0, 0, (Span(0, WEEK_MINUTES),)),
        (480, 480, (Span(480, WEEK_MINUTES), Span(0, 480))),
    ],
)
def test_turn_over_sunday_midnight_is_two_spans(
    starts: int, ends: int, spans: tuple[Span, ...]
) -> None:
    assert spans_between(starts, ends) == spans


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"])
def test_row_93_every_instant_of_a_year_falls_on_a_minute_of_the_week(zone: str) -> None:
    place = ZoneInfo(zone)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    seen = {minute_of_week(start + timedelta(minutes=37 * k), place) for k in range(14_206)}
    assert min(seen) >= 0
    assert max(seen) < WEEK_MINUTES


def test_row_93_hour_that_comes_twice_has_somebody_both_times() -> None:
    place = ZoneInfo("Europe/Berlin")
    turn = Turn("night", 1, 6 * DAY_MINUTES, 6 * DAY_MINUTES + 4 * 60)
    night = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # Sunday 00:00 there; 03:00 comes twice
    on = [
        order_at([turn, Turn("day", 1, 0, 60)], minute_of_week(night + timedelta(minutes=m), place))
        for m in range(5 * 60)
    ]
    assert {order[0] for order in on} == {"night"}
    assert len(list(itertools.groupby(on))) == 1


def test_a_rota_without_anybody_is_open_the_whole_week() -> None:
    assert [str(span) for span in holes([])] == ["the whole week"]
    assert str(Span(0, DAY_MINUTES)) == "mon 00:00 to tue 00:00"
    assert str(Span(DAY_MINUTES, WEEK_MINUTES)) == "tue 00:00 to mon 00:00"
