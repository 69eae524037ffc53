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
from attunement.clinic.models.derived import Score, SignalJudgement, SignalRecord
from attunement.clinic.models.identifiers import derived_id, is_id, new_id
from attunement.clinic.models.outcomes import (
    CLIENT_ANSWERS,
    THERAPIST_ANSWERS,
    NamedRupture,
    OutcomeAnswer,
    SignalOutcome,
    SignalShown,
)
from attunement.clinic.models.people import Client, Login, Practice, Role, Therapist
from attunement.clinic.models.response import MAX_TEXT, Answer, Prediction, Response
from attunement.clinic.models.rules import (
    LONGEST_NOTE,
    LearnedModel,
    RuleSetting,
    TherapistBudget,
)

__all__ = [
    "CLIENT_ANSWERS",
    "LONGEST_NOTE",
    "MAX_TEXT",
    "THERAPIST_ANSWERS",
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
    "LearnedModel",
    "Login",
    "Modality",
    "NamedRupture",
    "OutcomeAnswer",
    "Perspective",
    "Practice",
    "Prediction",
    "Response",
    "Role",
    "RuleSetting",
    "Score",
    "Session",
    "SignalJudgement",
    "SignalOutcome",
    "SignalRecord",
    "SignalShown",
    "Therapist",
    "TherapistBudget",
    "derived_id",
    "is_id",
    "new_id",
]
