# SPDX-License-Identifier: Apache-2.0
"""Score a frame that is in memory and give back the same kind."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa

from attunement.frames.engines.long import pivot
from attunement.frames.score_batch import Findings, Scored, score_batch
from attunement.frames.score_request import Layout, Request, choose_layout, processors
from attunement.scoring import SCORER_VERSION

Frame = nw.DataFrame[Any]


def score_frame(frame: Frame, request: Request) -> Any:
    """Return the result as the native kind of ``frame``."""
    layout = choose_layout(request, frame.columns)
    findings = Findings([])
    if layout.long:
        keys, scored = _score_long(frame, layout, request, findings)
    else:
        keys, scored = _score_wide(frame, layout, request, findings)
    if findings.total:
        raise findings.refusal(first_row=request.first_row)
    return _assemble(keys, scored, request)


def _score_wide(
    frame: Frame, layout: Layout, request: Request, findings: Findings
) -> tuple[Frame, Scored]:
    cells = {item: arrow(frame[column]) for item, column in layout.items.items()}
    scored = score_batch(
        request.reader,
        cells,
        layout.items,
        findings,
        rows=len(frame),
        row_numbers=request.row_numbers,
        threads=processors(),
    )
    if not layout.keys and frame.implementation.is_pandas_like():
        return nw.from_native(frame.to_native()[[]], eager_only=True), scored  # keeps the index
    return frame.select(list(layout.keys)), scored


def _score_long(
    frame: Frame, layout: Layout, request: Request, findings: Findings
) -> tuple[Frame, Scored]:
    named = [*layout.keys, "item", layout.value, *([layout.measure] if layout.measure else [])]
    table = pa.table({name: arrow(frame[name]) for name in named})
    first, cells = pivot(table, layout, request, findings)
    scored = score_batch(
        request.reader,
        cells,
        {},
        findings,
        rows=first.size,
        row_numbers=1,
        threads=processors(),
    )
    keys = frame.select(list(layout.keys))
    return (keys[first.tolist()] if layout.keys else keys), scored


def arrow(series: nw.Series[Any]) -> pa.Array:
    """Return a column as one Arrow array; one of mixed objects becomes their text."""
    try:
        array = series.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        gone = series.is_null().to_list()
        words = [
            None if missing else str(value)
            for value, missing in zip(series.to_list(), gone, strict=True)
        ]
        return pa.array(words, type=pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _assemble(keys: Frame, scored: Scored, request: Request) -> Any:
    native = keys.to_native()
    if isinstance(native, pa.Table):
        return _to_arrow(native, scored, request)
    if isinstance(native, pl.DataFrame):
        return pl.concat([native, to_polars(scored, request)], how="horizontal")
    reasons = np.array([*scored.reasons, None], dtype=object)[scored.reason_at]
    more = {**scored.numbers, "n_answered": scored.n_answered, "reason": reasons}
    if not native.columns.size and len(native) != scored.n_answered.size:  # long, without keys
        native = type(native)(index=range(scored.n_answered.size))
    return native.assign(**more, measure=request.name, scorer=SCORER_VERSION)


def to_polars(scored: Scored, request: Request) -> pl.DataFrame:
    """Return the result columns as a Polars frame; no score is null."""
    return changing_columns(scored).with_columns(constant_columns(request))


def changing_columns(scored: Scored, words: Any = pl.String) -> pl.DataFrame:
    """Return the result columns that differ from row to row; ``words`` is the type of reasons."""
    reasons = pl.Series([None, *scored.reasons], dtype=words)  # at -1 there is none
    at = (scored.reason_at + np.int32(1)).view(np.uint32)
    columns = [pl.Series(name, value, nan_to_null=True) for name, value in scored.numbers.items()]
    columns.append(pl.Series("n_answered", scored.n_answered))
    columns.append(reasons.gather(pl.Series(at)).alias("reason"))
    return pl.DataFrame(columns)


def constant_columns(request: Request, words: Any = pl.String) -> list[pl.Expr]:
    """Return the result columns that are the same in every row."""
    constants = {"measure": request.name, "scorer": SCORER_VERSION}
    return [pl.lit(word, dtype=words).alias(name) for name, word in constants.items()]


def _to_arrow(keys: pa.Table, scored: Scored, request: Request) -> pa.Table:
    rows = scored.n_answered.size
    at = pa.array(scored.reason_at, mask=scored.reason_at < 0)
    reasons = pa.DictionaryArray.from_arrays(at, pa.array(scored.reasons, pa.string()))
    columns = {name: keys.column(name) for name in keys.column_names}
    for name, value in scored.numbers.items():
        columns[name] = pa.array(value, from_pandas=True)
    columns["n_answered"] = pa.array(scored.n_answered)
    columns["reason"] = reasons.dictionary_decode()
    columns["measure"] = pa.repeat(request.name, rows)
    columns["scorer"] = pa.repeat(SCORER_VERSION, rows)
    return pa.table(columns)
