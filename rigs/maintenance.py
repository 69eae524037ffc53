# SPDX-License-Identifier: Apache-2.0
"""``python -m rigs maintenance``: kill -9 amid maintenance.

Played are a migration, a backup, a restore, an erasure, and keys brought back from a copy. Every
other kill falls at a moment of the clock over the operation's length, every other at a step of it
(a statement, a commit, a file put in its place). Half of those by the clock leave behind what the
process had started. Afterwards the next start finishes or nothing was begun; no answer is lost;
a file with a backup's name is whole; an erasure was not begun or is completed by running it again,
and stays done; keys that came back open the last backup on another machine, without whoever was
erased since; nothing that was half made is left lying about.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from pathlib import Path

from rigs.operations import Backups, Erasures, Migrations, Operation, Restores, Verdict
from rigs.options import Played, play
from rigs.returned_keys import Keys
from rigs.site import site

OPERATIONS: dict[str, type[Operation]] = {
    kind.name: kind for kind in (Migrations, Backups, Restores, Erasures, Keys)
}
WEAKENED: dict[str, tuple[type[Operation], str]] = {
    "name": (Backups, "a backup has its name before it is whole"),
    "ledger": (Erasures, "it learns of an erasure last"),
    "keys": (Keys, "they come back before the ledger of who was erased"),
}


def run(
    folder: Path,
    *,
    trials: int,
    store: str,
    seed: int,
    weaken: str = "",
    only: tuple[str, ...] = (),
    by_clock: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Kill so often, each operation in its turn; return what was found wrong."""
    chance, verdict = random.Random(seed), Verdict()
    names = only or (
        tuple(name for name, kind in OPERATIONS.items() if kind is WEAKENED[weaken][0])
        if weaken
        else tuple(OPERATIONS)
    )
    with site(folder, store=store) as made:
        operations = [OPERATIONS[name](made, weaken=weaken) for name in names]
        for trial in range(trials):
            operation = operations[trial % len(operations)]
            operation.by_clock = by_clock
            found = operation.trial(chance, number=trial // len(operations))
            verdict.add(operation.name, found)
            if found.problems:
                say(f"trial {trial}, {operation.name}, {found.moment}: {found.problems}")
                if weaken:
                    break
        if not weaken:
            verdict.end(made.last_look())
    return verdict


def main() -> int:
    """Run the rig; 1 when anything was found wrong, or a weakened operation was not caught."""
    return play(
        "maintenance",
        __doc__,
        _played,
        count=("trials", 100),
        weakened={name: what for name, (_, what) in WEAKENED.items()},
        more=lambda parser: parser.add_argument(
            "--only", choices=tuple(OPERATIONS), action="append", default=[]
        ),
    )


def _played(folder: Path, given: argparse.Namespace) -> Played:
    verdict = run(
        folder,
        trials=given.trials,
        store=given.store,
        seed=given.seed,
        weaken=given.weaken,
        only=tuple(given.only),
        say=print,
    )
    return Played(verdict, good=verdict.good and verdict.killed > 0, caught=not verdict.good)
