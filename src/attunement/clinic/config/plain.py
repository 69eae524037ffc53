# SPDX-License-Identifier: Apache-2.0
"""Names and words that stand on one line of a page, a terminal or a log."""

from __future__ import annotations

import unicodedata

_NOT_SHOWN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# They turn the reading direction of what follows: a name could pass for another.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_plain(text: str, *, lines: bool = False) -> bool:
    """Whether the text has no control characters; ``lines`` permits line breaks."""
    return not any(
        (unicodedata.category(letter) in _NOT_SHOWN or letter in _TURNING)
        and not (lines and letter == "\n")
        for letter in text
    )
