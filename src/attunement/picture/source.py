# SPDX-License-Identifier: Apache-2.0
"""Open what there is to look at: a path, bytes, or a table. The room's one edge."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from attunement.exchange import Table, read_table
from attunement.picture.errors import LookError

PARQUET = b"PAR1"


@dataclass(slots=True)
class Opened:
    """A table, what it is called, and how it was written (in words, "" for a data frame)."""

    table: object
    name: str
    written: str

    def take(self) -> object:
        """Return the table and let go of it: who takes it decides how long it stays in memory."""
        table, self.table = self.table, None
        return table


def open_look(
    source: object,
    *,
    name: str | None,
    delimiter: str | None,
    progress: Callable[[int], None] | None,
) -> Opened:
    """Return the table behind ``source``.

    Parameters
    ----------
    source : path, bytes, attunement.exchange.Table or data frame
        A path of a CSV or Parquet file; the bytes of one; or a table that is open already.
    name : str or None
        What to call it; the file's name by default.
    delimiter : str or None
        Of a text file; told from the file by default.
    progress : callable or None
        Called with the number of rows read so far.

    Returns
    -------
    Opened

    Raises
    ------
    LookError
        E-LOOK-001 where the path is not a readable regular file, E-LOOK-002 where a Parquet file
        is damaged, E-LOOK-004 where the file changed while it was read.
    attunement.exchange.TableError
        Where the text cannot be read as a table.
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        return _open_bytes(read_file(path), name or path.name, delimiter, progress)
    if isinstance(source, bytes | bytearray | memoryview):
        return _open_bytes(bytes(source), name or "data", delimiter, progress)
    if isinstance(source, Table):
        return Opened(source, name or source.name, source.dialect.words())
    return Opened(source, name or "data frame", "")


def read_file(path: Path) -> bytes:
    """Return a regular file's bytes; refuse folders, pipes, devices and what may not be read.

    Raises
    ------
    LookError
        E-LOOK-001 or E-LOOK-004, naming the file's name alone.
    """
    try:
        # A pipe without a writer would block the opening itself.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise _not_a_file(path, _kind(before.st_mode))
            data = file.read()
            after = os.fstat(file.fileno())
    except (OSError, ValueError) as refusal:
        reason = getattr(refusal, "strerror", None) or "a name that no file can have"
        reason = "a folder" if isinstance(refusal, IsADirectoryError) else reason
        raise _not_a_file(path, reason[:1].lower() + reason[1:]) from refusal
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise LookError(
            code="E-LOOK-004",
            what=f"“{path.name}” changed while it was read",
            expected="a file that nobody is writing to",
            next_step="Wait until it is written and run the command again",
        )
    return data


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"), (stat.S_ISSOCK, "a socket"),
    )  # fmt: skip
    return next((words for test, words in kinds if test(mode)), "something else")


def _not_a_file(path: Path, got: str) -> LookError:
    return LookError(
        code="E-LOOK-001",
        what=f"“{path.name or path}” cannot be read",
        got=got,
        expected="a CSV or Parquet file that you may read",
        next_step="Check the path",
    )


def _open_bytes(
    data: bytes, name: str, delimiter: str | None, progress: Callable[[int], None] | None
) -> Opened:
    if data.startswith(PARQUET):
        try:
            return Opened(pl.read_parquet(io.BytesIO(data)), name, "Parquet")
        except (pl.exceptions.PolarsError, OSError) as refusal:
            raise LookError(
                code="E-LOOK-002",
                what=f"“{name}” begins like a Parquet file and cannot be read as one",
                got="a damaged or unfinished file",
                next_step="Write the file again",
            ) from refusal
    table = read_table(data, name=name, delimiter=delimiter, progress=progress)
    return Opened(table, name, table.dialect.words())
