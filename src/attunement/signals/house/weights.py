# SPDX-License-Identifier: Apache-2.0
"""How much each hypothesis of a rupture counts.

A weight is a share of the bar that all hypotheses must clear together. A one-session dip shows once
and needs a low bar; longer ruptures show again and again and can afford a high one. The numbers
were found by search over simulations, so that the lowest ratio of the rule's hit rate to that of an
oracle, over one-session and three-session dips, steps and slow declines, is as high as it can be;
see ADR 0017. They differ with the memory of a person's noise, between two that were searched.
"""

from __future__ import annotations

import numpy as np

from attunement.signals.series import FloatArray

LENGTHS = (1.0, 6.0, 10.0)  # sessions in which a fall reaches its full depth
FORMS = 12
_GROUPS = (  # length, forms since the beginning: first and last
    (0, 0, 0),
    (0, 1, 1),
    (0, 2, 2),
    (0, 3, 4),
    (0, 5, 11),
    (1, 0, 1),
    (1, 2, 2),
    (1, 3, 4),
    (1, 5, 11),
    (2, 2, 5),
    (2, 6, 11),
)
_MEMORIES = (0.2, 0.5)
_LOGS = (
    (0.0, -5.09, -1.04, -2.74, -1.38, -6.13, -1.06, -2.49, -4.34, -5.78, -1.83),
    (0.0, -4.27, -1.64, -2.67, -1.39, -4.79, -0.64, -0.87, -2.76, -4.95, -1.83),
)
_NONE = 1e-9


def hypothesis_weights(memory: float) -> FloatArray:
    """Return the weights for a memory of the noise, shape (lengths, forms); they add up to 1."""
    low, high = _MEMORIES
    part = min(max((memory - low) / (high - low), 0.0), 1.0)
    weights = np.full((len(LENGTHS), FORMS), _NONE)
    for (length, first, last), one, other in zip(_GROUPS, *_LOGS, strict=True):
        weights[length, first : last + 1] = np.exp((1.0 - part) * one + part * other)
    return np.asarray(weights / weights.sum())
