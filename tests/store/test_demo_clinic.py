# SPDX-License-Identifier: Apache-2.0
"""The synthetic clinic: who is there, what stands where, and that it is scored like any form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from attunement.clinic import services
from attunement.clinic.demo.seeding import THERAPIST_LOGIN, is_empty, seed
from attunement.clinic.demo.story import tell
from attunement.clinic.models import AuditEvent, Client, Dyad, Login, Response, Score, Session
from attunement.clinic.services.audit import verify_chain
from attunement.clinic.services.rebuild import rebuild_scores
from attunement.clinic.services.sealing import client_name

pytestmark = [
    pytest.mark.store,
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.one_store,  # the demo has a SQLite file of its own
]
NOW = datetime(2027, 6, 15, 9, 0, tzinfo=UTC)


@pytest.fixture
def seeded(db: None, settings: Any) -> Any:  # noqa: ARG001 -- asks pytest-django for the database
    settings.DATABASES  # noqa: B018 -- the settings are there
    assert is_empty()
    return seed(now=NOW)


def test_the_demo_tells_its_story(seeded: Any) -> None:
    story = tell(NOW.date())
    login = Login.objects.get(username=THERAPIST_LOGIN)
    caseload = services.caseload(login, now=NOW)
    assert seeded.n_dyads == Dyad.objects.count() == 40
    assert 5 <= len(caseload.rows) <= 10
    by_code = {row.client_code: row for row in caseload.rows}
    clients = {row["dyad_id"]: row["client_id"] for row in story.dyads}

    short = by_code[clients[story.short]]
    assert (short.last_session_no, short.n_both_in) == (3, 3)
    assert short.last_held_on == NOW.date() - timedelta(days=7)
    started = services.start_session(
        login, short.dyad_id, held_on=NOW.date(), modality="in_person", now=NOW
    )
    assert started.session_no == 4

    rupture = by_code[clients[story.rupture]]
    overview = services.dyad_overview(login, rupture.dyad_id, now=NOW)
    assert any(signal.rule_id == "oac-strain" for signal in overview.signals)
    assert overview.chart is not None
    values = [value for value in overview.chart.client.values if value is not None]
    signalled = {signal.session_no for signal in overview.signals}
    after = max(overview.chart.client.sessions)
    assert after > max(signalled), "the page shows what came after the repair"
    assert max(values) - min(values) > 1.0


def test_the_calendar_ends_yesterday_at_the_latest(seeded: Any) -> None:
    del seeded
    newest = Session.objects.order_by("-held_on").first()
    assert newest is not None
    assert NOW.date() - timedelta(days=7) <= newest.held_on < NOW.date()


def test_seeded_scores_are_what_a_rebuild_gives(seeded: Any) -> None:
    before = list(Score.objects.order_by("pk").values())
    made = rebuild_scores(now=NOW)
    assert list(Score.objects.order_by("pk").values()) == before
    assert (made.n_responses, made.n_signals) == (seeded.n_responses, seeded.n_signals)
    assert seeded.n_responses == Response.objects.count() > 500


def test_everybody_is_plainly_synthetic(seeded: Any) -> None:
    del seeded
    names = {client_name(client) for client in Client.objects.all()}
    assert all(name.startswith("Synthetic Client") for name in names)
    assert not is_empty()
    assert AuditEvent.objects.filter(action="demo.seed").count() == 1
    assert verify_chain().first_bad is None
