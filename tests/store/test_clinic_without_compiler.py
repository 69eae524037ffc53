# SPDX-License-Identifier: Apache-2.0
"""A clinic's process judges with the plain kernel: it never loads the compiler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow]
LINES = """
import sys
from django.utils import timezone
from attunement.clinic.store.opening import open_store
open_store(now=timezone.now())
import attunement.clinic.pages.urls
from attunement.clinic.demo.seeding import seed
made = seed(now=timezone.now())
from attunement.clinic.models import Login, SignalRecord
from attunement.clinic import services
login = Login.objects.get(username="therapist")
week = services.signals_this_week(login, now=timezone.now())
services.signal_why(login, (week.shown + week.listed + week.older)[0].signal_id, now=timezone.now())
services.rule_audit(Login.objects.get(username="lead"), now=timezone.now())
services.try_setting(Login.objects.get(username="lead"), 0.05, now=timezone.now())
assert SignalRecord.objects.filter(rule_id="house").exists()
print(sorted({"numba", "llvmlite"} & set(sys.modules)))
"""


def test_signals_weeks_and_audits_load_no_compiler(tmp_path: Path, run_clinic: Any) -> None:
    assert run_clinic(tmp_path, LINES).strip() == "[]"
