# SPDX-License-Identifier: Apache-2.0
"""``python -m bench signals-scale``: ruptures from a Parquet file, with flat memory.

The file is written by this program: clients with a level of their own, noise around it, 15 sessions
and one form in twenty missing. Each size and rule runs in a process of its own; time, processor
time and that process's peak memory are shown, and time per million rows, which should not rise.
With ``--shuffled`` the rows lie in no order; with ``--spark`` the smallest file is judged under
Spark as well, and the rows are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.scoring.files import peak_megabytes

SESSIONS = 15
CHUNK = 100_000  # clients written at a time


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", default="100000,1000000")
    parser.add_argument("--rules", default="drop-from-previous,house")
    parser.add_argument("--folder", type=Path, help="where files go; a scratch folder by default")
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--run", nargs=3, metavar=("RULE", "IN", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.run:
        one_run(*options.run)
        return
    sizes = [int(word) for word in options.clients.split(",")]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure(sizes, options.rules.split(","), Path(folder), shuffled=options.shuffled)
        if options.spark:
            with_spark(min(sizes), options.rules.split(","), Path(folder))


def one_run(rule: str, source: str, out: str) -> None:
    """Judge the file in this process; print time and peak memory as JSON."""
    start, used = time.perf_counter(), time.process_time()
    import attunement as at  # noqa: PLC0415 -- the time counts it in

    found = at.ruptures(source, scale=(1, 5), rule=rule, engine="stream", out=out)
    said = {
        "time": time.perf_counter() - start,
        "busy": time.process_time() - used,
        "peak": peak_megabytes(),
        "rows": found.summary.rows,
        "flagged": found.summary.rules[0].flagged,
    }
    print(json.dumps(said))


def write_clients(path: Path, clients: int, *, seed: int = 1) -> None:
    """Write a file of synthetic ratings, client after client, never all in memory."""
    import numpy as np  # noqa: PLC0415 -- not in the processes that are measured
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    draw = np.random.default_rng(seed)
    kinds = [("dyad", pa.int64()), ("session", pa.int16()), ("score", pa.float64())]
    with pq.ParquetWriter(path, pa.schema(kinds), compression="zstd") as writer:
        for first in range(0, clients, CHUNK):
            n = min(CHUNK, clients - first)
            level = draw.normal(4.1, 0.5, (n, 1))
            score = np.clip(level + draw.normal(0.0, 0.35, (n, SESSIONS)), 1.0, 5.0)
            score = np.round(score * 12.0) / 12.0
            score[draw.random((n, SESSIONS)) < 0.05] = np.nan  # noqa: PLR2004 -- one in twenty
            columns = [
                np.repeat(np.arange(first, first + n), SESSIONS),
                np.tile(np.arange(1, SESSIONS + 1, dtype=np.int16), n),
                pa.array(score.ravel(), from_pandas=True),
            ]
            writer.write_table(pa.table(columns, schema=pa.schema(kinds)))


def measure(sizes: list[int], rules: list[str], folder: Path, *, shuffled: bool) -> None:
    from bench.machine import probe  # noqa: PLC0415 -- not in the processes that are measured

    print(f"Before: {probe()}; {shutil.disk_usage(folder).free >> 30} GB free\n")
    print(
        "| clients | rows | file MB | rule | s | processor s | s per 10⁶ rows | peak MB | flagged |"
    )
    print("|---:|---:|---:|---|---:|---:|---:|---:|---:|")
    for clients in sizes:
        source = folder / f"{clients}.parquet"
        write_clients(source, clients)
        if shuffled:
            shuffle(source)
        for rule in rules:
            out = folder / "judged.parquet"
            command = [sys.executable, "-m", "bench.signals.scale", "--run", rule]
            done = subprocess.run(
                [*command, str(source), str(out)], check=True, capture_output=True, text=True
            )
            found = json.loads(done.stdout)
            print(
                f"| {clients:,} | {found['rows']:,} | {source.stat().st_size >> 20} | {rule} "
                f"| {found['time']:.1f} | {found['busy']:.1f} "
                f"| {1e6 * found['time'] / found['rows']:.2f} | {found['peak']:.0f} "
                f"| {found['flagged']:,} |",
                flush=True,
            )
            out.unlink()
        if clients != min(sizes):
            source.unlink()
    print(f"\nAfter: {probe()}")


def shuffle(path: Path) -> None:
    """Bring the rows of a file that fits in memory out of order."""
    import polars as pl  # noqa: PLC0415 -- not in the processes that are measured

    pl.read_parquet(path).sample(fraction=1.0, shuffle=True, seed=1).write_parquet(path)


def with_spark(clients: int, rules: list[str], folder: Path) -> None:
    """Judge the smallest file under Spark and compare it with the stream, row by row."""
    import polars as pl  # noqa: PLC0415

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession  # noqa: PLC0415 -- optional

    import attunement as at  # noqa: PLC0415

    source = str(folder / f"{clients}.parquet")
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.shuffle.partitions", "8")
        .getOrCreate()
    )
    try:
        for rule in rules:
            out = folder / "stream.parquet"
            here = at.ruptures(source, scale=(1, 5), rule=rule, engine="stream", out=out)
            there = at.ruptures(spark.read.parquet(source), scale=(1, 5), rule=rule, engine="spark")
            start = time.perf_counter()
            there.sessions.write.mode("overwrite").parquet(str(folder / "spark"))
            taken = time.perf_counter() - start
            words = pl.col("rule", "reason").cast(pl.String)
            mine = here.sessions.with_columns(words).collect()
            theirs = pl.read_parquet(f"{folder}/spark/*.parquet").with_columns(words)
            same = mine.equals(theirs.sort("dyad", "session"))
            print(
                f"\nSpark, local[2], {rule}: {taken:.1f} s for {mine.height:,} rows; equal: {same}"
            )
            if not same:
                raise SystemExit(1)
    finally:
        spark.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
