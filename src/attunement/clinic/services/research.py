# SPDX-License-Identifier: Apache-2.0
"""What a researcher sees: counts over ten clients or more, as they stood on Monday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from attunement.clinic.access import Action
from attunement.clinic.models import Client, Login, Moment, Perspective, Response, Session
from attunement.clinic.services.gate import act, actor_name, done, require_self
from attunement.clinic.services.opening import day_begins
from attunement.clinic.services.week import monday_of

FEWEST_CLIENTS = 10


@dataclass(frozen=True, slots=True)
class ResearchPage:
    """Counts of a practice up to a Monday; None where fewer than ten clients stand behind them."""

    up_to: date
    fewest_clients: int
    n_clients: int | None
    n_sessions: int | None
    n_forms: int | None  # clients' forms after sessions


def research_page(actor: Login, *, now: datetime) -> ResearchPage:
    """Return the counts that a researcher may see.

    Counted once a week, so that one day's count less another's isolates nobody's form; rounded
    down to tens for the same reason. There is no export, and no consent to research can be
    recorded yet: no record of a person is shown.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no researcher.
    """
    action = Action.RESEARCH_VIEW
    with act(actor_name(actor), action, now=now):
        require_self(actor, action)
        monday = monday_of(now)
        begins = day_begins(monday)
        practice = actor.practice_id
        forms = Response.objects.filter(
            session__dyad__practice_id=practice,
            perspective=Perspective.CLIENT,
            moment=Moment.AFTER,
            received_at__lt=begins,
        )
        n_clients = Client.objects.filter(dyads__sessions__responses__in=forms).distinct().count()
        enough = n_clients >= FEWEST_CLIENTS
        sessions = Session.objects.filter(dyad__practice_id=practice, held_on__lt=monday)
        page = ResearchPage(
            up_to=monday,
            fewest_clients=FEWEST_CLIENTS,
            n_clients=_tens(n_clients) if enough else None,
            n_sessions=_tens(sessions.count()) if enough else None,
            n_forms=_tens(forms.count()) if enough else None,
        )
        done(actor.pk, action, now=now, target=f"practice:{practice}")
    return page


def _tens(count: int) -> int:
    return count - count % 10
