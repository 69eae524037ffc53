# SPDX-License-Identifier: Apache-2.0
"""Worlds that differ only in what the client did look the same until the therapist's form is in."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from attunement.clinic import services
from attunement.clinic.models import SignalRecord

pytestmark = pytest.mark.store

# What the client did: nothing, opened the link, sent it with everything left out, answered all 0
# with strain, all 6, left wishes.
DEEDS = ("nothing", "opened", "blank", "zeros", "sixes", "words")
NONCES = {"token", "short_code", "link_path", "invitation_id", "submission_id"}


@contextmanager
def _undone() -> Iterator[None]:
    """Whatever happens inside did not happen afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _client_does(world: Any, issued: Any, deed: str) -> None:
    """Do it through the very link that the therapist's page shows as open."""
    if deed == "nothing":
        return
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    form = services.client_form(str(grant), now=world.now)
    if deed == "opened":
        return
    fields = {
        "blank": {},
        "zeros": world.fields(0, strain=6),
        "sixes": world.fields(6),
        "words": world.fields(3, strain=2, text="canary wish " * 50),
    }[deed]
    answer = services.record_client_response(
        str(grant),
        submission_id=form.submission_id,
        fields=fields,
        client_clock=None,
        now=world.now,
    )
    assert isinstance(answer, services.Receipt)


def _therapist_sees(world: Any, session: Any) -> str:
    """Everything a therapist can ask for, as bytes without the nonces."""
    me, now = world.therapist, world.now + timedelta(minutes=30)
    seen: list[Any] = [
        services.caseload(me, now=now),
        services.signals_this_week(me, now=now),
        services.dyad_overview(me, world.dyad.pk, now=now),
        services.session_overview(me, session.pk, now=now),
        services.session_picture(me, session.pk, now=now),
        services.therapist_form(me, session.pk, now=now),
        services.invite_client(me, session.pk, now=now),
        services.session_overview(me, session.pk, now=now),
    ]
    services.revoke_invitation(me, session.pk, now=now)
    seen.append(services.session_overview(me, session.pk, now=now))
    return json.dumps([_plain(one) for one in seen], sort_keys=True, default=str)


def _plain(result: Any) -> Any:
    found = dataclasses.asdict(result)
    return {name: value for name, value in found.items() if name not in NONCES}


def _world_of(world: Any, session: Any, deed: str) -> str:
    with _undone():
        issued = services.invite_client(world.therapist, session.pk, now=world.now)
        _client_does(world, issued, deed)
        return _therapist_sees(world, session)


def _series(world: Any, n: int) -> None:
    """Give the dyad a past with something to see, so that a leak would have words."""
    for number in range(n):
        session = world.session()
        world.client_answers(session, 5 if number % 2 else 6)
        world.therapist_answers(session, 4)
        world.later(days=7)


@pytest.mark.parametrize("past", [0, 5])
def test_the_therapist_sees_the_same_bytes_until_the_own_form_is_in(world: Any, past: int) -> None:
    _series(world, past)
    session = world.session()
    worlds = {deed: _world_of(world, session, deed) for deed in DEEDS}
    for one, other in itertools.combinations(DEEDS, 2):
        assert worlds[one] == worlds[other], (one, other)
    assert "your_form_open" in worlds["zeros"]
    assert "canary" not in worlds["words"]


def test_a_later_session_does_not_tell_of_a_sealed_one(world: Any) -> None:
    """Session 6 is open to both; session 5 is sealed. Nothing may depend on session 5."""
    _series(world, 4)
    sealed = world.session()
    world.later(days=7)
    after = world.session()
    seen: dict[str, str] = {}
    for deed in ("nothing", "blank", "zeros", "sixes"):
        with _undone():
            issued = services.invite_client(world.therapist, sealed.pk, now=world.now)
            _client_does(world, issued, deed)
            world.client_answers(after, 2, strain=3)
            world.therapist_answers(after, 4)
            me, now = world.therapist, world.now
            found = [
                services.caseload(me, now=now),
                services.signals_this_week(me, now=now),
                services.dyad_overview(me, world.dyad.pk, now=now),
                services.session_picture(me, after.pk, now=now),
                services.session_picture(me, sealed.pk, now=now),
            ]
            seen[deed] = json.dumps(
                [dataclasses.asdict(one) for one in found], sort_keys=True, default=str
            )
            assert SignalRecord.objects.filter(session=after).exists()
    assert seen["nothing"] == seen["blank"] == seen["zeros"] == seen["sixes"]


def test_the_worlds_do_differ_once_both_are_in(world: Any) -> None:
    """The control: the same comparison finds the difference when there is one to find."""
    session = world.session()
    seen = {}
    for value in (0, 6):
        with _undone():
            world.client_answers(session, value)
            world.therapist_answers(session, 4)
            seen[value] = services.session_picture(world.therapist, session.pk, now=world.now)
    assert isinstance(seen[0], services.Revealed)
    assert seen[0].client_total == 0.0
    assert seen[6].client_total == 6.0


def test_after_the_own_form_the_picture_waits_for_the_client_and_then_opens(world: Any) -> None:
    session = world.session()
    before = services.session_picture(world.therapist, session.pk, now=world.now)
    assert isinstance(before, services.Waiting)
    assert before.waiting_for is services.WaitingFor.YOU
    world.therapist_answers(session, 4, predicted="5.5")
    between = services.session_picture(world.therapist, session.pk, now=world.now)
    assert isinstance(between, services.Waiting)
    assert between.waiting_for is services.WaitingFor.CLIENT
    world.client_answers(session, 3, strain=2, text="Slower, please.", i8a="1")
    after = services.session_picture(world.therapist, session.pk, now=world.now)
    assert isinstance(after, services.Revealed)
    assert (after.client_total, after.therapist_total) == (3.0, 4.0)
    assert after.surprise.predicted == 5.5
    assert after.surprise.difference == -2.5
    assert [comment.text for comment in after.comments] == ["Slower, please."]
    assert after.chart.client.values == (3.0,)
    assert {signal.rule_id for signal in after.signals} == {"oac-strain"}
    assert all(signal.why and signal.null_sentence for signal in after.signals)
    pairs = {pair.item: pair for pair in after.items}
    assert (pairs["1"].client_value, pairs["1"].therapist_value) == (3.0, 4.0)
    assert pairs["1"].client_label == "Fairly"  # the option's word for 3
