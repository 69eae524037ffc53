# SPDX-License-Identifier: Apache-2.0
"""Ask any rule, classical or house, of a batch: flags and evaluable rows, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from attunement.signals.archive import Archive
from attunement.signals.batch import Batch, BoolArray, Judgements
from attunement.signals.engine import COMPILE_FROM, judge_batch
from attunement.signals.house import (
    HouseModel,
    Threshold,
    default_house,
    house_threshold,
    judge_house,
)
from attunement.signals.ruling import Rule

HOUSE_DETECTOR = "house"
PLAIN = 1 << 62  # a number of rows that no batch has: the compiler stays away
_MOST_MEMORY = 0.95
_LEAST_NOISE = 1e-6


@dataclass(frozen=True, slots=True)
class Asked:
    """What the house rule is asked for: the share of calm dyads it may flag, in how many sessions.

    Parameters
    ----------
    null_rate : float
    horizon : int
    model : HouseModel or None
        Its model; made from the archive where none is given.
    threshold : Threshold or None
        Its limit; simulated from the model where none is given.
    """

    null_rate: float = 0.10
    horizon: int = 12
    model: HouseModel | None = None
    threshold: Threshold | None = None


def house_of(
    archive: Archive, minimum: float, maximum: float, step: float, *, higher_is_better: bool
) -> HouseModel:
    """Return the prior house model with the client's chair of an archive."""
    prior = default_house(minimum, maximum, step, higher_is_better)
    level = archive.mean if higher_is_better else minimum + maximum - archive.mean
    client = replace(
        prior.client,
        level=level,
        between_sd=archive.between_sd,
        within_sd=max(archive.within_sd, 0.5 * step, _LEAST_NOISE * (maximum - minimum)),
        memory=min(max(archive.autocorrelation, 0.0), _MOST_MEMORY),
    )
    return replace(
        prior,
        client=client,
        source=archive.source,
        n_dyads=archive.n_dyads,
        n_scores=archive.n_scores,
    )


def settled(
    asked: Asked,
    archive: Archive,
    batch: Batch,
) -> Asked:
    """Return what is asked with the model and the limit that follow from an archive."""
    model = asked.model
    if model is None:
        model = house_of(
            archive,
            batch.minimum,
            batch.maximum,
            batch.step,
            higher_is_better=batch.higher_is_better,
        )
    limit = asked.threshold
    if limit is None:
        limit = house_threshold(model, null_rate=asked.null_rate, horizon=asked.horizon)
    return replace(asked, model=model, threshold=limit)


def flags_of(
    batch: Batch,
    rule: Rule,
    archive: Archive,
    *,
    asked: Asked | None = None,
    compile_from: int = COMPILE_FROM,
) -> tuple[BoolArray, BoolArray]:
    """Return which rows a rule flags and which it could judge.

    Parameters
    ----------
    batch : Batch
    rule : Rule
        Of one series of totals, or the house rule.
    archive : Archive
    asked : Asked, optional
        For the house rule alone.
    compile_from : int
        Rows from which compiled kernels run; the answer is the same.

    Returns
    -------
    flagged, evaluable : numpy.ndarray of bool, shape (N,)
    """
    found = judged_by(batch, rule, archive, asked=asked, compile_from=compile_from)
    return np.asarray(found.flagged), found.evaluable


def judged_by(
    batch: Batch,
    rule: Rule,
    archive: Archive,
    *,
    asked: Asked | None = None,
    compile_from: int = COMPILE_FROM,
) -> Judgements:
    """Return what a rule says of every row; parameters as for `flags_of`."""
    if rule.detector != HOUSE_DETECTOR:
        return judge_batch(batch, rule, archive=archive, compile_from=compile_from)
    known = settled(asked or Asked(), archive, batch)
    assert known.model is not None  # noqa: S101 -- settled() gives both
    assert known.threshold is not None  # noqa: S101
    return judge_house(batch, known.model, known.threshold, compile_from=compile_from)
