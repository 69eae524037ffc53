# SPDX-License-Identifier: Apache-2.0
"""Score a file into a file, batch by batch: what is in memory does not depend on its length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from attunement.frames.engines.memory import changing_columns, constant_columns, score_frame
from attunement.frames.engines.reading import open_file
from attunement.frames.engines.writing import replacing, sink
from attunement.frames.score_batch import Findings, result_columns, score_batch
from attunement.frames.score_columns import ITEM_COLUMN
from attunement.frames.score_errors import ScoreFrameError
from attunement.frames.score_request import Layout, Request, choose_layout

# A file holds each sentence once: writing and reading millions of equal words would cost more
# than scoring does.
WORDS = pl.Categorical


def read_and_score(source: Path, request: Request) -> pl.DataFrame:
    """Score ``source``, CSV or Parquet by its ending, and return the scores as a frame."""
    dtypes, batches = open_file(source)
    whole = pl.concat(list(batches(list(dtypes))), how="vertical")
    scored: pl.DataFrame = score_frame(nw.from_native(whole, eager_only=True), request)
    return scored


class TextBlock(Protocol):
    """Some rows of a text table, as ``attunement.exchange.Block`` has them."""

    @property
    def cells(self) -> tuple[pa.Array, ...]:
        """Text by column, null where missing."""
        ...

    @property
    def row_numbers(self) -> npt.NDArray[np.int64]:
        """For each row its number as a spreadsheet counts."""
        ...


class TextStream(Protocol):
    """A text table that comes in blocks; ``attunement.exchange.TableStream`` is one."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names."""
        ...

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the rows, once."""
        ...


# What reads chosen columns, and the number of each row (or of the first one).
Parts = Callable[[list[str]], Iterator[tuple[pl.DataFrame, npt.NDArray[np.int64] | int]]]


def score_file(source: Path, out: Path, request: Request) -> Path:
    """Score ``source`` into ``out`` and return ``out``.

    Both are CSV or Parquet by their ending. A long file is read whole, because the answers of
    one response may lie anywhere in it.
    """
    check_kind(out)
    dtypes, batches = open_file(source)

    def parts(wanted: list[str]) -> Iterator[tuple[pl.DataFrame, int]]:
        row = int(request.first_row)
        for batch in batches(wanted):
            yield batch.rechunk(), row
            row += batch.height

    return _score_parts(dtypes, parts, out, request)


def score_blocks(source: TextStream, out: Path, request: Request) -> Path:
    """Score a text table that comes in blocks into ``out``, and return ``out``."""
    check_kind(out)

    def parts(wanted: list[str]) -> Iterator[tuple[pl.DataFrame, npt.NDArray[np.int64]]]:
        at = {name: source.columns.index(name) for name in wanted}
        for block in source.blocks():
            cells = {name: pl.Series(name, block.cells[place]) for name, place in at.items()}
            yield pl.DataFrame(cells, height=len(block.row_numbers)), block.row_numbers

    return _score_parts(dict.fromkeys(source.columns, pl.String), parts, out, request)


def check_kind(out: Path) -> None:
    """Refuse to write a file of an unknown kind."""
    if out.suffix.lower() not in {".csv", ".parquet"}:
        raise ScoreFrameError(
            "E-FRAME-009",
            what="The file for the scores has no known kind",
            expected="out='….csv' or out='….parquet'",
        )


def _score_parts(dtypes: dict[str, Any], parts: Parts, out: Path, request: Request) -> Path:
    layout = choose_layout(request, list(dtypes))
    with replacing(out) as temporary:
        if layout.long:
            lazy = _gathered(layout, dtypes, parts, request)
        else:
            lazy = _lazy(layout, dtypes, parts, request)
        sink(lazy, temporary, out.suffix.lower())
    return out


def _gathered(
    layout: Layout, dtypes: dict[str, Any], parts: Parts, request: Request
) -> pl.LazyFrame:
    """Return the scores of a long table, which is held whole: its words once, and four bytes each.

    Each column has categories of its own; a result's keys are text again.
    """
    wanted = [*layout.keys, ITEM_COLUMN, layout.value, layout.measure]
    names = list(dict.fromkeys(name for name in wanted if name))
    text = [name for name in names if dtypes[name] == pl.String]
    coded = [pl.col(name).cast(pl.Categorical(pl.Categories.random())) for name in text]
    frames: list[pl.DataFrame] = []
    numbers: list[npt.NDArray[np.int64]] = []
    for frame, rows in parts(names):
        frames.append(frame.with_columns(coded))
        if not isinstance(rows, int):
            numbers.append(rows)
    if numbers:
        request = replace(request, row_numbers=np.concatenate(numbers))
    whole = nw.from_native(pl.concat(frames, how="vertical"), eager_only=True)
    frames.clear()
    scored: pl.DataFrame = score_frame(whole, request)
    words = pl.col("reason", "measure", "scorer").cast(WORDS)
    keys = [pl.col(key).cast(dtypes[key]) for key in layout.keys if key in text]
    return scored.lazy().with_columns(words, *keys)


def _lazy(layout: Layout, dtypes: dict[str, Any], parts: Parts, request: Request) -> pl.LazyFrame:
    """Return the scores as a lazy frame that pulls one batch at a time."""
    keys = list(layout.keys)
    wanted = list(dict.fromkeys([*keys, *layout.items.values()]))
    schema = {key: dtypes[key] for key in keys} | _result_schema(request)

    def source(*_: Any) -> Iterator[pl.DataFrame]:
        findings = Findings([])
        for frame, numbers in parts(wanted):
            cells = {item: _arrow(frame[name]) for item, name in layout.items.items()}
            scored = score_batch(
                request.reader,
                cells,
                layout.items,
                findings,
                rows=frame.height,
                row_numbers=numbers,
                threads=1,  # reading and writing keep the other processors busy
            )
            if not findings.total:
                yield pl.concat(
                    [frame.select(keys), changing_columns(scored, WORDS)], how="horizontal"
                )
        if findings.total:
            raise findings.refusal(first_row=request.first_row)

    return register_io_source(source, schema=schema).with_columns(constant_columns(request, WORDS))


def _arrow(series: pl.Series) -> pa.Array:
    array = series.to_arrow()
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _result_schema(request: Request) -> dict[str, Any]:
    """Return the types of the columns that differ from row to row."""
    small = len(request.reader.plan.items) < 1 << 7
    names = [name for name in result_columns(request.measure) if name not in {"measure", "scorer"}]
    kinds: dict[str, Any] = {"reason": WORDS, "n_answered": pl.Int8 if small else pl.Int16}
    return {name: kinds.get(name, pl.Float64) for name in names}
