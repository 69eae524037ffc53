# SPDX-License-Identifier: Apache-2.0
"""Where a kind of mistake occurs: how often, and the first few rows; never a list of them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from attunement.errors import ROWS_LISTED, Problem


@dataclass(slots=True)
class Places:
    """Rows that share one kind of mistake, in the order in which they come."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, row: int) -> None:
        """Take in one more row."""
        self.count += 1
        if len(self.rows) < ROWS_LISTED:
            self.rows.append(row)

    def extend(self, rows: Sequence[int], count: int) -> None:
        """Take in ``count`` more rows, of which ``rows`` are the first few."""
        self.count += count
        self.rows += rows[: ROWS_LISTED - len(self.rows)]

    def problem(
        self, code: str, *, column: str = "", what: str, next_step: str, refused: bool
    ) -> Problem:
        """Return them as one problem, told once."""
        return Problem(
            code,
            self.rows[0],
            column,
            what,
            next_step,
            refused,
            self.count,
            tuple(self.rows),
        )
