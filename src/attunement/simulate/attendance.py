# SPDX-License-Identifier: Apache-2.0
"""What really took place: sessions held, cancelled or missed, and which forms were filled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attunement.simulate.course import Course
from attunement.simulate.settings import Settings
from attunement.simulate.states import States

ATTENDED: tuple[str, ...] = ("attended", "cancelled", "missed")
MODALITIES: tuple[str, ...] = ("in_person", "video", "phone")
MOST_LIKELY = 0.9

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Attendance:
    """One row per session that was on the calendar, dyad by dyad, in order of session number.

    ``dyad`` and ``column`` are the row and column of the session in the matrices of `States`.
    """

    dyad: NDArray[np.intp]
    column: NDArray[np.intp]
    outcome: NDArray[np.intp]
    modality: NDArray[np.intp]
    client_form: Flags
    therapist_form: Flags


def attend(
    course: Course,
    states: States,
    on_calendar: Flags,
    *,
    settings: Settings,
    rng: np.random.Generator,
) -> Attendance:
    """Draw attendance and forms for every session of ``on_calendar`` (dyads × sessions).

    The first session, those of a dip, the one of its repair and a planned last one are held.
    After a session with a dip everything that can be missed is missed more often.
    """
    shape = on_calendar.shape
    numbers = np.arange(1, shape[1] + 1)[None, :]
    last = (numbers == course.n_sessions[:, None]) & course.planned_ending[:, None]
    certain = (numbers == 1) | states.dip | states.repairing | last
    after = np.zeros(shape, dtype=np.bool_)
    after[:, 1:] = states.dip[:, :-1]
    factor = np.where(after, settings.after_dip_factor, 1.0)

    draw = rng.random(shape)
    cancelled = draw < settings.cancelled * factor
    missed = ~cancelled & (draw < np.minimum(_both(settings) * factor, MOST_LIKELY))
    outcome = np.where(certain, 0, np.where(cancelled, 1, np.where(missed, 2, 0)))
    held = outcome == 0
    client = held & (rng.random(shape) >= _likely(settings.client_form_missing * factor))
    therapist = held & (rng.random(shape) >= _likely(settings.therapist_form_missing * factor))

    dyad, column = np.nonzero(on_calendar)
    return Attendance(
        dyad=dyad,
        column=column,
        outcome=outcome[dyad, column],
        modality=_modality(shape, settings, rng)[dyad, column],
        client_form=client[dyad, column],
        therapist_form=therapist[dyad, column],
    )


def _both(settings: Settings) -> float:
    return settings.cancelled + settings.missed


def _likely(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(chance, MOST_LIKELY)


def _modality(
    shape: tuple[int, ...], settings: Settings, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return the way of meeting: the dyad's usual one, now and then another."""
    shares = [1.0 - settings.video - settings.phone, settings.video, settings.phone]
    usual = rng.choice(len(MODALITIES), (shape[0], 1), p=shares)
    other = (usual + rng.integers(1, len(MODALITIES), shape)) % len(MODALITIES)
    return np.where(rng.random(shape) < settings.modality_switch, other, usual)
