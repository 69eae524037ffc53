# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
"""The one scoring rule: answers in columns to scores in columns.

Rows are taken in blocks that fit the first-level cache; inside a block each loop does one thing
to one item, which is what lets a compiler use wide registers. All arrays are flat; ``starts``
says where each item's column begins. The dtype of the answers (int8 or float64) and of the
running sums is the caller's choice; integers stay exact, so both give the same score.

A block's working memory is reached item by item first, ``mask[item][r]``, and nothing is filled by
a slice: so the same code runs on lists and memoryviews, which are many times faster than arrays
where there is one row (`one_row`).

All of it stays in one file: machine code that is kept on disk is known by the age of its own file,
and would not notice that a constant or a field has changed in another.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

# Rows that are worked on at a time: few enough for the answers of a dozen items to stay in the
# caches of one processor, enough for the cost of starting each loop not to show.
BLOCK = 4096
# Entries that a scale's table of results may have: 64 KiB, a small part of the second-level cache.
TABLE = 1 << 13

SUM, MEAN, WEIGHTED_MEAN = 0, 1, 2
CONTINUOUS, LISTED = 0.0, -1.0  # values of ItemRules.step that are not a step
STEP_TOLERANCE = 1e-6

# One validity byte (eight answers) as eight bytes of 0 or 1, in one 64-bit word.
_SPREAD = (
    np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    .reshape(-1)
    .view(np.uint64)
)

Array = npt.NDArray[Any]


class ItemRules(NamedTuple):
    """What each item permits. Arrays of length *items* unless said otherwise."""

    low: Array  # of the answers' dtype
    high: Array
    step: Array  # float64; CONTINUOUS, LISTED or the distance of two permitted answers
    listed: Array  # float64, flat: the permitted answers of LISTED items
    listed_starts: Array  # int64, items + 1
    counted: Array  # uint8: 1 where the item is in some scale
    control: Array  # int64: the item that decides whether this one is asked, or -1
    control_at: Array  # float64: asked when the control's raw answer is at least this
    order: Array  # int64: items in an order in which every control comes first


class ScaleRules(NamedTuple):
    """How each scale becomes one number. Arrays of length *scales* unless said otherwise."""

    starts: Array  # int64, scales + 1: where a scale's entries begin
    item: Array  # int64, one per entry
    base: Array  # one per entry: the keyed answer is base + slope * raw
    slope: Array
    code_base: Array  # base + span: what one answer adds to the position in the scale's table
    weight: Array  # float64, one per entry
    method: Array  # int64: SUM, MEAN or WEIGHTED_MEAN
    needed: Array  # int64: answers needed when every item was asked
    prorate: Array  # uint8
    multiplier: Array  # float64
    half_up: Array  # uint8
    skips: Array  # uint8: 1 where some item of the scale may not be asked
    digit: Array  # int64: the scale's place in the code of reasons; 0 where it has none
    coarse: Array  # uint8: 1 where the code says only that there is no score
    span: Array  # int64: how many sums are possible; 0 where results are not looked up
    lowest: Array  # int64: the lowest sum possible


class Tables(NamedTuple):
    """All results that scales can have, in the order of answers given, then of sums.

    A scale without skip logic and with small whole sums has few results, and looking one up is
    cheaper than dividing.
    """

    starts: Array  # int64, scales + 1: where a scale's results begin
    scores: Array  # float64; of length 0 to look nothing up
    why: Array  # int64, as long: what the result adds to the code of reasons


class Outputs(NamedTuple):
    """Where results go. ``scores`` is flat, one column of ``stride`` rows per scale."""

    scores: Array  # float64, NaN where there is no score
    stride: int
    n_answered: Array  # integer: counted items that were asked and answered
    why: Array  # int64 code of the reasons, or of length 0 to leave it out


class Scratch(NamedTuple):
    """Working memory of one block."""

    answers: Array  # (items, BLOCK), of the answers' dtype: raw, 0 where missing
    mask: Array  # uint8, (items, BLOCK): 1 where answered
    words: Array  # uint64, (items, BLOCK / 8): the same bytes
    shown: Array  # uint8, (items, BLOCK): 1 where asked
    sums: Array
    codes: Array  # uint16: position in a scale's table
    sizes: Array  # float64: sum of the weights of the answered items
    n: Array  # int16
    asked: Array  # int16
    off: Array  # uint8: 1 where some answer is not one that its item permits


def make_scratch(n_items: int, answers: npt.DTypeLike) -> Scratch:
    """Return working memory for ``n_items`` items with answers of a dtype, int8 or float64."""
    mask = np.zeros((n_items, BLOCK), dtype=np.uint8)
    sums = np.int16 if np.dtype(answers) == np.int8 else np.float64
    return Scratch(
        answers=np.zeros((n_items, BLOCK), dtype=answers),
        mask=mask,
        words=mask.view(np.uint64),
        shown=np.ones((n_items, BLOCK), dtype=np.uint8),
        sums=np.zeros(BLOCK, dtype=sums),
        codes=np.zeros(BLOCK, dtype=np.uint16),
        sizes=np.zeros(BLOCK, dtype=np.float64),
        n=np.zeros(BLOCK, dtype=np.int16),
        asked=np.zeros(BLOCK, dtype=np.int16),
        off=np.zeros(BLOCK, dtype=np.uint8),
    )


def one_row(n_items: int) -> Scratch:
    """Return working memory for one row and float64 answers, in Python's own containers."""
    words: Any = [memoryview(bytearray(8)).cast("Q") for _ in range(n_items)]
    answers: Any = [[0.0] for _ in range(n_items)]
    shown: Any = [[1] for _ in range(n_items)]
    single: list[Any] = [[0.0], [0], [0.0], [0], [0], [0]]
    mask: Any = [word.cast("B") for word in words]
    return Scratch(answers, mask, words, shown, *single)


def make_tables(scales: ScaleRules, *, empty: bool) -> Tables:
    """Return room for the results of ``scales``, to be filled; ``empty``: look nothing up."""
    sizes = scales.span * (np.diff(scales.starts) + 1) * (0 if empty else 1)
    starts = np.append(0, np.cumsum(sizes)).astype(np.int64)
    size = int(starts[-1])
    return Tables(starts, np.zeros(size, dtype=np.float64), np.zeros(size, dtype=np.int64))


def score_rows(
    values: Array,
    starts: Array,
    bits: Array,
    bit_starts: Array,
    rows: int,
    items: ItemRules,
    scales: ScaleRules,
    tables: Tables,
    outputs: Outputs,
    scratch: Scratch,
    nan_is_missing: bool,  # noqa: FBT001 -- a compiled function takes no keyword-only arguments
) -> int:
    """Score ``rows`` responses; return 1 if some answer is not one that its item permits, else 0.

    Parameters
    ----------
    values : array of int8 or float64
        Raw answers; item i of row r is ``values[starts[i] + r]``.
    bits : array of uint8
        Validity, one bit per answer, lowest bit first; item i of row r is bit
        ``bit_starts[i] + r``. ``bit_starts[i] < 0``: nothing is missing.
    tables : Tables
        Filled by ``tabulate``, or of length 0: then every score is worked out. Both give the same.
    nan_is_missing : bool
        Whether NaN means a missing answer (otherwise it is one that no item permits).

    Notes
    -----
    The result is written to ``outputs``. When 1 is returned, the rows with such answers hold
    numbers that mean nothing: the caller refuses them.
    """
    bad = 0
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        _clear(scratch.off, count)
        for item in range(len(starts)):
            raw = values[starts[item] + first : starts[item] + first + count]
            low, high = items.low[item], items.high[item]
            answers, mask = scratch.answers[item], scratch.mask[item]
            _read_validity(bits, bit_starts[item], first, count, scratch.words[item])
            if nan_is_missing:
                _drop_nan(raw, count, mask)
            _take_over(raw, count, low, high, answers, mask, scratch.off)
            if items.step[item] != CONTINUOUS:
                _check_steps(count, item, items, scratch)
        bad |= _any(scratch.off, count)
        _hide_unasked(count, items, scratch)
        _count_answers(items, scratch, count, outputs.n_answered[first : first + count])
        why = outputs.why[first : first + count] if len(outputs.why) > 0 else outputs.why
        _clear(why, len(why))
        for scale in range(len(scales.method)):
            at = scale * outputs.stride + first
            scores = outputs.scores[at : at + count]
            if len(tables.scores) > 0 and scales.span[scale]:
                _add_codes(count, scales, scale, scratch)
                _look_up(tables, scale, count, scratch, scores, why)
            else:
                _add_up(count, scales, scale, scratch)
                _finish(scales, scale, count, scratch, scores, why)
    return bad


def tabulate(scales: ScaleRules, tables: Tables, scratch: Scratch) -> None:
    """Fill ``tables``: give ``_finish`` every number of answers with every sum."""
    for scale in range(scales.method.size):
        span = scales.span[scale]
        n_items = scales.starts[scale + 1] - scales.starts[scale]
        scratch.asked[:span] = n_items
        for n in range(n_items + 1 if span else 0):
            scratch.n[:span] = n
            for k in range(span):
                scratch.sums[k] = scales.lowest[scale] + k
            at = tables.starts[scale] + n * span
            scores, why = tables.scores[at : at + span], tables.why[at : at + span]
            _finish(scales, scale, span, scratch, scores, why)


def _clear(numbers: Array, count: int) -> None:
    """Set the first ``count`` numbers to 0."""
    for r in range(count):
        numbers[r] = 0


def _read_validity(bits: Array, bit_start: int, first: int, count: int, words: Array) -> None:
    """Spread the validity bits of a block into one byte per answer."""
    n_words = (count + 7) // 8
    if bit_start < 0:
        for k in range(n_words):
            words[k] = _SPREAD[255]
        return
    shift = (bit_start + first) & 7
    part = bits[(bit_start + first) >> 3 :]
    if shift == 0:
        for k in range(n_words):
            words[k] = _SPREAD[part[k]]
        return
    for k in range(n_words):
        pair = np.int64(part[k])
        if shift + count > 8 * (k + 1):
            pair |= np.int64(part[k + 1]) << 8
        words[k] = _SPREAD[(pair >> shift) & 255]


def _drop_nan(raw: Array, count: int, mask: Array) -> None:
    """Take NaN, which alone differs from itself, for a missing answer."""
    for r in range(count):
        mask[r] = mask[r] if raw[r] == raw[r] else 0


def _take_over(
    raw: Array, count: int, low: float, high: float, answers: Array, mask: Array, off: Array
) -> None:
    """Keep the answers within the item's range and mark the others; NaN and infinity are others.

    They count as missing from here on, so that no sum is ever an impossible one.
    """
    for r in range(count):
        inside = (raw[r] >= low) & (raw[r] <= high)
        off[r] |= 0 if inside else mask[r]
        mask[r] = mask[r] if inside else 0
        answers[r] = raw[r] if mask[r] else 0


def _check_steps(count: int, item: int, items: ItemRules, scratch: Scratch) -> None:
    """Mark answers between two permitted ones, or not among the listed ones."""
    answers, mask, off = scratch.answers[item], scratch.mask[item], scratch.off
    low, step = items.low[item], items.step[item]
    if step > CONTINUOUS:
        for r in range(count):
            steps = (answers[r] - low) / step
            apart = abs(steps - np.floor(steps + 0.5))
            off[r] |= mask[r] if apart > STEP_TOLERANCE else 0
        return
    listed = items.listed[items.listed_starts[item] : items.listed_starts[item + 1]]
    for r in range(count):
        found = False
        for k in range(len(listed)):
            found |= answers[r] == listed[k]
        off[r] |= 0 if found else mask[r]


def _any(marks: Array, count: int) -> int:
    """Return 1 if some mark is set."""
    found = 0
    for r in range(count):
        found |= marks[r]
    return 1 if found else 0


def _hide_unasked(count: int, items: ItemRules, scratch: Scratch) -> None:
    """Apply skip logic: an item is asked when its control was asked, answered and high enough."""
    for item in items.order:
        control = items.control[item]
        if control < 0:
            continue
        at_least = items.control_at[item]
        answers, decides = scratch.answers[control], scratch.mask[control]
        mask, shown = scratch.mask[item], scratch.shown[item]
        for r in range(count):
            shown[r] = decides[r] if answers[r] >= at_least else 0
            mask[r] &= shown[r]


def _count_answers(items: ItemRules, scratch: Scratch, count: int, n_answered: Array) -> None:
    """Count the answered items of each row."""
    _clear(n_answered, count)
    for item in range(len(items.counted)):
        if items.counted[item]:
            mask = scratch.mask[item]
            for r in range(count):
                n_answered[r] += mask[r]


def _add_codes(count: int, scales: ScaleRules, scale: int, scratch: Scratch) -> None:
    """Find the position of each row's result: one step of ``span`` per answer, then the sum."""
    for r in range(count):
        scratch.codes[r] = -scales.lowest[scale]
    for entry in range(scales.starts[scale], scales.starts[scale + 1]):
        base, slope = scales.code_base[entry], scales.slope[entry]
        _add_item(count, scales.item[entry], base, slope, scratch, scratch.codes)


def _add_item(
    count: int, item: int, base: float, slope: float, scratch: Scratch, sums: Array
) -> None:
    """Add one item's keyed answers to the running sums."""
    answers, mask = scratch.answers[item], scratch.mask[item]
    for r in range(count):
        keyed = base + slope * answers[r]
        sums[r] += keyed if mask[r] else 0


def _look_up(
    tables: Tables, scale: int, count: int, scratch: Scratch, scores: Array, why: Array
) -> None:
    """Take scores and reasons from the scale's table."""
    codes = scratch.codes
    results = tables.scores[tables.starts[scale] : tables.starts[scale + 1]]
    for r in range(count):
        scores[r] = results[codes[r]]
    if len(why) > 0:
        reasons = tables.why[tables.starts[scale] : tables.starts[scale + 1]]
        for r in range(count):
            why[r] += reasons[codes[r]]


def _add_up(count: int, scales: ScaleRules, scale: int, scratch: Scratch) -> None:
    """Add the keyed answers of one scale, and count them."""
    n, sizes, asked = scratch.n, scratch.sizes, scratch.asked
    _clear(scratch.sums, count)
    _clear(n, count)
    n_items = scales.starts[scale + 1] - scales.starts[scale]
    for r in range(count):
        asked[r] = n_items
    if scales.method[scale] == WEIGHTED_MEAN:
        _clear(sizes, count)
    for entry in range(scales.starts[scale], scales.starts[scale + 1]):
        item = scales.item[entry]
        _add_item(count, item, scales.base[entry], scales.slope[entry], scratch, scratch.sums)
        mask = scratch.mask[item]
        for r in range(count):
            n[r] += mask[r]
        if scales.method[scale] == WEIGHTED_MEAN:
            for r in range(count):
                sizes[r] += scales.weight[entry] if mask[r] else 0.0
        if scales.skips[scale]:
            shown = scratch.shown[item]
            for r in range(count):
                asked[r] -= 1 - shown[r]


def _finish(
    scales: ScaleRules, scale: int, count: int, scratch: Scratch, scores: Array, why: Array
) -> None:
    """Turn sums into scores, and too few answers into a reason."""
    sums, n, asked, sizes = scratch.sums, scratch.n, scratch.asked, scratch.sizes
    n_items = scales.starts[scale + 1] - scales.starts[scale]
    may_miss = n_items - scales.needed[scale]
    method = scales.method[scale]
    prorate = method == SUM and scales.prorate[scale]
    multiplier = scales.multiplier[scale]
    for r in range(count):
        times = float(asked[r]) if prorate else 1.0
        by = float(max(n[r], 1)) if method == MEAN or prorate else 1.0
        if method == WEIGHTED_MEAN:
            by = sizes[r] if sizes[r] > 0.0 else 1.0
        value = float(sums[r]) * times / by * multiplier
        scores[r] = value if n[r] >= max(asked[r] - may_miss, 1) else np.nan
    if scales.half_up[scale]:
        for r in range(count):
            whole = np.floor(scores[r])
            scores[r] = whole + 1.0 if scores[r] - whole >= 0.5 else whole  # noqa: PLR2004 -- a half
    if len(why) > 0 and scales.digit[scale]:
        for r in range(count):
            code = 1 if scales.coarse[scale] else 1 + n[r] + (n_items + 1) * (n_items - asked[r])
            why[r] += scales.digit[scale] * code if n[r] < max(asked[r] - may_miss, 1) else 0
