# SPDX-License-Identifier: Apache-2.0
"""Opening the store: back up, migrate, check; or refuse and change nothing."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import NoReturn

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model

from attunement.clinic.errors import ClinicError
from attunement.clinic.store.durability import check_store
from attunement.clinic.store.erasure_ledger import ledger_path
from attunement.clinic.store.scratch import clear_left, half_file, put
from attunement.clinic.store.scratch_database import clear_left_databases
from attunement.clinic.store.scrubbing import must_scrub
from attunement.clinic.store.sqlite.new_store import make_new_store

LONGEST_REASON = 200
FIRST, SEALING = "0001_initial", "0010_keys"


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening the store did."""

    migrated: int  # how many migrations were run
    backup: Path | None  # the copy made before them; None where there was nothing to copy
    erased: int = 0  # how many people were erased again, whom an older copy still knew


def open_store(*, now: datetime) -> Opened:
    """Bring the database to this version's schema and check that it is safe.

    A SQLite file that holds a schema is copied first, with SQLite's own backup call (a copied
    file would miss the write-ahead log), and the copy is checked. PostgreSQL is not copied: that
    is its operator's dump. An empty SQLite file gets every table in one step. Whoever was erased
    is erased again if the database still knows them. What a process left that was killed in any of
    this, or in a backup or a restore, is finished or cleared away.

    Raises
    ------
    ClinicError
        E-CLINIC-001 for a weak store, E-CLINIC-002 for a schema newer than this version,
        E-CLINIC-011 when the copy cannot be verified, E-CLINIC-014 when there is no connection:
        nothing is migrated then. E-CLINIC-019 when this site's keys do not fit, E-CLINIC-022
        when the ledger of erasures was changed.
    """
    _connect()
    check_store(triggers=False)
    _clear_left()
    executor = MigrationExecutor(connection)
    refuse_newer(executor)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    backup: Path | None = None
    if plan and executor.loader.applied_migrations and connection.vendor == "sqlite":
        backup = back_up(Path(str(connection.settings_dict["NAME"])), now=now)
    made = bool(plan) and make_new_store()
    names = {migration.name for migration, _ in plan}
    if SEALING in names and ("clinic", FIRST) in executor.loader.applied_migrations:
        must_scrub()  # names and words are there in plain, and will be in what the file frees
    if (plan or _half_listed()) and not (made and _nothing_left()):
        call_command("migrate", interactive=False, verbosity=0)
    if not made:
        call_command("createcachetable", verbosity=0)
    check_store()
    # Late: the services need the tables that were just made.
    from attunement.clinic.services.erasure import replay_erasures  # noqa: PLC0415

    erased = replay_erasures(now=now)
    return Opened(migrated=len(plan), backup=backup, erased=erased)


def _clear_left() -> None:
    """Remove what killed processes left half made: plain copies, in which nobody is erased."""
    if connection.vendor == "sqlite":
        clear_left(Path(str(connection.settings_dict["NAME"])).parent)
    else:
        clear_left(Path(tempfile.gettempdir()))
        clear_left_databases()
    # The ledger's, where it does not lie beside the database, and keys that were brought back.
    clear_left(ledger_path(settings.ATTUNEMENT).parent)


def _half_listed() -> bool:
    """Whether a process was killed after the last migration, while Django listed what is there."""
    from django.contrib.auth.models import Permission  # noqa: PLC0415 -- after django.setup
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415 -- as above

    tables = set(connection.introspection.table_names())
    if not {ContentType._meta.db_table, Permission._meta.db_table} <= tables:  # noqa: SLF001 -- documented
        return False
    models = apps.get_models()
    n_rights = sum(len(_rights(model)) for model in models)
    return ContentType.objects.count() < len(models) or Permission.objects.count() < n_rights


def _rights(model: type[Model]) -> list[object]:
    return [*model._meta.default_permissions, *model._meta.permissions]  # noqa: SLF001 -- documented


def _nothing_left() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def require_current() -> None:
    """Refuse a store that opening would have to make or migrate; nothing is written.

    Raises
    ------
    ClinicError
        E-CLINIC-107; and E-CLINIC-001, E-CLINIC-002 and E-CLINIC-014 as for ``open_store``.
    """
    file = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor == "sqlite" and not file.exists():
        _refuse_unprepared()
    _connect()
    check_store(triggers=False)
    executor = MigrationExecutor(connection)
    refuse_newer(executor)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _refuse_unprepared()
    check_store()
    from attunement.clinic.services.erasure import outstanding_erasures  # noqa: PLC0415 -- as above

    if outstanding_erasures():
        _refuse_unprepared()


def _refuse_unprepared() -> NoReturn:
    raise ClinicError(
        "E-CLINIC-107",
        what="the store was not prepared by this version",
        expected="a store that has been opened once",
        next_step="Run 'attunement serve --check', which backs up and migrates",
    )


def _connect() -> None:
    """Open the connection, or say in one line why there is none (drivers name no password)."""
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            if connection.vendor == "sqlite":
                cursor.execute("SELECT count(*) FROM sqlite_master")
    except DatabaseError as problem:
        raise ClinicError(
            "E-CLINIC-014",
            what="the database cannot be opened",
            got=" ".join(str(problem).split())[:LONGEST_REASON].rstrip(".") or "no reason",
            expected="a SQLite file that can be written, or a PostgreSQL server that answers",
            next_step="Check the key database, and that the server runs",
        ) from None


def refuse_newer(executor: MigrationExecutor) -> None:
    """Refuse a database with migrations that this version does not know.

    Raises
    ------
    ClinicError
        E-CLINIC-002.
    """
    applied = {name for app, name in executor.loader.applied_migrations if app == "clinic"}
    known = {name for app, name in executor.loader.disk_migrations if app == "clinic"}
    newer = sorted(applied - known)
    if newer:
        raise ClinicError(
            "E-CLINIC-002",
            what="the database was written by a newer version of attunement",
            got=", ".join(newer),
            expected=f"at most {max(known)}",
            next_step="Install that version, or restore a backup made before it",
        )


def back_up(database: Path, *, now: datetime) -> Path:
    """Copy an open SQLite database beside itself and verify the copy; return its path.

    Raises
    ------
    ClinicError
        E-CLINIC-011 when the copy fails SQLite's integrity check; it is removed.
    """
    final = _free_name(database, now.strftime("%Y%m%dT%H%M%SZ"))
    with half_file(final) as half:
        source, copy = sqlite3.connect(database), sqlite3.connect(half)
        try:
            source.backup(copy)
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
            copy.execute("PRAGMA journal_mode=DELETE")
        finally:
            copy.close()
            source.close()
        if verdict != "ok":
            raise ClinicError(
                "E-CLINIC-011",
                what="the backup before the migration could not be verified",
                next_step="Check the disk, then run: sqlite3 FILE 'PRAGMA integrity_check'",
            )
        put(half, final)
    return final


def _free_name(database: Path, stamp: str) -> Path:
    """Return a name that no copy has: one goes back to the copy before a killed migration."""
    names = chain([stamp], (f"{stamp}-{number}" for number in count(2)))
    copies = (database.with_name(f"{database.stem}.before-{name}.sqlite3") for name in names)
    return next(copy for copy in copies if not copy.exists())
