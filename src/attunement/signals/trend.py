# SPDX-License-Identifier: Apache-2.0
"""Whether a series moves in one direction: a rule that compares with a level is nearly blind there.

The estimate is the least-squares line over the order of the scores, in units of what chance alone
would give it (see `attunement.signals.noise`): standard normal for a stable person.
"""

from __future__ import annotations

import numpy as np

from attunement.signals.archive import Archive
from attunement.signals.noise import slope_score
from attunement.signals.series import Series

FEWEST_SCORES = 5


def steady_change(series: Series, *, archive: Archive) -> float | None:
    """Return how clearly a series moves in one direction.

    Parameters
    ----------
    series : Series
        One chair's scores.
    archive : Archive
        What is usual: its noise and memory say what chance alone would do.

    Returns
    -------
    float or None
        The slope over the order of the scores, divided by its chance spread; above 0 where the
        scores rise, in the measure's own units. About 5 in 100 stable series are beyond ±1.96.
        None for fewer than five scores or where there is no noise to compare with.
    """
    scores = np.array([value for value in series.values if value is not None])
    noise = max(archive.within_sd, 0.5 * series.step)
    if scores.size < FEWEST_SCORES or noise <= 0:
        return None
    return slope_score(scores, noise, archive.autocorrelation)
