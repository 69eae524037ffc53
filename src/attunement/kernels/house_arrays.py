# SPDX-License-Identifier: Apache-2.0
"""The arrays of the house rule's filter: the model's numbers, results, and working memory.

All are flat: where a comment names several lengths, the numbers stand in that order, one row after
the other. The kernel indexes and counts, so that lists of Python's own numbers do as well.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Numbers(NamedTuple):
    """The model in flat arrays; scores on the higher-is-better axis, in the measure's units."""

    chairs: Array  # (scales + 2, 6): level, between, slope, slope SD, noise, memory of each filter
    log_share: Array  # (scales,): log of the share of people at each size of noise
    extra: Array  # (2,) int64: whether the therapist's rating, the prediction are judged
    inverse: Array  # (8, 3, 3): inverse correlations of what is there; bit 0 client, 1, 2 chairs
    depths: Array  # (3,): by how much client, therapist and prediction fall, in points
    log_noticed: Array  # (2,): log of the share of ruptures not noticed, noticed by the therapist
    lengths: Array  # (kinds,): sessions until the full depth
    lasting: Array  # (kinds,): sessions until all is as before; infinite: it stays
    each_row: Array  # (1,) int64: 0 to sum up only at a dyad's last row
    log_weights: Array  # (kinds, forms): "since this form", "since the form before" …
    strain: (
        Array  # (3,): usual rate, weight of that rate in sessions, log odds of a tick in a rupture
    )
    missed: Array  # (3,): the same of a form missed in the session after
    scale: Array  # (3,): minimum, maximum, step


class Outputs(NamedTuple):
    """Where results go; one entry per row, and ``log_likelihood`` one per dyad."""

    statistic: Array  # log of the weighted likelihood ratio; NaN where there is nothing to judge
    expected: Array  # what the filter expected of the client before this score
    innovation: Array  # (rows, 3): standardised surprises of the three chairs, NaN at the ends
    n_used: Array  # int32: earlier client scores
    log_likelihood: Array


class Scratch(NamedTuple):
    """Working memory of one thread."""

    state: Array  # (filters, 9)
    seen: Array  # (filters, 6): see CODE …
    offset: Array  # (filters, 3, hypotheses): what a hypothesis adds to a filter's means
    less: Array  # (filters, hypotheses): by how much it expects less, in SDs of the surprise
    end: Array  # (filters, hypotheses): log likelihood ratio of a score at an end of the scale
    ratio: Array  # (2, scales, hypotheses): log likelihood ratios, not noticed and noticed
    onset: Array  # (forms,) int64: session of the onset
    share: Array  # (hypotheses,): share of the full depth in this row
    weight: Array  # (hypotheses,): log weight in this row
    said: Array  # (hypotheses,): what the strain tick and a missed form say
    likelihood: Array  # (scales,): log likelihood of each size of noise, without a rupture
    habits: Array  # (2, 2): ticks and sessions asked; forms missed and forms due


def make_scratch(numbers: Numbers) -> Scratch:
    """Return working memory for a model, in arrays."""
    onset = Scratch._fields.index("onset")
    return Scratch(
        *(
            np.zeros(size, dtype=np.int64 if at == onset else np.float64)
            for at, size in enumerate(_sizes(numbers))
        )
    )


def make_lists(numbers: Numbers) -> Scratch:
    """Return working memory for a model, in lists: for the kernel as it stands."""
    zero: Any = [0.0]
    made = Scratch(*[zero * size for size in _sizes(numbers)])
    none: Any = [0] * len(made.onset)
    return made._replace(onset=none)


def _sizes(numbers: Numbers) -> Scratch:
    """Return how many numbers each part of the working memory holds."""
    filters, many = len(numbers.chairs) // 6, len(numbers.log_weights)
    sizes: dict[str, Any] = {
        "state": filters * 9,
        "seen": filters * 6,
        "offset": filters * 3 * many,
        "less": filters * many,
        "end": filters * many,
        "ratio": 2 * (filters - 2) * many,
        "onset": many // max(len(numbers.lengths), 1),
        "share": many,
        "weight": many,
        "said": many,
        "likelihood": filters - 2,
        "habits": 4,
    }
    return Scratch(**sizes)
