# SPDX-License-Identifier: Apache-2.0
"""Keys of keys: a file of them, or one derived from the secret where no file is named."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from attunement.clinic.keys.envelope import KEY_BYTES, Key

FIRST_LINE = "attunement keys 1"
_VERSION = 1  # of a key of keys: its id already says which one it is


@dataclass(frozen=True, slots=True)
class KeysFile:
    """A site's name for itself, and its keys: the first wraps, all of them open."""

    site: str
    keys: tuple[Key, ...]


def key_of_keys(secret: bytes) -> Key:
    """Return a key of keys; its id is a fingerprint of it, so equal keys have equal ids."""
    digest = hashlib.sha256(b"attunement key id\x00" + secret).hexdigest()
    return Key(digest[:16], _VERSION, secret)


def derived_kek(secret_key: str) -> Key:
    """Return the key of keys that follows from the secret (HKDF-SHA-256, RFC 5869)."""
    return key_of_keys(_derive(secret_key.encode(), b"attunement key of keys"))


def mac_key(kek: Key) -> bytes:
    """Return a key to authenticate what leaves this site, never the key of keys itself."""
    return _derive(kek.secret, b"attunement manifests and ledgers")


def keyring_of(file: KeysFile | None, secret_key: str) -> KeysFile:
    """Return every key of keys that may open, the one that wraps first.

    Without a file the key follows from the secret, and the site's name from the key. With a file
    the derived key still opens what was wrapped before there was one.
    """
    derived = derived_kek(secret_key)
    if file is None:
        return KeysFile(site=derived.id, keys=(derived,))
    return KeysFile(site=file.site, keys=(*file.keys, derived))


def keys_file_text(site: str, secret: bytes) -> str:
    """Return the text of a new file with one key."""
    body = base64.b64encode(secret).decode("ascii")
    return f"{FIRST_LINE}\nsite {site}\nkey {body}\n"


def parse_keys_file(text: str) -> KeysFile:
    """Return what a key file holds.

    Raises
    ------
    ValueError
        Saying what is wrong, and never a key.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != FIRST_LINE:
        message = f"its first line is not '{FIRST_LINE}'"
        raise ValueError(message)
    sites: list[str] = []
    keys: list[Key] = []
    for number, line in enumerate(lines[1:], start=2):
        name, _, value = line.partition(" ")
        if name == "site" and value.isalnum() and value.isascii():
            sites.append(value)
        elif name == "key":
            keys.append(key_of_keys(_key_bytes(value, number)))
        else:
            message = f"line {number} is neither a site nor a key"
            raise ValueError(message)
    if len(sites) != 1 or not keys:
        message = "it needs one site and at least one key"
        raise ValueError(message)
    return KeysFile(site=sites[0], keys=tuple(keys))


def _key_bytes(value: str, number: int) -> bytes:
    try:
        secret = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES or len(set(secret)) < KEY_BYTES // 4:
        message = f"the key on line {number} is not {KEY_BYTES} random bytes in base 64"
        raise ValueError(message)
    return secret


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)
