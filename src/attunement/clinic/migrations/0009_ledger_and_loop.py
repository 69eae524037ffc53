# SPDX-License-Identifier: Apache-2.0
"""The rupture ledger and the loop from a question to an agreed change that helped."""

from typing import ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import attunement.clinic.models.identifiers
import attunement.clinic.models.plain_json
from attunement.clinic.store.triggers import create_triggers, drop_triggers

TABLES = (
    "clinic_agreedchange",
    "clinic_conversationintent",
    "clinic_looktogether",
    "clinic_followup",
    "clinic_ruptureentry",
)


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, TABLES)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, TABLES)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0008_capture"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="AgreedChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "key",
                    models.CharField(
                        default=attunement.clinic.models.identifiers.new_id,
                        editable=False,
                        max_length=26,
                        unique=True,
                    ),
                ),
                ("words", models.TextField(blank=True)),
                ("recorded_by", models.CharField(max_length=60)),
                ("recorded_at", models.DateTimeField()),
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreed_changes",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreed_changes",
                        to="clinic.session",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ConversationIntent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "key",
                    models.CharField(
                        default=attunement.clinic.models.identifiers.new_id,
                        editable=False,
                        max_length=26,
                        unique=True,
                    ),
                ),
                ("signal_id", models.CharField(blank=True, max_length=26)),
                (
                    "intent",
                    models.CharField(
                        choices=[
                            ("raise", "I'll raise it"),
                            ("not_today", "not today"),
                            ("undone", "taken back"),
                        ],
                        max_length=10,
                    ),
                ),
                ("because", models.CharField(blank=True, max_length=40)),
                ("reason", models.TextField(blank=True)),
                ("recorded_by", models.CharField(max_length=60)),
                ("recorded_at", models.DateTimeField()),
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="intents",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="intents",
                        to="clinic.session",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("intent__in", ["raise", "not_today", "undone"])),
                        name="intent_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LookTogether",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "key",
                    models.CharField(
                        default=attunement.clinic.models.identifiers.new_id,
                        editable=False,
                        max_length=26,
                        unique=True,
                    ),
                ),
                ("pattern", models.CharField(max_length=40)),
                ("openers_version", models.CharField(max_length=30)),
                ("helps", attunement.clinic.models.plain_json.PlainJSONField()),
                ("would_help", models.TextField(blank=True)),
                ("recorded_by", models.CharField(max_length=60)),
                ("recorded_at", models.DateTimeField()),
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="looks",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="looks",
                        to="clinic.session",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "question",
                    models.CharField(
                        choices=[
                            ("helped", "Did that help?"),
                            ("put_right", "Was that put right?"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("yes", "yes"),
                            ("partly", "partly"),
                            ("no", "no"),
                            ("did_not_happen", "it did not happen"),
                            ("nothing", "nothing had gone wrong"),
                        ],
                        max_length=20,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_ups",
                        to="clinic.agreedchange",
                    ),
                ),
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_ups",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_ups",
                        to="clinic.response",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_ups",
                        to="clinic.session",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("response", "session", "question"), name="follow_up_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answer__in", ["did_not_happen", "no", "partly", "yes"]),
                                ("change__isnull", False),
                                ("question", "helped"),
                            ),
                            models.Q(
                                ("answer__in", ["no", "nothing", "partly", "yes"]),
                                ("question", "put_right"),
                            ),
                            _connector="OR",
                        ),
                        name="follow_up_answers_its_question",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RuptureEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("none", "neither"), ("strain", "strain"), ("rupture", "rupture")],
                        max_length=10,
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("withdrawal", "withdrawal"),
                            ("confrontation", "confrontation"),
                            ("both", "both"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "target",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("goal", "goals"),
                            ("task", "tasks"),
                            ("working_bond", "working bond"),
                            ("personal_bond", "personal bond"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "moment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("beginning", "beginning"),
                            ("middle", "middle"),
                            ("end", "end"),
                            ("whole", "all of it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("tried", attunement.clinic.models.plain_json.PlainJSONField()),
                ("put_right", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("ask_client", models.BooleanField(default=False)),
                ("recorded_by", models.CharField(max_length=60)),
                ("recorded_at", models.DateTimeField()),
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rupture_entries",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rupture_entries",
                        to="clinic.session",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["none", "strain", "rupture"]),
                            ("moment__in", ["", "beginning", "middle", "end", "whole"]),
                            ("target__in", ["", "goal", "task", "working_bond", "personal_bond"]),
                            ("type__in", ["", "withdrawal", "confrontation", "both"]),
                        ),
                        name="rupture_entry_known_words",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("put_right__isnull", True), ("put_right__lte", 4), _connector="OR"
                        ),
                        name="rupture_entry_put_right_in_range",
                    ),
                ],
            },
        ),
        migrations.RunPython(forwards, backwards),
    ]
