# SPDX-License-Identifier: Apache-2.0
"""What was said before a session, on the therapist's page: at once, and only where it is open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.clinic_world import World, opened, submission_id, without_nonces

from attunement.clinic.config.model import Capture
from attunement.clinic.models import EpisodeVisibility

PAGE = "/clients/{}/before"


@pytest.fixture
def asked_before(settings: Any) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(before="phq-2"))


def _say(world: World, session_id: str, **sent: str) -> None:
    browser = opened(world.invite(session_id)[0])
    mark = next(name for name in browser.cookies if name.startswith("c_")).removeprefix("c_")
    page = browser.get(f"/c/form?f={mark}&m=before")
    given = {"moment": "before", "item-1": "1", "item-2": "2", **sent}
    answer = browser.post("/c/form", given | {"submission_id": submission_id(page)})
    assert answer.status_code == 303


@pytest.mark.usefixtures("asked_before")
def test_the_therapist_reads_it_before_meeting(world: World) -> None:
    staff = world.browser()
    asking = f"/clients/{world.dyad.pk}/asking"
    staff.post(asking, {"act": "goal", "words": "Synthetic <b>goal</b>"})
    assert "Synthetic &lt;b&gt;goal&lt;/b&gt;" in staff.get(asking).content.decode()
    goal = world.dyad.goals.get().pk
    for at, rating in enumerate(("4", "6")):
        session_id = world.start(days_ago=7 - 7 * at)
        _say(world, session_id, **{f"extra-goal-{goal}": rating, "item-1": str(1 + at)})
    page = staff.get(PAGE.format(world.dyad.pk)).content.decode()
    assert "Before session 2 they said" in page
    assert "PHQ-2: <strong>4</strong> on 0 to 6 (the time before: 3)" in page
    assert "Synthetic &lt;b&gt;goal&lt;/b&gt;</q>: 6 of 10 (the time before: 4)" in page


@pytest.mark.usefixtures("asked_before")
def test_a_mode_that_hides_hides_this_too(world: World) -> None:
    from django.utils import timezone  # noqa: PLC0415 -- for this row alone

    EpisodeVisibility(
        care_episode=world.dyad.care_episodes.get(),
        visibility="sealed",
        set_by="test",
        set_at=timezone.now(),
    ).save()
    staff = world.browser()
    session_id = world.start()
    before = without_nonces(staff.get(PAGE.format(world.dyad.pk)))
    _say(world, session_id)
    assert without_nonces(staff.get(PAGE.format(world.dyad.pk))) == before
    assert b"they said" not in before[2]


@pytest.mark.usefixtures("asked_before")
def test_how_often_is_set_on_the_page(world: World) -> None:
    staff = world.browser()
    asking = f"/clients/{world.dyad.pk}/asking"
    sent = {"act": "schedule", "kind": "numbers", "numbers": "1, 3", "every": "4"}
    assert staff.post(asking, sent).status_code == 303
    wrong = {"act": "schedule", "kind": "numbers", "numbers": "one", "every": "4"}
    assert staff.post(asking, wrong).status_code == 422
    assert staff.post(asking, {"act": "goal", "words": ""}).status_code == 422
    assert staff.post(asking, {"act": "goal", "words": "x" * 301}).status_code == 422
    assert (
        staff.post(
            asking, {"act": "remind", "channel": "mail", "address": "a@b.example"}
        ).status_code
        == 422
    )
    assert "sends no reminders" in staff.get(asking).content.decode()
    assert staff.post(asking, {"act": "end-goal", "goal": "' OR 1=1"}).status_code == 303
