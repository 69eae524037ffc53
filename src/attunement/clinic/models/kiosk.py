# SPDX-License-Identifier: Apache-2.0
"""A shared screen in the waiting room: bound to one practice, left with a PIN."""

from __future__ import annotations

from django.db import models

from attunement.clinic.models.asking import SHA256_LENGTH
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Practice


class Kiosk(models.Model):
    """A device that was handed over. It holds a token, and no login; here is only its hash."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="kiosks")
    label = models.CharField(max_length=60)  # "Waiting room, left": where it stands
    token_sha256 = models.CharField(max_length=SHA256_LENGTH, unique=True)
    pin_hash = models.CharField(max_length=200)
    pin_tries = models.PositiveSmallIntegerField(default=0)
    pin_shut_until = models.DateTimeField(null=True, blank=True)
    started_by = models.CharField(max_length=60)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id
