# SPDX-License-Identifier: Apache-2.0
"""A page asks the database as often for one row as for three."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.clinic_world import LOW, World, add_dyad

MOST = 34


def asked(world: World, address: str) -> int:
    browser = world.browser()
    browser.get(address)  # the login's own first request
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert browser.get(address).status_code == 200
    return len(found)


def test_caseload_asks_as_often_for_three_dyads_as_for_one(world: World) -> None:
    world.rated(days_ago=3)
    one = asked(world, "/")
    for index in (2, 3):
        world.rated(add_dyad(world.practice, world.therapist, f"Client {index:02d}"), days_ago=2)
    assert asked(world, "/") == one <= MOST


def test_dyad_asks_as_often_for_three_sessions_as_for_one(world: World) -> None:
    address = f"/clients/{world.dyad.pk}/"
    world.rated(days_ago=20)
    one = asked(world, address)
    world.rated(days_ago=10)
    world.rated(days_ago=2)
    assert asked(world, address) == one <= MOST


def test_session_asks_as_often_late_in_a_course_as_early(world: World) -> None:
    first = world.rated(days_ago=20)
    one = asked(world, f"/sessions/{first}/")
    world.rated(days_ago=10)
    third = world.rated(days_ago=2)
    assert asked(world, f"/sessions/{third}/") == one <= MOST


def test_questions_ask_as_often_for_three_dyads_as_for_one(world: World) -> None:
    world.rated(days_ago=3, answers=LOW)
    one = asked(world, "/signals/")
    for index in (2, 3):
        dyad = add_dyad(world.practice, world.therapist, f"Client {index:02d}")
        world.rated(dyad, days_ago=2, answers=LOW)
    asked(world, "/signals/")  # the first look takes places, which is one act more
    assert asked(world, "/signals/") == one <= MOST
