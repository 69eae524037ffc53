# SPDX-License-Identifier: Apache-2.0
"""From true states to filled forms: whole-number answers, strain and repair, empty items.

The item ids and ranges repeat those of the project's own forms (``oac-c``, ``oac-t``); a test
compares them with the shipped definitions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attunement.simulate.settings import Settings

SCORED_ITEMS: tuple[str, ...] = ("1", "2", "3", "4", "5", "6", "7")
STRAIN_ITEM = "8"
REPAIR_ITEM = "8a"
MAXIMUM = 6
REPAIR_MAXIMUM = 4
MIN_ANSWERED = 6

# How much easier (+) or harder (-) each item is than the form as a whole; they add up to zero.
ITEM_OFFSETS = np.array([0.15, -0.25, 0.05, 0.0, 0.05, -0.15, 0.15])
# Which items a rupture's target pulls down most; each row adds up to zero.
TARGETS: tuple[str, ...] = ("goal", "task", "bond", "relationship")
TARGET_TILT = np.array(
    [
        [0.1, 0.1, 0.1, -0.6, 0.1, 0.1, 0.1],
        [0.16, 0.16, 0.16, 0.16, -0.4, -0.4, 0.16],
        [-0.4, -0.4, 0.16, 0.16, 0.16, 0.16, 0.16],
        [0.16, -0.4, 0.16, 0.16, 0.16, 0.16, -0.4],
    ]
)


@dataclass(frozen=True, slots=True)
class Moments:
    """What each form is about, one entry per form.

    ``noticed`` says whether this chair noticed the rupture; ``dip`` and ``repairing`` whether
    the session lies in a dip or is the one in which it was put right; ``target`` is a row of
    ``TARGETS`` or -1.
    """

    state: NDArray[np.float64]
    dip: NDArray[np.bool_]
    repairing: NDArray[np.bool_]
    noticed: NDArray[np.bool_]
    confrontation: NDArray[np.bool_]
    depth: NDArray[np.float64]
    target: NDArray[np.intp]
    uniform: NDArray[np.bool_]


def scored_answers(
    moments: Moments, settings: Settings, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return answers to the seven scored items, whole numbers from 0 to 6, NaN where empty."""
    n = len(moments.state)
    noise = rng.normal(0.0, 1.0, (n, len(SCORED_ITEMS))) * settings.item_sd
    tilt = np.where((moments.dip & (moments.target >= 0))[:, None], TARGET_TILT[moments.target], 0)
    spread = np.where(moments.uniform[:, None], 0.0, noise + tilt + ITEM_OFFSETS)
    answers = np.clip(np.floor(moments.state[:, None] + spread + 0.5), 0, MAXIMUM)
    answers[rng.random(answers.shape) < settings.item_skipped] = np.nan
    return answers


def strain_answers(
    moments: Moments, settings: Settings, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return strain (0–6) and repair (0–4, NaN where strain is 0 and the item is not shown)."""
    n = len(moments.state)
    strain = (rng.random(n) < settings.background_strain).astype(np.float64)
    repair = rng.integers(2, REPAIR_MAXIMUM + 1, n).astype(np.float64)
    dip = moments.dip & moments.noticed
    jolt = np.floor(1.2 * moments.depth + moments.confrontation + rng.normal(0.7, 0.6, n) + 0.5)
    strain[dip] = np.clip(jolt, 2, MAXIMUM)[dip]
    repair[dip] = rng.integers(0, 2, n)[dip]
    mended = moments.repairing & moments.noticed
    strain[mended] = rng.integers(1, 3, n)[mended]
    repair[mended] = rng.integers(3, REPAIR_MAXIMUM + 1, n)[mended]
    return strain, np.where(strain >= 1, repair, np.nan)


def totals(answers: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the mean of the answered items and their number; NaN below six answers of seven."""
    answered = np.isfinite(answers)
    n_answered = answered.sum(axis=1)
    added = np.where(answered, answers, 0.0).sum(axis=1)
    scores = np.full(len(answers), np.nan)
    np.divide(added, n_answered, out=scores, where=n_answered >= MIN_ANSWERED)
    return scores, n_answered.astype(np.int64)
