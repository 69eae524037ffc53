# SPDX-License-Identifier: Apache-2.0
"""What the demo's clients said before sessions, their goals, and words for the lead."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from attunement.clinic.demo.story import Story
from attunement.clinic.models import (
    Answer,
    Assignment,
    Client,
    Dyad,
    Goal,
    MessageKind,
    Moment,
    Perspective,
    PrivateMessage,
    Provenance,
    Response,
    Score,
    Session,
    derived_id,
)
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.goals import ITEM_PREFIX
from attunement.clinic.services.private_channel import message_who_sees
from attunement.clinic.services.scores import scores_of
from attunement.clinic.services.wording import before_who_sees

BEFORE = "phq-2"
BIRTH_YEAR = 1990  # of the client whose own chart a visitor can open
WORDS_FOR_LEAD = "Synthetic words: I would find it easier to talk with a woman."
_HIGHEST_ITEM, _HIGHEST_TOTAL = 3, 6.0


@dataclass(slots=True)
class BeforeRows:
    """What will be inserted, table by table."""

    assignments: list[Assignment] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)


def before_sessions(
    story: Story,
    sessions: Mapping[tuple[str, int], Session],
    dyads: Mapping[str, Dyad],
) -> BeforeRows:
    """Write the goals of the therapist who can log in; return the forms before her sessions."""
    own = {row["dyad_id"] for row in story.dyads if row["therapist_id"] == story.showcase}
    goals = _goals(story, own, dyads)
    rated: dict[tuple[str, int], dict[str, float]] = {}
    for row in story.goal_ratings:
        goal = goals.get((row["dyad_id"], row["goal_no"]))
        if goal is not None:
            key = (row["dyad_id"], row["session_no"])
            rated.setdefault(key, {})[f"{ITEM_PREFIX}{goal.pk}"] = row["rating"]
    rows = BeforeRows()
    for rating in story.ratings:
        key = (rating["dyad_id"], rating["session_no"])
        if rating["perspective"] == "client" and key[0] in own and rating["score"] is not None:
            _form(rows, sessions[key], _marks(rating["score"]) | rated.get(key, {}))
    return rows


def words_for_the_lead(dyad: Dyad, *, now: datetime) -> None:
    """Let one client ask for another therapist, and note a year of birth for the own chart."""
    PrivateMessage(
        practice_id=dyad.practice_id,
        dyad=dyad,
        kind=MessageKind.ANOTHER_THERAPIST,
        words=WORDS_FOR_LEAD,
        submission_id=_identifier(dyad.pk, "message"),
        who_sees=message_who_sees(config().words),
        sent_at=now - timedelta(days=2),
    ).save()


def note_birth_year(dyad: Dyad) -> None:
    """Note the year of birth that opens the client's own chart."""
    Client.objects.filter(pk=dyad.client_id).update(birth_year=BIRTH_YEAR)


def _goals(story: Story, own: set[str], dyads: Mapping[str, Dyad]) -> dict[tuple[str, int], Goal]:
    made = {
        (row["dyad_id"], row["goal_no"]): Goal(
            dyad=dyads[row["dyad_id"]],
            words=row["text"],
            made_by="client-link",
            made_at=datetime.combine(row["set_date"], time(17, 0), tzinfo=UTC),
        )
        for row in story.goals
        if row["dyad_id"] in own
    }
    Goal.objects.bulk_create(made.values())
    return made


def _marks(total: float) -> dict[str, float]:
    """Return answers to the brief measure that go with how a session was rated."""
    low = _HIGHEST_ITEM * (1.0 - total / _HIGHEST_TOTAL)
    return {
        "1": float(min(_HIGHEST_ITEM, max(0, round(low)))),
        "2": float(min(_HIGHEST_ITEM, max(0, round(low + 0.4)))),
    }


def _form(rows: BeforeRows, session: Session, values: Mapping[str, float]) -> None:
    measure = measure_of(BEFORE)
    at = datetime.combine(session.held_on, time(16, 50), tzinfo=UTC)
    assignment = Assignment(
        session=session,
        perspective=Perspective.CLIENT,
        measure_id=measure.id,
        measure_version=measure.version,
        moment=Moment.BEFORE,
        made_at=at,
    )
    response = Response(
        assignment=assignment,
        session=session,
        perspective=Perspective.CLIENT,
        measure_id=measure.id,
        measure_version=measure.version,
        moment=Moment.BEFORE,
        submission_id=_identifier(session.pk, "before"),
        payload_sha256=hashlib.sha256(json.dumps(dict(values)).encode()).hexdigest(),
        answered_at=at,
        received_at=at,
        mode="import",
        provenance=Provenance.IMPORT,
        language="en",
        who_sees=before_who_sees(config().words),
    )
    answers = [Answer(response=response, item=item, value=value) for item, value in values.items()]
    rows.assignments.append(assignment)
    rows.responses.append(response)
    rows.answers += answers
    rows.scores += scores_of(response, answers)


def _identifier(*parts: str) -> UUID:
    digest = hashlib.sha256(derived_id(*parts).encode()).digest()
    return UUID(bytes=digest[:16], version=4)
