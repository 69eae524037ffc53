# SPDX-License-Identifier: Apache-2.0
"""A sealed form arrives: opened, recorded exactly once, and answered with a signed receipt."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from attunement.clinic.access import Action
from attunement.clinic.errors import AccessError
from attunement.clinic.models import Grant, HeldReason, Moment, Practice, Response
from attunement.clinic.services.audit import record_alone
from attunement.clinic.services.client_forms import pass_on_untaken, record_client_response
from attunement.clinic.services.gate import CLIENT_LINK
from attunement.clinic.services.results import ReceiptStatus, Refused
from attunement.clinic.services.sealed_queue.box import (
    BoxError,
    Envelope,
    EnvelopeError,
    Letter,
    LetterError,
    open_envelope,
    parse_envelope,
    parse_letter,
)
from attunement.clinic.services.sealed_queue.held import TooManyHeldError, hold
from attunement.clinic.services.sealed_queue.keys import (
    HeldKey,
    KeyUnknownError,
    current_key,
    held_key,
    sign,
)
from attunement.clinic.services.secrets_of_links import (
    keyed_sha256,
    mark_of_grant,
    token_sha256,
)
from attunement.clinic.services.tickets import Ticket, read_ticket, write_ticket

RECEIVED, OTHER_CONTENT, CLOSED, HELD = "received", "other_content", "closed", "held"
FIELDS = "fields"  # only to a form that is still open
_OUTCOMES = {HTTPStatus.CONFLICT: OTHER_CONTENT, HTTPStatus.GONE: CLOSED}


@dataclass(frozen=True, slots=True)
class SealingOffer:
    """What a form carries so that its answers can be sealed on the phone."""

    submission_id: UUID
    key_id: str
    public: str
    receipt_public: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The answer to one delivery.

    ``said`` is a JSON text and ``signature`` covers its bytes; both are empty where there is no
    key that the phone could check them by. Only a signed answer lets a phone forget something.
    """

    http_status: int
    outcome: str = ""
    said: str = ""
    signature: str = ""
    wait_seconds: int = 0
    received_at: datetime | None = None
    mark: str = ""
    kiosk: bool = False
    before: bool = False  # whether it was the form before the session


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One body on its way through."""

    body: bytes
    envelope: Envelope
    from_where: str
    now: datetime
    form_open: bool


def sealing_offer(
    grant: str, submission_id: UUID, *, now: datetime, kiosk: bool = False
) -> SealingOffer | None:
    """Return the key and the ticket for a form that is shown; None when the grant is not ours."""
    row = Grant.objects.filter(grant_sha256=token_sha256(grant)).first()
    if row is None:
        return None
    key = current_key(now=now)
    ticket = Ticket(submission_id, row.pk, mark_of_grant(grant), kiosk=kiosk, made_at=now)
    return SealingOffer(
        submission_id=submission_id,
        key_id=key.key_id,
        public=key.public,
        receipt_public=key.receipt_public,
        ticket=write_ticket(ticket),
    )


def receive(
    body: bytes, *, idempotency_key: str, address: str, now: datetime, form_open: bool = False
) -> Delivery:
    """Take one delivery: open it, record the form in its one transaction, answer.

    Parameters
    ----------
    body : bytes
        As it arrived.
    idempotency_key : str
        The submission id once more, as the header ``Idempotency-Key`` names it.
    address : str
        The network address, for the limit on unreadable deliveries; kept as a keyed hash.
    now : datetime
        Aware.
    form_open : bool
        Whether the form is still on the screen: fields that cannot be read are then mended
        there, and nothing is kept.

    Returns
    -------
    Delivery
        201 stored now, 200 stored before (the same receipt); 409 stored before with other
        answers; 410 closed or too late; 422 kept without being taken; 400 no envelope at all;
        429 wait.
    """
    try:
        envelope = parse_envelope(body)
    except EnvelopeError:
        envelope = None
    if envelope is None or idempotency_key.strip('"') != str(envelope.submission_id):
        record_alone(
            actor=CLIENT_LINK,
            action=Action.SEALED_RECEIVE,
            outcome="refused",
            now=now,
            why="no envelope",
        )
        return Delivery(HTTPStatus.BAD_REQUEST)
    from_where = keyed_sha256("address", address)
    arrival = _Arrival(body, envelope, from_where, now, form_open=form_open)
    try:
        return _taken(arrival)
    except TooManyHeldError as flood:
        return Delivery(HTTPStatus.TOO_MANY_REQUESTS, wait_seconds=flood.wait_seconds)


def _taken(arrival: _Arrival) -> Delivery:
    try:
        key = held_key(arrival.envelope.key_id, now=arrival.now)
    except KeyUnknownError:
        return _held(arrival, None, HeldReason.KEY_UNKNOWN)
    if key.opening is None:
        return _held(arrival, key, HeldReason.KEY_GONE)
    try:
        letter = parse_letter(open_envelope(key.opening, arrival.envelope))
    except BoxError:
        return _held(arrival, key, HeldReason.UNREADABLE)
    except LetterError:
        return _held(arrival, key, HeldReason.NOT_OURS)
    ticket = read_ticket(letter.ticket)
    if ticket is None or ticket.submission_id != arrival.envelope.submission_id:
        return _held(arrival, key, HeldReason.NOT_OURS)
    return _recorded(arrival, key, letter, ticket)


def _recorded(arrival: _Arrival, key: HeldKey, letter: Letter, ticket: Ticket) -> Delivery:
    """Hand an opened form to the one service that records forms."""
    practice = _practice_of(ticket)
    first = not Response.objects.filter(submission_id=ticket.submission_id).exists()
    if first and practice is not None and ticket.is_late(now=arrival.now):
        _pass_on(arrival, letter, ticket)
        return _held(arrival, key, HeldReason.LATE, practice=practice)
    try:
        answer = record_client_response(
            ticket,
            submission_id=ticket.submission_id,
            fields=letter.fields,
            client_clock=letter.client_clock,
            now=arrival.now,
            language=letter.language,
            kiosk=ticket.kiosk,
        )
    except AccessError:
        return _held(arrival, key, HeldReason.NOT_OURS)
    if isinstance(answer, Refused):
        outcome = _OUTCOMES.get(HTTPStatus(answer.http_status))
        if outcome is None and arrival.form_open:
            return Delivery(answer.http_status, outcome=FIELDS)
        if outcome is None:
            _pass_on(arrival, letter, ticket)
            return _held(arrival, key, HeldReason.FIELDS, practice=practice)
        return _said(arrival, key, answer.http_status, outcome, ticket=ticket)
    created = answer.status is ReceiptStatus.CREATED
    status = HTTPStatus.CREATED if created else HTTPStatus.OK
    answered = _said(arrival, key, status, RECEIVED, ticket=ticket, at=answer.received_at)
    return replace(answered, before=letter.fields.get("moment") == Moment.BEFORE)


def _practice_of(ticket: Ticket) -> Practice | None:
    grant = (
        Grant.objects.select_related("invitation__assignment__session__dyad__practice")
        .filter(pk=ticket.grant_id)
        .first()
    )
    return None if grant is None else grant.invitation.assignment.session.dyad.practice


def _pass_on(arrival: _Arrival, letter: Letter, ticket: Ticket) -> None:
    """Tell people of risk in a form that is kept without being taken."""
    pass_on_untaken(
        ticket,
        submission_id=ticket.submission_id,
        fields=letter.fields,
        client_clock=letter.client_clock,
        now=arrival.now,
    )


def _held(
    arrival: _Arrival, key: HeldKey | None, reason: HeldReason, practice: Practice | None = None
) -> Delivery:
    hold(
        arrival.body,
        arrival.envelope,
        reason,
        from_where=arrival.from_where,
        now=arrival.now,
        practice=practice,
    )
    late = reason in {HeldReason.LATE, HeldReason.KEY_GONE}
    status = HTTPStatus.GONE if late else HTTPStatus.UNPROCESSABLE_ENTITY
    return _said(arrival, key, status, HELD)


def _said(
    arrival: _Arrival,
    key: HeldKey | None,
    http_status: int,
    outcome: str,
    *,
    ticket: Ticket | None = None,
    at: datetime | None = None,
) -> Delivery:
    """Return the answer, signed where the phone has a key to check it by."""
    document = {
        "at": (at or arrival.now).astimezone(UTC).isoformat(timespec="milliseconds"),
        "id": str(arrival.envelope.submission_id),
        "outcome": outcome,
        "sha256": hashlib.sha256(arrival.body).hexdigest(),
        "v": 1,
    }
    said = json.dumps(document, sort_keys=True, separators=(",", ":"))
    signing = key.signing if key is not None else None
    return Delivery(
        http_status=int(http_status),
        outcome=outcome,
        said=said,
        signature=sign(signing, said) if signing is not None else "",
        received_at=at,
        mark=ticket.mark if ticket is not None else "",
        kiosk=ticket is not None and ticket.kiosk,
    )
