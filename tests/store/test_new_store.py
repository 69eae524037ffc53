# SPDX-License-Identifier: Apache-2.0
"""A new SQLite store is made in one step, and is what the migrations would have made."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from attunement.clinic.store.sqlite.new_store import schema_of, statements

pytestmark = [
    pytest.mark.store,
    pytest.mark.skipif(
        bool(os.environ.get("ATTUNEMENT_TEST_DATABASE")),
        reason="PostgreSQL's tables are made by the migrations (2026-11-22)",
    ),
]
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_it_is_what_all_migrations_together_leave() -> None:
    lines = "import json; from scripts.schema import migrated; print(json.dumps(migrated()))"
    made = subprocess.run(
        [sys.executable, "-c", lines],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert made.returncode == 0, made.stderr
    assert list(statements()) == json.loads(made.stdout), "run: python -m scripts.schema"


def test_a_new_store_holds_just_that(tmp_path: Path, run_clinic: Any) -> None:
    lines = (
        "from datetime import UTC, datetime\n"
        "from django.db import connection\n"
        "from attunement.clinic.store.opening import open_store\n"
        "from attunement.clinic.store.sqlite.new_store import make_new_store\n"
        "opened = open_store(now=datetime(2026, 3, 2, tzinfo=UTC))\n"
        "again = open_store(now=datetime(2026, 3, 3, tzinfo=UTC))\n"
        "print(opened.migrated > 12, opened.backup, again.migrated, make_new_store())\n"
    )
    assert run_clinic(tmp_path, lines).split() == ["True", "None", "0", "False"]
    database = sqlite3.connect(tmp_path / "clinic.sqlite3")
    assert schema_of(database) == list(statements())
    database.close()


def test_half_of_it_is_never_there(tmp_path: Path, run_clinic: Any) -> None:
    """A step that fails takes all the others back, and the next opening makes the store."""
    lines = (
        "from datetime import UTC, datetime\n"
        "from django.db import DatabaseError, connection\n"
        "from attunement.clinic.store.sqlite import new_store\n"
        "kept = new_store.statements\n"
        "new_store.statements = lambda: [*list(kept())[:40], 'CREATE NONSENSE;']\n"
        "try:\n"
        "    new_store.make_new_store()\n"
        "except DatabaseError:\n"
        "    print(connection.introspection.table_names())\n"
        "new_store.statements = kept\n"
        "print(new_store.make_new_store(), len(connection.introspection.table_names()) > 40)\n"
    )
    assert run_clinic(tmp_path, lines).split() == ["[]", "True", "True"]
