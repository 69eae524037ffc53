# SPDX-License-Identifier: Apache-2.0
"""Files that others made, read as they are: every cell as text, every mistake named once."""

from __future__ import annotations

from attunement.errors import Problem
from attunement.exchange.errors import TableError
from attunement.exchange.reader import read_table
from attunement.exchange.stream import Block, TableStream
from attunement.exchange.table import MISSING_MARKS, Dialect, Table

__all__ = [
    "MISSING_MARKS",
    "Block",
    "Dialect",
    "Problem",
    "Table",
    "TableError",
    "TableStream",
    "read_table",
]
