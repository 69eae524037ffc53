# SPDX-License-Identifier: Apache-2.0
"""Thresholds that somebody chose stand beside the chart; they ask, store and count nothing."""

from __future__ import annotations

from typing import Any

import pytest

from attunement.clinic import services
from attunement.clinic.models import SignalJudgement, SignalRecord
from attunement.clinic.services.chairs import chairs_of
from attunement.clinic.services.evidence import audited
from attunement.clinic.services.notes import notes_of
from attunement.clinic.services.signalling import refresh_signals
from attunement.signals import OAC_NOTES

pytestmark = pytest.mark.store
NOTED = {one.id for one in OAC_NOTES}


def rated(world: Any, client: int, therapist: int) -> Any:
    world.later(days=7)
    session = world.session()
    world.client_answers(session, client)
    world.therapist_answers(session, therapist)
    return session


def test_notes_name_their_sessions_rule_and_rate(world: Any) -> None:
    for _ in range(4):
        rated(world, 4, 4)
    rated(world, 3, 5)  # a point below the middle of 4, 4, 4, 4; two points apart
    rated(world, 2, 5)  # two points below the middle of 4, 4, 4, 4, 3; three apart: twice running
    notes = {one.rule_id: one for one in notes_of(chairs_of(world.dyad, now=world.now))}
    assert {key: [line.session_no for line in one.lines] for key, one in notes.items()} == {
        "oac-below-own-median": [6, 5],
        "oac-low-item": [6],
        "oac-gap-of-chairs": [6],
    }
    median = notes["oac-below-own-median"]
    assert (
        median.goes_by == "the total lies 1 or more below the middle of at least 4 earlier totals"
    )
    assert median.rate.startswith("In 100 stable series like this one (6 sessions, nothing wrong)")
    assert "8 to 32 in 100 people" in notes["oac-gap-of-chairs"].rate
    only = notes_of(chairs_of(world.dyad, now=world.now), session_no=5)
    assert [(one.rule_id, [line.session_no for line in one.lines]) for one in only] == [
        ("oac-below-own-median", [5])
    ]


def test_a_note_is_no_signal_and_no_judgement(world: Any) -> None:
    for _ in range(3):
        rated(world, 2, 2)  # every answer is low, in every session
    overview = services.dyad_overview(world.therapist, world.dyad.pk, now=world.now)
    assert [one.rule_id for one in overview.notes] == ["oac-low-item"]
    assert overview.signals == ()
    assert not SignalJudgement.objects.filter(rule_id__in=NOTED).exists()
    assert not NOTED & {one.rule_id for one in audited(world.practice.pk)}
    week = services.signals_this_week(world.therapist, now=world.now)
    assert (week.shown, week.listed, week.older) == ((), (), ())


def test_a_note_tells_nothing_of_a_sealed_session(world: Any) -> None:
    rated(world, 5, 5)
    sealed = world.session()
    world.client_answers(sealed, 0)
    assert notes_of(chairs_of(world.dyad, now=world.now)) == ()


def test_questions_that_an_earlier_version_raised_are_gone_after_a_rebuild(world: Any) -> None:
    session = rated(world, 2, 2)
    SignalRecord(
        id="0" * 26,
        dyad=world.dyad,
        session=session,
        perspective="client",
        title="Synthetic",
        rule_id="oac-low-item",
        rule_version="1",
        inputs={},
        null_sentence="-",
        source="-",
    ).save()
    refresh_signals(world.dyad, now=world.now)
    assert not SignalRecord.objects.filter(rule_id__in=NOTED).exists()
