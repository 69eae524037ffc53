# SPDX-License-Identifier: Apache-2.0
"""The one gateway from answers to people: what of a dyad a login may see at this moment.

Everything that shows answers, or anything computed from them, to a person of the practice asks
here or ``chairs.chairs_of``, which this module is built on. Both ask ``access.visibility.sees``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import F, FilteredRelation, Q

from attunement.clinic.access.visibility import EVERYTHING, Seen, Viewer, Visibility
from attunement.clinic.models import (
    Answer,
    Assignment,
    Dyad,
    Login,
    Moment,
    Perspective,
    Response,
    Score,
    Session,
)
from attunement.clinic.services.chairs import (
    Filled,
    SessionChairs,
    chairs_of,
    filled_for,
    hidden_items,
    is_closed,
    state_of,
)
from attunement.clinic.services.gate import viewer_of
from attunement.clinic.services.opening import (
    Mode,
    Place,
    answers_with_lead_only,
    changes_of,
    places_in_order,
    places_of,
    seen_by,
    wishes_of,
)
from attunement.clinic.services.results import SessionState
from attunement.clinic.services.scores import scores_of, total_of
from attunement.clinic.store.statements import Prepared

_CLIENT, _THERAPIST = str(Perspective.CLIENT), str(Perspective.THERAPIST)
_TEAM = frozenset({Viewer.CARE_TEAM, Viewer.SUPERVISOR})
_MIRRORED = Prepared(
    lambda session_id, moment: Response.objects.filter(
        session_id=session_id, perspective=Perspective.THERAPIST, moment=moment
    ).values_list("pk")[:1],
    str,
    str,
)


@dataclass(frozen=True, slots=True)
class ShownResponse:
    """One of a client's forms, of any moment, with what may be seen of it."""

    session: Session
    moment: str
    seen: Seen
    filled: Filled


@dataclass(frozen=True, slots=True)
class ShownDyad:
    """What a viewer may see of a dyad now. What may not be seen is not in it.

    ``sessions`` pairs the forms after each session from both chairs; ``others`` holds the
    client's forms from before and between sessions, which have no other chair.
    """

    dyad: Dyad
    viewer: Viewer
    sessions: tuple[SessionChairs, ...]
    others: tuple[ShownResponse, ...]


def shown_responses(
    login: Login, dyad: Dyad, *, now: datetime, viewer: Viewer | None = None
) -> ShownDyad:
    """Return what a login may see of a dyad's answers at this moment.

    Parameters
    ----------
    login : Login
        Who looks. Permission to do so at all is asked before, with ``gate.require_dyad``.
    dyad : Dyad
        With its client.
    now : datetime
        Aware.
    viewer : Viewer, optional
        How the login stands to the dyad; found in the database by default.
    """
    viewer = viewer or viewer_of(login, dyad, now=now)
    return ShownDyad(
        dyad=dyad,
        viewer=viewer,
        sessions=chairs_of(dyad, now=now, viewer=viewer),
        others=other_forms(dyad, now=now, viewer=viewer),
    )


def other_forms(dyad: Dyad, *, now: datetime, viewer: Viewer) -> tuple[ShownResponse, ...]:
    """Return the client's forms from before and between sessions, oldest session first.

    They have no other chair to wait for, so they open as soon as their mode lets them.
    """
    about = {"response__session__dyad": dyad, "response__perspective": Perspective.CLIENT}
    scores: dict[str, list[Score]] = defaultdict(list)
    for score in Score.objects.filter(**about).exclude(response__moment=Moment.AFTER):
        scores[score.response_id].append(score)
    answers: dict[str, list[Answer]] = defaultdict(list)
    for answer in Answer.objects.filter(**about).exclude(response__moment=Moment.AFTER):
        answers[answer.response_id].append(answer)
    places, changes, wishes = places_of([dyad]), changes_of([dyad]), wishes_of([dyad])
    found: list[ShownResponse] = []
    responses = (
        Response.objects.filter(session__dyad=dyad, perspective=Perspective.CLIENT)
        .exclude(moment=Moment.AFTER)
        .select_related("session")
        .order_by("session__session_no", "received_at", "pk")
    )
    for response in responses:
        mode = changes.get(response.pk) or Mode(response.visibility, response.reveal_at)
        seen = seen_by(viewer, mode, places[response.session_id], both_in=True, now=now)
        told = response.told_team or mode.visibility == Visibility.SUPERVISOR
        if not seen.answered or (viewer in _TEAM and not told):
            continue
        wished = wishes.get(response.pk, {})
        whole = viewer is Viewer.CLIENT
        filled = filled_for(
            response,
            dyad.client,
            seen,
            scores=scores[response.pk],
            answers=answers[response.pk],
            wishes=wished,
            hidden=frozenset() if whole else hidden_items(response, wished),
        )
        found.append(ShownResponse(response.session, response.moment, seen, filled))
    return tuple(found)


@dataclass(slots=True)
class ListedSession:
    """One session of a list: its state and totals, as the dyad's therapist may see them now."""

    session_id: str
    session_no: int
    held_on: date
    asked: set[str] = field(default_factory=set)
    answered: dict[str, float | None] = field(default_factory=dict)  # totals by chair
    seen: bool = False
    closed: bool = False

    @property
    def state(self) -> SessionState:
        """What the therapist may know of the two forms."""
        return state_of(self.asked, self.answered.keys(), seen=self.seen, closed=self.closed)


def listed_sessions(
    dyads: Sequence[Dyad], *, now: datetime, totals: bool = True
) -> dict[str, list[ListedSession]]:
    """Return every session of many dyads with its two chairs, in order, by the dyad's id.

    Five queries (three without totals), whatever the number of dyads and whatever was answered. A
    total that may not be seen is not in it; one with an answer for the lead alone is computed as
    if that were left out.
    """
    dyads = list(dyads)
    by_dyad: dict[str, list[ListedSession]] = defaultdict(list)
    courses: dict[str, list[tuple[str, date, date | None]]] = defaultdict(list)
    rows = Session.objects.filter(dyad__in=dyads).order_by("session_no")
    for pk, dyad_id, number, held_on, ended_on in rows.values_list(
        "pk", "dyad_id", "session_no", "held_on", "care_episode__ended_on"
    ):
        by_dyad[dyad_id].append(ListedSession(pk, number, held_on))
        courses[dyad_id].append((pk, held_on, ended_on))
    places = places_in_order(courses.values())
    sessions = {one.session_id: one for listed in by_dyad.values() for one in listed}
    changes, kept = changes_of(dyads), _totals_without_lead_only(dyads) if totals else {}
    chairs = Assignment.objects.filter(session__dyad__in=dyads, moment=Moment.AFTER).annotate(
        total=FilteredRelation("response__scores", condition=Q(response__scores__scale="total")),
        seen_as=F("response__visibility"),
        seen_at=F("response__reveal_at"),
    )
    for session_id, chair, visibility, reveal_at, response_id, seen_as, seen_at, total in (
        chairs.values_list(
            "session_id", "perspective", "visibility", "reveal_at",
            "response__pk", "seen_as", "seen_at", "total__value",
        )
    ):  # fmt: skip
        one = sessions[session_id]
        one.asked.add(chair)
        if response_id is not None:
            one.answered[chair] = kept.get(response_id, total)
        if chair == _CLIENT:
            place = places[session_id]
            one.closed = is_closed(Mode(visibility, reveal_at), place, now=now)
            if response_id is not None:
                mode = changes.get(response_id) or Mode(seen_as, seen_at)
                one.seen = not is_closed(mode, place, now=now)
    return by_dyad


def changes_what_therapist_sees(dyad: Dyad, response: Response, *, now: datetime) -> bool:
    """Whether a new response changes anything that the dyad's therapist may see now.

    The therapist's own always does; a client's that is closed to the therapist never does, so
    nothing that the therapist can read is written anew because of it.
    """
    if response.perspective == Perspective.THERAPIST:
        return True
    mirrored = _MIRRORED.first(response.session_id, str(response.moment)) is not None
    mode = Mode(response.visibility, response.reveal_at)
    if mode.visibility in (Visibility.OPEN, Visibility.SCORES):
        return mirrored  # whatever the day
    place: Place = places_of([dyad])[response.session_id]
    return seen_by(Viewer.THERAPIST, mode, place, both_in=mirrored, now=now).answered


def session_state(session: Session, *, now: datetime) -> SessionState:
    """Return what the dyad's therapist may know of one session's two forms."""
    listed = listed_sessions([session.dyad], now=now, totals=False)[session.dyad_id]
    return next(one.state for one in listed if one.session_id == session.pk)


def therapist_may_see_answers(dyads: Sequence[Dyad]) -> tuple[frozenset[str], frozenset[str]]:
    """Return responses of some dyads of which single answers are kept from the therapist.

    Returns
    -------
    tuple of frozenset of str
        Responses that show scores alone; and, as ``"response item"``, single items for the lead.
    """
    changes, dyads = changes_of(dyads), list(dyads)
    scores_alone = {
        pk
        for pk, visibility in Response.objects.filter(
            session__dyad__in=dyads, perspective=Perspective.CLIENT
        ).values_list("pk", "visibility")
        if (changes[pk].visibility if pk in changes else visibility) == Visibility.SCORES
    }
    hidden = {
        f"{answers[0].response_id} {item}"
        for answers in answers_with_lead_only(dyads).values()
        for item in hidden_items(answers[0].response, wishes_of_response(answers[0].response))
    }
    return frozenset(scores_alone), frozenset(hidden)


def wishes_of_response(response: Response) -> dict[str, str]:
    """Return the wishes of one response by item."""
    return dict(response.wishes.values_list("item", "wish"))


def _totals_without_lead_only(dyads: Sequence[Dyad]) -> dict[str, float | None]:
    """Return the totals of responses in which an answer is for the lead alone: without it."""
    wishes, totals = wishes_of(dyads), {}
    for response_id, answers in answers_with_lead_only(dyads).items():
        response = answers[0].response
        hidden = hidden_items(response, wishes.get(response_id, {}))
        total = total_of(scores_of(response, [a for a in answers if a.item not in hidden]))
        totals[response_id] = None if total is None else total.value
    return totals


__all__ = [
    "EVERYTHING",
    "ListedSession",
    "ShownDyad",
    "ShownResponse",
    "changes_what_therapist_sees",
    "listed_sessions",
    "other_forms",
    "session_state",
    "shown_responses",
    "therapist_may_see_answers",
]
