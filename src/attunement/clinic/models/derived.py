# SPDX-License-Identifier: Apache-2.0
"""What is computed from answers and can be computed again: scores and signals."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.asking import Perspective
from attunement.clinic.models.care import Dyad, Session
from attunement.clinic.models.identifiers import ID_LENGTH
from attunement.clinic.models.loading import LoadedModel
from attunement.clinic.models.plain_json import PlainJSONField
from attunement.clinic.models.response import Response


class Score(LoadedModel):
    """A scale's number, or the reason why there is none."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    # Where a reference is the first column of a unique constraint, that is its index.
    response = models.ForeignKey(
        Response, on_delete=models.PROTECT, related_name="scores", db_index=False
    )
    scale = models.CharField(max_length=40)
    value = models.FloatField(null=True, blank=True)
    reason = models.TextField(null=True, blank=True)  # noqa: DJ001 -- null exactly when there is a value
    n_answered = models.PositiveSmallIntegerField()
    n_items = models.PositiveSmallIntegerField()
    scorer_version = models.CharField(max_length=30)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "scale"], name="score_once"),
            models.CheckConstraint(
                name="score_or_reason",
                condition=models.Q(value__isnull=True, reason__isnull=False)
                | models.Q(value__isnull=False, reason__isnull=True),
            ),
            models.CheckConstraint(
                name="score_answered_at_most_items",
                condition=models.Q(n_answered__lte=models.F("n_items")),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class SignalRecord(LoadedModel):
    """A computed question to the therapist, with what it was computed from.

    Only sessions in which both forms are in take part, so a signal never tells of a sealed one.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="signals")
    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="signals", db_index=False
    )
    perspective = models.CharField(max_length=10, choices=Perspective)
    rule_id = models.CharField(max_length=60)
    rule_version = models.CharField(max_length=30)
    title = models.TextField()
    question = models.TextField()
    inputs = PlainJSONField()
    threshold = models.FloatField(null=True, blank=True)
    value = models.FloatField(null=True, blank=True)
    expected = models.FloatField(null=True, blank=True)
    sentence = models.TextField()
    why = models.TextField()
    null_rate = models.FloatField(null=True, blank=True)  # share of sessions in which it fires
    null_sentence = models.TextField()
    source = models.TextField()
    verified = models.BooleanField(default=False)
    raised_at = models.DateTimeField(null=True, blank=True)  # when the second form came in
    setting_no = models.PositiveIntegerField(default=0)  # 0: as shipped
    model_version = models.CharField(max_length=60, blank=True)  # what the rule had learned from
    asked_rate = models.FloatField(null=True, blank=True)  # share of people over the horizon
    horizon = models.PositiveSmallIntegerField(null=True, blank=True)
    rate_sentence = models.TextField(blank=True)  # where the asked rate comes from
    probability = models.FloatField(null=True, blank=True)
    excess = models.FloatField(null=True, blank=True)  # |statistic| over |limit|
    said = models.BooleanField(default=False)  # repeats what a person marked on a form

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["session", "perspective", "rule_id", "rule_version"], name="signal_once"
            )
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class SignalJudgement(LoadedModel):
    """That a rule judged a session, and what it found: flagged or not.

    Kept so that a rule can be audited (what it judged and did not ask about) and another threshold
    be tried on the past, without judging every series again.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    dyad = models.ForeignKey(Dyad, on_delete=models.PROTECT, related_name="judgements")
    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="judgements", db_index=False
    )
    rule_id = models.CharField(max_length=60)
    rule_version = models.CharField(max_length=30)
    setting_no = models.PositiveIntegerField(default=0)
    model_version = models.CharField(max_length=60, blank=True)
    raised_at = models.DateTimeField()
    statistic = models.FloatField(null=True, blank=True)  # none for thresholds on single marks
    flags_from = models.FloatField(null=True, blank=True)  # smallest offered null rate that asks
    flagged = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "rule_id"], name="judgement_once")
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class KeptCourse(LoadedModel):
    """What rules read of a dyad's earlier sessions, so that a new form need not read them again.

    A copy: the store drops it when a row changes that it was made from.
    """

    dyad = models.OneToOneField(
        Dyad, on_delete=models.PROTECT, primary_key=True, related_name="kept_course"
    )
    measure_id = models.CharField(max_length=60)
    measure_version = models.CharField(max_length=30)
    upto = models.PositiveIntegerField()  # the number of its last session
    points = models.TextField()  # JSON, a row for each session; numbers alone

    def __str__(self) -> str:
        """Return the dyad's identifier."""
        return str(self.pk)
