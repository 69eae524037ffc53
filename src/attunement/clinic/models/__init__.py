# SPDX-License-Identifier: Apache-2.0
"""The tables of the clinic, split by what they are about."""

from __future__ import annotations

from attunement.clinic.models.asking import (
    Assignment,
    Attempt,
    Grant,
    Invitation,
    Perspective,
)
from attunement.clinic.models.audit import AuditEvent
from attunement.clinic.models.care import (
    Attended,
    CareEpisode,
    Dyad,
    Ending,
    Modality,
    Session,
)
from attunement.clinic.models.derived import Score, SignalRecord
from attunement.clinic.models.identifiers import derived_id, is_id, new_id
from attunement.clinic.models.people import Client, Login, Practice, Role, Therapist
from attunement.clinic.models.response import MAX_TEXT, Answer, Prediction, Response

__all__ = [
    "MAX_TEXT",
    "Answer",
    "Assignment",
    "Attempt",
    "Attended",
    "AuditEvent",
    "CareEpisode",
    "Client",
    "Dyad",
    "Ending",
    "Grant",
    "Invitation",
    "Login",
    "Modality",
    "Perspective",
    "Practice",
    "Prediction",
    "Response",
    "Role",
    "Score",
    "Session",
    "SignalRecord",
    "Therapist",
    "derived_id",
    "is_id",
    "new_id",
]
