# SPDX-License-Identifier: Apache-2.0
"""A practice that is committed, for tests with several connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.clinic_process import run_lines

from attunement.clinic.config.secret import write_secret


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A clinic that has a process of its own has a SQLite file of its own: not run again."""
    for item in items:
        if "run_clinic" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.one_store)


@pytest.fixture
def world_committed(transactional_db: None, request: pytest.FixtureRequest) -> Any:  # noqa: ARG001
    return request.getfixturevalue("build_world")()


_CONFIG = """\
secret_key_file = "secret.key"
database = "clinic.sqlite3"
base_url = "http://127.0.0.1:8000"
[practice]
name = "Synthetic Practice"
[crisis]
text = "Call now."
phone = "000"
"""


@pytest.fixture
def run_clinic() -> Any:
    """Return a function that runs Python lines in a process with a clinic of its own."""

    def run(folder: Path, lines: str) -> str:
        config = folder / "clinic.toml"
        if not config.exists():
            config.write_text(_CONFIG, encoding="utf-8")
            write_secret(folder / "secret.key")
        return run_lines(config, lines)

    return run
