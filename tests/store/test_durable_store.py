# SPDX-License-Identifier: Apache-2.0
"""The start-up check on a live connection: strong settings pass, each weakened one is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from attunement.clinic.errors import ClinicError
from attunement.clinic.store.durability import (
    check_store,
    found_settings,
    postgresql_weaknesses,
    sqlite_weaknesses,
)
from attunement.clinic.store.triggers import statements

pytestmark = pytest.mark.store
STRONG = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "transaction_mode": "IMMEDIATE",
}


@pytest.mark.django_db
def test_the_suites_own_database_is_strong() -> None:
    check_store()


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> Iterator[None]:
    """Connect to a database file of this test alone: a journal changes only with no one else in."""
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's settings")
    shared = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = tmp_path / "own.sqlite3"
    yield
    connection.close()
    connection.settings_dict["NAME"] = shared


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_sqlite")
@pytest.mark.parametrize(
    ("weaken", "named"),
    [
        ("PRAGMA synchronous=NORMAL", "synchronous is 1"),
        ("PRAGMA synchronous=OFF", "synchronous is 0"),
        ("PRAGMA foreign_keys=OFF", "foreign_keys"),
        ("PRAGMA trusted_schema=ON", "trusted_schema"),
        ("PRAGMA journal_mode=DELETE", "journal_mode is delete"),
    ],
)
def test_a_weakened_sqlite_is_refused(weaken: str, named: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(weaken)
    with pytest.raises(ClinicError, match=named) as refusal:
        check_store()
    assert refusal.value.code == "E-CLINIC-001"
    connection.close()  # the next connection sets everything again
    assert sqlite_weaknesses(found_settings(connection)) == ()


@pytest.mark.django_db(transaction=True)
def test_a_deferred_sqlite_is_refused() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's settings")
    options = connection.settings_dict["OPTIONS"]
    options["transaction_mode"] = "DEFERRED"
    try:
        with pytest.raises(ClinicError, match="IMMEDIATE is needed"):
            check_store()
    finally:
        options["transaction_mode"] = "IMMEDIATE"


@pytest.mark.django_db(transaction=True)
def test_a_weakened_postgresql_is_refused() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's settings")
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        with pytest.raises(ClinicError, match="synchronous_commit is off"):
            check_store()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_each_weak_postgresql_setting_is_named(name: str) -> None:
    strong = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    assert postgresql_weaknesses(strong) == ()
    assert postgresql_weaknesses(strong | {"synchronous_commit": "remote_apply"}) == ()
    assert postgresql_weaknesses(strong | {name: "off"}) == (f"{name} is off, on is needed",)


def test_each_weak_sqlite_setting_is_named() -> None:
    assert sqlite_weaknesses(STRONG) == ()
    assert sqlite_weaknesses(STRONG | {"synchronous": 3}) == ()
    weak = {
        "journal_mode": "memory",
        "synchronous": 0,
        "foreign_keys": 0,
        "trusted_schema": 1,
        "transaction_mode": "DEFERRED",
    }
    assert [line.split()[0] for line in sqlite_weaknesses(weak)] == list(weak)


@pytest.mark.django_db
def test_a_store_without_its_triggers_is_refused() -> None:
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor, create=False):
            cursor.execute(statement)
    with pytest.raises(ClinicError, match=r"clinic_answer_no_\w+ is missing"):
        check_store()
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor, create=True):
            cursor.execute(statement)
    check_store()


@pytest.mark.django_db
def test_the_settings_are_read_from_the_connection_itself() -> None:
    found = found_settings(connection)
    expected = STRONG if connection.vendor == "sqlite" else {
        "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
    }  # fmt: skip
    assert found == expected
