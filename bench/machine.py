# SPDX-License-Identifier: Apache-2.0
"""What the machine could do while it was measured: without this an absolute time says little."""

from __future__ import annotations

import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np


@numba.njit(nogil=True)
def _spin(rounds: int) -> float:
    x = 1.0
    for _ in range(rounds):
        x = x * 1.0000001 + 1e-9
    return x


def effective_cores(rounds: int = 60_000_000) -> float:
    """Return how much faster two equal spins run side by side than one after the other, times 1."""
    _spin(10)
    start = time.perf_counter()
    _spin(rounds)
    one = time.perf_counter() - start
    with ThreadPoolExecutor(2) as pool:
        start = time.perf_counter()
        list(pool.map(_spin, [rounds, rounds]))
        both = time.perf_counter() - start
    return 2 * one / both


def copy_rate(megabytes: int = 256) -> float:
    """Return GB/s, read plus written, of one thread's copy into memory that is already there."""
    source = np.ones(megabytes << 17)
    target = np.ones_like(source)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(target, source)
        times.append(time.perf_counter() - start)
    return 2 * source.nbytes / float(np.median(times)) / 1e9


def probe() -> str:
    """Return one line about the machine as it is now."""
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{os.cpu_count()} processors, effective cores {effective_cores():.2f}, "
        f"copy {copy_rate():.0f} GB/s, load {load}, Python {platform.python_version()}"
    )
