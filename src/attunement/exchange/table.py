# SPDX-License-Identifier: Apache-2.0
"""A table as it was written: text cells by column, the row each came from, how it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from attunement.errors import Problem

# What stands for "no value" in files that people have, and which program writes it. The marks that
# map to "" are read as missing without a remark.
MISSING_MARKS: Mapping[str, str] = MappingProxyType(
    {
        "": "",
        "NA": "",
        "#NULL!": "SPSS writes it, and Excel for a broken formula",
        "#N/A": "Excel writes it for a value that is not available",
        "N/A": "people and some programs write it",
        "n/a": "people and some programs write it",
        "NULL": "databases write it",
        "null": "databases write it",
        ".": "SAS, Stata and SPSS write it",
    }
)


NAMES: Mapping[str, str] = MappingProxyType({",": "commas", ";": "semicolons", "\t": "tabs"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file was written.

    ``newline`` is "LF", "CRLF", "CR" or "mixed"; ``decimal`` is "," only where the separator is
    not a comma and some cell is a number with a decimal comma.
    """

    delimiter: str
    newline: str
    byte_order_mark: bool
    decimal: str

    def words(self) -> str:
        """Return the dialect in words."""
        mark = " with a byte order mark" if self.byte_order_mark else ""
        decimal = ", decimal comma" if self.decimal == "," else ""
        separated = NAMES.get(self.delimiter, "one column, no separator")
        return f"UTF-8{mark}, {separated}, {self.newline} line ends{decimal}"


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a text table that could be read.

    Attributes
    ----------
    name : str
        What the file is called, for messages.
    columns : tuple of str
        Column names, in the file's order, all different.
    cells : tuple of pyarrow.ChunkedArray
        One array of strings per column. A missing value (see ``MISSING_MARKS``) is null.
    row_numbers : numpy.ndarray of int64
        For each row its number as a spreadsheet counts: the header is row 1.
    problems : tuple of Problem
        Each kind of mistake once, with its first row and how often.
    dialect : Dialect
        How the file was written.
    rows_read : int
        Rows in the file below the header, blank ones aside: those kept and those left out.
    """

    name: str
    columns: tuple[str, ...]
    cells: tuple[pa.ChunkedArray, ...]
    row_numbers: npt.NDArray[np.int64]
    problems: tuple[Problem, ...]
    dialect: Dialect
    rows_read: int

    def __len__(self) -> int:
        """Return the number of rows kept."""
        return len(self.row_numbers)

    def column(self, name: str) -> pa.ChunkedArray:
        """Return one column as an array of strings, null where missing; KeyError if unknown."""
        try:
            return self.cells[self.columns.index(name)]
        except ValueError:
            raise KeyError(name) from None

    @property
    def rows(self) -> Iterator[tuple[str | None, ...]]:
        """Yield the rows one by one: for small tables and for tests."""
        return zip(*(column.to_pylist() for column in self.cells), strict=True)

    def to_arrow(self) -> pa.Table:
        """Return the cells as an Arrow table of strings."""
        return pa.table(dict(zip(self.columns, self.cells, strict=True)))
