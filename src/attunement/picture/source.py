# SPDX-License-Identifier: Apache-2.0
"""Open what there is to look at: a path, bytes, or a table. The room's one edge."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from attunement.exchange import Table, read_table
from attunement.picture.errors import LookError
from attunement.picture.regular_file import read_file

PARQUET = b"PAR1"


@dataclass(slots=True)
class Opened:
    """A table, what it is called, and how it was written (in words, "" for a data frame)."""

    table: object
    name: str
    written: str

    def take(self) -> object:
        """Return the table and let go of it: who takes it decides how long it stays in memory."""
        table, self.table = self.table, None
        return table


def open_look(
    source: object,
    *,
    name: str | None,
    delimiter: str | None,
    progress: Callable[[int], None] | None,
) -> Opened:
    """Return the table behind ``source``.

    Parameters
    ----------
    source : path, bytes, attunement.exchange.Table or data frame
        A path of a CSV or Parquet file; the bytes of one; or a table that is open already.
    name : str or None
        What to call it; the file's name by default.
    delimiter : str or None
        Of a text file; told from the file by default.
    progress : callable or None
        Called with the number of rows read so far.

    Returns
    -------
    Opened

    Raises
    ------
    LookError
        E-LOOK-001 where the path is not a readable regular file, E-LOOK-002 where a Parquet file
        is damaged, E-LOOK-004 where the file changed while it was read.
    attunement.exchange.TableError
        Where the text cannot be read as a table.
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        return _open_bytes(read_file(path), name or path.name, delimiter, progress)
    if isinstance(source, bytes | bytearray | memoryview):
        return _open_bytes(bytes(source), name or "data", delimiter, progress)
    if isinstance(source, Table):
        return Opened(source, name or source.name, source.dialect.words())
    return Opened(source, name or "data frame", "")


def _open_bytes(
    data: bytes, name: str, delimiter: str | None, progress: Callable[[int], None] | None
) -> Opened:
    if data.startswith(PARQUET):
        try:
            return Opened(pl.read_parquet(io.BytesIO(data)), name, "Parquet")
        except (pl.exceptions.PolarsError, OSError) as refusal:
            raise LookError(
                code="E-LOOK-002",
                what=f"“{name}” begins like a Parquet file and cannot be read as one",
                got="a damaged or unfinished file",
                next_step="Write the file again",
            ) from refusal
    table = read_table(data, name=name, delimiter=delimiter, progress=progress)
    return Opened(table, name, table.dialect.words())
