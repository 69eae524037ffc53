# SPDX-License-Identifier: Apache-2.0
"""What a client said before the newest session that asked, and between two: a measure, goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Q
from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.access.visibility import Viewer, Visibility
from attunement.clinic.models import Assignment, Dyad, Goal, Login, Moment
from attunement.clinic.services.asking import GOALS_FORM
from attunement.clinic.services.between import last_held
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
    total: float | None  # None: it came without an answer that could be scored or may be seen
    earlier: float | None  # on the form between sessions before it
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class LeftBetween:
    """Forms about the time since the last session that were asked and not answered."""

    n_asked: int
    on_day: date  # of the newest
    open_until: datetime | None  # None: its link has lapsed


@dataclass(frozen=True, slots=True)
class SaidAround:
    """What came beside the forms after sessions, and what was asked and did not come."""

    before: SaidBefore | None
    between: SaidBetween | None
    left: LeftBetween | None


# In these modes a form between sessions opens to the therapist the moment it comes: that there is
# none to see means that none came. In any other, silence and a hidden answer look the same.
_OPENS_AT_ONCE = (Visibility.OPEN, Visibility.SCORES)


def said_before(actor: Login, dyad_id: str, *, now: datetime) -> SaidAround:
    """Return what the client said before the newest session, and between two, if it may be seen.

    Each is that of the newest form of its kind. A form between sessions that was left is told to
    the dyad's therapist, where an answer could not be there unseen.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not there or not the actor's.
    """
    with act(actor_name(actor), Action.GOALS_VIEW, now=now):
        dyad = require_dyad(actor, dyad_id, Action.GOALS_VIEW)
        shown = shown_responses(actor, dyad, now=now)
        seen = [one for one in shown.others if one.seen.answered]
        forms = [one for one in seen if one.moment == Moment.BEFORE]
        between = [one for one in seen if one.moment == Moment.BETWEEN]
        goals = {goal.pk: goal for goal in Goal.objects.filter(dyad=dyad)}
        left = _left(dyad, now=now) if shown.viewer is Viewer.THERAPIST else None
        done(actor.pk, Action.GOALS_VIEW, now=now, target=f"dyad:{dyad.pk}")
    return SaidAround(_before(forms, goals), _between(between), left)


def _left(dyad: Dyad, *, now: datetime) -> LeftBetween | None:
    """Return what was asked since the last session, and since the last form that came."""
    session = last_held(dyad, on_day=timezone.localdate(now))
    if session is None:
        return None
    live = Q(invitations__revoked_at__isnull=True, invitations__consumed_at__isnull=True)
    days: list[tuple[date, datetime | None]] = []
    for on_day, n_came, until in (
        Assignment.objects.filter(
            session=session, moment=Moment.BETWEEN, visibility__in=_OPENS_AT_ONCE
        )
        .annotate(n_came=Count("response"), until=Max("invitations__expires_at", filter=live))
        .order_by("asked_on")
        .values_list("asked_on", "n_came", "until")
    ):
        if n_came:
            days.clear()
        elif on_day is not None:  # a form between sessions has its day
            days.append((on_day, until))
    if not days:
        return None
    newest, until = days[-1]
    return LeftBetween(len(days), newest, until if until is not None and until > now else None)


def _between(forms: list[ShownResponse]) -> SaidBetween | None:
    if not forms:
        return None
    newest = forms[-1]
    measure, bounds = _measure(newest)
    same = [one for one in forms[:-1] if one.filled.response.measure_id == measure.id]
    return SaidBetween(
        on_day=timezone.localdate(newest.filled.response.received_at),
        title=measure.acronym or measure.title,
        total=newest.filled.score("total"),
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
