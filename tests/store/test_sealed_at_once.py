# SPDX-License-Identifier: Apache-2.0
"""Sealed forms that arrive at the same moment: one is stored, all are answered."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from tests.clinic_world import HIGH, fields, make_world, opened
from tests.sealed_letters import carried, deliver, sealed

from attunement.clinic.models import HeldDelivery, Response

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 16


def together(act: Callable[[int], Any]) -> list[Any]:
    """Run an act in many threads that start at one moment; return what each returned."""
    gate = threading.Barrier(AT_ONCE)
    found: list[Any] = []

    def run(number: int) -> None:
        gate.wait()
        try:
            found.append(act(number))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(AT_ONCE)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == AT_ONCE
    return found


def test_one_envelope_from_many_tabs_is_stored_once_with_one_receipt() -> None:
    world = make_world()
    token, _ = world.invite(world.start())
    form = carried(opened(token).get("/c/form"))
    body = sealed(form, fields(HIGH))
    answers = together(lambda _: deliver(body))
    assert Counter(each.status_code for each in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({each.content for each in answers}) == 1
    assert (Response.objects.count(), HeldDelivery.objects.count()) == (1, 0)


def test_forms_of_one_link_from_many_phones_are_one_answer() -> None:
    world = make_world()
    token, _ = world.invite(world.start())
    forms = [carried(opened(token).get("/c/form")) for _ in range(AT_ONCE)]
    answers = together(lambda number: deliver(sealed(forms[number], fields(HIGH))))
    assert Counter(each.status_code for each in answers) == {201: 1, 410: AT_ONCE - 1}
    assert Response.objects.count() == 1
