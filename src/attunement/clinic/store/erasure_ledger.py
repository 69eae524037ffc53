# SPDX-License-Identifier: Apache-2.0
"""The ledger of erasures as a file beside the keys, so that it outlives the database.

A backup of yesterday does not know of today's erasure. This file does: one line for each, written
and flushed before the database forgets the key, each line authenticated with this site's key. A
line that was torn by a crash was never acted upon and is left out; a line that was changed stops
the start. Lines cut off at the end cannot be noticed from the file alone: copies of it and the
database's own table hold them too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from attunement.clinic.config.model import Config
from attunement.clinic.errors import ClinicError
from attunement.clinic.keys import KeysFile, mac_key
from attunement.clinic.store.scratch import half_file, put

FIRST_LINE = "attunement erasures 1"
MAX_BYTES = 16 * 1024 * 1024
_FIELDS = ("client_id", "erased_at", "erased_by", "practice_id", "reason")


@dataclass(frozen=True, slots=True)
class Erased:
    """One line: who is to stay forgotten. Identifiers only."""

    client_id: str
    practice_id: str
    reason: str
    erased_by: str
    erased_at: datetime


def ledger_path(config: Config) -> Path:
    """Return where the ledger lies: beside the file of keys, or else beside the configuration."""
    if config.keys_file is not None:
        return config.keys_file.with_name(f"{config.keys_file.name}.erasures")
    return config.home / "erasures.ledger"


def append_erased(path: Path, line: Erased, *, site: KeysFile) -> None:
    """Write one line and wait until it is on the disk.

    Raises
    ------
    ClinicError
        E-CLINIC-022 when it cannot be written; nothing is erased then.
    """
    try:
        lines = read_text(path).splitlines(keepends=True) if path.exists() else []
        whole = [one for one in lines if one.endswith("\n")] or [f"{FIRST_LINE}\n"]
        written = "".join([*whole, _line(line, site)])
        with half_file(path) as half:
            half.write_text(written, encoding="utf-8")
            put(half, path)
    except OSError as problem:
        raise ClinicError(
            "E-CLINIC-022",
            what=f"the ledger of erasures {path} cannot be written",
            got=problem.strerror or "an error of the file system",
            next_step="Make room and give the clinic the right to write there, then erase again",
        ) from None


def read_ledger(path: Path, *, site: KeysFile) -> tuple[Erased, ...]:
    """Return every erasure of the file; none where there is no file.

    Raises
    ------
    ClinicError
        E-CLINIC-022 when a line is not of this site, or was changed.
    """
    if not path.exists():
        return ()
    try:
        return parse_ledger(read_text(path), site=site)
    except (OSError, ValueError) as problem:
        raise ClinicError(
            "E-CLINIC-022",
            what=f"the ledger of erasures {path} cannot be used",
            got=str(problem) or "an error of the file system",
            next_step="Put back a copy of it: with a backup's keys there is one",
        ) from None


def read_text(path: Path) -> str:
    """Return the text of a ledger of at most 16 MiB."""
    if path.stat().st_size > MAX_BYTES:
        message = f"more than {MAX_BYTES} bytes"
        raise ValueError(message)
    return path.read_text(encoding="utf-8")


def parse_ledger(text: str, *, site: KeysFile) -> tuple[Erased, ...]:
    """Return the erasures of a ledger's text.

    Raises
    ------
    ValueError
        Naming the line that was changed or is of another site.
    """
    lines = text.splitlines(keepends=True)
    if not lines:
        return ()
    if lines[0].rstrip("\n") != FIRST_LINE:
        message = f"its first line is not '{FIRST_LINE}'"
        raise ValueError(message)
    found: list[Erased] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.endswith("\n"):
            break  # torn by a crash, before anything was erased
        try:
            found.append(_parsed(line, site))
        except (ValueError, KeyError, TypeError):
            message = f"line {number} was changed, or is another site's"
            raise ValueError(message) from None
    return tuple(found)


def ledger_text(lines: Sequence[Erased], *, site: KeysFile) -> str:
    """Return the text of a ledger with these erasures."""
    return "".join([f"{FIRST_LINE}\n", *(_line(line, site) for line in lines)])


def _parsed(line: str, site: KeysFile) -> Erased:
    held = json.loads(line)
    said = {name: held[name] for name in _FIELDS}
    macs = [_mac(said, mac_key(key)) for key in site.keys]
    if set(held) != {*_FIELDS, "mac"} or not any(
        hmac.compare_digest(mac, held["mac"]) for mac in macs
    ):
        raise ValueError
    return Erased(**said | {"erased_at": datetime.fromisoformat(said["erased_at"])})


def _line(line: Erased, site: KeysFile) -> str:
    said = {name: getattr(line, name) for name in _FIELDS}
    said["erased_at"] = line.erased_at.isoformat()
    held = said | {"mac": _mac(said, mac_key(site.keys[0]))}
    return json.dumps(held, sort_keys=True, separators=(",", ":")) + "\n"


def _mac(said: dict[str, str], key: bytes) -> str:
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()
