# SPDX-License-Identifier: Apache-2.0
"""Asking: which form a chair gets for a session, and the link that opens it for a client."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.access.visibility import Visibility
from attunement.clinic.models.care import Session
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.loading import LoadedModel

SHA256_LENGTH = 64


class Perspective(models.TextChoices):
    """Whose view an answer is."""

    CLIENT = "client", "client"
    THERAPIST = "therapist", "therapist"


class Moment(models.TextChoices):
    """When a form is asked: before a session, after it, or on a day between two sessions.

    Only the forms after a session are paired, drawn from both chairs and read by rules.
    """

    BEFORE = "before", "before the session"
    AFTER = "after", "after the session"
    BETWEEN = "between", "between two sessions"


class Assignment(LoadedModel):
    """One form for one chair of one session; its measure version is frozen when it is made.

    A form between two sessions stands on the session that was held last before it.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="assignments")
    perspective = models.CharField(max_length=10, choices=Perspective)
    measure_id = models.CharField(max_length=60)
    measure_version = models.CharField(max_length=30)
    moment = models.CharField(max_length=7, choices=Moment, default=Moment.AFTER)
    made_at = models.DateTimeField()
    asked_on = models.DateField(null=True, blank=True)  # between: its day; else the session's
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.OPEN)
    reveal_at = models.DateTimeField(null=True, blank=True)  # delayed; none: next session

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["session", "perspective", "measure_id", "moment"],
                name="assignment_once",
                condition=~models.Q(moment="between"),
            ),
            # Between two sessions there may be many weeks, and a form on several of their days.
            models.UniqueConstraint(
                fields=["session", "perspective", "measure_id", "asked_on"],
                name="assignment_between_once_a_day",
                condition=models.Q(moment="between"),
            ),
            models.CheckConstraint(
                name="assignment_visibility_known",
                condition=models.Q(visibility__in=Visibility.values),
            ),
            models.CheckConstraint(
                name="assignment_moment_known", condition=models.Q(moment__in=Moment.values)
            ),
            models.CheckConstraint(
                name="assignment_perspective_known",
                condition=models.Q(perspective__in=Perspective.values),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class Invitation(LoadedModel):
    """A link to one assignment. Only hashes are stored: of the token, and of the short code."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="invitations")
    token_sha256 = models.CharField(max_length=SHA256_LENGTH, unique=True)
    code_handle = models.CharField(max_length=4, unique=True)
    code_sha256 = models.CharField(max_length=SHA256_LENGTH)
    code_tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    replaced = models.BooleanField(default=False)  # revoked by a newer link, not by a person
    consumed_at = models.DateTimeField(null=True, blank=True)
    by_reminder = models.BooleanField(default=False)  # beside the therapist's own link, unseen

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="invitation_expires_later",
                condition=models.Q(expires_at__gt=models.F("made_at")),
            ),
            models.UniqueConstraint(
                fields=["assignment", "by_reminder"],
                name="invitation_one_live",
                condition=models.Q(revoked_at__isnull=True, consumed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class Grant(LoadedModel):
    """An opened link: what the client's browser holds instead of the link. Hashed too."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="grants")
    grant_sha256 = models.CharField(max_length=SHA256_LENGTH, unique=True)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    by_code = models.BooleanField(default=False)

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class Attempt(models.Model):
    """A try to open a link, kept for rate limits; the address is stored as a keyed hash."""

    address_sha256 = models.CharField(max_length=SHA256_LENGTH)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["address_sha256", "at"], name="attempt_recent")]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)
