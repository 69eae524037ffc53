# SPDX-License-Identifier: Apache-2.0
"""What the house rule believes of a clinic and a measure, with a version of its own."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass, replace
from functools import lru_cache

import numpy as np

from attunement.kernels.house_arrays import Numbers
from attunement.signals.errors import SignalError
from attunement.signals.house.weights import LENGTHS, hypothesis_weights
from attunement.signals.series import FloatArray, _check_scale

RULE_VERSION = "1"
CHANNELS = ("therapist", "prediction", "strain", "expected")

# Where a person's own noise may lie around the clinic's: Gauss–Hermite nodes of a log-normal.
_NODES = {
    1: ((0.0,), (1.0,)),
    3: ((-math.sqrt(3.0), 0.0, math.sqrt(3.0)), (1 / 6, 2 / 3, 1 / 6)),
}
_NEGLIGIBLE_SPREAD = 0.05
_LEAST_EIGENVALUE = 0.01
_MOST_MEMORY = 0.95


@dataclass(frozen=True, slots=True)
class Chair:
    """How one chair's scores run when nothing is wrong, on the higher-is-better axis.

    Parameters
    ----------
    level, between_sd : float
        Mean and SD of the persons' levels in the first session, in the measure's units. The level
        behind the scale: it may lie beyond the scale's end.
    within_sd : float
        SD of a person's scores around the own line (of the typical person).
    memory : float
        Correlation of neighbouring deviations, 0 to below 1.
    slope, slope_sd : float
        Mean and SD of the persons' change per session.
    noise_spread : float
        SD of the logarithm of the persons' own within SDs.
    """

    level: float
    between_sd: float
    within_sd: float
    memory: float = 0.2
    slope: float = 0.0
    slope_sd: float = 0.0
    noise_spread: float = 0.0

    def row(self, factor: float = 1.0) -> list[float]:
        """Return the numbers of a filter whose noise is ``factor`` times the usual."""
        return [
            self.level,
            self.between_sd,
            self.slope,
            self.slope_sd,
            self.within_sd * factor,
            self.memory,
        ]

    def noise_factors(self) -> tuple[FloatArray, FloatArray]:
        """Return the sizes of noise that are told apart, and the share of people at each."""
        nodes, shares = _NODES[1 if self.noise_spread < _NEGLIGIBLE_SPREAD else 3]
        return np.exp(self.noise_spread * np.array(nodes)), np.array(shares)


@dataclass(frozen=True, slots=True)
class Rupture:
    """What a rupture is taken to look like; stated beforehand, not learned.

    Parameters
    ----------
    depth : float
        How far the client's scores fall, in within-person SDs.
    noticed, therapist_depth : float
        Chance that the therapist notices; by how much of the client's fall their scores then fall.
    lengths : tuple of float
        In how many sessions a fall may reach its full depth; 1 = at once.
    weights : tuple of tuple of float
        For each of those, the weights of "since this form", "since the form before" …; all of
        them add up to 1. Empty: `hypothesis_weights` of the client's memory.
    lasting : tuple of float
        For each of the lengths, after how many sessions all is as before; empty: it stays.
    base_rate : float
        Share of sessions in which a rupture is on, for the probability.
    """

    depth: float = 2.5
    noticed: float = 0.45
    therapist_depth: float = 0.7
    lengths: tuple[float, ...] = LENGTHS
    weights: tuple[tuple[float, ...], ...] = ()
    lasting: tuple[float, ...] = ()
    base_rate: float = 0.05


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something is ticked or missed: the usual rate, and how it differs.

    Parameters
    ----------
    usual : float
        Share when nothing is wrong.
    sessions : float
        As how many own sessions that share counts against the person's own.
    log_odds : float
        By how much the log odds are higher in a rupture.
    """

    usual: float
    sessions: float
    log_odds: float


@dataclass(frozen=True, slots=True)
class HouseModel:
    """All that the house rule knows; made by `learn_house` or `default_house`.

    Parameters
    ----------
    minimum, maximum, step, higher_is_better
        The scale, as in a `Batch`.
    client, therapist, prediction : Chair
        The three chairs.
    together : tuple of float
        Correlations of the surprises: client and therapist, client and prediction, therapist and
        prediction.
    strain, missed : Rate
        The strain tick; a form missed in the session after.
    missing : float
        Share of sessions without a client's form, for the simulation of the threshold.
    rupture : Rupture
        What a rupture looks like.
    source : str
        Where the numbers come from.
    n_dyads, n_scores : int
        What was learned from; 0 for a prior alone.
    """

    minimum: float
    maximum: float
    step: float
    higher_is_better: bool
    client: Chair
    therapist: Chair
    prediction: Chair
    together: tuple[float, float, float] = (0.2, 0.2, 0.3)
    strain: Rate = Rate(0.08, 10.0, 2.5)
    missed: Rate = Rate(0.08, 10.0, 1.1)
    missing: float = 0.0
    rupture: Rupture = Rupture()
    source: str = "a simulated prior"
    n_dyads: int = 0
    n_scores: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that no model can have."""
        _check_scale(self.minimum, self.maximum, self.step)
        chairs = (self.client, self.therapist, self.prediction)
        fits = all(
            all(math.isfinite(number) for number in asdict(one).values())
            and one.within_sd > 0
            and one.between_sd >= 0
            and one.slope_sd >= 0
            and one.noise_spread >= 0
            and 0 <= one.memory <= _MOST_MEMORY
            for one in chairs
        )
        if not fits or not _positive(self.together) or not 0 <= self.missing < 1:
            raise SignalError(
                "E-SIGNAL-005",
                what="the numbers of a house model cannot be used",
                got="a chair, a correlation or a share of missing forms out of its range",
                expected="finite numbers, SDs above 0, a memory from 0 to .95, correlations "
                "that go together, a share below 1",
                next_step="Use learn_house or default_house",
            )

    @property
    def version(self) -> str:
        """Return the rule's version and a fingerprint of every number of the model."""
        kept = {k: v for k, v in asdict(self).items() if k != "source"}
        text = repr(sorted(kept.items()))
        return f"{RULE_VERSION}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"

    def numbers(
        self, channels: frozenset[str] = frozenset(CHANNELS), *, whole: bool = False
    ) -> Numbers:
        """Return the model as the kernel reads it, with only these channels; never write to it.

        ``whole``: sum up at the last row of each dyad only.
        """
        return _numbers(self, channels, whole)

    def in_lists(
        self, channels: frozenset[str] = frozenset(CHANNELS), *, whole: bool = False
    ) -> Numbers:
        """Return the same in lists, for the kernel as it stands; never write to it."""
        return _in_lists(self, channels, whole)

    def with_rupture(self, rupture: Rupture) -> HouseModel:
        """Return the same model with another picture of a rupture."""
        return replace(self, rupture=rupture)


@lru_cache(maxsize=64)
def _numbers(model: HouseModel, channels: frozenset[str], whole: bool) -> Numbers:  # noqa: FBT001 -- a key
    factors, shares = model.client.noise_factors()
    chairs = [model.client.row(factor) for factor in factors]
    chairs += [model.therapist.row(), model.prediction.row()]
    rupture = model.rupture
    depth = rupture.depth * model.client.within_sd
    felt = rupture.therapist_depth * depth
    weights = np.array(rupture.weights)
    if rupture.lengths and not rupture.weights:
        weights = hypothesis_weights(model.client.memory)
    both = bool({"therapist", "prediction"} & channels)
    noticed = rupture.noticed if both else 0.0
    return Numbers(
        chairs=np.array(chairs).ravel(),
        log_share=np.log(shares),
        extra=np.array(["therapist" in channels, "prediction" in channels], dtype=np.int64),
        inverse=_inverses(model.together).ravel(),
        depths=np.array([depth, felt, felt]),
        log_noticed=_log(np.array([1.0 - noticed, noticed])),
        lengths=np.array(rupture.lengths),
        lasting=np.array(rupture.lasting or [math.inf] * len(rupture.lengths)),
        each_row=np.array([1 - whole], dtype=np.int64),
        log_weights=_log(weights.ravel() if rupture.lengths else np.zeros(0)),
        strain=np.array([model.strain.usual, model.strain.sessions, model.strain.log_odds]),
        missed=np.array([model.missed.usual, model.missed.sessions, model.missed.log_odds]),
        scale=np.array([model.minimum, model.maximum, model.step]),
    )


@lru_cache(maxsize=64)
def _in_lists(model: HouseModel, channels: frozenset[str], whole: bool) -> Numbers:  # noqa: FBT001 -- a key
    return Numbers(*[array.tolist() for array in _numbers(model, channels, whole)])


@lru_cache(maxsize=64, typed=True)
def default_house(
    minimum: float,
    maximum: float,
    step: float = 0.0,
    higher_is_better: bool = True,  # noqa: FBT001, FBT002 -- the order of a scale's four facts everywhere in this room
) -> HouseModel:
    """Return the simulated prior of a measure's scale; it is no norm of any measure.

    Level .7875 of the range, SD between people .125 and within a person .0875 of it, memory .20:
    the constants of `default_archive`. Since neither the clinic's noise nor the person's own is
    known, the own within SD is taken to differ from that by a factor of 1.4 either way (SD of its
    logarithm .35).
    """
    span = maximum - minimum
    client = Chair(
        level=minimum + 0.7875 * span,
        between_sd=0.125 * span,
        within_sd=0.0875 * span,
        memory=0.2,
        slope=0.0,
        slope_sd=0.002 * span,
        noise_spread=0.35,
    )
    therapist = replace(client, level=minimum + 0.72 * span, noise_spread=0.0)
    return HouseModel(
        minimum=minimum,
        maximum=maximum,
        step=step,
        higher_is_better=higher_is_better,
        client=client,
        therapist=therapist,
        prediction=therapist,
    )


def _inverses(together: tuple[float, float, float]) -> FloatArray:
    """Return the inverse correlations of every subset of the chairs, zero elsewhere."""
    ct, cp, tp = together
    full = np.array([[1.0, ct, cp], [ct, 1.0, tp], [cp, tp, 1.0]])
    found = np.zeros((8, 3, 3))
    for which in range(1, 8):
        there = [c for c in range(3) if which >> c & 1]
        found[which][np.ix_(there, there)] = np.linalg.inv(full[np.ix_(there, there)])
    return found


def _positive(together: tuple[float, float, float]) -> bool:
    ct, cp, tp = together
    full = np.array([[1.0, ct, cp], [ct, 1.0, tp], [cp, tp, 1.0]])
    return bool(np.isfinite(full).all() and np.linalg.eigvalsh(full)[0] > _LEAST_EIGENVALUE)


def _log(shares: FloatArray) -> FloatArray:
    return np.log(np.maximum(shares, 1e-300))
