# SPDX-License-Identifier: Apache-2.0
"""Judge a file into a file, part by part: what is in memory does not depend on its length."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from polars.io.plugins import register_io_source

from attunement.frames.engines.reading import Batches
from attunement.frames.engines.ruptures_external import Shuffled
from attunement.frames.engines.ruptures_memory import (
    arrow_table,
    episodes_polars,
    sessions_polars,
)
from attunement.frames.engines.ruptures_parts import PART_ROWS, OutOfOrderError, whole_dyads
from attunement.frames.engines.writing import replacing, sink
from attunement.frames.ruptures_errors import RupturesError
from attunement.frames.ruptures_judging import judge_frame
from attunement.frames.ruptures_learning import (
    Chosen,
    enough,
    learned,
    only,
    wanted,
    without_learning,
)
from attunement.frames.ruptures_request import Question, Usual, with_model
from attunement.frames.ruptures_rows import Rows, arrange
from attunement.frames.ruptures_summary import Tally
from attunement.frames.ruptures_tables import REASONS

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Run:
    """One pass over a file: what is asked, what is counted, where episodes go."""

    question: Question
    dtypes: dict[str, Any]
    progress: Progress | None
    total: int
    part_rows: int = PART_ROWS
    tally: Tally = field(init=False)
    done: int = 0

    def __post_init__(self) -> None:
        """Begin to count."""
        self.tally = Tally(self.question)

    @property
    def words(self) -> pl.Enum:
        """The type of text columns: every word is known beforehand, so all parts agree on it."""
        named = [reason for reason in REASONS if reason is not None]
        return pl.Enum([*(rule.id for rule in self.question.rules), *named])

    @property
    def keys(self) -> list[str]:
        """The columns that are carried over."""
        return [self.question.columns.dyad, self.question.columns.session]

    def judge(self, part: pl.DataFrame, question: Question) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the sessions and the episodes of a part of whole dyads."""
        rows, judged = judge_frame(part, question)
        self.tally.add(rows, judged)
        self.done += part.height
        if self.progress is not None:
            self.progress("judging", self.done, self.total)
        dyad = part[self.question.columns.dyad]
        return (
            sessions_polars(part.select(self.keys), rows, judged, self.words),
            episodes_polars(dyad, rows, judged),
        )

    def schema(self) -> dict[str, Any]:
        """Return the types of the session columns."""
        made: dict[str, Any] = {name: self.dtypes[name] for name in self.keys}
        return made | {
            "rule": self.words,
            "evaluable": pl.Boolean,
            "statistic": pl.Float64,
            "probability": pl.Float64,
            "flagged": pl.Boolean,
            "reason": self.words,
        }


def settled_file(batches: Batches, question: Question, usual: Usual) -> Question:
    """Return the question with what is usual, learned from a file in two readings if need be.

    The first reads names, the second the rows of the dyads that were chosen. A mistake in these
    rows is left to the judging, which names it by its row in the file.
    """
    if not wanted(question, usual):
        return without_learning(question, usual)
    dyad = question.columns.dyad
    chosen = Chosen()
    for part in batches([dyad]):
        chosen.add(part[dyad].unique().to_list())
    if not enough(len(chosen.names), usual):
        return with_model(question, None)
    rows = pl.concat([only(part, dyad, chosen.names) for part in batches(question.wanted)])
    try:
        return learned(_arranged(rows, question), question, usual)
    except RupturesError:
        return with_model(question, None)


def _arranged(rows: pl.DataFrame, question: Question) -> Rows:
    return arrange(rows, question.columns, question.scale, commas=question.commas)


def judge_file(
    batches: Batches,
    dtypes: dict[str, Any],
    question: Question,
    *,
    out: Path,
    episodes: Path,
    total: int,
    progress: Progress | None = None,
    part_rows: int = PART_ROWS,
    scratch: Path | None = None,
) -> Tally:
    """Judge a file into two others, in the order of its rows.

    Where dyads rise (numbers by value, text by its code points) the file is read once. Where they
    do not, its rows are dealt out to scratch files by dyad, judged, and dealt back into their
    order; that reads and writes three times as much, and needs no more memory.

    Parameters
    ----------
    out, episodes : Path
        Where sessions and episodes go, as CSV or Parquet by their ending.
    total : int
        Rows of the file, as far as they are known; for the progress and the size of parts.
    scratch : Path, optional
        A folder for scratch files; one beside ``out`` by default.
    """
    with replacing(out) as sessions_part, replacing(episodes) as episodes_part:
        run = Run(question, dtypes, progress, total, part_rows)
        try:
            _write(run, _in_order(run, batches), sessions_part, episodes_part, out, episodes)
        except OutOfOrderError:
            run = Run(question, dtypes, progress, total, part_rows)
            with _scratch(scratch or out.parent) as folder:
                shuffled = Shuffled(folder, question.columns.dyad, total, part_rows)
                pieces = shuffled.judged(batches(question.wanted), question, run.judge)
                _write(run, pieces, sessions_part, episodes_part, out, episodes)
    return run.tally


Pieces = Iterator[tuple[pl.DataFrame, pl.DataFrame]]


def _in_order(run: Run, batches: Batches) -> Pieces:
    question = run.question
    first = question.first_row if isinstance(question.first_row, int) else 1
    source = batches(question.wanted)
    for part in whole_dyads(source, question.columns.dyad, rows=run.part_rows, rising=True):
        yield run.judge(part, replace(question, first_row=first))
        first += part.height


def _write(  # noqa: PLR0917 -- the two files and their final names
    run: Run, pieces: Pieces, sessions: Path, episodes: Path, out: Path, episodes_out: Path
) -> None:
    """Pull the pieces into both files: sessions by Polars' engine, episodes as they come."""
    failed: list[BaseException] = []
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".episodes-") as folder:
        store = Path(folder) / "episodes.parquet"
        writer: list[pq.ParquetWriter] = []
        words: Any = {"rule": run.words, "reason": run.words}

        def source(*_: Any) -> Iterator[pl.DataFrame]:
            try:
                for made, found in pieces:
                    table = arrow_table(found)
                    if not writer:
                        writer.append(pq.ParquetWriter(store, table.schema, compression="zstd"))
                    if found.height:
                        writer[0].write_table(table)
                    yield made.cast(words)
            except BaseException as problem:
                failed.append(problem)
                raise

        lazy = register_io_source(source, schema=run.schema())
        try:
            sink(lazy, sessions, out.suffix.lower())
        except Exception:
            if failed:
                raise failed[0] from None
            raise
        finally:
            for one in writer:
                one.close()
        if writer:
            sink(pl.scan_parquet(store), episodes, episodes_out.suffix.lower())


@contextlib.contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=beside, prefix=".ruptures-") as folder:
        yield Path(folder)
