# SPDX-License-Identifier: Apache-2.0
"""Sealing words with a key of their client, and wrapping keys with keys."""

from __future__ import annotations

from attunement.clinic.keys.envelope import (
    ALGORITHM,
    KEY_BYTES,
    NONCE_BYTES,
    Key,
    NotSealedForThisError,
    SealedHead,
    bound_to,
    head_of,
    is_sealed,
    open_sealed,
    open_wrapped,
    seal,
    wrap,
)
from attunement.clinic.keys.holder import KeyHolder
from attunement.clinic.keys.kek import (
    KeysFile,
    derived_kek,
    keyring_of,
    keys_file_text,
    mac_key,
    parse_keys_file,
)

__all__ = [
    "ALGORITHM",
    "KEY_BYTES",
    "NONCE_BYTES",
    "Key",
    "KeyHolder",
    "KeysFile",
    "NotSealedForThisError",
    "SealedHead",
    "bound_to",
    "derived_kek",
    "head_of",
    "is_sealed",
    "keyring_of",
    "keys_file_text",
    "mac_key",
    "open_sealed",
    "open_wrapped",
    "parse_keys_file",
    "seal",
    "wrap",
]
