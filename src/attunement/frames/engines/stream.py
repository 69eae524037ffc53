# SPDX-License-Identifier: Apache-2.0
"""Score a file into a file, batch by batch: what is in memory does not depend on its length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from attunement.frames.engines.memory import changing_columns, constant_columns, score_frame
from attunement.frames.engines.reading import Batches, open_file
from attunement.frames.engines.writing import replacing, sink
from attunement.frames.score_batch import Findings, result_columns, score_batch
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


def score_file(source: Path, out: Path, request: Request) -> Path:
    """Score ``source`` into ``out`` and return ``out``.

    Both are CSV or Parquet by their ending. A long file is read whole, because the answers of
    one response may lie anywhere in it.
    """
    if out.suffix.lower() not in {".csv", ".parquet"}:
        raise ScoreFrameError(
            "E-FRAME-009",
            what="The file for the scores has no known kind",
            expected="out='….csv' or out='….parquet'",
        )
    dtypes, batches = open_file(source)
    layout = choose_layout(request, list(dtypes))
    with replacing(out) as temporary:
        if layout.long:
            whole = pl.concat(list(batches(list(dtypes))), how="vertical")
            words = pl.col("reason", "measure", "scorer").cast(WORDS)
            scored = score_frame(nw.from_native(whole, eager_only=True), request)
            lazy = scored.lazy().with_columns(words)
        else:
            lazy = _lazy(layout, dtypes, batches, request)
        sink(lazy, temporary, out.suffix.lower())
    return out


def _lazy(
    layout: Layout, dtypes: dict[str, Any], batches: Batches, request: Request
) -> pl.LazyFrame:
    """Return the scores as a lazy frame that pulls one batch at a time."""
    keys = list(layout.keys)
    wanted = list(dict.fromkeys([*keys, *layout.items.values()]))
    schema = {key: dtypes[key] for key in keys} | _result_schema(request)

    def source(*_: Any) -> Iterator[pl.DataFrame]:
        findings = Findings([])
        row = int(request.first_row)
        for batch in batches(wanted):
            frame = batch.rechunk()
            cells = {item: _arrow(frame[name]) for item, name in layout.items.items()}
            scored = score_batch(
                request.reader,
                cells,
                layout.items,
                findings,
                rows=frame.height,
                row_numbers=row,
                threads=1,  # reading and writing keep the other processors busy
            )
            row += frame.height
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
