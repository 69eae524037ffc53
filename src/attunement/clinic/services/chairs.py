# SPDX-License-Identifier: Apache-2.0
"""Both chairs of a dyad, with the sealed sessions already taken out.

Every page, chart and signal reads a dyad through ``chairs_of``. What the other chair wrote in a
session whose two forms are not both in never leaves this module, so nothing above it can tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from attunement.clinic.models import (
    Answer,
    Assignment,
    Client,
    Dyad,
    Moment,
    Perspective,
    Response,
    Score,
    Session,
)
from attunement.clinic.services.results import SessionState
from attunement.clinic.services.sealing import answer_words

# Plain texts: a caseload asks this some ten thousand times.
_CLIENT, _THERAPIST = str(Perspective.CLIENT), str(Perspective.THERAPIST)
_BOTH = frozenset({_CLIENT, _THERAPIST})


@dataclass(frozen=True, slots=True)
class Filled:
    """One chair's form of one session."""

    response: Response
    scores: dict[str, Score]
    values: dict[str, float]
    of: Client
    sealed: tuple[Answer, ...]  # the answers in words, as they are stored
    predicted: float | None

    @property
    def texts(self) -> dict[str, str]:
        """Return the answers in words by item, opened now: signals never ask for them."""
        return {answer.item: answer_words(self.of, answer) for answer in self.sealed}

    def score(self, scale: str) -> float | None:
        """Return the scale's number, or None when there is none."""
        found = self.scores.get(scale)
        return None if found is None else found.value

    def reason(self, scale: str) -> str:
        """Return why the scale has no number, or an empty text."""
        found = self.scores.get(scale)
        return "" if found is None else found.reason or ""


@dataclass(frozen=True, slots=True)
class SessionChairs:
    """A session with both forms, or with neither to be seen."""

    session: Session
    state: SessionState
    client: Filled | None  # None unless both are in
    therapist: Filled | None  # None unless both are in

    @property
    def both_in(self) -> bool:
        """Whether there is something to show."""
        return self.state is SessionState.BOTH_IN

    @property
    def both_at(self) -> datetime | None:
        """When the second of the two forms came in; None until then."""
        if self.client is None or self.therapist is None:
            return None
        return max(self.client.response.received_at, self.therapist.response.received_at)


def chairs_of(dyad: Dyad) -> tuple[SessionChairs, ...]:
    """Return a dyad's sessions in order, with the forms of those in which both are in."""
    sessions = list(Session.objects.filter(dyad=dyad).order_by("session_no"))
    assigned: dict[str, set[str]] = defaultdict(set)
    # Each chair has one form after a session. What is asked before or between is another thing.
    asked = Assignment.objects.filter(session__dyad=dyad, moment=Moment.AFTER)
    for session_id, perspective in asked.values_list("session_id", "perspective"):
        assigned[session_id].add(perspective)
    in_hand: dict[str, dict[str, Response]] = defaultdict(dict)
    responses = (
        Response.objects.filter(session__dyad=dyad, moment=Moment.AFTER)
        .select_related("prediction")
        .prefetch_related("scores", "answers")
    )
    for response in responses:
        in_hand[response.session_id][response.perspective] = response
    return tuple(
        _chairs(session, dyad, assigned[session.pk], in_hand[session.pk]) for session in sessions
    )


def state_of(asked: AbstractSet[str], answered: AbstractSet[str]) -> SessionState:
    """Return what the therapist may know, from which chairs were asked and have answered."""
    if not asked >= _BOTH:
        return SessionState.NO_FORMS
    if _THERAPIST not in answered:
        return SessionState.YOUR_FORM_OPEN
    if _CLIENT not in answered:
        return SessionState.WAITING_FOR_CLIENT
    return SessionState.BOTH_IN


def _chairs(
    session: Session, dyad: Dyad, asked: set[str], found: dict[str, Response]
) -> SessionChairs:
    state = state_of(asked, set(found))
    if state is not SessionState.BOTH_IN:
        return SessionChairs(session=session, state=state, client=None, therapist=None)
    return SessionChairs(
        session=session,
        state=state,
        client=_filled(found[Perspective.CLIENT], dyad.client),
        therapist=_filled(found[Perspective.THERAPIST], dyad.client),
    )


def _filled(response: Response, client: Client) -> Filled:
    answers: list[Answer] = list(response.answers.all())
    prediction = getattr(response, "prediction", None)
    return Filled(
        response=response,
        scores={score.scale: score for score in response.scores.all()},
        values={a.item: a.value for a in answers if a.value is not None},
        of=client,
        sealed=tuple(a for a in answers if a.text is not None),
        predicted=None if prediction is None else prediction.value,
    )
