# SPDX-License-Identifier: Apache-2.0
"""The ticket that travels inside an envelope: it can hand in one form, later, and nothing else.

A grant lives for an hour in the browser's cookie, and an answer that was given without a network
may come days later. The ticket names the grant's row and the submission id, signed by us; it
reads nothing, and on the phone it lies inside the ciphertext.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core import signing

from attunement.clinic.models import is_id

TICKET_LIFE = timedelta(days=14)
LONGEST = 400
_SALT = "attunement.ticket"
_PARTS = 5


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says, once its signature was checked."""

    submission_id: UUID
    grant_id: str
    mark: str  # names the grant in a cookie of the browser; opens nothing
    kiosk: bool
    made_at: datetime

    def is_late(self, *, now: datetime) -> bool:
        """Whether a first delivery with it comes too late."""
        return now - self.made_at > TICKET_LIFE


def write_ticket(ticket: Ticket) -> str:
    """Return the ticket as it travels."""
    parts = (
        str(ticket.submission_id),
        ticket.grant_id,
        ticket.mark,
        "k" if ticket.kiosk else "p",
        str(int(ticket.made_at.timestamp())),
    )
    return signing.Signer(salt=_SALT).sign(".".join(parts))


def read_ticket(text: str) -> Ticket | None:
    """Return what a ticket says; None unless we wrote it."""
    if len(text) > LONGEST or not text.isascii():
        return None
    try:
        parts = signing.Signer(salt=_SALT).unsign(text).split(".")
    except signing.BadSignature:
        return None
    if len(parts) != _PARTS or not is_id(parts[1]):
        return None
    return Ticket(
        submission_id=UUID(parts[0]),
        grant_id=parts[1],
        mark=parts[2],
        kiosk=parts[3] == "k",
        made_at=datetime.fromtimestamp(int(parts[4]), tz=UTC),
    )
