# SPDX-License-Identifier: Apache-2.0
"""Writing the synthetic clinic into an empty database, scored by the same scorer as any form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction

from attunement.clinic.demo.answered import answer_the_past, name_planted
from attunement.clinic.demo.captured import before_sessions, note_birth_year, words_for_the_lead
from attunement.clinic.demo.loops import tell_loops
from attunement.clinic.demo.story import Story, tell
from attunement.clinic.models import (
    WEEK_MINUTES,
    Answer,
    Assignment,
    CareEpisode,
    Client,
    Dyad,
    Ending,
    Login,
    Practice,
    Prediction,
    Provenance,
    Response,
    Role,
    RotaTurn,
    Score,
    Session,
    Therapist,
    derived_id,
)
from attunement.clinic.services.audit import record
from attunement.clinic.services.derive import scores_of
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.risk.rota import DAY_MINUTES
from attunement.clinic.services.signalling import refresh_signals
from attunement.clinic.services.wording import client_who_sees, therapist_who_sees

PASSWORD = "synthetic-demo-only"  # noqa: S105 -- printed on the terminal; the people never were
THERAPIST_LOGIN, LEAD_LOGIN = "therapist", "lead"
_ENDINGS = {"ongoing": Ending.OPEN, "planned": Ending.PLANNED, "unplanned": Ending.UNPLANNED}


@dataclass(slots=True)
class _Rows:
    """What will be inserted, table by table."""

    assignments: list[Assignment] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seeded:
    """How much was written."""

    n_dyads: int
    n_sessions: int
    n_responses: int
    n_signals: int


def is_empty() -> bool:
    """Whether the database has no practice yet."""
    return not Practice.objects.exists()


def seed(*, now: datetime) -> Seeded:
    """Fill an empty database with the demo's clinic, in one transaction."""
    story = tell(now.date())
    with transaction.atomic():
        practice = Practice.objects.create(name=config().practice_name)
        therapists = _people(story, practice)
        dyads, episodes = _dyads(story, practice, therapists)
        sessions = _sessions(story, dyads, episodes)
        rows = _forms(story, sessions)
        before = before_sessions(story, sessions, dyads)
        rows.assignments += before.assignments
        rows.responses += before.responses
        rows.answers += before.answers
        rows.scores += before.scores
        Assignment.objects.bulk_create(rows.assignments)
        Response.objects.bulk_create(rows.responses)
        Answer.objects.bulk_create(rows.answers)
        Prediction.objects.bulk_create(rows.predictions)
        Score.objects.bulk_create(rows.scores)
        n_signals = sum(refresh_signals(dyad, now=now) for dyad in dyads.values())
        keys = {name: dyad.pk for name, dyad in dyads.items()}
        name_planted(story.planted, keys)
        answer_the_past(story.planted, {pk: name for name, pk in keys.items()}, today=now.date())
        _rota(practice, now=now)
        elsewhere = (r["dyad_id"] for r in story.dyads if r["therapist_id"] != story.showcase)
        words_for_the_lead(dyads[next(elsewhere)], now=now)
        note_birth_year(dyads[story.short])
        tell_loops(story.planted, keys, recent=keys[story.rupture])
        record(
            actor="system",
            action="demo.seed",
            outcome="done",
            now=now,
            target=f"practice:{practice.pk}",
            detail={"n_responses": len(rows.responses)},
        )
    return Seeded(
        n_dyads=len(dyads),
        n_sessions=len(sessions),
        n_responses=len(rows.responses),
        n_signals=n_signals,
    )


def _people(story: Story, practice: Practice) -> dict[str, Therapist]:
    made: dict[str, Therapist] = {}
    for row in story.therapists:
        login = None
        if row["therapist_id"] == story.showcase:
            login = Login.objects.create_user(
                THERAPIST_LOGIN,
                password=PASSWORD,
                role=Role.THERAPIST,
                practice=practice,
                display_name=row["name"],
            )
        made[row["therapist_id"]] = Therapist.objects.create(
            practice=practice, login=login, display_name=row["name"]
        )
    Login.objects.create_user(
        LEAD_LOGIN,
        password=PASSWORD,
        role=Role.LEAD,
        practice=practice,
        display_name="Synthetic Lead",
    )
    return made


def _rota(practice: Practice, *, now: datetime) -> None:
    """Put the two logins on a synthetic rota: the therapist by day, the lead else and next."""
    login = Login.objects.get(username=THERAPIST_LOGIN)
    lead = Login.objects.get(username=LEAD_LOGIN)
    days = [(login, 1, day * DAY_MINUTES + 8 * 60, day * DAY_MINUTES + 18 * 60) for day in range(5)]
    for who, place, starts, ends in (*days, (lead, 2, 0, WEEK_MINUTES)):
        RotaTurn.objects.create(
            practice=practice,
            login=who,
            place=place,
            starts=starts,
            ends=ends,
            made_by="system",
            made_at=now,
        )


def _dyads(
    story: Story, practice: Practice, therapists: Mapping[str, Therapist]
) -> tuple[dict[str, Dyad], dict[str, CareEpisode]]:
    dyads: dict[str, Dyad] = {}
    episodes: dict[str, CareEpisode] = {}
    for row in story.dyads:
        client = Client.objects.create(
            practice=practice,
            code=row["client_id"],
            display_name=story.client_names[row["client_id"]],
        )
        dyad = Dyad.objects.create(
            practice=practice, client=client, therapist=therapists[row["therapist_id"]]
        )
        ongoing = row["ending"] == "ongoing"
        dyads[row["dyad_id"]] = dyad
        episodes[row["dyad_id"]] = CareEpisode.objects.create(
            dyad=dyad,
            began_on=row["start_date"],
            ended_on=None if ongoing else row["end_date"],
            ending=_ENDINGS[row["ending"]],
        )
    return dyads, episodes


def _sessions(
    story: Story, dyads: Mapping[str, Dyad], episodes: Mapping[str, CareEpisode]
) -> dict[tuple[str, int], Session]:
    made = {
        (row["dyad_id"], row["session_no"]): Session(
            dyad=dyads[row["dyad_id"]],
            care_episode=episodes[row["dyad_id"]],
            session_no=row["session_no"],
            held_on=row["session_date"],
            attended=row["attended"],
            modality=row["modality"],
        )
        for row in story.sessions
    }
    Session.objects.bulk_create(made.values())
    return made


def _forms(story: Story, sessions: Mapping[tuple[str, int], Session]) -> _Rows:
    rows = _Rows()
    for rating in story.ratings:
        session = sessions[rating["dyad_id"], rating["session_no"]]
        key = (rating["dyad_id"], rating["session_no"], rating["perspective"])
        _form(rows, rating, session, story.answers.get(key, {}), story.wishes.get(key, ""))
    return rows


def _form(
    rows: _Rows,
    rating: Mapping[str, Any],
    session: Session,
    values: Mapping[str, float],
    wish: str,
) -> None:
    measure = measure_of(rating["measure"])
    filled_at = _evening(session.held_on)
    assignment = Assignment(
        session=session,
        perspective=rating["perspective"],
        measure_id=measure.id,
        measure_version=measure.version,
        made_at=filled_at,
    )
    words = config().words
    by_client = rating["perspective"] == "client"
    response = Response(
        assignment=assignment,
        session=session,
        perspective=rating["perspective"],
        measure_id=measure.id,
        measure_version=measure.version,
        submission_id=_identifier(session.pk, rating["perspective"]),
        payload_sha256=hashlib.sha256(
            json.dumps([dict(values), wish], sort_keys=True).encode()
        ).hexdigest(),
        answered_at=filled_at,
        received_at=filled_at,
        mode="import",
        provenance=Provenance.IMPORT,
        language="en",
        who_sees=client_who_sees(words) if by_client else therapist_who_sees(words),
    )
    answers = [Answer(response=response, item=item, value=value) for item, value in values.items()]
    free = next((item.id for item in measure.items if item.kind == "text"), None)
    if wish and free is not None:
        answers.append(Answer(response=response, item=free, text=wish))
    rows.assignments.append(assignment)
    rows.responses.append(response)
    rows.answers += answers
    rows.scores += scores_of(response, answers)
    if rating["predicted"] is not None:
        rows.predictions.append(Prediction(response=response, value=rating["predicted"]))


def _identifier(session_id: str, perspective: str) -> UUID:
    digest = hashlib.sha256(derived_id(session_id, perspective).encode()).digest()
    return UUID(bytes=digest[:16], version=4)


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(18, 0), tzinfo=UTC)
