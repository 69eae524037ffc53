# SPDX-License-Identifier: Apache-2.0
"""Pictures of sudden gains: the average course around them, and one person's course."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from attunement.figures import DualChart, Figure, Line, Mark, dual_chart
from attunement.figures.draw import draw
from attunement.figures.table import Table
from attunement.frames.gains_errors import GainsError
from attunement.frames.ratings_scale import ScoreScale
from attunement.signals.gains import Gains
from attunement.signals.gains.wording import number

if TYPE_CHECKING:
    import altair as alt

AROUND = (-2, -1, 0, 1, 2, 3)


def average_course(found: Gains) -> list[tuple[int, float | None, float | None, int]]:
    """Return place, mean, standard deviation and number of scores around the gains."""
    begins = found.grid.starts[found.person]
    ends = found.grid.starts[found.person + 1]
    rows = []
    for place in AROUND:
        at = found.rows + place
        scores = found.grid.values[at[(at >= begins) & (at < ends)]]
        scores = scores[~np.isnan(scores)]
        mean = float(scores.mean()) if scores.size else None
        spread = float(scores.std(ddof=1)) if scores.size > 1 else None
        rows.append((place, mean, spread, int(scores.size)))
    return rows


def average_figure(found: Gains, scale: ScoreScale, score_name: str) -> Figure:
    """Draw the mean scores of the six sessions around the gains."""
    kind = found.options.kind
    rows = average_course(found)
    n = int(found.rows.size)
    title = f"Average course around {n} sudden {_plural(kind, n)}"
    chart = DualChart(
        client=Line(score_name, AROUND, tuple(row[1] for row in rows)),
        therapist=None,
        minimum=scale.minimum,
        maximum=max(scale.maximum, scale.minimum + 1e-9),
        higher_is_better=scale.higher_is_better,
        title=title,
        key=f"sudden-{kind}s",
        observed=scale.source == "observed",
    )
    before, after = rows[2][1], rows[3][1]
    sentence = (
        f"There is no sudden {kind} to draw."
        if before is None or after is None
        else f"On average of {n} sudden {_plural(kind, n)} the score went from "
        f"{number(before)} in the session before to {number(after)} in the session after; "
        f"place 0 is the session before the {kind}."
    )
    table = Table(
        caption=f"{title}: {score_name} by session, counted from the session before the {kind}.",
        header=("Place", "Mean", "Standard deviation", "Scores"),
        rows=tuple((str(at), _or_dash(mean), _or_dash(sd), str(k)) for at, mean, sd, k in rows),
    )
    both = draw(chart, sentence, "wide") + draw(chart, sentence, "narrow")
    svg = f'<div class="att-both">{both}</div>'
    return Figure(svg, sentence, table, title)


def course_figure(
    found: Gains, scale: ScoreScale, score_name: str, person: int, label: object
) -> Figure:
    """Draw one person's scores with the gains marked."""
    kind = found.options.kind
    begin, end = int(found.grid.starts[person]), int(found.grid.starts[person + 1])
    values = [None if np.isnan(one) else float(one) for one in found.grid.values[begin:end]]
    mine = np.flatnonzero(found.person == person)
    marks = tuple(
        Mark(
            int(found.session_after[at]),
            str(order),
            f"sudden {kind} of {number(float(found.magnitude[at]))} points since session "
            f"{int(found.session[at])}",
        )
        for order, at in enumerate(mine, start=1)
    )
    chart = DualChart(
        client=Line(
            score_name, tuple(int(s) for s in found.grid.sessions[begin:end]), tuple(values)
        ),
        therapist=None,
        minimum=scale.minimum,
        maximum=max(scale.maximum, scale.minimum + 1e-9),
        higher_is_better=scale.higher_is_better,
        marks=marks,
        title=f"{label}: {score_name}, session by session",
        key=f"course-{person}",
        observed=scale.source == "observed",
    )
    many = len(marks)
    sentence = (
        f"{many} sudden {_plural(kind, many)}: "
        + "; ".join(f"session {mark.session_no}, {mark.text}" for mark in marks)
        if marks
        else f"No sudden {kind} was found"
    )
    return replace(dual_chart(chart), sentence=f"{sentence}.")


def around_chart(found: Gains, score_name: str, person: int | None) -> alt.Chart:
    """Return the same numbers as an Altair chart.

    Raises
    ------
    GainsError
        ``E-FRAME-224`` where Altair is not installed.
    """
    try:
        import altair as alt  # noqa: PLC0415 -- an optional extra
    except ImportError as absent:
        raise GainsError(
            "E-FRAME-224",
            what="Altair is not installed",
            next_step="Install the extra: pip install 'attunement[plots]', or use engine='svg'",
        ) from absent
    if person is None:
        names = ("place", "mean", "sd", "n")
        rows: list[dict[str, Any]] = [
            dict(zip(names, row, strict=True)) for row in average_course(found)
        ]
        x = alt.X("place:Q", title=f"session, 0 = before the {found.options.kind}")
        y = alt.Y("mean:Q", title=score_name)
    else:
        rows = _course_rows(found, person)
        x, y = alt.X("session:Q", title="session"), alt.Y("score:Q", title=score_name)
    data = alt.InlineData(values=rows)
    chart: alt.Chart = alt.Chart(data).mark_line(point=True).encode(x=x, y=y)
    return chart


def _course_rows(found: Gains, person: int) -> list[dict[str, Any]]:
    begin, end = int(found.grid.starts[person]), int(found.grid.starts[person + 1])
    after = set(found.session_after[found.person == person].tolist())
    return [
        {
            "session": int(session),
            "score": None if np.isnan(score) else float(score),
            found.options.kind: int(session) in after,
        }
        for session, score in zip(
            found.grid.sessions[begin:end], found.grid.values[begin:end], strict=True
        )
    ]


def _plural(kind: str, n: int) -> str:
    return kind if n == 1 else {"loss": "losses"}.get(kind, f"{kind}s")


def _or_dash(value: float | None) -> str:
    return "–" if value is None else number(value)
