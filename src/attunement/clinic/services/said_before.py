# SPDX-License-Identifier: Apache-2.0
"""What a client said before the newest session that asked, and between two: a measure, goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.models import Goal, Login, Moment
from attunement.clinic.services.asking import GOALS_FORM
from attunement.clinic.services.forms import measure_of
from attunement.clinic.services.gate import act, actor_name, done, require_dyad
from attunement.clinic.services.goals import ITEM_PREFIX, goal_of_item
from attunement.clinic.services.sealing import words_of
from attunement.clinic.services.shown_answers import ShownResponse, shown_responses
from attunement.measures.schema import Measure


@dataclass(frozen=True, slots=True)
class RatedGoal:
    """One goal with how far the client is, and was the time before."""

    words: str
    now: float
    earlier: float | None


@dataclass(frozen=True, slots=True)
class SaidBefore:
    """A form from before a session, as far as this viewer may see it."""

    session_no: int
    title: str  # of the measure; empty where only goals were asked
    total: float | None
    earlier: float | None
    minimum: float
    maximum: float
    goals: tuple[RatedGoal, ...]


@dataclass(frozen=True, slots=True)
class SaidBetween:
    """A form from a day since the session before, as far as this viewer may see it."""

    on_day: date
    title: str
    total: float
    earlier: float | None  # on the form between sessions before it
    minimum: float
    maximum: float


def said_before(
    actor: Login, dyad_id: str, *, now: datetime
) -> tuple[SaidBefore | None, SaidBetween | None]:
    """Return what the client said before the newest session, and between two, if it may be seen.

    Each is that of the newest form of its kind.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not there or not the actor's.
    """
    with act(actor_name(actor), Action.GOALS_VIEW, now=now):
        dyad = require_dyad(actor, dyad_id, Action.GOALS_VIEW)
        shown = shown_responses(actor, dyad, now=now).others
        seen = [one for one in shown if one.seen.answered]
        forms = [one for one in seen if one.moment == Moment.BEFORE]
        between = [one for one in seen if one.moment == Moment.BETWEEN]
        goals = {goal.pk: goal for goal in Goal.objects.filter(dyad=dyad)}
        done(actor.pk, Action.GOALS_VIEW, now=now, target=f"dyad:{dyad.pk}")
    return _before(forms, goals), _between(between)


def _between(forms: list[ShownResponse]) -> SaidBetween | None:
    if not forms:
        return None
    newest = forms[-1]
    measure, bounds = _measure(newest)
    total = newest.filled.score("total")
    if total is None:
        return None
    same = [one for one in forms[:-1] if one.filled.response.measure_id == measure.id]
    return SaidBetween(
        on_day=timezone.localdate(newest.filled.response.received_at),
        title=measure.acronym or measure.title,
        total=total,
        earlier=same[-1].filled.score("total") if same else None,
        minimum=bounds[0],
        maximum=bounds[1],
    )


def _measure(form: ShownResponse) -> tuple[Measure, tuple[float, float]]:
    response = form.filled.response
    measure = measure_of(response.measure_id, response.measure_version)
    bounds = next((s.bounds for s in measure.scales if s.id == "total" and s.bounds), (0.0, 1.0))
    return measure, bounds


def _before(forms: list[ShownResponse], goals: Mapping[str, Goal]) -> SaidBefore | None:
    if not forms:
        return None
    newest, earlier = forms[-1], forms[:-1]
    measure, bounds = _measure(newest)
    asked = measure.id != GOALS_FORM
    same = [one for one in earlier if one.filled.response.measure_id == measure.id]
    return SaidBefore(
        session_no=newest.session.session_no,
        title=measure.acronym or measure.title if asked else "",
        total=newest.filled.score("total") if asked else None,
        earlier=same[-1].filled.score("total") if same and asked else None,
        minimum=bounds[0],
        maximum=bounds[1],
        goals=tuple(
            RatedGoal(words_of(goals[goal_id], "words"), value, _last(earlier, goal_id))
            for item, value in sorted(newest.filled.values.items())
            for goal_id in (goal_of_item(item),)
            if goal_id in goals
        ),
    )


def _last(forms: list[ShownResponse], goal_id: str) -> float | None:
    item = f"{ITEM_PREFIX}{goal_id}"
    found = [one.filled.values[item] for one in forms if item in one.filled.values]
    return found[-1] if found else None
