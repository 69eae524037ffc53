# SPDX-License-Identifier: Apache-2.0
"""Do these scores look like what was said of them? The direction, and the usual noise."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np

from attunement.frames.ruptures_errors import DirectionWarning, FitWarning
from attunement.frames.ruptures_request import Question
from attunement.frames.ruptures_rows import Rows

_FEWEST: Final = 20  # fewer scores say nothing of a table
_WORST: Final = 0.25  # of the range, at the worse end
_MOST: Final = 0.5  # more than this share of the scores there is implausible
_FEWEST_CHANGES: Final = 60
_FACTOR: Final = 1.5
_LEVEL: Final = 5


def remarks(rows: Rows, question: Question) -> tuple[str, ...]:
    """Return what should be looked at before the flags are, and warn of it."""
    found = [one for one in (_direction(rows), _noise(rows, question)) if one is not None]
    for warning in found:
        warnings.warn(warning, stacklevel=_LEVEL)
    return tuple(str(warning) for warning in found)


def _direction(rows: Rows) -> DirectionWarning | None:
    """Doubt the direction where most scores lie in the worst quarter of the scale."""
    batch = rows.batch
    scores = batch.upward()
    scores = scores[~np.isnan(scores)]
    if scores.size < _FEWEST:
        return None
    share = (scores - batch.minimum) / (batch.maximum - batch.minimum)
    worst = float(np.mean(share <= _WORST))
    if worst <= _MOST:
        return None
    said, other = ("better", "worse") if batch.higher_is_better else ("worse", "better")
    return DirectionWarning(
        f"{100 * worst:.0f} % of the scores lie in the worst quarter of the scale if higher is "
        f"{said}. Is the direction right? Otherwise say higher_is='{other}', and see that scale= "
        "holds the ends of the form."
    )


def _noise(rows: Rows, question: Question) -> FitWarning | None:
    """Compare the usual change between neighbouring scores with the one that is assumed."""
    batch = rows.batch
    change = np.diff(batch.values)
    inner = np.ones(change.size, np.bool_)
    starts = batch.starts[1:-1]
    inner[starts[(starts > 0) & (starts <= change.size)] - 1] = False
    change = change[inner & ~np.isnan(change)]
    if change.size < _FEWEST_CHANGES:
        return None
    own = float(np.sqrt(np.mean(change**2)))
    usual = question.archive.usual_change(batch.step)
    if own <= 0 or usual <= 0 or 1 / _FACTOR <= own / usual <= _FACTOR:
        return None
    return FitWarning(
        f"From one session to the next these scores change by {own:.2g} points (root mean "
        f"square); the model expects {usual:.2g}. The stated null rate does not hold then: give "
        "archive='learn', or a model learned from scores like these."
    )
