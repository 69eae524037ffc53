# SPDX-License-Identifier: Apache-2.0
"""Give a result back as the kind of frame that the question came with."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl

from attunement.frames.gains_errors import GainsError


def same_kind(result: pl.DataFrame, asked: Any) -> Any:
    """Return a Polars frame as the kind that ``asked`` is.

    Parameters
    ----------
    result : polars.DataFrame
    asked : data frame, path or other
        A frame that narwhals knows gives its own kind; anything else a Polars frame.

    Raises
    ------
    GainsError
        ``E-FRAME-225`` for a lazy frame of a kind that holds no data of its own.
    """
    try:
        table = nw.from_native(asked)
    except TypeError:
        return result
    kind = table.implementation
    if kind is nw.Implementation.POLARS:
        native: Any = result.lazy() if isinstance(table, nw.LazyFrame) else result
    elif kind is nw.Implementation.PANDAS:
        native = _to_pandas(result)
    elif kind is nw.Implementation.PYARROW:
        native = result.to_arrow()
    elif kind is nw.Implementation.DUCKDB:
        native = _to_relation(asked, result)
    elif isinstance(table, nw.DataFrame):
        native = nw.from_arrow(result.to_arrow(), backend=kind).to_native()
    else:
        raise GainsError(
            "E-FRAME-225",
            what="This kind of lazy table cannot be given back as it came",
            got=f"an object of type {type(asked).__name__}",
            next_step="Collect it first, or write it to Parquet and give the path",
        )
    return nw.from_native(native) if isinstance(asked, nw.DataFrame | nw.LazyFrame) else native


def _to_pandas(result: pl.DataFrame) -> Any:
    """Keep whole numbers whole and answers yes, no or missing where pandas would widen them."""
    frame = result.to_pandas()
    wanted = {
        name: "boolean" if kind == pl.Boolean else "Int64"
        for name, kind in result.schema.items()
        if (kind == pl.Boolean or kind.is_integer()) and result[name].null_count()
    }
    return frame.astype(wanted)


def _to_relation(relation: Any, gains_result: pl.DataFrame) -> Any:
    if isinstance(relation, nw.LazyFrame):
        relation = relation.to_native()
    gains_table = gains_result.to_arrow()  # noqa: F841 -- DuckDB finds it by its name
    return relation.query("asked_of_gains", "SELECT * FROM gains_table")
