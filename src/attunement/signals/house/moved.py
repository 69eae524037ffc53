# SPDX-License-Identifier: Apache-2.0
"""Did anything get worse that people could see? Without that there is nothing to ask about.

A person who begins far from where the model has people looks, for a while, as if the scores had
fallen, though they have not moved. So a flag needs a score below the mean of the person's own
earlier ones, from either chair, a tick, or a form that did not come.
"""

from __future__ import annotations

import numpy as np

from attunement.signals.batch import Batch, BoolArray
from attunement.signals.series import FloatArray


def moved(batch: Batch, channels: frozenset[str]) -> BoolArray:
    """Return the rows in which something got worse, by the channels that are judged."""
    towards = 1.0 if batch.higher_is_better else -1.0
    given = batch.channels
    found = below_own_mean(towards * batch.values, batch)
    for name, values in (("therapist", given.therapist), ("prediction", given.prediction)):
        if name in channels and values is not None:
            found |= below_own_mean(towards * values, batch)
    if "strain" in channels and given.strain is not None:
        found |= np.nan_to_num(given.strain) > 0
    if "expected" in channels and given.expected is not None:
        found |= given.expected & np.isnan(batch.values)
    return found


def below_own_mean(values: FloatArray, batch: Batch) -> BoolArray:
    """Return where a score lies below the mean of the dyad's earlier ones."""
    there = ~np.isnan(values)
    known = np.where(there, values, 0.0)
    first = np.repeat(batch.starts[:-1], np.diff(batch.starts))
    total = np.concatenate(([0.0], np.cumsum(known)))
    count = np.concatenate(([0], np.cumsum(there)))
    rows = np.arange(values.size)
    earlier = (count[rows] - count[first]).astype(np.float64)
    mean = (total[rows] - total[first]) / np.maximum(earlier, 1.0)
    with np.errstate(invalid="ignore"):
        return np.asarray((earlier > 0) & (values < mean - batch.slack))
