# SPDX-License-Identifier: Apache-2.0
"""Goals in the client's own words: written before a session, rated from 0 to 10, ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    LONGEST_GOAL,
    MOST_GOALS,
    Answer,
    Assignment,
    Dyad,
    Goal,
    Login,
    Response,
    is_id,
)
from attunement.clinic.services.extras import Extra
from attunement.clinic.services.gate import CLIENT_LINK, act, actor_name, done, require_dyad
from attunement.clinic.services.sealing import words_of

ITEM_PREFIX = "goal-"
NEW_GOAL = "new-goal"
LOW, HIGH = 0, 10
_ENDS = {LOW: "Nothing of it yet", HIGH: "All of it is there"}


@dataclass(frozen=True, slots=True)
class ShownGoal:
    """One goal as its owner and the therapist read it."""

    goal_id: str
    words: str
    made_at: datetime
    by_client: bool


def open_goals(dyad: Dyad) -> tuple[ShownGoal, ...]:
    """Return the goals in use, oldest first. For services and providers: it asks no leave."""
    rows = Goal.objects.filter(dyad=dyad, ended_at=None).select_related("dyad__client")
    return tuple(
        ShownGoal(row.pk, words_of(row, "words"), row.made_at, row.made_by == CLIENT_LINK)
        for row in rows
    )


def goal_of_item(item: str) -> str:
    """Return the goal's id that an item rates, or an empty text for any other item."""
    return item.removeprefix(ITEM_PREFIX) if item.startswith(ITEM_PREFIX) else ""


def questions(assignment: Assignment, *, now: datetime) -> tuple[Extra, ...]:
    """Return a scale for each goal in use, and room for a new one while there are fewer than 3."""
    del now
    goals = open_goals(assignment.session.dyad)[:MOST_GOALS]
    options = tuple((str(number), _ENDS.get(number, "")) for number in range(LOW, HIGH + 1))
    asked = [
        Extra(
            f"{ITEM_PREFIX}{goal.goal_id}",
            "choice",
            f"How far are you with this: {goal.words}",
            options,
        )
        for goal in goals
    ]
    if len(goals) < MOST_GOALS:
        words = "Is there something else that you would like to work towards?"
        first = "What would you like to work towards? In your own words."
        hint = "Only if you like. From next time on you can say how far you are with it."
        asked.append(Extra(NEW_GOAL, "text", words if goals else first, hint=hint))
    return tuple(asked)


def record(response: Response, given: Mapping[str, str], *, now: datetime) -> None:
    """Keep ratings as answers of the form, and a new goal as a goal."""
    for item, raw in given.items():
        if goal_of_item(item):
            Answer(response=response, item=item, value=float(raw)).save()
        elif item == NEW_GOAL:
            _add(response.session.dyad, raw[:LONGEST_GOAL], by=CLIENT_LINK, now=now)


def goals_of(actor: Login, dyad_id: str, *, now: datetime) -> tuple[ShownGoal, ...]:
    """Return a dyad's goals in use for its therapist.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    """
    with act(actor_name(actor), Action.GOALS_VIEW, now=now):
        dyad = require_dyad(actor, dyad_id, Action.GOALS_VIEW)
        found = open_goals(dyad)
        done(actor.pk, Action.GOALS_VIEW, now=now, target=f"dyad:{dyad.pk}")
    return found


def add_goal(actor: Login, dyad_id: str, words: str, *, now: datetime) -> None:
    """Write down a goal that the client said.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    ClinicError
        E-CLINIC-041 without words, with too many, or with three goals in use.
    """
    with act(actor_name(actor), Action.GOALS_SET, now=now):
        dyad = require_dyad(actor, dyad_id, Action.GOALS_SET)
        text = " ".join(words.split())
        full = Goal.objects.filter(dyad=dyad, ended_at=None).count() >= MOST_GOALS
        if not text or len(text) > LONGEST_GOAL or full or "\x00" in text:
            raise ClinicError(
                "E-CLINIC-041",
                what="the goal cannot be written down",
                expected=f"words, at most {LONGEST_GOAL} characters, and at most {MOST_GOALS} "
                "goals in use",
                next_step="Shorten it, or end a goal first",
            )
        _add(dyad, text, by=actor.pk, now=now)
        done(actor.pk, Action.GOALS_SET, now=now, target=f"dyad:{dyad.pk}")


def end_goal(actor: Login, dyad_id: str, goal_id: str, *, now: datetime) -> None:
    """Stop asking for a goal; its ratings stay.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    """
    with act(actor_name(actor), Action.GOALS_SET, now=now):
        dyad = require_dyad(actor, dyad_id, Action.GOALS_SET)
        wanted = goal_id if is_id(goal_id) else ""
        Goal.objects.filter(pk=wanted, dyad=dyad, ended_at=None).update(ended_at=now)
        done(actor.pk, Action.GOALS_SET, now=now, target=f"dyad:{dyad.pk}")


def _add(dyad: Dyad, words: str, *, by: str, now: datetime) -> None:
    text = " ".join(words.split())
    # Two forms at once could write a fourth: the page shows and asks the three oldest.
    if text and Goal.objects.filter(dyad=dyad, ended_at=None).count() < MOST_GOALS:
        Goal.objects.create(dyad=dyad, words=text, made_by=by, made_at=now)
