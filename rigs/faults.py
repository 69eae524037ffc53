# SPDX-License-Identifier: Apache-2.0
"""One clinic whose server runs with the shim, while faults are switched on and off."""

from __future__ import annotations

import queue
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rigs.clinic import Clinic
from rigs.journal import Journal, Verdict, judge
from rigs.load import Load, send_waiting
from rigs.shadow import build_shim

LINKS_A_FAULT = 60


def run(
    folder: Path, *, variable: str, plays: Sequence[tuple[str, str]], seconds: float
) -> tuple[Verdict, Counter[str], int]:
    """Play each (what is written, what is written afterwards) while people answer.

    Returns the verdict, what people were told while they got no receipt, and how many forms had to
    be sent again once all was well.
    """
    folder.mkdir(parents=True, exist_ok=True)
    switch = folder / "switch"
    switch.write_text("", encoding="ascii")
    clinic = Clinic(folder / "clinic", shim=build_shim(folder))
    clinic.preload = {
        "RIG_WATCH": str(clinic.folder),
        variable: str(switch),
    }
    journal, said = Journal(), Counter[str]()
    tokens: queue.SimpleQueue[str] = queue.SimpleQueue()
    for token in clinic.links(len(plays) * LINKS_A_FAULT):
        tokens.put(token)
    try:
        clinic.start()
        for during, afterwards in plays:
            load = Load(clinic.port, tokens, journal, people=4)
            load.start()
            time.sleep(seconds)
            switch.write_text(during, encoding="ascii")
            time.sleep(seconds)
            switch.write_text(afterwards, encoding="ascii")
            time.sleep(seconds)
            load.stop()
            said += load.said
        again = send_waiting(journal, port=clinic.port)  # the same server, never restarted
        clinic.kill()
        return judge(clinic, journal), said, again
    finally:
        clinic.close()
