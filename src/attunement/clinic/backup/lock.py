# SPDX-License-Identifier: Apache-2.0
"""Who can open a backup: holders of an age identity, or of a passphrase."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage

from attunement.clinic.config.files import read_small
from attunement.clinic.errors import ClinicError

MAX_BYTES = 64 * 1024
MOST_IN_MEMORY = 256 * 1024 * 1024  # a passphrase's cipher takes the whole file at once
MIN_PASSPHRASE = 12


class WrongKeyError(Exception):
    """The file was encrypted to somebody else."""


class DamagedFileError(Exception):
    """The file was cut short or changed, or is no age file."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What a backup is encrypted with: recipients, or else a passphrase."""

    recipients: tuple[str, ...] = ()
    passphrase: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Opener:
    """What opens it: identities, or else a passphrase."""

    identities: tuple[Any, ...] = field(default=(), repr=False)
    passphrase: str = field(default="", repr=False)


def close_file(plain: Path, closed: Path, lock: Lock) -> Opener:
    """Encrypt a file, and return what opens it now: an identity of the moment, then forgotten.

    The machine that makes backups need not be able to read the one of yesterday.

    Raises
    ------
    OSError
        When the file cannot be written.
    ClinicError
        E-CLINIC-020 when it is too large for a passphrase.
    """
    if lock.passphrase:
        if plain.stat().st_size > MOST_IN_MEMORY:
            raise ClinicError(
                "E-CLINIC-020",
                what="the database is too large to be encrypted with a passphrase",
                got=f"{plain.stat().st_size} bytes",
                expected=f"at most {MOST_IN_MEMORY}",
                next_step="Set backup.recipients instead: attunement backup --new-identity FILE",
            )
        write_private(closed, pyrage.passphrase.encrypt(plain.read_bytes(), lock.passphrase))
        return Opener(passphrase=lock.passphrase)
    momentary = pyrage.x25519.Identity.generate()
    to = [pyrage.x25519.Recipient.from_str(one) for one in lock.recipients]
    write_private(closed, b"")
    try:
        pyrage.encrypt_file(str(plain), str(closed), [*to, momentary.to_public()])
    except pyrage.EncryptError as problem:
        raise OSError(0, str(problem)) from None
    return Opener(identities=(momentary,))


def open_file(closed: Path, plain: Path, opener: Opener) -> None:
    """Decrypt a file; what was written of a damaged one is removed.

    Raises
    ------
    WrongKeyError, DamagedFileError
    """
    write_private(plain, b"")
    try:
        if opener.passphrase:
            if closed.stat().st_size > 2 * MOST_IN_MEMORY:
                raise DamagedFileError
            content = pyrage.passphrase.decrypt(closed.read_bytes(), opener.passphrase)
            plain.write_bytes(content)
        else:
            pyrage.decrypt_file(str(closed), str(plain), list(opener.identities))
    except pyrage.DecryptError as problem:
        plain.unlink(missing_ok=True)
        said = str(problem)
        if "No matching keys" in said or said == "Decryption failed":
            raise WrongKeyError from None
        raise DamagedFileError from None
    except OSError as problem:
        plain.unlink(missing_ok=True)
        if problem.errno:  # the disk's own, not the cipher's
            raise
        raise DamagedFileError from None


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def parse_recipients(texts: Sequence[str]) -> tuple[str, ...]:
    """Return age recipients as they were given.

    Raises
    ------
    ValueError
        Naming the first that is none.
    """
    for text in texts:
        try:
            pyrage.x25519.Recipient.from_str(text)
        except pyrage.RecipientError:
            raise ValueError(text) from None
    return tuple(texts)


def read_identities(path: Path) -> tuple[Any, ...]:
    """Return the identities of a file as age-keygen writes it.

    Raises
    ------
    ClinicError
        E-CLINIC-021 when there is none.
    """
    try:
        text = read_small(path, limit=MAX_BYTES).content.decode("ascii")
        lines = [line.strip() for line in text.splitlines()]
        found = tuple(
            pyrage.x25519.Identity.from_str(line)
            for line in lines
            if line and not line.startswith("#")
        )
    except (OSError, ValueError, pyrage.IdentityError):
        found = ()
    if not found:
        raise ClinicError(
            "E-CLINIC-021",
            what=f"the file {path} holds no identity",
            expected="lines that begin with AGE-SECRET-KEY-1",
            next_step="Name the file that --new-identity or age-keygen wrote",
        )
    return found


def write_identity(path: Path) -> str:
    """Write a new identity that only its owner can read, and return its recipient.

    Raises
    ------
    FileExistsError
        When there is a file already.
    """
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"# public key: {recipient}\n{identity}\n")
    return recipient


def read_passphrase(path: Path) -> str:
    """Return the passphrase that a file holds, which others must not be able to read.

    Raises
    ------
    ClinicError
        E-CLINIC-020.
    """
    try:
        small = read_small(path, limit=MAX_BYTES)
        found = small.content.decode("utf-8").strip()
    except (OSError, ValueError):
        small, found = None, ""
    open_to_others = small is not None and small.mode & (stat.S_IRWXG | stat.S_IRWXO)
    if open_to_others or len(found) < MIN_PASSPHRASE:
        raise ClinicError(
            "E-CLINIC-020",
            what=f"the file {path} holds no passphrase that can be used",
            got="permissions for others" if open_to_others else "too few characters, or no file",
            expected=f"at least {MIN_PASSPHRASE} characters, permissions 0600",
            next_step="Write a longer one, and run: chmod 600 FILE",
        )
    return found
