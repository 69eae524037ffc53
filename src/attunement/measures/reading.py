# SPDX-License-Identifier: Apache-2.0
"""Strict reading of one TOML table: every key is asked for, typed and bounded, or refused."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NoReturn

from attunement.measures.errors import MeasureError

MAX_CHARACTERS: Final = 1_000_000
MAX_TEXT: Final = 20_000
MAX_ENTRIES: Final = 1_000
MAX_NUMBER: Final = 1e9

MEASURE_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
ITEM_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
VERSION: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,2}")
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
DAY: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
_UNWANTED: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff]")
LINK: Final = re.compile(r"https?://[^\s<>\"]+")


def shown(text: str, limit: int = 60) -> str:
    """Return ``text`` short enough for a message, with control characters as escapes."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode()
        for char in cut
    )


def read_toml(text: str, *, origin: str) -> dict[str, object]:
    """Return the TOML document in ``text``.

    Raises
    ------
    MeasureError
        E-MEASURE-006 past one million characters, E-MEASURE-002 when it is not TOML.
    """
    if len(text) > MAX_CHARACTERS:
        raise MeasureError(
            "E-MEASURE-006",
            what=f"{shown(origin, 200)} is too long to be a measure",
            got=f"{len(text)} characters",
            expected=f"at most {MAX_CHARACTERS}",
            next_step="Check that this is the right file",
        )
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        reason = "tables nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise MeasureError(
            "E-MEASURE-002",
            what=f"{shown(origin, 200)} is not TOML",
            got=shown(reason, 200),
            next_step="Mend the line that is named and try again",
        ) from None


class Reader:
    """One TOML table and its place in the file.

    Parameters
    ----------
    table : Mapping
        What ``tomllib`` read.
    origin : str
        The file's name, for messages.
    path : str
        Where the table stands, such as ``items[3]``; empty for the document.
    """

    def __init__(self, table: Mapping[str, object], *, origin: str, path: str = "") -> None:
        self._table = table
        self._asked: set[str] = set()
        self.origin = origin
        self.path = path

    def at(self, key: str) -> str:
        """Return the TOML path of ``key`` in this table."""
        plain = key if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key) else f'"{shown(key)}"'
        return f"{self.path}.{plain}" if self.path else plain

    def refuse(
        self, path: str, *, got: str, expected: str, next_step: str = "", code: str = ""
    ) -> NoReturn:
        """Raise a MeasureError that names the file and the TOML path."""
        raise MeasureError(
            code or "E-MEASURE-005",
            what=f"{shown(self.origin, 200)}: {path} is not permitted",
            got=got,
            expected=expected,
            next_step=next_step or f"Correct {path}",
        )

    def has(self, key: str) -> bool:
        """Return whether the table has ``key``."""
        return key in self._table

    def names(self) -> tuple[str, ...]:
        """Return every key and count each as asked for (tables whose keys are data)."""
        if len(self._table) > MAX_ENTRIES:
            self._too_many(self.path, len(self._table))
        self._asked.update(self._table)
        return tuple(self._table)

    def done(self, *, later: Collection[str] = ()) -> None:
        """Refuse the table if it has a key that nobody asked for, or will (``later``)."""
        known = self._asked | set(later)
        unknown = [key for key in self._table if key not in known]
        if not unknown:
            return
        what = f"{self.at(unknown[0])} is not a known key"
        next_step = "Correct the spelling or remove the key"
        if self.path:
            what += f" in {self._header()}"
            next_step += "; a key after a table header belongs to that table"
        raise MeasureError(
            "E-MEASURE-003",
            what=f"{shown(self.origin, 200)}: {what}",
            got=", ".join(shown(key, 40) for key in unknown[:5]),
            expected=f"among {', '.join(sorted(known))}",
            next_step=next_step,
        )

    def _header(self) -> str:
        """Return the header above this table's keys, as the file has it."""
        name, bracket, index = self.path.rpartition("[")
        if not bracket:
            return f"[{self.path}]"
        return f"[[{name}]] number {int(index.rstrip(']')) + 1}"

    def _take(self, key: str, *, required: bool) -> object:
        self._asked.add(key)
        if key not in self._table:
            if required:
                left = [other for other in self._table if other not in self._asked]
                close = get_close_matches(key, left, n=1, cutoff=0.75)
                raise MeasureError(
                    "E-MEASURE-004",
                    what=f"{shown(self.origin, 200)}: {self.at(key)} is missing",
                    got=f"{shown(close[0])}, which may be meant for it" if close else "",
                    next_step=f"Correct {shown(close[0])}" if close else f"Add {key}",
                )
            return None
        return self._table[key]

    def _too_many(self, path: str, count: int) -> NoReturn:
        raise MeasureError(
            "E-MEASURE-006",
            what=f"{shown(self.origin, 200)}: {path} has too many entries",
            got=f"{count}",
            expected=f"at most {MAX_ENTRIES}",
            next_step="Split the measure or check the file",
        )

    def _text(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            self.refuse(path, got=_kind(value), expected="text in quotation marks")
        if len(value) > MAX_TEXT:
            self._too_many(path, len(value))
        if _UNWANTED.search(value):
            self.refuse(path, got="a control character", expected="plain text")
        return value

    def _number(self, value: object, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(path, got=_kind(value), expected="a number")
        if not abs(value) <= MAX_NUMBER:  # also true of not-a-number and of infinity
            got = str(value) if isinstance(value, float) else "a very large number"
            self.refuse(path, got=got, expected=f"a finite number up to {MAX_NUMBER:g}")
        return float(value)

    def text(
        self,
        key: str,
        default: str | None = None,
        *,
        pattern: re.Pattern[str] | None = None,
        choices: Collection[str] | None = None,
    ) -> str:
        """Return a text; ``default`` when the key is absent and a default is given."""
        value = self._take(key, required=default is None)
        if value is None and default is not None:
            return default
        text = self._text(value, self.at(key))
        self._matches(text, self.at(key), pattern, choices, empty_ok=default == "")
        if default is None and not text.strip():
            self.refuse(self.at(key), got="empty text", expected="some text")
        return text

    def _matches(
        self,
        text: str,
        path: str,
        pattern: re.Pattern[str] | None,
        choices: Collection[str] | None,
        *,
        empty_ok: bool = False,
    ) -> None:
        if text == "" and empty_ok:
            return
        if choices is not None and text not in choices:
            self.refuse(path, got=shown(text), expected=f"one of {', '.join(choices)}")
        if pattern is not None and not pattern.fullmatch(text):
            self.refuse(path, got=shown(text) or "empty text", expected=f"like {_plain(pattern)}")

    def number(self, key: str, default: float | None = None) -> float:
        """Return a finite number."""
        value = self._take(key, required=default is None)
        if value is None and default is not None:
            return default
        return self._number(value, self.at(key))

    def maybe_number(self, key: str) -> float | None:
        """Return a finite number, or None where the key is absent."""
        return self.number(key) if self._ask(key) else None

    def whole(self, key: str) -> int:
        """Return a whole number of at least 0."""
        value = self._take(key, required=True)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(self.at(key), got=_kind(value), expected="a whole number")
        if not 0 <= value <= MAX_NUMBER:
            self.refuse(self.at(key), got="a number out of range", expected="0 or more")
        return value

    def maybe_whole(self, key: str) -> int | None:
        """Return a whole number, or None where the key is absent."""
        return self.whole(key) if self._ask(key) else None

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self._take(key, required=default is None)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            self.refuse(self.at(key), got=_kind(value), expected="true or false")
        return value

    def texts(
        self,
        key: str,
        *,
        required: bool = False,
        pattern: re.Pattern[str] | None = None,
        choices: Collection[str] | None = None,
    ) -> tuple[str, ...]:
        """Return a list of texts; empty where the key is absent."""
        found = []
        for place, value in self._list(key, required=required):
            text = self._text(value, place)
            self._matches(text, place, pattern, choices)
            found.append(text)
        return tuple(found)

    def numbers(self, key: str, *, required: bool = False) -> tuple[float, ...]:
        """Return a list of finite numbers; empty where the key is absent."""
        return tuple(
            self._number(value, place) for place, value in self._list(key, required=required)
        )

    def table(self, key: str, *, required: bool = False) -> Reader:
        """Return the table under ``key``; an empty one where it is absent."""
        value = self._take(key, required=required)
        return self._sub({} if value is None else value, self.at(key))

    def tables(self, key: str, *, required: bool = False) -> tuple[Reader, ...]:
        """Return the tables under ``key`` (``[[key]]``)."""
        return tuple(self._sub(value, place) for place, value in self._list(key, required=required))

    def _ask(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._table

    def _sub(self, value: object, path: str) -> Reader:
        if not isinstance(value, Mapping):
            self.refuse(path, got=_kind(value), expected="a table")
        return Reader(value, origin=self.origin, path=path)

    def _list(self, key: str, *, required: bool) -> list[tuple[str, object]]:
        value = self._take(key, required=required)
        path = self.at(key)
        if value is None:
            return []
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.refuse(path, got=_kind(value), expected="a list")
        if len(value) > MAX_ENTRIES:
            self._too_many(path, len(value))
        if required and not value:
            self.refuse(path, got="an empty list", expected="at least one entry")
        return [(f"{path}[{index}]", entry) for index, entry in enumerate(value)]


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text"}
    names |= {list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time" if value is not None else "nothing")


def _plain(pattern: re.Pattern[str]) -> str:
    examples = {
        MEASURE_ID: "phq-9 (small letters, digits, hyphens)",
        ITEM_ID: "8a (letters, digits, hyphens, underscores, at most 32)",
        NAME: "total (small letters, digits, hyphens, underscores)",
        VERSION: "1 or 1.2",
        LANGUAGE: "en or pt-BR",
        DAY: "2026-11-21",
        SHA256: "64 hexadecimal digits",
        LINK: "https://example.org/page",
    }
    return examples.get(pattern, pattern.pattern)
