# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL databases that last as long as one look into a copy, and no longer.

They hold a whole copy of a clinic. Whoever makes one holds a lock on its name in the clinic's own
database, which the server lets go when the process ends in whatever way; the next who comes drops
what nobody holds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from attunement.clinic.errors import ClinicError

_LONGEST = 200
_OWN: set[str] = set()  # a session may lock again what it holds


@contextmanager
def scratch_database() -> Iterator[str]:
    """Make a PostgreSQL database beside the clinic's, and drop it afterwards.

    Raises
    ------
    ClinicError
        E-CLINIC-011 when the role may not make one.
    """
    clear_left_databases()
    name = f"{_ours()}{os.urandom(4).hex()}"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
            cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name)}")
    except DatabaseError as problem:
        raise ClinicError(
            "E-CLINIC-011",
            what="there is no scratch database to restore the backup into",
            got=" ".join(str(problem).split())[:_LONGEST].rstrip("."),
            next_step="Let the clinic's role make databases: ALTER ROLE name CREATEDB",
        ) from None
    _OWN.add(name)
    try:
        yield name
    finally:
        _OWN.discard(name)
        _drop(name)


def clear_left_databases() -> None:
    """Drop what killed processes left of this clinic; what is in use stays."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) "
            "AND pg_get_userbyid(datdba) = current_user",
            [_ours()],
        )
        for name in {row[0] for row in cursor.fetchall()} - _OWN:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
            if cursor.fetchone()[0]:
                _drop(name)


def _ours() -> str:
    """Return how the names of this clinic's scratch databases begin."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        return f"attunement_scratch_{cursor.fetchone()[0]}_"


def _drop(name: str) -> None:
    with connection.cursor() as cursor:
        quoted = connection.ops.quote_name(name)
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])
