# SPDX-License-Identifier: Apache-2.0
"""What is refused when a table of answers is scored: by row and column, never the answer itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from attunement.errors import AttunementError, Problem

LISTED = 20


class ScoreFrameError(AttunementError):
    """A table of answers that cannot be scored as it is; nothing was scored.

    Attributes
    ----------
    problems : tuple of Problem
        The first cells that cannot be used, at most 20.
    """

    codes: ClassVar[dict[str, str]] = {
        "E-FRAME-001": "the object is not a table",
        "E-FRAME-002": "the items were not found among the columns",
        "E-FRAME-003": "a column could be more than one item",
        "E-FRAME-004": "a named column or item does not exist",
        "E-FRAME-005": "a key column has the name of a result column",
        "E-FRAME-006": "some answers cannot be used",
        "E-FRAME-007": "a long table does not fit together",
        "E-FRAME-008": "the file cannot be read",
        "E-FRAME-009": "the file to write is not named, of an unknown kind, or the input itself",
        "E-FRAME-010": "the file has no rows",
        "E-FRAME-011": "an argument has a value that is not offered",
    }
    problems: tuple[Problem, ...] = ()

    @classmethod
    def from_problems(
        cls, problems: Sequence[Problem], *, total: int, first_row: int, hint: str = ""
    ) -> ScoreFrameError:
        """Return the refusal that lists the first cells that cannot be used.

        Parameters
        ----------
        total : int
            How many there are in all.
        first_row : int
            The number of the first row of answers: 1, or 2 where the header counts as row 1.
        """
        shown = tuple(problems[:LISTED])
        cells = "; ".join(f"row {p.row}, column '{p.column}': {p.what}" for p in shown)
        more = f"; and {total - len(shown)} more" if total > len(shown) else ""
        counted = "counting the header as row 1" if first_row > 1 else "counting from row 1"
        refusal = cls(
            "E-FRAME-006",
            what=f"{total} answer{'s' if total != 1 else ''} cannot be used ({counted})",
            got=cells + more,
            next_step=hint or "Correct them, or leave the cell empty where the answer is missing",
        )
        refusal.problems = shown
        return refusal


class ColumnGuessWarning(UserWarning):
    """Columns were taken for items by their names; says which, and how to name them instead."""
