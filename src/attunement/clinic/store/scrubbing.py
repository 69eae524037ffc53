# SPDX-License-Identifier: Apache-2.0
"""Writing a database anew, so that no page of its files holds what was deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from django.db import DatabaseError, connection

_TRIES, _PAUSE = 3, 0.1


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
        Kept in a SQLite file's header once nothing is left: up to which erasure it is clean.
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
            return True
        for _ in range(_TRIES):
            try:
                cursor.execute("VACUUM")
                cursor.execute(f"PRAGMA user_version = {int(mark)}")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                busy, frames, _ = cursor.fetchone()
            except DatabaseError:
                busy, frames = 1, -1
            if not busy and frames == 0:
                return True
            sleep(_PAUSE)
    return False


def clean_up_to() -> int | None:
    """Return the mark of the last scrubbing; None on PostgreSQL, which is done at once."""
    if connection.vendor != "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA user_version")
        found: int = cursor.fetchone()[0]
    return found
