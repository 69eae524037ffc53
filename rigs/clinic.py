# SPDX-License-Identifier: Apache-2.0
"""A clinic of its own for a rig: a folder, a store, a real server process, and open links."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from attunement.clinic.config.secret import write_secret

STARTS_WITHIN = 60.0
_CONFIG = """\
secret_key_file = "secret.key"
database = "{database}"
base_url = "http://127.0.0.1:{port}"
[practice]
name = "Synthetic Practice"
synthetic = true
[crisis]
text = "Call now."
phone = "000"
"""


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Clinic:
    """A clinic's folder and, while it runs, its server."""

    folder: Path
    database: str = "clinic.sqlite3"  # or postgresql://…
    weaken: str = ""  # "off" or "normal": SQLite's synchronous, made too weak on purpose
    preload: dict[str, str] = field(default_factory=dict)  # further environment of the server
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        """Write the configuration and a secret."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = _CONFIG.format(database=self.database, port=self.port)
        self.config.write_text(config, encoding="utf-8")
        if not (self.folder / "secret.key").exists():
            write_secret(self.folder / "secret.key")

    @property
    def config(self) -> Path:
        """Return the configuration's path."""
        return self.folder / "clinic.toml"

    @property
    def environment(self) -> dict[str, str]:
        """Return this process's environment without what speaks of another clinic."""
        kept = {name: v for name, v in os.environ.items() if not name.startswith("ATTUNEMENT_")}
        return kept | {"PYTHONWARNINGS": "ignore", "RIG_WEAKEN": self.weaken}

    def run(self, function: str, *arguments: str) -> str:
        """Run a function of ``rigs.inside`` in a process that has this clinic's store open."""
        done = subprocess.run(
            [sys.executable, "-m", "rigs.inside", str(self.config), function, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
        )
        if done.returncode != 0:
            message = f"{function} failed:\n{done.stderr[-4000:]}"
            raise RuntimeError(message)
        return done.stdout

    def links(self, count: int) -> list[str]:
        """Return the tokens of so many new links, each for a session of its own."""
        tokens: list[str] = json.loads(self.run("make_links", str(count)))
        return tokens

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rigs.inside", str(self.config), "serve", str(self.port)],
                stdout=log,
                stderr=log,
                env=self.environment | self.preload,
                start_new_session=True,
            )
        ends = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < ends:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2):
                    return
            except OSError:
                time.sleep(0.05)
        message = f"the server did not start; see {self.folder / 'server.log'}"
        raise RuntimeError(message)

    def kill(self) -> None:
        """Kill the server as the kernel would: it cannot say goodbye."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
