# SPDX-License-Identifier: Apache-2.0
"""Cut a stream of lines into records, and find the end of a record that cannot be read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final, NamedTuple

from attunement.exchange.errors import TableError

LONGEST_CELL: Final = 131_072


class Record(NamedTuple):
    """One record: its number (the first record is 1), its cells, and what is wrong with it."""

    number: int
    cells: list[str]
    fault: str = ""  # an E-TABLE code, or "" where the record can be read


class Lines:
    """Lines on their way into a csv reader, kept until the record they belong to is done.

    Attributes
    ----------
    taken : list of str
        The lines of the record that is being read.
    records_done, lines_done : int
        How many there were so far.
    """

    def __init__(self, pieces: Iterator[list[str]]) -> None:
        self._pieces = pieces
        self._waiting: list[str] = []  # the last one comes first
        self.taken: list[str] = []
        self.records_done = 0
        self.lines_done = 0

    def __iter__(self) -> Iterator[str]:
        """Return the lines themselves."""
        return self

    def __next__(self) -> str:
        """Return the next line, from the next piece where this one is used up."""
        while not self._waiting:
            self.put(next(self._pieces))
        line = self._waiting.pop()
        self.taken.append(line)
        return line

    def put(self, lines: list[str]) -> None:
        """Give the lines of the next piece, once there are no others."""
        self._waiting = lines[::-1]

    @property
    def empty(self) -> bool:
        """Whether every line of the pieces so far was taken."""
        return not self._waiting

    def step(self) -> int:
        """Count the record that was read and return its number."""
        self.records_done += 1
        self.lines_done += len(self.taken)
        self.taken.clear()
        return self.records_done

    def skip(self, rows: int) -> None:
        """Count records of one line each that were read otherwise."""
        self.records_done += rows
        self.lines_done += rows


def records(lines: Lines, *, delimiter: str, name: str, check_nul: bool = True) -> Iterator[Record]:
    """Yield every record of a table, in order; a blank line is a record without cells.

    Parameters
    ----------
    lines : Lines
        Lines with their ends. Between two records the iterator can be left; another one goes on
        from there.
    delimiter : str
        The separator.
    name : str
        What the file is called, for messages.
    check_nul : bool
        Whether any line may contain NUL; False saves looking.

    Yields
    ------
    Record
        With ``fault`` where the row contains NUL, a cell that is too long or broken quotes.

    Raises
    ------
    TableError
        E-TABLE-005 where a quoted text runs to the end of the file; it names the line on which
        the record starts.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells, fault = next(reader), ""
        except StopIteration:
            return
        except csv.Error:
            cells, fault = [], _resume(lines, name)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
        else:
            if check_nul and any("\0" in line for line in lines.taken):
                cells, fault = [], "E-TABLE-011"
        yield Record(lines.step(), cells, fault)


def _resume(feed: Lines, name: str) -> str:
    """Move the feed behind the broken record and return what was wrong with it."""
    seen = feed.taken[:]
    quotes = sum(line.count('"') for line in seen)
    while quotes % 2:
        line = next(feed, None)
        if line is None:
            raise TableError(
                code="E-TABLE-005",
                what=f"a quoted text in “{name}” does not end",
                got="a quotation mark in the record that starts in line "
                f"{feed.lines_done + 1} and no second one before the end of the file",
                expected="quotation marks in pairs",
                next_step="Close the quotation mark there; nothing was read, because everything "
                "behind it would belong to that one cell",
            )
        seen.append(line)
        quotes += line.count('"')
    if any("\0" in line for line in seen):
        return "E-TABLE-011"
    return "E-TABLE-012" if len("".join(seen)) > LONGEST_CELL else "E-TABLE-015"
