# SPDX-License-Identifier: Apache-2.0
"""Both chairs fill their forms, and the forms are scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attunement.simulate import tables
from attunement.simulate.attendance import Attendance
from attunement.simulate.course import Course
from attunement.simulate.forms import MAXIMUM, Moments, scored_answers, strain_answers, totals
from attunement.simulate.settings import Settings
from attunement.simulate.states import States

PREDICTION_STEP = 0.5


@dataclass(frozen=True, slots=True)
class Chair:
    """One side of the dyads: its true states, what it noticed, which forms it filled.

    ``target_shows`` says whether a rupture's target pulls the items: always for a client, for a
    therapist who noticed.
    """

    perspective: str
    filled: NDArray[np.bool_]
    state: NDArray[np.float64]
    noticed: NDArray[np.bool_]
    target_shows: NDArray[np.bool_]
    uniform: NDArray[np.bool_]


def fill(
    keys: pl.DataFrame,
    course: Course,
    states: States,
    calendar: Attendance,
    *,
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the ratings and the answers of both chairs, sorted by dyad, session, perspective."""
    straight = rng.random(len(course.n_sessions)) < settings.uniform_share
    client = Chair(
        perspective="client",
        filled=calendar.client_form,
        state=states.client,
        noticed=course.client_noticed,
        target_shows=course.ruptured,
        uniform=straight,
    )
    therapist = Chair(
        perspective="therapist",
        filled=calendar.therapist_form,
        state=states.therapist,
        noticed=course.therapist_noticed,
        target_shows=course.therapist_noticed,
        uniform=np.zeros_like(straight),
    )
    ratings: list[pl.DataFrame] = []
    answers: list[pl.DataFrame] = []
    for chair in (client, therapist):
        dyad, column = calendar.dyad[chair.filled], calendar.column[chair.filled]
        moments = _moments(dyad, column, chair, course, states)
        scored = scored_answers(moments, settings, rng)
        strain, repair = strain_answers(moments, settings, rng)
        scores, n_answered = totals(scored)
        predicted = np.full(len(dyad), np.nan)
        if chair is therapist:
            guess = np.round(states.prediction[dyad, column] / PREDICTION_STEP) * PREDICTION_STEP
            predicted = np.clip(guess, 0.0, float(MAXIMUM))
        mine = keys.filter(pl.Series(chair.filled))
        ratings.append(tables.ratings(chair.perspective, mine, scores, n_answered, predicted))
        answers.append(tables.answers(chair.perspective, mine, scored, strain, repair))
    order = ["dyad_id", "session_no", "perspective"]
    return pl.concat(ratings).sort(order), pl.concat(answers).sort([*order, "item"])


def _moments(
    dyad: NDArray[np.intp], column: NDArray[np.intp], chair: Chair, course: Course, states: States
) -> Moments:
    """Gather what the forms of one chair are about."""
    return Moments(
        state=chair.state[dyad, column],
        dip=states.dip[dyad, column],
        repairing=states.repairing[dyad, column],
        noticed=chair.noticed[dyad],
        confrontation=course.confrontation[dyad],
        depth=course.depth[dyad],
        target=np.where(chair.target_shows[dyad], course.target[dyad], -1),
        uniform=chair.uniform[dyad],
    )
