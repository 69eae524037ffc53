# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S101, PLR2004 - a script; numbers of a made-up clinic
"""``python -m bench sudden-gains``: gains of many clients, beside R, in one run, in turn.

Weekly scores from 0 to 63 that fall slowly, with steps for the better in a third of the clients and
one form in ten missing. Every side searches the same clients (R the first of them, as many as its
time allows) and must find as many gains.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import attunement as at
from attunement.signals.gains import GainOptions, sudden_gains
from bench.machine import probe

SESSIONS = 15
OPTIONS = GainOptions(lower_is_better=True, cutoff=7)
SCRIPT = Path(__file__).with_suffix(".R")


def clients(n: int, seed: int = 1) -> np.ndarray[Any, Any]:
    """Return scores of shape (n, SESSIONS)."""
    generator = np.random.default_rng(seed)
    level = generator.normal(30, 8, (n, 1)) - 0.5 * np.arange(SESSIONS)
    when = generator.integers(2, 13, (n, 1))
    step = np.where(generator.random((n, 1)) < 1 / 3, generator.normal(11, 3, (n, 1)), 0.0)
    scores = level - step * (np.arange(SESSIONS) >= when) + generator.normal(0, 3, (n, SESSIONS))
    scores = np.clip(np.round(scores), 0, 63)
    scores[generator.random(scores.shape) < 0.1] = np.nan
    return scores


class R:
    """R, which has read the scores and waits for what to run."""

    def __init__(self, scores: np.ndarray[Any, Any], folder: Path, library: str) -> None:
        data = folder / "scores.bin"
        np.asfortranarray(scores).T.tofile(data)
        words = ["Rscript", str(SCRIPT), str(data), str(scores.shape[0]), str(SESSIONS), library]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.package = self._read()

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def run(self, method: str, n: int) -> tuple[float, int]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{method} {n}\n")
        self.process.stdin.flush()
        seconds, found = self._read().split()
        return float(seconds), int(found)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def arrays(scores: np.ndarray[Any, Any]) -> tuple[float, int]:
    """Search flat arrays with the compiled kernels on every processor."""
    n = scores.shape[0]
    sessions = np.tile(np.arange(1, SESSIONS + 1), n)
    starts = np.arange(n + 1) * SESSIONS
    flat = scores.ravel()
    began = time.perf_counter()
    found = sudden_gains(
        flat, sessions, starts, OPTIONS, threads=os.cpu_count() or 1, compile_from=0
    )
    return time.perf_counter() - began, int(found.rows.size)


def frame(scores: np.ndarray[Any, Any]) -> tuple[float, int]:
    """Ask a Polars frame: reading, checking, searching, and the frame of gains."""
    n = scores.shape[0]
    table = pl.DataFrame(
        {
            "client": np.repeat(np.arange(n), SESSIONS),
            "session": np.tile(np.arange(1, SESSIONS + 1), n),
            "bdi": scores.ravel(),
        }
    )
    began = time.perf_counter()
    found = at.sudden_gains(
        table, id="client", session="session", score="bdi", cutoff=7, lower_is="better"
    )
    rows = found.gains.height
    return time.perf_counter() - began, rows


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", default="1000,100000,1000000")
    parser.add_argument("--loop-clients", type=int, default=5000, help="for the plain R loop")
    parser.add_argument("--package-clients", type=int, default=50, help="for the R package")
    parser.add_argument("--r-library", default="", help="a folder that holds suddengains")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args(words)
    for n in (int(word) for word in options.clients.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            compare(n, options, Path(folder))


def compare(n: int, options: argparse.Namespace, folder: Path) -> None:
    """Run every side in turn, round by round, and print a Markdown table."""
    print(f"\n### {n:,} clients × {SESSIONS} sessions\n\nBefore: {probe()}\n")
    scores = clients(n)
    r = R(scores[: max(options.loop_clients, options.package_clients)], folder, options.r_library)
    print(f"R's suddengains: {r.package}\n")
    sides = {"ours, arrays": n, "ours, at.sudden_gains(frame)": n}
    sides["base R, client by client"] = min(n, options.loop_clients)
    if r.package != "absent":
        sides["suddengains::create_bysg"] = min(n, options.package_clients)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(options.repeats + 1):  # the first warms up
        for name, size in sides.items():
            seconds, found = run(name, scores, size, r)
            expected = arrays(scores[:size])[1]
            if found != expected:
                message = f"{name}: {found} gains, not {expected}"
                raise SystemExit(message)
            if turn:
                times[name].append(seconds)
    r.close()
    middle = {name: statistics.median(taken) for name, taken in times.items()}
    ours = middle["ours, arrays"] / n
    print("| side | clients | median s | µs per client | per client / ours |")
    print("|---|---:|---:|---:|---:|")
    for name, size in sides.items():
        each = middle[name] / size
        print(
            f"| {name} | {size:,} | {middle[name]:.4f} | {1e6 * each:,.3f} | {each / ours:,.0f} |"
        )
    print(f"\nEvery side found the same number of gains in the same clients.\n\nAfter: {probe()}")


def run(name: str, scores: np.ndarray[Any, Any], size: int, r: R) -> tuple[float, int]:
    if name == "ours, arrays":
        return arrays(scores[:size])
    if name.startswith("ours"):
        return frame(scores[:size])
    return r.run("package" if name.startswith("sudden") else "loop", size)


if __name__ == "__main__":
    main(sys.argv[1:])
