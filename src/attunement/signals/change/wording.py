# SPDX-License-Identifier: Apache-2.0
"""How a statistic of reliable change came about, and where its limits lie, for people."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from attunement.signals.change.methods import Method, reliability_of_difference
from attunement.signals.change.sample import Sample
from attunement.signals.series import FloatArray

# id -> the formula, and the letters whose values are shown beside it
FORMULAS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "jacobson_truax": ("(post − pre) / (√2·SEM)", ("SEM",)),
    "gulliksen_lord_novick": (
        "[(post − M) − r·(pre − M)] / (S·√(1 − r²))",
        ("M", "S", "r"),
    ),
    "hsu_linn_lord": (
        "[(post − M₂) − r·(pre − M)] / (S·√(1 − r²))",
        ("M", "M₂", "S", "r"),
    ),
    "edwards_nunnally": ("(post − T) / SEM with T = M + r·(pre − M)", ("T", "M", "r", "SEM")),
    "nunnally_kotsch": (
        "(post − T) / √(r²S²(1 − r) + S²(1 − r₂)) with T = M + r·(pre − M)",
        ("T", "M", "S", "r", "r₂"),
    ),
    "hageman_arrindell": (
        "[(post − pre)·R + (M₂ − M)·(1 − R)] / (√R·√2·SEM)",
        ("R", "M", "M₂", "SEM"),
    ),
    "individual_growth": ("own slope / its standard error, from every occasion", ()),
    "growth_deviation": (
        "(own slope − the group's slope) / its standard error, from every occasion",
        (),
    ),
}

LETTERS: Mapping[str, str] = {
    "M": "mean at the first occasion",
    "M₂": "mean at the second",
    "S": "SD at the first occasion",
    "SEM": "standard error of measurement S·√(1 − r)",
    "r": "reliability",
    "r₂": "reliability at the second occasion",
    "T": "estimated true first score",
    "R": "reliability of the differences",
}


def formula_words(method: Method, pre: float, post: float, sample: Sample) -> str:
    """Return a method's formula and every number that went into it, in one line.

    Parameters
    ----------
    method : Method
    pre, post : float
        Both scores.
    sample : Sample
        What was used of the group and the measure.
    """
    formula, letters = FORMULAS[method.id]
    known = _letters(pre, sample)
    shown = [f"pre = {short(pre)}", f"post = {short(post)}"]
    shown += [f"{letter} = {short(known[letter])} ({LETTERS[letter]})" for letter in letters]
    return f"{formula}; {', '.join(shown)}"


def _letters(pre: float, sample: Sample) -> dict[str, float]:
    return {
        "M": sample.pre.mean,
        "M₂": sample.post.mean,
        "S": sample.pre.sd,
        "SEM": sample.error,
        "r": sample.reliability,
        "r₂": sample.reliability_post,
        "T": sample.pre.mean + sample.reliability * (pre - sample.pre.mean),
        "R": reliability_of_difference(sample),
    }


def unreliable_zone(
    method: Method, pre: FloatArray, sample: Sample
) -> tuple[FloatArray, FloatArray] | None:
    """Return the second scores between which a change is not reliable.

    Parameters
    ----------
    method : Method
    pre : numpy.ndarray
        First scores.
    sample : Sample

    Returns
    -------
    tuple of numpy.ndarray, or None
        Lower and upper limit for each first score, in the measure's units; None for a method that
        has no such limits (growth, or differences without any reliability).

    Notes
    -----
    Every statistic here is a straight line in the second score, so two of its values give it.
    """
    if method.statistic is None:
        return None
    at_zero = method.statistic(pre, np.zeros(pre.shape), sample)
    at_one = method.statistic(pre, np.ones(pre.shape), sample)
    if at_zero is None or at_one is None:
        return None
    slope = at_one - at_zero
    return (-method.critical - at_zero) / slope, (method.critical - at_zero) / slope


def short(value: float) -> str:
    """Write a number with at most three decimals, as people do."""
    if not math.isfinite(value):
        return "not known"
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")
