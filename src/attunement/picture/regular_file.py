# SPDX-License-Identifier: Apache-2.0
"""Read the one file that somebody named: here, apart from what tables need, as it loads at once."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from attunement.picture.errors import LookError


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
