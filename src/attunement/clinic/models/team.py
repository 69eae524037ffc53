# SPDX-License-Identifier: Apache-2.0
"""Who works on a client's care beside the therapist, from when until when; and emergencies."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.care import Dyad, Session
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client, Login, Practice, Therapist
from attunement.clinic.models.sealed_text import SealedTextField

LONGEST_ACTOR = 60


class TeamPlace(models.TextChoices):
    """What somebody is on a care team."""

    SUPERVISOR = "supervisor", "supervisor"
    CARE_LEAD = "care_lead", "lead of care"
    SECOND_THERAPIST = "second", "second therapist"


def _ends_after(begin: str, end: str, name: str) -> models.CheckConstraint:
    later = models.Q(**{f"{end}__isnull": True}) | models.Q(**{f"{end}__gte": models.F(begin)})
    return models.CheckConstraint(name=name, condition=later)


class CareTeamMember(models.Model):
    """A person on a dyad's care team. Leaving it sets ``until_at``; the row stays."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="care_team")
    login = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="care_teams")
    place = models.CharField(max_length=10, choices=TeamPlace)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    added_by = models.CharField(max_length=LONGEST_ACTOR)
    ended_by = models.CharField(max_length=LONGEST_ACTOR, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="team_place_known", condition=models.Q(place__in=TeamPlace.values)
            ),
            _ends_after("from_at", "until_at", "team_dates_in_order"),
            models.UniqueConstraint(
                fields=["dyad", "login", "place"],
                name="team_member_once",
                condition=models.Q(until_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class SupervisionLink(models.Model):
    """That a supervisor supervises a therapist. It opens no case: a case has to be shared."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    supervisor = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="supervises")
    therapist = models.ForeignKey(Therapist, on_delete=models.PROTECT, related_name="supervision")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    added_by = models.CharField(max_length=LONGEST_ACTOR)
    ended_by = models.CharField(max_length=LONGEST_ACTOR, blank=True)

    class Meta:
        constraints: ClassVar = [
            _ends_after("from_at", "until_at", "supervision_dates_in_order"),
            models.UniqueConstraint(
                fields=["supervisor", "therapist"],
                name="supervision_once",
                condition=models.Q(until_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class SupervisorQuestion(AppendOnlyModel):
    """A question that somebody of the care team leaves for the therapist; never a grade."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="team_questions")
    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="team_questions", null=True, blank=True
    )
    asked_by = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="team_questions")
    asked_at = models.DateTimeField()
    words = SealedTextField()

    def __str__(self) -> str:
        """Return the identifier: words stay out of logs."""
        return self.id

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.dyad.client, self.pk


class BreakGlass(models.Model):
    """Access in an emergency: a reason, an hour, and a review that somebody has to close."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="break_glass")
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="break_glass")
    login = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="break_glass")
    reason = SealedTextField()
    opened_at = models.DateTimeField()
    until_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(
        Login, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review = SealedTextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="break_glass_ends_later",
                condition=models.Q(until_at__gt=models.F("opened_at")),
            ),
            models.CheckConstraint(
                name="break_glass_reviewed_whole",
                condition=models.Q(reviewed_by__isnull=True, reviewed_at__isnull=True)
                | models.Q(reviewed_by__isnull=False, reviewed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="break_glass_not_reviewed_by_oneself",
                condition=models.Q(reviewed_by__isnull=True)
                | ~models.Q(reviewed_by=models.F("login")),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.dyad.client, self.pk
