# SPDX-License-Identifier: Apache-2.0
"""Making a backup: nothing has its name before it was restored and looked at."""

from __future__ import annotations

import re
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from django.db import connection

from attunement.clinic.backup.lock import (
    DamagedFileError,
    Lock,
    Opener,
    WrongKeyError,
    close_file,
    open_file,
)
from attunement.clinic.backup.manifest import DATABASE, Manifest, parse_manifest
from attunement.clinic.backup.package import BadPackageError, pack, sha256_of, unpack
from attunement.clinic.backup.restored import Checked, address_of, look_into
from attunement.clinic.backup.snapshot import put_postgresql, snapshot
from attunement.clinic.errors import ClinicError
from attunement.clinic.services.audit import record_alone
from attunement.clinic.services.forms import config
from attunement.clinic.services.people import OPERATOR
from attunement.clinic.services.sealing import check_keys, keyring
from attunement.clinic.store.erasure_ledger import ledger_path, ledger_text, read_ledger
from attunement.clinic.store.scratch import half_file, put, scratch_folder
from attunement.clinic.store.scratch_database import scratch_database

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"attunement-([a-z0-9]+)-(\d{8}T\d{6}Z)\.age")


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was restored."""

    path: Path
    n_bytes: int
    checked: Checked
    removed: tuple[Path, ...]  # older ones of this site


def make_backup(target: Path, *, lock: Lock, now: datetime, keep: timedelta | None = None) -> Made:
    """Back up the clinic's database while it runs.

    Parameters
    ----------
    target : Path
        A folder that is there, or a new file.
    lock : Lock
        Whom it is encrypted to.
    now : datetime
        Aware.
    keep : timedelta, optional
        Remove older backups of this site from the folder, once this one is verified.

    Raises
    ------
    ClinicError
        E-CLINIC-020 when it cannot be made, E-CLINIC-011 when it does not come back whole. No
        file is left then.
    """
    check_keys()
    path = target_of(target, now=now)
    try:
        with scratch_beside() as folder, half_file(path) as half:
            opener = _write(half, folder, lock=lock, now=now)
            checked = verify(half, folder, opener)
            put(half, path)
    except OSError as problem:
        raise ClinicError(
            "E-CLINIC-020",
            what=f"the backup {path} cannot be written",
            got=problem.strerror or str(problem) or "an error of the file system",
            next_step="Make room, or name another place",
        ) from None
    record_alone(actor=OPERATOR, action="backup.make", outcome="done", now=now)
    removed = _remove_older(path, now=now, keep=keep) if keep is not None else ()
    return Made(path=path, n_bytes=path.stat().st_size, checked=checked, removed=removed)


def verify(closed: Path, folder: Path, opener: Opener) -> Checked:
    """Restore a backup into a scratch place and look into it.

    Raises
    ------
    ClinicError
        E-CLINIC-011.
    """
    back = folder / "back"
    back.mkdir(mode=0o700)
    try:
        open_file(closed, back / "package", opener)
        out = unpack(back / "package", back, most=free_bytes(back))
    except (WrongKeyError, DamagedFileError, BadPackageError):
        raise ClinicError(
            "E-CLINIC-011",
            what="the backup cannot be opened right after it was written",
            next_step="Look at the disk, and run the command again",
        ) from None
    (back / "package").unlink()
    manifest = parse_manifest(out.manifest, site=keyring())
    if sha256_of(out.content) != manifest.sha256:
        raise ClinicError(
            "E-CLINIC-011",
            what="the database in the backup is not the one that was copied",
            next_step="Look at the disk, and run the command again",
        )
    if manifest.vendor == "sqlite":
        return look_into(str(out.content), manifest)
    with scratch_database() as name:
        put_postgresql(out.content, database=name)
        return look_into(address_of(config().database, other=name), manifest)


def target_of(target: Path, *, now: datetime, what: str = "the backup") -> Path:
    """Return the file that will be written; never one that is there.

    ``what`` names it in a refusal: a copy of the keys is no backup.

    Raises
    ------
    ClinicError
        E-CLINIC-020.
    """
    stamp = now.astimezone(UTC).strftime(_STAMP)
    if target.is_dir():
        target = target / f"attunement-{keyring().site}-{stamp}.age"
    if target.exists():
        free = target.with_name(f"{target.stem}-{stamp}{target.suffix}")
        raise ClinicError(
            "E-CLINIC-020",
            what=f"{what} cannot be written to {target}",
            got="a file that is there already, and was left as it is",
            expected="a file that is not there yet: nothing is overwritten",
            next_step=f"Name a new file, such as {free}, or move the one that is there away first",
        )
    if not target.parent.is_dir():
        raise ClinicError(
            "E-CLINIC-020",
            what=f"{what} cannot be written to {target}",
            got="a folder that is not there",
            expected="a new file in a folder that is there",
            next_step=f"Make the folder {target.parent}, or name another place",
        )
    return target


def scratch_beside(target: Path | None = None) -> AbstractContextManager[Path]:
    """Lend a folder for plain copies, beside the database where they are as safe as it is."""
    if target is None and connection.vendor == "sqlite":
        target = Path(str(connection.settings_dict["NAME"])).parent
    return scratch_folder(target)


def free_bytes(folder: Path) -> int:
    """Return how many bytes can still be written there."""
    return shutil.disk_usage(folder).free


def _write(half: Path, folder: Path, *, lock: Lock, now: datetime) -> Opener:
    content, found = snapshot(folder)
    site = keyring()
    manifest = Manifest(
        kind=DATABASE,
        version=version("attunement"),
        made_at=now.astimezone(UTC).isoformat(),
        site=site.site,
        practices=found.practices,
        vendor=connection.vendor,
        migrations=found.migrations,
        counts=found.counts,
        n_events=found.n_events,
        last_event=found.last_event,
        n_erasures=found.n_erasures,
        file=content.name,
        n_bytes=content.stat().st_size,
        sha256=sha256_of(content),
    )
    lines = read_ledger(ledger_path(config()), site=site)
    pack(
        folder / "package",
        manifest=manifest.text(site),
        ledger=ledger_text(lines, site=site),
        content=content,
        name=content.name,
    )
    content.unlink()
    opener = close_file(folder / "package", half, lock)
    (folder / "package").unlink()
    return opener


def _remove_older(made: Path, *, now: datetime, keep: timedelta) -> tuple[Path, ...]:
    removed: list[Path] = []
    for file in sorted(made.parent.iterdir()):
        named = _NAME.fullmatch(file.name)
        if named is None or named[1] != keyring().site or file == made:
            continue
        if datetime.strptime(named[2], _STAMP).replace(tzinfo=UTC) < now - keep:
            file.unlink()
            removed.append(file)
    return tuple(removed)
