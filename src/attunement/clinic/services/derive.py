# SPDX-License-Identifier: Apache-2.0
"""From answers to scores, from scores to signals; all of it can be computed again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attunement.clinic.models import Answer, Moment, Response
from attunement.clinic.services.scores import numbers_of, scores_of, total_of
from attunement.clinic.services.shown_answers import changes_what_therapist_sees
from attunement.clinic.services.signalling import refresh_signals
from attunement.clinic.store.statements import insert

__all__ = ["derive", "numbers_of", "scores_of", "total_of"]


def derive(response: Response, answers: Sequence[Answer], *, now: datetime) -> None:
    """Write a new response's scores and its dyad's signals, in the caller's transaction.

    ``answers`` are those with a number; the session, its dyad, client and therapist are read here
    unless the caller has them.
    A response that the therapist may not see yet changes no signal, so none is touched.
    """
    insert(scores_of(response, answers))
    if response.moment != Moment.AFTER:  # no rule reads what was asked before or between
        return
    dyad = response.assignment.session.dyad
    if changes_what_therapist_sees(dyad, response, now=now):
        refresh_signals(dyad, now=now, since=response.assignment.session.session_no)
