# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attunement.clinic.services.due_dates import (
    AskRule,
    OpenForm,
    PastAsk,
    due_forms,
    due_reminders,
    is_due,
)

DAY = date(2026, 3, 2)
EVERY = AskRule("phq-2", "before")


def _due(rule: AskRule, number: int, *, last: date | None = None) -> bool:
    return is_due(rule, session_no=number, on_day=DAY, last=last)


def test_every_session_is_due_and_never_is_not() -> None:
    assert all(_due(EVERY, number) for number in range(1, 30))
    assert not _due(AskRule("phq-2", "before", kind="never"), 1)


def test_named_sessions_then_every_fourth() -> None:
    rule = AskRule("phq-2", "before", kind="numbers", numbers=(1, 3, 5), every=4)
    assert [number for number in range(1, 20) if _due(rule, number)] == [1, 3, 5, 9, 13, 17]


@pytest.mark.parametrize(("days", "due"), [(13, False), (14, True), (400, True)])
def test_by_weeks_counts_from_the_day_it_was_asked_last(days: int, *, due: bool) -> None:
    rule = AskRule("phq-2", "before", kind="weeks", every=2)
    assert _due(rule, 5, last=DAY - timedelta(days=days)) is due
    assert _due(rule, 5)


def test_a_measure_asked_on_the_day_is_not_asked_again_at_another_moment() -> None:
    past = [PastAsk("phq-2", "after", DAY)]
    assert due_forms([EVERY], past, session_no=2, on_day=DAY) == ()
    other = AskRule("gad-7", "before")
    assert due_forms([EVERY, other], past, session_no=2, on_day=DAY) == (other,)


@given(
    rules=st.lists(
        st.builds(
            AskRule,
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["before", "between"]),
            st.sampled_from(["sessions", "weeks", "numbers", "never"]),
            st.tuples(st.integers(1, 9)),
            st.integers(1, 9),
        ),
        max_size=8,
    ),
    past=st.lists(
        st.builds(
            PastAsk,
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["before", "after"]),
            st.dates(DAY - timedelta(days=30), DAY),
        ),
        max_size=12,
    ),
    number=st.integers(1, 60),
)
def test_nobody_is_ever_asked_one_measure_twice_in_a_day(
    rules: list[AskRule], past: list[PastAsk], number: int
) -> None:
    due = due_forms(rules, past, session_no=number, on_day=DAY)
    asked = [rule.measure_id for rule in due]
    asked += [one.measure_id for one in past if one.on_day == DAY]
    assert len({rule.measure_id for rule in due}) == len(due)
    assert all(asked.count(rule.measure_id) == 1 for rule in due)


@given(
    st.lists(
        st.builds(
            OpenForm,
            st.text("abc", min_size=1, max_size=2),
            st.sampled_from(["x", "y", "z"]),
            st.just("oac-c"),
            st.dates(DAY - timedelta(days=5), DAY),
        )
    ),
    st.lists(st.tuples(st.sampled_from(["x", "y", "z"]), st.just(DAY))),
)
def test_at_most_one_reminder_a_day_for_each_client(
    waiting: list[OpenForm], reminded: list[tuple[str, date]]
) -> None:
    due = due_reminders(waiting, reminded, on_day=DAY)
    clients = [form.client for form in due]
    assert len(set(clients)) == len(clients)
    assert not set(clients) & {client for client, _ in reminded}
    wanted = {form.client for form in waiting} - {client for client, _ in reminded}
    assert set(clients) == wanted
    for form in due:
        newest = max(one.asked_on for one in waiting if one.client == form.client)
        assert form.asked_on == newest
