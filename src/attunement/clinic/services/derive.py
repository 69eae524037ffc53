# SPDX-License-Identifier: Apache-2.0
"""From answers to scores, from scores to signals; all of it can be computed again."""

from __future__ import annotations

from collections.abc import Iterable

from attunement.clinic.models import Answer, Dyad, Moment, Response, Score, derived_id
from attunement.clinic.services.forms import measure_of
from attunement.clinic.services.signalling import refresh_signals
from attunement.measures.schema import Measure
from attunement.scoring import NotScored, score_response


def derive(response: Response) -> None:
    """Write a new response's scores and its dyad's signals, in the caller's transaction."""
    Score.objects.bulk_create(scores_of(response, response.answers.all()))
    if response.moment == Moment.AFTER:  # no rule reads what was asked before or between
        refresh_signals(Dyad.objects.get(sessions__pk=response.session_id))


def scores_of(response: Response, answers: Iterable[Answer]) -> list[Score]:
    """Return the score rows of a response, always the same for the same answers and scorer."""
    measure = measure_of(response.measure_id, response.measure_version)
    scored = score_response(measure, numbers_of(measure, answers))
    rows: list[Score] = []
    for scale, result in scored.scales.items():
        rows.append(
            Score(
                id=derived_id("score", response.pk, scale),
                response=response,
                scale=scale,
                value=None if isinstance(result, NotScored) else result.value,
                reason=result.reason if isinstance(result, NotScored) else None,
                n_answered=result.n_answered,
                n_items=result.n_items,
                scorer_version=scored.scorer_version,
            )
        )
    return rows


def numbers_of(measure: Measure, answers: Iterable[Answer]) -> dict[str, float | None]:
    """Return every item that is not text, None where there is no answer row."""
    given = {answer.item: answer.value for answer in answers if answer.value is not None}
    return {item.id: given.get(item.id) for item in measure.items if item.kind != "text"}


def total_of(scores: Iterable[Score]) -> Score | None:
    """Return the total among the scores of one response, if the measure has one."""
    return next((score for score in scores if score.scale == "total"), None)
