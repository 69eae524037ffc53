# SPDX-License-Identifier: Apache-2.0
"""The synthetic clinic's conversations: each page of the loop has something to show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from attunement.clinic.demo.seeding import LEAD_LOGIN, THERAPIST_LOGIN, seed
from attunement.clinic.models import AgreedChange, Dyad, Login
from attunement.clinic.services.loop.before import before
from attunement.clinic.services.loop.closure import own_closure, practice_closure
from attunement.clinic.services.loop.day import day_list
from attunement.clinic.services.loop.ledger import ledger
from attunement.clinic.services.loop.together import together
from attunement.signals.ledger import State

pytestmark = [
    pytest.mark.store,
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.one_store,  # the demo has a SQLite file of its own
]
NOW = datetime(2027, 6, 15, 9, 0, tzinfo=UTC)


def test_every_page_of_the_loop_has_something_to_show(db: None, settings: Any) -> None:
    del db
    settings.DATABASES  # noqa: B018 -- the settings are there
    seed(now=NOW)
    therapist = Login.objects.get(username=THERAPIST_LOGIN)
    day = day_list(therapist, now=NOW)
    assert day.needs
    assert len(day.needs) <= day.budget
    assert day.waiting
    assert day.expected

    lead = Login.objects.get(username=LEAD_LOGIN)
    practice = practice_closure(lead, now=NOW)
    assert practice is not None
    assert 0 < practice.n_closed < practice.n_asked
    assert own_closure(therapist, now=NOW).n_asked > 0

    dyads = Dyad.objects.filter(therapist__login=therapist)
    ledgers = [ledger(therapist, dyad.pk, now=NOW) for dyad in dyads]
    states = {one.state for found in ledgers for one in found.ruptures}
    assert State.CONFIRMED in states
    assert any(found.tried for found in ledgers)
    assert any(before(therapist, dyad.pk, now=NOW).agreed for dyad in dyads)
    patterns = {together(therapist, dyad.pk, now=NOW).pattern for dyad in dyads}
    assert len(patterns) > 1
    assert all(row.words.startswith("s1:") for row in AgreedChange.objects.all())
