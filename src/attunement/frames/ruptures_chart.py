# SPDX-License-Identifier: Apache-2.0
"""One dyad's course as a chart: both lines, what was usual, and the sessions that were flagged."""

from __future__ import annotations

from typing import Any

import numpy as np

from attunement.figures import Band, DualChart, Line, Mark
from attunement.frames.ruptures_request import Question
from attunement.frames.ruptures_rows import Rows
from attunement.frames.ruptures_tables import Judged


def chart_of(rows: Rows, judged: Judged, question: Question) -> DualChart:
    """Return the chart of the rows of one dyad."""
    batch, scale = rows.batch, question.scale
    sessions = tuple(int(session) for session in batch.sessions)
    client = Line("Client", sessions, _values(batch.values))
    therapist = None
    if batch.channels.therapist is not None and not np.isnan(batch.channels.therapist).all():
        therapist = Line("Therapist", sessions, _values(batch.channels.therapist))
    found = judged.judgements
    limit = np.where(found.evaluable, np.clip(found.limit, scale.minimum, scale.maximum), np.nan)
    best = scale.maximum if scale.higher_is_better else scale.minimum
    edge = np.where(np.isnan(limit), np.nan, best)
    low, high = (limit, edge) if scale.higher_is_better else (edge, limit)
    band = None if np.isnan(limit).all() else Band("usual", sessions, _values(low), _values(high))
    marks = tuple(
        Mark(session, str(number), _asks(judged, place))
        for number, (place, session) in enumerate(
            ((place, sessions[place]) for place in np.flatnonzero(found.flagged).tolist()), start=1
        )
    )
    return DualChart(
        client=client,
        therapist=therapist,
        minimum=scale.minimum,
        maximum=scale.maximum,
        higher_is_better=scale.higher_is_better,
        marks=marks,
        title=f"Course, with the questions of the rule {judged.rule.id}",
        noise=question.archive.usual_change(scale.step),
        band=band,
    )


def _values(values: Any) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else float(value) for value in values)


def _asks(judged: Judged, place: int) -> str:
    chance = judged.judgements.probability
    said = judged.rule.question
    if chance is None or np.isnan(chance[place]):
        return said
    return f"{said} (probability of a rupture {chance[place]:.2f})"
