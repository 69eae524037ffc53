# SPDX-License-Identifier: Apache-2.0
"""CamCOPS' own command, started for a run with a copy of a configuration on a free port."""

from __future__ import annotations

import argparse
import configparser
import json
import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOW = (
    "CamCOPS is not at hand: install camcops_server in an environment of its own beside a MariaDB "
    "or MySQL, then name its command and configuration with --camcops and --config (or "
    "CAMCOPS_SERVER and CAMCOPS_CONFIG_FILE); docs/benchmarks.md has the steps."
)


@dataclass(frozen=True, slots=True)
class Camcops:
    """Where an installed CamCOPS stands, and its database."""

    command: Path
    config: Path
    url: str

    @property
    def python(self) -> Path:
        return self.command.parent / "python"

    def words(self, server: str, config: Path) -> list[str]:
        """Return what its command is told to serve."""
        return [f"serve_{server}", "--config", str(config)]

    def settled(self, folder: Path, port: int, workers: int) -> Path:
        """Write a copy of the configuration for one run; the rest of it stays as it is."""
        settings = _read(self.config)
        settings["server"].update(
            HOST="127.0.0.1",
            PORT=str(port),
            UNIX_DOMAIN_SOCKET="",
            SSL_CERTIFICATE="",
            SSL_PRIVATE_KEY="",
        )
        if workers:
            settings["server"]["GUNICORN_NUM_WORKERS"] = str(workers)
        copy = folder / f"camcops-{port}.conf"
        with copy.open("w", encoding="utf-8") as file:
            settings.write(file)
        return copy

    def make_user(self) -> tuple[str, str]:
        """Make a group and a user who may upload to it, both new; return name and password."""
        name, password = f"bench-{secrets.token_hex(6)}", secrets.token_hex(12)
        made = subprocess.run(
            [
                str(self.command), "make_superuser", "--config", str(self.config),
                "--username", name, "--password", password,
            ],
            check=False,
            capture_output=True,
            text=True,
        )  # fmt: skip
        if made.returncode:
            message = "CamCOPS made no user:\n" + (made.stderr or made.stdout)[-1500:]
            raise SystemExit(message)
        self._ask(do="prepare", name=name)
        return name, password

    def found(self, name: str) -> list[list[int | None]]:
        """Return the rows of the run's forms, as ``camcops_store`` tells them."""
        rows: list[list[int | None]] = self._ask(do="found", name=name)["rows"]
        return rows

    def _ask(self, **asked: str) -> dict[str, Any]:
        answer = subprocess.run(
            [str(self.python), str(Path(__file__).with_name("camcops_store.py"))],
            input=json.dumps(asked | {"url": self.url}),
            check=False,
            capture_output=True,
            text=True,
        )
        if answer.returncode:
            message = "CamCOPS' database did not answer:\n" + answer.stderr[-1500:]
            raise SystemExit(message)
        told: dict[str, Any] = json.loads(answer.stdout)
        return told


def _read(path: Path) -> configparser.ConfigParser:
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    settings.optionxform = str  # type: ignore[assignment,method-assign] # names keep their case
    settings.read(path, encoding="utf-8")
    return settings


def at_hand(asked: argparse.Namespace) -> Camcops | None:
    """Return the CamCOPS that the arguments or the environment name, if it is there whole."""
    command = asked.camcops or os.environ.get("CAMCOPS_SERVER")
    config = asked.config or os.environ.get("CAMCOPS_CONFIG_FILE")
    if not command or not config:
        return None
    camcops = Camcops(Path(command), Path(config), "")
    if not all(one.is_file() for one in (camcops.command, camcops.python, camcops.config)):
        return None
    settings = _read(camcops.config)
    if not settings.has_section("server"):
        return None
    url = settings.get("site", "DB_URL", fallback="")
    return Camcops(camcops.command, camcops.config, url) if url else None
