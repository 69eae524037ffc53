# SPDX-License-Identifier: Apache-2.0
"""Correcting a typed sheet that counts: one more row, and what follows from it written anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attunement.clinic.models import CorrectedAnswer, PaperCorrection, Response, Score
from attunement.clinic.services.corrected import AnyAnswer, newest_correction
from attunement.clinic.services.results import Receipt, ReceiptStatus, Refused
from attunement.clinic.services.risk.raising import raise_for_correction
from attunement.clinic.services.scores import scores_of
from attunement.clinic.services.signalling import refresh_signals
from attunement.clinic.services.submission import Parcel, payload_sha256
from attunement.clinic.store.statements import insert


def known_correction(response: Response, parcel: Parcel) -> Receipt | Refused | None:
    """Return the answer to a correction that is in already or changes nothing; else None."""
    fingerprint = payload_sha256(response.assignment, parcel)
    same = PaperCorrection.objects.filter(submission_id=parcel.submission_id).first()
    if same is not None and (same.response_id, same.payload_sha256) != (response.pk, fingerprint):
        return Refused(
            http_status=409,
            code="E-CLINIC-008",
            message="This page was already sent with other answers; the first are kept.",
        )
    newest = newest_correction(response)
    held = response.payload_sha256 if newest is None else newest.payload_sha256
    if same is None and held != fingerprint:
        return None
    at = same.entered_at if same is not None else held_at(response, newest)
    return Receipt(parcel.submission_id, ReceiptStatus.ALREADY_RECEIVED, at)


def held_at(response: Response, newest: PaperCorrection | None) -> datetime:
    """Return since when the answers of a sheet hold that hold now."""
    return response.received_at if newest is None else newest.entered_at


def store_correction(response: Response, parcel: Parcel, *, now: datetime) -> Receipt:
    """Write a correction with what follows from it; the caller holds the transaction and the lock.

    An answer about risk in it is passed on anew, whatever was passed on before.
    """
    newest = newest_correction(response)
    correction = PaperCorrection(
        response=response,
        number=1 if newest is None else newest.number + 1,
        submission_id=parcel.submission_id,
        payload_sha256=payload_sha256(response.assignment, parcel),
        entered_by=parcel.entered_by,
        entered_at=now,
    )
    correction.save()
    rows = [
        CorrectedAnswer(correction=correction, item=item, value=value)
        for item, value in parcel.form.values.items()
        if value is not None
    ]
    words = [
        CorrectedAnswer(correction=correction, item=item, text=text)
        for item, text in parcel.form.texts.items()
    ]
    totals = [
        CorrectedAnswer(correction=correction, item=scale, of_total=True, value=value)
        for scale, value in parcel.totals.items()
    ]
    insert(rows + words + totals)
    score_again(response, rows)
    session = response.assignment.session
    refresh_signals(session.dyad, now=now, since=session.session_no)
    raise_for_correction(
        response,
        parcel.submission_id,
        parcel.form.values,
        since=held_at(response, newest),
        now=now,
    )
    return Receipt(parcel.submission_id, ReceiptStatus.CREATED, now)


def score_again(response: Response, answers: Iterable[AnyAnswer]) -> None:
    """Write the scores of a response anew."""
    Score.objects.filter(response=response).delete()
    insert(scores_of(response, answers))
