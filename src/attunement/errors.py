# SPDX-License-Identifier: Apache-2.0
"""The one root of every refusal: what is wrong, what came, what was expected, what to do next.

Each room declares a subclass with its own ``codes``; ``docs/reference/errors.md`` lists them all
and a test compares the two. A message never carries an answer, a name or free text of a client.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


class AttunementError(Exception):
    """A refusal that teaches.

    Parameters
    ----------
    code : str
        A stable code such as ``"E-SCORE-001"``, declared in the class's ``codes``.
    what : str
        What could not be done, in one clause.
    got : str
        What came instead, never quoting a client's words.
    expected : str
        What would have been accepted.
    next_step : str
        What the reader can do now.

    Raises
    ------
    KeyError
        If ``code`` is not declared by the class: an undeclared code is a defect of ours.
    """

    codes: ClassVar[dict[str, str]] = {}

    def __init__(
        self, code: str, *, what: str, got: str = "", expected: str = "", next_step: str = ""
    ) -> None:
        if code not in self.codes:
            message = f"{type(self).__name__} does not declare the code {code!r}"
            raise KeyError(message)
        self.code = code
        self.what = what
        self.got = got
        self.expected = expected
        self.next_step = next_step
        super().__init__(self.text())

    def text(self) -> str:
        """Return the message in one line: code, what, got, expected, next step."""
        parts = [f"{self.code}: {self.what}."]
        if self.got:
            parts.append(f"Got {self.got}.")
        if self.expected:
            parts.append(f"Expected {self.expected}.")
        if self.next_step:
            parts.append(f"{self.next_step}.")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of mistake in a file: told once, with its first place and how often it occurs.

    ``row`` counts as a spreadsheet does (the header is row 1; 0 means the file as a whole) and
    ``column`` is a column's name ("" means the whole row). ``refused`` says whether the rows were
    left out; otherwise it is a remark. ``what`` never quotes a cell.
    """

    code: str
    row: int
    column: str
    what: str
    next_step: str
    refused: bool
    count: int = 1
    rows: tuple[int, ...] = ()  # the first few rows, at most ROWS_LISTED

    def text(self) -> str:
        """Return the problem in one line: code, place, what, next step."""
        place = [f"row {self.row}"] if self.row else []
        place += [f"column “{self.column}”"] if self.column else []
        where = f" ({', '.join(place)})" if place else ""
        more = ""
        if self.count > 1:
            listed = ", ".join(str(row) for row in self.rows)
            more = f" {self.count} times" + (f", rows {listed}" if listed else "")
            more += ", …" if listed and self.count > len(self.rows) else ""
            more += "."
        return f"{self.code}{where}: {self.what}.{more} {self.next_step}.".strip()


ROWS_LISTED = 20


def problem_at(
    code: str, rows: Iterable[int], *, column: str = "", what: str, next_step: str, refused: bool
) -> Problem:
    """Return one problem for all the rows that share it, in the order in which they come.

    Parameters
    ----------
    code : str
        A code declared by the room's error class.
    rows : iterable of int
        Row numbers as a spreadsheet counts them; at least one.
    column, what, next_step : str
        Where, what is wrong (never quoting a cell), what to do.
    refused : bool
        Whether the rows were left out.

    Returns
    -------
    Problem
        With ``count`` of all rows and the first ``ROWS_LISTED`` of them.
    """
    every = tuple(rows)
    first = every[0] if every else 0
    return Problem(code, first, column, what, next_step, refused, len(every), every[:ROWS_LISTED])
