# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from attunement.clinic.models import Dyad, Score, SignalRecord
from attunement.clinic.services.course import score_step
from attunement.clinic.services.rebuild import rebuild_scores
from attunement.clinic.services.signalling import refresh_signals
from attunement.measures import load

pytestmark = pytest.mark.store


def _rows() -> tuple[list[Any], list[Any]]:
    return (
        list(Score.objects.order_by("pk").values()),
        list(SignalRecord.objects.order_by("pk").values()),
    )


@pytest.fixture
def course(world: Any) -> Any:
    for value in (6, 5, 6, 5, 6, 2, 5):
        session = world.session()
        world.client_answers(session, value, strain=4 if value == 2 else 0, text="Synthetic.")
        world.therapist_answers(session, 4)
        world.later(days=7)
    return world


def test_rebuilding_gives_identical_rows(course: Any) -> None:
    before = _rows()
    made = rebuild_scores(now=course.now)
    assert _rows() == before
    assert (made.n_responses, made.n_scores) == (14, len(before[0]))
    assert made.n_signals == len(before[1]) > 0


def test_rebuilding_mends_a_score_that_was_changed(course: Any) -> None:
    before = _rows()
    Score.objects.filter(scale="total").update(value=0.5)
    SignalRecord.objects.all().delete()
    rebuild_scores(now=course.now)
    assert _rows() == before


@pytest.mark.usefixtures("course")
def test_scores_are_the_scorers_own() -> None:
    # Session 1: every item 6, so the total (mean of items 1-7) is 6; strain is item 8 itself.
    first = Score.objects.filter(response__session__session_no=1, response__perspective="client")
    values = {score.scale: (score.value, score.n_answered, score.n_items) for score in first}
    assert values["total"] == (6.0, 7, 7)
    assert values["strain"] == (0.0, 1, 1)
    repair = first.get(scale="repair")
    assert repair.value is None
    assert repair.reason


@pytest.mark.usefixtures("course")
def test_the_dip_is_a_signal_at_its_session_and_nowhere_else() -> None:
    found = SignalRecord.objects.filter(rule_id="house")
    assert [row.session.session_no for row in found] == [6]
    assert found.get().value == 2.0
    assert found.get().null_sentence.startswith("In 100 people without any rupture")
    assert 0.0 < found.get().null_rate < 0.2


def test_refreshing_twice_changes_nothing(course: Any) -> None:
    before = _rows()
    refresh_signals(Dyad.objects.get(pk=course.dyad.pk), now=course.now)
    assert _rows() == before


def test_the_step_of_a_mean_is_a_share_of_an_items_step() -> None:
    oac = load("oac-c")
    assert score_step(oac, oac.scale("total")) == pytest.approx(1 / 7)
    phq = load("phq-9")
    assert score_step(phq, phq.scale("total")) == 1.0
