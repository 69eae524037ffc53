# SPDX-License-Identifier: Apache-2.0
"""From answers to score rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attunement.clinic.models import (
    Provenance,
    Response,
    Score,
    derived_id,
)
from attunement.clinic.services.corrected import AnyAnswer, newest_correction
from attunement.clinic.services.forms import measure_of
from attunement.measures.schema import Measure
from attunement.scoring import NotScored, score_response

ENTERED = "entered"  # in the place of a scorer's version: nobody computed it


def scores_of(
    response: Response,
    answers: Iterable[AnyAnswer],
    totals: Mapping[str, float] | None = None,
) -> list[Score]:
    """Return the score rows of a response, always the same for the same answers and scorer.

    ``totals`` are those that came without items; read from the store where they are not given.
    """
    measure = measure_of(response.measure_id, response.measure_version)
    scored = score_response(measure, numbers_of(measure, answers))
    totals = _entered(response) if totals is None else totals
    rows: list[Score] = []
    for scale, result in scored.scales.items():
        rows.append(
            Score.fresh(
                id=derived_id("score", response.pk, scale, near=response.pk),
                response_id=response.pk,
                scale=scale,
                value=None if isinstance(result, NotScored) else result.value,
                reason=result.reason if isinstance(result, NotScored) else None,
                n_answered=result.n_answered,
                n_items=result.n_items,
                scorer_version=scored.scorer_version,
            )
        )
        if scale in totals:  # it came as a total, without its items
            rows[-1].value, rows[-1].reason = totals[scale], None
            rows[-1].scorer_version = ENTERED
    return rows


def _entered(response: Response) -> dict[str, float]:
    """Return the totals that came without items, by scale. Only paper has any."""
    if response.provenance != Provenance.PAPER:
        return {}
    corrected = newest_correction(response)
    if corrected is not None:
        totals = corrected.answers.filter(of_total=True, value__isnull=False)
        return dict(totals.values_list("item", "value"))
    return {one.scale: one.value for one in response.totals.all()}


def numbers_of(measure: Measure, answers: Iterable[AnyAnswer]) -> dict[str, float | None]:
    """Return every item that is not text, None where there is no answer row."""
    given = {answer.item: answer.value for answer in answers if answer.value is not None}
    return {item.id: given.get(item.id) for item in measure.items if item.kind != "text"}


def total_of(scores: Iterable[Score]) -> Score | None:
    """Return the total among the scores of one response, if the measure has one."""
    return next((score for score in scores if score.scale == "total"), None)
