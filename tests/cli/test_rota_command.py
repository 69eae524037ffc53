# SPDX-License-Identifier: Apache-2.0
"""``attunement serve rota`` and ``attunement serve worker`` as typed."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.risk_world import write_measures
from tests.smtp_server import mail_server

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
[forms]
client = "safety-c"
therapist = "safety-t"
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
from_address = "clinic@clinic.example"
"""
_ANSWER = """
from datetime import datetime, UTC
from pathlib import Path
from attunement.clinic.serving import set_up
set_up(Path("clinic.toml"))
from attunement.clinic import services
from attunement.clinic.models import Dyad, Login
now = datetime.now(UTC)
login, dyad = Login.objects.get(username="amber"), Dyad.objects.get()
session = services.start_session(login, dyad.pk, held_on=now.date(), modality="video", now=now)
issued = services.invite_client(login, session.session_id, now=now)
grant = services.open_invitation(issued.token, address="192.0.2.1", now=now)
form = services.client_form(grant, now=now)
services.record_client_response(
    grant, submission_id=form.submission_id, client_clock=None, now=now,
    fields={"item-1": "5", "item-2": "5", "item-harm": "2"})
"""


def _python(folder: Path, *words: str) -> Any:
    return subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=_environment(folder),
    )


def _environment(folder: Path) -> dict[str, str]:
    kept = {n: v for n, v in os.environ.items() if "ATTUNEMENT" not in n and "DJANGO" not in n}
    return kept | {"ATTUNEMENT_HOME": str(folder)}


def _run(folder: Path, *words: str) -> Any:
    return _python(folder, *RUN, "serve", "--config", "clinic.toml", *words)


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    (tmp_path / "clinic.toml").write_text(CONFIG.format(port=2525), encoding="utf-8")
    write_measures(tmp_path)
    assert _python(tmp_path, *RUN, "serve", "--new-secret", "secret.key").returncode == 0
    added = _run(
        tmp_path, "add-login", "amber", "--role", "therapist", "--name", "Synthetic Amber",
        "--email", "amber@example.invalid", "--password", "violet harbour lantern",
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    return tmp_path


def test_clinic_that_asks_about_risk_starts_only_once_the_rota_has_no_hole(clinic: Path) -> None:
    check = _run(clinic, "--check")
    assert (check.returncode, check.stderr[:12]) == (2, "E-CONFIG-011")
    assert _run(clinic, "rota").stdout == "Nobody is on the rota.\n"
    added = _run(clinic, "rota", "add", "amber", "--from", "mon 08:00", "--to", "sun 08:00")
    assert added.stdout == "Added 1: amber, place 1, mon 08:00 to sun 08:00\n"
    hole = _run(clinic, "rota", "check")
    assert hole.returncode == 3
    assert "Nobody: mon 00:00 to mon 08:00" in hole.stderr
    assert "Nobody: sun 08:00 to mon 00:00" in hole.stderr
    assert _run(clinic, "--check").returncode == 2
    assert _run(clinic, "rota", "add", "amber", "--always", "--place", "2").returncode == 0
    fine = _run(clinic, "rota", "check")
    assert (fine.returncode, "no lead" in fine.stderr) == (0, True)
    assert _run(clinic, "--check").returncode == 0
    assert _run(clinic, "rota", "remove", "2").stdout == "Removed turn 2.\n"
    assert _run(clinic, "--check").returncode == 2


def test_turn_needs_both_ends_or_always(clinic: Path) -> None:
    for words in ((), ("--from", "mon 08:00"), ("--always", "--to", "mon 08:00")):
        done = _run(clinic, "rota", "add", "amber", *words)
        assert (done.returncode, done.stderr[:9]) == (2, "E-CLI-001")


def test_server_tells_by_itself_and_shows_that_it_lives(clinic: Path) -> None:
    assert _run(clinic, "rota", "add", "amber", "--always").returncode == 0
    assert _run(clinic, "add-client", "C-07", "--therapist", "amber").returncode == 0
    assert _python(clinic, sys.executable, "-c", _ANSWER).returncode == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with mail_server("refuse") as server:
        (clinic / "clinic.toml").write_text(CONFIG.format(port=server.port), encoding="utf-8")
        process = subprocess.Popen(
            [*RUN, "serve", "--config", "clinic.toml", "--port", str(port)],
            cwd=clinic,
            stderr=subprocess.PIPE,
            env=_environment(clinic),
        )
        try:
            deadline = time.monotonic() + 60
            while not server.taken and time.monotonic() < deadline:
                time.sleep(0.2)
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
    assert len(server.taken) == 1, said  # refused once, tried again after a pause, taken
    database = sqlite3.connect(clinic / "clinic.sqlite3")
    assert database.execute("SELECT count(*) FROM clinic_workerbeat").fetchone() == (1,)
    database.close()
    for hidden in (b"C-07", b"amber@example.invalid", b"canary"):
        assert hidden not in said


def test_worker_mails_an_answer_once_and_says_nothing_of_anybody(clinic: Path) -> None:
    assert _run(clinic, "rota", "add", "amber", "--always").returncode == 0
    assert _run(clinic, "add-client", "C-07", "--therapist", "amber").returncode == 0
    answered = _python(clinic, sys.executable, "-c", _ANSWER)
    assert answered.returncode == 0, answered.stderr
    with mail_server() as server:
        (clinic / "clinic.toml").write_text(CONFIG.format(port=server.port), encoding="utf-8")
        first = _run(clinic, "worker", "--once")
        assert first.stdout == "1 open, 1 people told, 1 mails sent.\n", first.stderr
        assert _run(clinic, "worker", "--once").stdout == "1 open, 0 people told, 0 mails sent.\n"
    assert len(server.taken) == 1
    assert b"A response needs review." in server.taken[0]
    for word in (b"C-07", b"harm", b"Synthetic", b"risk"):
        assert word.lower() not in server.taken[0].lower()
    assert "C-07" not in first.stderr
