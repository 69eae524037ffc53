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
_WORSE: Final = 0.42  # of the range from the worse end: a mean below it is implausible
_FEWEST_DYADS: Final = 10
_FEWEST_CHANGES: Final = 60
_FACTOR: Final = 1.3
_LEVEL: Final = 5


def remarks(rows: Rows, question: Question) -> tuple[str, ...]:
    """Return what should be looked at before the flags are, and warn of it."""
    every = (_direction(rows), _noise(rows, question), _level(rows, question))
    found = [one for one in every if one is not None]
    for warning in found:
        warnings.warn(warning, stacklevel=_LEVEL)
    return tuple(str(warning) for warning in found)


def _direction(rows: Rows) -> DirectionWarning | None:
    """Doubt the direction where scores lie towards the worse end of the scale."""
    batch = rows.batch
    scores = batch.upward()
    scores = scores[~np.isnan(scores)]
    if scores.size < _FEWEST:
        return None
    share = float(np.mean(scores) - batch.minimum) / (batch.maximum - batch.minimum)
    if share >= _WORSE:
        return None
    said, other = ("better", "worse") if batch.higher_is_better else ("worse", "better")
    return DirectionWarning(
        f"The mean of the scores lies {100 * share:.0f} % up from the worse end of the scale if "
        f"higher is {said}. Is the direction right? Otherwise say higher_is='{other}', and see "
        "that scale= holds the ends of the form."
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


def _level(rows: Rows, question: Question) -> FitWarning | None:
    """Compare where people lie with where the model has them."""
    batch = rows.batch
    there = ~np.isnan(batch.values)
    person = batch.dyad_of_row()[there]
    counts = np.bincount(person, minlength=batch.n_dyads)
    own = np.bincount(person, weights=batch.values[there], minlength=batch.n_dyads)
    means = own[counts > 0] / counts[counts > 0]
    usual = question.archive
    if means.size < _FEWEST_DYADS or abs(float(means.mean()) - usual.mean) <= usual.between_sd:
        return None
    return FitWarning(
        f"These dyads lie at {float(means.mean()):.2g} on average; the model expects "
        f"{usual.mean:.2g}. The stated null rate does not hold then: give archive='learn', or a "
        "model learned from scores like these."
    )
