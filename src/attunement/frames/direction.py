# SPDX-License-Identifier: Apache-2.0
"""Which end of a scale is better, and whether the scores move as if that were so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attunement.errors import AttunementError
from attunement.signals.series import FloatArray

ALARMING = 0.2  # standard deviations: how far the wrong way scores may move before it is said
_FEWEST = 5  # fewer people say nothing about a direction
WORDS = ("better", "worse")

Refusal = Callable[..., AttunementError]


def lower_is_better(
    lower_is: str | None, higher_is: str | None, *, refusal: Refusal, unclear: str, unknown: str
) -> bool | None:
    """Return whether lower is better; None where nobody said.

    Parameters
    ----------
    lower_is, higher_is : {"better", "worse"}, optional
    refusal : callable
        The error of whoever asks.
    unclear, unknown : str
        Its codes for two words that contradict each other, and for another word.
    """
    said = set()
    for name, word, better in (("lower_is", lower_is, True), ("higher_is", higher_is, False)):
        if word is None:
            continue
        if word not in WORDS:
            raise refusal(
                unknown,
                what=f"{name}= has a value that is not offered",
                got=repr(word),
                expected=", ".join(WORDS),
                next_step="Choose one of these",
            )
        said.add(better == (word == "better"))
    if len(said) > 1:
        raise refusal(
            unclear,
            what="lower_is and higher_is contradict each other",
            expected="one of the two",
            next_step="Say lower_is='better' for symptoms",
        )
    return said.pop() if said else None


def wrong_way(first: FloatArray, last: FloatArray, *, lower: bool) -> float:
    """Return how far scores move for the worse from first to last, in standard deviations.

    0 unless the mean change is for the worse by more than two standard errors.

    Parameters
    ----------
    first, last : numpy.ndarray, shape (people,)
        NaN where there is none.
    lower : bool
        Whether lower is better.
    """
    change = (first - last) * (1.0 if lower else -1.0)
    change = change[~np.isnan(change)]
    spread = float(np.nanstd(first)) if first.size and not np.isnan(first).all() else 0.0
    if change.size < _FEWEST or spread == 0.0:
        return 0.0
    error = float(change.std(ddof=1)) / float(np.sqrt(change.size))
    mean = float(change.mean())
    return -mean / spread if mean < -2.0 * error else 0.0
