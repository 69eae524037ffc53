# SPDX-License-Identifier: Apache-2.0
"""A copy of the keys, in a file of its own: without it no backup can be read.

It holds every key of keys of the site and the ledger of erasures. A copy of the keys that lies
beside copies of the database would undo what erasing is for: keep them apart.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from django.db import connection

from attunement.clinic.backup.lock import Lock, close_file, open_file, write_private
from attunement.clinic.backup.making import scratch_beside, target_of
from attunement.clinic.backup.manifest import KEYS, Manifest
from attunement.clinic.backup.package import pack, sha256_of, unpack
from attunement.clinic.errors import ClinicError
from attunement.clinic.keys import KeysFile, parse_keys_file
from attunement.clinic.keys.kek import FIRST_LINE
from attunement.clinic.services.forms import config
from attunement.clinic.services.sealing import keyring
from attunement.clinic.store.erasure_ledger import ledger_path, ledger_text, read_ledger
from attunement.clinic.store.scratch import half_file, put

MAX_BYTES = 1024 * 1024


def keys_text(site: KeysFile) -> str:
    """Return a file of keys with every key of the site, the derived one included."""
    lines = [f"key {base64.b64encode(key.secret).decode('ascii')}" for key in site.keys]
    return "\n".join([FIRST_LINE, f"site {site.site}", *lines]) + "\n"


def make_key_copy(target: Path, *, lock: Lock, now: datetime) -> Path:
    """Write the site's keys and its ledger of erasures into an encrypted file.

    Raises
    ------
    ClinicError
        E-CLINIC-020 when it cannot be written, E-CLINIC-011 when it cannot be read back.
    """
    path = target_of(target, now=now, what="the copy of the keys")
    site = keyring()
    try:
        with scratch_beside() as folder, half_file(path) as half:
            content = folder / "clinic.keys"
            write_private(content, keys_text(site).encode())
            manifest = Manifest(
                kind=KEYS,
                version=version("attunement"),
                made_at=now.astimezone(UTC).isoformat(),
                site=site.site,
                practices=(),
                vendor=connection.vendor,
                migrations=(),
                counts={},
                n_events=0,
                last_event="",
                n_erasures=0,
                file=content.name,
                n_bytes=content.stat().st_size,
                sha256=sha256_of(content),
            )
            ledger = ledger_text(read_ledger(ledger_path(config()), site=site), site=site)
            pack(
                folder / "package",
                manifest=manifest.text(site),
                ledger=ledger,
                content=content,
                name=content.name,
            )
            opener = close_file(folder / "package", half, lock)
            open_file(half, folder / "again", opener)
            back = folder / "back"
            back.mkdir()
            read = unpack(folder / "again", back, most=MAX_BYTES).content.read_text("ascii")
            if parse_keys_file(read) != site:
                raise ClinicError(
                    "E-CLINIC-011",
                    what="the copy of the keys is not what was written",
                    next_step="Look at the disk, and run the command again",
                )
            put(half, path)
    except OSError as problem:
        raise ClinicError(
            "E-CLINIC-020",
            what=f"the copy of the keys {path} cannot be written",
            got=problem.strerror or str(problem) or "an error of the file system",
            next_step="Make room, or name another place",
        ) from None
    return path
