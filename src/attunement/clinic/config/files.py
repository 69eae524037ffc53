# SPDX-License-Identifier: Apache-2.0
"""Small files that decide how a clinic runs: read with a limit, and only regular files."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from attunement.clinic.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Small:
    """What a small file holds, and its permissions."""

    content: bytes
    mode: int


def read_small(path: Path, *, limit: int) -> Small:
    """Return a regular file's content; a pipe or device is neither opened nor waited for.

    Raises
    ------
    OSError
        When it is not there, cannot be read, is no regular file, or holds more than ``limit``
        bytes; ``strerror`` says which.
    """
    _regular(path.stat().st_mode)
    # What is looked at and what is read may differ by then: never wait for a writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        _regular(found.st_mode)
        content = file.read(limit + 1) if found.st_size <= limit else b"x" * (limit + 1)
    if len(content) > limit:
        raise OSError(0, f"more than {limit} bytes")
    return Small(content=content, mode=found.st_mode)


def _regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise OSError(0, "a folder, a pipe or a device, no regular file")


def refuse_open_to_all(path: Path, mode: int, *, key: str) -> None:
    """Refuse a file that every user of the machine can change.

    Raises
    ------
    ConfigError
        E-CONFIG-012.
    """
    if mode & stat.S_IWOTH:
        raise ConfigError(
            "E-CONFIG-012",
            what=f"the file {path} ({key}) can be changed by everybody on this machine",
            got=f"permissions {stat.S_IMODE(mode):04o}",
            expected="0600",
            next_step=f"Run: chmod 600 {path}",
        )
