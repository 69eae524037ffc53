# SPDX-License-Identifier: Apache-2.0
"""How many loops were closed: the practice's first number, and a therapist's own.

*Asked* (the denominator): sessions to which something happened first between 30 and 4 weeks ago.
That is: a question took a place in a therapist's week, a person named a rupture or a strain, or
two people looked together or agreed on a change. Without those of which the therapist's last word
is that it was something else; they are counted beside it. Four weeks give a change time to be
tried and the client two or three forms to say so.

*Closed* (the numerator): of these, the loops that stand closed today. Only the client's word
closes one: the agreed change helped, or what was wrong is put right, or nothing had been wrong.
A loop that was closed and opened again counts as open.

A client's word that may not be shown to the therapist closes nothing here either.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.models import Dyad, Login
from attunement.clinic.services.gate import AccessDeniedError, act, actor_name, done, require_self
from attunement.clinic.services.loop.results import Closure
from attunement.clinic.services.loop.story import Story, stories
from attunement.clinic.services.week import therapist_of
from attunement.signals.loop import Event, Stage

FROM, UNTIL = timedelta(weeks=30), timedelta(weeks=4)
FEWEST_CLIENTS = 10
DEFINITION = (
    "Closed loops among those that began between 30 and 4 weeks ago. A loop begins when a "
    "question takes a place in a therapist's week, when somebody names a rupture or a strain, or "
    "when two people look together or agree on a change. It is closed when the client says, on a "
    "later form, that the change helped, that it is put right, or that nothing had been wrong. "
    "Loops of which the therapist says that it was something else are left out and counted beside."
)


def practice_closure(actor: Login, *, now: datetime) -> Closure | None:
    """Return the practice's loops over everybody; None below ten clients with a loop.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is not the lead.
    """
    with act(actor_name(actor), Action.LOOPS_COUNT, now=now):
        require_self(actor, Action.LOOPS_COUNT)
        found = _count({"dyad__practice_id": actor.practice_id}, now=now)
        enough = found.n_clients >= FEWEST_CLIENTS
        done(
            actor.pk,
            Action.LOOPS_COUNT,
            now=now,
            target=f"practice:{actor.practice_id}",
            detail={"shown": enough},
        )
    return found if enough else None


def own_closure(actor: Login, *, now: datetime) -> Closure:
    """Return a therapist's own loops, for that therapist alone.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no therapist.
    """
    with act(actor_name(actor), Action.OWN_LOOPS_VIEW, now=now):
        require_self(actor, Action.OWN_LOOPS_VIEW)
        therapist = therapist_of(actor)
        if therapist is None:
            raise AccessDeniedError(target="", reason="no therapist behind the login")
        found = _count({"dyad__therapist": therapist}, now=now)
        done(actor.pk, Action.OWN_LOOPS_VIEW, now=now, target=f"therapist:{therapist.pk}")
    return found


def _count(about: dict[str, object], *, now: datetime) -> Closure:
    since, until = now - FROM, now - UNTIL
    loops = [
        story
        for story in stories(about, now=now).values()
        if story.began_at is not None and since <= story.began_at < until
    ]
    counted = [story for story in loops if story.loop.stage is not Stage.SOMETHING_ELSE]
    told = [story.loop for story in counted]
    return Closure(
        n_asked=len(counted),
        n_set_aside=len(loops) - len(counted),
        n_raised=sum(1 for story in counted if Event.RAISE in story.events),
        n_talked=sum(loop.talked for loop in told),
        n_agreed=sum(loop.changed for loop in told),
        n_answered=sum(loop.answered for loop in told),
        n_closed=sum(loop.stage is Stage.CLOSED for loop in told),
        n_reopened=sum(loop.stage is Stage.REOPENED for loop in told),
        n_clients=_clients(loops),
        since=timezone.localdate(since),
        until=timezone.localdate(until),
    )


def _clients(loops: Iterable[Story]) -> int:
    dyads = {story.dyad_id for story in loops}
    return Dyad.objects.filter(pk__in=dyads).values("client_id").distinct().count()
