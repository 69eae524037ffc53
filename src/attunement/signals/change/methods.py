# SPDX-License-Identifier: Apache-2.0
"""The statistics of reliable change: each asks by how much a change exceeds chance.

They disagree, which is why they are shown side by side. With M and S the mean and SD at the first
occasion, r the reliability, SEM = S·√(1 − r):

* Jacobson–Truax: (post − pre) / (√2·SEM)
* Gulliksen–Lord–Novick: [(post − M) − r(pre − M)] / (S·√(1 − r²))
* Hsu–Linn–Lord: the same with post about *its own* mean, so that it asks for more (or less) change
  than the group's
* Edwards–Nunnally: [post − (r(pre − M) + M)] / SEM
* Nunnally–Kotsch: [post − (r(pre − M) + M)] / √(r²S²(1 − r) + S²(1 − r_post))
* Hageman–Arrindell: [(post − pre)·R_dd + (M_post − M)(1 − R_dd)] / (√R_dd·√2·SEM)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from attunement.signals.change.sample import Sample
from attunement.signals.series import FloatArray

Statistic = Callable[[FloatArray, FloatArray, Sample], FloatArray | None]

USUAL = 1.96
HAGEMAN = 1.65
_NO_SPREAD = 1e-9  # variance of the differences as a share of the variances: none but rounding


@dataclass(frozen=True, slots=True)
class Method:
    """One way to tell a reliable change.

    Parameters
    ----------
    id, short, title : str
        Its names: in tables, in print, in full.
    critical : float
        A change counts beyond this absolute statistic, not at it.
    source : str
        Where the formula comes from.
    statistic : callable or None
        Of (pre, post, sample); None for the methods that need every occasion.
    note : str
        What to know before reading it.
    """

    id: str
    short: str
    title: str
    critical: float
    source: str
    statistic: Statistic | None
    note: str


def _jacobson_truax(pre: FloatArray, post: FloatArray, of: Sample) -> FloatArray:
    return (post - pre) / (math.sqrt(2.0) * of.error)


def _gulliksen(pre: FloatArray, post: FloatArray, of: Sample) -> FloatArray:
    mean, r = of.pre.mean, of.reliability
    return ((post - mean) - r * (pre - mean)) / (of.pre.sd * math.sqrt(1.0 - r * r))


def _hsu(pre: FloatArray, post: FloatArray, of: Sample) -> FloatArray:
    r = of.reliability
    apart = (post - of.post.mean) - r * (pre - of.pre.mean)
    return apart / (of.pre.sd * math.sqrt(1.0 - r * r))


def _edwards(pre: FloatArray, post: FloatArray, of: Sample) -> FloatArray:
    return (post - _true_pre(pre, of)) / of.error


def _nunnally(pre: FloatArray, post: FloatArray, of: Sample) -> FloatArray:
    variance = of.pre.sd**2
    error = of.reliability**2 * variance * (1.0 - of.reliability)
    error += variance * (1.0 - of.reliability_post)
    return (post - _true_pre(pre, of)) / math.sqrt(error)


def _true_pre(pre: FloatArray, of: Sample) -> FloatArray:
    return of.reliability * (pre - of.pre.mean) + of.pre.mean


def reliability_of_difference(of: Sample) -> float:
    """Return R_dd, the reliability of the difference scores; it can be 0 or less.

    0 where everybody changed alike: differences without any spread tell nobody apart.
    """
    before, after = of.pre.sd**2, of.post.sd**2
    shared = 2.0 * of.pre.sd * of.post.sd * of.correlation
    spread = before + after - shared
    if spread <= _NO_SPREAD * (before + after):
        return 0.0
    # S²r with r = (S² − SEM²)/S² is S² − SEM² at each occasion
    return (before + after - 2.0 * of.error**2 - shared) / spread


def _hageman(pre: FloatArray, post: FloatArray, of: Sample) -> FloatArray | None:
    shared = reliability_of_difference(of)
    if not shared > 0:
        return None
    moved = (post - pre) * shared + (of.post.mean - of.pre.mean) * (1.0 - shared)
    return moved / (math.sqrt(shared) * math.sqrt(2.0) * of.error)


METHODS: tuple[Method, ...] = (
    Method(
        "jacobson_truax",
        "JT",
        "Jacobson–Truax",
        USUAL,
        "Jacobson & Truax 1991, doi 10.1037/0022-006X.59.1.12",
        _jacobson_truax,
        "It takes the measured first score for the true one, so regression to the mean counts as "
        "change.",
    ),
    Method(
        "gulliksen_lord_novick",
        "GLN",
        "Gulliksen–Lord–Novick",
        USUAL,
        "as collected in Claus 2024, doi 10.18637/jss.v111.i01",
        _gulliksen,
        "It expects each person to fall back towards the first occasion's mean.",
    ),
    Method(
        "hsu_linn_lord",
        "HLL",
        "Hsu–Linn–Lord",
        USUAL,
        "as collected in Claus 2024, doi 10.18637/jss.v111.i01",
        _hsu,
        "It asks for change beyond the group's own change: a person who improves less than the "
        "average is worse here.",
    ),
    Method(
        "edwards_nunnally",
        "EN",
        "Edwards–Nunnally",
        USUAL,
        "as collected in Claus 2024, doi 10.18637/jss.v111.i01",
        _edwards,
        "It compares with the estimated true first score and counts one occasion's error only.",
    ),
    Method(
        "nunnally_kotsch",
        "NK",
        "Nunnally–Kotsch",
        USUAL,
        "as collected in Claus 2024, doi 10.18637/jss.v111.i01",
        _nunnally,
        "As before, with both occasions' errors.",
    ),
    Method(
        "hageman_arrindell",
        "HA",
        "Hageman–Arrindell",
        HAGEMAN,
        "Hageman & Arrindell 1999, as collected in Claus 2024, doi 10.18637/jss.v111.i01",
        _hageman,
        "It uses the reliability of the differences, and a one-sided limit of 1.65.",
    ),
    Method(
        "individual_growth",
        "IG",
        "Individual growth",
        USUAL,
        "mixed model of all occasions; each person's own slope over its standard error",
        None,
        "It uses every occasion and supposes a straight line.",
    ),
    Method(
        "growth_deviation",
        "GD",
        "Growth beyond the group's",
        USUAL,
        "as the HLM variant in Claus 2024, doi 10.18637/jss.v111.i01",
        None,
        "It compares each slope with the average slope: a person who improves less than the "
        "average is worse here. Shown because a known program prints it.",
    ),
)
