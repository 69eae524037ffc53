# SPDX-License-Identifier: Apache-2.0
"""Cut a file into pieces of whole lines, and read those that hold nothing but plain rows."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from attunement.exchange.arrow_values import strings, zero
from attunement.exchange.records import LONGEST_CELL
from attunement.exchange.survey import BOM

PIECE: Final = 1 << 20
LARGEST: Final = 1 << 24  # a piece with lines as long as this is no plain one
_NONE: Final = zero()


def pieces(source: BinaryIO) -> Iterator[bytes]:
    """Yield the file in pieces that end where a line does; the first one is the first line.

    A carriage return ends a line only where no line feed follows in all of the piece.
    """
    waiting: list[bytes] = []
    first = True
    while part := source.read(PIECE):
        if first and b"\n" in part:
            end = part.index(b"\n") + 1
            yield b"".join((*waiting, part[:end]))
            waiting, part, first = [], part[end:], False
        end = part.rfind(b"\n") + 1
        if not end:
            end = part.rfind(b"\r", 0, -1) + 1
        if end:
            yield b"".join((*waiting, part[:end]))
            waiting, first = [], False
        waiting.append(part[end:])
    if rest := b"".join(waiting):
        yield rest


def lines_of(piece: bytes) -> list[str]:
    """Return the lines of a piece as text, with their ends."""
    return list(io.StringIO(piece.decode(), newline=""))


def plain_rows(piece: bytes, header: Sequence[str], delimiter: str) -> list[pa.Array] | None:
    """Return the columns of a piece, or None where a row of it needs a closer look.

    In a plain piece no cell is quoted, every row is as wide as the header, and no row is empty,
    over-long or the header once more: there every way to read it comes to the same cells.
    """
    if len(piece) > LARGEST or b'"' in piece or b"\0" in piece or piece.startswith(BOM):
        return None
    if b"\r" in piece and not piece.count(b"\r") == piece.count(b"\r\n") == piece.count(b"\n"):
        return None
    names = [str(place) for place in range(len(header))]
    odd: list[Any] = []

    def note(row: Any) -> str:
        odd.append(row)
        return "skip"

    try:
        table = pa_csv.read_csv(
            pa.BufferReader(piece),
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=len(piece) + 1, column_names=names
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter,
                quote_char=False,
                double_quote=False,
                escape_char=False,
                newlines_in_values=False,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = [column.combine_chunks() for column in table.columns]
    return None if odd or not table.num_rows or _odd(columns, header) else columns


def _odd(columns: Sequence[pa.Array], header: Sequence[str]) -> bool:
    """Whether a row is empty, repeats the header, or holds a cell that may be too long."""
    empty = again = None
    for place, (column, name) in enumerate(zip(columns, header, strict=True)):
        lengths = pc.binary_length(column)
        if pc.max(lengths).as_py() > LONGEST_CELL:
            return True
        if place == 0 or empty is not None:
            empty = _both(empty, pc.equal(lengths, _NONE))
        if place == 0 or again is not None:
            cells = column if place else pc.utf8_ltrim(column, characters="\ufeff")
            again = _both(again, pc.equal(cells, strings([name])[0]))
    return empty is not None or again is not None


def _both(before: pa.Array | None, now: pa.Array) -> pa.Array | None:
    """Return where both hold, None where that is nowhere."""
    mask = now if before is None else pc.and_(before, now)
    return mask if pc.any(mask).as_py() else None
