# SPDX-License-Identifier: Apache-2.0
"""Read files in batches: Parquet with its types, CSV as text and nothing guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv

from attunement.frames.score_errors import LISTED, ScoreFrameError

BATCH_ROWS = 1 << 17
CSV_BLOCK = 1 << 21
NOT_CSV = "it is not a CSV file in UTF-8, or a quotation mark does not end"

Batches = Callable[[list[str]], Iterator[pl.DataFrame]]


def open_file(source: Path) -> tuple[dict[str, Any], Batches]:
    """Return the columns with their Polars types, and what reads chosen columns in batches.

    Raises
    ------
    ScoreFrameError
        E-FRAME-008 if the file cannot be read, E-FRAME-010 if it has no rows.
    """
    if source.suffix.lower() not in {".csv", ".tsv", ".parquet"}:
        raise ScoreFrameError(
            "E-FRAME-008",
            what="The file is of no kind that can be scored",
            got=f"the ending '{source.suffix}'",
            expected="'.csv', '.tsv' or '.parquet'",
        )
    if not source.is_file():
        got = "it is no regular file" if source.exists() else "it does not exist"
        raise _unreadable(got=got)
    return _open_parquet(source) if source.suffix.lower() == ".parquet" else _open_csv(source)


def _unreadable(*, got: str, next_step: str = "") -> ScoreFrameError:
    return ScoreFrameError(
        "E-FRAME-008", what="The file cannot be read", got=got, next_step=next_step
    )


def _open_parquet(source: Path) -> tuple[dict[str, Any], Batches]:
    scan = pl.scan_parquet(source)
    try:
        schema = scan.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise _unreadable(got="it is not a Parquet file, or a damaged one") from problem

    def batches(columns: list[str]) -> Iterator[pl.DataFrame]:
        chosen = scan.select(columns)
        try:
            yield from chosen.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
        except (pl.exceptions.PolarsError, OSError) as problem:
            raise _unreadable(got="it is damaged") from problem

    return dict(schema), batches


@dataclass(slots=True)
class _Csv:
    """One CSV file: every cell is text, every row has as many cells as the header."""

    source: Path
    delimiter: str
    names: list[str]
    ragged: list[str] = field(default_factory=list)

    def open(self) -> pa_csv.CSVStreamingReader:
        self.ragged.clear()
        return pa_csv.open_csv(
            self.source,
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=CSV_BLOCK),
            parse_options=pa_csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=True,
                invalid_row_handler=self._note_ragged,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()), strings_can_be_null=False
            ),
        )

    def _note_ragged(self, row: Any) -> str:
        if len(self.ragged) < LISTED:
            self.ragged.append(
                f"row {row.number} has {row.actual_columns} cells, not {row.expected_columns}"
            )
        return "skip"

    def batches(self, columns: list[str]) -> Iterator[pl.DataFrame]:
        rows = 0
        try:
            for batch in self.open():
                rows += batch.num_rows
                yield pl.DataFrame(pl.from_arrow(batch)).select(columns)
        except (pa.ArrowInvalid, OSError) as problem:
            raise _unreadable(got=NOT_CSV) from problem
        if self.ragged:
            raise _unreadable(got="; ".join(self.ragged), next_step="Mend these rows")
        if not rows:
            raise ScoreFrameError("E-FRAME-010", what="The file has no rows")


def decimal_of(source: Path) -> str:
    """Return the decimal sign that a file may use: a comma only where no cell ends with one."""
    if source.suffix.lower() == ".parquet":
        return "."
    try:
        with source.open("rb") as file:
            first = _first_line(file.read(1 << 16))
    except OSError:
        return "."
    return "." if _delimiter(first) == "," else ","


def _first_line(head: bytes) -> bytes:
    return head.splitlines()[0] if head.strip() else b""


def _delimiter(first: bytes) -> str:
    return max(",;\t", key=lambda mark: first.count(mark.encode()))


def _open_csv(source: Path) -> tuple[dict[str, Any], Batches]:
    with source.open("rb") as file:
        first = _first_line(file.read(1 << 16))
    if not first:
        raise ScoreFrameError("E-FRAME-010", what="The file has no rows")
    delimiter = _delimiter(first)
    text = first.decode("utf-8-sig", errors="replace")
    csv = _Csv(source, delimiter, [name.strip('"') for name in text.split(delimiter)])
    try:
        columns = csv.open().schema.names
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as problem:
        raise _unreadable(got=NOT_CSV) from problem
    if len(set(columns)) < len(columns):
        raise _unreadable(got="two columns have the same name", next_step="Rename one of them")
    csv.names = columns
    return dict.fromkeys(columns, pl.String), csv.batches
