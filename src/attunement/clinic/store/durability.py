# SPDX-License-Identifier: Apache-2.0
"""The start-up check: a store that could lose an acknowledged answer is not opened.

SQLite must run with a write-ahead log and ``synchronous`` FULL or EXTRA; PostgreSQL with
``fsync``, ``full_page_writes`` and ``synchronous_commit`` on. A power-loss experiment lost
acknowledged writes with every weaker setting, while killing the process alone lost none: the
setting, not the kill, is what has to be looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from attunement.clinic.errors import ClinicError
from attunement.clinic.store import course_triggers
from attunement.clinic.store.triggers import trigger_names

SQLITE_FULL = 2
_POSTGRESQL_ASKED = ("fsync", "full_page_writes", "synchronous_commit")


def sqlite_weaknesses(found: Mapping[str, str | int]) -> tuple[str, ...]:
    """Return what is too weak in a SQLite connection's settings, each with what is needed."""
    weak: list[str] = []
    if str(found["journal_mode"]).lower() != "wal":
        weak.append(f"journal_mode is {found['journal_mode']}, wal is needed")
    if int(found["synchronous"]) < SQLITE_FULL:
        weak.append(f"synchronous is {found['synchronous']}, {SQLITE_FULL} (FULL) is needed")
    if int(found["foreign_keys"]) != 1:
        weak.append("foreign_keys is off, on is needed")
    if int(found["trusted_schema"]) != 0:
        weak.append("trusted_schema is on, off is needed")
    if str(found["transaction_mode"]).upper() != "IMMEDIATE":
        weak.append(f"transaction_mode is {found['transaction_mode']}, IMMEDIATE is needed")
    return tuple(weak)


def postgresql_weaknesses(found: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is too weak in a PostgreSQL connection's settings."""
    return tuple(
        f"{name} is off, on is needed" for name in _POSTGRESQL_ASKED if found[name].lower() == "off"
    )


def found_settings(database: BaseDatabaseWrapper) -> dict[str, str | int]:
    """Ask an open connection for the settings that decide about durability."""
    found: dict[str, str | int] = {}
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema"):
                cursor.execute(f"PRAGMA {name}")
                found[name] = cursor.fetchone()[0]
            found["transaction_mode"] = str(
                database.settings_dict["OPTIONS"].get("transaction_mode", "DEFERRED")
            )
        else:
            for name in _POSTGRESQL_ASKED:
                cursor.execute(f"SHOW {name}")
                found[name] = cursor.fetchone()[0]
    return found


def missing_triggers(database: BaseDatabaseWrapper) -> tuple[str, ...]:
    """Return the triggers that are not in the database: append-only, and of kept courses."""
    asked = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D' AND NOT tgisinternal",
    }
    with database.cursor() as cursor:
        cursor.execute(asked[database.vendor])
        there = {row[0] for row in cursor.fetchall()}
    wanted = {*trigger_names(database.vendor), *course_triggers.names()}
    return tuple(sorted(wanted - there))


def check_store(database: BaseDatabaseWrapper | None = None, *, triggers: bool = True) -> None:
    """Refuse to start on a store that could lose an answer.

    Parameters
    ----------
    database : BaseDatabaseWrapper, optional
        An open Django connection; the default one by default.
    triggers : bool
        Whether the append-only triggers must be there; not before the first migration.

    Raises
    ------
    ClinicError
        E-CLINIC-001, naming each setting, what it is and what it must be.
    """
    asked = database if database is not None else connection
    found = found_settings(asked)
    if asked.vendor == "sqlite":
        weak = sqlite_weaknesses(found)
    else:
        weak = postgresql_weaknesses({name: str(value) for name, value in found.items()})
    if triggers:
        weak += tuple(f"the trigger {name} is missing" for name in missing_triggers(asked))
    if weak:
        raise ClinicError(
            "E-CLINIC-001",
            what="the store could lose an answer when the power fails",
            got="; ".join(weak),
            next_step="Change the setting where the database is configured and start again",
        )
