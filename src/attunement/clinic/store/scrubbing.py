# SPDX-License-Identifier: Apache-2.0
"""Writing a database anew, so that no page of its files holds what was deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from django.db import DatabaseError, connection

UNCLEAN = -1
_TRIES, _PAUSE = 3, 0.1
_MARKED, _SAYS = "clinic_client", "clean up to erasure "  # PostgreSQL: a comment on this table


def scrub(
    tables: Sequence[str], *, mark: int = 0, sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Overwrite the free pages of a database; outside every transaction.

    SQLite: ``VACUUM`` and a write-ahead log cut to nothing, which needs a moment in which nobody
    reads. PostgreSQL: the named tables are written anew; its own log keeps older pages until it
    is recycled.

    Parameters
    ----------
    tables : sequence of str
        What PostgreSQL writes anew; SQLite writes the whole file.
    mark : int
        Kept with the database once nothing is left: up to which erasure it is clean.
    sleep : callable
        How to wait for a reader to finish.

    Returns
    -------
    bool
        Whether nothing is left; False where a reader or writer was in the way. The next start
        tries again.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            for table in tables:
                cursor.execute(f"VACUUM FULL {connection.ops.quote_name(table)}")
            _keep(mark)
            return True
        for _ in range(_TRIES):
            try:
                cursor.execute("VACUUM")
                if _log_is_empty():
                    # Only now: whoever is killed before this begins anew at the next start.
                    _keep(mark)
                    _log_is_empty()
                    return True
            except DatabaseError:
                pass
            sleep(_PAUSE)
    return False


def must_scrub() -> None:
    """Note that plain words or keys are about to be left in the files, before they are.

    Whatever happens then, a start overwrites them, this one or the next.
    """
    _keep(UNCLEAN)


def clean_up_to() -> int:
    """Return the mark of the last scrubbing; 0 where there was none."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA user_version")
            return int(cursor.fetchone()[0])
        cursor.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [_MARKED])
        said = cursor.fetchone()[0] or ""
    number = said.removeprefix(_SAYS)
    return int(number) if number != said else 0


def _keep(mark: int) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA user_version = {int(mark)}")
        else:
            cursor.execute(f"COMMENT ON TABLE {_MARKED} IS '{_SAYS}{int(mark)}'")


def _log_is_empty() -> bool:
    """Move what SQLite's log holds into the file; whether nothing of it is left."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, frames, _ = cursor.fetchone()
    return not busy and frames == 0
