# SPDX-License-Identifier: Apache-2.0
"""The line at the top of staff pages: an answer waits for you, or nobody passes answers on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attunement.clinic.models import OPEN_STATES, Login, RiskDelivery, RiskOutbox, Role
from attunement.clinic.services.risk.beat import is_silent
from attunement.clinic.services.risk.configured import asks_about_risk
from attunement.clinic.services.risk.rota import holes
from attunement.clinic.services.risk.seeing import is_named
from attunement.clinic.services.risk.turns import turns_of


@dataclass(frozen=True, slots=True)
class Notice:
    """What a staff page says before everything else; nothing where all is quiet."""

    waiting: int = 0  # forms that wait for this person
    silent: bool = False  # the worker gave no sign for five minutes
    hole: bool = False  # for a lead: a minute of the week with nobody on the rota
    asks: bool = False  # some form that is asked passes answers on: pages name the list

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.waiting or self.silent or self.hole)


def notice_for(login: Any, *, now: datetime) -> Notice:
    """Return what a login's pages say first.

    While the worker is silent nobody is told step by step; then everybody who is named sees every
    open alert at once.
    """
    if not isinstance(login, Login) or login.practice_id is None:
        return Notice(asks=asks_about_risk())
    open_forms = dict(
        RiskOutbox.objects.filter(practice_id=login.practice_id, state__in=OPEN_STATES).values_list(
            "pk", "alert__bundle"
        )
    )
    asks = asks_about_risk()
    if not open_forms and not asks:
        return Notice()
    silent = is_silent(now=now)
    waiting: set[str] = set()
    if open_forms:
        told = RiskDelivery.objects.filter(login=login, alert_id__in=open_forms)
        waiting = {open_forms[pk] for pk in told.values_list("alert_id", flat=True)}
        if silent and is_named(login):
            waiting = set(open_forms.values())
    hole = asks and login.role == Role.LEAD and bool(holes(turns_of(login.practice_id)))
    return Notice(waiting=len(waiting), silent=silent, hole=hole, asks=True)
