# SPDX-License-Identifier: Apache-2.0
"""Judge a batch by the house rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from attunement.signals.batch import Batch, Judgements
from attunement.signals.detectors import Reason
from attunement.signals.errors import SignalError
from attunement.signals.house.model import HouseModel
from attunement.signals.house.moved import moved
from attunement.signals.house.remembering import Memory
from attunement.signals.house.running import COMPILE_FROM, channels_of, flat, run
from attunement.signals.house.threshold import MIN_PREVIOUS, Threshold
from attunement.signals.series import FloatArray

_PARTS = 8  # parts of a batch for each thread, so that one that is held up takes fewer
_LEAST_DYADS = 1_000  # of a part: fewer are judged while a part is made


def judge_house(
    batch: Batch,
    model: HouseModel,
    threshold: Threshold,
    *,
    compile_from: int = COMPILE_FROM,
    threads: int = 2,
    memory: Memory | None = None,
) -> Judgements:
    """Judge every session of every dyad from that session and the ones before it.

    Parameters
    ----------
    batch : Batch
        Scores, and channels; a channel that the threshold does not name is not read.
    model : HouseModel
        Of the same scale.
    threshold : Threshold
        From `house_threshold` with the same model.
    compile_from : int
        Number of rows from which the compiled kernel runs. The result is the same.
    threads : int
        How many threads share the work when it is compiled.
    memory : Memory, optional
        What is known of courses judged before: a single one then goes on where it was left.

    Returns
    -------
    Judgements
        ``flagged`` where the statistic is beyond the limit and something got worse that people
        could see (`moved`); ``statistic`` is minus the log of the weighted likelihood ratio
        (negative = worse than expected), ``expected`` what was expected of the client's score,
        ``limit`` NaN (the limit is one of probability), ``probability`` that a rupture is on,
        from the model's base rate.

    Raises
    ------
    SignalError
        ``E-SIGNAL-005`` if the model is of another scale.
    """
    _same_scale(batch, model)
    step = max(_LEAST_DYADS, -(-batch.n_dyads // (threads * _PARTS)))
    if memory is not None or batch.n_dyads <= step or batch.n_rows < compile_from:
        return _judge(batch, model, threshold, compile_from, threads, memory)
    ranges = [(at, min(at + step, batch.n_dyads)) for at in range(0, batch.n_dyads, step)]

    def part(which: tuple[int, int]) -> Judgements:
        return _judge(batch.part(*which), model, threshold, 0, 1, None)

    with ThreadPoolExecutor(threads) as pool:
        return _joined(list(pool.map(part, ranges)))


def _joined(parts: Sequence[Judgements]) -> Judgements:
    """Lay the answers on parts of a batch one after the other."""
    names = Judgements.__slots__
    return Judgements(**{n: np.concatenate([getattr(one, n) for one in parts]) for n in names})


def _judge(  # noqa: PLR0917 -- as `judge_house`, which names them
    batch: Batch,
    model: HouseModel,
    threshold: Threshold,
    compile_from: int,
    threads: int,
    memory: Memory | None,
) -> Judgements:
    """Judge a batch, or a part of one, of the model's scale."""
    channels = channels_of(batch) & threshold.channels
    out = run(
        flat(batch, channels),
        model,
        channels,
        compile_from=compile_from,
        threads=threads,
        memory=memory,
    )
    none, few = np.isnan(out.statistic), out.n_used < MIN_PREVIOUS
    judged = ~(none | few)
    reason = np.zeros(batch.n_rows, dtype=np.int8)
    reason[few] = Reason.TOO_FEW_SCORES
    reason[none] = Reason.NO_FORM
    beyond = judged & (out.statistic > threshold.value)
    statistic = np.where(judged, out.statistic, np.nan)
    expected = batch.as_scored(np.clip(out.expected, batch.minimum, batch.maximum))
    return Judgements(
        statistic=-statistic,
        flagged=beyond & moved(batch, channels) if beyond.any() else beyond,
        reason=reason,
        expected=np.where(judged, expected, np.nan),
        limit=np.full(batch.n_rows, np.nan),
        n_used=out.n_used,
        probability=probability(statistic, model),
    )


def probability(log_ratio: FloatArray, model: HouseModel) -> FloatArray:
    """Return the probability that a rupture is on, from base rate and log likelihood ratio."""
    base = model.rupture.base_rate
    odds = np.clip(log_ratio + math.log(base / (1.0 - base)), -700.0, 700.0)
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def _same_scale(batch: Batch, model: HouseModel) -> None:
    ours = (model.minimum, model.maximum, model.step, model.higher_is_better)
    theirs = (batch.minimum, batch.maximum, batch.step, batch.higher_is_better)
    if ours != theirs:
        raise SignalError(
            "E-SIGNAL-005",
            what="the model does not belong to the scale of the scores",
            got="another range, step or direction",
            expected=f"scores from {ours[0]:g} to {ours[1]:g} in steps of {ours[2]:g}",
            next_step="Learn the model from scores of the same measure version",
        )
