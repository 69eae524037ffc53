# SPDX-License-Identifier: Apache-2.0
"""Reminders: an address the client agreed to, what is to be sent, and what was."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.asking import SHA256_LENGTH, Assignment, Invitation
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client
from attunement.clinic.models.sealed_text import SealedTextField


class Channel(models.TextChoices):
    """How a reminder goes out."""

    MAIL = "mail", "by e-mail"
    SMS = "sms", "by text message"


class ReminderAddress(models.Model):
    """Where a client agreed to be reminded. The address is sealed; stopping is the client's."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="addresses")
    channel = models.CharField(max_length=4, choices=Channel)
    address = SealedTextField()
    stop_sha256 = models.CharField(max_length=SHA256_LENGTH, unique=True)
    consent_noted_by = models.CharField(max_length=ID_LENGTH)  # the login that was told
    consent_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.CharField(max_length=ID_LENGTH, blank=True)  # "client", or a login's id

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reminder_channel_known", condition=models.Q(channel__in=Channel.values)
            ),
            models.UniqueConstraint(
                fields=["client", "channel"],
                name="reminder_address_one",
                condition=models.Q(stopped_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier: addresses stay out of logs."""
        return self.id

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.client, self.pk


class ReminderState(models.TextChoices):
    """Where a reminder stands."""

    QUEUED = "queued", "to be sent"
    SENT = "sent", "handed over"
    DROPPED = "dropped", "not sent any more"


class Reminder(models.Model):
    """One reminder to be sent: a row beside what it is about, handed over by the worker."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    to = models.ForeignKey(ReminderAddress, on_delete=models.PROTECT, related_name="reminders")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="reminders")
    invitation = models.OneToOneField(Invitation, on_delete=models.PROTECT, related_name="reminder")
    on_day = models.DateField()
    due_at = models.DateTimeField()
    secrets = SealedTextField(blank=True)  # the link; emptied once handed over
    state = models.CharField(max_length=7, choices=ReminderState, default=ReminderState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reminder_state_known", condition=models.Q(state__in=ReminderState.values)
            ),
            # Nobody is reminded of anything twice in a day.
            models.UniqueConstraint(fields=["to", "on_day"], name="reminder_once_a_day"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "next_try_at"], name="reminder_waiting"),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.to.client, self.pk


class ReminderAttempt(AppendOnlyModel):
    """One try to hand over a reminder, and what came of it. No address, no words."""

    id = models.BigAutoField(primary_key=True)
    reminder = models.ForeignKey(Reminder, on_delete=models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20)  # "sent" | "failed" | "dropped"
    why = models.CharField(max_length=60, blank=True)  # the class of an error, never its words

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)
