# SPDX-License-Identifier: Apache-2.0
"""From arrays to the tables that people and programs read."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attunement.simulate.attendance import ATTENDED, MODALITIES, Attendance
from attunement.simulate.course import NOTICED_BY, Course
from attunement.simulate.forms import REPAIR_ITEM, SCORED_ITEMS, STRAIN_ITEM, TARGETS
from attunement.simulate.states import States
from attunement.simulate.words import Words, numbered

MEASURES = {"client": "oac-c", "therapist": "oac-t"}
SEVEN = len(SCORED_ITEMS)


class Ids:
    """The ids of people and dyads, as arrays that can be indexed."""

    def __init__(self, *, clients: int, therapists: int) -> None:
        """Build the ids, counting from one."""
        self.clients = np.array(numbered("C", clients))
        self.therapists = np.array(numbered("T", therapists))
        self.dyads = np.array(numbered("D", clients))


def people(ids: Ids, course: Course, said: Words) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return therapists and clients with their plainly synthetic names."""
    therapists = pl.DataFrame(
        {
            "therapist_id": ids.therapists,
            "name": [said.therapist.format(number[1:]) for number in ids.therapists],
        }
    )
    clients = pl.DataFrame(
        {
            "client_id": ids.clients,
            "name": [said.client.format(number[1:]) for number in ids.clients],
            "therapist_id": ids.therapists[course.therapist],
        }
    )
    return therapists, clients


def dyads(
    ids: Ids, course: Course, dates: NDArray[np.datetime64], until: np.datetime64
) -> pl.DataFrame:
    """Return one row per dyad: first and last session on the calendar, and how it ended.

    ``ending`` is "planned", "unplanned", or "ongoing" when sessions lie after ``until``; an
    ongoing dyad has no end date.
    """
    end = dates[np.arange(len(dates)), course.n_sessions - 1]
    ongoing = end > until
    ending = np.where(ongoing, "ongoing", np.where(course.planned_ending, "planned", "unplanned"))
    return pl.DataFrame(
        {
            "dyad_id": ids.dyads,
            "client_id": ids.clients,
            "therapist_id": ids.therapists[course.therapist],
            "start_date": dates[:, 0],
            "end_date": np.where(ongoing, np.datetime64("NaT"), end),
            "ending": ending,
        }
    )


def sessions(
    ids: Ids, course: Course, calendar: Attendance, dates: NDArray[np.datetime64]
) -> pl.DataFrame:
    """Return one row per session on the calendar, also the cancelled and missed ones."""
    return pl.DataFrame(
        {
            "therapist_id": ids.therapists[course.therapist[calendar.dyad]],
            "client_id": ids.clients[calendar.dyad],
            "dyad_id": ids.dyads[calendar.dyad],
            "session_no": calendar.column + 1,
            "session_date": dates[calendar.dyad, calendar.column],
            "attended": np.array(ATTENDED)[calendar.outcome],
            "modality": np.array(MODALITIES)[calendar.modality],
        }
    )


def ratings(
    perspective: str,
    keys: pl.DataFrame,
    scores: NDArray[np.float64],
    n_answered: NDArray[np.int64],
    predicted: NDArray[np.float64],
) -> pl.DataFrame:
    """Return one row per filled form of one chair; a score of null has too few answers."""
    return keys.select("dyad_id", "session_no", "session_date").with_columns(
        pl.lit(perspective).alias("perspective"),
        pl.lit(MEASURES[perspective]).alias("measure"),
        pl.Series("score", scores).fill_nan(None),
        pl.Series("n_answered", n_answered),
        pl.Series("predicted", predicted).fill_nan(None),
    )


def answers(
    perspective: str,
    keys: pl.DataFrame,
    scored: NDArray[np.float64],
    strain: NDArray[np.float64],
    repair: NDArray[np.float64],
) -> pl.DataFrame:
    """Return one row per given answer of one chair; an empty item has no row."""
    items = [*SCORED_ITEMS, STRAIN_ITEM, REPAIR_ITEM]
    values = np.column_stack([scored, strain, repair])
    repeated = np.repeat(np.arange(len(keys)), len(items))
    return (
        keys.select("dyad_id", "session_no")[repeated]
        .with_columns(
            pl.lit(perspective).alias("perspective"),
            pl.lit(MEASURES[perspective]).alias("measure"),
            pl.Series("item", np.tile(np.array(items), len(keys))),
            pl.Series("value", values.ravel()),
        )
        .filter(pl.col("value").is_not_nan())
    )


def ruptures(
    ids: Ids, course: Course, begun: NDArray[np.bool_], seen: NDArray[np.int64]
) -> pl.DataFrame:
    """Return the planted ruptures that have begun.

    ``seen`` is the last session on the calendar. Where it comes before the dip's end or before
    the repair, nobody can know yet: the rupture is censored, ``repaired`` and
    ``repair_session`` are null.
    """
    end = course.onset + course.length
    censored = seen < end - 1 + course.repaired
    frame = pl.DataFrame(
        {
            "dyad_id": ids.dyads,
            "onset_session": course.onset,
            "depth": course.depth,
            "length": course.length,
            "noticed_by": np.array(NOTICED_BY)[course.noticed],
            "repaired": course.repaired,
            "repair_session": np.where(course.repaired, end, 0),
            "kind": np.where(course.confrontation, "confrontation", "withdrawal"),
            "target": np.array(TARGETS)[course.target],
            "censored": censored,
        }
    )
    hidden = pl.col("censored")
    return frame.filter(pl.Series(begun)).with_columns(
        repaired=pl.when(hidden).then(None).otherwise(pl.col("repaired")),
        repair_session=pl.when(hidden | ~pl.col("repaired"))
        .then(None)
        .otherwise(pl.col("repair_session")),
    )


def truth_of_dyads(ids: Ids, states: States) -> pl.DataFrame:
    """Return each dyad's true level, bias and tracking."""
    return pl.DataFrame(
        {
            "dyad_id": ids.dyads,
            "level": states.level,
            "bias": states.bias,
            "tracking": states.tracking,
        }
    )


def truth_of_sessions(keys: pl.DataFrame, calendar: Attendance, states: States) -> pl.DataFrame:
    """Return the true states of every session on the calendar."""
    at = (calendar.dyad, calendar.column)
    return keys.select("dyad_id", "session_no").with_columns(
        pl.Series("calm_state", states.calm[at]),
        pl.Series("client_state", states.client[at]),
        pl.Series("therapist_state", states.therapist[at]),
        pl.Series("in_dip", states.dip[at]),
    )
