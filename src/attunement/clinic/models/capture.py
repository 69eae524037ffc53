# SPDX-License-Identifier: Apache-2.0
"""What is asked beside the measures: when, in whose words, and how a client likes to be asked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.asking import SHA256_LENGTH, Assignment, Moment
from attunement.clinic.models.care import CareEpisode, Dyad
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client, Practice
from attunement.clinic.models.plain_json import PlainJSONField
from attunement.clinic.models.sealed_text import SealedTextField

LONGEST_ACTOR = 60
MOST_GOALS = 3
LONGEST_GOAL = 300


class ScheduleKind(models.TextChoices):
    """How often a form is asked."""

    EVERY_SESSION = "sessions", "at every session"
    EVERY_WEEKS = "weeks", "once in so many weeks"
    AT_SESSIONS = "numbers", "at named sessions, then at every n-th"
    NEVER = "never", "not at all"


class AskingSchedule(AppendOnlyModel):
    """How often a form is asked of a practice, or of one care episode. The newest row holds."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="schedules")
    care_episode = models.ForeignKey(
        CareEpisode, on_delete=models.PROTECT, related_name="schedules", null=True, blank=True
    )
    measure_id = models.CharField(max_length=60)
    moment = models.CharField(max_length=7, choices=Moment)
    kind = models.CharField(max_length=8, choices=ScheduleKind)
    numbers = PlainJSONField(default=list)  # session numbers, in order
    every = models.PositiveSmallIntegerField(default=1)  # weeks, or sessions after the last number
    set_by = models.CharField(max_length=LONGEST_ACTOR)  # a login's id, or "operator-command"
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="schedule_moment_known", condition=models.Q(moment__in=Moment.values)
            ),
            models.CheckConstraint(
                name="schedule_kind_known", condition=models.Q(kind__in=ScheduleKind.values)
            ),
            models.CheckConstraint(
                name="schedule_every_plausible", condition=models.Q(every__range=(1, 52))
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class Goal(models.Model):
    """What a client works towards, in the client's own words, sealed. Its words never change.

    A rating of it is an answer with the item ``goal-<id>``, so that whoever may not see an
    answer does not see a rating either.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="goals")
    words = SealedTextField()
    made_by = models.CharField(max_length=LONGEST_ACTOR)  # a login's id, or "client-link"
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["made_at", "id"]

    def __str__(self) -> str:
        """Return the identifier: words stay out of logs."""
        return self.id

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.dyad.client, self.pk


class QuestionAsked(AppendOnlyModel):
    """The rotating question of one form, chosen when the form was first opened."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    assignment = models.OneToOneField(
        Assignment, on_delete=models.PROTECT, related_name="question_asked"
    )
    question = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class OpenedForm(AppendOnlyModel):
    """Which extra questions a form was shown with: a late answer to one is still an answer.

    Kinds and permitted answers by the extra's id; no words, no answers.
    """

    submission_id = models.UUIDField(primary_key=True, editable=False)
    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, related_name="opened_forms"
    )
    extras = PlainJSONField()
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the identifier."""
        return str(self.submission_id)


class ClientSetting(models.Model):
    """How a client likes to be asked, and the number that opens the client's own chart."""

    client = models.OneToOneField(
        Client, on_delete=models.PROTECT, related_name="setting", primary_key=True
    )
    layout = models.CharField(max_length=3, default="one")  # "one" item a screen | "all"
    pin_sha256 = models.CharField(max_length=SHA256_LENGTH, blank=True)
    check_failures = models.PositiveSmallIntegerField(default=0)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="client_layout_known", condition=models.Q(layout__in=("one", "all"))
            ),
        ]

    def __str__(self) -> str:
        """Return the client's identifier."""
        return str(self.pk)


class ChartPermission(models.Model):
    """A client's leave to look at the own chart once, soon; only a hash of its secret is kept."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="chart_permissions")
    secret_sha256 = models.CharField(max_length=SHA256_LENGTH, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id
