# SPDX-License-Identifier: Apache-2.0
"""``python -m rigs power``: the power fails at random moments while people answer.

The store is opened from what was fsynced alone. ``--weaken off`` or ``normal`` runs the same rig on
a SQLite setting that is too weak (the clinic itself refuses to start on it): the rig must then find
lost answers, or it proves nothing.
"""

from __future__ import annotations

import argparse
import queue
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rigs.clinic import Clinic
from rigs.journal import Journal
from rigs.load import Load, send_waiting
from rigs.options import Played, play
from rigs.outcome import Outcome
from rigs.postgres import Cluster
from rigs.shadow import Shadow, build_shim

LINKS_A_LOSS = 40
MEMORY = Path("/dev/shm")  # noqa: S108 -- the copies are many and need not last


@contextmanager
def room() -> Iterator[Path]:
    """Lend a folder for the copies, in memory where there is such a place."""
    where = str(MEMORY) if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="attunement-rig-", dir=where) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def run(
    folder: Path, *, trials: int, store: str, seed: int, weaken: str = "", people: int = 4
) -> Outcome:
    """Let the power fail so often; stop early where a weakened store cannot be opened any more."""
    chance, found = random.Random(seed), Outcome()
    with room() as memory:
        shim = build_shim(memory)
        cluster = Cluster(folder / "cluster") if store == "postgresql" else None
        if cluster is not None:
            cluster.make()
        clinic = Clinic(
            folder / "clinic",
            weaken=weaken,
            shim=None if cluster else shim,
            **({"database": cluster.address} if cluster else {}),
        )
        journal = Journal()
        tokens: queue.SimpleQueue[str] = queue.SimpleQueue()
        for token in clinic.links(trials * LINKS_A_LOSS):
            tokens.put(token)
        try:
            for _ in range(trials):
                if not _one(clinic, cluster, journal, tokens, shim=shim, memory=memory,
                            wait=chance.uniform(0.2, 1.2), people=people, found=found):  # fmt: skip
                    break
        finally:
            clinic.close()
            if cluster is not None:
                cluster.kill()
    return found


def _one(
    clinic: Clinic,
    cluster: Cluster | None,
    journal: Journal,
    tokens: queue.SimpleQueue[str],
    *,
    shim: Path,
    memory: Path,
    wait: float,
    people: int,
    found: Outcome,
) -> bool:
    if cluster is not None:
        cluster.stop()
        shadow = Shadow.begin(cluster.data, memory)
        cluster.preload = shadow.environment | {"LD_PRELOAD": str(shim)}
        cluster.start()
    else:
        shadow = Shadow.begin(clinic.folder, memory)
        clinic.preload = shadow.environment
    clinic.start()
    load = Load(clinic.port, tokens, journal, people=people)
    load.start()
    time.sleep(wait)
    clinic.kill()
    if cluster is not None:
        cluster.kill()
    load.stop()
    shadow.lose_power()
    clinic.preload = {}
    if cluster is not None:
        cluster.preload = {}
        cluster.start()
    try:
        found.add(clinic, journal, sent_again=False)
        clinic.start()
        send_waiting(journal, port=clinic.port)
        clinic.kill()
        found.add(clinic, journal, sent_again=True)
    except RuntimeError:
        found.unreadable += 1  # everything acknowledged is lost
        return False
    return True


def main() -> int:
    """Run the rig; 1 when anything was lost or doubled, or a weakened store lost nothing."""
    return play(
        "power",
        __doc__,
        _played,
        count=("trials", 100),
        weakened={"off": "synchronous=OFF", "normal": "synchronous=NORMAL"},
        weak_on=("sqlite",),
    )


def _played(folder: Path, given: argparse.Namespace) -> Played:
    found = run(
        folder, trials=given.trials, store=given.store, seed=given.seed, weaken=given.weaken
    )
    return Played(found, good=not found.bad and found.acknowledged > 0, caught=found.bad)
