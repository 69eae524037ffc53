# SPDX-License-Identifier: Apache-2.0
"""From answers to scores, from scores to signals; all of it can be computed again."""

from __future__ import annotations

from datetime import datetime

from attunement.clinic.models import Dyad, Moment, Response, Score
from attunement.clinic.services.scores import numbers_of, scores_of, total_of
from attunement.clinic.services.shown_answers import changes_what_therapist_sees
from attunement.clinic.services.signalling import refresh_signals

__all__ = ["derive", "numbers_of", "scores_of", "total_of"]


def derive(response: Response, *, now: datetime) -> None:
    """Write a new response's scores and its dyad's signals, in the caller's transaction.

    A response that the therapist may not see yet changes no signal, so none is touched.
    """
    Score.objects.bulk_create(scores_of(response, response.answers.all()))
    if response.moment != Moment.AFTER:  # no rule reads what was asked before or between
        return
    dyad = Dyad.objects.select_related("client", "therapist").get(sessions__pk=response.session_id)
    if changes_what_therapist_sees(dyad, response, now=now):
        refresh_signals(dyad, now=now)
