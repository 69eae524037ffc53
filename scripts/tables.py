# SPDX-License-Identifier: Apache-2.0
"""Write the tables of null and hit rates: ``python -m scripts.tables [--null N] [--hit N]``.

To be run again when a rule or the house rule's prior changes: a table that belongs to another
version of a rule is not read, and the rates are simulated instead. Places that were already
simulated are kept in a folder (``--keep``), so that a run that was broken off goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from attunement.signals.rates.axes import signature
from attunement.signals.rates.grid import SEED, Block, blocks, places
from attunement.signals.rates.packing import packed
from attunement.signals.rates.table import FILE, as_stored

_NULL, _HIT = 2000, 800


def seed_of(block: Block, at: int) -> int:
    """Return a place's seed: each its own, but one for all whose differences are kept."""
    return SEED if block.further else SEED + 1 + at


def simulate(asked: tuple[str, int, int, str]) -> tuple[str, int, np.ndarray]:
    """Return one place's values, from the folder where they are there."""
    name, at, n, keep = asked
    block = next(one for one in blocks() if one.name == name)
    rules = "".join(signature(rule) for rule in block.rules)
    place = places(block.axes)[at]
    key = hashlib.sha256(f"{name}{n}{rules}{place}{seed_of(block, at)}".encode()).hexdigest()[:16]
    path = Path(keep) / f"{key}.npy"
    if path.exists():
        return name, at, np.load(path)
    found = block.values(place, n, seed_of(block, at))
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.save(file, found)
    partial.rename(path)
    return name, at, found


def main() -> int:
    """Simulate every place and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--null", type=int, default=_NULL, help="people per place, null rates")
    parser.add_argument("--hit", type=int, default=_HIT, help="people per place, hit rates")
    parser.add_argument("--keep", default=str(Path(tempfile.gettempdir()) / "attunement-tables"))
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    Path(asked.keep).mkdir(parents=True, exist_ok=True)
    number = {"null": asked.null, "hit": asked.hit}
    todo = [
        (block.name, at, number[block.part], asked.keep)
        for block in blocks()
        for at in range(len(places(block.axes)))
    ]
    found: dict[str, dict[int, np.ndarray]] = {}
    began = time.monotonic()
    with ProcessPoolExecutor(asked.processes) as pool:
        for done, (name, at, values) in enumerate(pool.map(simulate, todo), 1):
            found.setdefault(name, {})[at] = values
            if done % 10 == 0 or done == len(todo):
                print(f"{done} of {len(todo)} places, {time.monotonic() - began:.0f} s", flush=True)
    made = []
    for block in blocks():
        cells = [found[block.name][at] for at in range(len(places(block.axes)))]
        stacked = np.stack(cells, axis=1)  # rules, places, values
        shape = (stacked.shape[0], *(len(one) for one in block.axes.values()), stacked.shape[-1])
        about = {
            "name": block.name,
            "n": number[block.part],
            "rules": [signature(rule) for rule in block.rules],
            "axes": {name: list(values) for name, values in block.axes.items()},
        }
        made.append((about, packed(stacked).reshape(shape)))
    file = Path(FILE)
    file.parent.mkdir(exist_ok=True)
    np.save(file, as_stored(made))
    print(f"Wrote {file.name}, {file.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
