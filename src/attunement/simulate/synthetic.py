# SPDX-License-Identifier: Apache-2.0
"""The synthetic clinic: one call, every table, the truth beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from attunement.simulate import tables
from attunement.simulate.attendance import attend
from attunement.simulate.course import plan
from attunement.simulate.dates import session_dates
from attunement.simulate.filling import fill
from attunement.simulate.settings import Settings, check_range
from attunement.simulate.states import draw
from attunement.simulate.talk import goals, notes
from attunement.simulate.words import words

MOST_CLIENTS = 200_000
MOST_SESSIONS = 200
FIRST_MONDAY = date(2026, 1, 12)
NEVER = np.datetime64("9999-12-31")

TABLES: tuple[str, ...] = (
    "therapists",
    "clients",
    "dyads",
    "sessions",
    "ratings",
    "answers",
    "goals",
    "goal_ratings",
    "notes",
    "truth",
    "truth_dyads",
    "truth_sessions",
)


@dataclass(frozen=True, slots=True)
class SyntheticClinic:
    """A clinic that never was, as Polars frames, with what is true about it.

    Attributes
    ----------
    therapists, clients, dyads : polars.DataFrame
        People (therapist_id | client_id, name) and pairs (dyad_id, client_id, therapist_id,
        start_date, end_date, ending: "planned" | "unplanned" | "ongoing").
    sessions : polars.DataFrame
        therapist_id, client_id, dyad_id, session_no, session_date, attended ("attended" |
        "cancelled" | "missed"), modality ("in_person" | "video" | "phone").
    ratings : polars.DataFrame
        One row per filled form: dyad_id, session_no, session_date, perspective, measure, score
        (0–6, null with fewer than six answers), n_answered (of 7), predicted (the therapist's
        prediction of the client's total in halves; null in the client's rows). A form that was
        not filled has no row.
    answers : polars.DataFrame
        dyad_id, session_no, perspective, measure, item, value; an empty item has no row.
    goals, goal_ratings, notes : polars.DataFrame
        dyad_id, goal_no, text, set_session, set_date; the ratings (0–10) of the sessions held;
        dyad_id, session_no, session_date, author, kind ("note" | "next_time"), text.
    truth : polars.DataFrame
        Planted ruptures: dyad_id, onset_session, depth (points), length (sessions), noticed_by,
        repaired, repair_session, kind, target, censored (the calendar ends before it is known
        whether it was repaired; `repaired` is null then).
    truth_dyads, truth_sessions : polars.DataFrame
        True level, bias and tracking of each dyad; true states of each session.
    seed : int
        With the same arguments and version it gives the same bytes.
    settings : Settings
        The parameters it was made from.
    """

    therapists: pl.DataFrame
    clients: pl.DataFrame
    dyads: pl.DataFrame
    sessions: pl.DataFrame
    ratings: pl.DataFrame
    answers: pl.DataFrame
    goals: pl.DataFrame
    goal_ratings: pl.DataFrame
    notes: pl.DataFrame
    truth: pl.DataFrame
    truth_dyads: pl.DataFrame
    truth_sessions: pl.DataFrame
    seed: int
    settings: Settings

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the frames by name, data first, truth last."""
        return {name: getattr(self, name) for name in TABLES}


def clinic(
    *,
    seed: int = 1,
    therapists: int = 6,
    clients: int = 40,
    sessions: tuple[int, int] = (6, 24),
    start: date = FIRST_MONDAY,
    until: date | None = None,
    language: str = "en",
    settings: Settings | None = None,
) -> SyntheticClinic:
    """Make a synthetic clinic with known truth.

    Parameters
    ----------
    seed : int, default 1
        Not negative. The same seed and arguments give the same clinic.
    therapists, clients : int
        How many; at least one each, and no more therapists than clients.
    sessions : tuple of int, default (6, 24)
        Shortest and longest planned care episode; ends nobody planned may come earlier.
    start : datetime.date
        The first dyads meet in the week that begins on or after this day.
    until : datetime.date, optional
        The calendar's last day: care episodes that go on are "ongoing". Without it all end.
    language : str, default "en"
        Of names, goals and notes.
    settings : Settings, optional
        Every other parameter.

    Returns
    -------
    SyntheticClinic
        Frames sorted by dyad, session and perspective.

    Raises
    ------
    SimulationError
        E-SIM-001 for a size or parameter out of range, E-SIM-002 for a language without words,
        E-SIM-003 for dates that leave no room.

    Notes
    -----
    Client's state = therapist's effect + client's level + growth + AR(1); the form rounds and
    cuts it off at 6, and that makes the ceiling. The therapist follows the truth-and-bias model
    (West & Kenny 2011, doi 10.1037/a0022936). Checked by parameter recovery in the tests.
    """
    check_range("seed", seed, 0, 2**63)
    check_range("clients", clients, 1, MOST_CLIENTS)
    check_range("therapists", therapists, 1, clients)
    check_range("sessions (shortest)", sessions[0], 1, MOST_SESSIONS)
    check_range("sessions (longest)", sessions[1], sessions[0], MOST_SESSIONS)
    settings = settings or Settings()
    said = words(language)
    # One stream of chance per stage: a change in one leaves the others as they were.
    rngs = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(6)]

    course = plan(
        clients=clients, therapists=therapists, sessions=sessions, settings=settings, rng=rngs[0]
    )
    states = draw(course, therapists=therapists, settings=settings, rng=rngs[1])
    length = states.calm.shape[1]
    dates = session_dates(
        course.therapist, length=length, start=start, until=until, settings=settings, rng=rngs[2]
    )
    last_day = NEVER if until is None else np.datetime64(until)
    on_calendar = (np.arange(1, length + 1) <= course.n_sessions[:, None]) & (dates <= last_day)
    calendar = attend(course, states, on_calendar, settings=settings, rng=rngs[3])

    ids = tables.Ids(clients=clients, therapists=therapists)
    therapist_table, client_table = tables.people(ids, course, said)
    keys = tables.sessions(ids, course, calendar, dates)
    ratings, answers = fill(keys, course, states, calendar, settings=settings, rng=rngs[4])
    held = calendar.outcome == 0
    noticed = states.dip[calendar.dyad, calendar.column] & course.therapist_noticed[calendar.dyad]
    chosen, rated = goals(keys.filter(pl.Series(held)), said=said, rng=rngs[5])
    seen = on_calendar.sum(axis=1)
    return SyntheticClinic(
        therapists=therapist_table,
        clients=client_table,
        dyads=tables.dyads(ids, course, dates, last_day),
        sessions=keys,
        ratings=ratings,
        answers=answers,
        goals=chosen,
        goal_ratings=rated,
        notes=notes(
            keys.filter(pl.Series(held)),
            noticed=noticed[held],
            client_form=calendar.client_form[held],
            said=said,
            settings=settings,
            rng=rngs[5],
        ),
        truth=tables.ruptures(ids, course, course.ruptured & (seen >= course.onset), seen),
        truth_dyads=tables.truth_of_dyads(ids, states),
        truth_sessions=tables.truth_of_sessions(keys, calendar, states),
        seed=seed,
        settings=settings,
    )
