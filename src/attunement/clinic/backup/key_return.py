# SPDX-License-Identifier: Apache-2.0
"""Bringing keys back from their copy, before there is a configuration that could be read."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from attunement.clinic.backup.lock import DamagedFileError, Opener, WrongKeyError, open_file
from attunement.clinic.backup.manifest import (
    KEYS,
    ForeignManifestError,
    UnreadableManifestError,
    parse_manifest,
)
from attunement.clinic.backup.package import BadPackageError, sha256_of, unpack
from attunement.clinic.errors import ClinicError
from attunement.clinic.keys import parse_keys_file
from attunement.clinic.store.scratch import half_file, put, scratch_folder

MAX_BYTES = 1024 * 1024


def restore_key_copy(file: Path, target: Path, opener: Opener) -> tuple[str, int]:
    """Write the keys of a copy to a new file, and the ledger of erasures beside it.

    Returns
    -------
    tuple
        The site's name for itself, and how many keys there are.

    Raises
    ------
    ClinicError
        E-CLINIC-021; nothing is written then.
    """
    ledger = target.with_name(f"{target.name}.erasures")
    if target.exists():
        _refuse_there(target)
    try:
        with scratch_folder(target.parent) as folder:
            open_file(file, folder / "package", opener)
            out = unpack(folder / "package", folder, most=MAX_BYTES)
            text = out.content.read_text("ascii")
            site = parse_keys_file(text)
            manifest = parse_manifest(out.manifest, site=site)
            if manifest.kind != KEYS or sha256_of(out.content) != manifest.sha256:
                raise BadPackageError
            if not ledger.exists():
                _write_new(ledger, out.ledger)
            elif ledger.read_text(encoding="utf-8") != out.ledger:
                _refuse_there(ledger)  # not what a killed run of this wrote
            _write_new(target, text)
    except WrongKeyError:
        _refuse(f"{file} is not encrypted to this key", "Name the identity it was made for")
    except (
        *(DamagedFileError, BadPackageError, UnreadableManifestError, ForeignManifestError),
        ValueError,
    ):
        _refuse(f"{file} is no copy of keys, or was changed", "Take another copy of it")
    except OSError as problem:
        said = problem.strerror or "an error of the file system"
        _refuse(f"the keys cannot be written to {target} ({said})", "Name another place")
    return site.site, len(site.keys)


def _write_new(path: Path, text: str) -> None:
    with half_file(path) as half:
        half.write_text(text, encoding="utf-8")
        put(half, path, over=False)


def _refuse_there(path: Path) -> NoReturn:
    _refuse(f"there is a file {path}", "Name a new file; keys are never overwritten")


def _refuse(what: str, next_step: str) -> NoReturn:
    raise ClinicError("E-CLINIC-021", what=what, next_step=next_step)
