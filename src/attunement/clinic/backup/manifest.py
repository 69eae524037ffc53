# SPDX-License-Identifier: Apache-2.0
"""What a backup holds, as a small document that only its own site can have written."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from attunement.clinic.keys import KeysFile, mac_key

FORMAT = 1
DATABASE, KEYS = "database", "keys"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was copied, when, by which version, and how to tell that it came back whole."""

    kind: str  # "database" or "keys"
    version: str  # of attunement
    made_at: str  # ISO 8601, UTC
    site: str  # the key file's name for the site, or the derived key's id
    practices: tuple[str, ...]  # identifiers
    vendor: str  # "sqlite" or "postgresql"
    migrations: tuple[str, ...]  # "app.name", in order
    counts: Mapping[str, int]  # rows by table
    n_events: int  # of the audit log
    last_event: str  # its last hash
    n_erasures: int
    file: str  # the database's name in the package
    n_bytes: int
    sha256: str

    def text(self, site: KeysFile) -> str:
        """Return the document, authenticated with the site's first key."""
        said = {"format": FORMAT, **asdict(self)}
        said["practices"], said["migrations"] = list(self.practices), list(self.migrations)
        said["counts"] = dict(self.counts)
        return json.dumps(said | {"mac": _mac(said, mac_key(site.keys[0]))}, indent=1) + "\n"


class UnreadableManifestError(Exception):
    """The document is none, or of a format that this version does not know."""


class ForeignManifestError(Exception):
    """None of this site's keys made the document, or it was changed since."""


def parse_manifest(text: str, *, site: KeysFile) -> Manifest:
    """Return what a manifest says.

    Raises
    ------
    UnreadableManifestError, ForeignManifestError
    """
    try:
        held: dict[str, Any] = json.loads(text)
        mac = str(held.pop("mac"))
        known = held["format"] == FORMAT
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableManifestError from None
    if not known:
        raise UnreadableManifestError
    if not any(hmac.compare_digest(_mac(held, mac_key(key)), mac) for key in site.keys):
        raise ForeignManifestError
    held.pop("format")
    try:
        return Manifest(
            **held
            | {"practices": tuple(held["practices"]), "migrations": tuple(held["migrations"])}
        )
    except (KeyError, TypeError):
        raise UnreadableManifestError from None


def _mac(said: Mapping[str, Any], key: bytes) -> str:
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, b"manifest" + canonical.encode(), hashlib.sha256).hexdigest()
