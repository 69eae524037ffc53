# SPDX-License-Identifier: Apache-2.0
"""Rows in any order, more than memory holds: dealt out by dyad, judged, dealt back into order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from attunement.frames.engines.ruptures_memory import arrow_table
from attunement.frames.ruptures_request import Question

_ROW = "__row"  # where a row stood in the file
_MOST_FILES = 512
Judge = Callable[[pl.DataFrame, Question], tuple[pl.DataFrame, pl.DataFrame]]


@dataclass(slots=True)
class _Pile:
    """Scratch files, one for each share of the rows."""

    folder: Path
    name: str
    writers: dict[int, Any] = field(default_factory=dict)

    def deal(self, frame: pl.DataFrame, share: pl.Series) -> None:
        """Append each row to the file of its share."""
        if not frame.height:
            return
        parts = frame.with_columns(share.alias("__share")).partition_by(
            "__share", as_dict=True, include_key=False
        )
        for (number,), part in parts.items():
            table = arrow_table(part)
            if number not in self.writers:
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                self.writers[int(number)] = pa.ipc.new_file(
                    self.path(int(number)), table.schema, options=options
                )
            self.writers[int(number)].write_table(table)

    def close(self) -> list[int]:
        """Finish the files and return the shares that have one, in order."""
        for writer in self.writers.values():
            writer.close()
        return sorted(self.writers)

    def take(self, number: int) -> pl.DataFrame | None:
        """Read a share and remove its file; None if no row went there."""
        if number not in self.writers:
            return None
        with pa.OSFile(str(self.path(number))) as file:
            table = pa.ipc.open_file(file).read_all()
        self.path(number).unlink()
        return pl.DataFrame(pl.from_arrow(table))

    def path(self, number: int) -> Path:
        """Where a share lies."""
        return self.folder / f"{self.name}-{number}.arrow"


@dataclass(slots=True)
class Shuffled:
    """A file whose dyads lie anywhere, judged in about ``part_rows`` rows at a time."""

    folder: Path
    dyad: str
    total: int
    part_rows: int

    def judged(
        self, batches: Iterable[pl.DataFrame], question: Question, judge: Judge
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Give sessions and episodes in the order of the file's rows."""
        shares = min(max(1, -(-self.total // self.part_rows)), _MOST_FILES)
        span = max(-(-max(self.total, 1) // shares), 1)
        first = question.first_row if isinstance(question.first_row, int) else 1
        by_dyad = _Pile(self.folder, "dyads")
        at = 0
        for batch in batches:
            numbered = batch.with_columns(pl.int_range(at, at + batch.height).alias(_ROW))
            by_dyad.deal(numbered, batch[self.dyad].hash(seed=1) % shares)
            at += batch.height
        sessions = _Pile(self.folder, "sessions")
        episodes = _Pile(self.folder, "episodes")
        for number in by_dyad.close():
            part = by_dyad.take(number)
            if part is not None:
                asked = replace(question, first_row=part[_ROW].to_numpy() + first)
                self._judge_part(part, asked, judge, (sessions, episodes), span)
        yield from self._in_order(sessions, episodes)

    def _judge_part(
        self,
        part: pl.DataFrame,
        question: Question,
        judge: Judge,
        piles: tuple[_Pile, _Pile],
        span: int,
    ) -> None:
        row = part[_ROW]  # rises: rows were dealt out in their order
        made, found = judge(part.drop(_ROW), question)
        k = len(question.rules)
        where = row if k == 1 else pl.Series(row.to_numpy().repeat(k))
        piles[0].deal(made.with_columns(where.alias(_ROW)), where // span)
        begins = part.group_by(self.dyad, maintain_order=True).agg(pl.col(_ROW).min())
        begun = found.join(begins, on=self.dyad, how="left", maintain_order="left")
        piles[1].deal(begun, begun[_ROW] // span)

    def _in_order(
        self, sessions: _Pile, episodes: _Pile
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        there = sessions.close()
        begun = episodes.close()
        empty = None
        for number in there:
            made = sessions.take(number)
            found = episodes.take(number) if number in begun else None
            if made is None:
                continue
            if found is not None:
                found = found.sort(_ROW, maintain_order=True).drop(_ROW)
                empty = found.clear()
            sorted_ = made.sort(_ROW, maintain_order=True).drop(_ROW)
            yield (
                sorted_,
                found if found is not None else (empty if empty is not None else pl.DataFrame()),
            )
