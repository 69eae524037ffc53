# SPDX-License-Identifier: Apache-2.0
"""Tell how a file was written, from its bytes alone; where two answers fit, ask."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from typing import Final

from attunement.exchange.errors import TableError

SAMPLE_ROWS: Final = 50
SAMPLE_BYTES: Final = 1 << 18
MOST: Final = 0.5
DELIMITERS: Final = (",", ";", "\t")


def find_delimiter(head: bytes, *, name: str) -> tuple[str, bool]:
    """Return the separator, and whether the file itself declares it in a ``sep=`` line.

    The separator is the one that cuts the header into most columns, the same number as in most
    of the first rows. A file that no separator cuts has one column.

    Parameters
    ----------
    head : bytes
        The beginning of the file, ``SAMPLE_BYTES`` long or all of it, valid UTF-8.
    name : str
        What the file is called, for messages.

    Returns
    -------
    delimiter : str
        ``","``, ``";"`` or a tab.
    declared : bool
        Whether the first line is ``sep=…``, as Excel writes it.

    Raises
    ------
    TableError
        E-TABLE-006 where two separators fit equally well.
    """
    sample = head[:SAMPLE_BYTES].decode("utf-8-sig", "ignore")
    declared = re.match(r'"?sep=([,;\t])"?\r?\n?', sample, re.IGNORECASE)
    if declared:
        return declared.group(1), True
    fits = sorted(
        ((*_fit(sample, delimiter), -place) for place, delimiter in enumerate(DELIMITERS)),
        reverse=True,
    )
    if fits[0][1] > 1 and fits[0][:3] == fits[1][:3]:
        raise TableError(
            code="E-TABLE-006",
            what=f"the separator of “{name}” cannot be told",
            got="two separators that cut the rows equally well",
            expected="comma, semicolon or tab",
            next_step="Name it with --delimiter",
        )
    return DELIMITERS[-fits[0][3]], False


def _fit(sample: str, delimiter: str) -> tuple[bool, int, float]:
    """Return whether most rows are as wide as the header, its width, and the share that are."""
    widths: list[int] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if row:
                widths.append(len(row))
            if len(widths) > SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    if not widths or widths[0] == 1:
        return False, 1, 0.0
    rows = widths[1:]
    share = sum(width == widths[0] for width in rows) / len(rows) if rows else 1.0
    return share >= MOST, widths[0], share


def check_header(header: list[str], *, name: str) -> None:
    """Refuse a header whose names could be taken for one another.

    Parameters
    ----------
    header : list of str
        The column names; empty ones are allowed.
    name : str
        What the file is called, for messages.

    Raises
    ------
    TableError
        E-TABLE-003 for the same name twice (upper and lower case and spaces aside), E-TABLE-004
        for invisible characters or letters of two alphabets within one name.
    """
    seen: dict[str, int] = {}
    for place, column in enumerate(header, start=1):
        _check_letters(column, place, name)
        key = unicodedata.normalize("NFKC", column).casefold().strip()
        if key and key in seen:
            raise TableError(
                code="E-TABLE-003",
                what=f"two columns of “{name}” have the same name",
                got=f"“{column}” as columns {seen[key]} and {place} (row 1)",
                expected="every column name once",
                next_step="Rename one of them, or delete the one that is not needed",
            )
        seen[key] = place


def _check_letters(column: str, place: int, name: str) -> None:
    hidden = [char for char in column if unicodedata.category(char) in {"Cf", "Cc", "Co", "Cn"}]
    alphabets = {unicodedata.name(char, "?").split()[0] for char in column if char.isalpha()} & {
        "LATIN",
        "CYRILLIC",
        "GREEK",
        "ARMENIAN",
        "CHEROKEE",
    }
    if hidden or len(alphabets) > 1:
        got = (
            "invisible characters"
            if hidden
            else "letters of "
            + " and ".join(sorted(alphabet.capitalize() for alphabet in alphabets))
        )
        raise TableError(
            code="E-TABLE-004",
            what=f"the name of column {place} of “{name}” (row 1) can be taken for another",
            got=got,
            expected="a name in one alphabet",
            next_step="Type the name anew",
        )
