# SPDX-License-Identifier: Apache-2.0
"""What was asked before or between sessions never counts as the form after one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import uuid4

import pytest

from attunement.clinic import services
from attunement.clinic.models import (
    Assignment,
    Moment,
    Perspective,
    Response,
    Score,
    SignalJudgement,
    SignalRecord,
)
from attunement.clinic.services.chairs import chairs_of
from attunement.clinic.services.derive import derive
from attunement.clinic.services.evidence import audited, known_of
from attunement.clinic.services.fields import parse_form
from attunement.clinic.services.forms import measure_of
from attunement.clinic.services.in_force import Past
from attunement.clinic.services.learning import learn_models
from attunement.clinic.services.rebuild import rebuild_scores
from attunement.clinic.services.submission import Parcel, store

pytestmark = pytest.mark.store


def _other_moment(session: Any, moment: str, perspective: str, value: int, now: Any) -> None:
    """Store a form of the same measure at another moment: the one most easily taken for it."""
    measure_id = "oac-c" if perspective == Perspective.CLIENT else "oac-t"
    assignment = Assignment.objects.create(
        session=session,
        perspective=perspective,
        measure_id=measure_id,
        measure_version=measure_of(measure_id).version,
        moment=moment,
        made_at=now,
    )
    sent = {f"item-{number}": str(value) for number in range(1, 8)} | {"item-8": "6"}
    parcel = Parcel(
        submission_id=uuid4(),
        form=parse_form(measure_of(measure_id), sent),
        predicted_total=None,
        client_clock=None,
        mode="link",
        language="en",
        who_sees="synthetic",
    )
    store(assignment, parcel, now=now)


def _seen(world: Any, sessions: list[Any]) -> list[Any]:
    """Everything that is drawn, counted, asked or learned from a dyad's forms."""
    me, now = world.therapist, world.now
    chairs = [
        (c.session.pk, c.state, c.both_at, c.client and c.client.values, c.therapist is None)
        for c in chairs_of(world.dyad, now=now)
    ]
    past = Past.of(world.dyad)
    return [
        chairs,
        asdict(services.caseload(me, now=now)),
        asdict(services.dyad_overview(me, world.dyad.pk, now=now)),
        [asdict(services.session_overview(me, s.pk, now=now)) for s in sessions],
        [asdict(services.session_picture(me, s.pk, now=now)) for s in sessions],
        [type(services.therapist_form(me, s.pk, now=now)).__name__ for s in sessions],
        asdict(services.signals_this_week(me, now=now)),
        list(SignalRecord.objects.order_by("pk").values()),
        list(SignalJudgement.objects.order_by("pk").values()),
        asdict(services.rule_audit(world.lead, now=now)),
        audited(world.practice.pk),
        known_of(world.practice.pk),
        learn_models(world.practice, save=False, now=now),
        past.sessions_per_week(now),
    ]


@pytest.fixture
def course(world: Any) -> list[Any]:
    """Six sessions from both chairs, one the client has not answered, one nobody has."""
    sessions = []
    for value in (6, 5, 6, 5, 6, 2):
        session = world.session()
        world.client_answers(session, value, strain=4 if value == 2 else 0)
        world.therapist_answers(session, 4)
        world.later(days=7)
        sessions.append(session)
    sessions.append(world.session())
    world.therapist_answers(sessions[-1], 4)
    sessions.append(world.session())
    return sessions


@pytest.mark.one_store  # what the services make of the same rows
@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.BETWEEN])
@pytest.mark.parametrize("perspective", [Perspective.CLIENT, Perspective.THERAPIST])
def test_a_form_of_another_moment_changes_nothing_that_is_seen(
    world: Any, course: list[Any], moment: str, perspective: str
) -> None:
    services.signals_this_week(world.therapist, now=world.now)
    rebuild_scores(now=world.now)  # rules look over the sessions started since, too
    before = _seen(world, course)
    for session in course:
        _other_moment(session, moment, perspective, 1, world.now)
    assert Response.objects.filter(moment=moment).count() == len(course)
    assert Score.objects.filter(response__moment=moment, value__isnull=False).exists()
    after = _seen(world, course)
    assert [i for i, one in enumerate(before) if one != after[i]] == []
    rebuild_scores(now=world.now)
    assert _seen(world, course) == before


def test_the_form_after_does_count(world: Any, course: list[Any]) -> None:
    """The comparison above can tell: the same answers as the form after a session show."""
    before = _seen(world, course)
    world.client_answers(course[-2], 1)
    assert _seen(world, course) != before


def test_a_form_of_another_moment_has_scores_and_no_signals(world: Any) -> None:
    session = world.session()
    _other_moment(session, Moment.BEFORE, Perspective.CLIENT, 1, world.now)
    response = Response.objects.get()
    Score.objects.filter(response=response).delete()
    answers = [a for a in response.answers.all() if a.value is not None]
    derive(response, answers, now=world.now).write()
    assert Score.objects.get(response=response, scale="total").value == 1.0
    assert not SignalJudgement.objects.exists()


def test_both_forms_of_a_link_are_separate_rows(world: Any) -> None:
    session = world.session()
    _other_moment(session, Moment.BEFORE, Perspective.CLIENT, 1, world.now)
    world.client_answers(session, 5)
    moments = Response.objects.order_by("moment").values_list("moment", flat=True)
    assert list(moments) == ["after", "before"]
