# SPDX-License-Identifier: Apache-2.0
"""What an inspection found, asked of a process whose database is the copy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from attunement.clinic.backup.manifest import Manifest
from attunement.clinic.errors import ClinicError

_TIMEOUT = 3600
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at in a copy that came back whole."""

    n_tables: int
    n_rows: int
    n_migrated: int
    n_erased_again: int
    n_events: int
    n_words_opened: int
    n_words_erased: int
    n_scored: int

    def sentence(self) -> str:
        """Return what "verified" means here."""
        erased = f" ({self.n_words_erased} more are erased)" if self.n_words_erased else ""
        return (
            f"Restored into a scratch place and looked at: {self.n_rows} rows in {self.n_tables} "
            f"tables as the manifest counts them, {self.n_migrated} migrations run, an audit "
            f"chain of {self.n_events} events, {self.n_words_opened} sealed words opened{erased}, "
            f"scores of {self.n_scored} forms computed again and equal."
        )


def look_into(address: str, manifest: Manifest) -> Checked:
    """Inspect a restored copy.

    Raises
    ------
    ClinicError
        E-CLINIC-011, saying what is wrong with it.
    """
    done = subprocess.run(
        [
            *(sys.executable, "-m", "attunement.clinic.backup.inspection"),
            os.environ["ATTUNEMENT_CONFIG"],
        ],
        input=json.dumps(asdict(manifest)),
        env=dict(os.environ) | {"ATTUNEMENT_DATABASE": address},
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT,
    )
    found = _found(done)
    problems = found.pop("problems")
    if problems:
        raise ClinicError(
            "E-CLINIC-011",
            what="the backup did not come back whole",
            got="; ".join(problems),
            next_step="Keep the last backup that was verified, and look at the disk",
        )
    return Checked(**found)


def _found(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = " ".join(done.stderr.split())[-_LONGEST:] or "no reason"
        return {"problems": [f"looking into it failed: {last}"]}
    return found


def address_of(database: str, *, other: str) -> str:
    """Return a PostgreSQL address with another database's name."""
    return urlunsplit(urlsplit(database)._replace(path=f"/{quote(other)}"))
