# SPDX-License-Identifier: Apache-2.0
"""The rows below the header, block by block, and every kind of mistake among them once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from attunement.errors import Problem
from attunement.exchange.pieces import lines_of, plain_rows
from attunement.exchange.places import Places
from attunement.exchange.records import Lines, Record, records

Cut = tuple[list[pa.Array], npt.NDArray[np.int64]]


@dataclass(slots=True)
class Body:
    """The rows below the header as they come in: those kept, and places of those that are not.

    Attributes
    ----------
    header : list of str
        The header as written.
    """

    header: Sequence[str]
    delimiter: str
    name: str
    check_nul: bool
    rows_read: int = 0
    short: dict[int, Places] = field(default_factory=dict)
    faults: dict[str, Places] = field(default_factory=dict)
    repeated: Places = field(default_factory=Places)
    empty: Places = field(default_factory=Places)

    def blocks(self, lines: Lines, pieces: Iterator[bytes]) -> Iterator[Cut]:
        """Yield columns and row numbers of piece after piece; ``lines`` may have some left."""
        if not lines.empty:
            yield from self._closely(lines)
        for piece in pieces:
            columns = plain_rows(piece, self.header, self.delimiter)
            if columns is None:
                lines.put(lines_of(piece))
                yield from self._closely(lines)
                continue
            rows = len(columns[0])
            self.rows_read += rows
            yield columns, lines.records_done + 1 + np.arange(rows, dtype=np.int64)
            lines.skip(rows)

    def _closely(self, lines: Lines) -> Iterator[Cut]:
        """Read record by record, until a record ends where a piece does."""
        block: list[list[str]] = []
        numbers: list[int] = []
        for record in records(
            lines, delimiter=self.delimiter, name=self.name, check_nul=self.check_nul
        ):
            if self._keep(record):
                block.append(record.cells)
                numbers.append(record.number)
            if lines.empty:
                break
        if block:
            columns = [pa.array(column, pa.string()) for column in zip(*block, strict=True)]
            yield columns, np.asarray(numbers, dtype=np.int64)

    def _keep(self, record: Record) -> bool:
        """Whether a record is a row like the others; take note of it where it is not."""
        cells = record.cells
        if not cells and not record.fault:
            return False
        self.rows_read += 1
        if record.fault:
            self.faults.setdefault(record.fault, Places()).add(record.number)
        elif len(cells) != len(self.header):
            self.short.setdefault(len(cells), Places()).add(record.number)
        elif not any(cells):
            self.rows_read -= 1
            self.empty.add(record.number)
        elif cells == self.header or [cells[0].lstrip("\ufeff"), *cells[1:]] == self.header:
            self.repeated.add(record.number)
        else:
            return True
        return False

    def problems(self) -> list[Problem]:
        """Return each kind of mistake once."""
        found = [
            places.problem(
                "E-TABLE-010",
                what=f"The row has {got} cell{'s' if got != 1 else ''} where the header has "
                f"{len(self.header)}",
                next_step="Left out; look for a missing or an extra separator in the row",
                refused=True,
            )
            for got, places in self.short.items()
        ]
        found += [
            places.problem(code, what=_FAULTS[code][0], next_step=_FAULTS[code][1], refused=True)
            for code, places in sorted(self.faults.items())
        ]
        if self.repeated.count:
            found.append(
                self.repeated.problem(
                    "E-TABLE-013",
                    what="The header is repeated inside the table",
                    next_step="Left out; delete the row, and check that two files were not joined",
                    refused=True,
                )
            )
        found.sort(key=lambda problem: problem.row)
        if self.empty.count:
            found.append(
                self.empty.problem(
                    "E-TABLE-017",
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
