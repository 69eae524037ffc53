# SPDX-License-Identifier: Apache-2.0
"""Trim the spaces around cells, turn marks of missing values into nulls, and say both once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from attunement.errors import ROWS_LISTED, Problem
from attunement.exchange.arrow_values import strings, true_at
from attunement.exchange.places import Places
from attunement.exchange.table import MISSING_MARKS

PADDING = " \u00a0"  # spaces and no-break spaces; a leading tab is a value's own
_DECIMAL_COMMA = r"^[+-]?[0-9]+,[0-9]+$"
_PADDED = ""


class Cleaner:
    """Cleans block after block, and remembers what was found in each column.

    Parameters
    ----------
    columns : sequence of str
        The columns' names.
    commas : bool
        Whether to look for numbers with a decimal comma.
    """

    def __init__(self, columns: Sequence[str], *, commas: bool) -> None:
        self._columns = columns
        self._commas = commas
        self._found: list[dict[str, Places]] = [{} for _ in columns]  # by mark; _PADDED for spaces
        self._marks = strings(list(MISSING_MARKS))
        self.decimal_comma = False

    def clean(
        self, cells: Sequence[pa.Array], numbers: npt.NDArray[np.int64]
    ) -> tuple[pa.Array, ...]:
        """Return the cells of one block, trimmed, null where missing."""
        return tuple(
            self._column(column, numbers, self._found[place]) for place, column in enumerate(cells)
        )

    def _column(
        self, written: pa.Array, numbers: npt.NDArray[np.int64], found: dict[str, Places]
    ) -> pa.Array:
        trimmed = pc.utf8_trim(written, characters=PADDING)
        if not trimmed.equals(written):
            _note(found, _PADDED, pc.not_equal(trimmed, written), numbers)
        missing = pc.is_in(trimmed, value_set=self._marks)
        if not pc.any(missing).as_py():
            cleaned = trimmed
        else:
            for mark in pc.unique(pc.filter(trimmed, missing)).to_pylist():
                if MISSING_MARKS[mark]:
                    _note(found, mark, pc.equal(trimmed, mark), numbers)
            cleaned = pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)
        if self._commas and not self.decimal_comma:
            comma = pc.any(pc.match_substring_regex(cleaned, _DECIMAL_COMMA)).as_py()
            self.decimal_comma = bool(comma)
        return cleaned

    def problems(self) -> list[Problem]:
        """Return each kind of remark once for all columns: the first place, and the sum."""
        told: dict[str, Problem] = {}
        for column, found in zip(self._columns, self._found, strict=True):
            padded = {_PADDED: found[_PADDED]} if _PADDED in found else {}
            for mark, places in (padded | found).items():
                before = told.get(mark)
                if before is None:
                    told[mark] = _remark(mark, places, column)
                else:
                    told[mark] = replace(before, count=before.count + places.count, rows=())
        return list(told.values())


def _note(
    found: dict[str, Places], kind: str, mask: pa.Array, numbers: npt.NDArray[np.int64]
) -> None:
    at = true_at(mask)
    found.setdefault(kind, Places()).extend(numbers[at[:ROWS_LISTED]].tolist(), at.size)


def _remark(mark: str, places: Places, column: str) -> Problem:
    if mark == _PADDED:
        return places.problem(
            "E-TABLE-016",
            column=column,
            what="Values have spaces around them",
            next_step="The spaces were left out; nothing to do",
            refused=False,
        )
    return places.problem(
        "E-TABLE-014",
        column=column,
        what=f"“{mark}” stands for a missing value ({MISSING_MARKS[mark]})",
        next_step="Read as missing; leave such cells blank when you export again",
        refused=False,
    )
