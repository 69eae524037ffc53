# SPDX-License-Identifier: Apache-2.0
"""``python -m rigs [--list] NAME [options]``: play one fault against a clinic of its own."""

from __future__ import annotations

import sys
from importlib import import_module

# name -> (module, what it plays)
RIGS = {
    "kill": ("rigs.kill", "kill -9 of the server, and of PostgreSQL, while people answer"),
    "power": ("rigs.power", "power loss: only what was fsynced is there afterwards"),
    "network": ("rigs.network", "a network that cuts, delays, doubles and reorders"),
    "clock": ("rigs.clock", "a wall clock that jumps by years while people answer"),
    "disk": ("rigs.disk", "a full disk, and a disk whose fsync fails"),
    "worker": ("rigs.worker", "kill -9 of the worker that tells people of risk answers"),
    "maintenance": (
        "rigs.maintenance",
        "kill -9 of a migration, backup, restore, erasure or return of keys",
    ),
}


def main(words: list[str]) -> int:
    """Run one rig; 2 for a name that is none."""
    if not words or words[0] in ("--list", "-h", "--help"):
        print(__doc__)
        for name, (_, what) in RIGS.items():
            print(f"  {name:10} {what}")
        return 0
    if words[0] not in RIGS:
        print(f"There is no rig '{words[0]}'; --list shows them.", file=sys.stderr)
        return 2
    sys.argv = [f"python -m rigs {words[0]}", *words[1:]]
    status: int = import_module(RIGS[words[0]][0]).main()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
