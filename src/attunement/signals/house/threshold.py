# SPDX-License-Identifier: Apache-2.0
"""The limit that flags exactly the asked share of dyads in which nothing is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from attunement.signals.errors import SignalError
from attunement.signals.house.calm import calm_dyads
from attunement.signals.house.model import CHANNELS, Chair, HouseModel
from attunement.signals.house.running import run
from attunement.signals.series import FloatArray

MIN_PREVIOUS = 1  # a drop needs something to drop from
SIMULATED = 20_000
LENGTHS = (12, 24, 40, 80, 160)
SHORTEST = 2
RATES = (0.001, 0.5)
_SEED = 20_261_122
_FARTHEST = 9.0  # SDs of noise beyond which the end of the scale plays no part


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where the house rule asks its question.

    Parameters
    ----------
    value : float
        Limit of the statistic, the log of the weighted likelihood ratio.
    null_rate : float
        Share of dyads without a rupture that are flagged at least once in ``horizon`` sessions.
    horizon : int
        Number of sessions.
    channels : frozenset of str
        What is judged beside the client's scores.
    model_version : str
        The model that the limit belongs to.
    standard_error : float
        Monte Carlo standard error of ``null_rate``.
    n_simulated : int
        Number of simulated dyads.
    """

    value: float
    null_rate: float
    horizon: int
    channels: frozenset[str]
    model_version: str
    standard_error: float
    n_simulated: int


def house_threshold(
    model: HouseModel,
    *,
    null_rate: float = 0.10,
    horizon: int = 12,
    channels: Iterable[str] = (),
    n_simulated: int = SIMULATED,
) -> Threshold:
    """Find the limit for an asked null rate by simulating the model's own calm dyads.

    Parameters
    ----------
    model : HouseModel
        From `learn_house` or `default_house`.
    null_rate : float
        Asked share of dyads without a rupture flagged at least once, 0.001 to 0.5.
    horizon : int
        In how many sessions, 2 to 160.
    channels : iterable of str
        Of "therapist", "prediction", "strain", "expected": those that will be judged.
    n_simulated : int
        Number of simulated dyads.

    Returns
    -------
    Threshold
        The same for the same arguments; simulations are kept in memory.

    Raises
    ------
    SignalError
        ``E-SIGNAL-007`` if the rate, the horizon or a channel cannot be used.
    """
    named = frozenset(channels)
    fits = RATES[0] <= null_rate <= RATES[1] and SHORTEST <= horizon <= LENGTHS[-1]
    if not fits or named - set(CHANNELS):
        raise SignalError(
            "E-SIGNAL-007",
            what="a limit of the house rule cannot be found as asked",
            got=f"null rate {null_rate:g}, horizon {horizon}, channels {sorted(named)}",
            expected=f"a rate from 0.001 to 0.5, 2 to {LENGTHS[-1]} sessions, of "
            + ", ".join(CHANNELS),
            next_step="Ask for another rate, horizon or channel",
        )
    highest = highest_so_far(model, named, horizon, n_simulated)
    return Threshold(
        value=float(np.quantile(highest, 1.0 - null_rate)),
        null_rate=null_rate,
        horizon=horizon,
        channels=named,
        model_version=model.version,
        standard_error=math.sqrt(null_rate * (1.0 - null_rate) / n_simulated),
        n_simulated=n_simulated,
    )


def highest_so_far(
    model: HouseModel, channels: frozenset[str], horizon: int, n_simulated: int = SIMULATED
) -> FloatArray:
    """Return the highest statistic within ``horizon`` sessions of each simulated calm dyad."""
    length = next(one for one in LENGTHS if one >= horizon)
    every = _simulated(standardised(model), channels, length, n_simulated)
    return np.asarray(every[horizon - 1], dtype=np.float64)


@lru_cache(maxsize=64)
def _simulated(
    model: HouseModel, channels: frozenset[str], length: int, n_simulated: int
) -> NDArray[np.float32]:
    """Return the running maximum of the statistic, shape (length, n_simulated)."""
    data = calm_dyads(
        model,
        channels,
        n=n_simulated,
        length=length,
        generator=np.random.default_rng(_SEED),
    )
    out = run(data, model, channels)
    judged = np.where(out.n_used >= MIN_PREVIOUS, out.statistic, -np.inf)
    judged = np.where(np.isnan(judged), -np.inf, judged).reshape(n_simulated, length)
    found = np.ascontiguousarray(np.maximum.accumulate(judged, axis=1).T.astype(np.float32))
    found.flags.writeable = False
    return found


def standardised(model: HouseModel) -> HouseModel:
    """Return a model with the client's within SD as unit and numbers rounded: a cache's key.

    Two models that differ by less than the rounding share one simulation.
    """
    unit = model.client.within_sd
    top = model.maximum

    def chair(one: Chair) -> Chair:
        return Chair(
            level=_near((one.level - top) / unit, 0.05),
            between_sd=_near(one.between_sd / unit, 0.05),
            within_sd=max(_near(one.within_sd / unit, 0.05), 0.05),
            memory=_near(one.memory, 0.02),
            slope=_near(one.slope / unit, 0.005),
            slope_sd=_near(one.slope_sd / unit, 0.005),
            noise_spread=_near(one.noise_spread, 0.03),
        )

    bottom = -_near((top - model.minimum) / unit, 0.05)
    return replace(
        model,
        minimum=bottom,
        maximum=0.0,
        step=min(_near(model.step / unit, 0.02), -bottom),
        higher_is_better=True,
        client=chair(model.client),
        therapist=chair(model.therapist),
        prediction=chair(model.prediction),
        together=_near_all(model.together, 0.05),
        missing=_near(model.missing, 0.05),
        source="",
        n_dyads=0,
        n_scores=0,
    )


def _near(x: float, step: float) -> float:
    return round(round(x / step) * step, 6)


def _near_all(together: tuple[float, float, float], step: float) -> tuple[float, float, float]:
    one, two, three = (_near(x, step) for x in together)
    return one, two, three
