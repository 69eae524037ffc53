# SPDX-License-Identifier: Apache-2.0
"""Names and words that stand on one line of a page, a terminal or a log."""

from __future__ import annotations

import unicodedata

_NOT_SHOWN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# They turn the reading direction of what follows: a name could pass for another.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# What takes no ink and is no format character by its category: fillers, joiners, variation marks.
_EMPTY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0").union(
    chr(point)
    for first, last in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for point in range(first, last + 1)
)


def is_plain(text: str, *, lines: bool = False) -> bool:
    """Whether the text has no control characters; ``lines`` permits line breaks."""
    return not any(
        (unicodedata.category(letter) in _NOT_SHOWN or letter in _TURNING)
        and not (lines and letter == "\n")
        for letter in text
    )


def is_visible(text: str) -> bool:
    """Whether every letter can be told by eye: the plain blank is the only one without ink."""
    return not any(
        (unicodedata.category(letter) in {"Cf", "Zs"} and letter != " ") or letter in _EMPTY
        for letter in text
    )
