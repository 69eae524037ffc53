# SPDX-License-Identifier: Apache-2.0
"""The year of birth that opens a client's own chart: noted, corrected, taken out, never shown."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import Client, Login
from attunement.clinic.models.people import EARLIEST_BIRTH_YEAR
from attunement.clinic.services.gate import act, actor_name, done, require_dyad

_YEAR = re.compile(r"[0-9]{4}", re.ASCII)


def note_birth_year(actor: Login, dyad_id: str, year: str, *, now: datetime) -> None:
    """Note a client's year of birth, in the place of an earlier one; empty takes it out.

    A number that the client chose goes on opening the chart, whatever year is noted.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the dyad's therapist and the practice's lead.
    ClinicError
        E-CLINIC-040 for what is no year in which a client can be born, and an erased client.
    """
    action = Action.BIRTH_YEAR_NOTE
    typed, this_year = year.strip(), timezone.localdate(now).year
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        possible = bool(_YEAR.fullmatch(typed)) and EARLIEST_BIRTH_YEAR <= int(typed) <= this_year
        if (typed and not possible) or dyad.client.erased_at is not None:
            raise ClinicError(
                "E-CLINIC-040",
                what="the year of birth cannot be noted",
                expected=f"a year from {EARLIEST_BIRTH_YEAR} to {this_year}, in four digits",
                next_step="Type it again",
            )
        rows = Client.objects.filter(pk=dyad.client_id, erased_at=None)
        rows.update(birth_year=int(typed) if typed else None)
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}", detail={"noted": bool(typed)})
