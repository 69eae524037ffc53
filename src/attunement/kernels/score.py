# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
"""The one scoring rule: answers in columns to scores in columns.

Rows are taken in blocks that fit the first-level cache; inside a block each loop does one thing
to one item, which is what lets a compiler use wide registers. All arrays are flat; ``starts``
says where each item's column begins. The dtype of the answers (int8 or float64) and of the
running sums is the caller's choice; integers stay exact, so both give the same score.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

BLOCK = 2048
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
    weight: Array  # float64, one per entry
    method: Array  # int64: SUM, MEAN or WEIGHTED_MEAN
    needed: Array  # int64: answers needed when every item was asked
    prorate: Array  # uint8
    multiplier: Array  # float64
    half_up: Array  # uint8
    skips: Array  # uint8: 1 where some item of the scale may not be asked
    digit: Array  # int64: the scale's place in the code of reasons; 0 where it has none
    coarse: Array  # uint8: 1 where the code says only that there is no score


class Outputs(NamedTuple):
    """Where results go. ``scores`` is flat, one column of ``stride`` rows per scale."""

    scores: Array  # float64, NaN where there is no score
    stride: int
    n_answered: Array  # integer: counted items that were asked and answered
    why: Array  # int64 code of the reasons, or of length 0 to leave it out


class Scratch(NamedTuple):
    """Working memory of one block."""

    mask: Array  # uint8, items * BLOCK: 1 where answered
    words: Array  # the same bytes as uint64
    shown: Array  # uint8, items * BLOCK: 1 where asked
    sums: Array
    sizes: Array  # float64: sum of the weights of the answered items
    n: Array  # int16
    asked: Array  # int16
    off: Array  # uint8: 1 where some answer is not one that its item permits


def make_scratch(n_items: int, sums: npt.DTypeLike) -> Scratch:
    """Return working memory for a measure of ``n_items`` items; ``sums`` is the sums' dtype."""
    mask = np.zeros(n_items * BLOCK, dtype=np.uint8)
    return Scratch(
        mask=mask,
        words=mask.view(np.uint64),
        shown=np.ones(n_items * BLOCK, dtype=np.uint8),
        sums=np.zeros(BLOCK, dtype=sums),
        sizes=np.zeros(BLOCK, dtype=np.float64),
        n=np.zeros(BLOCK, dtype=np.int16),
        asked=np.zeros(BLOCK, dtype=np.int16),
        off=np.zeros(BLOCK, dtype=np.uint8),
    )


def score_rows(
    values: Array,
    starts: Array,
    bits: Array,
    bit_starts: Array,
    rows: int,
    items: ItemRules,
    scales: ScaleRules,
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
        scratch.off[:] = 0
        for item in range(starts.size):
            at = item * BLOCK
            mask = scratch.mask[at : at + BLOCK]
            words = scratch.words[at // 8 : (at + BLOCK) // 8]
            _read_validity(bits, bit_starts[item], first, count, words)
            raw = values[starts[item] + first : starts[item] + first + count]
            if nan_is_missing:
                _drop_nan(raw, mask, count)
            _off_range(raw, mask, count, items.low[item], items.high[item], scratch.off)
            if items.step[item] > CONTINUOUS:
                step = items.step[item]
                _off_step(raw, mask, count, items.low[item], step, scratch.off)
            elif items.step[item] == LISTED:
                listed = items.listed[items.listed_starts[item] : items.listed_starts[item + 1]]
                _off_list(raw, mask, count, listed, scratch.off)
        bad |= _any(scratch.off, count)
        _hide_unasked(values, starts, first, count, items, scratch)
        _count_answers(items, scratch, count, outputs.n_answered[first : first + count])
        why = outputs.why[first : first + count] if outputs.why.size else outputs.why
        why[:] = 0
        for scale in range(scales.method.size):
            _add_up(values, starts, first, count, scales, scale, scratch)
            at = scale * outputs.stride + first
            _finish(scales, scale, count, scratch, outputs.scores[at : at + count], why)
    return bad


def _read_validity(bits: Array, bit_start: int, first: int, count: int, words: Array) -> None:
    """Spread the validity bits of a block into one byte per answer."""
    n_words = (count + 7) // 8
    if bit_start < 0:
        for k in range(n_words):
            words[k] = _SPREAD[255]
        return
    byte = (bit_start + first) >> 3
    shift = (bit_start + first) & 7
    if shift == 0:
        for k in range(n_words):
            words[k] = _SPREAD[bits[byte + k]]
        return
    for k in range(n_words):
        pair = np.int64(bits[byte + k])
        if byte + k + 1 < bits.size:
            pair |= np.int64(bits[byte + k + 1]) << 8
        words[k] = _SPREAD[(pair >> shift) & 255]


def _drop_nan(raw: Array, mask: Array, count: int) -> None:
    """Take NaN, which alone differs from itself, for a missing answer."""
    for r in range(count):
        mask[r] = mask[r] if raw[r] == raw[r] else 0


def _off_range(raw: Array, mask: Array, count: int, low: float, high: float, off: Array) -> None:
    """Mark answers outside their item's range (NaN and infinity are)."""
    for r in range(count):
        inside = (raw[r] >= low) & (raw[r] <= high)
        off[r] |= 0 if inside else mask[r]


def _off_step(raw: Array, mask: Array, count: int, low: float, step: float, off: Array) -> None:
    """Mark answers between two permitted ones."""
    for r in range(count):
        steps = (raw[r] - low) / step
        apart = abs(steps - np.floor(steps + 0.5))
        off[r] |= mask[r] if apart > STEP_TOLERANCE else 0


def _off_list(raw: Array, mask: Array, count: int, listed: Array, off: Array) -> None:
    """Mark answers that are not among the listed ones."""
    for r in range(count):
        found = False
        for k in range(listed.size):
            found |= raw[r] == listed[k]
        off[r] |= 0 if found else mask[r]


def _any(marks: Array, count: int) -> int:
    """Return 1 if some mark is set."""
    found = 0
    for r in range(count):
        found |= marks[r]
    return 1 if found else 0


def _hide_unasked(
    values: Array, starts: Array, first: int, count: int, items: ItemRules, scratch: Scratch
) -> None:
    """Apply skip logic: an item is asked when its control was asked, answered and high enough."""
    for item in items.order:
        control = items.control[item]
        if control < 0:
            continue
        mask = scratch.mask[item * BLOCK : item * BLOCK + count]
        shown = scratch.shown[item * BLOCK : item * BLOCK + count]
        control_mask = scratch.mask[control * BLOCK : control * BLOCK + count]
        raw = values[starts[control] + first : starts[control] + first + count]
        at_least = items.control_at[item]
        for r in range(count):
            shown[r] = control_mask[r] if raw[r] >= at_least else 0
            mask[r] &= shown[r]


def _count_answers(items: ItemRules, scratch: Scratch, count: int, n_answered: Array) -> None:
    """Count the answered items of each row."""
    n_answered[:] = 0
    for item in range(items.counted.size):
        if items.counted[item]:
            mask = scratch.mask[item * BLOCK : item * BLOCK + count]
            for r in range(count):
                n_answered[r] += mask[r]


def _add_up(
    values: Array,
    starts: Array,
    first: int,
    count: int,
    scales: ScaleRules,
    scale: int,
    scratch: Scratch,
) -> None:
    """Add the keyed answers of one scale, and count them."""
    sums, n, sizes, asked = scratch.sums, scratch.n, scratch.sizes, scratch.asked
    sums[:count] = 0
    n[:count] = 0
    asked[:count] = scales.starts[scale + 1] - scales.starts[scale]
    if scales.method[scale] == WEIGHTED_MEAN:
        sizes[:count] = 0.0
    for entry in range(scales.starts[scale], scales.starts[scale + 1]):
        item = scales.item[entry]
        mask = scratch.mask[item * BLOCK : item * BLOCK + count]
        raw = values[starts[item] + first : starts[item] + first + count]
        _add_item(raw, mask, count, scales.base[entry], scales.slope[entry], sums, n)
        if scales.method[scale] == WEIGHTED_MEAN:
            for r in range(count):
                sizes[r] += scales.weight[entry] if mask[r] else 0.0
        if scales.skips[scale]:
            shown = scratch.shown[item * BLOCK : item * BLOCK + count]
            for r in range(count):
                asked[r] -= 1 - shown[r]


def _add_item(
    raw: Array, mask: Array, count: int, base: float, slope: float, sums: Array, n: Array
) -> None:
    """Add one item's keyed answers to the running sums."""
    for r in range(count):
        keyed = base + slope * raw[r]
        sums[r] += keyed if mask[r] else 0
        n[r] += mask[r]


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
    if why.size and scales.digit[scale]:
        for r in range(count):
            code = 1 if scales.coarse[scale] else 1 + n[r] + (n_items + 1) * (n_items - asked[r])
            why[r] += scales.digit[scale] * code if n[r] < max(asked[r] - may_miss, 1) else 0
