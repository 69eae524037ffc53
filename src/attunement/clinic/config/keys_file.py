# SPDX-License-Identifier: Apache-2.0
"""The file of keys: readable by the clinic alone, written once, never over another."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from attunement.clinic.config.files import read_small
from attunement.clinic.errors import ConfigError
from attunement.clinic.keys import KEY_BYTES, KeysFile, keys_file_text, parse_keys_file

MAX_BYTES = 16 * 1024
_NEXT = "Put back the file the clinic was started with; its copy was made with backup --keys"


def read_keys(path: Path) -> KeysFile:
    """Return what the file of ``keys_file`` holds.

    Raises
    ------
    ConfigError
        E-CONFIG-013 when it is missing or no file of keys; E-CONFIG-007 when others can use it.
    """
    try:
        small = read_small(path, limit=MAX_BYTES)
    except OSError as problem:
        raise ConfigError(
            "E-CONFIG-013",
            what=f"the file {path} of keys_file cannot be read",
            got=problem.strerror or "an error of the file system",
            next_step=_NEXT,
        ) from None
    if small.mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            "E-CONFIG-007",
            what=f"the file {path} of keys_file can be used by others",
            got=f"permissions {stat.S_IMODE(small.mode):04o}",
            expected="0600",
            next_step=f"Run: chmod 600 {path}",
        )
    try:
        return parse_keys_file(small.content.decode("ascii"))
    except ValueError as problem:
        raise ConfigError(
            "E-CONFIG-013",
            what=f"the file {path} of keys_file is no file of keys",
            got="bytes that are no text" if isinstance(problem, UnicodeError) else str(problem),
            next_step=_NEXT,
        ) from None


def write_keys(path: Path) -> None:
    """Write a new file with one random key; never over an existing file.

    Raises
    ------
    FileExistsError
        When there is a file already.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(keys_file_text(secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)))
