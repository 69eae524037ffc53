# SPDX-License-Identifier: Apache-2.0
"""Run the house rule's kernel: plainly on a few series, compiled and in threads on many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from attunement.kernels.compiling import compiled
from attunement.kernels.house import house_rows
from attunement.kernels.house_arrays import Numbers, Outputs, make_lists, make_scratch
from attunement.signals.batch import Batch
from attunement.signals.house.calm import Flat
from attunement.signals.house.model import CHANNELS, HouseModel
from attunement.signals.house.remembering import (
    Memory,
    as_arrays,
    as_lists,
    lists_of,
    outputs_of,
)
from attunement.signals.series import FloatArray

# Rows from which the compiled kernel runs; the result is the same to the last bit.
COMPILE_FROM = 2_000
_CHUNKS = 8  # ranges of dyads per thread, so that a thread that is held up takes fewer


def channels_of(batch: Batch) -> frozenset[str]:
    """Return the names of the channels that a batch has."""
    return frozenset(batch.channels.arrays())


def flat(batch: Batch, channels: frozenset[str]) -> Flat:
    """Lay out a batch as the kernel reads it: turned upward, with these channels only."""
    given = {k: v for k, v in batch.channels.arrays().items() if k in channels}
    empty = np.zeros(0)

    def upward(name: str) -> FloatArray:
        if name not in given:
            return empty
        scores = np.clip(np.asarray(given[name], dtype=np.float64), batch.minimum, batch.maximum)
        return np.ascontiguousarray(batch.as_scored(scores))

    return Flat(
        values=np.ascontiguousarray(batch.upward()),
        therapist=upward("therapist"),
        prediction=upward("prediction"),
        strain=np.ascontiguousarray(given.get("strain", empty), dtype=np.float64),
        expected=np.ascontiguousarray(given.get("expected", np.zeros(0, dtype=np.bool_))),
        sessions=np.ascontiguousarray(batch.sessions, dtype=np.int64),
        starts=np.ascontiguousarray(batch.starts, dtype=np.int64),
    )


def run(
    data: Flat,
    model: HouseModel,
    channels: frozenset[str] = frozenset(CHANNELS),
    *,
    compile_from: int = COMPILE_FROM,
    threads: int = 2,
    whole: bool = False,
    memory: Memory | None = None,
) -> Outputs:
    """Return what the kernel finds in every row, or with ``whole`` in each dyad's last.

    With ``memory`` a single course goes on where it was left; what is found is the same.
    """
    given = {
        name
        for name in CHANNELS
        if name in channels and getattr(data, name).size  # an empty array is an absent channel
    }
    rows, dyads = data.values.size, data.starts.size - 1
    if memory is not None and dyads == 1 and not whole:
        return memory.go_on(data, model.in_lists(frozenset(given)), model, frozenset(given))
    if rows < compile_from:
        return _run_plainly(data, model.in_lists(frozenset(given), whole=whole))
    out = outputs_of(rows, dyads)
    _run_threads(data, model.numbers(frozenset(given), whole=whole), out, threads)
    return out


def _run_plainly(data: Flat, numbers: Numbers) -> Outputs:
    """Run the kernel as it stands, on lists."""
    dyads = data.starts.size - 1
    out = lists_of(data.values.size, dyads)
    house_rows(*as_lists(data), 0, dyads, numbers, make_lists(numbers), out)
    return as_arrays(out)


def _run_threads(data: Flat, numbers: Numbers, out: Outputs, threads: int) -> None:
    rule = compiled(house_rows)
    dyads = data.starts.size - 1
    step = max(1, -(-dyads // (threads * _CHUNKS)))
    ranges = [(first, min(first + step, dyads)) for first in range(0, dyads, step)]

    def work(part: tuple[int, int]) -> None:
        own = Numbers(*(array.copy() for array in numbers))  # counting shared arrays is slow
        rule(*data, part[0], part[1], own, make_scratch(numbers), out)

    work(ranges[0])  # compiles once, before the threads begin
    if threads <= 1:
        for part in ranges[1:]:
            work(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, ranges[1:]))
