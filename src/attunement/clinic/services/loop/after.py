# SPDX-License-Identifier: Apache-2.0
"""A minute after a session: whether there was a rupture or a strain, and what was done about it.

Nothing here depends on the client's form, so it can be written before that form is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attunement.clinic.access import Action
from attunement.clinic.models import (
    MOST_PUT_RIGHT,
    Attended,
    Login,
    RuptureEntry,
    RuptureKind,
    RuptureMoment,
    RuptureTarget,
    RuptureType,
    Session,
)
from attunement.clinic.services.gate import act, actor_name, done, require_session
from attunement.clinic.services.loop.refusing import refuse
from attunement.clinic.services.loop.results import After, Entry
from attunement.clinic.services.loop.words import repair


def after(actor: Login, session_id: str, *, now: datetime) -> After:
    """Return the page after a session, with what was written down before.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    """
    with act(actor_name(actor), Action.AFTER_VIEW, now=now):
        session = require_session(actor, session_id, Action.AFTER_VIEW)
        newest = RuptureEntry.objects.filter(session=session).order_by("pk").last()
        done(actor.pk, Action.AFTER_VIEW, now=now, target=f"session:{session.pk}")
    return After(
        session_id=session.pk,
        dyad_id=session.dyad_id,
        session_no=session.session_no,
        held_on=session.held_on,
        client_code=session.dyad.client.code,
        entry=entry_of(newest) or Entry(),
        written_at=None if newest is None else newest.recorded_at,
    )


def entry_of(row: RuptureEntry | None) -> Entry | None:
    """Return an entry as pages read it."""
    if row is None:
        return None
    return Entry(
        kind=row.kind,
        type=row.type,
        target=row.target,
        moment=row.moment,
        tried=tuple(row.tried),
        put_right=row.put_right,
        ask_client=row.ask_client,
    )


def record_after(actor: Login, session_id: str, entry: Entry, *, now: datetime) -> None:
    """Write down what the therapist saw in a session; the newest entry holds.

    ``kind`` is ``"none"``, ``"strain"`` or ``"rupture"``; the rest is kept for the last two and
    may be left out. ``ask_client`` lets the client's next form ask whether it is put right: it is
    never asked on the therapist's word alone without this.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    ClinicError
        E-CLINIC-061 for a session that did not take place, or a word that is none of the page's.
    """
    with act(actor_name(actor), Action.AFTER_RECORD, now=now):
        session = require_session(actor, session_id, Action.AFTER_RECORD)
        if session.attended != Attended.ATTENDED:
            refuse("a session that did not take place", "a session that did")
        _check(entry)
        kept = entry if entry.kind != RuptureKind.NONE else Entry(kind=entry.kind)
        tried = [code for code in repair().strategies if code in set(kept.tried)]
        Session.objects.select_for_update().get(pk=session.pk)
        newest = RuptureEntry.objects.filter(session=session).order_by("pk").last()
        if entry_of(newest) != _in_order(kept, tried):
            RuptureEntry(
                dyad=session.dyad,
                session=session,
                kind=kept.kind,
                type=kept.type,
                target=kept.target,
                moment=kept.moment,
                tried=tried,
                put_right=kept.put_right,
                ask_client=kept.ask_client,
                recorded_by=actor.pk,
                recorded_at=now,
            ).save()
        done(
            actor.pk,
            Action.AFTER_RECORD,
            now=now,
            target=f"session:{session.pk}",
            detail={"kind": kept.kind, "n_tried": len(tried)},
        )


def _in_order(entry: Entry, tried: Sequence[str]) -> Entry:
    return Entry(
        entry.kind,
        entry.type,
        entry.target,
        entry.moment,
        tuple(tried),
        entry.put_right,
        entry.ask_client,
    )


def _check(entry: Entry) -> None:
    if entry.kind not in RuptureKind.values:
        refuse("no answer to the first question", "neither, a strain, or a rupture")
    known = (
        (entry.type, RuptureType.values),
        (entry.target, RuptureTarget.values),
        (entry.moment, RuptureMoment.values),
        *((code, tuple(repair().strategies)) for code in entry.tried),
    )
    if any(word and word not in words for word, words in known):
        refuse("something that is not on the page", "what is offered there")
    if entry.put_right is not None and not 0 <= entry.put_right <= MOST_PUT_RIGHT:
        refuse("a number out of range", f"0 to {MOST_PUT_RIGHT}")
