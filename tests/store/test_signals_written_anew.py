# SPDX-License-Identifier: Apache-2.0
"""Signals that were brought up to date row by row are those that writing all of them gives."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from attunement.clinic.models import SignalJudgement, SignalRecord
from attunement.clinic.services.signalling import refresh_signals

pytestmark = pytest.mark.store
# A strained session, a fall that lasts, a repair: questions come, stand, and end.
_COURSE = ((5, 0), (5, 0), (4, 4), (5, 0), (1, 2), (1, 0), (1, 0), (5, 0))


def _rows(dyad: Any) -> list[list[dict[str, Any]]]:
    return [
        list(model.objects.filter(dyad=dyad).order_by("pk").values())
        for model in (SignalRecord, SignalJudgement)
    ]


def test_row_by_row_is_as_all_at_once(world: Any) -> None:
    for value, strain in _COURSE:
        world.later(days=7)
        session = world.session()
        world.client_answers(session, value, strain=strain)
        world.therapist_answers(session)
        step_by_step = _rows(world.dyad)
        SignalRecord.objects.filter(dyad=world.dyad).delete()
        SignalJudgement.objects.filter(dyad=world.dyad).delete()
        refresh_signals(world.dyad, now=world.now)
        assert _rows(world.dyad) == step_by_step
    signals, judgements = _rows(world.dyad)
    assert len(signals) > 1
    assert len(judgements) > len(_COURSE)


def test_a_second_look_writes_nothing(world: Any) -> None:
    for _ in range(3):
        session = world.session()
        world.client_answers(session, 5, strain=4)
        world.therapist_answers(session)
    before = _rows(world.dyad)
    with CaptureQueriesContext(connection) as captured:
        refresh_signals(world.dyad, now=world.now)
    written = [q["sql"] for q in captured if not q["sql"].startswith("SELECT")]
    assert written == []
    assert _rows(world.dyad) == before


def test_a_row_that_somebody_changed_is_put_right(world: Any) -> None:
    session = world.session()
    world.client_answers(session, 5, strain=4)
    world.therapist_answers(session)
    before = _rows(world.dyad)
    SignalRecord.objects.filter(dyad=world.dyad).update(sentence="not what was found")
    SignalJudgement.objects.filter(dyad=world.dyad).update(flagged=True)
    refresh_signals(world.dyad, now=world.now)
    assert _rows(world.dyad) == before
