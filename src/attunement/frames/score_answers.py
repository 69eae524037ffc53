# SPDX-License-Identifier: Apache-2.0
"""Cells to answers: numbers as they are, plain digits in text, labels by the measure's wording.

Nothing is repaired. A cell that is not plainly an answer is a problem with its row; an empty one
is a missing answer; a number that stands for "missing" must be named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from attunement.frames.arrow_places import places
from attunement.frames.score_errors import LISTED
from attunement.frames.score_tally import Tally
from attunement.measures.schema import Item, Measure, TextBundle
from attunement.scoring import Column, Plan

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_COMMA = re.compile(r"-?[0-9]+,[0-9]+", re.ASCII)
_SENTINELS = (-1, -7, -8, -9, -88, -99, -777, -888, -999, -9999, 9, 77, 88, 99, 777, 888, 999, 9999)

NOT_A_NUMBER = "not written as a plain number (digits 0 to 9, a point)"
COMMA = "a decimal comma; write a point"
NOT_A_LABEL = "neither a plain number nor one of the item's labels"
ONLY_LABELS = "a number, where only labels are read (labels='auto' reads both)"
UNKNOWN_LABEL = "not one of the item's labels"
NAN = "NaN, which is no number"
NO_WORDING = "text, and no wording of the measure in this language is at hand to read labels by"
ODD_TYPE = "a column of a kind that holds no answers"


@dataclass(slots=True)
class Bad:
    """Cells that cannot be used: the first few as (row, what), and how many in all."""

    cells: list[tuple[int, str]] = field(default_factory=list)
    total: int = 0

    def add(self, rows: npt.NDArray[np.int64], what: str) -> None:
        """Take note of rows (counted from 0) with the same mistake."""
        self.total += rows.size
        self.cells += [(int(row), what) for row in rows[:LISTED]]


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """How cells of a measure are read.

    Attributes
    ----------
    labels : str
        ``"auto"``: numbers or labels; ``"numbers"``; ``"text"``: labels only.
    bundle : TextBundle, optional
        The wording that labels are read by.
    missing : tuple of float
        Numbers that stand for a missing answer.
    tally : Tally
        Takes up what is counted while answers are scored.
    """

    plan: Plan
    labels: str
    bundle: TextBundle | None
    missing: tuple[float, ...]
    tally: Tally = field(default_factory=Tally)

    @property
    def measure(self) -> Measure:
        """The measure whose answers are read."""
        return self.plan.measure

    def read(self, item: Item, cells: pa.Array) -> tuple[Column, Bad]:
        """Return an item's answers, and the cells that are none.

        Parameters
        ----------
        cells : pyarrow.Array
            Whole numbers, decimals, text, yes/no (only for a yes/no item) or nothing but nulls.
        """
        bad = Bad()
        kind = cells.type
        if pa.types.is_dictionary(kind):
            cells = cells.dictionary_decode()
            kind = cells.type
        if pa.types.is_null(kind):
            return self._blank(len(cells)), bad
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_view(kind):
            return self._text(item, cells, bad), bad
        if pa.types.is_boolean(kind) and item.kind == "yes_no":
            cells = cells.cast(pa.int8())
        elif pa.types.is_decimal(kind) or pa.types.is_float16(kind) or pa.types.is_float32(kind):
            cells = cells.cast(pa.float64())
        elif not (pa.types.is_integer(kind) or pa.types.is_float64(kind)):
            bad.add(np.arange(len(cells), dtype=np.int64), ODD_TYPE)
            return self._blank(len(cells)), bad
        return self._numbers(cells), bad

    def _blank(self, rows: int) -> Column:
        dtype = np.int8 if self.plan.whole else np.float64
        return Column(np.zeros(rows, dtype=dtype), np.zeros(rows // 8 + 1, dtype=np.uint8))

    def _numbers(self, cells: pa.Array) -> Column:
        if self.missing:
            gone = pc.is_in(
                cells.cast(pa.float64()), value_set=pa.array(self.missing, pa.float64())
            )
            cells = pc.if_else(gone, pa.scalar(None, cells.type), cells)
        if not pa.types.is_int8(cells.type) and pa.types.is_integer(cells.type):
            ends = pc.min_max(cells).as_py()
            fits = ends["min"] is None or (ends["min"] >= -128 and ends["max"] <= 127)  # noqa: PLR2004 -- int8
            cells = cells.cast(pa.int8() if fits else pa.float64(), safe=False)
        if pa.types.is_int8(cells.type) and not self.plan.whole:
            cells = cells.cast(pa.float64())
        return _column(cells)

    def _text(self, item: Item, cells: pa.Array, bad: Bad) -> Column:
        coded = pc.utf8_trim(
            cells.cast(pa.large_string()), characters=" \t\r\n"
        ).dictionary_encode()
        words = coded.dictionary.to_pylist()
        labels = self._labels(item) if self.labels != "numbers" else {}
        numbers = np.full(len(words) + 1, np.nan)  # the last one is for null
        wrong: dict[str, list[int]] = {}
        for index, word in enumerate(words):
            number, what = self._cell(word, labels)
            numbers[index] = number
            if what:
                wrong.setdefault(what, []).append(index)
        codes = places(coded, missing=len(words))
        for what, indices in wrong.items():
            bad.add(np.flatnonzero(np.isin(codes, indices)).astype(np.int64), what)
        return self._from_floats(numbers[codes])

    def _cell(self, word: str, labels: dict[str, float]) -> tuple[float, str]:
        if not word:
            return math.nan, ""
        if self.labels != "text" and _NUMBER.fullmatch(word):
            number = float(word)
            return (math.nan if number in self.missing else number), ""
        if word.casefold() in labels:
            return labels[word.casefold()], ""
        return math.nan, self._wrong(word, labels)

    def _wrong(self, word: str, labels: dict[str, float]) -> str:
        """Return what is wrong with text that is no answer."""
        if self.labels == "text" and (_NUMBER.fullmatch(word) or _COMMA.fullmatch(word)):
            return ONLY_LABELS
        if _COMMA.fullmatch(word):
            return COMMA
        if labels:
            return UNKNOWN_LABEL if self.labels == "text" else NOT_A_LABEL
        return NOT_A_NUMBER if self.labels == "numbers" or self.bundle else NO_WORDING

    def _labels(self, item: Item) -> dict[str, float]:
        if self.bundle is None:
            return {}
        found: dict[str, set[float]] = {}
        for value, label in self.bundle.options.get(item.options, {}).items():
            found.setdefault(label.strip().casefold(), set()).add(float(value))
        return {label: values.pop() for label, values in found.items() if len(values) == 1}

    def _from_floats(self, values: npt.NDArray[np.float64]) -> Column:
        there = ~np.isnan(values)
        if self.plan.whole:
            filled = np.where(there, values, 0.0)
            if np.all((filled == np.floor(filled)) & (np.abs(filled) <= 127)):  # noqa: PLR2004 -- int8
                bits = None if there.all() else np.packbits(there, bitorder="little")
                return Column(filled.astype(np.int8), bits)
        return Column(values, None if there.all() else np.packbits(there, bitorder="little"))


def alike(columns: Sequence[Column]) -> list[Column]:
    """Return the columns with one dtype: int8 if all are, else float64."""
    if all(column.values.dtype == np.int8 for column in columns):
        return list(columns)
    return [
        Column(column.values.astype(np.float64), column.bits, column.bit_start)
        for column in columns
    ]


def off_scale(plan: Plan, index: int, column: Column) -> npt.NDArray[np.int64]:
    """Return the rows (from 0) whose answer the item does not permit. NaN is never permitted."""
    rules = plan.item_rules["float64"]
    values = column.values.astype(np.float64)
    there = np.ones(values.size, dtype=bool)
    if column.bits is not None:
        first = column.bit_start
        bits = np.unpackbits(column.bits[first >> 3 :], bitorder="little")
        there = bits[first & 7 : (first & 7) + values.size].astype(bool)
    low, high, step = rules.low[index], rules.high[index], rules.step[index]
    with np.errstate(invalid="ignore"):
        fits = (values >= low) & (values <= high)
        if step > 0:
            steps = (values - low) / step
            fits &= np.abs(steps - np.floor(steps + 0.5)) <= 1e-6  # noqa: PLR2004 -- as in the kernel
        elif step < 0:
            ends = rules.listed_starts
            fits &= np.isin(values, rules.listed[ends[index] : ends[index + 1]])
    return np.flatnonzero(there & ~fits).astype(np.int64)


def sentinel(values: npt.NDArray[Any]) -> float | None:
    """Return the number if every off-scale one is the same usual mark of a missing answer."""
    different = np.unique(values[~np.isnan(values)])
    if different.size == 1 and different[0] in _SENTINELS:
        return float(different[0])
    return None


def _is_view(kind: pa.DataType) -> bool:
    return bool(kind == pa.string_view())


def _column(cells: pa.Array) -> Column:
    bits, data = cells.buffers()[:2]
    dtype = np.dtype(np.int8 if pa.types.is_int8(cells.type) else np.float64)
    if data is None or not len(cells):
        return Column(np.zeros(len(cells), dtype=dtype))
    start = cells.offset
    values = np.frombuffer(data, dtype=dtype)[start : start + len(cells)]
    if bits is None or cells.null_count == 0:
        return Column(values)
    return Column(values, np.frombuffer(bits, dtype=np.uint8), start)
