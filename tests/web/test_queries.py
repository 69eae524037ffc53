# SPDX-License-Identifier: Apache-2.0
"""A page asks the database as often for one row as for three."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from tests.clinic_world import (
    HIGH,
    LOW,
    MIRROR,
    World,
    add_dyad,
    fields,
    opened,
    submission_id,
)

_MORE = 1 if connection.vendor == "postgresql" else 0  # what SQLite keeps is asked for there
MOST = 34 + _MORE
# What a form may ask of the store, from its link to the commit; up to three are PostgreSQL's locks.
OPEN, FETCH, SEND, MIRROR_FORM, SEND_MIRROR = 7, 22, 14, 16, 31 + _MORE


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


def counted(ask: Callable[[], HttpResponse], status: int) -> tuple[int, HttpResponse]:
    with CaptureQueriesContext(connection) as found:
        answer = ask()
    assert answer.status_code == status
    return len(found), answer


def test_client_form_asks_the_store_seldom_from_link_to_receipt(world: World) -> None:
    for days_ago in (30, 20, 10):
        world.rated(days_ago=days_ago)
    token, _ = world.invite(world.start())
    n_open, _ = counted(lambda: Browser().post("/c/open", {"token": token}), 303)
    phone = opened(token)
    phone.get("/c/form")  # the first makes the day's sealing key
    n_fetch, page = counted(lambda: phone.get("/c/form"), 200)
    sent = fields(HIGH) | {"submission_id": submission_id(page)}
    n_send, _ = counted(lambda: phone.post("/c/form", sent), 303)
    assert (n_open <= OPEN, n_fetch <= FETCH, n_send <= SEND) == (True, True, True), (
        n_open,
        n_fetch,
        n_send,
    )


def test_therapist_form_asks_as_often_late_in_a_course_as_early(world: World) -> None:
    counts = []
    for days_ago in (30, 20, 10):
        session = world.start(days_ago=days_ago)
        world.client_answers(session, HIGH)
        desk = world.browser()
        desk.get("/")
        address = f"/sessions/{session}/rate"
        n_fetch, page = counted(lambda a=address, d=desk: d.get(a), 200)
        sent = fields(MIRROR) | {"submission_id": submission_id(page), "prediction": "4"}
        n_send, _ = counted(lambda a=address, d=desk, s=sent: d.post(a, s), 303)
        counts.append((n_fetch, n_send))
    assert all(n <= MIRROR_FORM and m <= SEND_MIRROR for n, m in counts), counts
