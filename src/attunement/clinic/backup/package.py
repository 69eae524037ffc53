# SPDX-License-Identifier: Apache-2.0
"""The inside of a backup file: a tar of three named members, and nothing else."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

MANIFEST, LEDGER = "manifest.json", "erasures.ledger"
MAX_SMALL = 32 * 1024 * 1024
_CHUNK = 1024 * 1024


class BadPackageError(Exception):
    """The inside is not what a backup holds."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out: two small texts, and the content's file."""

    manifest: str
    ledger: str
    content: Path


def pack(path: Path, *, manifest: str, ledger: str, content: Path, name: str) -> None:
    """Write manifest, ledger and content into one file, compressed."""
    with tarfile.open(path, "w:gz", compresslevel=6) as tar:
        for member, text in ((MANIFEST, manifest), (LEDGER, ledger)):
            raw = text.encode()
            info = tarfile.TarInfo(member)
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
        with content.open("rb") as source:
            info = tarfile.TarInfo(name)
            info.size = content.stat().st_size
            tar.addfile(info, source)


def unpack(path: Path, folder: Path, *, most: int) -> Unpacked:
    """Take the three members out again, each counted while it is read.

    Parameters
    ----------
    path, folder : Path
        The tar, and where the content goes.
    most : int
        How many bytes the content may have: what is free on the disk.

    Raises
    ------
    BadPackageError
        For other members, links, names with a path, or more bytes than that.
    """
    try:
        with tarfile.open(path, "r:gz") as tar:
            manifest = _text(tar, MANIFEST)
            ledger = _text(tar, LEDGER)
            member = tar.next()
            if member is None or not member.isreg() or "/" in member.name or member.size > most:
                raise BadPackageError
            content = folder / "content"
            source = tar.extractfile(member)
            if source is None:
                raise BadPackageError
            with source, content.open("xb") as file:
                while chunk := source.read(_CHUNK):
                    file.write(chunk)
            if tar.next() is not None:
                raise BadPackageError
    except (tarfile.TarError, EOFError, UnicodeDecodeError):
        raise BadPackageError from None
    return Unpacked(manifest=manifest, ledger=ledger, content=content)


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _text(tar: tarfile.TarFile, name: str) -> str:
    member = tar.next()
    if member is None or member.name != name or not member.isreg() or member.size > MAX_SMALL:
        raise BadPackageError
    source = tar.extractfile(member)
    if source is None:
        raise BadPackageError
    return source.read().decode()
