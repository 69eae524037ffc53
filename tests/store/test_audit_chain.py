# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection

from attunement.clinic import services
from attunement.clinic.models import AuditEvent
from attunement.clinic.services.audit import GENESIS, verify_chain
from attunement.clinic.store.triggers import statements

pytestmark = pytest.mark.store


@pytest.fixture
def chain(world: Any) -> Any:
    for _ in range(3):
        session = world.session()
        world.client_answers(session, 5, text="canary wish")
        world.therapist_answers(session, 4)
        services.session_picture(world.therapist, session.pk, now=world.now)
        world.later(days=7)
    return world


def _sql(text: str, *values: Any) -> None:
    """Tamper as an administrator could: with the triggers off."""
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor, create=False):
            cursor.execute(statement)
        cursor.execute(text, values)
        for statement in statements(connection.vendor, create=True):
            cursor.execute(statement)


@pytest.mark.usefixtures("chain")
def test_an_untouched_chain_holds_and_begins_with_zeros() -> None:
    found = verify_chain()
    assert found.first_bad is None
    assert found.n_events == AuditEvent.objects.count() > 20
    assert AuditEvent.objects.earliest("id").previous == GENESIS


@pytest.mark.parametrize("trial", range(12))
@pytest.mark.usefixtures("chain")
def test_a_changed_removed_or_swapped_event_is_found(trial: int) -> None:
    chance = random.Random(trial)  # noqa: S311 -- which event to tamper with
    keys = list(AuditEvent.objects.order_by("id").values_list("pk", flat=True))
    hit = chance.choice(keys[1:-1])
    change = (
        ("UPDATE clinic_auditevent SET actor = 'somebody' WHERE id = %s", hit),
        ("UPDATE clinic_auditevent SET outcome = 'denied', target = '' WHERE id = %s", hit),
        ("DELETE FROM clinic_auditevent WHERE id = %s", hit),
        ("UPDATE clinic_auditevent SET id = %s WHERE id = %s", max(keys) + 10, hit),
    )[trial % 4]
    _sql(*change)
    found = verify_chain().first_bad
    assert found is not None
    assert found >= hit


@pytest.mark.usefixtures("chain")
def test_a_cut_tail_is_not_found_by_the_chain_alone() -> None:
    """Said in the docs: the last hash has to lie somewhere else too."""
    last = AuditEvent.objects.latest("id").pk
    _sql("DELETE FROM clinic_auditevent WHERE id = %s", last)
    assert verify_chain().first_bad is None


@pytest.mark.usefixtures("chain")
def test_the_log_holds_identifiers_and_no_words_names_or_answers() -> None:
    text = repr(list(AuditEvent.objects.values_list("actor", "action", "target", "detail")))
    for secret in ("canary", "Synthetic", "C-07", "amber", "192.0.2.1"):
        assert secret not in text
    # The payload's hash could be tried out, answers being few: it has no place here either.
    assert "payload" not in text


def test_reads_are_logged_too(world: Any) -> None:
    before = AuditEvent.objects.count()
    services.dyad_overview(world.therapist, world.dyad.pk, now=world.now)
    last = AuditEvent.objects.latest("id")
    assert AuditEvent.objects.count() == before + 1
    assert (last.actor, last.action, last.target) == (
        world.therapist.pk,
        "dyad.view",
        f"dyad:{world.dyad.pk}",
    )
