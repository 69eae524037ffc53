# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest

from attunement.signals.budget import (
    AT_MOST,
    RATES,
    Pending,
    asked_rate,
    per_session_rate,
    prioritised,
    this_week,
)
from attunement.signals.errors import SignalError


def test_what_a_person_said_comes_first_then_probability_then_the_older() -> None:
    pending = [
        Pending("weak", probability=0.4, since=1),
        Pending("newer", probability=0.9, since=9),
        Pending("older", probability=0.9, since=2),
        Pending("said", said=True, excess=1.0, since=5),
    ]
    assert [one.key for one in prioritised(pending)] == ["said", "older", "newer", "weak"]


def test_an_excess_is_read_as_odds() -> None:
    # Exactly at the limit: odds 1 : 1; three times the limit: 3 : 1.
    assert Pending("a", excess=1.0).evidence == 0.5
    assert Pending("a", excess=3.0).evidence == 0.75
    assert Pending("a", excess=math.inf).evidence == 1.0
    assert Pending("a", excess=math.nan).evidence == Pending("a").evidence == 0.0
    assert Pending("a", probability=0.2, excess=9.0).evidence == 0.2


def test_a_week_shows_its_budget_and_lists_the_rest() -> None:
    pending = [Pending(name, probability=p) for name, p in (("a", 0.2), ("b", 0.9), ("c", 0.5))]
    week = this_week(pending, budget=2)
    assert (week.shown, week.listed) == (("b", "c"), ("a",))


def test_what_was_shown_keeps_its_place_even_when_answered() -> None:
    pending = [Pending("weak", probability=0.1), Pending("strong", probability=0.9)]
    # "weak" was shown on Monday and still waits; "done" was shown and answered: both places taken.
    week = this_week(pending, budget=2, taken=("weak", "done"))
    assert (week.shown, week.listed) == (("weak",), ("strong",))
    # With a budget of three there is room for one more.
    assert this_week(pending, budget=3, taken=("weak", "done")).shown == ("weak", "strong")


def test_a_budget_of_nothing_pushes_nothing_and_loses_nothing() -> None:
    week = this_week([Pending("a", said=True)], budget=0)
    assert (week.shown, week.listed) == ((), ("a",))


@pytest.mark.parametrize("budget", [-1, 21, True, 1.5, "2"])
def test_a_budget_that_cannot_be_is_refused(budget: object) -> None:
    with pytest.raises(SignalError) as refusal:
        this_week([], budget=budget)  # type: ignore[arg-type]
    assert refusal.value.code == "E-SIGNAL-008"


def test_rate_follows_from_budget_and_caseload() -> None:
    # 2 questions in 100 sessions a week: 2 % of sessions. Over 12 sessions 1 − .98^12 = .2153,
    # so the largest rate that is asked below it is .20, if the practice allows as much.
    asked = asked_rate(budget=2, sessions_per_week=100, at_most=0.5)
    assert (asked.null_rate, asked.bound) == (0.20, "budget")
    # 1 − .8^(1/12) = .018423 of the sessions, 1.84 questions a week: within the budget.
    assert asked.per_session == pytest.approx(0.018423, abs=1e-6)
    assert asked.per_week == pytest.approx(1.8423, abs=1e-4)


def test_a_larger_caseload_never_loosens_the_rate() -> None:
    rates = [
        asked_rate(budget=2, sessions_per_week=n, at_most=0.5).null_rate
        for n in (0, 1, 2, 3, 10, 30, 100, 300, 1000, 10_000)
    ]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 0.5
    assert rates[-1] == RATES[0]


@pytest.mark.parametrize("budget", range(6))
@pytest.mark.parametrize("sessions", [1.0, 7.5, 25.0, 120.0])
def test_questions_for_nothing_stay_within_the_budget(budget: int, sessions: float) -> None:
    asked = asked_rate(budget=budget, sessions_per_week=sessions, at_most=0.5)
    # The smallest rate that is asked is the one exception, where the budget leaves nothing.
    assert asked.per_week <= budget or asked.null_rate == RATES[0]


def test_the_practices_own_limit_holds_however_large_the_budget() -> None:
    asked = asked_rate(budget=20, sessions_per_week=5)
    assert (asked.null_rate, asked.bound) == (AT_MOST, "practice")
    assert asked.sentence().startswith("Asked for: at most 10 in 100 people")
    # 5 sessions a week × 1 − .9^(1/12) = .0087: .0437 a week, one in 22.9 weeks.
    assert "about one question in 23 weeks" in asked.sentence()


def test_without_sessions_nothing_is_said_of_a_week() -> None:
    assert "a week in" not in asked_rate(budget=2, sessions_per_week=0).sentence()
    busy = asked_rate(budget=20, sessions_per_week=400, at_most=0.3)
    assert "questions a week." in busy.sentence()


def test_a_rate_over_twelve_sessions_as_a_rate_per_session() -> None:
    # 2 % of sessions, ten times: 1 − .98^10 = .1829.
    assert per_session_rate(1 - 0.98**10, 10) == pytest.approx(0.02)


@pytest.mark.parametrize(
    "asked",
    [
        {"sessions_per_week": -1.0},
        {"sessions_per_week": math.nan},
        {"sessions_per_week": 5.0, "at_most": 0.0},
        {"sessions_per_week": 5.0, "at_most": 1.0},
        {"sessions_per_week": 5.0, "horizon": 0},
    ],
)
def test_numbers_that_cannot_be_are_refused(asked: dict[str, float]) -> None:
    with pytest.raises(SignalError):
        asked_rate(budget=2, **asked)  # type: ignore[arg-type]
