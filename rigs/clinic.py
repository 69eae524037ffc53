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
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from attunement.clinic.config.secret import write_secret

STARTS_WITHIN = 60.0
_CONFIG = """\
secret_key_file = "secret.key"
database = "{database}"
{keys}base_url = "http://127.0.0.1:{port}"
[practice]
name = "Synthetic Practice"
synthetic = true
[crisis]
text = "Call now."
phone = "000"
{more}"""


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Work:
    """One process of the clinic that was begun."""

    process: int
    output: Path

    def kill(self, *, with_its_own: bool = True) -> None:
        """Kill it, and whatever it started too unless those are to be left behind."""
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        if with_its_own:
            with suppress(ProcessLookupError):
                os.killpg(self.process, signal.SIGKILL)


@dataclass
class Clinic:
    """A clinic's folder and, while it runs, its server."""

    folder: Path
    database: str = "clinic.sqlite3"  # or postgresql://…
    weaken: str = ""  # "off" or "normal": SQLite's synchronous, made too weak on purpose
    preload: dict[str, str] = field(default_factory=dict)  # further environment of the server
    shim: Path | None = None  # preloaded; without effect until ``preload`` says more
    more: str = ""  # further lines of the configuration
    keys_file: str = ""  # none: the keys follow from the secret
    surroundings: dict[str, str] = field(default_factory=dict)  # environment of every process
    port: int = field(default_factory=free_port)
    server: int | None = None  # its process id, while it runs
    _parent: subprocess.Popen[str] | None = None
    _asked: int = 0

    def __post_init__(self) -> None:
        """Write the configuration and a secret."""
        self.folder.mkdir(parents=True, exist_ok=True)
        keys = f'keys_file = "{self.keys_file}"\n' if self.keys_file else ""
        config = _CONFIG.format(database=self.database, port=self.port, more=self.more, keys=keys)
        self.config.write_text(config, encoding="utf-8")
        if not (self.folder / "secret.key").exists():
            write_secret(self.folder / "secret.key")

    @property
    def config(self) -> Path:
        """Return the configuration's path."""
        return self.folder / "clinic.toml"

    @property
    def log(self) -> Path:
        """Return where its processes write: beside the folder, which may lose its power."""
        return self.folder.with_name(f"{self.folder.name}.log")

    def links(self, count: int) -> list[str]:
        """Return the tokens of so many new links, each for a session of its own."""
        tokens: list[str] = json.loads(self.run("make_links", str(count)))
        return tokens

    def run(self, function: str, *arguments: str) -> str:
        """Run a function of ``rigs.inside`` in a process of its own; return what it printed."""
        status, said = self.end(self.begin(function, *arguments))
        if status != 0:
            message = f"{function} failed; see {self.log}"
            raise RuntimeError(message)
        return said

    def begin(
        self, function: str, *arguments: str, environment: dict[str, str] | None = None
    ) -> Work:
        """Begin a function of ``rigs.inside`` in a process of its own, and return it at once."""
        self._asked += 1
        output = self.folder.with_name(f"{self.folder.name}.{self._asked}.out")
        born = self._ask(function, arguments, output=output, environment=environment or {})
        return Work(born, output)

    def end(self, work: Work) -> tuple[int, str]:
        """Wait for a process; return how it ended, as ``os.waitpid`` says it, and what it said."""
        status = self._tell({"function": "wait", "process": work.process})
        said = work.output.read_text(encoding="utf-8") if work.output.exists() else ""
        work.output.unlink(missing_ok=True)
        return status, said

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.server = self._ask(
            "serve", [str(self.port)], output=self.log, environment=self.preload
        )
        ends = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < ends:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2):
                    return
            except OSError:
                time.sleep(0.02)
            if Path(f"/proc/{self.server}/stat").read_text("ascii").split()[2] == "Z":
                break
        self.kill()
        message = f"the server did not start; see {self.log}"
        raise RuntimeError(message)

    def kill(self) -> None:
        """Kill the server as the kernel would: it cannot say goodbye."""
        if self.server is not None:
            os.killpg(self.server, signal.SIGKILL)
            self._tell({"function": "wait", "process": self.server})
            self.server = None

    def close(self) -> None:
        """Kill the server and let the parent end."""
        self.kill()
        if self._parent is not None:
            self._parent.communicate()
            self._parent = None

    def _ask(
        self, function: str, arguments: Sequence[str], *, output: Path, environment: dict[str, str]
    ) -> int:
        return self._tell(
            {
                "function": function,
                "arguments": list(arguments),
                "output": str(output),
                "environment": environment,
            }
        )

    def _tell(self, asked: dict[str, object]) -> int:
        if self._parent is None:
            with self.log.open("ab") as log:
                self._parent = subprocess.Popen(
                    [sys.executable, "-m", "rigs.inside", str(self.config)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    env=self._environment(),
                )
        parent = self._parent
        if parent.stdin is None or parent.stdout is None:
            raise RuntimeError
        parent.stdin.write(json.dumps(asked) + "\n")
        parent.stdin.flush()
        line = parent.stdout.readline()
        if not line:
            message = f"the clinic's parent process ended; see {self.log}"
            raise RuntimeError(message)
        return int(line)

    def _environment(self) -> dict[str, str]:
        """Return this process's environment without what speaks of another clinic."""
        kept = {name: v for name, v in os.environ.items() if not name.startswith("ATTUNEMENT_")}
        kept |= {"PYTHONWARNINGS": "ignore", "RIG_WEAKEN": self.weaken}
        kept |= self.surroundings
        return kept | ({"LD_PRELOAD": str(self.shim)} if self.shim else {})
