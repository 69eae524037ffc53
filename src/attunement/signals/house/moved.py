# SPDX-License-Identifier: Apache-2.0
"""Did anything get worse that people could see? Without that there is nothing to ask about.

A person who begins far from where the model has people looks, for a while, as if the scores had
fallen, though they have not moved. So a flag needs a score below the mean of the person's own
earlier ones, from either chair, a tick, or a form that did not come.
"""

from __future__ import annotations

import numpy as np

from attunement.signals.batch import Batch, BoolArray, IntArray
from attunement.signals.series import FloatArray


def moved(batch: Batch, channels: frozenset[str]) -> BoolArray:
    """Return the rows in which something got worse, by the channels that are judged."""
    towards = 1.0 if batch.higher_is_better else -1.0
    given = batch.channels
    first = _first_rows(batch)
    found = _below(towards * batch.values, batch, first)
    for name, values in (("therapist", given.therapist), ("prediction", given.prediction)):
        if name in channels and values is not None:
            found |= _below(towards * values, batch, first)
    if "strain" in channels and given.strain is not None:
        found |= given.strain > 0  # NaN, an item that was left out, is not
    if "expected" in channels and given.expected is not None:
        found |= given.expected & np.isnan(batch.values)
    return found


def below_own_mean(values: FloatArray, batch: Batch) -> BoolArray:
    """Return where a score lies below the mean of the dyad's earlier ones."""
    return _below(values, batch, _first_rows(batch))


def _first_rows(batch: Batch) -> IntArray:
    """Return the first row of each row's dyad; one for all rows where there is one dyad."""
    if batch.n_dyads == 1:
        return np.zeros(1, dtype=np.int64)
    return np.repeat(batch.starts[:-1], np.diff(batch.starts))


def _below(values: FloatArray, batch: Batch, first: IntArray) -> BoolArray:
    there = ~np.isnan(values)
    total = np.zeros(values.size + 1)
    count = np.zeros(values.size + 1, dtype=np.int64)
    np.where(there, values, 0.0).cumsum(out=total[1:])
    there.cumsum(out=count[1:])
    earlier = (count[:-1] - count[first]).astype(np.float64)
    mean = (total[:-1] - total[first]) / np.maximum(earlier, 1.0)
    with np.errstate(invalid="ignore"):
        return np.asarray((earlier > 0) & (values < mean - batch.slack))
