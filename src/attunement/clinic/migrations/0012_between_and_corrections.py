# SPDX-License-Identifier: Apache-2.0
"""Forms on days between two sessions, and corrections of typed sheets."""

from typing import ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import attunement.clinic.models.identifiers
from attunement.clinic.store.triggers import CORRECTION_TABLES, create_triggers, drop_triggers

ALTERED = ("clinic_response",)


def lift(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, ALTERED)


def guard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, ALTERED)


def guard_new(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, CORRECTION_TABLES)


def lift_new(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, CORRECTION_TABLES)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0011_sealed_queue"),
    ]

    # SQLite writes a table anew for another constraint, and its triggers go with the old one.
    operations: ClassVar = [
        migrations.RunPython(lift, guard),
        migrations.CreateModel(
            name="PaperCorrection",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=attunement.clinic.models.identifiers.new_id,
                        editable=False,
                        max_length=26,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("submission_id", models.UUIDField(unique=True)),
                ("payload_sha256", models.CharField(max_length=64)),
                ("entered_by", models.CharField(max_length=26)),
                ("entered_at", models.DateTimeField()),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="clinic.response",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("response", "number"), name="paper_correction_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CorrectedAnswer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("item", models.CharField(max_length=40)),
                ("of_total", models.BooleanField(default=False)),
                ("value", models.FloatField(blank=True, null=True)),
                ("text", models.TextField(blank=True, max_length=10000, null=True)),
                (
                    "correction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="clinic.papercorrection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("correction", "item", "of_total"), name="corrected_answer_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text__isnull", True), ("value__isnull", False)),
                            models.Q(("text__isnull", False), ("value__isnull", True)),
                            _connector="OR",
                        ),
                        name="corrected_number_or_words",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="assignment", name="assignment_once"),
        migrations.RemoveConstraint(model_name="response", name="response_once"),
        migrations.AddField(
            model_name="assignment",
            name="asked_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("moment", "between"), _negated=True),
                fields=("session", "perspective", "measure_id", "moment"),
                name="assignment_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("moment", "between")),
                fields=("session", "perspective", "measure_id", "asked_on"),
                name="assignment_between_once_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.UniqueConstraint(
                condition=models.Q(("moment", "between"), _negated=True),
                fields=("session", "perspective", "measure_id", "moment"),
                name="response_once",
            ),
        ),
        migrations.RunPython(guard, lift),
        migrations.RunPython(guard_new, lift_new),
    ]
