# SPDX-License-Identifier: Apache-2.0
"""Services, pages and threads on the one writer; on PostgreSQL the same on plain transactions."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from attunement.clinic import services
from attunement.clinic.access import Action
from attunement.clinic.errors import AccessError
from attunement.clinic.models import AuditEvent, Practice, Response, Score
from attunement.clinic.services.audit import verify_chain
from attunement.clinic.services.gate import AccessDeniedError, act, done, snapshot
from attunement.clinic.services.results import Receipt

pytestmark = pytest.mark.store
_VIEW = Action.CLIENT_FORM_VIEW


def _in_threads(n: int, call: Callable[[int], object]) -> list[BaseException | None]:
    """Call a function in threads at once; return what each of them raised, by number."""
    barrier = threading.Barrier(n)
    raised: list[BaseException | None] = [None] * n

    def run(number: int) -> None:
        try:
            barrier.wait(timeout=60)
            call(number)
        except BaseException as problem:  # noqa: BLE001 -- what came out of it is looked at
            raised[number] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive()
    return raised


def test_the_chain_holds_under_sixteen_threads(world_committed: Any, filled_form: Any) -> None:
    world = world_committed
    grants = []
    for _ in range(16):
        session = world.session()
        issued = services.invite_client(world.therapist, session.pk, now=world.now)
        grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
        assert grant is not None
        grants.append(grant)
    before = AuditEvent.objects.count()
    receipts: dict[int, Any] = {}

    def send(number: int) -> None:
        services.client_form(grants[number], now=world.now)
        receipts[number] = services.record_client_response(
            grants[number],
            submission_id=uuid4(),
            fields=filled_form(5),
            client_clock=None,
            now=world.now,
        )

    assert _in_threads(16, send) == [None] * 16
    assert all(isinstance(one, Receipt) for one in receipts.values())
    assert Response.objects.count() == 16
    assert Score.objects.values("response").distinct().count() == 16
    assert AuditEvent.objects.count() == before + 32
    check = verify_chain()
    assert (check.first_bad, check.n_events) == (None, before + 32)


def test_acts_that_are_refused_or_break_leave_their_neighbours_alone(world_committed: Any) -> None:
    """Every third act is denied, every third breaks the database's own rule; the others stand."""
    practice = world_committed.practice
    before = AuditEvent.objects.count()

    def one(number: int) -> None:
        with act("system", _VIEW, now=world_committed.now):
            Practice.objects.create(name=f"Synthetic {number}")
            if number % 3 == 1:
                raise AccessDeniedError(target="", reason="for this test")
            if number % 3 == 2:
                Practice.objects.create(pk=practice.pk, name="there already")
            done("system", _VIEW, now=world_committed.now, target="")

    raised = _in_threads(18, one)
    for number, problem in enumerate(raised):
        expected = {0: type(None), 1: AccessError, 2: IntegrityError}[number % 3]
        assert isinstance(problem, expected)
    names = set(
        Practice.objects.filter(name__startswith="Synthetic ").values_list("name", flat=True)
    )
    assert {f"Synthetic {n}" for n in range(0, 18, 3)} <= names
    assert not {f"Synthetic {n}" for n in range(18) if n % 3} & names
    outcomes = list(AuditEvent.objects.order_by("-pk").values_list("outcome", flat=True)[:12])
    assert sorted(outcomes) == ["denied"] * 6 + ["done"] * 6
    assert AuditEvent.objects.count() == before + 12
    assert verify_chain().first_bad is None


def test_what_follows_a_commit_runs_after_it_and_in_its_own_thread(world_committed: Any) -> None:
    followed: list[tuple[int, str, bool]] = []

    def one(number: int) -> None:
        name = f"Synthetic {number}"

        def follow() -> None:
            there = Practice.objects.filter(name=name).exists()
            followed.append((number, threading.current_thread().name, there))

        with act("system", _VIEW, now=world_committed.now):
            Practice.objects.create(name=name)
            transaction.on_commit(follow)
            threading.current_thread().name = f"thread {number}"
            if number % 2:
                raise AccessDeniedError(target="", reason="for this test")

    _in_threads(8, one)
    assert sorted(followed) == [(n, f"thread {n}", True) for n in range(0, 8, 2)]


def test_nested_transactions_stay_inside_the_act(world_committed: Any) -> None:
    with act("system", _VIEW, now=world_committed.now):
        Practice.objects.create(name="kept")
        with pytest.raises(IntegrityError), transaction.atomic():
            Practice.objects.bulk_create(
                [
                    Practice(name="taken back"),
                    Practice(pk=world_committed.practice.pk, name="twice"),
                ]
            )
        with act("system", _VIEW, now=world_committed.now):
            Practice.objects.create(name="kept too")
    kept = Practice.objects.filter(name__in=["kept", "kept too", "taken back"])
    assert set(kept.values_list("name", flat=True)) == {"kept", "kept too"}


def test_a_cursor_that_was_open_before_an_act_writes_inside_it(world_committed: Any) -> None:
    """Django's cache in the database does so at every try to log in."""
    insert = "INSERT INTO clinic_practice (id, name) VALUES (%s, %s)"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM clinic_practice")
        with act("system", _VIEW, now=world_committed.now):
            cursor.execute(insert, ["a" * 26, "kept"])
        with act("system", _VIEW, now=world_committed.now):
            cursor.execute(insert, ["b" * 26, "taken back"])
            transaction.set_rollback(True)
        cursor.execute(
            "SELECT name FROM clinic_practice WHERE id IN (%s, %s)", ["a" * 26, "b" * 26]
        )
        assert cursor.fetchall() == [("kept",)]


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own")
def test_a_cursor_of_an_act_is_closed_with_it(world_committed: Any) -> None:
    with act("system", _VIEW, now=world_committed.now):
        cursor = connection.cursor()
        cursor.execute("SELECT name FROM clinic_practice")
    with pytest.raises(ProgrammingError):
        cursor.fetchall()


def test_an_act_that_only_reads_leaves_its_event_and_refuses_to_write(world_committed: Any) -> None:
    before = AuditEvent.objects.count()
    with act("system", _VIEW, now=world_committed.now, reading=True):
        assert Practice.objects.exists()
        done("system", _VIEW, now=world_committed.now, target="")
        assert AuditEvent.objects.count() == before
    assert AuditEvent.objects.count() == before + 1
    with (
        pytest.raises(RuntimeError, match="only reads"),
        act("system", _VIEW, now=world_committed.now, reading=True),
    ):
        Practice.objects.create(name="never")
    with (
        pytest.raises(AccessError),
        act("system", _VIEW, now=world_committed.now, reading=True),
    ):
        raise AccessDeniedError(target="", reason="for this test")
    assert not Practice.objects.filter(name="never").exists()
    outcomes = AuditEvent.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes)[before:] == ["done", "denied"]
    assert verify_chain().first_bad is None


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own")
def test_reading_waits_for_nobody_and_sees_one_state(world_committed: Any) -> None:
    """Another thread has the turn, has written, and does not end: reading goes on beside it."""
    inside, read = threading.Event(), threading.Event()

    def write(_: int) -> None:
        with act("system", _VIEW, now=world_committed.now):
            Practice.objects.create(name="not yet")
            inside.set()
            assert read.wait(timeout=60)

    writer = threading.Thread(target=lambda: _in_threads(1, write))
    writer.start()
    assert inside.wait(timeout=60)
    with snapshot():
        assert not Practice.objects.filter(name="not yet").exists()
        read.set()
        writer.join(timeout=60)
        assert not Practice.objects.filter(name="not yet").exists()
    assert Practice.objects.filter(name="not yet").exists()


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_on_postgresql_acts_are_ordinary_transactions_that_run_side_by_side(
    world_committed: Any,
) -> None:
    inside = threading.Barrier(4)

    def one(number: int) -> None:
        with act("system", _VIEW, now=world_committed.now):
            Practice.objects.create(name=f"Synthetic {number}")
            inside.wait(timeout=30)  # breaks unless all four are inside at once

    assert _in_threads(4, one) == [None] * 4


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own")
def test_row_94_a_page_is_503_with_a_time_to_wait_while_the_store_is_held(
    world_committed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = world_committed.session()
    issued = services.invite_client(world_committed.therapist, session.pk, now=timezone.now())
    browser = Browser(raise_request_exception=False)
    n_events = AuditEvent.objects.count()

    def full(*_: object, **__: object) -> None:
        message = "the store is busy: database is locked"
        raise sqlite3.OperationalError(message)

    with monkeypatch.context() as patch:
        patch.setattr("attunement.clinic.store.writer.Writer.enter", full)
        answer = browser.post("/c/open", {"token": issued.token})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert b"never stored twice" in answer.content
    assert AuditEvent.objects.count() == n_events
    assert browser.post("/c/open", {"token": issued.token}).status_code == 303


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own")
def test_row_94_a_commit_that_fails_is_told_to_all_and_nothing_is_stored(
    world_committed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second commit fails, as on a disk that comes and goes."""
    writer = connection.writer
    calls = iter(range(10_000))
    commit = type(writer)._commit

    def fails_often(self: Any, raw: Any, group: Any) -> None:
        if next(calls) % 2 == 0:
            self._abandon(sqlite3.OperationalError("disk I/O error"))
        else:
            commit(self, raw, group)

    before = AuditEvent.objects.count()
    told: set[str] = set()

    def one(number: int) -> None:
        name = f"Synthetic {number}"
        with act("system", _VIEW, now=world_committed.now):
            Practice.objects.create(name=name)
            done("system", _VIEW, now=world_committed.now, target="")
        told.add(name)

    with monkeypatch.context() as patch:
        patch.setattr(type(writer), "_commit", fails_often)
        patch.setattr(writer, "_most", 4)  # else quick threads all share the first, which fails
        raised = _in_threads(16, one)
    assert {type(problem) for problem in raised} == {type(None), OperationalError}
    stored = set(Practice.objects.values_list("name", flat=True))
    assert {f"Synthetic {n}" for n in range(16)} & stored == told
    assert AuditEvent.objects.count() == before + len(told)
    assert verify_chain().first_bad is None


_MAKE = """
from datetime import date, datetime, UTC
from attunement.clinic import services
from attunement.clinic.models import Dyad, Login
from attunement.clinic.store.opening import open_store
from attunement.clinic.services.people import add_client, add_login
now = datetime(2026, 3, 2, tzinfo=UTC)
open_store(now=now)
add_login("amber", role="therapist", name="Synthetic Amber", email="",
          password="violet harbour lantern", now=now)
for number in range(8):
    add_client(f"C-0{number}", name="", therapist_username="amber",
               began_on=date(2026, 1, 5), now=now)
"""
_STORE_IN_THREADS = """
import sys
import threading
from datetime import date, datetime, UTC
from uuid import uuid4
from attunement.clinic import services
from attunement.clinic.models import Dyad, Login
now = datetime(2026, 3, 2, tzinfo=UTC)
login = Login.objects.get()

def run(dyad_id):
    while True:
        session = services.start_session(login, dyad_id, held_on=date(2026, 3, 2),
                                         modality="video", now=now)
        issued = services.invite_client(login, session.session_id, now=now)
        grant = services.open_invitation(issued.token, address="192.0.2.1", now=now)
        receipt = services.record_client_response(
            grant, submission_id=uuid4(), client_clock=None, now=now,
            fields={f"item-{n}": "5" for n in range(1, 9)})
        sys.stdout.write(receipt.submission_id.hex + chr(10))
        sys.stdout.flush()

for dyad in Dyad.objects.all():
    threading.Thread(target=run, args=(dyad.pk,)).start()
"""


@pytest.mark.slow
def test_no_answer_that_was_confirmed_by_many_threads_is_lost_by_a_kill(
    tmp_path: Path, run_clinic: Any
) -> None:
    run_clinic(tmp_path, _MAKE)
    kept = {name: value for name, value in os.environ.items() if "ATTUNEMENT" not in name}
    start = (
        f"from attunement.clinic.serving import set_up\nset_up({str(tmp_path / 'clinic.toml')!r})"
    )
    told: list[str] = []
    for trial in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", f"{start}\n{_STORE_IN_THREADS}"],
            stdout=subprocess.PIPE,
            text=True,
            env=kept,
        )
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(11 + 17 * trial)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
        process.stdout.close()
        assert process.wait(timeout=30) == -signal.SIGKILL
        told += [line.strip() for line in said if line.endswith("\n")]
    database = sqlite3.connect(tmp_path / "clinic.sqlite3")
    rows = database.execute(
        "SELECT submission_id, (SELECT count(*) FROM clinic_answer a WHERE a.response_id = r.id), "
        "(SELECT count(*) FROM clinic_score s WHERE s.response_id = r.id) FROM clinic_response r"
    ).fetchall()
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert len(told) >= 11 + 28 + 45
    assert set(told) <= {row[0] for row in rows}
    assert len({row[0] for row in rows}) == len(rows)
    assert all(answers == 8 and scores > 0 for _, answers, scores in rows)
    said_of_chain = run_clinic(
        tmp_path,
        "from attunement.clinic.services.audit import verify_chain\n"
        "print(verify_chain().first_bad)",
    )
    assert said_of_chain.strip() == "None"
