# SPDX-License-Identifier: Apache-2.0
"""Why there is no score, in words. Bulk scoring carries a code; here it becomes a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attunement.measures.schema import Scale
from attunement.scoring.plan import Plan


def reason_for(scale: Scale, *, n_answered: int, n_asked: int, needed: int) -> str:
    """Return why ``scale`` has no score when ``n_answered`` of ``n_asked`` items were answered.

    Parameters
    ----------
    needed : int
        Answers needed when every item was asked; items that were not asked lower it.
    """
    if n_asked == 0:
        return "not asked"
    least = max(n_asked - (len(scale.items) - needed), 1)
    return f"{n_answered} of {n_asked} answered, {least} needed"


def reasons_for(plan: Plan, codes: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Turn the kernel's codes into positions in a list of distinct sentences.

    Returns
    -------
    positions : array of int32
        -1 where every scale has a score.
    sentences : list of str
        ``"total: 6 of 9 answered, 7 needed; work: 2 of 3 answered, 3 needed"``.
    """
    top = int(np.prod([float(radix) for radix in plan.radices]) if plan.radices else 1.0)
    if top <= 1 << 16:
        seen = np.flatnonzero(np.bincount(codes, minlength=1))
        table = np.full(int(seen[-1]) + 1 if seen.size else 1, -1, dtype=np.int32)
        table[seen] = np.arange(seen.size, dtype=np.int32)
        positions = table[codes] if codes.size else np.zeros(0, dtype=np.int32)
    else:
        seen, inverse = np.unique(codes, return_inverse=True)
        positions = inverse.astype(np.int32)
    if seen.size and seen[0] == 0:  # code 0, everything scored, sorts first
        positions = positions - np.int32(1)
        seen = seen[1:]
    return positions, [_sentence(plan, int(code)) for code in seen]


def _sentence(plan: Plan, code: int) -> str:
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
            scale, n_answered=n_answered, n_asked=n_items - unasked, needed=plan.needed[index]
        )
        parts.append(f"{scale.id}: {words}")
    return "; ".join(parts)
