# SPDX-License-Identifier: Apache-2.0
"""Databases on the PostgreSQL that the tests run on: migrated once a server, copied after that."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.clinic_process import run_lines

SERVER = os.environ.get("ATTUNEMENT_TEST_DATABASE", "")  # empty: the tests run on SQLite
_MIGRATIONS = Path(__file__).parents[1] / "src/attunement/clinic/migrations"
_LOCK = 7_219_034  # any number that only these lines lock
_CONFIG = """\
secret_key_file = "secret.key"
database = {database}
base_url = "http://127.0.0.1:8000"
[practice]
name = "Synthetic Practice"
[crisis]
text = "Call now."
phone = "000"
"""
_OPEN = """
from django.utils import timezone
from attunement.clinic.store.opening import open_store
open_store(now=timezone.now())
"""


def address(name: str) -> str:
    """Return the address of a database on the server."""
    return urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))


def recreate(name: str, *, template: str = "") -> None:
    """Make a database, empty or like another, in place of what was there."""
    import psycopg  # noqa: PLC0415 -- where there is a server

    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        like = f' TEMPLATE "{template}"' if template else ""
        server.execute(f'CREATE DATABASE "{name}"{like}')


def drop(name: str) -> None:
    """Take a database away, whoever is connected."""
    import psycopg  # noqa: PLC0415

    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def opened_store() -> str:
    """Return the name of a database that the program opened once, and so migrated: a template.

    The first who asks makes it; the others wait for that.
    """
    import psycopg  # noqa: PLC0415
    from psycopg import sql  # noqa: PLC0415

    name = f"opened_store_{_version()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # goes with the connection
        there = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if there is None:
            half = f"{name}_half"
            recreate(half)
            _open(half)
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(half), sql.Identifier(name)
                )
            )
    return name


def _open(name: str) -> None:
    from attunement.clinic.config.secret import write_secret  # noqa: PLC0415 -- after django.setup

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "clinic.toml"
        config.write_text(_CONFIG.format(database=json.dumps(address(name))), encoding="utf-8")
        write_secret(Path(folder) / "secret.key")
        run_lines(config, _OPEN)


def _version() -> str:
    """Return a digest of the migrations: a server that stays up may hold an older template."""
    found = hashlib.sha256()
    for file in sorted(_MIGRATIONS.glob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()[:12]
