# SPDX-License-Identifier: Apache-2.0
"""Cut a stream of lines into records, and find the end of a record that cannot be read."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from attunement.exchange.errors import TableError

LONGEST_CELL: Final = 131_072


class Record(NamedTuple):
    """One record: its number (the first record is 1), its cells, and what is wrong with it."""

    number: int
    cells: list[str]
    fault: str = ""  # an E-TABLE code, or "" where the record can be read


class _Lines:
    """Lines on their way into a csv reader, kept until the record they belong to is done."""

    def __init__(self, source: Iterable[str]) -> None:
        self._source = iter(source)
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self.taken.append(line)
        return line


def records(
    lines: Iterable[str], *, delimiter: str, name: str, check_nul: bool = True
) -> Iterator[Record]:
    """Yield every record of a table, in order; a blank line is a record without cells.

    Parameters
    ----------
    lines : iterable of str
        Lines with their ends.
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
    feed = _Lines(lines)
    line_number = 1
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    for number in itertools.count(1):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fault = _resume(feed, line_number, name)
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            yield Record(number, [], fault)
        else:
            if check_nul and any("\0" in line for line in feed.taken):
                yield Record(number, [], "E-TABLE-011")
            else:
                yield Record(number, cells)
        line_number += len(feed.taken)
        feed.taken.clear()


def _resume(feed: _Lines, line_number: int, name: str) -> str:
    """Move the feed behind the broken record and return what was wrong with it."""
    seen = feed.taken[:]
    quotes = sum(line.count('"') for line in seen)
    while quotes % 2:
        line = next(feed, None)
        if line is None:
            raise TableError(
                code="E-TABLE-005",
                what=f"a quoted text in “{name}” does not end",
                got=f"a quotation mark in the record that starts in line {line_number} and no "
                "second one before the end of the file",
                expected="quotation marks in pairs",
                next_step="Close the quotation mark there; nothing was read, because everything "
                "behind it would belong to that one cell",
            )
        seen.append(line)
        quotes += line.count('"')
    if any("\0" in line for line in seen):
        return "E-TABLE-011"
    return "E-TABLE-012" if len("".join(seen)) > LONGEST_CELL else "E-TABLE-015"
