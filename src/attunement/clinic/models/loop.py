# SPDX-License-Identifier: Apache-2.0
"""From a question to a change that helped, and what is known of each rupture. Written once.

Every row stands on the session that it is about. A correction is a new row, and the newest of its
kind holds; where a loop stands is derived from the rows and stored nowhere. Free text is sealed
(``services/sealing.py``) under the row's ``key``: what lies here begins with ``s1:``.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.care import Dyad, Session
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Client
from attunement.clinic.models.plain_json import PlainJSONField
from attunement.clinic.models.response import Response
from attunement.clinic.models.rules import LONGEST_ACTOR
from attunement.clinic.models.sealed_text import SealedTextField

LONGEST_CHANGE = 500  # of the client's own words, before they are sealed
LONGEST_CODE = 40
MOST_PUT_RIGHT = 4  # as the alliance check's repair item


class Intent(models.TextChoices):
    """What the therapist means to do with a question before a session."""

    RAISE = "raise", "I'll raise it"
    NOT_TODAY = "not_today", "not today"
    UNDONE = "undone", "taken back"


class _Worded(AppendOnlyModel):
    """A row with words that are sealed for its client."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=ID_LENGTH, unique=True, default=new_id, editable=False)
    dyad: models.ForeignKey[Dyad, Dyad]

    class Meta:
        abstract = True

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)

    def sealed_for(self) -> tuple[Client, str]:
        """Return whose key seals this row's words, and what names the row."""
        return self.dyad.client, self.key


class ConversationIntent(_Worded):
    """What the therapist means to do with what a session asks."""

    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="intents")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="intents")
    signal_id = models.CharField(max_length=ID_LENGTH, blank=True)  # the one that was read
    intent = models.CharField(max_length=10, choices=Intent)
    because = models.CharField(max_length=LONGEST_CODE, blank=True)  # a reason of the list
    reason = SealedTextField(blank=True)  # sealed; the therapist's own words
    recorded_by = models.CharField(max_length=LONGEST_ACTOR)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="intent_known", condition=models.Q(intent__in=Intent.values)
            )
        ]


class LookTogether(_Worded):
    """That the two looked at the chart together, and what the client said would help."""

    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="looks")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="looks")
    pattern = models.CharField(max_length=LONGEST_CODE)
    openers_version = models.CharField(max_length=30)
    helps = PlainJSONField()  # codes of the list: what would help
    would_help = SealedTextField(blank=True)  # sealed; in the client's words
    recorded_by = models.CharField(max_length=LONGEST_ACTOR)
    recorded_at = models.DateTimeField()


class AgreedChange(_Worded):
    """One change that the two agreed on, in the client's words. No words: it was taken back."""

    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="agreed_changes")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="agreed_changes")
    words = SealedTextField(blank=True)  # sealed
    recorded_by = models.CharField(max_length=LONGEST_ACTOR)
    recorded_at = models.DateTimeField()


class FollowUpQuestion(models.TextChoices):
    """What the client's next form asks about an earlier session."""

    HELPED = "helped", "Did that help?"
    PUT_RIGHT = "put_right", "Was that put right?"


class FollowUpAnswer(models.TextChoices):
    """What the client says about it."""

    YES = "yes", "yes"
    PARTLY = "partly", "partly"
    NO = "no", "no"
    DID_NOT_HAPPEN = "did_not_happen", "it did not happen"
    NOTHING = "nothing", "nothing had gone wrong"


HELPED_ANSWERS = frozenset(
    {
        FollowUpAnswer.YES,
        FollowUpAnswer.PARTLY,
        FollowUpAnswer.NO,
        FollowUpAnswer.DID_NOT_HAPPEN,
    }
)
PUT_RIGHT_ANSWERS = frozenset(
    {FollowUpAnswer.YES, FollowUpAnswer.PARTLY, FollowUpAnswer.NO, FollowUpAnswer.NOTHING}
)


class FollowUp(AppendOnlyModel):
    """The client's answer, on a later form, to what became of an agreed change or a rupture.

    It came with a response, and is seen when and by whom that response is seen.
    """

    id = models.BigAutoField(primary_key=True)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="follow_ups")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="follow_ups")
    change = models.ForeignKey(
        AgreedChange,
        on_delete=models.PROTECT,
        related_name="follow_ups",
        null=True,
        blank=True,
    )
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="follow_ups")
    question = models.CharField(max_length=10, choices=FollowUpQuestion)
    answer = models.CharField(max_length=20, choices=FollowUpAnswer)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["response", "session", "question"], name="follow_up_once"
            ),
            models.CheckConstraint(
                name="follow_up_answers_its_question",
                condition=models.Q(
                    question=FollowUpQuestion.HELPED,
                    change__isnull=False,
                    answer__in=sorted(HELPED_ANSWERS),
                )
                | models.Q(
                    question=FollowUpQuestion.PUT_RIGHT, answer__in=sorted(PUT_RIGHT_ANSWERS)
                ),
            ),
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)


class RuptureKind(models.TextChoices):
    """How much it was, as the therapist saw it."""

    NONE = "none", "neither"
    STRAIN = "strain", "strain"
    RUPTURE = "rupture", "rupture"


class RuptureType(models.TextChoices):
    """How it showed."""

    WITHDRAWAL = "withdrawal", "withdrawal"
    CONFRONTATION = "confrontation", "confrontation"
    BOTH = "both", "both"


class RuptureTarget(models.TextChoices):
    """What it was about."""

    GOAL = "goal", "goals"
    TASK = "task", "tasks"
    WORKING_BOND = "working_bond", "working bond"
    PERSONAL_BOND = "personal_bond", "personal bond"


class RuptureMoment(models.TextChoices):
    """When in the session it happened."""

    BEGINNING = "beginning", "beginning"
    MIDDLE = "middle", "middle"
    END = "end", "end"
    WHOLE = "whole", "all of it"


class RuptureEntry(AppendOnlyModel):
    """What the therapist saw in a session. The newest row of a session holds; "none" clears it."""

    id = models.BigAutoField(primary_key=True)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="rupture_entries")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="rupture_entries")
    kind = models.CharField(max_length=10, choices=RuptureKind)
    type = models.CharField(max_length=15, choices=RuptureType, blank=True)
    target = models.CharField(max_length=15, choices=RuptureTarget, blank=True)
    moment = models.CharField(max_length=10, choices=RuptureMoment, blank=True)
    tried = PlainJSONField()  # codes of the list: repair strategies
    put_right = models.PositiveSmallIntegerField(null=True, blank=True)  # 0-4; none: not said
    ask_client = models.BooleanField(default=False)  # the next form may ask whether it is put right
    recorded_by = models.CharField(max_length=LONGEST_ACTOR)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="rupture_entry_known_words",
                condition=models.Q(
                    kind__in=RuptureKind.values,
                    type__in=["", *RuptureType.values],
                    target__in=["", *RuptureTarget.values],
                    moment__in=["", *RuptureMoment.values],
                ),
            ),
            models.CheckConstraint(
                name="rupture_entry_put_right_in_range",
                condition=models.Q(put_right__isnull=True)
                | models.Q(put_right__lte=MOST_PUT_RIGHT),
            ),
        ]

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)
