# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL cluster of a rig's own, on a socket, that can be killed and come back."""

from __future__ import annotations

import glob
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

STARTS_WITHIN = 60.0


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest there is."""
    found = [Path(path) for path in glob.glob("/usr/lib/postgresql/*/bin/initdb")]  # noqa: PTH207 -- an absolute pattern
    if found:
        return max(found, key=lambda path: int(path.parts[-3])).parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@dataclass
class Cluster:
    """One cluster in a folder; every process of it belongs to one process group."""

    folder: Path
    preload: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: 20000 + secrets.randbelow(20000))
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Return the cluster's data folder."""
        return self.folder / "data"

    @property
    def address(self) -> str:
        """Return what ``database`` in a configuration says."""
        return self.address_of("clinic")

    def address_of(self, database: str) -> str:
        """Return the same for another database of the cluster."""
        return f"postgresql://attunement@/{database}?host={self.folder}&port={self.port}"

    def renew(self, database: str, *, template: str = "") -> None:
        """Make a database anew, empty or as another one is."""
        where = ("-h", str(self.folder), "-p", str(self.port), "-U", "attunement")
        self._call("dropdb", *where, "--if-exists", "--force", database)
        self._call("createdb", *where, *(("-T", template) if template else ()), database)

    def databases(self) -> list[str]:
        """Return the names of its databases."""
        return self._asked("SELECT datname FROM pg_database")

    def files_of(self, database: str) -> list[Path]:
        """Return the files of a database's tables, written out up to this moment."""
        self._asked("CHECKPOINT")
        said = self._asked("SELECT datname, oid FROM pg_database")
        number = dict(line.split("|") for line in said)[database]
        return [path for path in (self.data / "base" / number).iterdir() if path.is_file()]

    def _asked(self, query: str) -> list[str]:
        words = ("-h", str(self.folder), "-p", str(self.port), "-U", "attunement", "-Atc", query)
        said = subprocess.run(
            [str(_bin() / "psql"), *words, "postgres"],
            check=True,
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=self.folder,
            **_as_postgres(),
        )
        return said.stdout.split()

    def make(self) -> None:
        """Make the cluster, start it and create the database. Small write-ahead segments."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.folder, "postgres")
        self._call(
            "initdb", "-D", str(self.data), "-U", "attunement", "-A", "trust", "-E", "UTF8",
            "--no-locale", "--wal-segsize=1",
        )  # fmt: skip
        self.start()
        self._call(
            "createdb", "-h", str(self.folder), "-p", str(self.port), "-U", "attunement", "clinic"
        )

    def start(self) -> None:
        """Start the server and wait until it takes connections (after recovery, if need be).

        One that ends at once is started again: processes of a killed one may hold its memory still.
        """
        ends = time.monotonic() + STARTS_WITHIN
        ready = [str(_bin() / "pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)]
        while time.monotonic() < ends:
            self.process = self._served()
            while self.process.poll() is None and time.monotonic() < ends:
                if subprocess.run(ready, check=False).returncode == 0:
                    return
                time.sleep(0.05)
        self.stop()
        said = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")
        message = f"PostgreSQL did not start: {said[-500:]}"
        raise RuntimeError(message)

    def _served(self) -> subprocess.Popen[bytes]:
        with (self.folder / "server.log").open("ab") as log:
            return subprocess.Popen(
                [
                    str(_bin() / "postgres"), "-D", str(self.data), "-p", str(self.port),
                    "-c", "listen_addresses=", "-c", f"unix_socket_directories={self.folder}",
                    "-c", "max_connections=60", "-c", "checkpoint_timeout=30s",
                ],
                stdout=log,
                stderr=log,
                env=self._environment() | self.preload,
                start_new_session=True,
                **_as_postgres(),
            )  # fmt: skip

    def kill(self) -> None:
        """Kill every process of the cluster at once."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop the server in order."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
            self.process = None

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(_bin() / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            env=self._environment(),
            cwd=self.folder,
            **_as_postgres(),
        )

    @staticmethod
    def _environment() -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}


def _bin() -> Path:
    found = binaries()
    if found is None:
        message = "PostgreSQL is not installed; on Debian: apt-get install postgresql"
        raise RuntimeError(message)
    return found


def _as_postgres() -> dict[str, int]:
    """Return what makes a program run as postgres where we are root."""
    if os.geteuid() != 0:
        return {}
    who = pwd.getpwnam("postgres")
    return {"user": who.pw_uid, "group": who.pw_gid}
