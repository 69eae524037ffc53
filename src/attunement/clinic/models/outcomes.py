# SPDX-License-Identifier: Apache-2.0
"""What people did with signals, and what they named without being asked. Written once.

Signals are derived and can be computed anew; what people said about them cannot. So these rows
hold what the signal was at that moment, and point to its session instead of its row.
"""

from __future__ import annotations

from datetime import UTC
from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.asking import Perspective
from attunement.clinic.models.care import Dyad, Session
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client, Therapist
from attunement.clinic.models.rules import LONGEST_ACTOR, LONGEST_NOTE
from attunement.clinic.models.sealed_text import SealedTextField


class OutcomeAnswer(models.TextChoices):
    """What was said about a signal: the therapist's answers, then the client's."""

    AGREED = "agreed", "agreed"
    NOT_A_RUPTURE = "not_a_rupture", "not a rupture"
    NOT_DISCUSSED = "not_discussed", "not discussed"
    CONFIRMED = "confirmed", "confirmed by the client"
    DENIED = "denied", "denied by the client"
    NOT_ASKED = "not_asked", "taken back: the client was not asked"


THERAPIST_ANSWERS = frozenset(
    {OutcomeAnswer.AGREED, OutcomeAnswer.NOT_A_RUPTURE, OutcomeAnswer.NOT_DISCUSSED}
)
CLIENT_ANSWERS = frozenset({OutcomeAnswer.CONFIRMED, OutcomeAnswer.DENIED})
_CLIENT_ROWS = CLIENT_ANSWERS | {OutcomeAnswer.NOT_ASKED}


class SignalOutcome(AppendOnlyModel):
    """What one person said about one signal; the newest row of a chair holds."""

    id = models.BigAutoField(primary_key=True)
    signal_id = models.CharField(max_length=ID_LENGTH, db_index=True)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="outcomes")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="outcomes")
    rule_id = models.CharField(max_length=60)
    rule_version = models.CharField(max_length=30)
    setting_no = models.PositiveIntegerField(default=0)
    model_version = models.CharField(max_length=60, blank=True)
    asked_rate = models.FloatField(null=True, blank=True)
    probability = models.FloatField(null=True, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    perspective = models.CharField(max_length=10, choices=Perspective)
    answer = models.CharField(max_length=20, choices=OutcomeAnswer)
    reason = SealedTextField(blank=True, max_length=LONGEST_NOTE)
    recorded_by = models.CharField(max_length=LONGEST_ACTOR)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="outcome_of_its_chair",
                condition=models.Q(
                    perspective=Perspective.THERAPIST, answer__in=sorted(THERAPIST_ANSWERS)
                )
                | models.Q(perspective=Perspective.CLIENT, answer__in=sorted(_CLIENT_ROWS)),
            )
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        at = self.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
        return self.dyad.client, f"{self.signal_id}/{self.perspective}/{at}"


class NamedRupture(AppendOnlyModel):
    """A rupture that a person named in a session, whether or not a rule asked."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="named_ruptures")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="named_ruptures")
    perspective = models.CharField(max_length=10, choices=Perspective)
    recorded_by = models.CharField(max_length=LONGEST_ACTOR)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "perspective"], name="rupture_named_once"),
            models.CheckConstraint(
                name="rupture_perspective_known",
                condition=models.Q(perspective__in=Perspective.values),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class SignalShown(AppendOnlyModel):
    """That a session's question took a place in a therapist's week; the place is not given away."""

    id = models.BigAutoField(primary_key=True)
    therapist = models.ForeignKey(Therapist, on_delete=models.PROTECT, related_name="shown")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="shown")
    week = models.DateField()  # its Monday
    shown_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "week"], name="shown_once_a_week")
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)
