# SPDX-License-Identifier: Apache-2.0
"""A practice that is committed, for tests with several connections."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from attunement.clinic.config.secret import write_secret


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
        start = f"from attunement.clinic.serving import set_up\nset_up({str(config)!r})\n"
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("ATTUNEMENT_")
        }
        done = subprocess.run(
            [sys.executable, "-c", start + lines],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
