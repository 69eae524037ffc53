# SPDX-License-Identifier: Apache-2.0
"""Opening a store: copied before it is migrated, and refused when it is newer than we are."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from attunement.clinic.errors import ClinicError
from attunement.clinic.store.opening import back_up, open_store, refuse_newer

pytestmark = pytest.mark.store
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_opening_a_current_store_does_nothing() -> None:
    opened = open_store(now=NOW)
    assert (opened.migrated, opened.backup) == (0, None)


@pytest.mark.django_db
def test_a_newer_schema_is_refused() -> None:
    MigrationRecorder(connection).record_applied("clinic", "9999_from_the_future")
    with pytest.raises(ClinicError, match="9999_from_the_future") as refusal:
        refuse_newer(MigrationExecutor(connection))
    assert refusal.value.code == "E-CLINIC-002"


def test_a_backup_has_what_was_still_in_the_write_ahead_log(tmp_path: Path) -> None:
    database = tmp_path / "clinic.sqlite3"
    writer = sqlite3.connect(database)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE t (x)")
    writer.execute("INSERT INTO t VALUES (1)")
    writer.commit()
    copy = back_up(database, now=NOW)
    writer.close()
    assert copy.name == "clinic.before-20260302T100000Z.sqlite3"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    reader = sqlite3.connect(copy)
    assert reader.execute("SELECT x FROM t").fetchall() == [(1,)]
    reader.close()
    assert not list(tmp_path.glob("*.half"))


@pytest.mark.slow
def test_an_older_store_is_copied_and_then_migrated(tmp_path: Path, run_clinic: Any) -> None:
    """In a process of its own: a store at the first migration, opened by this version."""
    run_clinic(
        tmp_path,
        "from django.core.management import call_command\n"
        "call_command('migrate', 'clinic', '0001', verbosity=0)\n"
        "call_command('migrate', 'account', verbosity=0)\n",
    )
    said = run_clinic(
        tmp_path,
        "from datetime import datetime, UTC\n"
        "from attunement.clinic.store.opening import open_store\n"
        "opened = open_store(now=datetime(2026, 3, 2, tzinfo=UTC))\n"
        "print(opened.migrated > 0, opened.backup.name)\n"
        "again = open_store(now=datetime(2026, 3, 3, tzinfo=UTC))\n"
        "print(again.migrated, again.backup)\n",
    )
    assert said.split("\n")[:2] == ["True clinic.before-20260302T000000Z.sqlite3", "0 None"]
    assert (tmp_path / "clinic.before-20260302T000000Z.sqlite3").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "address", "code"),
    [
        ("", "postgresql://u:canary@127.0.0.1:1/n", "E-CLINIC-014"),
        ("", "postgresql://u:canary@127.0.0.1:1/n?canary=1", "E-CLINIC-014"),
        ("", "damaged.sqlite3", "E-CLINIC-014"),
        ("", "/dev/null", "E-CONFIG-009"),
        ('language = "de"', "", "E-CONFIG-005"),
        ('language = "tlh"', "", "E-CONFIG-005"),
    ],
)
def test_a_start_that_fails_is_said_in_one_line(
    tmp_path: Path, run_clinic: Any, line: str, address: str, code: str
) -> None:
    run_clinic(tmp_path, "")  # writes the configuration
    (tmp_path / "damaged.sqlite3").write_bytes(b"SQLite format 3\x00 and then nothing of it")
    config = tmp_path / "clinic.toml"
    config.write_text(f"{line}\n{config.read_text(encoding='utf-8')}", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNEMENT")}
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from attunement.cli import main; main()"),
            *("serve", "--config", str(config), "--check"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=kept | ({"ATTUNEMENT_DATABASE": address} if address else {}),
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(code)
    assert len(done.stderr.splitlines()) == 1
    assert "u:canary" not in done.stderr


@pytest.mark.slow
def test_clients_of_an_older_store_keep_everything_and_get_no_birth_year(
    tmp_path: Path, run_clinic: Any
) -> None:
    """SQLite rebuilds the table for a new column: nothing that points at it may be lost."""
    run_clinic(
        tmp_path,
        "from django.core.management import call_command\n"
        "call_command('migrate', 'clinic', '0002', verbosity=0)\n",
    )
    database = sqlite3.connect(tmp_path / "clinic.sqlite3")
    database.executescript(
        "INSERT INTO clinic_practice VALUES ('p', 'Synthetic');"
        "INSERT INTO clinic_therapist (id, practice_id, display_name) VALUES ('t', 'p', 'x');"
        "INSERT INTO clinic_client (id, practice_id, code, display_name)"
        " VALUES ('c', 'p', 'C-01', 'Client A');"
        "INSERT INTO clinic_dyad (id, practice_id, client_id, therapist_id)"
        " VALUES ('d', 'p', 'c', 't');"
    )
    database.close()
    said = run_clinic(
        tmp_path,
        "from datetime import datetime, UTC\n"
        "from django.db import connection\n"
        "from attunement.clinic.models import Dyad\n"
        "from attunement.clinic.services.sealing import client_name\n"
        "from attunement.clinic.store.opening import open_store\n"
        "open_store(now=datetime(2026, 3, 2, tzinfo=UTC))\n"
        "connection.check_constraints()\n"
        "client = Dyad.objects.get(pk='d').client\n"
        "print(client.pk, client.code, client_name(client), client.birth_year)\n",
    )
    assert said == "c C-01 Client A None\n"
