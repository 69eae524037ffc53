# SPDX-License-Identifier: Apache-2.0
"""The dyad, its care episodes and their numbered sessions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.loading import LoadedModel
from attunement.clinic.models.people import Client, Practice, Therapist


class Dyad(LoadedModel):
    """One client and one therapist."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="dyads")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="dyads")
    therapist = models.ForeignKey(Therapist, on_delete=models.PROTECT, related_name="dyads")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "therapist"], name="dyad_once")
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class Ending(models.TextChoices):
    """How a care episode came to its end."""

    OPEN = "open", "not ended"
    PLANNED = "planned", "planned ending"
    UNPLANNED = "unplanned", "unplanned ending"


class CareEpisode(LoadedModel):
    """The course of therapy of one dyad, from its beginning to its ending."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="care_episodes")
    began_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    ending = models.CharField(max_length=10, choices=Ending, default=Ending.OPEN)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="care_episode_ending_known", condition=models.Q(ending__in=Ending.values)
            ),
            models.CheckConstraint(
                name="care_episode_dates_in_order",
                condition=models.Q(ended_on__isnull=True)
                | models.Q(ended_on__gte=models.F("began_on")),
            ),
            models.UniqueConstraint(
                fields=["dyad"],
                name="care_episode_one_open",
                condition=models.Q(ended_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class Attended(models.TextChoices):
    """Whether a session took place."""

    ATTENDED = "attended", "attended"
    CANCELLED = "cancelled", "cancelled"
    MISSED = "missed", "missed"


class Modality(models.TextChoices):
    """Where the two people met."""

    IN_PERSON = "in_person", "in person"
    VIDEO = "video", "by video"
    PHONE = "phone", "by phone"


class Session(LoadedModel):
    """A therapy session, numbered from 1 within its dyad. Never a web or database session."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="sessions")
    care_episode = models.ForeignKey(CareEpisode, on_delete=models.PROTECT, related_name="sessions")
    session_no = models.PositiveIntegerField()
    held_on = models.DateField()
    attended = models.CharField(max_length=10, choices=Attended, default=Attended.ATTENDED)
    modality = models.CharField(max_length=10, choices=Modality, default=Modality.IN_PERSON)

    class Meta:
        ordering: ClassVar = ["session_no"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dyad", "session_no"], name="session_no_once"),
            models.CheckConstraint(
                name="session_no_from_one", condition=models.Q(session_no__gte=1)
            ),
            models.CheckConstraint(
                name="session_attended_known", condition=models.Q(attended__in=Attended.values)
            ),
            models.CheckConstraint(
                name="session_modality_known", condition=models.Q(modality__in=Modality.values)
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id
