# SPDX-License-Identifier: Apache-2.0
"""What a client says to the practice's lead alone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.care import Dyad
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client, Practice
from attunement.clinic.models.sealed_text import SealedTextField


class MessageKind(models.TextChoices):
    """What a client asks of the lead."""

    MESSAGE = "message", "a message"
    ANOTHER_THERAPIST = "another", "would like another therapist"


class PrivateMessage(AppendOnlyModel):
    """Words of a client for the lead. The therapist's pages never show or count them."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(
        Practice, on_delete=models.PROTECT, related_name="private_messages"
    )
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="private_messages")
    kind = models.CharField(max_length=7, choices=MessageKind)
    words = SealedTextField(blank=True)
    submission_id = models.UUIDField(unique=True)
    who_sees = models.TextField()  # what the client was told
    sent_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="private_kind_known", condition=models.Q(kind__in=MessageKind.values)
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier: words stay out of logs."""
        return self.id

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.dyad.client, self.pk


class MessageTaken(AppendOnlyModel):
    """A lead has taken a private message in hand."""

    message = models.OneToOneField(
        PrivateMessage, on_delete=models.PROTECT, related_name="taken", primary_key=True
    )
    by = models.CharField(max_length=ID_LENGTH)
    at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the message's identifier."""
        return str(self.pk)
