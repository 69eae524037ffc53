# SPDX-License-Identifier: Apache-2.0
"""Forms on paper: batches with printed codes, what was typed in, totals that stay totals."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.asking import SHA256_LENGTH, Assignment
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client, Practice
from attunement.clinic.models.response import MAX_TEXT, Response
from attunement.clinic.models.sealed_text import SealedTextField

PAPER_CODE_LENGTH = 8


class PaperBatch(AppendOnlyModel):
    """Forms that were printed together."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="paper_batches")
    printed_by = models.CharField(max_length=ID_LENGTH)
    printed_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class PaperForm(AppendOnlyModel):
    """One printed form. Its code says which session it belongs to, and opens nothing by itself."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    batch = models.ForeignKey(PaperBatch, on_delete=models.PROTECT, related_name="forms")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="papers")
    code = models.CharField(max_length=PAPER_CODE_LENGTH, unique=True)
    who_sees = models.TextField()  # the words printed on it

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class PaperEntry(AppendOnlyModel):
    """What one person typed from a paper, kept until a second entry agrees with it."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    form = models.ForeignKey(PaperForm, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveSmallIntegerField()
    submission_id = models.UUIDField(unique=True)
    typed = SealedTextField()  # as JSON
    entered_by = models.CharField(max_length=ID_LENGTH)
    entered_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["form", "number"], name="paper_entry_once"),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.form.assignment.session.dyad.client, self.pk


class EnteredTotal(AppendOnlyModel):
    """A total that came without its items. It is never spread over them."""

    id = models.BigAutoField(primary_key=True)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="totals")
    scale = models.CharField(max_length=40)
    value = models.FloatField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "scale"], name="entered_total_once"),
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)


class PaperCorrection(AppendOnlyModel):
    """That a sheet which counts was typed once more. The newest correction of a response holds.

    What was typed first stays where it is, with who typed it and when.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="corrections")
    number = models.PositiveSmallIntegerField()
    submission_id = models.UUIDField(unique=True)
    payload_sha256 = models.CharField(max_length=SHA256_LENGTH)
    entered_by = models.CharField(max_length=ID_LENGTH)
    entered_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "number"], name="paper_correction_once"),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class CorrectedAnswer(AppendOnlyModel):
    """The answer to one item by a correction, or a total that came without its items."""

    id = models.BigAutoField(primary_key=True)
    correction = models.ForeignKey(
        PaperCorrection, on_delete=models.PROTECT, related_name="answers"
    )
    item = models.CharField(max_length=40)  # or, for a total, its scale
    of_total = models.BooleanField(default=False)
    value = models.FloatField(null=True, blank=True)
    text = SealedTextField(null=True, blank=True, max_length=MAX_TEXT)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["correction", "item", "of_total"], name="corrected_answer_once"
            ),
            models.CheckConstraint(
                name="corrected_number_or_words",
                condition=models.Q(value__isnull=False, text__isnull=True)
                | models.Q(value__isnull=True, text__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.correction.response.session.dyad.client, self.row_id

    @property
    def row_id(self) -> str:
        """Return what names the row for its seal."""
        return f"{self.correction_id}/{self.item}"
