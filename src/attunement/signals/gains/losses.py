# SPDX-License-Identifier: Apache-2.0
"""Sudden losses as the answer of a rule: on every row of a batch, looking back."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from attunement.kernels.gains import MISSING, N_BEFORE, NOT_TESTED, YES
from attunement.signals.archive import Archive
from attunement.signals.batch import Batch, Judgements
from attunement.signals.detectors import Reason
from attunement.signals.gains.finding import COMPILE_FROM, describe_rows, sudden_gains
from attunement.signals.gains.options import GainOptions

SUDDEN_LOSS = "sudden_loss"
_VERDICT = 6


def loss_options(
    params: Mapping[str, float], *, usual_change: float, minimum: float, higher_is_better: bool
) -> GainOptions:
    """Return the criteria that the numbers of a rule stand for.

    Parameters
    ----------
    params : mapping of str to float
        ``k`` usual changes (criterion 1), ``share`` of the score before (2), counted from the
        scale's minimum where ``from_minimum`` is 1, ``alpha`` (3).
    usual_change : float
        Standard deviation of the difference of two neighbouring scores, in points.
    """
    return GainOptions(
        lower_is_better=not higher_is_better,
        cutoff=max(params["k"] * usual_change, 1e-9),
        losses=True,
        share=params["share"],
        relative="pomp" if params["from_minimum"] else "percent",
        minimum=minimum,
        alpha=params["alpha"],
    )


def judge_losses(
    batch: Batch,
    params: Mapping[str, float],
    archive: Archive,
    *,
    threads: int = 1,
    compile_from: int = COMPILE_FROM,
) -> Judgements:
    """Judge of every row of a batch whether it is the first session after a sudden loss.

    Parameters
    ----------
    batch : Batch
    params : mapping of str to float
        As of `loss_options`.
    archive : Archive
        Gives the usual change from one session to the next.

    Returns
    -------
    Judgements
        ``statistic`` is the change since the session before in usual changes (negative = worse),
        ``expected`` the score before, ``limit`` the score that criteria 1 and 2 ask for, ``n_used``
        the scores before. A row is judged only when up to two later sessions are known: this rule
        looks back, and its answer about a session can change while the therapy goes on.
    """
    usual = archive.usual_change(batch.step)
    options = loss_options(
        params,
        usual_change=usual,
        minimum=batch.minimum,
        higher_is_better=batch.higher_is_better,
    )
    found = sudden_gains(
        np.clip(batch.values, batch.minimum, batch.maximum),
        batch.sessions,
        batch.starts,
        options,
        threads=threads,
        compile_from=compile_from,
    )
    grid = found.grid
    dyad = batch.dyad_of_row()
    first = np.zeros(batch.n_dyads, dtype=np.int64)
    full = np.diff(batch.starts) > 0
    first[full] = batch.sessions[batch.starts[:-1][full]]
    place = grid.starts[dyad] + batch.sessions - first[dyad]
    before = np.maximum(place - 1, grid.starts[dyad])  # of the interval that leads here
    code = np.where(place > grid.starts[dyad], found.codes[before], NOT_TESTED)
    verdict = np.where(code == NOT_TESTED, MISSING, code >> _VERDICT)
    was = np.where(place > grid.starts[dyad], grid.values[before], np.nan)
    here = grid.values[place]
    reason = np.where(verdict == MISSING, Reason.TOO_FEW_SCORES, Reason.EVALUABLE)
    hole = np.isnan(was) & (place > grid.starts[dyad])
    reason = np.where((verdict == MISSING) & hole, Reason.GAP, reason)
    reason = np.where(np.isnan(here), Reason.NO_FORM, reason).astype(np.int8)
    judged = reason == Reason.EVALUABLE
    sign = 1.0 if batch.higher_is_better else -1.0
    origin = batch.minimum if params["from_minimum"] else 0.0
    drop = np.maximum(float(options.points or 0.0), options.share * (was - origin))
    n_used = np.zeros(batch.n_rows, dtype=np.int32)
    n_used[judged] = describe_rows(grid, before[judged], dyad[judged], options)[N_BEFORE]
    return Judgements(
        statistic=np.where(
            judged, sign * (here - was) / (usual if usual > 0 else math.nan), np.nan
        ),
        flagged=judged & (verdict == YES),
        reason=reason,
        expected=np.where(judged, was, np.nan),
        limit=np.where(judged, was - sign * drop, np.nan),
        n_used=n_used,
    )
