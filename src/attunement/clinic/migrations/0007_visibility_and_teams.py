# SPDX-License-Identifier: Apache-2.0
"""Who sees an answer, care teams with dates, and access in an emergency."""

from typing import ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import attunement.clinic.models.identifiers
from attunement.clinic.store.triggers import VISIBILITY_TABLES, create_triggers, drop_triggers

ALTERED = ("clinic_response",)


def lift(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, ALTERED)


def guard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, ALTERED)


def guard_new(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, VISIBILITY_TABLES)


def lift_new(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, VISIBILITY_TABLES)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0006_risk_alerts"),
    ]

    # SQLite writes a table anew for another column, and its triggers go with the old one.
    operations: ClassVar = [
        migrations.RunPython(lift, guard),
        migrations.RemoveConstraint(
            model_name="login",
            name="login_role_known",
        ),
        migrations.AlterField(
            model_name="login",
            name="role",
            field=models.CharField(
                choices=[
                    ("therapist", "therapist"),
                    ("supervisor", "supervisor"),
                    ("lead", "lead"),
                    ("researcher", "researcher"),
                    ("operator", "operator"),
                ],
                default="therapist",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="login",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["therapist", "supervisor", "lead", "researcher", "operator"])
                ),
                name="login_role_known",
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="visibility",
            field=models.CharField(
                choices=[
                    ("open", "open"),
                    ("delayed", "delayed"),
                    ("scores", "scores only"),
                    ("supervisor", "supervisor"),
                    ("sealed", "sealed"),
                    ("end", "at the end"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="reveal_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("visibility__in", ["open", "delayed", "scores", "supervisor", "sealed", "end"])
                ),
                name="assignment_visibility_known",
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="visibility",
            field=models.CharField(
                choices=[
                    ("open", "open"),
                    ("delayed", "delayed"),
                    ("scores", "scores only"),
                    ("supervisor", "supervisor"),
                    ("sealed", "sealed"),
                    ("end", "at the end"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="reveal_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="response",
            name="told_team",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("visibility__in", ["open", "delayed", "scores", "supervisor", "sealed", "end"])
                ),
                name="response_visibility_known",
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["target", "id"], name="audit_of_target"),
        ),
        migrations.CreateModel(
            name="AnswerWish",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wishes",
                        to="clinic.response",
                    ),
                ),
                ("item", models.CharField(max_length=40)),
                (
                    "wish",
                    models.CharField(
                        choices=[
                            ("raise", "please raise this with me"),
                            ("dont_raise", "please do not raise this"),
                            ("lead_only", "not to my therapist: to the lead alone"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("response", "item"), name="wish_once"),
                    models.CheckConstraint(
                        condition=models.Q(("wish__in", ["raise", "dont_raise", "lead_only"])),
                        name="wish_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EpisodeVisibility",
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
                (
                    "care_episode",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visibilities",
                        to="clinic.careepisode",
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("delayed", "delayed"),
                            ("scores", "scores only"),
                            ("supervisor", "supervisor"),
                            ("sealed", "sealed"),
                            ("end", "at the end"),
                        ],
                        max_length=10,
                    ),
                ),
                ("delay_days", models.PositiveSmallIntegerField(default=0)),
                ("set_by", models.CharField(max_length=60)),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "visibility__in",
                                ["open", "delayed", "scores", "supervisor", "sealed", "end"],
                            )
                        ),
                        name="episode_visibility_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("delay_days__lte", 90)), name="episode_delay_in_range"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VisibilityChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="clinic.response",
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("delayed", "delayed"),
                            ("scores", "scores only"),
                            ("supervisor", "supervisor"),
                            ("sealed", "sealed"),
                            ("end", "at the end"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reveal_at", models.DateTimeField(blank=True, null=True)),
                ("changed_by", models.CharField(max_length=60)),
                ("changed_at", models.DateTimeField()),
                (
                    "said_on",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clinic.response",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "visibility__in",
                                ["open", "delayed", "scores", "supervisor", "sealed", "end"],
                            )
                        ),
                        name="change_visibility_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WideningRequest",
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
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="widening_requests",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="widening_requests",
                        to="clinic.response",
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("delayed", "delayed"),
                            ("scores", "scores only"),
                            ("supervisor", "supervisor"),
                            ("sealed", "sealed"),
                            ("end", "at the end"),
                        ],
                        max_length=10,
                    ),
                ),
                ("asked_by", models.CharField(max_length=60)),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "visibility__in",
                                ["open", "delayed", "scores", "supervisor", "sealed", "end"],
                            )
                        ),
                        name="request_visibility_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WideningAnswer",
            fields=[
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="answer",
                        serialize=False,
                        to="clinic.wideningrequest",
                    ),
                ),
                ("said_yes", models.BooleanField()),
                ("words", models.TextField()),
                (
                    "said_on",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clinic.response",
                    ),
                ),
                ("said_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SignalsBasis",
            fields=[
                (
                    "dyad",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="signals_basis",
                        serialize=False,
                        to="clinic.dyad",
                    ),
                ),
                ("opened", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="CareTeamMember",
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
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="care_team",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "login",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="care_teams",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        choices=[
                            ("supervisor", "supervisor"),
                            ("care_lead", "lead of care"),
                            ("second", "second therapist"),
                        ],
                        max_length=10,
                    ),
                ),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField(blank=True, null=True)),
                ("added_by", models.CharField(max_length=60)),
                ("ended_by", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("place__in", ["supervisor", "care_lead", "second"])),
                        name="team_place_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_at__isnull", True),
                            ("until_at__gte", models.F("from_at")),
                            _connector="OR",
                        ),
                        name="team_dates_in_order",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until_at__isnull", True)),
                        fields=("dyad", "login", "place"),
                        name="team_member_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupervisionLink",
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
                (
                    "supervisor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supervises",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "therapist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supervision",
                        to="clinic.therapist",
                    ),
                ),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField(blank=True, null=True)),
                ("added_by", models.CharField(max_length=60)),
                ("ended_by", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_at__isnull", True),
                            ("until_at__gte", models.F("from_at")),
                            _connector="OR",
                        ),
                        name="supervision_dates_in_order",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until_at__isnull", True)),
                        fields=("supervisor", "therapist"),
                        name="supervision_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupervisorQuestion",
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
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="team_questions",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="team_questions",
                        to="clinic.session",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="team_questions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("words", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="BreakGlass",
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
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="break_glass",
                        to="clinic.practice",
                    ),
                ),
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="break_glass",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "login",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="break_glass",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reason", models.TextField()),
                ("opened_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                ("review", models.TextField(blank=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until_at__gt", models.F("opened_at"))),
                        name="break_glass_ends_later",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(
                                ("reviewed_at__isnull", False), ("reviewed_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="break_glass_reviewed_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by__isnull", True),
                            models.Q(("reviewed_by", models.F("login")), _negated=True),
                            _connector="OR",
                        ),
                        name="break_glass_not_reviewed_by_oneself",
                    ),
                ],
            },
        ),
        migrations.RunPython(guard, lift),
        migrations.RunPython(guard_new, lift_new),
    ]
