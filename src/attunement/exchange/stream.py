# SPDX-License-Identifier: Apache-2.0
"""Read a text table block by block: what is in memory does not depend on its length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from attunement.errors import Problem
from attunement.exchange.body import Body
from attunement.exchange.cleaning import Cleaner
from attunement.exchange.errors import TableError
from attunement.exchange.pieces import lines_of, pieces
from attunement.exchange.records import Lines, Record, records
from attunement.exchange.sniff import DELIMITERS, SAMPLE_BYTES, check_header, find_delimiter
from attunement.exchange.survey import BOM, survey
from attunement.exchange.table import NAMES, Dialect

BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a table: text cells by column, null where missing, and each row's number."""

    cells: tuple[pa.Array, ...]
    row_numbers: npt.NDArray[np.int64]


class TableStream:
    """A text table on its way through: the header is read, the rows come in blocks.

    Attributes
    ----------
    name : str
        What the file is called, for messages.
    columns : tuple of str
        Column names, in the file's order, all different.
    """

    def __init__(
        self,
        source: BinaryIO,
        *,
        name: str,
        delimiter: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.name = name
        found = survey(source, name=name, delimiters=(delimiter,) if delimiter else ())
        source.seek(0)
        declared = False
        if delimiter is None:
            delimiter, declared = find_delimiter(source.read(SAMPLE_BYTES), name=name)
            source.seek(0)
        elif delimiter not in DELIMITERS:
            raise TableError(
                code="E-TABLE-006",
                what="the separator is not one of ours",
                expected="',', ';' or a tab",
            )
        elif delimiter not in found.seen:
            raise TableError(
                code="E-TABLE-006",
                what=f"the separator that was named does not occur in “{name}”",
                got=f"{NAMES[delimiter]} as separators and none in the file",
                expected="the separator that the file uses",
                next_step="Leave --delimiter away: the separator is told from the file",
            )
        self._survey, self._delimiter, self._progress = found, delimiter, progress
        if found.byte_order_mark:
            source.seek(len(BOM))
        self._pieces = pieces(source)
        self._lines = Lines(lines_of(piece) for piece in self._pieces)
        top = records(self._lines, delimiter=delimiter, name=name, check_nul=found.nul)
        if declared:
            next(top, None)
        header, self.columns, self._remarks = _header(top, name)
        self._body = Body(header, delimiter, name, found.nul)
        self._cleaner = Cleaner(self.columns, commas=delimiter != ",")
        self._blocks = self._run()

    def blocks(self) -> Iterator[Block]:
        """Yield the rows that can be read, in order, once; some 65,536 at a time at most.

        Raises
        ------
        TableError
            Where a quoted text does not end, or there is no row.
        """
        return self._blocks

    def _run(self) -> Iterator[Block]:
        told = 0
        for cells, numbers in self._body.blocks(self._lines, self._pieces):
            for first in range(0, len(numbers), BLOCK):
                part = numbers[first : first + BLOCK]
                clean = self._cleaner.clean([one.slice(first, BLOCK) for one in cells], part)
                yield Block(clean, part)
            while self._progress is not None and self.rows_read - told >= BLOCK:
                told += BLOCK
                self._progress(told)
        if self._progress is not None:
            self._progress(self.rows_read)
        if not self.rows_read:
            raise TableError(
                code="E-TABLE-001",
                what=f"“{self.name}” has no rows below the header",
                expected="at least one row",
                next_step="Check that the right file was saved",
            )

    @property
    def rows_read(self) -> int:
        """Rows below the header so far, blank ones aside: those kept and those left out."""
        return self._body.rows_read

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Each kind of mistake in the rows so far, once."""
        return (*self._remarks, *self._body.problems(), *self._cleaner.problems())

    @property
    def dialect(self) -> Dialect:
        """How the file was written; the decimal sign as far as it was read."""
        decimal = "," if self._cleaner.decimal_comma else "."
        found = self._survey
        return Dialect(self._delimiter, found.newline, found.byte_order_mark, decimal)


def _header(
    stream: Iterator[Record], name: str
) -> tuple[list[str], tuple[str, ...], list[Problem]]:
    """Return the header as written, the column names, and a remark for columns without a name."""
    first = next((record for record in stream if record.cells), None)
    if first is None or first.fault:
        raise TableError(
            code="E-TABLE-001",
            what=f"“{name}” is empty" if first is None else f"“{name}” has no readable header",
            expected="a row of column names, then one row per rating or person",
            next_step="Check that the right file was saved",
        )
    check_header(first.cells, name=name)
    columns = tuple(
        cell.strip() or f"(column {place})" for place, cell in enumerate(first.cells, start=1)
    )
    unnamed = [
        column for column, cell in zip(columns, first.cells, strict=True) if not cell.strip()
    ]
    remarks = [
        Problem(
            "E-TABLE-018",
            first.number,
            column,
            "The column has no name",
            "It is called by its place; give it a name if it is needed",
            refused=False,
        )
        for column in unnamed
    ]
    return first.cells, columns, remarks
