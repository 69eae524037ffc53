# SPDX-License-Identifier: Apache-2.0
"""A new SQLite store in one step: ``schema.sql`` holds what all migrations together leave.

Running every migration on an empty file takes seconds, spent on drawing up the models of each step
once more. ``python -m scripts.schema`` writes the file from a store that the migrations made, and a
test compares the two. A migration that the file does not know yet runs afterwards, as on any store.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from django.db import connection, transaction

WRITTEN_AT = "strftime('%Y-%m-%d %H:%M:%f', 'now')"  # when a migration counts as applied
_ORDER = ("table", "index", "view", "trigger")


def make_new_store() -> bool:
    """Make every table of an empty SQLite store; return whether the store was empty.

    All or nothing: another process that opens the same file meanwhile finds it empty or whole.
    """
    if connection.vendor != "sqlite" or _tables():
        return False
    with transaction.atomic():
        if _tables():
            return False
        with connection.cursor() as cursor:
            for statement in statements():
                cursor.execute(statement)
    return True


def statements() -> Iterator[str]:
    """Yield the statements of ``schema.sql``, a trigger with its body as one."""
    text = files("attunement.clinic.store.sqlite").joinpath("schema.sql").read_text("utf-8")
    held = ""
    for line in text.splitlines(keepends=True):
        if not held and line.startswith("--"):
            continue
        held += line
        if sqlite3.complete_statement(held):
            yield held.strip()
            held = ""


def schema_of(database: sqlite3.Connection) -> list[str]:
    """Return the statements that make a database's tables and the rows in them, in fixed order."""
    made: list[str] = []
    for kind in _ORDER:
        found = database.execute(
            "SELECT sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL "
            "AND name NOT LIKE 'sqlite_%' ORDER BY name",
            [kind],
        )
        made.extend(f"{sql};" for (sql,) in found)
        if kind == "table":
            made.extend(_rows(database))
    return made


def _rows(database: sqlite3.Connection) -> Iterator[str]:
    tables = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY name"
    ).fetchall()
    for (table,) in tables:
        found = database.execute(f'SELECT * FROM "{table}" ORDER BY 1')  # noqa: S608 -- our own name
        names = [one[0] for one in found.description]
        for row in found.fetchall():
            cells = dict(zip(names, row, strict=True))
            values = [WRITTEN_AT if name == "applied" else _quoted(cells[name]) for name in names]
            columns = ", ".join(f'"{name}"' for name in names)
            yield f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join(values)});'  # noqa: S608 -- our own rows


def _quoted(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    message = f"A new store holds no {type(value).__name__}"
    raise TypeError(message)


def _tables() -> list[str]:
    return connection.introspection.table_names()
