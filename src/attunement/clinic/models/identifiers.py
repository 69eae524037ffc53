# SPDX-License-Identifier: Apache-2.0
"""Opaque identifiers: 26 letters and digits in lower-case base 32, safe in a URL.

The store keeps every key in order. Were an identifier random all through, each new row, and each
row that refers to it, would lie on a page that nobody has just read, and under load reading and
writing those pages is most of the work. So identifiers that one process makes in the same moment
begin alike: with six letters that are drawn anew for every moment, so that they tell no time and
no order. Where few are made, only rows of one act share them.

Moments are of a clock, not of a count: how many rows were made that somebody may not see changes
nothing in the identifiers that they do see.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable

ID_LENGTH = 26
MOMENT = 0.1  # seconds
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_LETTERS = frozenset(_ALPHABET)
_PAIRS = [one + other for one in _ALPHABET for other in _ALPHABET]
_TENS = tuple(range(120, -1, -10))  # where ten bits, two letters, begin
_ALIKE = 6  # letters; 98 random bits follow
_HALF = ID_LENGTH // 2


class Moments:
    """The letters with which identifiers of one moment begin.

    Parameters
    ----------
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._now = (-1, "")

    def letters(self) -> str:
        """Return this moment's letters; threads that begin one together may draw two."""
        number = int(self._clock() / MOMENT)
        known, letters = self._now
        if known != number:
            letters = _encode(secrets.token_bytes(16))[:_ALIKE]
            self._now = (number, letters)
        return letters


_MOMENTS = Moments()


def new_id(moments: Moments = _MOMENTS) -> str:
    """Return 26 characters that say nothing about the record and cannot be guessed."""
    return moments.letters() + _encode(secrets.token_bytes(16))[_ALIKE:]


def is_id(text: str) -> bool:
    """Whether the text has an identifier's shape; what has not is never asked for."""
    return len(text) == ID_LENGTH and all(letter in _LETTERS for letter in text)


def derived_id(*parts: str, near: str = "") -> str:
    """Return the identifier of a derived row, always the same for the same parts.

    Derived rows (scores, signals) are rebuilt from answers; with this, byte for byte.

    Parameters
    ----------
    *parts : str
        What the row is, and of what.
    near : str, optional
        The identifier of a row of which there are several such: theirs begin as it does, and so
        lie beside each other. The other half still has 63 bits of its own.
    """
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    made = _encode(digest[:16])
    return near[:_HALF] + made[_HALF:] if near else made


def _encode(raw: bytes) -> str:
    """Return 16 bytes in base 32 (RFC 4648, section 6), without padding: a form has a dozen."""
    number = int.from_bytes(raw, "big") << 2
    return "".join([_PAIRS[number >> at & 1023] for at in _TENS])
