# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLC0415 -- Django's models only after its set-up
"""Write ``store/sqlite/schema.sql``: what all migrations together leave in a new SQLite store.

    python -m scripts.schema

Run it after every change of the migrations; a test compares.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src/attunement/clinic/store/sqlite/schema.sql"
_HEAD = """\
-- SPDX-License-Identifier: Apache-2.0
-- Written by `python -m scripts.schema` from a store that the migrations made. Do not edit.
"""


def migrated() -> list[str]:
    """Run every migration on an empty store and return the statements that would make the same."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "attunement.clinic.settings_test"
    os.environ.pop("ATTUNEMENT_TEST_DATABASE", None)
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from attunement.clinic.store.sqlite.new_store import schema_of

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "new.sqlite3"
        connection.settings_dict["NAME"] = str(file)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        connection.close()
        database = sqlite3.connect(file)
        made = schema_of(database)
        database.close()
    return made


if __name__ == "__main__":
    TARGET.write_text(_HEAD + "\n".join(migrated()) + "\n", encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)} written.")
