# SPDX-License-Identifier: Apache-2.0
"""A course that is kept for the next form: never another than reading everything again gives."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from attunement.clinic import services
from attunement.clinic.models import (
    Assignment,
    KeptCourse,
    PaperCorrection,
    Response,
    Score,
    Session,
    SignalJudgement,
    SignalRecord,
    VisibilityChange,
)
from attunement.clinic.services import chairs, signalling
from attunement.clinic.services.promises import choose_visibility
from attunement.clinic.services.rebuild import rebuild_scores
from attunement.clinic.services.results import Receipt
from attunement.clinic.services.signalling import refresh_signals
from attunement.clinic.services.widening import ask_to_widen
from attunement.clinic.services.wishes import wish_field

pytestmark = pytest.mark.store
_TABLES = (SignalRecord, SignalJudgement, KeptCourse)


def _rows(world: Any) -> list[list[dict[str, Any]]]:
    return [list(t.objects.filter(dyad=world.dyad).order_by("pk").values()) for t in _TABLES]


def _all_read_again(world: Any) -> list[list[dict[str, Any]]]:
    """Return the rows that come of reading every row; nothing of it stays."""
    with transaction.atomic():
        for table in _TABLES:
            table.objects.filter(dyad=world.dyad).delete()
        refresh_signals(world.dyad, now=world.now)
        found = _rows(world)
        transaction.set_rollback(True)
    return found


def _both(world: Any, value: int = 5, **more: Any) -> Any:
    session = world.session()
    world.client_answers(session, value, **more)
    world.therapist_answers(session)
    world.later(days=7)
    return session


@pytest.fixture
def read_after(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The session number after which each form's course was read."""
    seen: list[int] = []

    def noted(*given: Any, after: int = 0, **more: Any) -> Any:
        seen.append(after)
        return chairs.chairs_of(*given, after=after, **more)

    monkeypatch.setattr(signalling, "chairs_of", noted)
    return seen


def test_a_form_reads_what_came_after_the_last_one(world: Any, read_after: list[int]) -> None:
    for value in (5, 6, 5, 2, 2, 6):
        _both(world, value, strain=5 if value == 2 else 0)
        assert _rows(world) == _all_read_again(world)
    forms = [after for after in read_after if after]
    assert forms == [1, 2, 3, 4, 5]
    kept = KeptCourse.objects.get(dyad=world.dyad)
    assert (kept.upto, kept.measure_id) == (6, "oac-c")
    assert SignalRecord.objects.filter(dyad=world.dyad).count() >= 2


class _Walk:
    """A dyad's life by chance: each step is something that may happen in a practice."""

    def __init__(self, world: Any, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)  # noqa: S311 -- the same life each time
        self.client_open: list[Any] = []  # sessions whose client has not answered
        self.therapist_open: list[Any] = []

    def step(self) -> None:
        steps = (
            (self.both, 6),
            (self.one_chair, 3),
            (self.late_client, 3),
            (self.late_therapist, 3),
            (self.attendance, 1),
            (self.another_mode, 1),
            (self.wish, 1),
            (self.scores_anew, 1),
            (self.told_to_narrow, 1),
        )
        act = self.dice.choices([s for s, _ in steps], [weight for _, weight in steps])[0]
        act()
        self.world.later(days=self.dice.choice((1, 7)))

    def both(self, wishes: Mapping[str, str] = {}) -> None:
        session = self.world.session()
        first = self.dice.random() < 0.5
        if first:
            self.client(session, wishes)
        self.world.therapist_answers(session, self.value())
        if not first:
            self.client(session, wishes)

    def client(self, session: Any, wishes: Mapping[str, str] = {}) -> None:
        world, strain = self.world, self.dice.choice((0, 0, 0, 4))
        issued = services.invite_client(world.therapist, session.pk, now=world.now)
        grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
        assert grant is not None
        received = services.record_client_response(
            grant,
            submission_id=uuid4(),
            fields=world.fields(self.value(), strain=strain) | wishes,
            client_clock=None,
            now=world.now,
        )
        assert isinstance(received, Receipt)

    def value(self) -> int:
        return self.dice.choice((1, 3, 5, 5, 6, 6))

    def one_chair(self) -> None:
        session = self.world.session()
        if self.dice.random() < 0.5:
            self.client(session)
            self.therapist_open.append(session)
        else:
            self.world.therapist_answers(session, self.value())
            self.client_open.append(session)

    def late_client(self) -> None:
        session = self.taken_from(self.client_open)
        if session is not None:
            self.client(session)

    def late_therapist(self) -> None:
        session = self.taken_from(self.therapist_open)
        if session is not None:
            self.world.therapist_answers(session, self.value())

    def taken_from(self, waiting: list[Any]) -> Any:
        """Return a session that waits for a form, and that took place."""
        if not waiting:
            return None
        session = waiting.pop(self.dice.randrange(len(waiting)))
        session.refresh_from_db()
        return session if session.attended == "attended" else None

    def attendance(self) -> None:
        found = self.one_of(Session.objects.filter(dyad=self.world.dyad).order_by("session_no"))
        if found is not None:
            found.attended = "missed" if found.attended == "attended" else "attended"
            found.save()
            self.as_a_service_would()

    def another_mode(self) -> None:
        mode = self.dice.choice(("open", "open", "sealed", "scores"))
        choose_visibility(
            self.world.therapist, self.world.dyad.pk, visibility=mode, now=self.world.now
        )

    def wish(self) -> None:
        self.both({wish_field(self.dice.choice(("1", "8"))): "lead_only"})

    def scores_anew(self) -> None:
        rebuild_scores(now=self.world.now)

    def told_to_narrow(self) -> None:
        found = Response.objects.filter(session__dyad=self.world.dyad, perspective="client")
        response = self.one_of(found.order_by("session__session_no"))
        if response is not None:
            VisibilityChange.objects.create(
                response=response,
                visibility=self.dice.choice(("sealed", "scores")),
                changed_by="client-link",
                changed_at=self.world.now,
            )
            self.as_a_service_would()

    def one_of(self, rows: Any) -> Any:
        return self.dice.choice([None, *rows])

    def as_a_service_would(self) -> None:
        refresh_signals(self.world.dyad, now=self.world.now)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_rows_are_those_of_reading_everything(
    world: Any, read_after: list[int], seed: int
) -> None:
    walk = _Walk(world, seed)
    for _ in range(22):
        walk.step()
        assert _rows(world)[:2] == _all_read_again(world)[:2]
    assert any(read_after)


def _attended(world: Any) -> None:
    Session.objects.filter(dyad=world.dyad, session_no=2).update(attended="missed")


def _mode(world: Any) -> None:
    asked = Assignment.objects.filter(session__dyad=world.dyad, session__session_no=2)
    asked.filter(perspective="client").update(visibility="end")


def _score(world: Any) -> None:
    Score.objects.filter(response__session__dyad=world.dyad, scale="total").update(value=1.0)


def _scores_gone(world: Any) -> None:
    Score.objects.filter(response__session__dyad=world.dyad).delete()


def _narrowed(world: Any) -> None:
    VisibilityChange.objects.create(
        response=_form(world, 2), visibility="sealed", changed_by="x", changed_at=world.now
    )


def _corrected(world: Any) -> None:
    PaperCorrection.objects.create(
        response=_form(world, 2),
        number=1,
        submission_id="00000000-0000-4000-8000-000000000001",
        payload_sha256="0" * 64,
        entered_by="x",
        entered_at=world.now,
    )


def _form(world: Any, number: int) -> Response:
    return Response.objects.get(
        session__dyad=world.dyad, session__session_no=number, perspective="client"
    )


@pytest.mark.parametrize("change", [_attended, _mode, _score, _scores_gone, _narrowed, _corrected])
def test_the_store_drops_it_when_a_row_changes_that_it_was_made_from(
    world: Any, change: Callable[[Any], None]
) -> None:
    for _ in range(3):
        _both(world)
    assert KeptCourse.objects.filter(dyad=world.dyad).exists()
    change(world)
    assert not KeptCourse.objects.exists()


def test_a_row_about_a_form_that_nobody_may_know_of_changes_nothing(world: Any) -> None:
    waiting = world.session()
    _both(world)
    before = list(KeptCourse.objects.values())
    assert before
    world.client_answers(waiting)  # the therapist has not answered that session
    VisibilityChange.objects.create(
        response=_form(world, 1), visibility="sealed", changed_by="x", changed_at=world.now
    )
    Score.objects.filter(response=_form(world, 1)).update(n_answered=0)
    assert list(KeptCourse.objects.values()) == before


def test_it_is_not_kept_where_time_alone_opens_a_form(world: Any) -> None:
    _both(world)
    choose_visibility(world.therapist, world.dyad.pk, visibility="end", now=world.now)
    _both(world)
    assert not KeptCourse.objects.exists()


def test_a_yes_that_opens_an_earlier_form_is_followed_by_all_of_the_form(world: Any) -> None:
    for value in (6, 5, 6):
        _both(world, value)
    choose_visibility(world.therapist, world.dyad.pk, visibility="sealed", now=world.now)
    sealed = _both(world, 1)
    ask_to_widen(world.therapist, sealed.pk, now=world.now)
    choose_visibility(world.therapist, world.dyad.pk, visibility="open", now=world.now)
    session = world.session()
    world.therapist_answers(session)
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    assert grant is not None
    form = services.client_form(grant, now=world.now)
    (asked,) = [one for one in form.extras if one.id.startswith("wider-")]
    services.record_client_response(
        grant,
        submission_id=form.submission_id,
        fields=world.fields(1) | {asked.field: "yes"},
        client_clock=None,
        now=world.now,
    )
    judged = SignalJudgement.objects.filter(session__in=(sealed, session), rule_id="house")
    assert judged.count() == 2
    assert _rows(world) == _all_read_again(world)
