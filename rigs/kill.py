# SPDX-License-Identifier: Apache-2.0
"""``python -m rigs kill``: kill -9 at random moments while people answer.

With PostgreSQL every second kill takes the database's processes too. Afterwards each phone sends
again what got no answer. This cannot find a weak durability setting: a killed process loses nothing
that the kernel has. ``python -m rigs power`` can.
"""

from __future__ import annotations

import argparse
import queue
import random
import time
from pathlib import Path

from rigs.clinic import Clinic
from rigs.journal import Journal, Verdict, judge
from rigs.load import Load, send_waiting
from rigs.options import Played, play
from rigs.postgres import Cluster

LINKS_A_KILL = 40


def run(
    folder: Path, *, trials: int, store: str, seed: int, people: int = 4
) -> tuple[Verdict, int]:
    """Kill so often; return the verdict and how many forms had to be sent again."""
    chance = random.Random(seed)
    cluster = Cluster(folder / "cluster") if store == "postgresql" else None
    if cluster is not None:
        cluster.make()
    clinic = Clinic(folder / "clinic", **({"database": cluster.address} if cluster else {}))
    journal, again = Journal(), 0
    try:
        tokens: queue.SimpleQueue[str] = queue.SimpleQueue()
        for token in clinic.links(trials * LINKS_A_KILL):
            tokens.put(token)
        clinic.start()
        for trial in range(trials):
            load = Load(clinic.port, tokens, journal, people=people)
            load.start()
            time.sleep(chance.uniform(0.05, 0.8))
            clinic.kill()
            if cluster is not None and trial % 2:
                cluster.kill()
            load.stop()
            if cluster is not None and cluster.process is None:
                cluster.start()
            clinic.start()
            again += send_waiting(journal, port=clinic.port)
        clinic.kill()
        return judge(clinic, journal), again
    finally:
        clinic.close()
        if cluster is not None:
            cluster.kill()


def main() -> int:
    """Run the rig; 1 when anything was lost or doubled."""
    return play("kill", __doc__, _played, count=("trials", 200))


def _played(folder: Path, given: argparse.Namespace) -> Played:
    verdict, again = run(folder, trials=given.trials, store=given.store, seed=given.seed)
    good = verdict.good and verdict.acknowledged > 0
    return Played(f"{verdict}; sent again {again}", good=good, caught=not verdict.good)
