# SPDX-License-Identifier: Apache-2.0
"""A form is stored once, however often and however many at a time it is sent."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from attunement.clinic import services
from attunement.clinic.models import Answer, AuditEvent, Invitation, Response, Score, SignalRecord
from attunement.clinic.services.audit import verify_chain
from attunement.clinic.services.results import Receipt, ReceiptStatus, Refused

pytestmark = pytest.mark.store


def _grant(world: Any, session: Any) -> str:
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    assert grant is not None
    return grant


def _send(world: Any, grant: str, fields: dict[str, Any], identifier: UUID) -> Receipt | Refused:
    return services.record_client_response(
        grant,
        submission_id=identifier,
        fields=fields,
        client_clock=None,
        now=world.now,
    )


def test_row_59_resend_same_content_gives_the_same_receipt(world: Any, filled_form: Any) -> None:
    session = world.session()
    grant, identifier = _grant(world, session), uuid4()
    first = _send(world, grant, filled_form(5), identifier)
    world.later(minutes=5)
    again = _send(world, grant, filled_form(5), identifier)
    assert isinstance(first, Receipt)
    assert first.status is ReceiptStatus.CREATED
    assert isinstance(again, Receipt)
    assert again.status is ReceiptStatus.ALREADY_RECEIVED
    assert again.received_at == first.received_at
    assert Response.objects.count() == 1
    assert Answer.objects.count() == 8


def test_row_60_resend_other_content_is_409_and_the_first_is_kept(
    world: Any, filled_form: Any
) -> None:
    session = world.session()
    grant, identifier = _grant(world, session), uuid4()
    _send(world, grant, filled_form(5), identifier)
    other = _send(world, grant, filled_form(1), identifier)
    assert isinstance(other, Refused)
    assert other.http_status == 409
    assert set(Answer.objects.exclude(item="8").values_list("value", flat=True)) == {5.0}


def test_another_submission_of_a_used_link_is_410(world: Any, filled_form: Any) -> None:
    session = world.session()
    grant = _grant(world, session)
    _send(world, grant, filled_form(5), uuid4())
    other = _send(world, grant, filled_form(5), uuid4())
    assert isinstance(other, Refused)
    assert other.http_status == 410
    assert Response.objects.count() == 1


def test_a_second_therapist_form_is_410(world: Any) -> None:
    session = world.session()
    form = services.therapist_form(world.therapist, session.pk, now=world.now)
    again = services.therapist_form(world.therapist, session.pk, now=world.now)
    assert form.submission_id != again.submission_id

    def send(identifier: UUID) -> Receipt | Refused:
        return services.record_therapist_response(
            world.therapist,
            session.pk,
            submission_id=identifier,
            fields={"item-1": "3"},
            predicted_total="4",
            now=world.now,
        )

    assert isinstance(send(form.submission_id), Receipt)
    second = send(again.submission_id)
    assert isinstance(second, Refused)
    assert second.http_status == 410
    assert services.therapist_form(world.therapist, session.pk, now=world.now) == (
        services.AlreadyIn(session_id=session.pk)
    )


def test_prediction_is_part_of_the_content(world: Any) -> None:
    session = world.session()
    identifier = uuid4()

    def send(predicted: str) -> Receipt | Refused:
        return services.record_therapist_response(
            world.therapist,
            session.pk,
            submission_id=identifier,
            fields={"item-1": "3"},
            predicted_total=predicted,
            now=world.now,
        )

    assert isinstance(send("4"), Receipt)
    other = send("5")
    assert isinstance(other, Refused)
    assert other.http_status == 409


def test_link_is_consumed_by_the_commit_and_by_nothing_before(world: Any, filled_form: Any) -> None:
    session = world.session()
    grant = _grant(world, session)
    services.client_form(grant, now=world.now)
    refused = _send(world, grant, {"item-1": "7"}, uuid4())
    assert isinstance(refused, Refused)
    assert Invitation.objects.get().consumed_at is None
    _send(world, grant, filled_form(5), uuid4())
    assert Invitation.objects.get().consumed_at == world.now


def test_a_refused_form_changes_nothing_but_one_audit_event(world: Any) -> None:
    session = world.session()
    grant = _grant(world, session)
    before = AuditEvent.objects.count()
    for fields in ({"item-1": "9"}, {"item-1": "3 "}, {"item-9": "a\0"}, {"item-9": "x" * 10_001}):
        refused = _send(world, grant, fields, uuid4())
        assert isinstance(refused, Refused)
        assert refused.http_status == 422
    assert AuditEvent.objects.count() == before + 4
    assert Response.objects.count() == Answer.objects.count() == Score.objects.count() == 0


def test_scores_and_signals_roll_back_with_the_response(
    world: Any, filled_form: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = world.session()
    world.therapist_answers(session, 4)  # the client's form is the one that opens both
    before = (Response.objects.count(), Score.objects.count(), SignalRecord.objects.count())
    grant = _grant(world, session)

    def breaks(*_: object, **__: object) -> int:
        message = "the rule broke"
        raise RuntimeError(message)

    monkeypatch.setattr("attunement.clinic.services.derive.Derived.write", breaks)
    with pytest.raises(RuntimeError):
        _send(world, grant, filled_form(5), uuid4())
    after = (Response.objects.count(), Score.objects.count(), SignalRecord.objects.count())
    assert after == before
    assert Invitation.objects.get().consumed_at is None


class _Race:
    """Calls a function in many threads at once and keeps what came back."""

    def __init__(self, n: int, call: Any) -> None:
        self.results: list[Any] = []
        self._barrier = threading.Barrier(n)
        self._call = call
        threads = [threading.Thread(target=self._run, args=(number,)) for number in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)

    def _run(self, number: int) -> None:
        try:
            self._barrier.wait(timeout=60)
            self.results.append(self._call(number))
        except Exception as problem:  # noqa: BLE001 -- the test looks at it
            self.results.append(problem)
        finally:
            connection.close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_row_59_fifty_submissions_at_once_store_exactly_one(
    world_committed: Any, filled_form: Any
) -> None:
    world = world_committed
    session = world.session()
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grants = [
        services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
        for _ in range(50)
    ]
    race = _Race(50, lambda n: _send(world, grants[n], filled_form(n % 7), uuid4()))
    statuses = [
        "created" if isinstance(r, Receipt) else r.http_status if isinstance(r, Refused) else r
        for r in race.results
    ]
    assert sorted(statuses, key=str) == [410] * 49 + ["created"]
    assert Response.objects.count() == 1
    assert Invitation.objects.get().consumed_at is not None
    assert verify_chain().first_bad is None


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_row_59_fifty_deliveries_of_one_submission_get_one_receipt(
    world_committed: Any, filled_form: Any
) -> None:
    world = world_committed
    session = world.session()
    grant, identifier = _grant(world, session), uuid4()
    race = _Race(50, lambda _: _send(world, grant, filled_form(5), identifier))
    assert all(isinstance(result, Receipt) for result in race.results), race.results
    statuses = [result.status for result in race.results]
    assert statuses.count(ReceiptStatus.CREATED) == 1
    assert Response.objects.count() == 1
