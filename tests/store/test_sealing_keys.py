# SPDX-License-Identifier: Apache-2.0
"""Keys of the queue: one live, replaced in time, forgotten in time, wrapped by the key of keys."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from attunement.clinic.keys import KeysFile, derived_kek
from attunement.clinic.models import AuditEvent, SealingKey
from attunement.clinic.services.sealed_queue import current_key, opens_until, replace_key
from attunement.clinic.services.sealed_queue.keys import KeyUnknownError, held_key
from attunement.clinic.services.tickets import TICKET_LIFE

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def later(**ahead: int) -> datetime:
    return NOW + timedelta(**ahead)


@pytest.mark.django_db
def test_first_form_makes_the_key_and_the_next_ones_show_the_same() -> None:
    first = current_key(now=NOW)
    assert current_key(now=later(days=89)) == first
    assert SealingKey.objects.count() == 1
    assert AuditEvent.objects.get().action == "sealing_key.made"


@pytest.mark.django_db
def test_key_is_replaced_after_90_days_and_opens_for_30_more() -> None:
    first = current_key(now=NOW)
    second = current_key(now=later(days=90))
    assert second.key_id != first.key_id
    assert held_key(first.key_id, now=later(days=119)).opening is not None
    gone = held_key(first.key_id, now=later(days=120))
    assert gone.opening is None
    assert gone.signing is not None
    # Shown for the last time with a ticket of 14 days, a form still arrives in time.
    assert later(days=90) + TICKET_LIFE < opens_until(SealingKey.objects.get(pk=first.key_id))


@pytest.mark.django_db
def test_key_that_was_not_replaced_in_time_opens_no_longer_than_one_that_was() -> None:
    first = current_key(now=NOW)
    assert held_key(first.key_id, now=later(days=121)).opening is None


@pytest.mark.django_db
def test_key_past_its_time_is_emptied_when_the_next_is_made() -> None:
    first = current_key(now=NOW)
    current_key(now=later(days=90))
    assert SealingKey.objects.get(pk=first.key_id).opening_wrapped
    replace_key(now=later(days=121))
    row = SealingKey.objects.get(pk=first.key_id)
    assert (row.opening_wrapped, bool(row.signing_wrapped)) == ("", True)


@pytest.mark.django_db
def test_key_that_never_was_is_unknown() -> None:
    for name in ("", "x", "a" * 26, "' OR 1=1 --"):
        with pytest.raises(KeyUnknownError):
            held_key(name, now=NOW)


@pytest.mark.django_db
def test_other_secret_opens_nothing_and_the_next_form_gets_a_key_that_does(
    settings: Settings,
) -> None:
    first = current_key(now=NOW)
    settings.ATTUNEMENT = dataclasses.replace(
        settings.ATTUNEMENT, secret_key="another synthetic secret, long enough to be one: 98765"
    )
    lost = SealingKey.objects.get()
    lost.refresh_from_db()
    second = current_key(now=later(days=1))
    assert second.key_id != first.key_id
    assert held_key(second.key_id, now=later(days=1)).opening is not None


@pytest.mark.django_db
def test_new_key_of_keys_wraps_what_the_old_one_had_wrapped(settings: Settings) -> None:
    first = current_key(now=NOW)
    file = KeysFile(site="synthetic", keys=(derived_kek("a newer synthetic key of keys"),))
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, keys=file)
    assert current_key(now=later(days=1)) == first
    row = SealingKey.objects.get()
    for wrapped in (row.opening_wrapped, row.signing_wrapped):
        assert wrapped.startswith(f"s1:a256gcm:{file.keys[0].id}.")
    assert held_key(first.key_id, now=later(days=1)).opening is not None


@pytest.mark.django_db
def test_halves_do_not_open_in_each_others_place() -> None:
    key = current_key(now=NOW)
    row = SealingKey.objects.get()
    SealingKey.objects.filter(pk=row.pk).update(
        opening_wrapped=row.signing_wrapped, signing_wrapped=row.opening_wrapped
    )
    swapped = held_key(key.key_id, now=NOW)
    assert (swapped.opening, swapped.signing) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_many_first_forms_at_once_make_one_key() -> None:
    seen: list[Any] = []
    gate = threading.Barrier(6)

    def show() -> None:
        gate.wait()
        try:
            seen.append(current_key(now=NOW).key_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=show) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(seen) == 6
    assert set(seen) == {SealingKey.objects.get().pk}


def test_operator_renews_the_key_by_command(run_clinic: Any, tmp_path: Path) -> None:
    run = f"from attunement.cli import main\nmain(['serve', '--config', {str(tmp_path)!r} + "
    lines = run + "'/clinic.toml', 'renew-queue-key'])"
    first, second = run_clinic(tmp_path, lines), run_clinic(tmp_path, lines)
    assert first.startswith("Forms are sealed to the key ")
    assert first != second
    count = "from attunement.clinic.models import SealingKey\nprint(SealingKey.objects.count())"
    assert run_clinic(tmp_path, count).strip() == "2"
