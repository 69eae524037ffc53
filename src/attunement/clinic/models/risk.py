# SPDX-License-Identifier: Apache-2.0
"""Risk answers on their way to people: what was raised, who was told, what they did, who is on.

``RiskAlert`` and ``RiskAct`` are written once. ``RiskOutbox`` and ``RiskDelivery`` say how far an
alert is on its way; every change of theirs is guarded by what was read before, so that two workers
never undo each other.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.asking import SHA256_LENGTH, Assignment
from attunement.clinic.models.care import Dyad
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client, Login, Practice
from attunement.clinic.models.response import Response
from attunement.clinic.models.sealed_text import SealedTextField

WEEK_MINUTES = 7 * 24 * 60
LONGEST_RUN = 40
LONGEST_PROVIDER_ID = 200


class AlertState(models.TextChoices):
    """How far an alert is: it only ever goes forward."""

    RAISED = "raised", "raised"
    QUEUED = "queued", "on its way"
    DELIVERED = "delivered", "delivered"
    ACKNOWLEDGED = "acknowledged", "acknowledged"
    CLOSED = "closed", "closed"


OPEN_STATES = (AlertState.RAISED, AlertState.QUEUED, AlertState.DELIVERED)


class DeliveryChannel(models.TextChoices):
    """How a person is told."""

    LIST = "list", "on the pages"
    MAIL = "mail", "by mail"


class DeliveryState(models.TextChoices):
    """How far telling one person by one channel is."""

    QUEUED = "queued", "not yet"
    SENDING = "sending", "being sent"
    DELIVERED = "delivered", "delivered"
    NOT_NEEDED = "not_needed", "no longer needed"


class ActKind(models.TextChoices):
    """What a person did about an alert."""

    ACKNOWLEDGED = "acknowledged", "acknowledged"
    CLOSED = "closed", "closed"


class RiskAlert(AppendOnlyModel):
    """One answer that met the rule of its item. The answer itself stays with the response.

    ``dedupe_key`` is made of submission, item and rule: a form that is sent again raises nothing.
    ``bundle`` is the same for the answers that came with one delivery: people see them as one.
    The row's number gives the order, not a clock. A form that was not taken, because another was
    before it or its link was closed, has no response; what it said of risk is passed on.
    """

    number = models.BigAutoField(primary_key=True)
    public_id = models.CharField(max_length=ID_LENGTH, unique=True, default=new_id, editable=False)
    dedupe_key = models.CharField(max_length=SHA256_LENGTH, unique=True)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="risk_alerts")
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="risk_alerts")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="risk_alerts")
    response = models.ForeignKey(
        Response, on_delete=models.PROTECT, related_name="risk_alerts", null=True, blank=True
    )
    bundle = models.CharField(max_length=SHA256_LENGTH, db_index=True)
    item = models.CharField(max_length=40)
    rule = models.CharField(max_length=120)  # measure, version and from which answer on
    answered_at = models.DateTimeField(null=True, blank=True)  # the client's clock
    clock_suspect = models.BooleanField(default=False)
    received_at = models.DateTimeField()  # ours

    class Meta:
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        """Return the public identifier."""
        return self.public_id


class RiskOutbox(models.Model):
    """How far one alert is. Written in the transaction that stores the answer.

    ``waited_ms`` counts how long nobody acknowledged; it never goes back, whatever the clock does.
    """

    alert = models.OneToOneField(
        RiskAlert, primary_key=True, on_delete=models.PROTECT, related_name="outbox"
    )
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="risk_outbox")
    state = models.CharField(max_length=12, choices=AlertState, default=AlertState.RAISED)
    levels_told = models.PositiveSmallIntegerField(default=0)  # of first, next, lead, all
    waited_ms = models.PositiveBigIntegerField(default=0)
    counted_at = models.DateTimeField()
    counted_by = models.CharField(max_length=LONGEST_RUN, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="risk_outbox_state_known", condition=models.Q(state__in=AlertState.values)
            )
        ]
        indexes: ClassVar = [models.Index(fields=["practice", "state"], name="risk_outbox_open")]

    def __str__(self) -> str:
        """Return the alert's number."""
        return str(self.pk)


class RiskDelivery(models.Model):
    """Telling one person of one alert by one channel, however many tries that takes."""

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(RiskAlert, on_delete=models.PROTECT, related_name="deliveries")
    login = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="risk_deliveries")
    channel = models.CharField(max_length=6, choices=DeliveryChannel)
    level = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=DeliveryState, default=DeliveryState.QUEUED)
    queued_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    claimed_by = models.CharField(max_length=LONGEST_RUN, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=LONGEST_PROVIDER_ID, blank=True)
    provider_id = models.CharField(max_length=LONGEST_PROVIDER_ID, blank=True)
    problem = models.CharField(max_length=40, blank=True)  # a word of ours, never the server's

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alert", "login", "channel"], name="risk_delivery_once"
            ),
            models.CheckConstraint(
                name="risk_delivery_state_known",
                condition=models.Q(state__in=DeliveryState.values),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "channel"], name="risk_delivery_waiting")
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)


class RiskAct(AppendOnlyModel):
    """What a logged-in person did about an alert; each kind once."""

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(RiskAlert, on_delete=models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=12, choices=ActKind)
    by = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="risk_acts")
    at = models.DateTimeField()
    reason = SealedTextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "kind"], name="risk_act_once"),
            models.CheckConstraint(
                name="risk_act_kind_known", condition=models.Q(kind__in=ActKind.values)
            ),
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals the reason, and what names the row."""
        return self.alert.dyad.client, f"{self.alert.public_id}-{self.kind}"


class RotaTurn(models.Model):
    """When in every week a person is told first (place 1), or next (place 2 and on).

    Minutes of the week from Monday 00:00 in the practice's time zone; the end is not included.
    A turn that was taken off keeps its row.
    """

    id = models.BigAutoField(primary_key=True)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="rota_turns")
    login = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="rota_turns")
    place = models.PositiveSmallIntegerField(default=1)
    starts = models.PositiveSmallIntegerField()
    ends = models.PositiveSmallIntegerField()
    made_by = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["place", "starts", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="rota_turn_in_the_week",
                condition=models.Q(
                    starts__lt=models.F("ends"), ends__lte=WEEK_MINUTES, place__gte=1
                ),
            )
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)


class WorkerBeat(models.Model):
    """The last sign of life of the worker that delivers: one row."""

    name = models.CharField(primary_key=True, max_length=20)
    at = models.DateTimeField()
    run = models.CharField(max_length=LONGEST_RUN)  # which process or thread
    rota_checked_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        """Return the name."""
        return self.name
