# SPDX-License-Identifier: Apache-2.0
"""Keys that are wrapped by keys, and the ledger of those that were destroyed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client, Practice
from attunement.clinic.models.rules import LONGEST_ACTOR


class PracticeKey(models.Model):
    """A practice's key, wrapped by a key of keys that is never in the database."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="keys")
    version = models.PositiveIntegerField(default=1)
    wrapped = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["practice", "version"], name="practice_key_once")
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class ClientKey(models.Model):
    """A client's key, wrapped by the practice's. Destroyed, the row stays and the key is gone.

    The key is made just before its client's first row is written, so the database does not hold
    it to a client who is there already.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="keys", db_constraint=False
    )
    version = models.PositiveIntegerField(default=1)
    practice_key = models.ForeignKey(
        PracticeKey, on_delete=models.PROTECT, related_name="client_keys"
    )
    wrapped = models.TextField(blank=True)
    made_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "version"], name="client_key_once"),
            models.CheckConstraint(
                name="client_key_there_or_destroyed",
                condition=models.Q(destroyed_at__isnull=True) & ~models.Q(wrapped="")
                | models.Q(destroyed_at__isnull=False, wrapped=""),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class ErasureReason(models.TextChoices):
    """Why a person was erased. No free words: the ledger leaves the machine."""

    ASKED = "asked", "the person asked for it"
    RETENTION = "retention", "the time to keep the record is over"
    MISTAKE = "mistake", "the record should not have been made"


class Erasure(AppendOnlyModel):
    """One erasure. Identifiers only, so that the ledger can be replayed on an older copy."""

    id = models.BigAutoField(primary_key=True)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="erasures")
    client_id = models.CharField(max_length=ID_LENGTH)
    reason = models.CharField(max_length=10, choices=ErasureReason)
    erased_by = models.CharField(max_length=LONGEST_ACTOR)
    erased_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="erasure_reason_known", condition=models.Q(reason__in=ErasureReason.values)
            ),
            models.UniqueConstraint(fields=["client_id"], name="erased_once"),
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)
