# SPDX-License-Identifier: Apache-2.0
"""A consistent copy of a database that is in use, and what is in it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from django.db import connection, transaction

from attunement.clinic.errors import ClinicError
from attunement.clinic.store.scratch import put

_TIMEOUT = 3600
_LONGEST = 200
_RESTORES = "attunement restore"  # what the server calls the tools that we start
_WAITS, _WAIT = 50, 0.1
_AGAIN = "Mend that, and run the command again"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a database holds, as far as a manifest says it."""

    practices: tuple[str, ...]
    migrations: tuple[str, ...]
    counts: Mapping[str, int]
    n_events: int
    last_event: str
    n_erasures: int


def snapshot(folder: Path) -> tuple[Path, Inventory]:
    """Write a consistent copy of the clinic's database into a folder; return it and what it holds.

    Raises
    ------
    ClinicError
        E-CLINIC-020.
    OSError
        When the disk is full.
    """
    return _from_sqlite(folder) if connection.vendor == "sqlite" else _from_postgresql(folder)


def inventory(ask: Any) -> Inventory:
    """Return what is in a database; ``ask`` runs one query and returns its rows."""
    tables = sorted(_tables(ask))
    counts = {
        table: ask(f'SELECT count(*) FROM "{table}"')[0][0]  # noqa: S608 -- the schema's own names
        for table in tables
    }
    applied = ask("SELECT app, name FROM django_migrations ORDER BY id")
    events = ask("SELECT id, hash FROM clinic_auditevent ORDER BY id DESC LIMIT 1")
    return Inventory(
        practices=tuple(row[0] for row in ask("SELECT id FROM clinic_practice ORDER BY id")),
        migrations=tuple(f"{app}.{name}" for app, name in applied),
        counts=counts,
        n_events=counts["clinic_auditevent"],
        last_event=events[0][1] if events else "",
        n_erasures=counts.get("clinic_erasure", 0),
    )


def inventory_here() -> Inventory:
    """Return what is in the database of this process."""
    with connection.cursor() as cursor:

        def ask(query: str) -> list[Any]:
            cursor.execute(query)
            return list(cursor.fetchall())

        return inventory(ask)


def _tables(ask: Any) -> Iterator[str]:
    """Return the tables of records; sessions and the cache come and go."""
    names = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if connection.vendor == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    )
    for (name,) in ask(names):
        if name.startswith("clinic_") and name != "clinic_cache":
            yield name


def _from_sqlite(folder: Path) -> tuple[Path, Inventory]:
    target = folder / "clinic.sqlite3"
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    source = sqlite3.connect(str(connection.settings_dict["NAME"]))
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        found = inventory(lambda query: copy.execute(query).fetchall())
    except sqlite3.Error as problem:
        _refuse("the database cannot be copied", str(problem))
    finally:
        copy.close()
        source.close()
    return target, found


def _from_postgresql(folder: Path) -> tuple[Path, Inventory]:
    target = folder / "clinic.dump"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        at = cursor.fetchone()[0]

        def ask(query: str) -> list[Any]:
            cursor.execute(query)
            return list(cursor.fetchall())

        found = inventory(ask)
        words = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={at}")
        _run("pg_dump", *words, f"--file={target}")
    return target, found


def put_sqlite(content: Path, target: Path) -> None:
    """Lay a SQLite file where nothing is yet; refuse where something is.

    What the inspection wrote (migrations, erasures) is taken out of the log beside it first: the
    file is put there alone.

    Raises
    ------
    FileExistsError
    OSError
        When something still holds the log.
    """
    database = sqlite3.connect(content)
    try:
        busy, frames, _ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        database.close()
    if busy or frames > 0:
        raise OSError(0, "the restored copy is in use")
    put(content, target, over=False)


def put_postgresql(content: Path, *, database: str) -> None:
    """Restore a dump into an empty database, all of it or nothing.

    Raises
    ------
    ClinicError
        E-CLINIC-020 when ``pg_restore`` fails or is not there.
    """
    words = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run("pg_restore", *words, f"--dbname={database}", str(content))


def restore_alone() -> bool:
    """End what a killed restore had started, which would go on; False while another one lives.

    Whoever restores holds a lock, which the server lets go when the process ends in whatever way.
    """
    with connection.cursor() as cursor:
        for _ in range(_WAITS):
            cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [_RESTORES])
            if cursor.fetchone()[0]:
                break
            time.sleep(_WAIT)
        else:
            return False
        for _ in range(_WAITS):
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = %s "
                "AND usename = current_user",
                [_RESTORES],
            )
            if not cursor.fetchall():
                return True
            time.sleep(_WAIT)
    return False


def _run(tool: str, *words: str) -> None:
    found = os.environ.get("POSTGRESQL_BIN")
    program = shutil.which(tool, path=found) if found else shutil.which(tool)
    if program is None:
        _refuse(
            f"PostgreSQL's own {tool} is not installed",
            "no such program",
            "Install PostgreSQL's client programs, or name their folder in POSTGRESQL_BIN",
        )
    try:
        done = subprocess.run(
            [program, *words],
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        _refuse(f"{tool} took more than {_TIMEOUT} s", "no end")
    if done.returncode != 0:
        _refuse(f"{tool} failed", " ".join(done.stderr.split())[:_LONGEST])


def _environment() -> dict[str, str]:
    """Return the environment that PostgreSQL's programs find the clinic's server in."""
    given = connection.settings_dict
    named = {
        "PGHOST": given["HOST"],
        "PGPORT": str(given["PORT"] or ""),
        "PGUSER": given["USER"],
        "PGPASSWORD": given["PASSWORD"],
        "PGDATABASE": given["NAME"],
        "PGAPPNAME": _RESTORES,
        "PGSSLMODE": given["OPTIONS"].get("sslmode", ""),
        "PGSSLROOTCERT": given["OPTIONS"].get("sslrootcert", ""),
    }
    return dict(os.environ) | {name: value for name, value in named.items() if value}


def _refuse(
    what: str, got: str, next_step: str = "Mend that, and run the command again"
) -> NoReturn:
    raise ClinicError("E-CLINIC-020", what=what, got=got.rstrip(".") or "", next_step=next_step)
