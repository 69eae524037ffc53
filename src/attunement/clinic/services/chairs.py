# SPDX-License-Identifier: Apache-2.0
"""Both chairs of a dyad, with everything taken out that the viewer may not see now.

Every page, chart and signal reads a dyad through ``chairs_of``. What the other chair wrote in a
session whose two forms are not both in, and what its mode keeps closed, never leaves this module,
so nothing above it can tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, models

from attunement.clinic.access.visibility import (
    EVERYTHING,
    NOTHING,
    Seen,
    Viewer,
    Visibility,
)
from attunement.clinic.models import (
    Answer,
    Client,
    Dyad,
    Perspective,
    Prediction,
    Response,
    Score,
    Session,
)
from attunement.clinic.services.chair_rows import (
    ANSWERS,
    ASKED,
    CAME,
    COURSE,
    LAST_MIRRORED,
    MARKED,
    NO_LAST,
    RESPONSES,
    SCORES,
    SESSIONS,
    TOTAL,
)
from attunement.clinic.services.corrected import AnyAnswer, Correction, corrections_of_dyad
from attunement.clinic.services.forms import measure_of
from attunement.clinic.services.opening import (
    Mode,
    Place,
    changes_of_dyad,
    lead_only,
    places_in_order,
    seen_by,
    wishes_of_dyad,
)
from attunement.clinic.services.results import SessionState
from attunement.clinic.services.scores import scores_of
from attunement.clinic.services.sealing import answer_words

_Model = TypeVar("_Model", bound=models.Model)

# Plain texts: a caseload asks this some ten thousand times.
_CLIENT, _THERAPIST = str(Perspective.CLIENT), str(Perspective.THERAPIST)
_BOTH = frozenset({_CLIENT, _THERAPIST})
_TEAM = frozenset({Viewer.CARE_TEAM, Viewer.SUPERVISOR})
_READS_THERAPIST = frozenset({Viewer.THERAPIST, *_TEAM})
_BY_TIME = frozenset({Visibility.DELAYED, Visibility.END})


@dataclass(frozen=True, slots=True)
class Filled:
    """One chair's form of one session, as far as it may be seen."""

    response: Response
    scores: dict[str, Score]
    values: dict[str, float]
    of: Client
    sealed: tuple[AnyAnswer, ...]  # the answers in words, as they are stored
    predicted: float | None
    wishes: Mapping[str, str] = field(default_factory=dict)  # of the answers that are here
    values_shown: bool = True  # False where the mode gives scores and no single answer
    correction: Correction | None = None  # of a typed sheet, where it was typed once more

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
    """A session with both forms, or with what of them is to be seen."""

    session: Session
    state: SessionState
    client: Filled | None  # for the therapist: None unless both are in
    therapist: Filled | None  # for the therapist: None unless both are in
    seen: Seen = NOTHING  # of the client's form
    steady: bool = True  # False where time alone changes what is seen of it
    opened_at: datetime | None = None  # when time opened it, where it had to

    @property
    def both_in(self) -> bool:
        """Whether there is something to show."""
        return self.state is SessionState.BOTH_IN

    @property
    def both_at(self) -> datetime | None:
        """When there was something to show: the second form was in, and its time had come."""
        if self.client is None or self.therapist is None:
            return None
        moments = [self.client.response.received_at, self.therapist.response.received_at]
        return max(moments if self.opened_at is None else [*moments, self.opened_at])


@dataclass(frozen=True, slots=True)
class NewForm:
    """A form that is about to be stored, with what goes with it."""

    response: Response
    answers: Sequence[Answer]
    scores: Sequence[Score]
    wishes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Chair:
    """What was asked of one chair after a session, and what came."""

    asked: Mode
    response: Response | None = None


@dataclass(slots=True)
class _Rows:
    """Everything that was written about a dyad's sessions, each table read once."""

    sessions: list[Session]
    places: dict[str, Place]
    chairs: dict[str, dict[str, _Chair]]
    changes: dict[str, Mode]
    wishes: dict[str, dict[str, str]]
    scores: dict[str, list[Score]]
    answers: dict[str, list[AnyAnswer]]
    corrections: dict[str, Correction]

    def mode(self, response: Response) -> Mode:
        """Return how a response is seen today, whatever it was answered under."""
        changed = self.changes.get(response.id)
        return changed or Mode(response.visibility, response.reveal_at)


def chairs_of(
    dyad: Dyad,
    *,
    now: datetime,
    viewer: Viewer = Viewer.THERAPIST,
    for_rules: bool = False,
    new: NewForm | None = None,
    after: int = 0,
) -> tuple[SessionChairs, ...]:
    """Return a dyad's sessions in order, with what ``viewer`` may see of their forms now.

    As many queries whatever was answered. Only forms after a session are here. ``for_rules``:
    only what rules read of them (totals, marks, predictions), and no session after the last one
    with a form from each chair, and only sessions with a number above ``after``. ``new`` is a form
    that counts as stored already.
    """
    rows = _read(dyad, for_rules=for_rules, new=new, after=after)
    return tuple(_chairs(dyad, rows, session, viewer=viewer, now=now) for session in rows.sessions)


def state_of(
    asked: AbstractSet[str],
    answered: AbstractSet[str],
    *,
    seen: bool = True,
    closed: bool = False,
) -> SessionState:
    """Return what the therapist may know, from which chairs were asked and have answered.

    Parameters
    ----------
    asked, answered : set of str
        Perspectives.
    seen : bool
        Whether the client's response, where there is one, may be known of.
    closed : bool
        Whether the form was asked in a mode that is closed to the therapist at this moment: then
        nothing is said of whether there is a response.
    """
    if not asked >= _BOTH:
        return SessionState.NO_FORMS
    if _THERAPIST not in answered:
        return SessionState.YOUR_FORM_OPEN
    if _CLIENT in answered and seen:
        return SessionState.BOTH_IN
    return SessionState.CLOSED if closed else SessionState.WAITING_FOR_CLIENT


def hidden_items(response: Response, wishes: Mapping[str, str]) -> frozenset[str]:
    """Return the items that are for the lead alone, with those that would tell of them.

    A question that is only asked after a certain answer to another one tells of that answer.
    """
    hidden = set(lead_only(wishes))
    if not hidden:
        return frozenset()
    measure = measure_of(response.measure_id, response.measure_version)
    for item in measure.items:  # follow-ups stand after what they follow
        if item.shown_if is not None and item.shown_if.item in hidden:
            hidden.add(item.id)
    return frozenset(hidden)


def filled_for(
    response: Response,
    client: Client,
    seen: Seen,
    *,
    scores: list[Score],
    answers: Sequence[AnyAnswer],
    wishes: Mapping[str, str],
    hidden: frozenset[str] = frozenset(),
    correction: Correction | None = None,
) -> Filled:
    """Return a response with only what ``seen`` lets through, hidden items as if left out."""
    kept = [answer for answer in answers if answer.item not in hidden]
    if hidden and len(kept) != len(answers):
        scores = scores_of(response, kept)
    if not seen.values:  # a scale of one item is that item
        scores = [score for score in scores if score.n_items > 1]
    prediction = getattr(response, "prediction", None)
    shown = [answer for answer in kept if seen.values or answer.value is None]
    return Filled(
        response=response,
        scores={score.scale: score for score in scores} if seen.score else {},
        values={a.item: a.value for a in shown if a.value is not None},
        of=client,
        sealed=tuple(a for a in shown if a.text is not None and seen.text),
        predicted=None if prediction is None else prediction.value,
        wishes={item: wish for item, wish in wishes.items() if item not in hidden and seen.values},
        values_shown=seen.values,
        correction=correction,
    )


@dataclass(slots=True)
class _Forms:
    """The forms of a course: what was asked of each chair, what came, and what it says."""

    chairs: dict[str, dict[str, _Chair]] = field(default_factory=lambda: defaultdict(dict))
    scores: dict[str, list[Score]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, list[AnyAnswer]] = field(default_factory=lambda: defaultdict(list))

    def came(self, session: Session) -> int:
        """Return how many chairs of a session have answered."""
        return sum(chair.response is not None for chair in self.chairs[session.id].values())

    def add(self, new: NewForm, *, few: bool) -> None:
        """Count a form as stored; ``few``: with no more of it than rules read."""
        response = new.response
        self.chairs[response.session_id][response.perspective].response = response
        self.scores[response.id] = [s for s in new.scores if not few or s.scale == "total"]
        self.answers[response.id] = [a for a in new.answers if not few or a.item in MARKED]


def _read(dyad: Dyad, *, for_rules: bool, new: NewForm | None, after: int) -> _Rows:
    """Read a dyad's rows: as many queries for an unanswered course as for a full one."""
    last = _last(dyad, new) if for_rules else NO_LAST
    sessions: list[Session] = SESSIONS.all(dyad.pk, after, last)
    places = places_in_order([[(s.id, s.held_on, s.care_episode.ended_on) for s in sessions]])
    wishes = wishes_of_dyad(dyad, after=after)
    if new is not None and new.wishes:
        wishes[new.response.id] = dict(new.wishes)
    # Without an answer that is for the lead alone a total is no other than the one that is stored.
    few = for_rules and not any(lead_only(each) for each in wishes.values())
    forms = _forms_for_rules(dyad.pk, after, last) if few else _every_form(dyad.pk)
    if new is not None:
        forms.add(new, few=few)
    if for_rules:
        while sessions and forms.came(sessions[-1]) < len(_BOTH):
            sessions.pop()
    corrections = corrections_of_dyad(dyad, after=after)
    for response_id, correction in corrections.items():
        forms.answers[response_id] = list(correction.answers)
    return _Rows(
        sessions=sessions,
        places=places,
        chairs=forms.chairs,
        changes=changes_of_dyad(dyad, after=after),
        wishes=wishes,
        scores=forms.scores,
        answers=forms.answers,
        corrections=corrections,
    )


def _every_form(dyad_id: str) -> _Forms:
    forms = _Forms()
    for session_id, perspective, visibility, reveal_at in ASKED.all(dyad_id):
        forms.chairs[session_id][perspective] = _Chair(Mode(visibility, reveal_at))
    for response in RESPONSES.all(dyad_id):
        forms.chairs[response.session_id][response.perspective].response = response
    for score in SCORES.all(dyad_id):
        forms.scores[score.response_id].append(score)
    for answer in ANSWERS.all(dyad_id):
        forms.answers[answer.response_id].append(answer)
    return forms


def _last(dyad: Dyad, new: NewForm | None) -> int:
    """Return the number of the last session that rules may read of."""
    stored = LAST_MIRRORED.first(dyad.pk)
    last = 0 if stored is None else stored[0]
    if new is None:
        return last
    return max(last, new.response.assignment.session.session_no)


def _forms_for_rules(dyad_id: str, after: int, last: int) -> _Forms:
    """Return the same with no more than rules read, by one query."""
    forms = _Forms()
    for session_id, perspective, visibility, reveal_at, *about in COURSE.all(dyad_id, after, last):
        chair = forms.chairs[session_id][perspective] = _Chair(Mode(visibility, reveal_at))
        strain, repair, predicted, value, reason, n_items, *came = about
        if came[0] is None:
            continue
        chair.response = response = _loaded(Response, ("session_id", *CAME), (session_id, *came))
        response._state.fields_cache["prediction"] = (  # noqa: SLF001 -- as Django keeps what it joined
            None if predicted is None else _loaded(Prediction, ("value",), (predicted,))
        )
        if n_items is not None:
            names = ("scale", *TOTAL)
            total = _loaded(Score, names, ("total", value, reason, n_items))
            forms.scores[response.id].append(total)
        forms.answers[response.id] = [
            _loaded(Answer, ("item", "value", "text"), (item, number, None))
            for item, number in zip(MARKED, (strain, repair), strict=True)
            if number is not None
        ]
    return forms


def _loaded(model: type[_Model], names: Sequence[str], values: Sequence[object]) -> _Model:
    """Return a row with some of its columns; the others are read when they are needed."""
    return model.from_db(DEFAULT_DB_ALIAS, names, values)


def _chairs(
    dyad: Dyad, rows: _Rows, session: Session, *, viewer: Viewer, now: datetime
) -> SessionChairs:
    chairs, place = rows.chairs[session.id], rows.places[session.id]
    answered = {name for name, chair in chairs.items() if chair.response is not None}
    client = chairs[_CLIENT].response if _CLIENT in chairs else None
    therapist = chairs[_THERAPIST].response if _THERAPIST in chairs else None
    both = client is not None and therapist is not None
    seen, opened_at = NOTHING, None
    steady = _CLIENT not in chairs or chairs[_CLIENT].asked.visibility not in _BY_TIME
    if client is not None:
        mode = rows.mode(client)
        steady = steady and mode.visibility not in _BY_TIME
        seen = seen_by(viewer, mode, place, both_in=both, now=now)
        opened_at = place.opened_on(mode)
        if viewer in _TEAM and not (client.told_team or mode.visibility == Visibility.SUPERVISOR):
            seen = NOTHING  # the words on the form did not name the team
    state = state_of(
        chairs.keys(),
        answered,
        seen=seen.answered,
        closed=_CLIENT in chairs and is_closed(chairs[_CLIENT].asked, place, now=now),
    )
    filled = None
    if client is not None and seen.answered:
        whole = viewer is Viewer.CLIENT
        filled = _filled(rows, client, dyad.client, seen, whole=whole)
    mirror = (
        therapist is not None
        and viewer in _READS_THERAPIST
        and (therapist.told_team or viewer not in _TEAM)
        and (state is SessionState.BOTH_IN or viewer is Viewer.SUPERVISOR)
    )
    return SessionChairs(
        session=session,
        state=state,
        client=filled,
        therapist=(
            _filled(rows, therapist, dyad.client, EVERYTHING)
            if mirror and therapist is not None
            else None
        ),
        seen=seen,
        steady=steady,
        opened_at=opened_at if filled is not None else None,
    )


def is_closed(asked: Mode, place: Place, *, now: datetime) -> bool:
    """Whether a form's mode keeps even the presence of an answer from the therapist now."""
    return not seen_by(Viewer.THERAPIST, asked, place, both_in=True, now=now).answered


def _filled(
    rows: _Rows, response: Response, client: Client, seen: Seen, *, whole: bool = False
) -> Filled:
    wishes = rows.wishes.get(response.id, {})
    return filled_for(
        response,
        client,
        seen,
        scores=rows.scores.get(response.id, []),
        answers=rows.answers.get(response.id, []),
        wishes=wishes,
        hidden=frozenset() if whole else hidden_items(response, wishes),
        correction=rows.corrections.get(response.id),
    )
