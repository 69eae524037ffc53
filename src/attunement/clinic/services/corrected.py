# SPDX-License-Identifier: Apache-2.0
"""Typed sheets that were typed once more: what of them holds now.

A correction takes the place of the answers; nothing that was typed before is changed or lost.
Only paper can be corrected: its answers stand on a sheet that somebody can look at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attunement.clinic.models import (
    Answer,
    CorrectedAnswer,
    Dyad,
    Login,
    PaperCorrection,
    Provenance,
    Response,
)
from attunement.clinic.services.results import Typed
from attunement.clinic.services.team import name_of
from attunement.clinic.store.statements import Prepared

AnyAnswer = Answer | CorrectedAnswer
# With its answers beside it, if it has any: one query, whatever was corrected.
_OF_DYAD = Prepared(
    lambda dyad_id, after: (
        PaperCorrection.objects.filter(
            response__session__dyad=dyad_id, response__session__session_no__gt=after
        )
        .order_by("number", "answers__pk")
        .values_list(
            "pk",
            "response_id",
            "entered_by",
            "entered_at",
            "answers__item",
            "answers__of_total",
            "answers__value",
            "answers__text",
        )
    ),
    str,
    int,
)


@dataclass(frozen=True, slots=True)
class Correction:
    """What holds of a sheet that was corrected: by whom, when, and the answers."""

    entered_by: str
    entered_at: datetime
    answers: tuple[CorrectedAnswer, ...]


def corrections_of_dyad(dyad: Dyad, *, after: int = 0) -> dict[str, Correction]:
    """Return the newest correction of each response of a dyad's sessions above ``after``."""
    by_pk: dict[str, tuple[str, str, datetime, list[CorrectedAnswer]]] = {}
    for pk, response_id, by, at, item, of_total, value, text in _OF_DYAD.all(dyad.pk, after):
        answers = by_pk.setdefault(pk, (response_id, by, at, []))[3]
        if item is not None and not of_total:
            answers.append(CorrectedAnswer(correction_id=pk, item=item, value=value, text=text))
    # Later numbers come later: the newest takes the place of the one before.
    return {
        response_id: Correction(by, at, tuple(answers))
        for response_id, by, at, answers in by_pk.values()
    }


def newest_correction(response: Response) -> PaperCorrection | None:
    """Return the correction of a response that holds, if there is one."""
    if response.provenance != Provenance.PAPER:
        return None
    return PaperCorrection.objects.filter(response=response).order_by("number").last()


def answers_of(response: Response) -> Sequence[AnyAnswer]:
    """Return the answers of one response that hold."""
    newest = newest_correction(response)
    if newest is None:
        return list(response.answers.all())
    return list(newest.answers.filter(of_total=False).order_by("pk"))


def typed(response: Response, correction: Correction | None) -> Typed | None:
    """Return who typed a sheet, and who corrected it; None for a form that its person answered."""
    if response.provenance != Provenance.PAPER:
        return None
    wanted = {response.entered_by, "" if correction is None else correction.entered_by}
    names = {one.pk: name_of(one) for one in Login.objects.filter(pk__in=wanted - {""})}
    return Typed(
        by=names.get(response.entered_by, ""),
        at=response.received_at,
        corrected_by="" if correction is None else names.get(correction.entered_by, ""),
        corrected_at=None if correction is None else correction.entered_at,
    )
