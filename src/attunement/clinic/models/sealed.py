# SPDX-License-Identifier: Apache-2.0
"""Deliveries sealed on a phone: the keys they are sealed to, and what could not be taken."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.asking import SHA256_LENGTH
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Practice

ALGORITHM = "p256-hkdf-sha256-aes256gcm"
KEY_ID_LENGTH = 64  # of a claimed key id: an unknown one may be anything short


class SealingKey(models.Model):
    """Two key pairs for the queue on phones: one opens envelopes, the other signs receipts.

    ``opening_wrapped`` is emptied when the key's time is over: what was sealed to it can then be
    read by nobody. The signing half stays, so that a phone can still be told so.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    algorithm = models.CharField(max_length=40, default=ALGORITHM)
    public = models.CharField(max_length=100)  # P-256 point, base64url; what phones seal to
    receipt_public = models.CharField(max_length=100)  # P-256 point; what phones check receipts by
    opening_wrapped = models.TextField(blank=True)
    signing_wrapped = models.TextField()
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)  # no form shows it after this

    class Meta:
        constraints: ClassVar = [
            # One live key for each way of sealing, however many processes start at once.
            models.UniqueConstraint(
                fields=["algorithm"],
                name="sealing_key_one_live",
                condition=models.Q(retired_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class HeldReason(models.TextChoices):
    """Why a delivery could not be taken, in words for the lead."""

    KEY_UNKNOWN = "key_unknown", "it was sealed to a key that this clinic never had"
    KEY_GONE = "key_gone", "it was sealed to a key whose time is over"
    UNREADABLE = "unreadable", "it was damaged or changed on the way"
    NOT_OURS = "not_ours", "it was readable, but does not belong to a form of this clinic"
    LATE = "late", "it came more than two weeks after the form was opened"
    FIELDS = "fields", "an answer in it is none that the form offers"


class HeldDelivery(models.Model):
    """A sealed delivery that was refused and kept: its ciphertext, and who has noticed.

    Nobody is told whose it is, because nobody can know: it is unreadable, or belongs to no form.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(
        Practice, null=True, blank=True, on_delete=models.PROTECT, related_name="held_deliveries"
    )  # known only where the ticket in it could be read
    submission_id = models.CharField(max_length=36)
    key_id = models.CharField(max_length=KEY_ID_LENGTH)
    envelope_sha256 = models.CharField(max_length=SHA256_LENGTH, unique=True)
    envelope = models.TextField()  # as it arrived
    reason = models.CharField(max_length=20, choices=HeldReason)
    address_sha256 = models.CharField(max_length=SHA256_LENGTH)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    noted_at = models.DateTimeField(null=True, blank=True)
    noted_by = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["address_sha256", "first_at"], name="held_by_address"),
            models.Index(fields=["noted_at", "first_at"], name="held_unnoted"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="held_reason_known", condition=models.Q(reason__in=HeldReason.values)
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id
