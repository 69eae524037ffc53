# SPDX-License-Identifier: Apache-2.0
"""Which synthetic people the demo shows, and how their calendar ends yesterday."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from attunement import simulate
from attunement.simulate.settings import Settings

SEED = 5
FIRST_DAY = date(2026, 1, 12)  # of the simulated calendar; every date is moved by the same days
WEEKS = 30
SHORT_SESSIONS = 3
AFTER = 2  # sessions that follow the repair on the page that is shown first
RUPTURES = 0.6  # share of clients: more than is usual, so that every page has something to show
_TARGETS = {
    "goal": "goal",
    "task": "task",
    "bond": "working_bond",
    "relationship": "personal_bond",
}


@dataclass(frozen=True, slots=True)
class Planted:
    """A rupture that the simulation planted: its sessions, and which chair noticed it."""

    onset: int
    last: int
    client_noticed: bool
    therapist_noticed: bool
    repaired: bool
    kind: str  # "withdrawal" | "confrontation"
    target: str  # in the words of an entry


@dataclass(frozen=True, slots=True)
class Story:
    """Rows of the synthetic clinic, as plain values, with every date moved.

    ``showcase`` is the therapist who can log in; ``rupture`` a dyad of hers with a planted
    rupture and its repair; ``short`` one that has had three sessions.
    """

    therapists: tuple[Mapping[str, Any], ...]
    dyads: tuple[Mapping[str, Any], ...]
    sessions: tuple[Mapping[str, Any], ...]
    ratings: tuple[Mapping[str, Any], ...]
    answers: Mapping[tuple[str, int, str], Mapping[str, float]]
    wishes: Mapping[tuple[str, int, str], str]
    goals: tuple[Mapping[str, Any], ...]
    goal_ratings: tuple[Mapping[str, Any], ...]
    client_names: Mapping[str, str]
    showcase: str
    rupture: str
    short: str
    planted: Mapping[str, Planted]


def tell(today: date) -> Story:
    """Return the demo's people and sessions, the last of them in the week before ``today``."""
    until = FIRST_DAY + timedelta(weeks=WEEKS)
    made = simulate.clinic(
        seed=SEED, start=FIRST_DAY, until=until, settings=Settings(rupture_share=RUPTURES)
    )
    moved = today - timedelta(days=1) - until
    showcase, rupture = _showcase(made)
    short = _short(made, showcase)
    sessions = _moved(made.sessions, "session_date", moved)
    sessions = _cut_short(sessions, short, last=today - timedelta(days=7))
    keep = sessions.select("dyad_id", "session_no")
    ratings = made.ratings.join(keep, on=["dyad_id", "session_no"], how="semi")
    answers: dict[tuple[str, int, str], dict[str, float]] = {}
    for row in made.answers.iter_rows(named=True):
        key = (row["dyad_id"], row["session_no"], row["perspective"])
        answers.setdefault(key, {})[row["item"]] = row["value"]
    wishes = {
        (row["dyad_id"], row["session_no"], row["author"]): row["text"]
        for row in made.notes.filter(pl.col("kind") == "next_time").iter_rows(named=True)
    }
    dyads = _moved(_moved(made.dyads, "start_date", moved), "end_date", moved)
    dyads = dyads.with_columns(
        pl.when(pl.col("dyad_id") == short)
        .then(today - timedelta(days=7 * SHORT_SESSIONS))
        .otherwise(pl.col("start_date"))
        .alias("start_date")
    )
    return Story(
        therapists=tuple(made.therapists.iter_rows(named=True)),
        dyads=tuple(dyads.iter_rows(named=True)),
        sessions=tuple(sessions.iter_rows(named=True)),
        ratings=tuple(ratings.iter_rows(named=True)),
        answers=answers,
        wishes=wishes,
        goals=tuple(_moved(made.goals, "set_date", moved).iter_rows(named=True)),
        goal_ratings=tuple(
            made.goal_ratings.join(keep, on=["dyad_id", "session_no"], how="semi").iter_rows(
                named=True
            )
        ),
        client_names={row["client_id"]: row["name"] for row in made.clients.iter_rows(named=True)},
        showcase=showcase,
        rupture=rupture,
        short=short,
        planted={row["dyad_id"]: _planted(row) for row in made.truth.iter_rows(named=True)},
    )


def _planted(row: Mapping[str, Any]) -> Planted:
    return Planted(
        onset=row["onset_session"],
        last=row["onset_session"] + row["length"] - 1,
        client_noticed=row["noticed_by"] in {"client", "both"},
        therapist_noticed=row["noticed_by"] in {"therapist", "both"},
        repaired=bool(row["repaired"]),
        kind=row["kind"],
        target=_TARGETS[row["target"]],
    )


def _moved(frame: pl.DataFrame, column: str, by: timedelta) -> pl.DataFrame:
    return frame.with_columns(pl.col(column) + by)


def _showcase(made: simulate.SyntheticClinic) -> tuple[str, str]:
    """Return the therapist and dyad of the deepest rupture that a client named and saw repaired.

    Only dyads whose care goes on, for some sessions yet: their page shows what came after.
    """
    last = made.sessions.group_by("dyad_id").agg(pl.col("session_no").max().alias("last"))
    found = (
        made.truth.join(made.dyads, on="dyad_id")
        .join(last, on="dyad_id")
        .filter(
            pl.col("repaired").fill_null(value=False)
            & pl.col("noticed_by").is_in(["client", "both"])
            & (pl.col("ending") == "ongoing")
            & (pl.col("repair_session") + AFTER <= pl.col("last"))
        )
        .sort("depth", descending=True)
        .row(0, named=True)
    )
    return found["therapist_id"], found["dyad_id"]


def _short(made: simulate.SyntheticClinic, therapist: str) -> str:
    """Return a calm dyad of the therapist whose first three sessions have both forms."""
    both = (
        made.ratings.filter(
            (pl.col("session_no") <= SHORT_SESSIONS) & pl.col("score").is_not_null()
        )
        .group_by("dyad_id")
        .agg(pl.len().alias("n"))
        .filter(pl.col("n") == 2 * SHORT_SESSIONS)
    )
    found = (
        made.dyads.filter((pl.col("therapist_id") == therapist) & (pl.col("ending") == "ongoing"))
        .join(both, on="dyad_id", how="semi")
        .join(made.truth, on="dyad_id", how="anti")
        .sort("dyad_id")
    )
    return str(found.row(0, named=True)["dyad_id"])


def _cut_short(sessions: pl.DataFrame, dyad_id: str, *, last: date) -> pl.DataFrame:
    """Keep three sessions of one dyad, a week apart, the last of them on ``last``."""
    back = pl.duration(days=7 * (SHORT_SESSIONS - pl.col("session_no")))
    is_it = pl.col("dyad_id") == dyad_id
    return sessions.filter(~is_it | (pl.col("session_no") <= SHORT_SESSIONS)).with_columns(
        pl.when(is_it)
        .then(pl.lit(last) - back)
        .otherwise(pl.col("session_date"))
        .alias("session_date")
    )
