# SPDX-License-Identifier: Apache-2.0
"""Reliable and clinically significant change of each person, by every method side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from attunement.signals.batch import BoolArray, IntArray
from attunement.signals.change.cutoffs import cutoff as worked_out
from attunement.signals.change.cutoffs import true_score_norms
from attunement.signals.change.growth import growth
from attunement.signals.change.methods import METHODS, Method
from attunement.signals.change.sample import Norms, Sample, sample_of
from attunement.signals.errors import SignalError
from attunement.signals.series import FloatArray


class Category(IntEnum):
    """What a method says of a person; ``NONE`` is no verdict, which is not *unchanged*."""

    NONE = 0
    RECOVERED = 1
    IMPROVED = 2
    UNCHANGED = 3
    DETERIORATED = 4
    HARMED = 5
    NOT_ATTAINABLE = 6


class Missing(IntEnum):
    """Why a person has no verdict; ``NOTHING`` is 0."""

    NOTHING = 0
    NO_PRE = 1
    NO_POST = 2
    NEITHER = 3
    NO_RELIABLE_DIFFERENCES = 4
    NO_MODEL = 5


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One method's answer on every person.

    Parameters
    ----------
    method : Method
        The method.
    statistic : numpy.ndarray, shape (people,)
        In its own units of chance; NaN where there is none.
    category, missing : numpy.ndarray of int8, shape (people,)
        `Category` and `Missing` codes.
    attainable : numpy.ndarray of bool, shape (people,)
        Whether the best possible second score would have been a reliable improvement; True where
        no end of the scale is known.
    cutoff : float or None
        The cut-off used.
    """

    method: Method
    statistic: FloatArray
    category: NDArray[np.int8]
    missing: NDArray[np.int8]
    attainable: BoolArray
    cutoff: float | None

    def counts(self) -> dict[str, int]:
        """Return how many people are in each category, without verdict included."""
        return {one.name.lower(): int((self.category == one).sum()) for one in Category}


@dataclass(frozen=True, slots=True)
class Occasions:
    """Every score of the same people, for the growth methods: person after person."""

    times: FloatArray
    scores: FloatArray
    starts: IntArray


def reliable_change(
    pre: FloatArray,
    post: FloatArray,
    *,
    reliability: float,
    higher_is_better: bool,
    methods: Sequence[Method] = METHODS,
    reliability_post: float | None = None,
    norms: Norms | None = None,
    clinical: Norms | None = None,
    functional: Norms | None = None,
    cutoff: str | float | None = None,
    best: float | None = None,
    occasions: Occasions | None = None,
) -> tuple[Sample, tuple[Verdicts, ...]]:
    """Tell whose change exceeds chance, and who moved from the clinical to the functional range.

    Parameters
    ----------
    pre, post : numpy.ndarray, shape (people,)
        First and second score; NaN = missing. Who lacks one has no verdict.
    reliability, reliability_post : float
        Of the measure, 0 < r < 1.
    higher_is_better : bool
        The direction of the measure.
    methods : sequence of Method
        Which methods; the growth methods need ``occasions``.
    norms : Norms, optional
        Mean and SD at the first occasion instead of those of the people with both scores.
    clinical, functional : Norms, optional
        Populations for the cut-offs; the clinical one is the first occasion's by default.
    cutoff : {"a", "b", "c"} or float, optional
        A kind, a number, or None: c where functional norms are given, otherwise no cut-off and no
        one is *recovered* or *harmed*.
    best : float, optional
        The best end of the scale: then improvement that the scale does not allow is called *not
        attainable*, not *unchanged*.
    occasions : Occasions, optional
        Every score of these people in the same order, for the growth methods.

    Returns
    -------
    Sample
        What was used; its ``n`` is the number of people with both scores.
    tuple of Verdicts
        One for each method, in their order.

    Raises
    ------
    SignalError
        ``E-SIGNAL-001`` for arrays that do not pair up, ``E-SIGNAL-003`` for infinite scores,
        ``E-SIGNAL-030`` for reliability, norms or cut-off that cannot be used.

    Notes
    -----
    Improvement is reliable if the statistic lies *beyond* the method's limit. Recovered: reliably
    improved, clinical at first, functional at last. Harmed: the reverse. Who was functional at
    first never recovers. Hageman–Arrindell judges the crossing by its own statistic, with errors
    of measurement taken out of the cut-off; it is mirrored here for *harmed*. Checked against R
    `clinicalsignificance` 2.1 on the data of Claus (2020).
    """
    _check(pre, post, occasions)
    sample = sample_of(
        pre, post, reliability=reliability, reliability_post=reliability_post, norms=norms
    )
    people = _People(pre, post, 1.0 if higher_is_better else -1.0, best)
    edge = _Edge(clinical or sample.pre, functional, cutoff, higher_is_better)
    grown = None
    if occasions is not None:
        grown = growth(occasions.times, occasions.scores, occasions.starts)
    found = []
    for method in methods:
        if method.statistic is None:
            if occasions is None:
                continue
            statistic = None
            if grown is not None:
                statistic = grown.own if method.id == "individual_growth" else grown.beyond
            found.append(people.verdicts(method, statistic, edge, sample, Missing.NO_MODEL))
        else:
            statistic = method.statistic(pre, post, sample)
            why = Missing.NO_RELIABLE_DIFFERENCES
            found.append(people.verdicts(method, statistic, edge, sample, why))
    return sample, tuple(found)


@dataclass(frozen=True, slots=True)
class _Edge:
    """Where the clinical range ends, for one method or another."""

    clinical: Norms
    functional: Norms | None
    wanted: str | float | None
    higher_is_better: bool

    def of(self, method: Method, sample: Sample) -> float | None:
        wanted = self.wanted
        if wanted is None:
            wanted = "c" if self.functional is not None else None
        if wanted is None or not isinstance(wanted, str):
            return wanted
        clinical, functional = self.clinical, self.functional
        if method.id == "hageman_arrindell":
            true = true_score_norms(clinical, sample)
            other = None if functional is None else true_score_norms(functional, sample)
            if true is None or (functional is not None and other is None):
                return None
            clinical, functional = true, other
        return worked_out(
            wanted,
            clinical=clinical,
            functional=functional,
            higher_is_better=self.higher_is_better,
        )


@dataclass(frozen=True, slots=True)
class _People:
    pre: FloatArray
    post: FloatArray
    towards: float
    best: float | None

    def verdicts(
        self,
        method: Method,
        statistic: FloatArray | None,
        edge: _Edge,
        sample: Sample,
        without: Missing,
    ) -> Verdicts:
        """Turn a statistic into categories."""
        missing = np.isnan(self.pre) * int(Missing.NO_PRE) + np.isnan(self.post) * int(
            Missing.NO_POST
        )
        if statistic is None:
            missing = np.where(missing, missing, int(without))
            statistic = np.full(self.pre.shape, np.nan)
        judged = (missing == 0) & ~np.isnan(statistic)
        upward = np.where(judged, self.towards * statistic, 0.0)
        improved, worse = upward > method.critical, upward < -method.critical
        attainable = self._attainable(method, sample)
        cut = edge.of(method, sample)
        crossed = self._crossed(method, cut, sample)
        category = np.full(self.pre.shape, int(Category.UNCHANGED))
        category[~attainable] = Category.NOT_ATTAINABLE
        category[improved] = Category.IMPROVED
        category[worse] = Category.DETERIORATED
        if crossed is not None:
            into_health, into_illness = crossed
            category[improved & into_health] = Category.RECOVERED
            category[worse & into_illness] = Category.HARMED
        category[~judged] = Category.NONE
        return Verdicts(
            method=method,
            statistic=np.where(judged, statistic, np.nan),
            category=category.astype(np.int8),
            missing=missing.astype(np.int8),
            attainable=attainable,
            cutoff=cut,
        )

    def _attainable(self, method: Method, sample: Sample) -> BoolArray:
        every = np.ones(self.pre.shape, dtype=np.bool_)
        if self.best is None or method.statistic is None:
            return every
        most = method.statistic(self.pre, np.full(self.pre.shape, self.best), sample)
        if most is None:
            return every
        return np.asarray((self.towards * most > method.critical) | np.isnan(self.pre))

    def _crossed(
        self, method: Method, cut: float | None, sample: Sample
    ) -> tuple[BoolArray, BoolArray] | None:
        """Return who crossed into the functional, and who into the clinical range."""
        if cut is None:
            return None
        ill = self.towards * self.pre < self.towards * cut
        well = self.towards * self.pre > self.towards * cut
        if method.id != "hageman_arrindell":
            now_well = self.towards * self.post > self.towards * cut
            now_ill = self.towards * self.post < self.towards * cut
            return ill & now_well, well & now_ill
        true = true_score_norms(sample.post, sample)
        if true is None:
            return None
        r = (true.sd / sample.post.sd) ** 2
        estimated = sample.post.mean + (self.post - sample.post.mean) * r
        beyond = self.towards * (estimated - cut) / (np.sqrt(r) * sample.error)
        return ill & (beyond > method.critical), well & (beyond < -method.critical)


def _check(pre: FloatArray, post: FloatArray, occasions: Occasions | None) -> None:
    if pre.shape != post.shape or pre.ndim != 1:
        raise SignalError(
            "E-SIGNAL-001",
            what="first and second scores do not pair up",
            got=f"{pre.size} and {post.size} scores",
            expected="one of each for every person",
            next_step="Give NaN for a missing score",
        )
    every = [pre, post] + ([occasions.scores, occasions.times] if occasions else [])
    if any(np.isinf(numbers).any() for numbers in every):
        raise SignalError(
            "E-SIGNAL-003",
            what="a score cannot be used",
            got="an infinite number",
            expected="finite numbers, NaN for a missing score",
            next_step="Check the columns of scores",
        )
