# SPDX-License-Identifier: Apache-2.0
"""Changing who sees a response: narrower until it opened, wider only by the client's fresh yes.

The yes is asked on a later form of the same client, in words that say who would see what, and is
kept with those words. Without it, or with a no, nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from attunement.clinic.access import Action, Actor, ActorRole, Relation, may
from attunement.clinic.access.visibility import Viewer, Visibility, narrows
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    Assignment,
    Dyad,
    Grant,
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
    CLIENT_LINK,
    AccessDeniedError,
    act,
    actor_name,
    done,
    require_dyad,
    require_session,
)
from attunement.clinic.services.opening import Mode, places_of, seen_by
from attunement.clinic.services.own_chart import just_sent
from attunement.clinic.services.secrets_of_links import token_sha256
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
    """Keep a client's yes or no with the words; with a yes, widen. In the submission's act.

    Signals follow when all of the form is stored.
    """
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
                changed_by=CLIENT_LINK,
                changed_at=now,
                said_on=response,
            ).save()


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


@dataclass(frozen=True, slots=True)
class NarrowPage:
    """What a client can choose for the form that was just sent."""

    told: str  # who sees it, as it was said on the form
    choices: tuple[str, ...]  # modes in which fewer people see it


def narrow_page(grant: str, *, now: datetime) -> NarrowPage:
    """Return in which narrower ways the form that was just sent from a link can be seen.

    Raises
    ------
    AccessError
        E-ACCESS-002 unless a form was sent from this opened link within the last minutes.
    """
    action = Action.VISIBILITY_NARROW
    with act(CLIENT_LINK, action, now=now):
        response = _just_sent(grant, now=now)
        choices = _narrower_than(mode_now(response))
        done(CLIENT_LINK, action, now=now, target=f"response:{response.pk}")
    return NarrowPage(response.who_sees, choices)


def narrow_by_client(grant: str, *, visibility: str, now: datetime) -> bool:
    """Let fewer people see the form that was just sent; False when it had opened already.

    Raises
    ------
    AccessError
        As ``narrow_page``.
    ClinicError
        E-CLINIC-071 for a way that shows more to somebody.
    """
    action = Action.VISIBILITY_NARROW
    with act(CLIENT_LINK, action, now=now):
        response = _just_sent(grant, now=now)
        opened = _has_opened(response, response.session.dyad, now=now)
        if not opened:
            if visibility not in _narrower_than(mode_now(response)):
                _refuse("a way that shows more to somebody", "one of those that are offered")
            wanted = Mode(visibility, None)
            narrow_response(response, response.session.dyad, wanted, by=CLIENT_LINK, now=now)
        done(
            CLIENT_LINK,
            action,
            now=now,
            target=f"response:{response.pk}",
            detail={"visibility": visibility},
            outcome="refused" if opened else "done",
        )
    return not opened


def narrow_session(
    actor: Login, dyad_id: str, session_id: str, *, visibility: str, now: datetime
) -> None:
    """Let fewer people see a session's form, as its client asked the lead to.

    Says nothing of whether there is a form, nor whether it had opened: a lead sees neither.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the practice's lead.
    ClinicError
        E-CLINIC-071 for a way of seeing answers that is none.
    """
    action = Action.VISIBILITY_NARROW
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        session = require_session(actor, session_id, action, now=now)
        if session.dyad_id != dyad.pk:
            raise AccessDeniedError(target=f"session:{session.pk}", reason="not of this dyad")
        if visibility not in Visibility.values:
            _refuse("no way of seeing answers", "one of those that are offered")
        response = Response.objects.filter(
            session=session, perspective=Perspective.CLIENT, moment=Moment.AFTER
        ).first()
        wanted = Mode(visibility, None)
        if (
            response is not None
            and visibility in _narrower_than(mode_now(response))
            and not _has_opened(response, session.dyad, now=now)
        ):
            narrow_response(response, session.dyad, wanted, by=actor.pk, now=now)
        done(
            actor.pk,
            action,
            now=now,
            target=f"session:{session.pk}",
            detail={"visibility": visibility},
        )


def _narrower_than(standing: Mode) -> tuple[str, ...]:
    """Return the modes in which fewer people see something, in the order of the list."""
    return tuple(
        mode.value
        for mode in Visibility
        if mode != standing.visibility and _narrows(standing, Mode(mode, None))
    )


def _just_sent(grant: str, *, now: datetime) -> Response:
    """Return the form that was sent last from an opened link, a moment ago."""
    held = (
        Grant.objects.select_related("invitation__assignment__session")
        .filter(grant_sha256=token_sha256(grant))
        .first()
    )
    relation = Relation.NONE if held is None else Relation.OWN
    decision = may(Actor(role=ActorRole.CLIENT_LINK), Action.VISIBILITY_NARROW, relation)
    newest = None
    if held is not None and decision.allow and held.expires_at > now:
        sent = just_sent(held, now=now).select_related("session__dyad__client")
        newest = sent.order_by("received_at", "pk").last()
    if newest is None:
        reason = "nothing was sent from this link just now" if decision.allow else decision.reason
        raise AccessDeniedError(code="E-ACCESS-002", target="grant:unknown", reason=reason)
    return newest


def _has_opened(response: Response, dyad: Dyad, *, now: datetime) -> bool:
    """Whether the therapist may read a response, or something of it, now."""
    mirrored = Response.objects.filter(
        session_id=response.session_id, perspective=Perspective.THERAPIST, moment=response.moment
    ).exists()
    place = places_of([dyad])[response.session_id]
    both = mirrored or response.moment != Moment.AFTER
    return seen_by(Viewer.THERAPIST, mode_now(response), place, both_in=both, now=now).answered


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
    if _has_opened(response, dyad, now=now):
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
    """Whether nobody sees more by ``new``. What opens with the next session is not for never."""
    if new.visibility == Visibility.DELAYED and new.reveal_at is None and old != new:
        new = Mode(Visibility.OPEN, None)
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
