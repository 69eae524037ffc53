# SPDX-License-Identifier: Apache-2.0
"""Settings for the tests: SQLite in a file, or the PostgreSQL of ``ATTUNEMENT_TEST_DATABASE``."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from attunement.clinic.config.django_settings import django_settings
from attunement.clinic.config.model import Config, Crisis

_HOME = Path(tempfile.gettempdir()) / f"attunement-test-{os.getpid()}"
_ADDRESS = os.environ.get("ATTUNEMENT_TEST_DATABASE", str(_HOME / "clinic.sqlite3"))

ATTUNEMENT = Config(
    secret_key="a secret for tests only, never for people: 0123456789",  # noqa: S106 -- tests only
    database=_ADDRESS,
    base_url="http://127.0.0.1:8000",
    practice_name="Synthetic Practice",
    crisis=Crisis(
        text="If you are in danger now, call this number. These answers are not watched "
        "round the clock.",
        phone="000 0000",
    ),
    allowed_hosts=("127.0.0.1", "localhost", "testserver"),
    home=_HOME,
)


def _settings() -> dict[str, Any]:
    made = django_settings(ATTUNEMENT)
    database = made["DATABASES"]["default"]
    if not _ADDRESS.startswith("postgresql://"):
        # A file, not memory: threads and the durability check need the real thing.
        database["TEST"] = {"NAME": str(_HOME / "test.sqlite3")}
        database["CONN_MAX_AGE"] = 0
        _HOME.mkdir(parents=True, exist_ok=True)
        atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
    else:
        database["CONN_MAX_AGE"] = 0
    # scrypt is slow on purpose; tests log in hundreds of times.
    made["PASSWORD_HASHERS"] = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return made


globals().update(_settings())

DATABASES: dict[str, Any]
SECRET_KEY: str
