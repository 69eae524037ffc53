# SPDX-License-Identifier: Apache-2.0
"""``attunement serve`` and ``attunement demo`` as typed, each in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
RUN = [sys.executable, "-c", "from attunement.cli import main; main()"]
CONFIG = """\
secret_key_file = "secret.key"
database = "clinic.sqlite3"
base_url = "http://127.0.0.1:8000"
[practice]
name = "Synthetic Practice"
[crisis]
text = "Call now."
phone = "000"
"""


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNEMENT")}
    return {name: value for name, value in kept.items() if "DJANGO" not in name} | more


def _run(folder: Path, *words: str, typed: str = "", **more: str) -> Any:
    return subprocess.run(
        [*RUN, *words],
        cwd=folder,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=_environment(**more),
    )


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    (tmp_path / "clinic.toml").write_text(CONFIG, encoding="utf-8")
    assert _run(tmp_path, "serve", "--new-secret", "secret.key").returncode == 0
    return tmp_path


def test_a_clinic_is_set_up_step_by_step(clinic: Path) -> None:
    with_config = ("serve", "--config", "clinic.toml")
    check = _run(clinic, *with_config, "--check")
    assert check.returncode == 0, check.stderr
    added = _run(
        clinic, *with_config, "add-login", "amber", "--role", "therapist",
        "--name", "Synthetic Amber", "--password", "violet harbour lantern",
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    client = _run(clinic, *with_config, "add-client", "C-01", "--therapist", "amber")
    assert client.returncode == 0, client.stderr
    assert "2 events holds" in _run(clinic, *with_config, "verify-audit").stdout
    assert "0 responses" in _run(clinic, *with_config, "rebuild-scores").stdout
    assert stat.S_IMODE((clinic / "clinic.sqlite3").stat().st_mode) == 0o600


def test_a_new_clinic_starts_from_what_was_written(tmp_path: Path) -> None:
    name = 'Härbour "Practice" \\ 🙂'
    words = ("serve", "--new", "mine", "--practice", name, "--crisis-phone", "000 000")
    done = _run(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    check = _run(tmp_path, "serve", "--config", "mine/clinic.toml", "--check")
    assert check.returncode == 0, check.stderr
    before = (tmp_path / "mine" / "secret.key").read_text()
    again = _run(tmp_path, *words)
    assert (again.returncode, again.stderr[:12]) == (2, "E-CONFIG-001")
    assert (tmp_path / "mine" / "secret.key").read_text() == before
    database = sqlite3.connect(tmp_path / "mine" / "clinic.sqlite3")
    assert database.execute("SELECT name FROM clinic_practice").fetchall() == [(name,)]
    database.close()


def test_a_new_clinic_needs_a_name_and_a_number(tmp_path: Path) -> None:
    done = _run(tmp_path, "serve", "--new", "mine", "--practice", "x")
    assert (done.returncode, done.stderr[:9]) == (2, "E-CLI-001")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("add-login", "x", "--role", "king", "--name", "x", "--password", "violet harbour lantern"),
        ("add-login", "x", "--role", "lead", "--name", "x", "--password", "short"),
        ("add-login", "x", "--role", "lead", "--name", "x", "--password", "password1234"),
        ("add-client", "C-01", "--therapist", "nobody"),
    ],
)
def test_people_that_cannot_be_added_leave_with_2(clinic: Path, words: tuple[str, ...]) -> None:
    done = _run(clinic, "serve", "--config", "clinic.toml", *words)
    assert done.returncode == 2
    assert done.stderr.startswith("E-CLINIC-013")
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_configuration_leaves_with_2_and_makes_nothing(clinic: Path) -> None:
    (clinic / "secret.key").chmod(0o644)
    done = _run(clinic, "serve", "--config", "clinic.toml", "--check")
    assert done.returncode == 2
    assert done.stderr.startswith("E-CONFIG-007")
    assert not (clinic / "clinic.sqlite3").exists()


def test_a_tampered_audit_log_leaves_with_3(clinic: Path) -> None:
    with_config = ("serve", "--config", "clinic.toml")
    for name in ("amber", "birch"):
        _run(
            clinic, *with_config, "add-login", name, "--role", "lead",
            "--name", "x", "--password", "violet harbour lantern",
        )  # fmt: skip
    database = sqlite3.connect(clinic / "clinic.sqlite3")
    database.execute("DROP TRIGGER clinic_auditevent_no_update")
    database.execute("UPDATE clinic_auditevent SET actor = 'somebody' WHERE id = 1")
    database.commit()
    # Without its trigger the store is not even opened.
    refused = _run(clinic, *with_config, "verify-audit")
    assert (refused.returncode, refused.stderr[:13]) == (2, "E-CLINIC-001:")
    database.execute(
        "CREATE TRIGGER clinic_auditevent_no_update BEFORE UPDATE ON clinic_auditevent "
        "BEGIN SELECT RAISE(ABORT, 'x'); END"
    )
    database.close()
    found = _run(clinic, *with_config, "verify-audit")
    assert found.returncode == 3
    assert "event 1" in found.stderr


def test_a_busy_port_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = _run(tmp_path, "demo", "--port", port)
    assert done.returncode == 2
    assert done.stderr.startswith("E-CLINIC-012")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def demo(tmp_path: Path, free_port: int) -> Iterator[Any]:
    """Start the demo in a folder, and stop it as a person would, with Ctrl+C."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> str:
        process = subprocess.Popen(
            [*RUN, "demo", "--port", str(free_port), *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
        )
        started.append(process)
        address = f"http://127.0.0.1:{free_port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                page = f"{address}/accounts/login/"
                with urllib.request.urlopen(page, timeout=5) as answer:  # noqa: S310 -- http, ours
                    assert answer.status == 200
                    return address
            except OSError:
                time.sleep(0.2)
        raise AssertionError(process.communicate(timeout=5))

    def stop() -> str:
        process = started.pop()
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=30)
        # Ctrl+C is how a server is stopped, so it is no failure.
        assert process.returncode == 0, complaint
        assert "Stopped" in complaint
        return said

    yield tmp_path, start, stop
    for process in started:
        process.kill()
        process.communicate(timeout=30)


def test_the_demo_serves_keeps_what_was_entered_and_starts_anew(demo: Any) -> None:
    folder, start, stop = demo
    address = start()
    said = stop()
    assert address in said
    assert "therapist / " in said
    database = folder / ".demo" / "demo.sqlite3"
    assert stat.S_IMODE((folder / ".demo" / "secret.key").stat().st_mode) == 0o600
    secret = (folder / ".demo" / "secret.key").read_text()

    entered = sqlite3.connect(database)
    entered.execute("UPDATE clinic_client SET display_name = 'Synthetic and entered'")
    entered.commit()
    entered.close()
    began = time.monotonic()
    start()
    assert time.monotonic() - began < 15
    stop()
    kept = sqlite3.connect(database)
    names = {row[0] for row in kept.execute("SELECT display_name FROM clinic_client")}
    kept.close()
    assert names == {"Synthetic and entered"}
    assert (folder / ".demo" / "secret.key").read_text() == secret

    (folder / ".demo" / "somebody-elses.txt").write_text("kept")
    start("--reset")
    stop()
    anew = sqlite3.connect(database)
    names = {row[0] for row in anew.execute("SELECT display_name FROM clinic_client")}
    anew.close()
    assert "Synthetic and entered" not in names
    assert (folder / ".demo" / "somebody-elses.txt").read_text() == "kept"
