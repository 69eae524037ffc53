# SPDX-License-Identifier: Apache-2.0
"""Write a result in one step: whole, or not at all; as CSV, nothing in it is a formula."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl

from attunement.errors import AttunementError
from attunement.frames.score_errors import ScoreFrameError

_RISKY = r"^[=+\-@\t\r]"  # what a spreadsheet might take for a formula
_PLAIN = r"^-?[0-9]+(\.[0-9]+)?$"


def write_result(frame: pl.DataFrame, out: Path) -> None:
    """Write a result that is in memory, in one step: whole, or not at all.

    Parameters
    ----------
    frame : polars.DataFrame
        The result. Text that a spreadsheet might take for a formula gets an apostrophe in CSV.
    out : Path
        Where it goes, as CSV or Parquet by its ending.

    Raises
    ------
    ScoreFrameError
        E-FRAME-009 if it cannot be written; an existing file is untouched then.
    """
    with replacing(out) as temporary:
        sink(frame.lazy(), temporary, out.suffix.lower())


def sink(lazy: pl.LazyFrame, temporary: Path, ending: str) -> None:
    """Pull a lazy frame into a file of the kind that ``ending`` says."""
    try:
        if ending == ".parquet":
            lazy.sink_parquet(temporary, maintain_order=True)
        else:
            harmless(lazy).sink_csv(temporary, maintain_order=True)
    except pl.exceptions.ComputeError as problem:
        inner = _refusal_within(problem)
        if inner is not None:
            raise inner from None
        raise


def _refusal_within(problem: BaseException | None) -> AttunementError | None:
    while problem is not None:
        if isinstance(problem, AttunementError):
            return problem
        problem = problem.__cause__ or problem.__context__
    return None


def harmless(lazy: pl.LazyFrame) -> pl.LazyFrame:
    """Put an apostrophe before text that a spreadsheet might take for a formula."""
    schema = lazy.collect_schema()
    text = [name for name, kind in schema.items() if kind in (pl.String, pl.Categorical, pl.Enum)]
    risky = [
        pl.when(
            pl.col(name).cast(pl.String).str.contains(_RISKY)
            & ~pl.col(name).cast(pl.String).str.contains(_PLAIN)
        )
        .then(pl.lit("'") + pl.col(name).cast(pl.String))
        .otherwise(pl.col(name).cast(pl.String))
        .alias(name)
        for name in text
    ]
    names = {name: f"'{name}" for name in schema if re.match(_RISKY, name)}
    return lazy.with_columns(risky).rename(names)


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give a temporary name beside ``out``; take its place at the end, or leave nothing."""
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(out)
    except OSError as problem:
        raise ScoreFrameError(
            "E-FRAME-009",
            what="The result cannot be written",
            got=problem.strerror or "an error of the file system",
            next_step="Choose a folder that exists, may be written to and has room",
        ) from problem
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
