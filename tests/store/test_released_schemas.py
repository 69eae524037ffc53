# SPDX-License-Identifier: Apache-2.0
"""Databases that earlier versions made, opened by this one: every answer is what it was."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.clinic_process import run_lines
from tests.postgresql import SERVER, address, drop, recreate

pytestmark = [
    pytest.mark.store,
    pytest.mark.slow,
]
FOLDER = Path(__file__).parent / "released"
RELEASED = sorted(FOLDER.glob("schema_*.sql.gz"))
NAME = f"released_schema_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
_CONFIG = """\
secret_key_file = "secret.key"
keys_file = "clinic.keys"
database = {database}
base_url = "http://127.0.0.1:8000"
[practice]
name = "Synthetic Practice"
[crisis]
text = "Call now."
phone = "000"
"""
_OPEN = """
import hashlib, json
from datetime import datetime, UTC
from django.db import connection
from attunement.clinic.store.opening import open_store
from attunement.clinic.backup.snapshot import inventory_here
opened = open_store(now=datetime(2026, 12, 1, tzinfo=UTC))
connection.check_constraints()
from attunement.clinic.models import Answer, Client, Score, SignalOutcome
from attunement.clinic.services.audit import verify_chain
from attunement.clinic.services.scores import scores_of
from attunement.clinic.services.sealing import client_name, open_field
from attunement.clinic.models import Response

def digest(rows):
    ordered = sorted(rows, key=lambda row: [str(cell) for cell in row])
    return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()

def told(rows):
    return {(r.scale, r.value, r.reason, r.n_answered, r.n_items) for r in rows}

answers = [[a.response_id, a.item, a.value, open_field(a, 'text') if a.text else None]
           for a in Answer.objects.select_related('response__session__dyad__client')]
plain = sum(bool(a.text) and not a.text.startswith('s1:') for a in Answer.objects.all())
differ = sum(told(r.scores.all()) != told(scores_of(r, r.answers.all()))
             for r in Response.objects.prefetch_related('answers', 'scores'))
chain = verify_chain()
print(json.dumps({
    'migrated': opened.migrated, 'backup': opened.backup and opened.backup.name,
    'counts': dict(inventory_here().counts),
    'answers': digest(answers), 'plain': plain,
    'names': digest([[c.code, client_name(c)] for c in Client.objects.all()]),
    'reasons': digest([[o.signal_id, o.perspective, open_field(o, 'reason')]
                       for o in SignalOutcome.objects.select_related('dyad__client')]),
    'scores': digest([[s.pk, s.scale, s.value, s.reason] for s in Score.objects.all()]),
    'differ': differ, 'bad': chain.first_bad, 'events': chain.n_events,
}))
"""


def _rows(database: sqlite3.Connection, query: str) -> list[list[Any]]:
    return [list(row) for row in database.execute(query)]


def _python(folder: Path, lines: str) -> str:
    return run_lines(folder / "clinic.toml", lines)


def _as_made(file: Path, target: Path) -> sqlite3.Connection:
    """Write the database as the earlier version left it, and return a connection to it."""
    database = sqlite3.connect(target)
    database.executescript(gzip.decompress(file.read_bytes()).decode())
    database.execute("PRAGMA journal_mode=WAL")
    database.commit()
    return database


def _configured(name: str) -> str:
    database = address(name) if SERVER else "clinic.sqlite3"
    return _CONFIG.format(database=json.dumps(database))


def _clinic(folder: Path, name: str) -> None:
    from attunement.clinic.config.keys_file import write_keys  # noqa: PLC0415
    from attunement.clinic.config.secret import write_secret  # noqa: PLC0415

    (folder / "clinic.toml").write_text(_configured(name))
    write_secret(folder / "secret.key")
    write_keys(folder / "clinic.keys")


def _into_postgresql(old: sqlite3.Connection, folder: Path, last: str) -> None:
    """Bring PostgreSQL to the same old state through its migrations, and the same rows into it."""
    import psycopg  # noqa: PLC0415 -- where there is a server

    recreate(NAME)
    others = ("account", "auth", "contenttypes", "sessions")
    _python(
        folder,
        "from django.core.management import call_command\n"
        f"call_command('migrate', 'clinic', {last!r}, verbosity=0)\n"
        + "".join(f"call_command('migrate', {app!r}, verbosity=0)\n" for app in others),
    )
    with psycopg.connect(address(NAME)) as server:
        columns = server.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name LIKE 'clinic_%'"
        ).fetchall()
        kinds: dict[str, dict[str, str]] = {}
        for table, column, kind in columns:
            kinds.setdefault(table, {})[column] = kind
        for table in sorted(kinds):
            there = old.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone()
            if not there:
                continue
            found = old.execute(f'SELECT * FROM "{table}"')
            names = [one[0] for one in found.description]
            places = ", ".join(f"%s::{kinds[table][name]}" for name in names)
            quoted = ", ".join(f'"{name}"' for name in names)
            for row in found:
                values = [None if value is None else str(value) for value in row]
                server.execute(f'INSERT INTO "{table}" ({quoted}) VALUES ({places})', values)
            if kinds[table].get("id") == "bigint" and table != "clinic_cache":
                server.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                    f'(SELECT coalesce(max(id), 1) FROM "{table}"))'
                )


@dataclass(frozen=True)
class Upgraded:
    """An old database that this version opened, and what it was made from."""

    folder: Path
    before: sqlite3.Connection
    found: dict[str, Any]


@pytest.fixture(scope="module", params=RELEASED, ids=lambda file: file.name.split(".")[0])
def upgraded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upgraded]:
    """An old database, brought to this version once for all the tests that look at it."""
    folder = tmp_path_factory.mktemp("released")
    _clinic(folder, NAME)
    before = _as_made(request.param, folder / "as-made.sqlite3")
    ((last,),) = _rows(before, "SELECT max(name) FROM django_migrations WHERE app = 'clinic'")
    if SERVER:
        _into_postgresql(before, folder, last)
    else:
        before.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(folder / "as-made.sqlite3", folder / "clinic.sqlite3")
    yield Upgraded(folder, before, json.loads(_python(folder, _OPEN)))
    before.close()
    if SERVER:
        drop(NAME)


@pytest.fixture
def copied(upgraded: Upgraded, tmp_path: Path) -> Iterator[Path]:
    """The clinic in a folder and a database of its own, to do things to."""
    folder = tmp_path / "clinic"
    shutil.copytree(upgraded.folder, folder)
    if SERVER:
        name = f"{NAME}_copied"
        recreate(name, template=NAME)
        (folder / "clinic.toml").write_text(_configured(name))
    yield folder
    if SERVER:
        drop(f"{NAME}_copied")


def test_there_is_a_database_of_each_earlier_state() -> None:
    assert [re.sub(r"\D", "", file.name) for file in RELEASED] == ["0003", "0005"]
    assert all(file.stat().st_size < 200 * 1024 for file in RELEASED)


def test_an_earlier_database_keeps_every_answer(upgraded: Upgraded) -> None:
    before, found = upgraded.before, upgraded.found
    counts = {
        table: before.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        for (table,) in before.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'clinic_%'"
        ).fetchall()
        if table != "clinic_cache"
    }
    assert counts["clinic_answer"] > 1000
    outcomes = (
        _rows(before, "SELECT signal_id, perspective, reason FROM clinic_signaloutcome")
        if "clinic_signaloutcome" in counts
        else []
    )
    assert found["migrated"] > 0
    assert {table: found["counts"][table] for table in counts} == counts
    answers = _rows(before, "SELECT response_id, item, value, text FROM clinic_answer")
    assert sum(row[3] is not None for row in answers) == 43
    assert found["answers"] == _digest_of(answers)
    assert found["plain"] == 0
    assert found["names"] == _digest_of(
        _rows(before, "SELECT code, display_name FROM clinic_client")
    )
    assert found["reasons"] == _digest_of(outcomes)
    assert found["scores"] == _digest_of(
        _rows(before, "SELECT id, scale, value, reason FROM clinic_score")
    )
    assert (found["differ"], found["bad"]) == (0, None)
    assert found["events"] == counts["clinic_auditevent"]
    again = json.loads(_python(upgraded.folder, _OPEN))
    assert again["migrated"] == 0
    assert {**again, "migrated": 0, "backup": 0} == {**found, "migrated": 0, "backup": 0}


@pytest.mark.skipif(
    bool(SERVER), reason="PostgreSQL keeps older pages in its own log until it is recycled"
)
def test_words_that_were_plain_are_in_no_file_of_the_store_afterwards(upgraded: Upgraded) -> None:
    """Only in the copy that was made before the migration, which says so in its name."""
    folder = upgraded.folder
    words = [
        text.encode()
        for (text,) in upgraded.before.execute("SELECT text FROM clinic_answer")
        if text is not None and len(text) > 12
    ]
    as_made = (folder / "as-made.sqlite3").read_bytes()
    assert all(one in as_made for one in words)  # the test can find them
    left = b"".join(file.read_bytes() for file in folder.glob("clinic.sqlite3*"))
    assert [one for one in words if one in left] == []
    copy = folder / upgraded.found["backup"]
    assert copy.name == "clinic.before-20261201T000000Z.sqlite3"
    assert all(one in copy.read_bytes() for one in words)


@pytest.mark.skipif(bool(SERVER), reason="PostgreSQL is its operator's dump")
def test_the_copy_made_before_a_migration_opens_again(upgraded: Upgraded, copied: Path) -> None:
    copy = copied / upgraded.found["backup"]
    kept = sqlite3.connect(copy)
    assert _rows(kept, "SELECT * FROM clinic_answer ORDER BY id") == _rows(
        upgraded.before, "SELECT * FROM clinic_answer ORDER BY id"
    )
    kept.close()
    for file in copied.glob("clinic.sqlite3*"):
        file.unlink()
    copy.rename(copied / "clinic.sqlite3")
    assert json.loads(_python(copied, _OPEN))["answers"] == upgraded.found["answers"]


def test_the_sealing_of_words_can_be_taken_back(upgraded: Upgraded, copied: Path) -> None:
    """Migration 0010 backwards, with rows: an operator's way to the version before."""
    back = (
        "import hashlib, json\n"
        "from django.core.management import call_command\n"
        "from django.db import connection\n"
        "call_command('migrate', 'clinic', '0009', verbosity=0)\n"
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('SELECT response_id, item, value, text FROM clinic_answer')\n"
        "    print(json.dumps([list(row) for row in cursor.fetchall()]))\n"
    )
    answers = json.loads(_python(copied, back))
    kept = _rows(upgraded.before, "SELECT response_id, item, value, text FROM clinic_answer")
    assert _digest_of(answers) == _digest_of(kept)


@pytest.mark.one_store
def test_no_model_waits_for_a_migration() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"],
        env=dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "attunement.clinic.settings_test"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _digest_of(rows: list[list[Any]]) -> str:
    """Return the digest of rows with missing values, in the order both sides sort by."""
    ordered = sorted(rows, key=lambda row: [str(cell) for cell in row])
    return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()
