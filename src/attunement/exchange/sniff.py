# SPDX-License-Identifier: Apache-2.0
"""Tell how a file was written, from its bytes alone; where two answers fit, ask."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from typing import Final

from attunement.exchange.errors import TableError

BOM: Final = codecs.BOM_UTF8
SAMPLE_ROWS: Final = 50
SAMPLE_BYTES: Final = 1 << 18
CHUNK: Final = 1 << 20
MOST: Final = 0.5
LARGEST: Final = 1 << 30
DELIMITERS: Final = (",", ";", "\t")
_MAGIC: Final = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip file, perhaps an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"$FL2": "an SPSS file",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
}


def check_encoding(data: bytes, *, name: str) -> bool:
    """Refuse what is not UTF-8 text, naming the first bad line; return whether a BOM leads.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What the file is called, for messages.

    Returns
    -------
    bool
        Whether the text begins with a UTF-8 byte order mark.

    Raises
    ------
    TableError
        E-TABLE-002 for UTF-16, UTF-32 and anything else that is not UTF-8; E-TABLE-007 for a
        known binary format; E-TABLE-008 above one gibibyte.
    """
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise TableError(
                code="E-TABLE-007",
                what=f"“{name}” is not a text table",
                got=kind,
                expected="comma, semicolon or tab separated text",
                next_step="Open it in the program that made it and save it as CSV UTF-8",
            )
    if len(data) > LARGEST:
        raise TableError(
            code="E-TABLE-008",
            what=f"“{name}” is larger than one gibibyte",
            expected="a smaller text file, or the same table as Parquet",
            next_step="Save it as Parquet, or split it by person",
        )
    wide = _wide_encoding(data[:4096])
    if wide:
        raise _not_utf8(name, wide)
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    for start in range(0, len(data), CHUNK):
        piece = data[start : start + CHUNK]
        try:
            decoder.decode(piece, final=start + CHUNK >= len(data))
        except UnicodeDecodeError as refusal:
            line = lines + _line_ends(piece[: max(refusal.start, 0)])
            raise _not_utf8(name, f"a byte that UTF-8 does not allow, in line {line}") from None
        lines += _line_ends(piece)
    return data.startswith(BOM)


def _wide_encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32 text"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16 text"
    # Latin text in UTF-16 has a NUL in every second byte; a stray NUL in UTF-8 is one row's fault.
    half = len(head) // 2
    if half and max(head[0::2].count(0), head[1::2].count(0)) > half * 0.4:
        return "what looks like UTF-16 text"
    return ""


def _not_utf8(name: str, got: str) -> TableError:
    return TableError(
        code="E-TABLE-002",
        what=f"“{name}” is not UTF-8 text",
        got=got,
        expected="UTF-8, with or without a byte order mark",
        next_step="Save it again as “CSV UTF-8”; the encoding is not guessed, because a wrong "
        "guess changes names silently",
    )


def _line_ends(piece: bytes) -> int:
    breaks = piece.count(b"\n")
    return breaks or piece.count(b"\r")


def newline_of(data: bytes) -> str:
    """Return how lines end: "LF", "CRLF", "CR" or "mixed"."""
    both = data.count(b"\r\n")
    feeds, returns = data.count(b"\n") - both, data.count(b"\r") - both
    kinds = [kind for kind, count in (("CRLF", both), ("LF", feeds), ("CR", returns)) if count]
    return kinds[0] if len(kinds) == 1 else ("mixed" if kinds else "LF")


def text_stream(data: bytes) -> io.TextIOWrapper:
    """Return the decoded text as a stream of lines; it shares the bytes."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")


def find_delimiter(data: bytes, *, name: str) -> tuple[str, bool]:
    """Return the separator, and whether the file itself declares it in a ``sep=`` line.

    The separator is the one that cuts the header into most columns, the same number as in most
    of the first rows. A file that no separator cuts has one column.

    Parameters
    ----------
    data : bytes
        The whole file, valid UTF-8.
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
    sample = data[:SAMPLE_BYTES].decode("utf-8-sig", "ignore")
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
