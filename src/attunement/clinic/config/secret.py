# SPDX-License-Identifier: Apache-2.0
"""The secret: long, random, and readable by the clinic alone."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from attunement.clinic.config.files import read_small
from attunement.clinic.errors import ConfigError

MAX_BYTES = 4096
MIN_CHARACTERS = 50
MIN_DIFFERENT = 10
_PLACEHOLDERS = ("change", "secret", "insecure", "example", "default", "your-", "xxxx", "password")
_MAKE = "Make one with: attunement serve --new-secret FILE"


def read_secret(path: Path) -> str:
    """Return the secret that ``path`` holds.

    Raises
    ------
    ConfigError
        E-CONFIG-006 when it is missing, short or a placeholder; E-CONFIG-007 when others can
        read the file.
    """
    try:
        small = read_small(path, limit=MAX_BYTES)
        mode, text = small.mode, small.content.decode("ascii").strip()
    except (OSError, ValueError):
        raise ConfigError(
            "E-CONFIG-006",
            what=f"the file {path} of secret_key_file cannot be read as text",
            expected=f"a regular file of at most {MAX_BYTES} bytes",
            next_step=_MAKE,
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            "E-CONFIG-007",
            what=f"the file {path} of secret_key_file can be used by others",
            got=f"permissions {stat.S_IMODE(mode):04o}",
            expected="0600",
            next_step=f"Run: chmod 600 {path}",
        )
    if len(text) < MIN_CHARACTERS or len(set(text)) < MIN_DIFFERENT:
        raise ConfigError(
            "E-CONFIG-006",
            what="the secret of secret_key_file is too short or too regular",
            got=f"{len(text)} characters, {len(set(text))} different",
            expected=f"at least {MIN_CHARACTERS} random characters",
            next_step=_MAKE,
        )
    if any(word in text.lower() for word in _PLACEHOLDERS):
        raise ConfigError(
            "E-CONFIG-006",
            what="the secret of secret_key_file looks like a placeholder",
            expected="random characters",
            next_step=_MAKE,
        )
    return text


def write_secret(path: Path) -> None:
    """Write a new random secret that only its owner can read; never over an existing file.

    Raises
    ------
    FileExistsError
        When there is a file already.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        # Hexadecimal: it cannot contain a word that looks like a placeholder.
        file.write(secrets.token_hex(48) + "\n")
