# SPDX-License-Identifier: Apache-2.0
"""Restoring a backup into a place that is empty: all of it, inspected, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from attunement.clinic.backup.lock import DamagedFileError, Opener, WrongKeyError, open_file
from attunement.clinic.backup.making import free_bytes, scratch_beside
from attunement.clinic.backup.manifest import (
    DATABASE,
    ForeignManifestError,
    Manifest,
    UnreadableManifestError,
    parse_manifest,
)
from attunement.clinic.backup.package import BadPackageError, Unpacked, sha256_of, unpack
from attunement.clinic.backup.restored import Checked, look_into
from attunement.clinic.backup.snapshot import put_postgresql, put_sqlite, restore_alone
from attunement.clinic.errors import ClinicError
from attunement.clinic.services.forms import config
from attunement.clinic.services.sealing import keyring
from attunement.clinic.store.erasure_ledger import (
    append_erased,
    ledger_path,
    parse_ledger,
    read_ledger,
)

_SIDE_FILES = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Restored:
    """A clinic that is back."""

    made_at: str
    checked: Checked


def restore_backup(file: Path, opener: Opener, *, force: bool = False) -> Restored:
    """Restore a backup to where the configuration says the database is.

    Whoever was erased after the backup was made is erased before it is put there.

    Parameters
    ----------
    file : Path
        What ``make_backup`` wrote.
    opener : Opener
        What it was encrypted to.
    force : bool
        Whether another site's backup is taken, whose keys were added to this site's.

    Raises
    ------
    ClinicError
        E-CLINIC-021 for a file or a place that cannot be used, E-CLINIC-002 for one of a newer
        version, E-CLINIC-019 when this site's keys do not fit, E-CLINIC-011 when it does not come
        back whole. Nothing is left then.
    """
    if connection.vendor != "sqlite" and not restore_alone():
        _refuse("another restore is under way", "its lock", "Wait until it is done, and look")
    refuse_occupied()
    target = Path(config().database) if connection.vendor == "sqlite" else None
    try:
        with scratch_beside(target.parent if target else None) as folder:
            out, manifest = take_out(file, folder, opener, kind=DATABASE, force=force)
            _refuse_unfit(manifest)
            _merge_ledger(out.ledger)
            if target is None:
                checked = _into_postgresql(out.content, manifest)
            else:
                checked = look_into(str(out.content), manifest)
                put_sqlite(out.content, target)
    except FileExistsError:
        _refuse(f"{target} appeared meanwhile", "another process's file", "Look whose it is")
    except OSError as problem:
        _refuse(
            f"the backup {file} cannot be restored",
            problem.strerror or "an error of the file system",
            "Make room, or name another place",
        )
    return Restored(made_at=manifest.made_at, checked=checked)


def take_out(
    file: Path, folder: Path, opener: Opener, *, kind: str, force: bool = False
) -> tuple[Unpacked, Manifest]:
    """Decrypt and unpack a file of this site; its content has the manifest's hash.

    Raises
    ------
    ClinicError
        E-CLINIC-021 and E-CLINIC-019, each with what to do.
    """
    if not file.is_file():
        _refuse(f"{file} is no file", "nothing, a folder or a device", "Name a backup")
    try:
        open_file(file, folder / "package", opener)
        out = unpack(folder / "package", folder, most=free_bytes(folder))
        (folder / "package").unlink()
        manifest = parse_manifest(out.manifest, site=keyring())
    except WrongKeyError:
        _refuse(
            f"{file} is not encrypted to this key",
            "another identity or passphrase",
            "Name the identity whose recipient it was made for",
        )
    except (DamagedFileError, BadPackageError, UnreadableManifestError):
        _refuse(
            f"{file} was cut short or changed, or is no backup",
            "a file that does not open to its end",
            "Take another copy of it, or the backup before",
        )
    except ForeignManifestError:
        raise ClinicError(
            "E-CLINIC-019",
            what=f"the keys of this site are not those of {file}",
            expected="the file of keys of the site that made it",
            next_step="Restore the keys first: attunement restore FILE --keys FILE",
        ) from None
    if sha256_of(out.content) != manifest.sha256 or manifest.kind != kind:
        _refuse(f"{file} does not hold what it says", "another content", "Take another copy of it")
    if manifest.site != keyring().site and not force:
        _refuse(
            f"{file} is a backup of another site",
            f"the site {manifest.site}",
            "Use that site's file of keys, or add --force if its people are to move here",
        )
    return out, manifest


def refuse_occupied() -> None:
    """Refuse a place where a database is.

    Raises
    ------
    ClinicError
        E-CLINIC-021.
    """
    if connection.vendor == "sqlite":
        name = config().database
        if any(Path(f"{name}{end}").exists() for end in _SIDE_FILES):
            _refuse(f"there is a database at {name}", "a place that is not empty", _MOVE)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v', 'S')"
        )
        if cursor.fetchone()[0]:
            _refuse("there are tables in the database", "a place that is not empty", _MOVE)


_MOVE = "Stop the server and move what is there away, or name an empty place in the key database"


def _refuse_unfit(manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        _refuse(
            f"the backup is of {manifest.vendor}, and the key database names {connection.vendor}",
            "another kind of database",
            "Name a database of the same kind",
        )
    loader = MigrationLoader(None)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    newer = [one for one in manifest.migrations if one.startswith("clinic.") and one not in known]
    if newer:
        raise ClinicError(
            "E-CLINIC-002",
            what="the backup was made by a newer version of attunement",
            got=", ".join(newer),
            expected=f"version {manifest.version}",
            next_step="Install that version, and restore again",
        )


def _merge_ledger(text: str) -> None:
    """Add what the backup's ledger knows to this site's."""
    site, path = keyring(), ledger_path(config())
    try:
        lines = parse_ledger(text, site=site)
    except ValueError:
        _refuse("the ledger of erasures in the backup was changed", "a line", "Take another copy")
    here = {line.client_id for line in read_ledger(path, site=site)}
    for line in lines:
        if line.client_id not in here:
            append_erased(path, line, site=site)


def _into_postgresql(content: Path, manifest: Manifest) -> Checked:
    """Restore into the empty database itself; empty it again when it does not come back whole.

    What cannot be put there leaves nothing: it is one transaction. Tables that are there then are
    somebody else's, and stay.
    """
    put_postgresql(content, database=str(connection.settings_dict["NAME"]))
    try:
        return look_into(config().database, manifest)
    except ClinicError:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            schema = connection.ops.quote_name(cursor.fetchone()[0])
            cursor.execute(f"DROP SCHEMA {schema} CASCADE")
            cursor.execute(f"CREATE SCHEMA {schema}")
        raise


def _refuse(what: str, got: str, next_step: str) -> NoReturn:
    raise ClinicError("E-CLINIC-021", what=what, got=got, next_step=next_step)
