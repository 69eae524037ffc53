# SPDX-License-Identifier: Apache-2.0
"""A filled form and its answers, written once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.access.visibility import Visibility
from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.asking import SHA256_LENGTH, Assignment, Moment, Perspective
from attunement.clinic.models.care import Session
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client
from attunement.clinic.models.sealed_text import SealedTextField

MAX_TEXT = 10_000


class Provenance(models.TextChoices):
    """Whose hand wrote the answers into the program."""

    SELF = "self", "answered here by the person"
    PAPER = "paper", "answered on paper, typed in by somebody"
    IMPORT = "import", "brought in from another program"


class Response(AppendOnlyModel):
    """One filled form. ``submission_id`` is made when the form opens, so a resend is recognised."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="response")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="responses")
    perspective = models.CharField(max_length=10, choices=Perspective)
    measure_id = models.CharField(max_length=60)
    measure_version = models.CharField(max_length=30)
    submission_id = models.UUIDField(unique=True)
    payload_sha256 = models.CharField(max_length=SHA256_LENGTH)
    answered_at = models.DateTimeField(null=True, blank=True)  # the client's clock
    received_at = models.DateTimeField()  # ours
    clock_suspect = models.BooleanField(default=False)
    mode = models.CharField(max_length=10)  # "link" | "code" | "login" | "paper" | "import" | …
    moment = models.CharField(max_length=7, choices=Moment, default=Moment.AFTER)
    provenance = models.CharField(max_length=6, choices=Provenance, default=Provenance.SELF)
    entered_by = models.CharField(max_length=ID_LENGTH, blank=True)  # the login that typed a paper
    language = models.CharField(max_length=10)
    who_sees = models.TextField()  # the words that were shown before answering
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.OPEN)
    reveal_at = models.DateTimeField(null=True, blank=True)  # delayed; none: next session
    told_team = models.BooleanField(default=False)  # the words named the care team as readers

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="response_visibility_known",
                condition=models.Q(visibility__in=Visibility.values),
            ),
            models.CheckConstraint(
                name="response_perspective_known",
                condition=models.Q(perspective__in=Perspective.values),
            ),
            models.UniqueConstraint(
                fields=["session", "perspective", "measure_id", "moment"],
                name="response_once",
                condition=~models.Q(moment="between"),
            ),
            models.CheckConstraint(
                name="response_moment_known", condition=models.Q(moment__in=Moment.values)
            ),
            models.CheckConstraint(
                name="response_provenance_known",
                condition=models.Q(provenance__in=Provenance.values),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class Answer(AppendOnlyModel):
    """The answer to one item: a number, or words; an item without a row was not answered."""

    id = models.BigAutoField(primary_key=True)
    response = models.ForeignKey(
        Response,
        on_delete=models.PROTECT,
        related_name="answers",
        db_index=False,  # the unique constraint begins with it
    )
    item = models.CharField(max_length=40)
    value = models.FloatField(null=True, blank=True)
    text = SealedTextField(null=True, blank=True, max_length=MAX_TEXT)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "item"], name="answer_once"),
            models.CheckConstraint(
                name="answer_number_or_words",
                condition=models.Q(value__isnull=False, text__isnull=True)
                | models.Q(value__isnull=True, text__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.response.session.dyad.client, self.row_id

    @property
    def row_id(self) -> str:
        """Return what names the row for its seal."""
        return f"{self.response_id}/{self.item}"


class Prediction(AppendOnlyModel):
    """What the therapist expected the client's total to be, written before seeing it."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    response = models.OneToOneField(Response, on_delete=models.PROTECT, related_name="prediction")
    scale = models.CharField(max_length=40, default="total")
    value = models.FloatField()

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id
