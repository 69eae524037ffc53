# SPDX-License-Identifier: Apache-2.0
"""Read a text table: every row that can be read, and one line for each kind of mistake."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa

from attunement.exchange.errors import TableError
from attunement.exchange.stream import TableStream
from attunement.exchange.table import Table

LARGEST: Final = 1 << 30


def read_table(
    data: bytes,
    *,
    name: str,
    delimiter: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Table:
    r"""Read a comma, semicolon or tab separated file as text cells.

    Nothing is repaired: a row that cannot be read as written is left out and named. Cells that
    begin with ``=``, ``+``, ``@`` or a tab are text like any other.

    Parameters
    ----------
    data : bytes
        The whole file: UTF-8 with or without a byte order mark; lines end in LF, CRLF or CR.
    name : str
        What the file is called, for messages.
    delimiter : str, optional
        ``","``, ``";"`` or ``"\\t"``; told from the file where it is not given.
    progress : callable, optional
        Called with the number of rows read so far, every 65,536 rows.

    Returns
    -------
    Table
        Cells as text, null where missing (see ``MISSING_MARKS``), with each row's number in the
        file, the dialect, and each kind of mistake once.

    Raises
    ------
    TableError
        Where the file as a whole cannot be read: no rows, not UTF-8, a doubled or ambiguous
        column name, a quoted text that does not end, a separator that cannot be told.

    Notes
    -----
    Memory: the bytes, plus the cells as Arrow strings; never the rows as Python objects beyond
    one block of 65,536.
    """
    if len(data) > LARGEST:
        raise TableError(
            code="E-TABLE-008",
            what=f"“{name}” is larger than one gibibyte",
            expected="a smaller text file, or the same table as Parquet",
            next_step="Save it as Parquet, or split it by person",
        )
    stream = TableStream(io.BytesIO(data), name=name, delimiter=delimiter, progress=progress)
    blocks = list(stream.blocks())
    return Table(
        name=name,
        columns=stream.columns,
        cells=tuple(
            pa.chunked_array([block.cells[place] for block in blocks], pa.string())
            for place in range(len(stream.columns))
        ),
        row_numbers=np.concatenate(
            [np.zeros(0, dtype=np.int64), *(block.row_numbers for block in blocks)]
        ),
        problems=stream.problems,
        dialect=stream.dialect,
        rows_read=stream.rows_read,
    )
