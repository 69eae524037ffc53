# SPDX-License-Identifier: Apache-2.0
"""From simulated matrices to a batch and back, for the benches of the house rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attunement.signals.batch import Batch, Channels
from attunement.signals.house import CHANNELS
from attunement.simulate.series import Course, CourseScores


def batch_of(scores: CourseScores, course: Course, channels: frozenset[str] = frozenset()) -> Batch:
    """Return a batch with the named channels."""
    n, length = scores.client.shape
    given = {
        "therapist": scores.therapist.ravel(),
        "prediction": scores.prediction.ravel(),
        "strain": scores.strain.ravel(),
        "expected": np.ones(n * length, dtype=np.bool_),
    }
    return Batch(
        scores.client.ravel(),
        np.tile(np.arange(1, length + 1), n),
        np.arange(0, n * length + 1, length),
        course.minimum,
        course.maximum,
        course.step,
        higher_is_better=True,
        channels=Channels(**{name: given[name] for name in CHANNELS if name in channels}),
    )


def highest(statistic: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each dyad's highest statistic; NaN counts as never."""
    return np.where(np.isnan(statistic), -np.inf, statistic).max(axis=1)
