# SPDX-License-Identifier: Apache-2.0
"""What a form says of risk is passed on although the form itself is not taken, or not yet."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import uuid4

import pytest
from tests.risk_world import Clocks, PostOffice, make_worker, on_rota

from attunement.clinic import services
from attunement.clinic.models import AlertState, Response, RiskAlert
from attunement.clinic.services import paper
from attunement.clinic.services.client_forms import pass_on_untaken
from attunement.clinic.services.risk import alert_list

pytestmark = [pytest.mark.store, pytest.mark.django_db, pytest.mark.usefixtures("risk_site")]


@pytest.fixture
def rota(world: Any) -> Any:
    on_rota(world.therapist)
    return world


def grant_for(world: Any, session: Any) -> str:
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    assert grant is not None
    return grant


def send(world: Any, grant: str, form: Any, **answers: str) -> Any:
    return services.record_client_response(
        grant,
        submission_id=form.submission_id,
        fields=world.fields(5, **answers),
        client_clock=world.now.isoformat(),
        now=world.now,
    )


def test_second_form_that_is_not_taken_still_passes_on_what_it_says_of_risk(
    rota: Any,
) -> None:
    clocks, post = Clocks(rota.now), PostOffice()
    session = rota.session()
    grant = grant_for(rota, session)
    phone, tablet = (services.client_form(grant, now=rota.now) for _ in range(2))
    assert send(rota, grant, phone).status == "created"
    assert not RiskAlert.objects.exists()
    for form in (tablet, tablet, services_form_again(tablet)):
        assert send(rota, grant, form, iharm="3").http_status == 410
    alert = RiskAlert.objects.get()  # once for each question of this form, whoever sends again
    assert alert.response is None
    make_worker(clocks, post.send).round()
    shown = alert_list(rota.therapist, now=clocks.wall).open[0]
    assert not shown.taken
    assert shown.session_no == session.session_no
    assert len(post.copies) == 1


def services_form_again(form: Any) -> Any:
    return dataclasses.replace(form, submission_id=uuid4())


def test_other_content_under_the_same_name_passes_on_what_is_new(rota: Any) -> None:
    grant = grant_for(rota, rota.session())
    form = services.client_form(grant, now=rota.now)
    assert send(rota, grant, form, iharm="2").status == "created"
    assert send(rota, grant, form, iharm="3").http_status == 409
    assert RiskAlert.objects.count() == 1  # that it was said is known
    assert send(rota, grant, form, iharm="2", iothers="3").http_status == 409
    assert [alert.item for alert in RiskAlert.objects.order_by("number")] == ["harm", "others"]


def test_form_whose_link_was_closed_passes_on_what_it_says_of_risk(rota: Any) -> None:
    session = rota.session()
    grant = grant_for(rota, session)
    form = services.client_form(grant, now=rota.now)
    services.revoke_invitation(rota.therapist, session.pk, now=rota.now)
    assert send(rota, grant, form, iharm="1").http_status == 410
    assert RiskAlert.objects.get().outbox.state == AlertState.RAISED
    assert not Response.objects.exists()


@pytest.mark.parametrize("late", [True, False])
def test_form_that_came_late_or_in_part_unreadable_passes_on_what_can_be_read(
    rota: Any, *, late: bool
) -> None:
    grant = grant_for(rota, rota.session())
    form = services.client_form(grant, now=rota.now)
    fields = rota.fields(5, iharm="1") if late else rota.fields(99, iharm="1", iothers="x")
    for _ in range(2):
        pass_on_untaken(
            grant,
            submission_id=form.submission_id,
            fields=fields,
            client_clock=None,
            now=rota.now,
        )
    pass_on_untaken(
        "no such grant",
        submission_id=form.submission_id,
        fields=fields,
        client_clock=None,
        now=rota.now,
    )
    assert [alert.item for alert in RiskAlert.objects.all()] == ["harm"]
    assert not Response.objects.exists()


@pytest.mark.parametrize("double", [True, False])
def test_paper_passes_on_with_its_first_entry_and_once(
    rota: Any, settings: Any, *, double: bool
) -> None:
    capture = dataclasses.replace(settings.ATTUNEMENT.capture, double_entry=double)
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, capture=capture)
    session = rota.session()
    (printed,) = paper.print_forms(rota.therapist, [session.pk], now=rota.now)

    def enter() -> Any:
        return paper.enter_paper(
            rota.lead,
            printed.code,
            submission_id=uuid4(),
            fields=rota.fields(5, iharm="2"),
            total=None,
            now=rota.now,
        )

    enter()
    assert RiskAlert.objects.count() == 1
    assert Response.objects.exists() is not double
    if double:
        enter()
        assert Response.objects.exists()
        assert RiskAlert.objects.count() == 1


def test_form_before_a_session_passes_on_by_its_own_measure(rota: Any, settings: Any) -> None:
    capture = dataclasses.replace(settings.ATTUNEMENT.capture, before="phq-9")
    settings.ATTUNEMENT = dataclasses.replace(
        settings.ATTUNEMENT, capture=capture, client_measure="oac-c", therapist_measure="oac-t"
    )
    grant = grant_for(rota, rota.session())
    form = services.client_form(grant, now=rota.now, moment="before")
    assert form.measure.id == "phq-9"
    assert "always goes to the people" in form.who_sees
    fields = {f"item-{item}": "1" for item in range(1, 10)} | {"moment": "before"}
    received = services.record_client_response(
        grant, submission_id=form.submission_id, fields=fields, client_clock=None, now=rota.now
    )
    assert received.status == "created"
    assert RiskAlert.objects.get().rule == "phq-9@1:9>=1"
