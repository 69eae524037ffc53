# SPDX-License-Identifier: Apache-2.0
"""What is wrong between rows: scores off the scale, a session twice, dates out of order."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date

import polars as pl

from attunement.frames.ratings_plan import Plan
from attunement.frames.ratings_rows import Rows
from attunement.frames.ratings_scale import ScoreScale

KEYS = ("dyad", "session", "perspective")
GROUPS_TOLD = 6


def check_scores(rows: Rows, scale: ScoreScale) -> None:
    """Refuse scores outside the range and between the steps, one problem per column.

    Parameters
    ----------
    rows : Rows
        Changed in place.
    scale : ScoreScale
        An observed range refuses nothing.
    """
    if scale.source == "observed":
        return
    low, high = scale.minimum, scale.maximum
    ends = " to ".join(scale.ends)
    for column in rows.frame["column"].unique(maintain_order=True).to_list():
        here = (rows.frame["column"] == column) & rows.frame["fault"].is_null()
        score = rows.frame["score"]
        rows.refuse(
            here & ~score.is_between(low, high),
            "E-FRAME-111",
            column=column,
            what=f"The score is outside the range from {ends}",
            next_step="Correct the score, or the range with --range",
        )
        if scale.step == 1 and scale.source == "measure":
            here = here & rows.frame["fault"].is_null()
            rows.refuse(
                here & (score != score.floor()),
                "E-FRAME-112",
                column=column,
                what="The score has decimals, and the measure has only whole scores",
                next_step="Correct the score",
            )


def check_twice(rows: Rows, plan: Plan) -> None:
    """Refuse sessions that occur twice: copies but one where all agree, else every one.

    Which of two different scores is right cannot be known, so neither is used.
    """
    column = plan.session or (plan.dyad if plan.layout == "wide" else plan.date) or ""
    if not _perhaps_twice(rows.frame):
        return
    frame = rows.frame.with_row_index("place")
    good = frame.filter(pl.col("fault").is_null())
    twice = good.filter(pl.struct(KEYS).is_duplicated())
    if twice.is_empty():
        return
    told = twice.with_columns(
        (pl.struct("score", "date").n_unique().over(KEYS) == 1).alias("same"),
        (pl.col("place") == pl.col("place").min().over(KEYS)).alias("first"),
    )
    copies = told.filter(pl.col("same") & ~pl.col("first"))["place"]
    unlike = told.filter(~pl.col("same"))["place"]
    rows.refuse(
        frame["place"].is_in(unlike.implode()),
        "E-FRAME-114",
        column=column,
        what="The same session of the same dyad and rater occurs more than once, with different "
        "scores or dates; none of them is used",
        next_step=f"Keep the right one of {_together(told.filter(~pl.col('same')))}",
    )
    rows.refuse(
        frame["place"].is_in(copies.implode()),
        "E-FRAME-114",
        column=column,
        what="The row repeats a session word for word; the first copy is used",
        next_step="Delete the copies",
    )


def _perhaps_twice(frame: pl.DataFrame) -> bool:
    """Whether two usable rows may have the same keys: told by a number that takes little room."""
    key = pl.struct(KEYS).hash().filter(pl.col("fault").is_null())
    return bool(frame.select(key.is_duplicated().any()).item())


def _together(unlike: pl.DataFrame) -> str:
    """Return which rows speak of the same session: "rows 3 and 9, rows 4 and 10"."""
    if unlike.is_empty():
        return "them"
    groups = unlike.group_by(KEYS, maintain_order=True).agg(pl.col("row").unique().sort())
    sets = list(dict.fromkeys(tuple(rows) for rows in groups["row"].to_list() if len(rows) > 1))
    told = [
        f"rows {', '.join(str(row) for row in rows[:-1])} and {rows[-1]}"
        for rows in sets[:GROUPS_TOLD]
    ]
    more = len(sets) - GROUPS_TOLD
    return ", ".join(told) + (f", and {more} more such groups" if more > 0 else "") or "them"


def check_order(rows: Rows, plan: Plan) -> None:
    """Refuse rows whose date contradicts the order of the sessions, as few as possible."""
    if plan.date is None or plan.session is None:
        return
    frame = rows.frame.with_row_index("place")
    usable = pl.col("fault").is_null() & pl.col("date").is_not_null()
    dated = (
        frame.filter(usable)
        .select("place", "dyad", "session", "date")
        .sort("dyad", "session", "date")
    )
    back = pl.col("date") < pl.col("date").shift(1).over("dyad")
    dyads = dated.filter(back)["dyad"].unique()
    if dyads.is_empty():
        return
    wrong: list[int] = []
    for group in dated.filter(pl.col("dyad").is_in(dyads.implode())).partition_by(
        "dyad", maintain_order=True
    ):
        keep = _longest_rising(group["date"].to_list())
        wrong.extend(place for at, place in enumerate(group["place"].to_list()) if at not in keep)
    rows.refuse(
        frame["place"].is_in(wrong),
        "E-FRAME-115",
        column=plan.date,
        what="The date does not fit the order of the dyad's sessions",
        next_step="Correct the date or the session number",
    )


def _longest_rising(days: list[date]) -> set[int]:
    """Return the places of a longest run of dates that never goes back; of equals, the earliest.

    From the right, ``runs[i]`` is the length of the longest run that begins at ``i`` (patience
    sorting); from the left, take the first place that still begins a run of the length needed.
    """
    tops: list[int] = []  # tops[k]: minus the latest day on which a run of k + 1 days can begin
    runs = [0] * len(days)
    for place in range(len(days) - 1, -1, -1):
        day = -days[place].toordinal()
        pile = bisect_right(tops, day)
        tops[pile : pile + 1] = [day]
        runs[place] = pile + 1
    keep: set[int] = set()
    needed, latest = len(tops), date.min
    for place, day_here in enumerate(days):
        if runs[place] == needed and day_here >= latest:
            keep.add(place)
            needed, latest = needed - 1, day_here
    return keep
