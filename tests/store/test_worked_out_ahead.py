# SPDX-License-Identifier: Apache-2.0
"""Forms that are worked out before their turn: the same rows, whatever changes meanwhile."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from attunement.clinic import services
from attunement.clinic.errors import AccessError
from attunement.clinic.models import (
    Dyad,
    Invitation,
    Response,
    RuleSetting,
    Score,
    Session,
    SignalJudgement,
    SignalRecord,
    Therapist,
    TherapistBudget,
    VisibilityChange,
)
from attunement.clinic.models.identifiers import Moments
from attunement.clinic.services import client_forms, therapist_forms
from attunement.clinic.services.audit import verify_chain
from attunement.clinic.services.rebuild import rebuild_scores
from attunement.clinic.services.results import Receipt, ReceiptStatus, Refused
from attunement.clinic.store.ahead import work_out
from attunement.clinic.store.statements import Prepared, insert

pytestmark = [pytest.mark.store]
_DERIVED = (Score, SignalRecord, SignalJudgement)
_A_DYAD = Prepared(lambda pk: Dyad.objects.filter(pk=pk), str)


class _Between:
    """Does something after a form was worked out and before its turn; counts how it was done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.change: Callable[[], object] | None = None
        self.n_anew = 0
        for module in (client_forms, therapist_forms):
            monkeypatch.setattr(module, "work_out", self._work_out)

    def _work_out(self, act: Callable[[], Any]) -> Callable[[], Any]:
        calls = []

        def counted() -> Any:
            calls.append(connection.in_atomic_block)
            return act()

        ready = work_out(counted)
        change, self.change = self.change, None
        if change is not None:
            change()

        def in_turn() -> Any:
            try:
                return ready()
            finally:
                self.n_anew += any(calls)

        return in_turn


@pytest.fixture
def world(world_committed: Any) -> Any:
    if connection.vendor != "sqlite":
        pytest.skip("on PostgreSQL nobody waits for a turn")
    return world_committed


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> _Between:
    return _Between(monkeypatch)


def _rows() -> list[list[dict[str, Any]]]:
    return [list(model.objects.order_by("pk").values()) for model in _DERIVED]


def _as_computed_anew(world: Any) -> bool:
    """Whether every derived row is what all answers together give."""
    before = _rows()
    rebuild_scores(now=world.now)
    return _rows() == before


def _mirror(world: Any, session: Any, value: int = 2, name: UUID | None = None) -> Any:
    return services.record_therapist_response(
        world.therapist,
        session.pk,
        submission_id=name or uuid4(),
        fields=world.fields(value),
        predicted_total="4",
        now=world.now,
    )


def _course(world: Any) -> Any:
    """Five sessions with both forms; return a sixth in which the client has answered."""
    for value in (6, 5, 6, 5, 6):
        session = world.session()
        world.client_answers(session, value)
        world.therapist_answers(session, value)
    session = world.session()
    world.client_answers(session, 1)
    return session


def test_forms_are_worked_out_ahead_and_give_what_all_answers_together_give(
    world: Any, between: _Between
) -> None:
    session = _course(world)
    assert _mirror(world, session).status is ReceiptStatus.CREATED
    assert between.n_anew == 0
    judged = SignalJudgement.objects.filter(session=session)
    assert judged.filter(rule_id="house", flagged=True).exists()
    assert Response.objects.count() == 12
    assert _as_computed_anew(world)
    assert verify_chain().first_bad is None


def _everything() -> dict[str, list[dict[str, Any]]]:
    tables = apps.get_app_config("clinic").get_models()
    return {one.__name__: list(one._default_manager.order_by("pk").values()) for one in tables}


def _undone(send: Callable[[], Any]) -> dict[str, list[dict[str, Any]]]:
    """Send a form inside a transaction, where nothing is ahead; return all rows, and undo it."""
    with transaction.atomic():
        send()
        rows = _everything()
        transaction.set_rollback(True)
    return rows


@pytest.mark.parametrize("chair", ["client", "therapist"])
def test_every_row_of_every_table_is_that_of_a_form_done_in_its_turn(
    world: Any, between: _Between, monkeypatch: pytest.MonkeyPatch, chair: str
) -> None:
    session = _course(world)
    name, grant = uuid4(), None
    if chair == "client":
        session = world.session()
        world.therapist_answers(session, 2)
        grant = _grant(world, session)

    def send() -> Any:
        numbers = iter(range(1, 1000))
        monkeypatch.setattr(secrets, "token_bytes", lambda n: next(numbers).to_bytes(n, "big"))
        monkeypatch.setattr(Moments, "letters", lambda _: "aaaaaa")
        if grant is None:
            return _mirror(world, session, name=name)
        return _send(world, grant, name=name)

    in_turn = _undone(send)
    assert between.n_anew == 1
    assert _everything() != in_turn
    send()
    assert between.n_anew == 1
    assert _everything() == in_turn


def _grant(world: Any, session: Any) -> str:
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    assert grant is not None
    return grant


def _send(world: Any, grant: str, value: int = 1, name: UUID | None = None) -> Any:
    return services.record_client_response(
        grant,
        submission_id=name or uuid4(),
        fields=world.fields(value),
        client_clock=None,
        now=world.now,
    )


def test_the_clients_form_that_comes_meanwhile_is_judged(world: Any, between: _Between) -> None:
    _course(world)
    session = world.session()
    grant = _grant(world, session)
    between.change = lambda: _send(world, grant)
    assert isinstance(_mirror(world, session), Receipt)
    assert between.n_anew == 1
    assert SignalJudgement.objects.filter(session=session).exists()
    assert _as_computed_anew(world)


def test_the_therapists_form_that_comes_meanwhile_is_judged(world: Any, between: _Between) -> None:
    _course(world)
    session = world.session()
    grant = _grant(world, session)
    between.change = lambda: _mirror(world, session)
    assert isinstance(_send(world, grant), Receipt)
    assert between.n_anew == 1
    assert SignalJudgement.objects.filter(session=session).exists()
    assert _as_computed_anew(world)


def test_a_form_that_comes_twice_at_once_is_stored_once(world: Any, between: _Between) -> None:
    session, name = world.session(), uuid4()
    grant = _grant(world, session)
    between.change = lambda: _send(world, grant, name=name)
    assert _send(world, grant, name=name).status is ReceiptStatus.ALREADY_RECEIVED
    between.change = lambda: _mirror(world, session)
    second = _mirror(world, session, value=5)
    assert isinstance(second, Refused)
    assert second.http_status == 410
    assert between.n_anew == 2
    assert Response.objects.count() == 2


def test_a_link_that_is_closed_meanwhile_takes_no_form(world: Any, between: _Between) -> None:
    session = world.session()
    grant = _grant(world, session)

    def close() -> None:
        Invitation.objects.update(revoked_at=world.now, replaced=False)

    between.change = close
    refused = _send(world, grant)
    assert isinstance(refused, Refused)
    assert refused.http_status == 410
    assert not Response.objects.exists()


def test_a_dyad_that_changes_hands_meanwhile_takes_no_form(world: Any, between: _Between) -> None:
    session = world.session()
    other = Therapist.objects.get(login=world.colleague)
    between.change = lambda: Dyad.objects.filter(pk=world.dyad.pk).update(therapist=other)
    with pytest.raises(AccessError):
        _mirror(world, session)
    assert not Response.objects.exists()


def _setting(world: Any) -> None:
    RuleSetting.objects.create(
        practice=world.practice,
        rule_id="house",
        number=1,
        null_rate=0.05,
        horizon=20,
        set_by="synthetic",
        set_at=world.now,
    )


def _budget(world: Any) -> None:
    TherapistBudget.objects.create(
        therapist=world.dyad.therapist, per_week=0, set_by="synthetic", set_at=world.now
    )


def _narrowed(world: Any) -> None:
    VisibilityChange.objects.create(
        response=Response.objects.get(perspective="client", session__session_no=1),
        visibility="sealed",
        changed_by="client-link",
        changed_at=world.now,
    )


def _started(world: Any) -> None:
    world.session()


def _not_held(world: Any) -> None:
    Session.objects.filter(dyad=world.dyad, session_no=2).update(attended="missed")


@pytest.mark.parametrize("change", [_setting, _budget, _narrowed, _started, _not_held])
def test_what_a_judgement_rests_on_may_change_meanwhile(
    world: Any, between: _Between, change: Callable[[Any], None]
) -> None:
    session = _course(world)
    between.change = lambda: change(world)
    assert isinstance(_mirror(world, session), Receipt)
    assert between.n_anew == 1
    found = _about(session)
    assert found[1]
    rebuild_scores(now=world.now)
    assert _about(session) == found


def _about(session: Any) -> list[list[dict[str, Any]]]:
    tables = (SignalRecord, SignalJudgement)
    return [list(one.objects.filter(session=session).order_by("pk").values()) for one in tables]


def test_an_act_that_cannot_be_worked_out_is_done_in_its_turn(world: Any) -> None:
    def asks_django() -> int:
        return Dyad.objects.count()

    def reads_what_it_wrote() -> Any:
        therapist = world.dyad.therapist
        insert([TherapistBudget(therapist=therapist, per_week=1, set_by="x", set_at=world.now)])
        return _A_DYAD.first(world.dyad.pk)

    def asks() -> Any:
        return _A_DYAD.first(world.dyad.pk)

    assert work_out(asks_django) is asks_django
    assert work_out(reads_what_it_wrote) is reads_what_it_wrote
    assert not TherapistBudget.objects.exists()
    assert work_out(asks) is not asks
    with transaction.atomic():
        assert work_out(asks) is asks


def test_what_the_store_refuses_is_refused_in_the_turn(world: Any) -> None:
    budget = TherapistBudget(
        therapist=world.dyad.therapist, per_week=99, set_by="x", set_at=world.now
    )
    ready = work_out(lambda: insert([budget]))
    with pytest.raises(IntegrityError), transaction.atomic():
        ready()
    assert not TherapistBudget.objects.exists()
