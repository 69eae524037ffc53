# SPDX-License-Identifier: Apache-2.0
"""A risk answer is never lost: RK-1 to RK-7, and the connection that is cut before the reply."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from tests.risk_world import Clocks, PostOffice, make_worker, on_rota, stored

from attunement.clinic import services
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.models import (
    AlertState,
    AuditEvent,
    DeliveryState,
    Response,
    RiskAct,
    RiskAlert,
    RiskDelivery,
    RiskOutbox,
)
from attunement.clinic.services.mailing import MailNotSentError
from attunement.clinic.services.risk import acknowledge, alert_list, alert_view, close, raise_for

pytestmark = [pytest.mark.store, pytest.mark.django_db, pytest.mark.usefixtures("risk_site")]


@pytest.fixture
def post() -> PostOffice:
    return PostOffice()


@pytest.fixture
def clocks(world: Any) -> Clocks:
    return Clocks(world.now)


@pytest.fixture
def rota(world: Any) -> Any:
    on_rota(world.therapist)
    on_rota(world.colleague, place=2)
    return world


def alert_of(world: Any, **more: Any) -> RiskAlert:
    """Answer a form through its link and return its only alert."""
    world.client_answers(world.session(), 5, **({"iharm": "2"} | more))
    return RiskAlert.objects.get()


def told(alert: RiskAlert) -> list[tuple[str, int]]:
    rows = RiskDelivery.objects.filter(alert=alert, channel="list").order_by("level", "pk")
    return [(row.login.username, row.level) for row in rows]


def test_answer_is_passed_on_with_the_commit_that_stores_it(world: Any) -> None:
    alert = alert_of(world)
    response = Response.objects.get()
    assert alert.response_id == response.pk
    assert alert.dyad_id == world.dyad.pk
    assert alert.item == "harm"
    assert alert.rule == "safety-c@1:harm>=1"
    assert (alert.answered_at, alert.received_at) == (world.now, world.now)
    assert alert.outbox.state == AlertState.RAISED
    assert AuditEvent.objects.filter(action="alert.raise").count() == 1


@pytest.mark.parametrize(
    ("answers", "items"),
    [
        ({}, []),
        ({"iharm": "0"}, []),
        ({"iharm": ""}, []),
        ({"iharm": "1"}, ["harm"]),
        ({"iothers": "1"}, []),  # its own rule begins at 2
        ({"iothers": "2"}, ["others"]),
        ({"iharm": "3", "iothers": "3"}, ["harm", "others"]),
    ],
)
def test_only_answers_that_meet_their_items_rule_are_passed_on(
    world: Any, answers: dict[str, str], items: list[str]
) -> None:
    world.client_answers(world.session(), 5, **answers)
    assert [alert.item for alert in RiskAlert.objects.order_by("number")] == items
    assert RiskOutbox.objects.count() == len(items)


def test_transaction_that_fails_leaves_neither_answer_nor_alert(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = world.session()

    def fail(**_: Any) -> None:
        message = "the disk is full"
        raise OSError(message)

    monkeypatch.setattr("attunement.clinic.services.risk.raising.record", fail)
    with pytest.raises(OSError, match="full"):
        world.client_answers(session, 5, iharm="2")
    assert not Response.objects.exists()
    assert not RiskAlert.objects.exists()


def test_row_63_connection_cut_before_the_reply_same_receipt_and_one_alert(world: Any) -> None:
    session = world.session()
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    assert grant is not None
    form = services.client_form(grant, now=world.now)

    def send() -> Any:
        return services.record_client_response(
            grant,
            submission_id=form.submission_id,
            fields=world.fields(5, iharm="2"),
            client_clock=None,
            now=world.later(seconds=30),
        )

    first = send()  # stored; the connection is cut before the phone reads this
    again = [send() for _ in range(5)]
    assert first.status == "created"
    assert {each.status for each in again} == {"already_received"}
    assert {each.received_at for each in again} == {first.received_at}
    assert RiskAlert.objects.count() == RiskOutbox.objects.count() == 1


def test_rk1_person_sees_one_alert_however_many_retries(
    rota: Any, clocks: Clocks, post: PostOffice
) -> None:
    alert = alert_of(rota)

    def taken_and_cut(to: str, subject: str, body: str, message_id: str) -> str:
        post.send(to, subject, body, message_id)
        raise MailNotSentError("broken")

    for _ in range(4):
        make_worker(clocks, taken_and_cut).round()
        clocks.pass_time(minutes=2)
    make_worker(clocks, post.send).round()
    address = rota.therapist.email
    assert [to for to, _ in post.copies].count(address) == 5
    assert len(post.shown(address)) == 1
    shown = alert_list(rota.therapist, now=clocks.wall)
    assert [each.public_id for each in shown.open] == [alert.public_id]
    row = RiskDelivery.objects.get(channel="mail", login=rota.therapist)
    assert row.state == DeliveryState.DELIVERED
    assert row.attempts == 5
    assert row.provider_id.startswith("250 queued as")
    assert row.alert.outbox.state == AlertState.DELIVERED


def test_rk1_one_mail_and_one_line_for_a_form_with_two_answers(
    rota: Any, clocks: Clocks, post: PostOffice
) -> None:
    rota.client_answers(rota.session(), 5, iharm="3", iothers="3")
    make_worker(clocks, post.send).round()
    assert len(post.copies) == 1
    shown = alert_list(rota.therapist, now=clocks.wall).open
    assert [each.kinds for each in shown] == [("synthetic thoughts", "synthetic threats")]
    assert len(shown[0].told) == 2  # the list, and one mail
    assert {row.state for row in RiskOutbox.objects.all()} == {AlertState.DELIVERED}
    acknowledge(rota.therapist, shown[0].public_id, now=clocks.wall)
    assert {row.state for row in RiskOutbox.objects.all()} == {AlertState.ACKNOWLEDGED}


def test_rk2_next_on_the_rota_then_the_lead_then_all(
    rota: Any, clocks: Clocks, post: PostOffice
) -> None:
    alert = alert_of(rota)
    worker = make_worker(clocks, post.send)
    seen: dict[int, list[str]] = {}
    for minute in range(61):
        worker.round()
        seen[minute] = [name for name, _ in told(alert)]
        clocks.pass_time(minutes=1)
    assert seen[0] == seen[14] == ["amber"]
    assert seen[15] == seen[29] == ["amber", "birch"]
    assert seen[30] == seen[60] == ["amber", "birch", "lead"]
    assert told(alert) == [("amber", 1), ("birch", 2), ("lead", 3)]
    assert {to for to, _ in post.copies} == {
        each.email for each in (rota.therapist, rota.colleague, rota.lead)
    }


def test_rk2_all_are_the_rota_the_leads_and_the_own_therapist(
    world: Any, clocks: Clocks, post: PostOffice
) -> None:
    monday = 24 * 60
    on_rota(world.colleague, starts=0, ends=monday)  # the clock says Monday
    on_rota(world.supervisor, starts=monday)
    alert = alert_of(world)
    worker = make_worker(clocks, post.send)
    worker.round()
    assert told(alert) == [("birch", 1)]
    clocks.pass_time(minutes=61)
    worker.round()
    assert set(told(alert)) == {("birch", 1), ("supervisor", 2), ("lead", 3), ("amber", 4)}


def test_rk2_nobody_at_a_level_is_no_reason_to_wait(
    world: Any, clocks: Clocks, post: PostOffice
) -> None:
    alert = alert_of(world)  # no rota at all: somebody left since the start of the program
    make_worker(clocks, post.send).round()
    assert told(alert) == [("lead", 3)]


def test_rk2_who_becomes_reachable_later_is_told_later(
    world: Any, clocks: Clocks, post: PostOffice
) -> None:
    for login in (world.lead, world.therapist):
        login.is_active = False
        login.save()
    alert = alert_of_bare(world)
    worker = make_worker(clocks, post.send)
    worker.round()
    assert told(alert) == []
    world.lead.is_active = True
    world.lead.save()
    worker.round()
    assert told(alert) == [("lead", 4)]


def alert_of_bare(world: Any) -> RiskAlert:
    world.therapist.is_active = True
    world.therapist.save()
    session = world.session()
    world.therapist.is_active = False
    world.therapist.save()
    assert raise_for(stored(session, now=world.now), {"harm": 1.0}, now=world.now) == 1
    return RiskAlert.objects.get()


def test_rk2_acknowledging_ends_the_escalation_and_takes_back_what_waits(
    rota: Any, clocks: Clocks, post: PostOffice
) -> None:
    alert = alert_of(rota)

    def refuse(*_: str) -> str:
        raise MailNotSentError("refused")

    worker = make_worker(clocks, refuse)
    worker.round()
    acknowledge(rota.therapist, alert.public_id, now=clocks.wall)
    clocks.pass_time(hours=5)
    worker = make_worker(clocks, post.send)
    worker.round()
    assert told(alert) == [("amber", 1)]
    assert post.copies == []
    assert RiskDelivery.objects.get(channel="mail").state == DeliveryState.NOT_NEEDED


def test_rk2_person_who_left_gets_no_mail(rota: Any, clocks: Clocks, post: PostOffice) -> None:
    alert_of(rota)

    def refuse(*_: str) -> str:
        raise MailNotSentError("refused")

    make_worker(clocks, refuse).round()
    rota.therapist.is_active = False
    rota.therapist.save()
    clocks.pass_time(minutes=3)
    make_worker(clocks, post.send).round()
    assert post.copies == []


def test_rk3_looking_acknowledges_nothing_and_acknowledging_is_written_once(rota: Any) -> None:
    alert = alert_of(rota)
    for login in (rota.therapist, rota.colleague, rota.lead):
        alert_list(login, now=rota.now)
        alert_view(login, alert.public_id, now=rota.now)
    assert not RiskAct.objects.exists()
    assert acknowledge(rota.colleague, alert.public_id, now=rota.later(minutes=1))
    assert not acknowledge(rota.lead, alert.public_id, now=rota.later(minutes=1))
    act = RiskAct.objects.get()
    assert (act.by_id, act.kind) == (rota.colleague.pk, "acknowledged")
    seen = alert_view(rota.lead, alert.public_id, now=rota.now)
    assert seen.acknowledged is not None
    assert seen.acknowledged.name == "Synthetic Birch"


def test_closing_needs_an_acknowledgement_and_a_reason_and_is_kept_sealed(rota: Any) -> None:
    alert = alert_of(rota)
    with pytest.raises(ClinicError) as refusal:
        close(rota.therapist, alert.public_id, reason="Called back.", now=rota.now)
    assert refusal.value.code == "E-CLINIC-032"
    acknowledge(rota.therapist, alert.public_id, now=rota.now)
    for reason in ("", "   ", "x" * 1001, "a\x00b"):
        with pytest.raises(ClinicError):
            close(rota.therapist, alert.public_id, reason=reason, now=rota.now)
    assert close(rota.therapist, alert.public_id, reason="Called back.", now=rota.now)
    assert not close(rota.lead, alert.public_id, reason="Again.", now=rota.now)
    assert "Called back" not in RiskAct.objects.get(kind="closed").reason
    seen = alert_view(rota.lead, alert.public_id, now=rota.now)
    assert seen.closed is not None
    assert seen.closed.reason == "Called back."
    assert alert_list(rota.lead, now=rota.now).closed == (seen,)


def test_acts_and_alerts_are_written_once(rota: Any) -> None:
    alert = alert_of(rota)
    acknowledge(rota.therapist, alert.public_id, now=rota.now)
    for row in (alert, RiskAct.objects.get()):
        with pytest.raises(ClinicError):
            row.save()
        with pytest.raises(ClinicError):
            row.delete()


@pytest.mark.parametrize("who", ["stranger", "operator", "colleague"])
def test_alert_of_others_is_like_none(world: Any, who: str) -> None:
    alert = alert_of(world)  # nobody is on the rota, and nobody was told
    login = getattr(world, who)
    for asked in (alert.public_id, "a" * 26, "../../etc", ""):
        with pytest.raises(AccessError) as refusal:
            alert_view(login, asked, now=world.now)
        assert refusal.value.code == "E-ACCESS-001"
        with pytest.raises(AccessError):
            acknowledge(login, asked, now=world.now)
    if who != "operator":
        assert alert_list(login, now=world.now).open == ()


def test_rk4_mail_holds_no_clinical_word_and_no_name(
    rota: Any, clocks: Clocks, post: PostOffice
) -> None:
    alert = alert_of(rota)
    make_worker(clocks, post.send).round()
    subject, body = post.written[0]
    assert subject == "A response needs review."
    assert body == f"{subject}\n\nhttp://127.0.0.1:8000/review/\n"
    everything = f"{subject}{body}{post.copies[0][1]}".lower()
    for word in ("risk", "harm", "suicid", "safety", "therap", "client", "c-07", "amber"):
        assert word not in everything
    assert alert.public_id not in everything


def test_rk5_worker_writes_a_beat_each_minute_and_its_silence_shows(
    rota: Any, clocks: Clocks, post: PostOffice
) -> None:
    notice_for = services.risk.notice_for
    assert notice_for(rota.therapist, now=clocks.wall).silent  # never worked yet
    worker = make_worker(clocks, post.send)
    worker.round()
    assert not notice_for(rota.therapist, now=clocks.wall).silent
    assert not notice_for(rota.therapist, now=clocks.wall + timedelta(minutes=5)).silent
    assert notice_for(rota.therapist, now=clocks.wall + timedelta(minutes=5, seconds=1)).silent
    # A clock that was set back must not make an old beat look fresh for hours.
    assert notice_for(rota.therapist, now=clocks.wall - timedelta(hours=1)).silent


def test_rk5_while_the_worker_is_silent_everybody_named_sees_what_is_open(rota: Any) -> None:
    alert_of(rota)
    notice_for = services.risk.notice_for
    assert notice_for(rota.colleague, now=rota.now).waiting == 1
    assert notice_for(rota.supervisor, now=rota.now).waiting == 0
    assert notice_for(rota.stranger, now=rota.now).waiting == 0


def test_rk5_monitor_is_asked_each_minute_but_not_while_a_mail_is_stuck(
    rota: Any, clocks: Clocks
) -> None:
    asked: list[float] = []

    def refuse(*_: str) -> str:
        raise MailNotSentError("refused")

    worker = make_worker(clocks, refuse)
    worker._ping = lambda: bool(asked.append(clocks.steady)) or True
    for _ in range(13):
        worker.round()
        clocks.pass_time(seconds=10)
    assert len(asked) == 3
    alert_of(rota)
    for _ in range(60):
        worker.round()
        clocks.pass_time(seconds=10)
    assert 3 < len(asked) <= 3 + 6  # five minutes, then the monitor hears nothing more


def test_rk7_correction_raises_a_new_alert_and_lowering_withdraws_nothing(rota: Any) -> None:
    first = alert_of(rota)
    higher = stored(rota.session(), now=rota.later(minutes=5))
    lower = stored(rota.session(), now=rota.later(minutes=5))
    assert raise_for(higher, {"harm": 3.0}, now=rota.now) == 1
    assert raise_for(lower, {"harm": 0.0}, now=rota.now) == 0
    assert raise_for(higher, {"harm": 3.0}, now=rota.now) == 0  # the same once more
    assert RiskAlert.objects.count() == 2
    assert {row.state for row in RiskOutbox.objects.all()} == {AlertState.RAISED}
    assert alert_list(rota.lead, now=rota.now).open[0].public_id == first.public_id


def test_rl5_late_answer_keeps_both_times_and_says_when_a_clock_cannot_be_right(rota: Any) -> None:
    session = rota.session()
    issued = services.invite_client(rota.therapist, session.pk, now=rota.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=rota.now)
    assert grant is not None
    form = services.client_form(grant, now=rota.now)
    services.record_client_response(
        grant,
        submission_id=form.submission_id,
        fields=rota.fields(5, iharm="1"),
        client_clock="1970-01-01T00:00:00+00:00",
        now=rota.now,
    )
    shown = alert_list(rota.therapist, now=rota.now).open[0]
    assert shown.answered_at is not None
    assert shown.answered_at.year == 1970
    assert shown.received_at == rota.now
    assert shown.clock_suspect


def test_row_93_alerts_stand_in_the_order_they_came_in_whatever_the_clock_says(rota: Any) -> None:
    later, earlier = rota.now + timedelta(hours=1), rota.now
    ids = []
    for moment in (later, earlier):  # the clock was set back in between
        response = stored(rota.session(), now=moment)
        raise_for(response, {"harm": 1.0}, now=moment)
        ids.append(RiskAlert.objects.get(response=response).public_id)
    assert [each.public_id for each in alert_list(rota.lead, now=later).open] == ids


def test_pages_only_site_tells_on_pages_alone(
    rota: Any, clocks: Clocks, post: PostOffice, settings: Any
) -> None:
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, mail=None)
    alert = alert_of(rota)
    make_worker(clocks, post.send).round()
    assert post.copies == []
    assert told(alert) == [("amber", 1)]
    assert RiskOutbox.objects.get().state == AlertState.DELIVERED


def test_alert_in_a_rolled_back_savepoint_is_gone_with_its_answer(rota: Any) -> None:
    session = rota.session()
    with transaction.atomic():
        raise_for(stored(session, now=rota.now), {"harm": 1.0}, now=rota.now)
        transaction.set_rollback(True)
    assert not RiskAlert.objects.exists()
