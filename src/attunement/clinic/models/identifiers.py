# SPDX-License-Identifier: Apache-2.0
"""Opaque identifiers: 128 random bits in lower-case base 32, safe in a URL and to read aloud."""

from __future__ import annotations

import hashlib
import secrets

ID_LENGTH = 26
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_LETTERS = frozenset(_ALPHABET)
_PAIRS = [one + other for one in _ALPHABET for other in _ALPHABET]
_TENS = tuple(range(120, -1, -10))  # where ten bits, two letters, begin


def new_id() -> str:
    """Return 26 characters that say nothing about the record and cannot be guessed."""
    return _encode(secrets.token_bytes(16))


def is_id(text: str) -> bool:
    """Whether the text has an identifier's shape; what has not is never asked for."""
    return len(text) == ID_LENGTH and all(letter in _LETTERS for letter in text)


def derived_id(*parts: str) -> str:
    """Return the identifier of a derived row, always the same for the same parts.

    Derived rows (scores, signals) are rebuilt from answers; with this, byte for byte.
    """
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return _encode(digest[:16])


def _encode(raw: bytes) -> str:
    """Return 16 bytes in base 32 (RFC 4648, section 6), without padding: a form has a dozen."""
    number = int.from_bytes(raw, "big") << 2
    return "".join([_PAIRS[number >> at & 1023] for at in _TENS])
