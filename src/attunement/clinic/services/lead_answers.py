# SPDX-License-Identifier: Apache-2.0
"""Answers that a client gave to the lead alone: on no other page, in no count, in no signal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from attunement.clinic.access import Action
from attunement.clinic.access.visibility import Viewer, Wish
from attunement.clinic.models import Answer, AnswerWish, FollowUp, Login
from attunement.clinic.services.forms import measure_of, text_of
from attunement.clinic.services.gate import act, actor_name, done, require_self
from attunement.clinic.services.loop.seen import asked_as
from attunement.clinic.services.opening import Mode, Place, seen_by
from attunement.clinic.services.sealing import answer_words
from attunement.errors import AttunementError


@dataclass(frozen=True, slots=True)
class LeadAnswer:
    """One answer for the lead: the question, and a number with its scale or words."""

    client_code: str
    therapist_name: str
    session_no: int
    held_on: date
    received_at: datetime
    question: str
    answer: str


def lead_answers(actor: Login, *, now: datetime) -> tuple[LeadAnswer, ...]:
    """Return the answers that clients of a practice gave to the lead alone, newest first.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no lead.
    """
    action = Action.LEAD_ANSWERS_VIEW
    with act(actor_name(actor), action, now=now):
        require_self(actor, action)
        wished = AnswerWish.objects.filter(
            wish=Wish.LEAD_ONLY, response__session__dyad__practice_id=actor.practice_id
        ).values_list("response_id", "item")
        wanted = set(wished)
        rows = Answer.objects.filter(
            response__in={response_id for response_id, _ in wanted}
        ).select_related(
            "response__session__dyad__client",
            "response__session__dyad__therapist",
            "response__session__care_episode",
        )
        found = tuple(
            _shown(answer)
            for answer in rows.order_by("-response__received_at", "pk")
            if (answer.response_id, answer.item) in wanted and _may_see(answer, now=now)
        )
        said = FollowUp.objects.filter(
            response__in={response_id for response_id, _ in wanted}
        ).select_related(
            "change", "response__session__dyad__client", "response__session__dyad__therapist"
        )
        found += tuple(
            _said(row) for row in said.order_by("-pk") if (row.response_id, asked_as(row)) in wanted
        )
        for dyad_id in sorted({row.response.session.dyad_id for row in rows}):
            done(actor.pk, action, now=now, target=f"dyad:{dyad_id}")
        if not found:
            done(actor.pk, action, now=now, target=f"practice:{actor.practice_id}")
    return found


def _may_see(answer: Answer, *, now: datetime) -> bool:
    response = answer.response
    session = response.session
    place = Place(session.care_episode.ended_on, session.held_on, None)
    mode = Mode(response.visibility, response.reveal_at)
    seen = seen_by(Viewer.LEAD, mode, place, both_in=False, now=now, wish=Wish.LEAD_ONLY)
    return seen.values and seen.text


def _shown(answer: Answer) -> LeadAnswer:
    response = answer.response
    dyad = response.session.dyad
    measure = measure_of(response.measure_id, response.measure_version)
    item = next((one for one in measure.items if one.id == answer.item), None)
    words, label = answer.item, ""
    try:
        text = text_of(response.measure_id, response.measure_version, response.language)
        words = text.items.get(answer.item, answer.item)
        if item is not None and answer.value is not None:
            label = text.options.get(item.options, {}).get(f"{answer.value:g}", "")
    except AttunementError:
        label = ""
    given = answer_words(dyad.client, answer) if answer.value is None else f"{answer.value:g}"
    return LeadAnswer(
        client_code=dyad.client.code,
        therapist_name=dyad.therapist.display_name,
        session_no=response.session.session_no,
        held_on=response.session.held_on,
        received_at=response.received_at,
        question=words,
        answer=f"{given} – {label}" if label else given,
    )


def _said(row: FollowUp) -> LeadAnswer:
    session = row.response.session
    return LeadAnswer(
        client_code=session.dyad.client.code,
        therapist_name=session.dyad.therapist.display_name,
        session_no=session.session_no,
        held_on=session.held_on,
        received_at=row.response.received_at,
        question=row.get_question_display(),
        answer=row.get_answer_display(),
    )
