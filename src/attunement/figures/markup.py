# SPDX-License-Identifier: Apache-2.0
"""Text for XML and HTML: escaped, shortened, measured; numbers for people and for coordinates."""

from __future__ import annotations

import html
import re

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_ID = re.compile(r"[^A-Za-z0-9_-]+")
_WIDE_FROM = 0x1100  # Hangul, CJK, kana and emoji are about one em wide
_EM_SHARE = 0.56
_WIDE_RANGE = 20.0
_NARROW_RANGE = 2.0
_TINY_RANGE = 0.2


def escape(text: str) -> str:
    """Make any text safe inside an element or a quoted attribute of XML 1.0 and HTML."""
    return html.escape(_NOT_XML.sub("\ufffd", text), quote=True)


def identifier(key: str) -> str:
    """Turn a caller's key into an id that starts with a letter."""
    return "att-" + _NOT_ID.sub("-", key)


def width(text: str, size: float) -> float:
    """Estimate how wide a text is set, in the same units as the type size."""
    return size * sum(1.0 if ord(sign) >= _WIDE_FROM else _EM_SHARE for sign in text)


def shorten(text: str, size: float, room: float) -> str:
    """Cut a text to the room it has, with an ellipsis."""
    text = " ".join(text.split())
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def place(number: float) -> str:
    """Write a coordinate with at most one decimal."""
    text = f"{number:.1f}"
    return text.removesuffix(".0")


def decimals(minimum: float, maximum: float, *, whole: bool) -> int:
    """Return how many decimals the scores of a scale deserve."""
    span = maximum - minimum
    if whole:
        return 0
    if span <= _TINY_RANGE:
        return 3
    return 2 if span <= _NARROW_RANGE else 1


def number(value: float, places: int) -> str:
    """Write a score or a difference for people."""
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "\u2212")


def tick(value: float) -> str:
    """Write a number on an axis, as short as it is exact."""
    text = f"{value:.6g}"
    if "e+" in text:
        text = f"{value:,.0f}"
        return text.replace("-", "\u2212")
    return "0" if float(text) == 0 else text.replace("-", "\u2212")
