# SPDX-License-Identifier: Apache-2.0
"""An agreed change that was asked about three times without a word: let go, or asked again."""

from __future__ import annotations

from datetime import datetime

from attunement.clinic.access import Action
from attunement.clinic.models import AgreedChange, Login, Session
from attunement.clinic.services.gate import act, actor_name, done, require_dyad
from attunement.clinic.services.loop.refusing import refuse
from attunement.clinic.services.loop.story import stories
from attunement.clinic.services.loop.turns import Turn, forms_of, turns_of
from attunement.clinic.services.sealing import open_field

RENEW, LET_GO = "renew", "let_go"


def settle_change(actor: Login, dyad_id: str, key: str, *, what: str, now: datetime) -> None:
    """Ask about a change again on the next forms, or let it go. Only the client's word closes it.

    Either is one more row: the same words once more, or none. Sent twice it is done once.

    Parameters
    ----------
    actor : Login
        The dyad's therapist.
    dyad_id, key : str
        The dyad, and the change as the page named it.
    what : str
        ``"renew"`` or ``"let_go"``.
    now : datetime
        Aware.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not there or not the actor's.
    ClinicError
        E-CLINIC-061 for a change that is none, does not hold any more, or is still asked about.
    """
    with act(actor_name(actor), Action.TOGETHER_RECORD, now=now):
        dyad = require_dyad(actor, dyad_id, Action.TOGETHER_RECORD)
        if what not in (RENEW, LET_GO):
            refuse("neither of the two", "to ask again, or to let it go")
        change = AgreedChange.objects.filter(dyad=dyad, key=key).first()
        if change is None:
            refuse("a change that was not agreed here", "one of those on the page")
        Session.objects.select_for_update().get(pk=change.session_id)
        newest = AgreedChange.objects.filter(session=change.session_id).order_by("pk").last()
        if newest is not None and newest.pk == change.pk:
            turns = turns_of(
                stories({"dyad": dyad}, now=now).values(),
                forms_of({"dyad": dyad})[dyad.pk],
                now=now,
            )
            if turns.get(change.pk) is not Turn.NO_MORE:
                refuse("a change that is still asked about", "one that is not asked any more")
            AgreedChange(
                dyad=dyad,
                session_id=change.session_id,
                words=(open_field(change, "words") or "") if what == RENEW else "",
                recorded_by=actor.pk,
                recorded_at=now,
            ).save()
        done(
            actor.pk,
            Action.TOGETHER_RECORD,
            now=now,
            target=f"session:{change.session_id}",
            detail={"what": what},
        )
