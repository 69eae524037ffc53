# SPDX-License-Identifier: Apache-2.0
"""The audit log: who did what to which record, chained so that a change shows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.asking import SHA256_LENGTH
from attunement.clinic.models.plain_json import PlainJSONField


class AuditEvent(AppendOnlyModel):
    """One act. Identifiers only: never a name, a word or an answer.

    ``hash`` is SHA-256 of the previous event's hash and this event's canonical JSON.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=60)  # a login's id, "client-link", "system" or "anonymous"
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=80, blank=True)  # e.g. "session:…"
    outcome = models.CharField(max_length=10)  # "done" | "denied" | "refused"
    detail = PlainJSONField()
    previous = models.CharField(max_length=SHA256_LENGTH)
    hash = models.CharField(max_length=SHA256_LENGTH, unique=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["target", "id"], name="audit_of_target")]

    def __str__(self) -> str:
        """Return the event's number."""
        return str(self.pk)
