# SPDX-License-Identifier: Apache-2.0
"""From answers to scores, from scores to signals; all of it can be computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from attunement.clinic.models import Answer, Moment, Response, Score
from attunement.clinic.services.chairs import NewForm
from attunement.clinic.services.scores import numbers_of, scores_of, total_of
from attunement.clinic.services.shown_answers import changes_what_therapist_sees
from attunement.clinic.services.signalling import Anew, signals_anew
from attunement.clinic.store.statements import insert

__all__ = ["Derived", "derive", "numbers_of", "scores_of", "total_of"]


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows from a form that comes in: its scores, and its dyad's signals."""

    scores: Sequence[Score]
    signals: Anew | None  # None where the form changes none

    def write(self) -> None:
        """Write it, in the caller's transaction, after the form."""
        insert(self.scores)
        if self.signals is not None:
            self.signals.write()


def derive(
    response: Response,
    answers: Sequence[Answer],
    *,
    now: datetime,
    wishes: Mapping[str, str] = {},
    totals: Mapping[str, float] = {},
) -> Derived:
    """Return what follows from a form that is about to be stored; nothing is written yet.

    Everything is read before anything is written, so that it can be worked out before the turn.

    Parameters
    ----------
    response : Response
        With its prediction, if it has one; the session, its dyad, client and therapist are read
        here unless the caller has them.
    answers : sequence of Answer
        All that are to be stored; scored are those with a number.
    now : datetime
        Aware. A response that the therapist may not see yet changes no signal, so none is touched.
    wishes : mapping
        The client's wish for an answer, by item.
    totals : mapping
        Totals that came without items, by scale.
    """
    scores = scores_of(response, answers, totals)
    if response.moment != Moment.AFTER:  # no rule reads what was asked before or between
        return Derived(scores, None)
    dyad = response.assignment.session.dyad
    if not changes_what_therapist_sees(dyad, response, now=now):
        return Derived(scores, None)
    new = NewForm(response, answers, scores, wishes)
    since = response.assignment.session.session_no
    return Derived(scores, signals_anew(dyad, now=now, since=since, new=new))
