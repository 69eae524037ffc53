# SPDX-License-Identifier: Apache-2.0
"""A store as an earlier version left it, from the files beside the tests."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

NEWEST = sorted(Path("tests/store/released").glob("schema_*.sql.gz"))[-1:]


def as_made(target: Path) -> sqlite3.Connection:
    """Write the newest earlier version's store into a SQLite file; return a connection to it."""
    if not NEWEST:
        message = "run the rigs from the project's own folder"
        raise RuntimeError(message)
    database = sqlite3.connect(target)
    database.executescript(gzip.decompress(NEWEST[0].read_bytes()).decode())
    database.execute("PRAGMA journal_mode=WAL")
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database


def last_migration(old: sqlite3.Connection) -> str:
    """Return up to where that version had migrated."""
    found: str = old.execute(
        "SELECT max(name) FROM django_migrations WHERE app = 'clinic'"
    ).fetchone()[0]
    return found


def copy_rows(old: sqlite3.Connection, address: str) -> None:
    """Put its rows into a PostgreSQL database that was migrated as far."""
    import psycopg  # noqa: PLC0415 -- where there is a server

    with psycopg.connect(address) as server:
        columns = server.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name LIKE 'clinic_%'"
        ).fetchall()
        kinds: dict[str, dict[str, str]] = {}
        for table, column, kind in columns:
            kinds.setdefault(table, {})[column] = kind
        there = {name for (name,) in old.execute("SELECT name FROM sqlite_master")}
        for table in sorted(kinds.keys() & there):
            found = old.execute(f'SELECT * FROM "{table}"')  # noqa: S608 -- our own table
            names = [one[0] for one in found.description]
            places = ", ".join(f"%s::{kinds[table][name]}" for name in names)
            quoted = ", ".join(f'"{name}"' for name in names)
            with server.cursor() as cursor:
                cursor.executemany(
                    f'INSERT INTO "{table}" ({quoted}) VALUES ({places})',  # noqa: S608 -- as above
                    [[None if cell is None else str(cell) for cell in row] for row in found],
                )
            if kinds[table].get("id") == "bigint" and table != "clinic_cache":
                server.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "  # noqa: S608
                    f'(SELECT coalesce(max(id), 1) FROM "{table}"))'
                )
