# SPDX-License-Identifier: Apache-2.0
"""A form without answers, on both stores: no score, no signal, no gap in the series, no alert."""

from __future__ import annotations

from typing import Any

import pytest
from tests.risk_world import on_rota

from attunement.clinic import services
from attunement.clinic.models import Response, RiskAlert, SignalRecord
from attunement.clinic.services.audit import verify_chain
from attunement.clinic.services.chairs import chairs_of
from attunement.clinic.services.learning import learn_models
from attunement.clinic.services.rebuild import rebuild_scores
from attunement.clinic.services.results import Receipt
from attunement.clinic.services.signalling import course_of, keys_of

pytestmark = pytest.mark.store


def _left_out(world: Any, session: Any) -> Any:
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    return services.record_client_response(
        grant,
        submission_id=services.client_form(grant, now=world.now).submission_id,
        fields={"wish": "raise"},
        client_clock=None,
        now=world.now,
    )


@pytest.mark.django_db
def test_it_asks_nothing_and_is_no_missing_form_after_a_dip(world: Any) -> None:
    for value in (5, 5, 5, 2):
        session = world.session()
        world.client_answers(session, value)
        world.therapist_answers(session, 4)
        world.later(days=7)
    before = set(SignalRecord.objects.values_list("pk", flat=True))
    session = world.session()
    assert isinstance(_left_out(world, session), Receipt)
    world.therapist_answers(session, 4)
    assert set(SignalRecord.objects.values_list("pk", flat=True)) == before
    held = chairs_of(world.dyad, now=world.now)
    course = course_of(held, keys_of(held)[0])
    assert course is not None
    assert course.series.values == (5.0, 5.0, 5.0, 2.0, None)
    assert course.sides.expected == (True, True, True, True, False)
    assert services.session_picture(world.therapist, session.pk, now=world.now).client_total is None
    learn_models(world.practice, save=False, now=world.now)
    rows = list(Response.objects.get(session=session, perspective="client").scores.values())
    rebuild_scores(now=world.now)
    kept = Response.objects.get(session=session, perspective="client").scores
    assert list(kept.values()) == rows
    assert verify_chain().first_bad is None


@pytest.mark.django_db
@pytest.mark.usefixtures("risk_site")
def test_a_risk_question_that_was_left_out_raises_nothing(world: Any) -> None:
    on_rota(world.therapist)
    assert isinstance(_left_out(world, world.session()), Receipt)
    assert Response.objects.get().answers.count() == 0
    assert not RiskAlert.objects.exists()
    world.client_answers(world.session(), 5, iharm="2")
    assert RiskAlert.objects.count() == 1  # this site does pass answers on
