# SPDX-License-Identifier: Apache-2.0
"""Learn a house model from a clinic's own archive, shrunk to a prior where it is small."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from attunement.signals.batch import Batch
from attunement.signals.errors import SignalError
from attunement.signals.house.calm import Flat
from attunement.signals.house.fitting import Fit, fit_chair
from attunement.signals.house.model import Chair, HouseModel, Rate, default_house
from attunement.signals.house.running import channels_of, flat, run
from attunement.signals.series import FloatArray

MOST_DYADS = 2_000  # of a larger archive, evenly chosen ones are enough
MOST_ROWS = 30_000
_PRIOR_SESSIONS = 100.0  # the prior's rates of ticks and missed forms count as this many sessions
_PRIOR_PAIRS = 50.0
_MOST_TOGETHER = 0.8
_FEWEST_PAIRS = 3  # two pairs always lie on a line


def learn_house(batch: Batch, *, prior: HouseModel | None = None) -> HouseModel:
    """Learn what is usual from an archive of one measure.

    Parameters
    ----------
    batch : Batch
        The archive: scores and whatever channels it has.
    prior : HouseModel, optional
        What is believed beforehand; `default_house` of the scale unless given.

    Returns
    -------
    HouseModel
        The most credible numbers. Where the archive is small its own uncertainty about the level
        and the noise is added to the spread between people.

    Raises
    ------
    SignalError
        ``E-SIGNAL-005`` if the prior is of another scale.

    Notes
    -----
    Checked by recovery of known parameters, with and without a ceiling, in the tests.
    """
    scale = (batch.minimum, batch.maximum, batch.step, batch.higher_is_better)
    before = default_house(*scale) if prior is None else prior
    if (before.minimum, before.maximum, before.step, before.higher_is_better) != scale:
        raise SignalError(
            "E-SIGNAL-005",
            what="the prior does not belong to the scale of the archive",
            got="another range, step or direction",
            expected=f"scores from {batch.minimum:g} to {batch.maximum:g}",
            next_step="Leave the prior out, or make it for this measure",
        )
    sample = _evenly(batch, MOST_DYADS)
    channels = channels_of(sample)
    data = flat(sample, channels)
    scored = int(np.count_nonzero(~np.isnan(batch.values)))
    if not scored:
        return before
    model = replace(
        before,
        client=_uncertain(fit_chair(_only(data, data.values), before, before.client)),
        missing=_missing(sample, before),
        n_dyads=batch.n_dyads,
        n_scores=scored,
        source=f"learned from {scored} scores of {batch.n_dyads} dyads; prior: {before.source}",
    )
    if "therapist" in channels:
        one = fit_chair(_only(data, data.therapist), before, before.therapist)
        model = replace(model, therapist=replace(_uncertain(one), noise_spread=0.0))
    if "prediction" in channels:
        one = fit_chair(_only(data, data.prediction), before, before.prediction)
        model = replace(model, prediction=replace(_uncertain(one), noise_spread=0.0))
    model = replace(model, together=_correlations(data, model, channels))
    return _rates(data, model, channels)


def _evenly(batch: Batch, most: int) -> Batch:
    """Return at most so many dyads with a score, evenly chosen over the batch."""
    present = np.add.reduceat(np.append(~np.isnan(batch.values), False), batch.starts[:-1]) * (
        np.diff(batch.starts) > 0
    )
    there = np.flatnonzero(present)
    most = max(min(most, int(MOST_ROWS * batch.n_dyads / max(batch.n_rows, 1))), 1)
    if there.size <= most and there.size == batch.n_dyads:
        return batch
    chosen = there[np.unique(np.linspace(0, there.size - 1, min(most, there.size)).astype(int))]
    return pick(batch, chosen)


def pick(batch: Batch, dyads: np.ndarray) -> Batch:
    """Return the batch of these dyads, in this order."""
    sizes = np.diff(batch.starts)[dyads]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.repeat(batch.starts[dyads] - starts[:-1], sizes) + np.arange(starts[-1])
    cut = {name: array[rows] for name, array in batch.channels.arrays().items()}
    return replace(
        batch,
        values=batch.values[rows],
        sessions=batch.sessions[rows],
        starts=starts,
        channels=type(batch.channels)(**cut),
    )


def _only(data: Flat, values: FloatArray) -> Flat:
    """Return data with one chair's scores in the client's place and no channel."""
    empty = np.zeros(0)
    return data._replace(
        values=values,
        therapist=empty,
        prediction=empty,
        strain=empty,
        expected=np.zeros(0, dtype=np.bool_),
    )


def _uncertain(fit: Fit) -> Chair:
    """Return a chair whose spreads between people hold what is not known of it too."""
    chair = fit.chair
    return replace(
        chair,
        between_sd=math.hypot(chair.between_sd, fit.level_error),
        noise_spread=math.hypot(chair.noise_spread, fit.noise_error),
    )


def _missing(batch: Batch, before: HouseModel) -> float:
    """Return the share of session numbers without a client's form, shrunk to the prior's."""
    first = batch.sessions[batch.starts[:-1][np.diff(batch.starts) > 0]]
    last = batch.sessions[batch.starts[1:][np.diff(batch.starts) > 0] - 1]
    sessions = float((last - first + 1).sum())
    scores = float(np.count_nonzero(~np.isnan(batch.values)))
    lost = max(sessions - scores, 0.0) + _PRIOR_SESSIONS * before.missing
    return min(lost / (sessions + _PRIOR_SESSIONS), 0.9)


def _correlations(
    data: Flat, model: HouseModel, channels: frozenset[str]
) -> tuple[float, float, float]:
    """Return the correlations of the chairs' surprises, shrunk to the prior's."""
    surprises = run(data, model, channels).innovation.reshape(-1, 3)
    found = []
    for (one, two), prior in zip(((0, 1), (0, 2), (1, 2)), model.together, strict=True):
        x, y = surprises[:, one], surprises[:, two]
        both = ~np.isnan(x) & ~np.isnan(y)
        n = int(both.sum())
        r = 0.0
        if n >= _FEWEST_PAIRS and x[both].std() > 0 and y[both].std() > 0:
            r = float(np.corrcoef(x[both], y[both])[0, 1])
        shrunk = (n * r + _PRIOR_PAIRS * prior) / (n + _PRIOR_PAIRS)
        found.append(min(max(shrunk, -_MOST_TOGETHER), _MOST_TOGETHER))
    return found[0], found[1], found[2]


def _rates(data: Flat, model: HouseModel, channels: frozenset[str]) -> HouseModel:
    """Return the model with the clinic's own rates of strain ticks and missed forms."""
    if "strain" in channels:
        ticks = data.strain[~np.isnan(data.strain)] > 0
        model = replace(model, strain=_rate(ticks, model.strain))
    if "expected" in channels:
        lost = np.isnan(data.values)[data.expected]
        model = replace(model, missed=_rate(lost, model.missed), missing=0.0)
    return model


def _rate(yes: np.ndarray, prior: Rate) -> Rate:
    usual = (yes.sum() + _PRIOR_SESSIONS * prior.usual) / (yes.size + _PRIOR_SESSIONS)
    return replace(prior, usual=float(min(max(usual, 0.002), 0.9)))
