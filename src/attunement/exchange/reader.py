# SPDX-License-Identifier: Apache-2.0
"""Read a text table: every row that can be read, and one line for each kind of mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from attunement.errors import Problem, problem_at
from attunement.exchange.errors import TableError
from attunement.exchange.records import Record, records
from attunement.exchange.sniff import (
    DELIMITERS,
    check_encoding,
    check_header,
    find_delimiter,
    newline_of,
    text_stream,
)
from attunement.exchange.table import MISSING_MARKS, NAMES, Dialect, Table

BLOCK = 65_536
PADDING = " \u00a0"  # spaces and no-break spaces; a leading tab is a value's own
_DECIMAL_COMMA = r"^[+-]?[0-9]+,[0-9]+$"


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
    marked = check_encoding(data, name=name)
    declared = False
    if delimiter is None:
        delimiter, declared = find_delimiter(data, name=name)
    elif delimiter not in DELIMITERS:
        raise TableError(
            code="E-TABLE-006",
            what="the separator is not one of ours",
            expected="',', ';' or a tab",
        )
    elif delimiter.encode() not in data:
        raise TableError(
            code="E-TABLE-006",
            what=f"the separator that was named does not occur in “{name}”",
            got=f"{NAMES[delimiter]} as separators and none in the file",
            expected="the separator that the file uses",
            next_step="Leave --delimiter away: the separator is told from the file",
        )
    stream = records(text_stream(data), delimiter=delimiter, name=name, check_nul=b"\0" in data)
    if declared:
        next(stream, None)
    header, columns, remarks = _header(stream, name)
    body = _Body(width=len(columns), header=header, progress=progress)
    body.read(stream)
    if not body.rows_read:
        raise TableError(
            code="E-TABLE-001",
            what=f"“{name}” has no rows below the header",
            expected="at least one row",
            next_step="Check that the right file was saved",
        )
    cells, more = _clean(columns, body)
    decimal = "," if delimiter != "," and _has_decimal_comma(cells) else "."
    return Table(
        name=name,
        columns=columns,
        cells=cells,
        row_numbers=np.asarray(body.numbers, dtype=np.int64),
        problems=(*remarks, *body.problems(), *more),
        dialect=Dialect(delimiter, newline_of(data), marked, decimal),
        rows_read=body.rows_read,
    )


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


@dataclass(slots=True)
class _Body:
    """The rows below the header as they come in, block by block."""

    width: int
    header: list[str]
    progress: Callable[[int], None] | None
    numbers: list[int] = field(default_factory=list)
    chunks: list[list[pa.Array]] = field(default_factory=list)
    rows_read: int = 0
    short: dict[int, list[int]] = field(default_factory=dict)
    faults: dict[str, list[int]] = field(default_factory=dict)
    repeated: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)

    def read(self, stream: Iterator[Record]) -> None:
        """Take in every record."""
        block: list[list[str]] = []
        keep, number_of, width, header = block.append, self.numbers.append, self.width, self.header
        for record in stream:
            cells = record.cells
            if not cells and not record.fault:
                continue
            self.rows_read += 1
            if record.fault:
                self.faults.setdefault(record.fault, []).append(record.number)
            elif len(cells) != width:
                self.short.setdefault(len(cells), []).append(record.number)
            elif not any(cells):
                self.rows_read -= 1
                self.empty.append(record.number)
            elif cells == header or [cells[0].lstrip("\ufeff"), *cells[1:]] == header:
                self.repeated.append(record.number)
            else:
                keep(cells)
                number_of(record.number)
                if len(block) == BLOCK:
                    self._store(block)
        self._store(block)

    def _store(self, block: list[list[str]]) -> None:
        if block:
            self.chunks.append(
                [pa.array(column, pa.string()) for column in zip(*block, strict=True)]
            )
            block.clear()
        if self.progress is not None:
            self.progress(self.rows_read)

    def column(self, place: int) -> pa.ChunkedArray:
        """Return one column of every block."""
        return pa.chunked_array([chunk[place] for chunk in self.chunks], pa.string())

    def problems(self) -> list[Problem]:
        """Return each kind of mistake once."""
        found = [
            problem_at(
                "E-TABLE-010",
                rows,
                what=f"The row has {got} cell{'s' if got != 1 else ''} where the header has "
                f"{self.width}",
                next_step="Left out; look for a missing or an extra separator in the row",
                refused=True,
            )
            for got, rows in self.short.items()
        ]
        found += [
            problem_at(code, rows, what=_FAULTS[code][0], next_step=_FAULTS[code][1], refused=True)
            for code, rows in sorted(self.faults.items())
        ]
        if self.repeated:
            found.append(
                problem_at(
                    "E-TABLE-013",
                    self.repeated,
                    what="The header is repeated inside the table",
                    next_step="Left out; delete the row, and check that two files were not joined",
                    refused=True,
                )
            )
        found.sort(key=lambda problem: problem.row)
        if self.empty:
            found.append(
                problem_at(
                    "E-TABLE-017",
                    self.empty,
                    what="The row is empty",
                    next_step="Skipped; nothing to do",
                    refused=False,
                )
            )
        return found


_FAULTS = {
    "E-TABLE-011": (
        "The row contains a NUL character",
        "Left out; export the file again, NUL does not belong in text",
    ),
    "E-TABLE-012": (
        "A cell is longer than 131,072 characters",
        "Left out; shorten the text, or look for a quotation mark that does not end",
    ),
    "E-TABLE-015": (
        "The quotation marks in the row are broken",
        "Left out; write a quotation mark inside a quoted text twice",
    ),
}


def _clean(
    columns: tuple[str, ...], body: _Body
) -> tuple[tuple[pa.ChunkedArray, ...], list[Problem]]:
    """Trim spaces, turn missing marks into nulls, and say both."""
    cells: list[pa.ChunkedArray] = []
    found: dict[tuple[str, str], Problem] = {}
    marks = pa.array(list(MISSING_MARKS))
    for place, column in enumerate(columns):
        written = body.column(place)
        trimmed = pc.utf8_trim(written, characters=PADDING)
        if pc.any(pc.not_equal(trimmed, written)).as_py():
            rows = _rows(body, pc.not_equal(trimmed, written))
            _add(
                found,
                ("E-TABLE-016", ""),
                rows,
                column,
                what="Values have spaces around them",
                next_step="The spaces were left out; nothing to do",
            )
        missing = pc.is_in(trimmed, value_set=marks)
        for mark in pc.unique(pc.filter(trimmed, missing)).to_pylist():
            if MISSING_MARKS[mark]:
                rows = _rows(body, pc.equal(trimmed, mark))
                _add(
                    found,
                    ("E-TABLE-014", mark),
                    rows,
                    column,
                    what=f"“{mark}” stands for a missing value ({MISSING_MARKS[mark]})",
                    next_step="Read as missing; leave such cells blank when you export again",
                )
        cells.append(pc.if_else(missing, pa.scalar(None, pa.string()), trimmed))
    return tuple(cells), list(found.values())


def _rows(body: _Body, mask: pa.ChunkedArray) -> list[int]:
    at = np.flatnonzero(mask.to_numpy())
    return [body.numbers[place] for place in at]


def _add(
    found: dict[tuple[str, str], Problem],
    key: tuple[str, str],
    rows: list[int],
    column: str,
    *,
    what: str,
    next_step: str,
) -> None:
    """Tell one kind of remark once for all columns: the first place, and the sum."""
    before = found.get(key)
    if before is None:
        found[key] = problem_at(
            key[0], rows, column=column, what=what, next_step=next_step, refused=False
        )
    else:
        found[key] = replace(before, count=before.count + len(rows), rows=())


def _has_decimal_comma(cells: tuple[pa.ChunkedArray, ...]) -> bool:
    return any(pc.any(pc.match_substring_regex(column, _DECIMAL_COMMA)).as_py() for column in cells)
