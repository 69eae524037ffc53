# SPDX-License-Identifier: Apache-2.0
"""Loops told step by step, and what holds for every course of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attunement.signals.loop import CLIENT_EVENTS, Event, Stage, told

E, S = Event, Stage
BAD = {
    E.HELPED_PARTLY,
    E.DID_NOT_HELP,
    E.DID_NOT_HAPPEN,
    E.PARTLY_PUT_RIGHT,
    E.NOT_PUT_RIGHT,
}


@pytest.mark.parametrize(
    ("events", "stage"),
    [
        ((), S.QUIET),
        ((E.ASKED,), S.ASKED),
        ((E.ASKED, E.RAISE), S.TO_RAISE),
        ((E.ASKED, E.NOT_TODAY), S.NOT_TODAY),
        ((E.ASKED, E.RAISE, E.UNDONE), S.ASKED),
        ((E.ASKED, E.RAISE, E.TALKED), S.TALKED),
        ((E.ASKED, E.TALKED, E.AGREED), S.AGREED),
        ((E.ASKED, E.TALKED, E.AGREED, E.HELPED), S.CLOSED),
        ((E.ASKED, E.TALKED, E.AGREED, E.HELPED_PARTLY), S.REOPENED),
        ((E.ASKED, E.TALKED, E.AGREED, E.DID_NOT_HELP, E.AGREED), S.AGREED),
        ((E.ASKED, E.TALKED, E.AGREED, E.DID_NOT_HELP, E.AGREED, E.HELPED), S.CLOSED),
        ((E.ASKED, E.TALKED, E.AGREED, E.DID_NOT_HELP, E.TALKED), S.TALKED),
        ((E.ASKED, E.TALKED, E.PUT_RIGHT), S.CLOSED),
        ((E.ASKED, E.TALKED, E.AGREED, E.PUT_RIGHT), S.AGREED),  # the change still waits
        ((E.ASKED, E.TALKED, E.AGREED, E.HELPED, E.NOT_PUT_RIGHT), S.REOPENED),
        ((E.ASKED, E.NOTHING_WRONG), S.CLOSED),
        ((E.ASKED, E.SOMETHING_ELSE), S.SOMETHING_ELSE),
        ((E.ASKED, E.SOMETHING_ELSE, E.RAISE), S.TO_RAISE),
        ((E.ASKED, E.TALKED, E.AGREED, E.CHANGE_TAKEN_BACK), S.TALKED),
        ((E.ASKED, E.HELPED), S.ASKED),  # no change that could have helped
    ],
)
def test_where_a_loop_stands(events: tuple[Event, ...], stage: Stage) -> None:
    assert told(events).stage is stage


def test_counts_how_often_the_clients_word_reopened_it() -> None:
    loop = told((E.AGREED, E.DID_NOT_HELP, E.AGREED, E.DID_NOT_HAPPEN, E.AGREED, E.HELPED))
    assert loop.n_reopened == 2
    assert loop.stage is S.CLOSED
    assert loop.changed
    assert loop.answered


events_strategy = st.lists(st.sampled_from(list(Event)), max_size=14)


@given(events_strategy)
def test_only_the_clients_word_closes(events: list[Event]) -> None:
    loop = told(events)
    if loop.stage is S.CLOSED:
        said = [event for event in events if event in CLIENT_EVENTS]
        assert said
        assert told([event for event in events if event not in CLIENT_EVENTS]).stage is not S.CLOSED


@given(events_strategy)
def test_a_bad_last_word_is_never_closed(events: list[Event]) -> None:
    loop = told([*events, E.NOT_PUT_RIGHT])
    assert loop.stage is S.REOPENED
    assert loop.is_open
    assert told([*events, E.AGREED, E.DID_NOT_HELP]).stage is S.REOPENED


@given(events_strategy)
def test_a_new_change_waits_for_a_new_word(events: list[Event]) -> None:
    loop = told([*events, E.AGREED])
    assert loop.stage is S.AGREED
    assert loop.waits_for_word
    assert told([*events, E.AGREED, E.HELPED]).stage is S.CLOSED


@given(events_strategy)
def test_an_intention_that_is_taken_back_leaves_no_trace(events: list[Event]) -> None:
    without = [event for event in events if event not in (E.RAISE, E.NOT_TODAY, E.UNDONE)]
    if E.SOMETHING_ELSE not in without:
        assert told([*without, E.RAISE, E.UNDONE]).stage is told(without).stage


@given(events_strategy)
def test_reopenings_are_at_most_the_bad_words(events: list[Event]) -> None:
    assert told(events).n_reopened <= sum(event in BAD for event in events)


@given(events_strategy, st.integers(min_value=0, max_value=14))
def test_what_was_told_once_stays_told(events: list[Event], at: int) -> None:
    earlier, whole = told(events[:at]), told(events)
    assert whole.talked >= earlier.talked
    assert whole.changed >= earlier.changed
    assert whole.n_reopened >= earlier.n_reopened
