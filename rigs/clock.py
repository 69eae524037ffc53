# SPDX-License-Identifier: Apache-2.0
"""``python -m rigs clock``: the wall clock jumps by hours and years while people answer."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rigs.faults import run

HOUR, YEAR = 3600, 365 * 24 * 3600
JUMPS = (HOUR, -HOUR, 5 * YEAR, -10 * YEAR, -1, 2 * YEAR)


def main() -> int:
    """Run the rig; 1 when anything was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m rigs clock")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    given = parser.parse_args()
    plays = [(str(jump), "0") for jump in JUMPS] * given.rounds
    with tempfile.TemporaryDirectory(prefix="attunement-rig-") as folder:
        verdict, said, again = run(
            Path(folder), variable="RIG_CLOCK", plays=plays, seconds=given.seconds
        )
    print(f"{2 * len(plays)} jumps: {verdict}; sent again {again}; without a receipt: {dict(said)}")
    return 0 if verdict.good and verdict.acknowledged else 1
