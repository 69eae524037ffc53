# SPDX-License-Identifier: Apache-2.0
"""``python -m rigs disk``: the disk is full, or its fsync fails, while people answer.

Nobody may be told "received" for what is not stored, people are asked to try again (503), and the
same server goes on when the disk is well.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rigs.faults import run

FULL, SYNC_FAILS, WELL = "n", "e", "-"
TRY_AGAIN = "status 503"


def main() -> int:
    """Run the rig; 1 when anything was lost or doubled, or nobody was asked to try again."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m rigs disk")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.5)
    given = parser.parse_args()
    plays = [(FULL, WELL), (SYNC_FAILS, WELL)] * given.rounds
    with tempfile.TemporaryDirectory(prefix="attunement-rig-") as folder:
        verdict, said, again = run(
            Path(folder), variable="RIG_FAULT", plays=plays, seconds=given.seconds
        )
    print(f"{len(plays)} faults: {verdict}; sent again {again}; without a receipt: {dict(said)}")
    return 0 if verdict.good and verdict.acknowledged and said[TRY_AGAIN] else 1
