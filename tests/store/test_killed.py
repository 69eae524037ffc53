# SPDX-License-Identifier: Apache-2.0
"""A process that is killed while it stores forms: what was acknowledged is there, once, whole.

This shows that transactions are whole. It would not notice a weak `synchronous` setting: a killed
process loses nothing that the kernel has, only a power failure does. `test_durable_store.py` looks
at the setting itself.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.store, pytest.mark.slow]
TRIALS = 3
_MAKE = """
from datetime import date, datetime, UTC
from attunement.clinic.store.opening import open_store
from attunement.clinic.services.people import add_client, add_login
now = datetime(2026, 3, 2, tzinfo=UTC)
open_store(now=now)
add_login("amber", role="therapist", name="Synthetic Amber", email="",
          password="violet harbour lantern", now=now)
add_client("C-07", name="Client A", therapist_username="amber", began_on=date(2026, 1, 5), now=now)
"""
_STORE_FOREVER = """
from datetime import date, datetime, UTC
from attunement.clinic import services
from attunement.clinic.models import Dyad, Login
now = datetime(2026, 3, 2, tzinfo=UTC)
login, dyad = Login.objects.get(), Dyad.objects.get()
while True:
    session = services.start_session(login, dyad.pk, held_on=date(2026, 3, 2), modality="video",
                                     now=now)
    issued = services.invite_client(login, session.session_id, now=now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=now)
    form = services.client_form(grant, now=now)
    receipt = services.record_client_response(
        grant, submission_id=form.submission_id, client_clock=None, now=now,
        fields={f"item-{n}": "5" for n in range(1, 9)})
    assert receipt.status == "created"
    print(receipt.submission_id.hex, flush=True)
"""


def _killed_after(folder: Path, n: int) -> list[str]:
    """Store forms in another process, kill it after ``n`` receipts; return every receipt."""
    start = f"from attunement.clinic.serving import set_up\nset_up({str(folder / 'clinic.toml')!r})"
    kept = {name: value for name, value in os.environ.items() if "ATTUNEMENT" not in name}
    process = subprocess.Popen(
        [sys.executable, "-c", f"{start}\n{_STORE_FOREVER}"],
        stdout=subprocess.PIPE,
        text=True,
        env=kept,
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(n)]
    process.send_signal(signal.SIGKILL)
    said += process.stdout.readlines()
    process.stdout.close()
    assert process.wait(timeout=30) == -signal.SIGKILL
    return [line.strip() for line in said if line.endswith("\n")]


def test_what_was_acknowledged_survives_a_kill_once_and_whole(
    tmp_path: Path, run_clinic: Any
) -> None:
    run_clinic(tmp_path, _MAKE)
    acknowledged: list[str] = []
    for trial in range(TRIALS):
        acknowledged += _killed_after(tmp_path, 5 + 3 * trial)
    database = sqlite3.connect(tmp_path / "clinic.sqlite3")
    stored = [row[0] for row in database.execute("SELECT submission_id FROM clinic_response")]
    whole = database.execute(
        "SELECT count(*) FROM clinic_response r WHERE "
        "(SELECT count(*) FROM clinic_answer a WHERE a.response_id = r.id) = 8 "
        "AND EXISTS (SELECT 1 FROM clinic_score s WHERE s.response_id = r.id) "
        "AND EXISTS (SELECT 1 FROM clinic_invitation i WHERE i.assignment_id = r.assignment_id "
        "            AND i.consumed_at IS NOT NULL)"
    ).fetchone()[0]
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert len(acknowledged) >= 5 + 8 + 11
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored)) <= len(acknowledged) + TRIALS
    assert whole == len(stored)
    said = run_clinic(
        tmp_path,
        "from attunement.clinic.services.audit import verify_chain\n"
        "print(verify_chain().first_bad)",
    )
    assert said.strip() == "None"
