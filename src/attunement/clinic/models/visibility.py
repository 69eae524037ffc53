# SPDX-License-Identifier: Apache-2.0
"""Who sees what: the practice's and the client's choices, as history. Rows are written once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.access.visibility import Visibility, Wish
from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.care import CareEpisode, Dyad
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.response import Response

LONGEST_ACTOR = 60
LONGEST_DELAY_DAYS = 90


class AnswerWish(AppendOnlyModel):
    """What a client wishes for one answer: to be raised, not to be, or for the lead alone."""

    id = models.BigAutoField(primary_key=True)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="wishes")
    item = models.CharField(max_length=40)
    wish = models.CharField(max_length=10, choices=Wish)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "item"], name="wish_once"),
            models.CheckConstraint(name="wish_known", condition=models.Q(wish__in=Wish.values)),
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)


class EpisodeVisibility(AppendOnlyModel):
    """The mode that a care episode's next forms are asked in. The newest row holds."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    care_episode = models.ForeignKey(
        CareEpisode, on_delete=models.PROTECT, related_name="visibilities"
    )
    visibility = models.CharField(max_length=10, choices=Visibility)
    delay_days = models.PositiveSmallIntegerField(default=0)  # 0: before the next session
    set_by = models.CharField(max_length=LONGEST_ACTOR)
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="episode_visibility_known",
                condition=models.Q(visibility__in=Visibility.values),
            ),
            models.CheckConstraint(
                name="episode_delay_in_range",
                condition=models.Q(delay_days__lte=LONGEST_DELAY_DAYS),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class VisibilityChange(AppendOnlyModel):
    """That a response is seen otherwise than it was answered: narrower, or wider by a fresh yes."""

    id = models.BigAutoField(primary_key=True)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="changes")
    visibility = models.CharField(max_length=10, choices=Visibility)
    reveal_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.CharField(max_length=LONGEST_ACTOR)  # a login's id, or "client-link"
    changed_at = models.DateTimeField()
    said_on = models.ForeignKey(  # the later form on which the client said yes; none: narrowed
        Response, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="change_visibility_known",
                condition=models.Q(visibility__in=Visibility.values),
            ),
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)


class WideningRequest(AppendOnlyModel):
    """That the practice asks a client whether an earlier response may be seen by more people."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="widening_requests")
    response = models.ForeignKey(
        Response, on_delete=models.PROTECT, related_name="widening_requests"
    )
    visibility = models.CharField(max_length=10, choices=Visibility)
    asked_by = models.CharField(max_length=LONGEST_ACTOR)
    asked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="request_visibility_known",
                condition=models.Q(visibility__in=Visibility.values),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class WideningAnswer(AppendOnlyModel):
    """What the client said to it, in the words that were shown, on which later form."""

    request = models.OneToOneField(
        WideningRequest, on_delete=models.PROTECT, related_name="answer", primary_key=True
    )
    said_yes = models.BooleanField()
    words = models.TextField()
    said_on = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the request's identifier."""
        return str(self.pk)


class SignalsBasis(models.Model):
    """From which forms that open with time a dyad's signals were last computed. Derived."""

    dyad = models.OneToOneField(
        Dyad, on_delete=models.PROTECT, related_name="signals_basis", primary_key=True
    )
    opened = models.CharField(max_length=64)  # a fingerprint of the forms whose time had come

    def __str__(self) -> str:
        """Return the dyad's identifier."""
        return str(self.pk)
