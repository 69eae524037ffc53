# SPDX-License-Identifier: Apache-2.0
"""Computing everything derived again, from the answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from attunement.clinic.models import Dyad, Response, Score
from attunement.clinic.services.audit import record
from attunement.clinic.services.corrected import answers_of
from attunement.clinic.services.derive import scores_of
from attunement.clinic.services.signalling import refresh_signals


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many rows were written anew."""

    n_responses: int
    n_scores: int
    n_signals: int


def rebuild_scores(*, now: datetime) -> Rebuilt:
    """Delete every score and signal and compute them again, in one transaction.

    With the same answers and the same scorer the rows are identical, identifiers included.
    """
    n_responses = n_scores = n_signals = 0
    with transaction.atomic():
        Score.objects.all().delete()
        for response in Response.objects.prefetch_related("answers").order_by("pk"):
            rows = scores_of(response, answers_of(response))
            Score.objects.bulk_create(rows)
            n_responses += 1
            n_scores += len(rows)
        for dyad in Dyad.objects.order_by("pk"):
            n_signals += refresh_signals(dyad, now=now)
        record(
            actor="system",
            action="scores.rebuild",
            outcome="done",
            now=now,
            detail={"n_responses": n_responses, "n_scores": n_scores, "n_signals": n_signals},
        )
    return Rebuilt(n_responses=n_responses, n_scores=n_scores, n_signals=n_signals)
