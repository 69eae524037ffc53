# SPDX-License-Identifier: Apache-2.0
"""How questions are asked: budgets, settings of rules, learned models. All of it is history."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.models.identifiers import ID_LENGTH, new_id
from attunement.clinic.models.people import Practice, Therapist
from attunement.clinic.models.plain_json import PlainJSONField
from attunement.signals.budget import MOST_PER_WEEK

LONGEST_NOTE = 1000
LONGEST_ACTOR = 60


class TherapistBudget(AppendOnlyModel):
    """How many questions a week a therapist wants to be asked. The newest row holds."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    therapist = models.ForeignKey(Therapist, on_delete=models.PROTECT, related_name="budgets")
    per_week = models.PositiveSmallIntegerField()
    set_by = models.CharField(max_length=LONGEST_ACTOR)  # a login's id, or "operator-command"
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="budget_in_range", condition=models.Q(per_week__lte=MOST_PER_WEEK)
            )
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class RuleSetting(AppendOnlyModel):
    """The null rate that a practice asks of a rule from a moment on, numbered from 1."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="rule_settings")
    rule_id = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    null_rate = models.FloatField()  # share of people over the horizon; the budget may ask less
    horizon = models.PositiveSmallIntegerField()
    note = models.TextField(blank=True, max_length=LONGEST_NOTE)
    set_by = models.CharField(max_length=LONGEST_ACTOR)
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["practice", "rule_id", "number"], name="rule_setting_once"
            ),
            models.CheckConstraint(
                name="rule_setting_in_range",
                condition=models.Q(null_rate__gt=0, null_rate__lt=1, horizon__gte=1),
            ),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id


class LearnedModel(AppendOnlyModel):
    """What a practice's own series teach about one measure version, numbered from 1."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="learned_models")
    measure_id = models.CharField(max_length=60)
    measure_version = models.CharField(max_length=30)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=30)  # which model the parameters belong to
    parameters = PlainJSONField()
    source = models.TextField()
    n_dyads = models.PositiveIntegerField()
    n_scores = models.PositiveIntegerField()
    learned_by = models.CharField(max_length=LONGEST_ACTOR)
    learned_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["practice", "measure_id", "measure_version", "number"],
                name="learned_model_once",
            )
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.id
