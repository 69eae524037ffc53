# SPDX-License-Identifier: Apache-2.0
"""Goals with their ratings, and notes: the words of the synthetic clinic."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attunement.simulate.settings import Settings
from attunement.simulate.words import Words

MOST_GOALS = 3
LAST_GOAL_SESSION = 4
HIGHEST = 10


def goals(
    held: pl.DataFrame, *, said: Words, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return goals (one to three per dyad) and their ratings, 0–10, in the sessions held.

    ``held`` has a row per attended session with dyad_id, session_no and session_date. A goal is
    set in one of the first sessions and rated from then on; progress is a drift with noise.
    """
    first = held.unique("dyad_id", keep="first", maintain_order=True)
    counts = rng.integers(1, MOST_GOALS + 1, len(first))
    rows = np.repeat(np.arange(len(first)), counts)
    goal_no = np.concatenate([np.arange(1, count + 1) for count in counts])
    start = rng.integers(0, len(said.goals), len(first))[rows]
    wording = np.array(said.goals)[(start + goal_no) % len(said.goals)]
    wanted = rng.integers(1, LAST_GOAL_SESSION + 1, len(rows))
    drift = rng.normal(0.25, 0.2, len(rows))
    base = rng.uniform(0.0, 3.0, len(rows))
    plan = first.select("dyad_id")[rows].with_columns(
        pl.Series("goal_no", goal_no),
        pl.Series("text", wording),
        pl.Series("wanted", wanted),
        pl.Series("drift", drift),
        pl.Series("base", base),
    )
    rated = plan.join(held, on="dyad_id", how="inner", maintain_order="left_right")
    key = ["dyad_id", "goal_no"]
    last_held = pl.col("session_no").max().over(key)
    rated = rated.filter(pl.col("session_no") >= pl.min_horizontal("wanted", last_held))
    noise = rng.normal(0.0, 0.8, len(rated))
    value = pl.col("base") + pl.col("drift") * (pl.col("session_no") - pl.col("wanted"))
    rated = rated.with_columns(rating=(value + pl.Series(noise)).round(0).clip(0, HIGHEST))
    chosen = rated.group_by(key, maintain_order=True).agg(
        pl.col("text").first(),
        pl.col("session_no").first().alias("set_session"),
        pl.col("session_date").first().alias("set_date"),
    )
    return chosen, rated.select(*key, "session_no", "session_date", "rating")


def notes(
    held: pl.DataFrame,
    *,
    noticed: NDArray[np.bool_],
    client_form: NDArray[np.bool_],
    said: Words,
    settings: Settings,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Return the therapist's notes and the client's wishes for the next session.

    A session whose dip the therapist noticed always has a note; a wish needs a client's form.
    """
    n = len(held)
    keys = held.select("dyad_id", "session_no", "session_date")
    usual = np.array(said.notes)[rng.integers(0, len(said.notes), n)]
    worried = np.array(said.rupture_notes)[rng.integers(0, len(said.rupture_notes), n)]
    wish = np.array(said.wishes)[rng.integers(0, len(said.wishes), n)]
    written = noticed | (rng.random(n) < settings.note_share)
    wished = client_form & (rng.random(n) < settings.note_share)
    by_therapist = keys.with_columns(
        pl.lit("therapist").alias("author"),
        pl.lit("note").alias("kind"),
        pl.Series("text", np.where(noticed, worried, usual)),
    ).filter(pl.Series(written))
    by_client = keys.with_columns(
        pl.lit("client").alias("author"),
        pl.lit("next_time").alias("kind"),
        pl.Series("text", wish),
    ).filter(pl.Series(wished))
    return pl.concat([by_therapist, by_client]).sort("dyad_id", "session_no", "author")
