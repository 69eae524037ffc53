# SPDX-License-Identifier: Apache-2.0
"""What is refused, and warned of, when a table of scores is asked about ruptures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from attunement.errors import AttunementError, Problem

LISTED = 20


class RupturesError(AttunementError):
    """A table of scores, or a question about it, that cannot be used as it came.

    Attributes
    ----------
    problems : tuple of Problem
        The first cells that cannot be used, at most 20, each with its row and column.
    """

    codes: ClassVar[dict[str, str]] = {
        "E-FRAME-201": "a column that was named is not in the table",
        "E-FRAME-202": "the object is not a table of sessions",
        "E-FRAME-203": "the scale or its direction is not given, or is none",
        "E-FRAME-204": "an argument has a value that is not offered",
        "E-FRAME-205": "some cells cannot be used",
        "E-FRAME-206": "a dyad has the same session twice",
        "E-FRAME-207": "dates run against the session numbers",
        "E-FRAME-208": "a column has the name of a result column",
        "E-FRAME-209": "the table holds nothing to judge",
        "E-FRAME-210": "the engine cannot do this",
        "E-FRAME-211": "a package that this needs is not installed",
        "E-FRAME-212": "there is no such row or dyad in the result",
    }
    problems: tuple[Problem, ...] = ()

    @classmethod
    def from_problems(
        cls, problems: Sequence[Problem], *, total: int, next_step: str
    ) -> RupturesError:
        """Return the refusal that lists the first cells that cannot be used.

        Parameters
        ----------
        total : int
            How many there are in all.
        """
        shown = tuple(sorted(problems, key=lambda problem: problem.row)[:LISTED])
        cells = "; ".join(f"row {p.row}, column '{p.column}': {p.what}" for p in shown)
        more = f"; and {total - len(shown)} more" if total > len(shown) else ""
        refusal = cls(
            "E-FRAME-205",
            what=f"{total} cell{'s' if total != 1 else ''} cannot be used",
            got=cells + more,
            next_step=next_step,
        )
        refusal.problems = shown
        return refusal


class DirectionWarning(UserWarning):
    """Scores that crowd the end of the scale which was said to be the worse one."""


class FitWarning(UserWarning):
    """What the rule takes for usual noise is far from the noise of these scores."""


def some(rows: Iterable[int], total: int) -> str:
    """Write the first rows of many: "rows 3, 7, 9 and 12 more"."""
    numbers = list(rows)[:LISTED]
    rest = f" and {total - len(numbers)} more" if total > len(numbers) else ""
    return f"row{'s' if total > 1 else ''} {', '.join(str(n) for n in numbers)}{rest}"
