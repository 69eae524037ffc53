# SPDX-License-Identifier: Apache-2.0
"""A week's places go by evidence, not by when something was found; what was shown keeps its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from attunement.clinic.models import CareEpisode, Client, Dyad, SignalRecord, SignalShown
from attunement.clinic.models.identifiers import derived_id
from attunement.clinic.services.week import take_week

pytestmark = pytest.mark.store


def _question(world: Any, code: str, *, days_ago: int, **strength: Any) -> str:
    """Write a session with one question of a given strength; return the session's id."""
    client = Client.objects.create(practice=world.practice, code=code, display_name="Synthetic")
    dyad = Dyad.objects.create(
        practice=world.practice, client=client, therapist=world.therapist.therapist
    )
    CareEpisode.objects.create(dyad=dyad, began_on=world.now.date() - timedelta(days=60))
    world.now -= timedelta(days=days_ago)
    session = world.session(dyad=dyad)
    world.later(days=days_ago)
    SignalRecord.objects.create(
        id=derived_id("signal", session.pk, "house"),
        dyad=dyad,
        session=session,
        perspective="client",
        rule_id="house",
        rule_version="1",
        title="Synthetic",
        question="Synthetic?",
        inputs={},
        sentence="Synthetic.",
        why="Synthetic.",
        null_sentence="Synthetic.",
        source="Synthetic.",
        raised_at=world.now - timedelta(days=days_ago),
        **strength,
    )
    return str(session.pk)


def _week(world: Any) -> tuple[list[str], list[str]]:
    found = take_week(world.therapist.therapist, now=world.now)
    return (
        [one.session_id for one in found.shown],
        [one.session_id for one in found.listed],
    )


def test_the_strongest_evidence_has_the_places_whatever_was_found_first(world: Any) -> None:
    weak = _question(world, "A-1", days_ago=9, probability=0.55)
    # At its limit a statistic counts 1 / (1 + 1) = 0.5, at four times the limit 4 / 5 = 0.8.
    strong = _question(world, "A-2", days_ago=2, excess=4.0)
    at_limit = _question(world, "A-3", days_ago=12, excess=1.0)
    newer = _question(world, "A-4", days_ago=1, probability=0.7)
    older = _question(world, "A-5", days_ago=3, probability=0.7)
    shown, listed = _week(world)
    assert shown == [strong, older]  # of two that are equal the older one
    assert listed == [newer, weak, at_limit]  # every one that has no place, and none lost
    assert set(SignalShown.objects.values_list("session_id", flat=True)) == {strong, older}


def test_what_was_shown_keeps_its_place_until_monday_and_then_competes_again(world: Any) -> None:
    weak = _question(world, "A-1", days_ago=5, probability=0.51)
    weaker = _question(world, "A-2", days_ago=6, probability=0.5)
    assert _week(world) == ([weak, weaker], [])
    strong = _question(world, "A-3", days_ago=0, probability=0.99)
    said = _question(world, "A-4", days_ago=0, said=True)
    assert _week(world) == ([weak, weaker], [said, strong])
    world.later(days=7)  # a new week
    assert _week(world) == ([said, strong], [weak, weaker])
