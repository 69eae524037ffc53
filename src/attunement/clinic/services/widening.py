# SPDX-License-Identifier: Apache-2.0
"""Changing who sees a response: narrower until it opened, wider only by the client's fresh yes.

The yes is asked on a later form of the same client, in words that say who would see what, and is
kept with those words. Without it, or with a no, nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

from attunement.clinic.access import Action
from attunement.clinic.access.visibility import Viewer, Visibility, narrows
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    Assignment,
    Dyad,
    Login,
    Moment,
    Perspective,
    Response,
    VisibilityChange,
    WideningAnswer,
    WideningRequest,
    is_id,
)
from attunement.clinic.services.extras import YES, Extra
from attunement.clinic.services.forms import config
from attunement.clinic.services.gate import (
    AccessDeniedError,
    act,
    actor_name,
    done,
    require_dyad,
    require_session,
)
from attunement.clinic.services.opening import Mode, places_of, seen_by
from attunement.clinic.services.signalling import refresh_signals
from attunement.clinic.services.wording import widening_question

# A later form asks about one earlier form at a time: a question too many is a reason to say yes.
MOST_ASKED = 1
_PREFIX = "wider-"


def ask_to_widen(
    actor: Login, session_id: str, *, visibility: str = Visibility.OPEN, now: datetime
) -> None:
    """Have the client asked, on the next form, whether a session's form may be seen by more.

    Says nothing of whether there is a form to widen: without one, nobody is asked.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the dyad's therapist and the practice's lead.
    ClinicError
        E-CLINIC-071 for a mode that is unknown.
    """
    action = Action.WIDENING_ASK
    with act(actor_name(actor), action, now=now):
        session = require_session(actor, session_id, action, now=now)
        if visibility not in Visibility.values:
            _refuse("no way of seeing answers", "one of those that are offered")
        response = Response.objects.filter(
            session=session, perspective=Perspective.CLIENT, moment=Moment.AFTER
        ).first()
        if response is not None:
            wanted = Mode(visibility, None)
            standing = mode_now(response)
            pending = WideningRequest.objects.filter(
                response=response, visibility=visibility, answer__isnull=True
            )
            if not _narrows(standing, wanted) and not pending.exists():
                WideningRequest(
                    dyad=session.dyad,
                    response=response,
                    visibility=visibility,
                    asked_by=actor.pk,
                    asked_at=now,
                ).save()
        done(actor.pk, action, now=now, target=f"session:{session.pk}")


def questions(assignment: Assignment, *, now: datetime) -> tuple[Extra, ...]:
    """Return what a client's form asks about an earlier form: at most one question."""
    del now
    session = assignment.session
    pending = (
        WideningRequest.objects.filter(dyad_id=session.dyad_id, answer__isnull=True)
        .exclude(response__session=session)
        .select_related("response__session")
        .order_by("asked_at", "pk")[:MOST_ASKED]
    )
    return tuple(
        Extra(id=f"{_PREFIX}{one.pk}", kind="yes_no", words=_question(one)) for one in pending
    )


def record(response: Response, given: Mapping[str, str], *, now: datetime) -> None:
    """Keep a client's yes or no with the words; with a yes, widen. In the submission's act."""
    dyad = Dyad.objects.select_related("client", "therapist").get(sessions=response.session_id)
    for name, said in given.items():
        request = (
            WideningRequest.objects.select_related("response__session")
            .filter(pk=name.removeprefix(_PREFIX), dyad=dyad, answer__isnull=True)
            .first()
        )
        if request is None:
            continue
        WideningAnswer(
            request=request,
            said_yes=said == YES,
            words=_question(request),
            said_on=response,
            said_at=now,
        ).save()
        if said == YES:
            VisibilityChange(
                response=request.response,
                visibility=request.visibility,
                changed_by="client-link",
                changed_at=now,
                said_on=response,
            ).save()
            refresh_signals(dyad, now=now)


def narrow(
    actor: Login,
    response_id: str,
    *,
    visibility: str,
    reveal_at: datetime | None = None,
    now: datetime,
) -> None:
    """Let fewer people see a response, as its client asked the lead to; only until it opened.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the practice's lead.
    ClinicError
        E-CLINIC-071 when it would show more to anybody, or the response has opened.
    """
    action = Action.VISIBILITY_NARROW
    with act(actor_name(actor), action, now=now):
        found = (
            Response.objects.select_related("session__dyad")
            .filter(pk=response_id if is_id(response_id) else "", perspective=Perspective.CLIENT)
            .first()
        )
        dyad = require_dyad(actor, found.session.dyad_id if found else "", action, now=now)
        if found is None:
            raise AccessDeniedError(target="response:unknown", reason="no such response")
        narrow_response(found, dyad, Mode(visibility, reveal_at), by=actor.pk, now=now)
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}", detail={"visibility": visibility})


def narrow_response(
    response: Response, dyad: Dyad, wanted: Mode, *, by: str, now: datetime
) -> None:
    """Write a narrower mode for a response that has not opened, inside the caller's act.

    Raises
    ------
    ClinicError
        E-CLINIC-071 when it would show more to anybody, or the response has opened.
    """
    if wanted.visibility not in Visibility.values:
        _refuse("no way of seeing answers", "one of those that are offered")
    Response.objects.select_for_update().get(pk=response.pk)
    standing = mode_now(response)
    if not _narrows(standing, wanted):
        _refuse("a way that shows more to somebody", "the client's own yes on a later form")
    mirrored = Response.objects.filter(
        session_id=response.session_id, perspective=Perspective.THERAPIST, moment=response.moment
    ).exists()
    place = places_of([dyad])[response.session_id]
    both = mirrored or response.moment != Moment.AFTER
    if seen_by(Viewer.THERAPIST, standing, place, both_in=both, now=now).answered:
        _refuse("a form that has opened already", "a form that nobody could read yet")
    VisibilityChange(
        response=response,
        visibility=wanted.visibility,
        reveal_at=wanted.reveal_at,
        changed_by=by,
        changed_at=now,
    ).save()


def mode_now(response: Response) -> Mode:
    """Return how a response is seen now: by its newest change, else as it was answered."""
    newest = VisibilityChange.objects.filter(response=response).order_by("pk").last()
    if newest is None:
        return Mode(response.visibility, response.reveal_at)
    return Mode(newest.visibility, newest.reveal_at)


def _narrows(old: Mode, new: Mode) -> bool:
    return narrows((old.visibility, old.reveal_at), (new.visibility, new.reveal_at))


def _question(request: WideningRequest) -> str:
    return widening_question(
        config().words,
        session_no=request.response.session.session_no,
        visibility=request.visibility,
    )


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-071",
        what="who sees answers cannot be set like this",
        got=got,
        expected=expected,
        next_step="Choose again",
    )
