# SPDX-License-Identifier: Apache-2.0
"""``python -m rigs maintenance``: kill -9 amid a migration, a backup, a restore or an erasure.

Every other kill falls at a moment of the clock over the operation's length, every other at a step
of it (a statement, a commit, a file put in its place). Half of those by the clock leave behind what
the process had started. Afterwards the next start finishes or nothing was begun; no answer is lost;
a file with a backup's name is whole; an erasure was not begun or is completed by running it again,
and stays done; nothing that was half made is left lying about.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

from rigs.operations import OPERATIONS, Backups, Erasures, Operation, Verdict
from rigs.site import site

WEAKENED: dict[str, type[Operation]] = {"name": Backups, "ledger": Erasures}


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
        tuple(name for name, kind in OPERATIONS.items() if kind is WEAKENED[weaken])
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
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m rigs maintenance")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=tuple(OPERATIONS), action="append", default=[])
    parser.add_argument(
        "--weaken", choices=tuple(WEAKENED), default="",
        help="name: a backup has its name before it is whole; ledger: it learns of an erasure last",
    )  # fmt: skip
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="attunement-rig-") as folder:
        Path(folder).chmod(0o755)
        verdict = run(
            Path(folder),
            trials=given.trials,
            store=given.store,
            seed=given.seed,
            weaken=given.weaken,
            only=tuple(given.only),
            say=print,
        )
    weak = f", weakened ({given.weaken})" if given.weaken else ""
    print(f"{given.store}{weak}, seed {given.seed}: {verdict}")
    if given.weaken:
        print(
            "The weakened way was NOT caught." if verdict.good else "The weakened way was caught."
        )
        return 1 if verdict.good else 0
    return 0 if verdict.good and verdict.killed else 1
