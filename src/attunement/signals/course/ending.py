# SPDX-License-Identifier: Apache-2.0
"""Unplanned endings: a discrete-time hazard, for research.

At each session t that a client came to, the question is whether the therapy ends there without
having been planned. Planned endings leave the risk set and are no event; a course that goes on is
known to have gone on as far as it is known. Everything that is used at t was known at t.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from attunement.models import (
    LogisticFit,
    ModelError,
    Performance,
    decision_curve,
    fit_logistic,
    performance,
)
from attunement.signals.batch import IntArray
from attunement.signals.course.known import FEATURES, known_by_then
from attunement.signals.errors import SignalError
from attunement.signals.series import FloatArray

FEWEST_EPISODES = 300
FOLDS = 10
RIDGE = 1.0
THRESHOLDS = (0.02, 0.05, 0.10, 0.15, 0.20, 0.30)
RESEARCH_ONLY = (
    "Research use: a chance that holds on average for people like these says little of one person. "
    "Not a diagnosis, not a prediction to act on, and off unless it is asked for."
)


class Ending(IntEnum):
    """How a care episode ended, as far as it is known."""

    OPEN = 0
    UNPLANNED = 1
    PLANNED = 2


@dataclass(frozen=True, slots=True)
class Episodes:
    """Care episodes in flat arrays: one row per session that was offered.

    Parameters
    ----------
    scores : numpy.ndarray, shape (rows,)
        Alliance, higher is better (turn it first); NaN = no form.
    attended : numpy.ndarray of bool, shape (rows,)
        Whether the session took place.
    starts : numpy.ndarray of int, shape (episodes + 1,)
        First row of each episode.
    ending : numpy.ndarray of int8, shape (episodes,)
        `Ending` codes. By which definition an ending is unplanned is the user's to say: results
        of different definitions cannot be compared.
    definition : str
        That definition in words; it is printed with every result.
    part : numpy.ndarray of int, shape (episodes,), optional
        Which of the ten parts each belongs to (0 to 9); by position where it is not given.
    """

    scores: FloatArray
    attended: NDArray[np.bool_]
    starts: IntArray
    ending: NDArray[np.int8]
    definition: str
    part: IntArray | None = None

    @property
    def n_finished(self) -> int:
        """Episodes whose ending is known."""
        return int((self.ending != Ending.OPEN).sum())


@dataclass(frozen=True, slots=True)
class Landmark:
    """How well the hazard did among those still in therapy at one session."""

    session: int
    within: int
    performance: Performance | None
    thresholds: FloatArray
    net_benefit: FloatArray
    net_benefit_of_all: FloatArray
    n_left_out: int


@dataclass(frozen=True, slots=True)
class EndingHazard:
    """The hazard of an unplanned ending, judged on people it was not learned from.

    Parameters
    ----------
    probability : numpy.ndarray, shape (rows,)
        Chance that the episode ends unplanned at the row's session, from a model that never saw
        the episode; NaN for sessions that did not take place.
    fit : LogisticFit
        Of all episodes, on standardised columns (`columns`).
    columns : tuple of str
        Intercept and features.
    landmarks : tuple of Landmark
        Calibration and usefulness.
    n_episodes, n_events : int
        What was used.
    note : str
        What it is not for, and the definition of the event.
    """

    probability: FloatArray
    fit: LogisticFit
    columns: tuple[str, ...]
    landmarks: tuple[Landmark, ...]
    n_episodes: int
    n_events: int
    note: str


def ending_hazard(
    episodes: Episodes, *, landmarks: tuple[int, ...] = (3, 5, 8), within: int = 4
) -> EndingHazard:
    """Estimate the hazard of an unplanned ending and how far it can be trusted.

    Parameters
    ----------
    episodes : Episodes
        At least 300 of them finished.
    landmarks : tuple of int
        Counts of attended sessions at which those still in therapy are looked at.
    within : int
        The question at a landmark: an unplanned ending within this many attended sessions.

    Returns
    -------
    EndingHazard

    Raises
    ------
    SignalError
        ``E-SIGNAL-032`` for fewer than 300 finished care episodes, or for events that cannot
        carry a model.

    Notes
    -----
    Pooled logistic regression of person-sessions with a small ridge on standardised columns; ten
    parts by episode, each predicted by the model of the other nine. At a landmark the chance is
    1 − Π(1 − h) over the next sessions with what is known held still. Episodes that ended as
    planned, or are known no further, inside the window without an event are left out and counted:
    nobody knows what they would have done.
    """
    if episodes.n_finished < FEWEST_EPISODES:
        raise SignalError(
            "E-SIGNAL-032",
            what="there are too few finished care episodes for a model of endings",
            got=f"{episodes.n_finished}",
            expected=f"at least {FEWEST_EPISODES}",
            next_step="Use the course of the alliance itself; a small clinic cannot learn this",
        )
    risk = _Risk.of(episodes)
    try:
        fit = fit_logistic(risk.event, risk.x, ridge=RIDGE)
        predicted = _out_of_sample(risk)
    except ModelError as problem:
        raise SignalError(
            "E-SIGNAL-032",
            what="the endings cannot carry a model",
            got=f"{int(risk.event.sum())} unplanned endings in {risk.event.size} sessions",
            expected="unplanned endings in every tenth of the episodes, and others",
            next_step="Check the definition of an unplanned ending",
        ) from problem
    probability = np.full(episodes.scores.size, np.nan)
    probability[risk.row] = predicted.here
    return EndingHazard(
        probability=probability,
        fit=fit,
        columns=("intercept", *FEATURES),
        landmarks=tuple(_landmark(risk, predicted, at, within) for at in landmarks),
        n_episodes=episodes.ending.size,
        n_events=int(risk.event.sum()),
        note=f"{RESEARCH_ONLY} Unplanned ending here means: {episodes.definition}.",
    )


@dataclass(frozen=True, slots=True)
class _Risk:
    """Person-sessions at risk: sessions that took place."""

    row: IntArray
    episode: IntArray
    part: IntArray  # of the episode
    number: IntArray  # of attended sessions, this one included
    event: FloatArray
    x: FloatArray  # standardised, the column of ones in front
    last: NDArray[np.bool_]  # the episode's last attended session
    ending: NDArray[np.int8]  # of the episode
    mean: FloatArray
    spread: FloatArray
    raw: FloatArray

    @classmethod
    def of(cls, episodes: Episodes) -> _Risk:
        number, features = known_by_then(episodes.scores, episodes.attended, episodes.starts)
        row = np.flatnonzero(episodes.attended)
        episode = np.repeat(np.arange(episodes.ending.size), np.diff(episodes.starts))[row]
        last = np.ones(row.size, dtype=np.bool_)
        last[:-1] = episode[1:] != episode[:-1]
        ending = episodes.ending[episode]
        raw = features[row]
        mean, spread = raw.mean(axis=0), raw.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        return cls(
            row=row,
            episode=episode,
            part=(episode % FOLDS) if episodes.part is None else episodes.part[episode],
            number=number[row],
            event=(last & (ending == Ending.UNPLANNED)).astype(np.float64),
            x=np.column_stack((np.ones(row.size), (raw - mean) / spread)),
            last=last,
            ending=ending,
            mean=mean,
            spread=spread,
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class _Predicted:
    here: FloatArray
    fits: tuple[LogisticFit, ...]


def _out_of_sample(risk: _Risk) -> _Predicted:
    here = np.full(risk.event.size, np.nan)
    fits = []
    for fold in range(FOLDS):
        held = risk.part == fold
        fits.append(fit_logistic(risk.event[~held], risk.x[~held], ridge=RIDGE))
        here[held] = fits[-1].probability(risk.x[held])
    return _Predicted(here, tuple(fits))


def _landmark(risk: _Risk, predicted: _Predicted, at: int, within: int) -> Landmark:
    """Judge those still in therapy at their ``at``-th session."""
    here = np.flatnonzero(risk.number == at)
    total = np.bincount(risk.episode, minlength=int(risk.episode.max()) + 1)[risk.episode[here]]
    inside = total - at < within
    event = (inside & (risk.ending[here] == Ending.UNPLANNED)).astype(np.float64)
    known = ~inside | (event == 1)
    survive = np.ones(here.size)
    late = FEATURES.index("log session")
    for ahead in range(within):
        x = risk.x[here].copy()
        x[:, 1 + late] = (np.log(at + ahead) - risk.mean[late]) / risk.spread[late]
        for fold, fit in enumerate(predicted.fits):
            held = risk.part[here] == fold
            survive[held] *= 1.0 - fit.probability(x[held])
    chance, event = 1.0 - survive[known], event[known]
    thresholds = np.array(THRESHOLDS)
    try:
        found = performance(event, chance)
        model, everybody = decision_curve(event, chance, thresholds)
    except ModelError:
        found = None
        model = everybody = np.full(thresholds.size, np.nan)
    return Landmark(at, within, found, thresholds, model, everybody, int((~known).sum()))
