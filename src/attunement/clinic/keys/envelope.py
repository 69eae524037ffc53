# SPDX-License-Identifier: Apache-2.0
"""One way to seal: AES-256-GCM, with the key's id and the algorithm's name in what comes out.

Checked against the test cases of NIST SP 800-38D's AES-256-GCM vectors through ``cryptography``,
which computes the cipher; here is only what is authenticated beside the text, and the shape.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ALGORITHM = "a256gcm"
KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
_TEXT, _KEY = "s1", "w1"
_SHAPE = re.compile(r"(s1|w1):([a-z0-9]{1,16}):([a-z0-9]{1,40})\.(\d{1,9}):([A-Za-z0-9_-]{38,})")


class NotSealedForThisError(Exception):
    """The text was changed, moved from another row, or sealed with another key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key with its name and version; the bytes are never printed."""

    id: str
    version: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedHead:
    """What a sealed text says of itself without a key."""

    algorithm: str
    key_id: str
    key_version: int


def bound_to(practice_id: str, place: str, row_id: str, key_version: int) -> bytes:
    """Return what is authenticated with a text: where it belongs.

    Raises
    ------
    ValueError
        When a part holds the separator: two places must not read the same.
    """
    parts = (practice_id, place, row_id, str(key_version))
    if any("|" in part for part in parts):
        message = "a part of where a text belongs holds the separator"
        raise ValueError(message)
    return "|".join(parts).encode()


def is_sealed(text: str) -> bool:
    """Whether a text has the shape of a sealed one (only opening it tells whether it is)."""
    return text.startswith(f"{_TEXT}:") and _SHAPE.fullmatch(text) is not None


def head_of(sealed: str) -> SealedHead:
    """Return algorithm, key id and key version of a sealed text or wrapped key.

    Raises
    ------
    NotSealedForThisError
        When it has another shape.
    """
    found = _SHAPE.fullmatch(sealed)
    if found is None:
        raise NotSealedForThisError
    return SealedHead(algorithm=found[2], key_id=found[3], key_version=int(found[4]))


def seal(key: Key, text: str, *, practice_id: str, place: str, row_id: str, nonce: bytes) -> str:
    """Return a text sealed for one row; ``nonce`` is 12 random bytes, never used twice."""
    where = bound_to(practice_id, place, row_id, key.version)
    # A lone surrogate has no bytes in UTF-8; it is kept as it came.
    return _close(_TEXT, key, text.encode("utf-8", "surrogatepass"), where, nonce)


def open_sealed(key: Key, sealed: str, *, practice_id: str, place: str, row_id: str) -> str:
    """Return the text that was sealed for this row with this key.

    Raises
    ------
    NotSealedForThisError
        When it was sealed for another row or with another key, or was changed.
    """
    where = bound_to(practice_id, place, row_id, key.version)
    return _open(_TEXT, key, sealed, where).decode("utf-8", "surrogatepass")


def wrap(outer: Key, inner: Key, *, practice_id: str, nonce: bytes) -> str:
    """Return ``inner`` wrapped by ``outer``, bound to its practice, id and version."""
    where = bound_to(practice_id, "key", inner.id, inner.version)
    return _close(_KEY, outer, inner.secret, where, nonce)


def open_wrapped(
    outer: Key, wrapped: str, *, practice_id: str, key_id: str, key_version: int
) -> Key:
    """Return the key that was wrapped.

    Raises
    ------
    NotSealedForThisError
        When it is another key's wrapping, or was changed.
    """
    where = bound_to(practice_id, "key", key_id, key_version)
    return Key(key_id, key_version, _open(_KEY, outer, wrapped, where))


def _close(kind: str, key: Key, content: bytes, where: bytes, nonce: bytes) -> str:
    if len(nonce) != NONCE_BYTES:
        message = f"a nonce has {NONCE_BYTES} bytes"
        raise ValueError(message)
    closed = nonce + AESGCM(key.secret).encrypt(nonce, content, where)
    body = base64.urlsafe_b64encode(closed).decode("ascii").rstrip("=")
    return f"{kind}:{ALGORITHM}:{key.id}.{key.version}:{body}"


def _open(kind: str, key: Key, sealed: str, where: bytes) -> bytes:
    found = _SHAPE.fullmatch(sealed)
    if (
        found is None
        or found[1] != kind
        or found[2] != ALGORITHM
        or (found[3], int(found[4])) != (key.id, key.version)
    ):
        raise NotSealedForThisError
    try:
        closed = base64.b64decode(found[5] + "=" * (-len(found[5]) % 4), b"-_", validate=True)
        return AESGCM(key.secret).decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], where)
    except (InvalidTag, binascii.Error, ValueError):
        raise NotSealedForThisError from None
