# SPDX-License-Identifier: Apache-2.0
"""Which rate, setting and model a session is judged by: those of its own time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attunement.clinic.models import LearnedModel, RuleSetting, TherapistBudget
from attunement.clinic.services.in_force import SHIPPED, Past
from attunement.signals.budget import AT_MOST, PER_WEEK

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
KEY = ("oac-c", "1")


def past(
    *,
    settings: tuple[RuleSetting, ...] = (),
    models: tuple[LearnedModel, ...] = (),
    budgets: tuple[TherapistBudget, ...] = (),
    begun: tuple[datetime, ...] = (),
) -> Past:
    return Past(settings, models, budgets, begun)


def setting(number: int, rate: float, at: datetime) -> RuleSetting:
    return RuleSetting(number=number, null_rate=rate, horizon=12, set_at=at)


def test_without_rows_everything_is_as_shipped() -> None:
    found = past().at(NOW, KEY)
    assert (found.setting_no, found.learned) == (0, None)
    assert found.asked.null_rate == AT_MOST == SHIPPED.null_rate
    assert past().budget_at(NOW) == PER_WEEK


def test_a_setting_holds_from_its_moment_on() -> None:
    rows = past(settings=(setting(1, 0.05, NOW), setting(2, 0.02, NOW + timedelta(days=7))))
    assert rows.at(NOW - timedelta(seconds=1), KEY).setting_no == 0
    assert rows.at(NOW, KEY).asked.null_rate == 0.05
    assert rows.at(NOW + timedelta(days=8), KEY).asked.null_rate == 0.02


def test_the_caseload_of_four_weeks_and_the_budget_decide_where_they_are_stricter() -> None:
    # 1600 sessions in four weeks: 400 a week. 1 question: 1/400 of sessions,
    # 1 − (1 − .0025)^12 = .0296, so .02 is the largest offered rate within the budget.
    begun = tuple(NOW - timedelta(minutes=20 * (1600 - i)) for i in range(1600))
    one = TherapistBudget(per_week=1, set_at=NOW - timedelta(days=40))
    rows = past(budgets=(one,), begun=begun)
    assert rows.sessions_per_week(NOW) == 400.0
    found = rows.at(NOW, KEY)
    assert (found.asked.null_rate, found.asked.bound) == (0.02, "budget")


def test_sessions_of_five_weeks_ago_and_of_tomorrow_do_not_count() -> None:
    begun = (NOW - timedelta(weeks=5), NOW - timedelta(weeks=3), NOW, NOW + timedelta(days=1))
    assert past(begun=begun).sessions_per_week(NOW) == 0.5


def test_a_model_is_of_its_measure_version_and_from_its_moment_on() -> None:
    model = LearnedModel(measure_id="oac-c", measure_version="1", number=1, learned_at=NOW)
    rows = past(models=(model,))
    assert rows.at(NOW, KEY).learned is model
    assert rows.at(NOW - timedelta(days=1), KEY).learned is None
    assert rows.at(NOW, ("oac-c", "2")).learned is None
