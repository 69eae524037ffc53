# SPDX-License-Identifier: Apache-2.0
"""Words and numbers for people; text from files made safe to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

CHAIRS = {
    "client": "Client",
    "therapist": "Therapist",
    "observer": "Observer",
    "caregiver": "Caregiver",
    "": "",
}
_JOINERS = frozenset("\u200c\u200d")  # needed inside words of some scripts and in emoji
_LONG = 80


def shown(text: str, limit: int = _LONG) -> str:
    """Return text from a file with controls and direction marks as escapes, cut to ``limit``."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(
        char
        if char in _JOINERS or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
        else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in cut
    )


def count(n: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: "1 session", "1,204 sessions"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def share(part: int, whole: int) -> str:
    """Return a share in per cent, "" where there is no whole."""
    if not whole:
        return ""
    per_cent = 100 * part / whole
    return f"{per_cent:.0f} %" if per_cent >= 1 or part == 0 else "below 1 %"


def runs(numbers: Iterable[int]) -> str:
    """Return rising numbers with runs joined: "2, 4–6"."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(
        str(low) if low == high else f"{low}, {high}" if high == low + 1 else f"{low}–{high}"
        for low, high in found
    )


def sessions_words(numbers: Iterable[int]) -> str:
    """Return "session 3" or "sessions 2, 4–6"."""
    every = list(numbers)
    return f"session{'' if len(every) == 1 else 's'} {runs(every)}"


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts "C2" before "C10"."""
    key: list[tuple[int, int, str]] = []
    digits = ""
    for char in [*text.casefold(), ""]:
        if char.isascii() and char.isdigit():
            digits += char
            continue
        if digits:
            key.append((0, int(digits[:18]), digits))
            digits = ""
        if char:
            key.append((1, 0, char))
    return tuple(key)
