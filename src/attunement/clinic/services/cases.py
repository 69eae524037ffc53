# SPDX-License-Identifier: Apache-2.0
"""A case that was shared: what a supervisor or somebody on the care team may see of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn

from attunement.clinic.access import Action
from attunement.clinic.access.visibility import Viewer, Visibility
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    LONGEST_NOTE,
    Assignment,
    CareTeamMember,
    Dyad,
    Login,
    Perspective,
    Role,
    SupervisionLink,
    SupervisorQuestion,
)
from attunement.clinic.services.chairs import Filled, SessionChairs
from attunement.clinic.services.charting import chart_of
from attunement.clinic.services.corrected import typed
from attunement.clinic.services.forms import measure_of, text_of
from attunement.clinic.services.gate import act, actor_name, done, require_dyad, require_self
from attunement.clinic.services.opening import Mode, changes_of
from attunement.clinic.services.results import Chart, TeamQuestion, Typed
from attunement.clinic.services.sealing import words_of
from attunement.clinic.services.shown_answers import shown_responses
from attunement.clinic.services.team import current, name_of
from attunement.errors import AttunementError


@dataclass(frozen=True, slots=True)
class SharedCase:
    """One case in the list of a supervisor or team member: a code and a name, no number."""

    dyad_id: str
    client_code: str
    therapist_name: str
    by: str  # a place on the care team, or "supervision" where only the therapist is supervised


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """One answer of a client, in words."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class CaseSession:
    """What may be seen of one session: nothing in it says what may not."""

    session_id: str
    session_no: int
    held_on: date
    to_supervisor: bool  # the client gave it to the supervisor, and the therapist does not see it
    total: float | None
    reason: str
    therapist_total: float | None
    answers: tuple[CaseAnswer, ...]
    words: tuple[CaseAnswer, ...]
    told: str  # what the client was told
    typed: Typed | None = None  # from paper; None where the client answered here


@dataclass(frozen=True, slots=True)
class CasePage:
    """A shared case. Answers that went to the supervisor come first."""

    dyad_id: str
    client_code: str
    therapist_name: str
    viewer: Viewer
    chart: Chart | None
    first: tuple[CaseSession, ...]  # answers given to the supervisor, newest first
    sessions: tuple[CaseSession, ...]  # those that the therapist sees too, newest first
    questions: tuple[TeamQuestion, ...]
    may_ask: bool


def shared_cases(actor: Login, *, now: datetime) -> tuple[SharedCase, ...]:
    """Return the cases that are open to a login by care team or supervision, by code.

    Raises
    ------
    AccessError
        E-ACCESS-001 for a role that no case is shared with.
    """
    action = Action.CASES_SHARED_VIEW
    with act(actor_name(actor), action, now=now):
        require_self(actor, action)
        found: dict[str, SharedCase] = {}
        members = current(CareTeamMember.objects.filter(login=actor), now=now).filter(
            dyad__practice_id=actor.practice_id, dyad__client__erased_at=None
        )
        for row in members.select_related("dyad__client", "dyad__therapist").order_by("pk"):
            found.setdefault(row.dyad_id, _shared(row.dyad, row.place))
        if actor.role == Role.SUPERVISOR:
            for dyad in _given_to_supervisor(actor, now=now):
                found.setdefault(dyad.pk, _shared(dyad, "supervision"))
        done(
            actor.pk,
            action,
            now=now,
            target=f"login:{actor.pk}",
            detail={"n_cases": len(found)},
        )
    return tuple(sorted(found.values(), key=lambda one: (one.client_code, one.dyad_id)))


def _given_to_supervisor(actor: Login, *, now: datetime) -> list[Dyad]:
    """Return the dyads whose client is asked in the mode that goes to the supervisor.

    Read from what was asked, not from what was answered.
    """
    links = current(SupervisionLink.objects.filter(supervisor=actor), now=now)
    return list(
        Dyad.objects.filter(
            practice_id=actor.practice_id,
            client__erased_at=None,
            therapist__in=links.values("therapist"),
            sessions__assignments__in=Assignment.objects.filter(
                visibility=Visibility.SUPERVISOR, perspective=Perspective.CLIENT
            ),
        )
        .select_related("client", "therapist")
        .distinct()
    )


def case_page(actor: Login, dyad_id: str, *, now: datetime) -> CasePage:
    """Return what a login may see of a shared case now.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the case is not there, or not (any more) shared: the same for both.
    """
    action = Action.CASE_VIEW
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        shown = shown_responses(actor, dyad, now=now)
        changed = changes_of([dyad])
        rows = SupervisorQuestion.objects.filter(dyad=dyad).select_related(
            "asked_by", "session", "dyad__client"
        )
        asked = tuple(question_of(row) for row in rows.order_by("-asked_at", "-pk"))
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}", detail={"as": shown.viewer})
    sessions = [
        _session(one, one.client, changed) for one in reversed(shown.sessions) if one.client
    ]
    return CasePage(
        dyad_id=dyad.pk,
        client_code=dyad.client.code,
        therapist_name=dyad.therapist.display_name,
        viewer=shown.viewer,
        chart=chart_of(shown.sessions, ()),
        first=tuple(one for one in sessions if one.to_supervisor),
        sessions=tuple(one for one in sessions if not one.to_supervisor),
        questions=asked,
        may_ask=shown.viewer in (Viewer.SUPERVISOR, Viewer.THERAPISTS_SUPERVISOR),
    )


def leave_question(
    actor: Login, dyad_id: str, *, words: str, session_id: str = "", now: datetime
) -> None:
    """Leave a question for the therapist of a shared case; there is nothing to grade with.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who does not supervise the case.
    ClinicError
        E-CLINIC-072 for no words, or too many.
    """
    action = Action.CASE_QUESTION_LEAVE
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        text = words.strip()
        if not text or len(text) > LONGEST_NOTE or "\x00" in text:
            _refuse("no words, or too many", f"1 to {LONGEST_NOTE} characters")
        SupervisorQuestion(
            dyad=dyad,
            session=dyad.sessions.filter(pk=session_id).first() if session_id else None,
            asked_by=actor,
            asked_at=now,
            words=text,
        ).save()
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}")


def questions_for_therapist(dyad: Dyad) -> tuple[TeamQuestion, ...]:
    """Return what supervisors asked about a dyad, newest first; for the therapist's own page."""
    rows = SupervisorQuestion.objects.filter(dyad=dyad).select_related(
        "asked_by", "session", "dyad__client"
    )
    return tuple(question_of(row) for row in rows.order_by("-asked_at", "-pk"))


def question_of(row: SupervisorQuestion) -> TeamQuestion:
    """Return one question as it is read."""
    return TeamQuestion(
        by=name_of(row.asked_by),
        at=row.asked_at,
        session_no=row.session.session_no if row.session is not None else None,
        words=words_of(row, "words"),
    )


def _session(chairs: SessionChairs, filled: Filled, changed: dict[str, Mode]) -> CaseSession:
    response = filled.response
    mode = changed.get(response.pk)
    standing = mode.visibility if mode is not None else response.visibility
    return CaseSession(
        session_id=chairs.session.pk,
        session_no=chairs.session.session_no,
        held_on=chairs.session.held_on,
        to_supervisor=standing == Visibility.SUPERVISOR,
        total=filled.score("total"),
        reason=filled.reason("total"),
        therapist_total=chairs.therapist.score("total") if chairs.therapist else None,
        answers=_answers(filled),
        words=tuple(
            CaseAnswer(_question(filled, item), text) for item, text in sorted(filled.texts.items())
        ),
        told=response.who_sees,
        typed=typed(response, filled.correction),
    )


def _answers(filled: Filled) -> tuple[CaseAnswer, ...]:
    response = filled.response
    measure = measure_of(response.measure_id, response.measure_version)
    return tuple(
        CaseAnswer(_question(filled, item.id), f"{filled.values[item.id]:g}")
        for item in measure.items
        if item.id in filled.values
    )


def _question(filled: Filled, item: str) -> str:
    response = filled.response
    try:
        text = text_of(response.measure_id, response.measure_version, response.language)
    except AttunementError:
        return item
    return text.items.get(item, item)


def _shared(dyad: Dyad, by: str) -> SharedCase:
    return SharedCase(dyad.pk, dyad.client.code, dyad.therapist.display_name, by)


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-072",
        what="a question cannot be left like this",
        got=got,
        expected=expected,
        next_step="Write it again",
    )
