# SPDX-License-Identifier: Apache-2.0
"""A clinic in a temporary folder, seeded and served by the program's own command."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMMAND = ("-c", "from attunement.cli import main; raise SystemExit(main())")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "ATTUNEMENT" not in name}
    return kept | {"PYTHONUNBUFFERED": "1"}


def make_clinic(folder: Path, port: int, **asked: int) -> dict[str, Any]:
    """Write a configuration, a secret and a seeded store; return what the seed tells."""
    subprocess.run(
        [
            sys.executable, *COMMAND, "serve", "--new", str(folder),
            "--practice", "Synthetic Practice", "--crisis-phone", "000 000", "--timezone", "UTC",
        ],
        check=True,
        env=_environment(),
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    config = folder / "clinic.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("127.0.0.1:8000", f"127.0.0.1:{port}"), encoding="utf-8")
    plan = folder / "plan.json"
    plan.write_text(json.dumps(asked), encoding="utf-8")
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "bench.clinic.seed", str(config), str(plan)],
        check=True,
        env=_environment(),
    )
    print(f"Seeded in {time.perf_counter() - began:.0f} s: {asked}.", flush=True)
    found: dict[str, Any] = json.loads(plan.read_text(encoding="utf-8"))
    return found


@contextmanager
def served(
    words: list[str],
    port: int,
    *,
    log: Path,
    program: str = sys.executable,
    page: str = "healthz",
    seconds: float = 60,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; within ``seconds`` it answers for ``page``."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            [program, *words],
            env=_environment(),
            stdout=file,
            stderr=file,
            start_new_session=True,  # so that its own processes end with it
        )
        try:
            _wait(process, f"{port}/{page}", time.monotonic() + seconds, log)
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def processor_seconds(process: subprocess.Popen[bytes]) -> list[float]:
    """Return what a server and each of its processes has used of the processors, parent first.

    Where the system does not tell (no ``/proc``) there is nothing in it.
    """
    ticks = os.sysconf("SC_CLK_TCK")
    found: list[float] = []
    waiting = [process.pid]
    while waiting:
        place = Path("/proc") / str(waiting.pop(0))
        try:
            fields = (place / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
            children = (place / "task" / place.name / "children").read_text(encoding="ascii")
        except OSError:
            continue
        found.append((int(fields[11]) + int(fields[12])) / ticks)
        waiting += [int(child) for child in children.split()]
    return found


def _wait(process: subprocess.Popen[bytes], place: str, until: float, log: Path) -> None:
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{place}", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    message = "The server did not come up:\n" + log.read_text(encoding="utf-8")[-2000:]
    raise SystemExit(message)
