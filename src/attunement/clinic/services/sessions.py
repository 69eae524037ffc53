# SPDX-License-Identifier: Apache-2.0
"""Starting a session, and its page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NoReturn

from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    Attended,
    CareEpisode,
    Dyad,
    Invitation,
    Login,
    Modality,
    Moment,
    Perspective,
    Session,
)
from attunement.clinic.services.asking import ask_before, make_assignment
from attunement.clinic.services.forms import config
from attunement.clinic.services.gate import act, actor_name, done, require_dyad, require_session
from attunement.clinic.services.promises import closed_told, promise
from attunement.clinic.services.results import SessionOverview, SessionState, StartedSession
from attunement.clinic.services.sealing import client_name
from attunement.clinic.services.shown_answers import session_state


def start_session(
    actor: Login,
    dyad_id: str,
    *,
    held_on: date,
    modality: str,
    now: datetime,
    session_no: int | None = None,
) -> StartedSession:
    """Add the next session of a dyad, with a form for each chair.

    Parameters
    ----------
    actor : Login
        The dyad's therapist.
    dyad_id : str
        The dyad.
    held_on : date
        The day, not more than one day ahead and not before the care episode began.
    modality : str
        ``"in_person"``, ``"video"`` or ``"phone"``.
    now : datetime
        Aware.
    session_no : int, optional
        The number the page showed; the next one by default. Sent twice with the same details,
        the same session is returned with ``created=False``.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    ClinicError
        E-CLINIC-005 when number, day or modality cannot be.
    """
    with act(actor_name(actor), Action.SESSION_START, now=now):
        dyad = require_dyad(actor, dyad_id, Action.SESSION_START)
        # Two clicks at once wait for each other here, and the second finds the first's session.
        Dyad.objects.select_for_update().get(pk=dyad.pk)
        newest = Session.objects.filter(dyad=dyad).order_by("session_no").last()
        following = newest.session_no + 1 if newest else 1
        wanted = following if session_no is None else session_no
        if newest is not None and wanted == newest.session_no:
            if (newest.held_on, newest.modality) == (held_on, modality):
                return _started(newest, created=False)
            _refuse("the number of a session that is there already", "the next number")
        if wanted != following:
            _refuse(f"session {wanted}", f"session {following}")
        session = Session.objects.create(
            dyad=dyad,
            care_episode=_open_episode(dyad, held_on=held_on, modality=modality, now=now),
            session_no=wanted,
            held_on=held_on,
            modality=modality,
        )
        ask_both_chairs(session, now=now)
        done(
            actor.pk,
            Action.SESSION_START,
            now=now,
            target=f"session:{session.pk}",
            detail={"session_no": wanted},
        )
    return _started(session, created=True)


def ask_both_chairs(session: Session, *, now: datetime) -> None:
    """Make a session's forms: one for each chair after it, and one before it if due."""
    for perspective, measure_id in (
        (Perspective.CLIENT, config().client_measure),
        (Perspective.THERAPIST, config().therapist_measure),
    ):
        promised = promise(session) if perspective == Perspective.CLIENT else {}
        make_assignment(session, measure_id, promised, perspective=perspective, now=now)
    ask_before(session, now=now)


def session_overview(actor: Login, session_id: str, *, now: datetime) -> SessionOverview:
    """Return one session for its therapist; it says nothing of the client's form.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    """
    with act(actor_name(actor), Action.SESSION_VIEW, now=now, reading=True):
        session = require_session(actor, session_id, Action.SESSION_VIEW)
        state = session_state(session, now=now)
        closed = closed_told(session) if state is SessionState.CLOSED else ""
        newest = (
            # A reminder's link is not shown: it would tell that the form is still open.
            Invitation.objects.filter(
                assignment__session=session, assignment__moment=Moment.AFTER, by_reminder=False
            )
            .order_by("made_at", "pk")
            .last()
        )
        done(actor.pk, Action.SESSION_VIEW, now=now, target=f"session:{session.pk}")
    shown = newest is not None and newest.revoked_at is None and newest.expires_at > now
    return SessionOverview(
        session_id=session.pk,
        dyad_id=session.dyad_id,
        session_no=session.session_no,
        held_on=session.held_on,
        attended=session.attended,
        modality=session.modality,
        client_code=session.dyad.client.code,
        client_name=client_name(session.dyad.client),
        state=state,
        link_open_until=newest.expires_at if newest is not None and shown else None,
        closed=closed,
    )


def require_attended(session: Session) -> None:
    """Refuse a form for a session that did not take place: E-CLINIC-005."""
    if session.attended != Attended.ATTENDED:
        raise ClinicError(
            "E-CLINIC-005",
            what="there is no form for a session that did not take place",
            next_step="Start the session that did",
        )


def refuse_not_asked() -> NoReturn:
    """Refuse a form that this chair was not asked for: E-CLINIC-005."""
    raise ClinicError(
        "E-CLINIC-005",
        what="no form was asked for in this session",
        next_step="Start a new session",
    )


def _open_episode(dyad: Dyad, *, held_on: date, modality: str, now: datetime) -> CareEpisode:
    if modality not in Modality.values:
        _refuse("a modality that is unknown", " or ".join(Modality.values))
    if held_on > timezone.localdate(now) + timedelta(days=1):
        _refuse("a day in the future", "today or a day before")
    episode = CareEpisode.objects.filter(dyad=dyad, ended_on__isnull=True).first()
    if episode is None:
        if CareEpisode.objects.filter(dyad=dyad).exists():
            _refuse("a care episode that has ended", "an open care episode")
        return CareEpisode.objects.create(dyad=dyad, began_on=held_on)
    if held_on < episode.began_on:
        _refuse("a day before the care episode began", f"{episode.began_on} or later")
    return episode


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-005",
        what="the session cannot be started with these details",
        got=got,
        expected=expected,
        next_step="Correct it and send the form again",
    )


def _started(session: Session, *, created: bool) -> StartedSession:
    return StartedSession(
        session_id=session.pk,
        dyad_id=session.dyad_id,
        session_no=session.session_no,
        held_on=session.held_on,
        created=created,
    )
