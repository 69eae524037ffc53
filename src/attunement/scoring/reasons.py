# SPDX-License-Identifier: Apache-2.0
"""Why there is no score, in words. Bulk scoring carries a code; here it becomes a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from attunement.measures.schema import Scale
from attunement.scoring.plan import Plan

NOT_ASKED: Final = "not asked"
NOT_ASKED_UNUSED: Final = "not asked, its answer was left out"


def reason_for(
    scale: Scale, *, n_answered: int, n_asked: int, needed: int, unused: bool = False
) -> str:
    """Return why ``scale`` has no score when ``n_answered`` of ``n_asked`` items were answered.

    Parameters
    ----------
    needed : int
        Answers needed when every item was asked; items that were not asked lower it.
    unused : bool
        Whether an item that was not asked has an answer all the same.
    """
    if n_asked == 0:
        return NOT_ASKED_UNUSED if unused else NOT_ASKED
    least = max(n_asked - (len(scale.items) - needed), 1)
    return f"{n_answered} of {n_asked} answered, {least} needed"


def reasons_for(
    plan: Plan,
    codes: npt.NDArray[Any],
    unused: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Turn the kernel's codes into positions in a list of distinct sentences.

    Parameters
    ----------
    codes : array of integers
        One per row.
    unused : mapping of str to array of bool, optional
        By item, the rows with an answer to what was not asked; see ``noticed.unused_answers``.

    Returns
    -------
    positions : array of int32
        -1 where every scale has a score.
    sentences : list of str
        ``"total: 6 of 9 answered, 7 needed; work: 2 of 3 answered, 3 needed"``.
    """
    top = int(np.prod([float(radix) for radix in plan.radices]) if plan.radices else 1.0)
    small = top <= 1 << 16
    if small:
        seen = np.flatnonzero(np.bincount(codes, minlength=1)) if codes.size else codes
    else:
        seen, inverse = np.unique(codes, return_inverse=True)
    scored = int(seen.size > 0 and seen[0] == 0)  # code 0, everything scored, sorts first
    places = np.arange(seen.size, dtype=np.int32) - np.int32(scored)
    if small:
        table = np.zeros(top, dtype=np.int32)
        table[seen] = places
        positions = table.take(codes, mode="clip")  # faster than indexing; no code is clipped
    else:
        positions = places[inverse]
    seen = seen[scored:]
    sentences = [_sentence(plan, int(code)) for code in seen]
    if unused:
        _say_unused(plan, codes, unused, positions, sentences)
    return positions, sentences


def _say_unused(
    plan: Plan,
    codes: npt.NDArray[Any],
    unused: Mapping[str, npt.NDArray[np.bool_]],
    positions: npt.NDArray[np.int32],
    sentences: list[str],
) -> None:
    """Give the rows whose reason is other for an unused answer their own sentence, in place."""
    rows = np.flatnonzero(np.logical_or.reduce(list(unused.values())))
    kind = positions[rows].astype(np.int64) + 1
    for held in unused.values():
        kind = _numbered(kind * 2 + held[rows])
    first = np.zeros(int(kind.max()) + 1, dtype=np.int64)
    first[kind] = rows  # any row of a kind will do
    at = np.array(
        [_place_of(plan, codes, unused, int(row), sentences) for row in first], dtype=np.int32
    )
    positions[rows] = at[kind]


def _place_of(
    plan: Plan,
    codes: npt.NDArray[Any],
    unused: Mapping[str, npt.NDArray[np.bool_]],
    row: int,
    sentences: list[str],
) -> int:
    """Return where the sentence of one row stands, adding it if it is new; -1 for none."""
    if not codes[row]:
        return -1
    held = [item for item, rows in unused.items() if rows[row]]
    sentence = _sentence(plan, int(codes[row]), held)
    if sentence not in sentences:
        sentences.append(sentence)
    return sentences.index(sentence)


def _numbered(kind: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the same distinctions in numbers from 0 on, so that they stay small."""
    if int(kind.max()) < 1 << 20:
        seen = np.bincount(kind) > 0
        return (np.cumsum(seen) - 1)[kind].astype(np.int64)
    return np.unique(kind, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _sentence(plan: Plan, code: int, unused: Collection[str] = ()) -> str:
    parts = []
    for index, scale in enumerate(plan.scales):
        code, digit = divmod(code, plan.radices[index])
        if digit == 0:
            continue
        n_items = len(scale.items)
        if plan.coarse[index]:
            parts.append(f"{scale.id}: fewer than {plan.needed[index]} of {n_items} answered")
            continue
        unasked, n_answered = divmod(digit - 1, n_items + 1)
        words = reason_for(
            scale,
            n_answered=n_answered,
            n_asked=n_items - unasked,
            needed=plan.needed[index],
            unused=any(item in unused for item in scale.items),
        )
        parts.append(f"{scale.id}: {words}")
    return "; ".join(parts)
