# SPDX-License-Identifier: Apache-2.0
"""The practice and the people who log in to it, and those who only answer a link."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.loading import LoadedModel
from attunement.clinic.models.sealed_text import SealedTextField

EARLIEST_BIRTH_YEAR, LATEST_BIRTH_YEAR = 1900, 2100


class Practice(LoadedModel):
    """The tenant: one clinic, training site or study centre."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        """Return the identifier: names stay out of logs."""
        return self.id


class Role(models.TextChoices):
    """What a login may be."""

    THERAPIST = "therapist", "therapist"
    SUPERVISOR = "supervisor", "supervisor"
    LEAD = "lead", "lead"
    RESEARCHER = "researcher", "researcher"
    OPERATOR = "operator", "operator"


class Login(LoadedModel, AbstractUser):
    """An account with which a person logs in. Clients have none: they answer links."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(
        Practice, on_delete=models.PROTECT, related_name="logins", null=True, blank=True
    )
    role = models.CharField(max_length=12, choices=Role, default=Role.THERAPIST)
    display_name = models.CharField(max_length=200, blank=True)

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="login_role_known", condition=models.Q(role__in=Role.values)
            ),
            models.UniqueConstraint(
                Lower("email"), name="login_email_once", condition=~models.Q(email="")
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier: names stay out of logs."""
        return self.id


class Therapist(LoadedModel):
    """A person who holds sessions; usually with a login, never without a practice."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="therapists")
    login = models.OneToOneField(
        Login, on_delete=models.PROTECT, related_name="therapist", null=True, blank=True
    )
    display_name = models.CharField(max_length=200)

    def __str__(self) -> str:
        """Return the identifier: names stay out of logs."""
        return self.id


class Client(LoadedModel):
    """A person who comes to therapy, known by a code and a name for the page.

    The name is sealed with the client's own key; read it with ``services.sealing.client_name``.
    The code is not: lists are sorted by it. The birth year is on no page: it opens the own chart,
    and tells two people apart who were given one code. An erased client has neither name, code of
    their own nor year.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="clients")
    code = models.CharField(max_length=40)
    display_name = SealedTextField(blank=True, max_length=200)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["practice", "code"], name="client_code_once"),
            models.CheckConstraint(
                name="client_birth_year_plausible",
                condition=models.Q(birth_year__isnull=True)
                | models.Q(birth_year__range=(EARLIEST_BIRTH_YEAR, LATEST_BIRTH_YEAR)),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier: names stay out of logs."""
        return self.id

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self, self.pk
