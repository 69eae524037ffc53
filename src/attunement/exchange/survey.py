# SPDX-License-Identifier: Apache-2.0
"""Go over a file's bytes once: are they UTF-8 text, how do lines end, which separators occur."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from attunement.exchange.errors import TableError

BOM: Final = codecs.BOM_UTF8
CHUNK: Final = 1 << 20
HEAD: Final = 4_096
_MAGIC: Final = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip file, perhaps an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"$FL2": "an SPSS file",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
}


@dataclass(slots=True)
class Survey:
    """What a whole file's bytes are like.

    Attributes
    ----------
    byte_order_mark : bool
        Whether the text begins with a UTF-8 byte order mark.
    nul : bool
        Whether a NUL occurs.
    seen : set of str
        Those of the separators asked for that occur.
    """

    byte_order_mark: bool = False
    nul: bool = False
    seen: set[str] = field(default_factory=set)
    _both: int = 0
    _feeds: int = 0
    _returns: int = 0

    @property
    def newline(self) -> str:
        """How lines end: "LF", "CRLF", "CR" or "mixed"."""
        counts = {
            "CRLF": self._both,
            "LF": self._feeds - self._both,
            "CR": self._returns - self._both,
        }
        kinds = [kind for kind, count in counts.items() if count]
        return kinds[0] if len(kinds) == 1 else ("mixed" if kinds else "LF")

    def take(self, piece: bytes, *, before: bytes, delimiters: Iterable[str]) -> None:
        """Take in one more piece; ``before`` is the last byte of the one before it."""
        self._feeds += piece.count(b"\n")
        if b"\r" in piece or before == b"\r":
            self._returns += piece.count(b"\r")
            self._both += piece.count(b"\r\n")
            self._both += before == b"\r" and piece.startswith(b"\n")
        self.nul = self.nul or b"\0" in piece
        self.seen.update(one for one in delimiters if one.encode() in piece)


def survey(source: BinaryIO, *, name: str, delimiters: Iterable[str] = ()) -> Survey:
    """Go over the bytes from where the source stands to its end.

    Parameters
    ----------
    source : binary file
        The whole file.
    name : str
        What the file is called, for messages.
    delimiters : iterable of str
        Separators to look for.

    Returns
    -------
    Survey

    Raises
    ------
    TableError
        E-TABLE-002 for UTF-16, UTF-32 and anything else that is not UTF-8, naming the first bad
        line; E-TABLE-007 for a known binary format.
    """
    found, delimiters = Survey(), tuple(delimiters)
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, before = 1, b""
    for piece in _pieces(source):
        if not before:
            _check_head(piece[:HEAD], name)
            found.byte_order_mark = piece.startswith(BOM)
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as refusal:
            line = lines + _line_ends(piece[: max(refusal.start, 0)])
            raise _not_utf8(name, f"a byte that UTF-8 does not allow, in line {line}") from None
        lines += _line_ends(piece)
        found.take(piece, before=before, delimiters=delimiters)
        before = piece[-1:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _not_utf8(name, f"a byte that UTF-8 does not allow, in line {lines}") from None
    return found


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(CHUNK):
        yield piece


def _check_head(head: bytes, name: str) -> None:
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise TableError(
                code="E-TABLE-007",
                what=f"“{name}” is not a text table",
                got=kind,
                expected="comma, semicolon or tab separated text",
                next_step="Open it in the program that made it and save it as CSV UTF-8",
            )
    wide = _wide_encoding(head)
    if wide:
        raise _not_utf8(name, wide)


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
