# SPDX-License-Identifier: Apache-2.0
"""More moments of asking: before a session, by weeks, on paper, with goals and reminders."""

from typing import ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import attunement.clinic.models.identifiers
import attunement.clinic.models.plain_json
from attunement.clinic.store.triggers import CAPTURE_TABLES, create_triggers, drop_triggers

ALTERED = ("clinic_response",)


def lift(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, ALTERED)


def guard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, ALTERED)


def mark_imported(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Say of what was brought in from elsewhere that it was, now that there is a column for it."""
    apps.get_model("clinic", "Response").objects.filter(mode="import").update(provenance="import")


def guard_new(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, CAPTURE_TABLES)


def lift_new(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, CAPTURE_TABLES)


def nothing(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave rows as they are: the column goes away with the migration."""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0007_visibility_and_teams"),
    ]

    # SQLite writes a table anew for another column, and its triggers go with the old one.
    operations: ClassVar = [
        migrations.RunPython(lift, guard),
        migrations.CreateModel(
            name="AskingSchedule",
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
                ("measure_id", models.CharField(max_length=60)),
                (
                    "moment",
                    models.CharField(
                        choices=[
                            ("before", "before the session"),
                            ("after", "after the session"),
                            ("between", "between two sessions"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sessions", "at every session"),
                            ("weeks", "once in so many weeks"),
                            ("numbers", "at named sessions, then at every n-th"),
                            ("never", "not at all"),
                        ],
                        max_length=8,
                    ),
                ),
                ("numbers", attunement.clinic.models.plain_json.PlainJSONField(default=list)),
                ("every", models.PositiveSmallIntegerField(default=1)),
                ("set_by", models.CharField(max_length=60)),
                ("set_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ChartPermission",
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
                ("secret_sha256", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ClientSetting",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="setting",
                        serialize=False,
                        to="clinic.client",
                    ),
                ),
                ("layout", models.CharField(default="one", max_length=3)),
                ("pin_sha256", models.CharField(blank=True, max_length=64)),
                ("check_failures", models.PositiveSmallIntegerField(default=0)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="EnteredTotal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("scale", models.CharField(max_length=40)),
                ("value", models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name="Goal",
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
                ("words", models.TextField()),
                ("made_by", models.CharField(max_length=60)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["made_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="PrivateMessage",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("message", "a message"),
                            ("another", "would like another therapist"),
                        ],
                        max_length=7,
                    ),
                ),
                ("words", models.TextField(blank=True)),
                ("submission_id", models.UUIDField(unique=True)),
                ("who_sees", models.TextField()),
                ("sent_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="OpenedForm",
            fields=[
                (
                    "submission_id",
                    models.UUIDField(editable=False, primary_key=True, serialize=False),
                ),
                ("extras", attunement.clinic.models.plain_json.PlainJSONField()),
                ("opened_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PaperBatch",
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
                ("printed_by", models.CharField(max_length=26)),
                ("printed_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PaperEntry",
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
                ("typed", models.TextField()),
                ("entered_by", models.CharField(max_length=26)),
                ("entered_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PaperForm",
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
                ("code", models.CharField(max_length=8, unique=True)),
                ("who_sees", models.TextField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="QuestionAsked",
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
                ("question", models.CharField(max_length=20)),
                ("version", models.PositiveSmallIntegerField()),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Reminder",
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
                ("on_day", models.DateField()),
                ("due_at", models.DateTimeField()),
                ("secrets", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "to be sent"),
                            ("sent", "handed over"),
                            ("dropped", "not sent any more"),
                        ],
                        default="queued",
                        max_length=7,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ReminderAddress",
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
                    "channel",
                    models.CharField(
                        choices=[("mail", "by e-mail"), ("sms", "by text message")], max_length=4
                    ),
                ),
                ("address", models.TextField()),
                ("stop_sha256", models.CharField(max_length=64, unique=True)),
                ("consent_noted_by", models.CharField(max_length=26)),
                ("consent_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("stopped_by", models.CharField(blank=True, max_length=26)),
            ],
        ),
        migrations.CreateModel(
            name="ReminderAttempt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("outcome", models.CharField(max_length=20)),
                ("why", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="assignment",
            name="assignment_once",
        ),
        migrations.RemoveConstraint(
            model_name="response",
            name="response_once",
        ),
        migrations.AddField(
            model_name="assignment",
            name="moment",
            field=models.CharField(
                choices=[
                    ("before", "before the session"),
                    ("after", "after the session"),
                    ("between", "between two sessions"),
                ],
                default="after",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="entered_by",
            field=models.CharField(blank=True, max_length=26),
        ),
        migrations.AddField(
            model_name="response",
            name="moment",
            field=models.CharField(
                choices=[
                    ("before", "before the session"),
                    ("after", "after the session"),
                    ("between", "between two sessions"),
                ],
                default="after",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="provenance",
            field=models.CharField(
                choices=[
                    ("self", "answered here by the person"),
                    ("paper", "answered on paper, typed in by somebody"),
                    ("import", "brought in from another program"),
                ],
                default="self",
                max_length=6,
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                fields=("session", "perspective", "measure_id", "moment"), name="assignment_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("moment__in", ["before", "after", "between"])),
                name="assignment_moment_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.UniqueConstraint(
                fields=("session", "perspective", "measure_id", "moment"), name="response_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(("moment__in", ["before", "after", "between"])),
                name="response_moment_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(("provenance__in", ["self", "paper", "import"])),
                name="response_provenance_known",
            ),
        ),
        migrations.AddField(
            model_name="askingschedule",
            name="care_episode",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="schedules",
                to="clinic.careepisode",
            ),
        ),
        migrations.AddField(
            model_name="askingschedule",
            name="practice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="schedules",
                to="clinic.practice",
            ),
        ),
        migrations.AddField(
            model_name="chartpermission",
            name="dyad",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="chart_permissions",
                to="clinic.dyad",
            ),
        ),
        migrations.AddConstraint(
            model_name="clientsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("layout__in", ("one", "all"))), name="client_layout_known"
            ),
        ),
        migrations.AddField(
            model_name="enteredtotal",
            name="response",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="totals",
                to="clinic.response",
            ),
        ),
        migrations.AddField(
            model_name="goal",
            name="dyad",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="goals", to="clinic.dyad"
            ),
        ),
        migrations.CreateModel(
            name="MessageTaken",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="taken",
                        serialize=False,
                        to="clinic.privatemessage",
                    ),
                ),
                ("by", models.CharField(max_length=26)),
                ("at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="privatemessage",
            name="dyad",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="private_messages",
                to="clinic.dyad",
            ),
        ),
        migrations.AddField(
            model_name="privatemessage",
            name="practice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="private_messages",
                to="clinic.practice",
            ),
        ),
        migrations.AddField(
            model_name="openedform",
            name="assignment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="opened_forms",
                to="clinic.assignment",
            ),
        ),
        migrations.AddField(
            model_name="paperbatch",
            name="practice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="paper_batches",
                to="clinic.practice",
            ),
        ),
        migrations.AddField(
            model_name="paperform",
            name="assignment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="papers",
                to="clinic.assignment",
            ),
        ),
        migrations.AddField(
            model_name="paperform",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="forms",
                to="clinic.paperbatch",
            ),
        ),
        migrations.AddField(
            model_name="paperentry",
            name="form",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="clinic.paperform",
            ),
        ),
        migrations.AddField(
            model_name="questionasked",
            name="assignment",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="question_asked",
                to="clinic.assignment",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="assignment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminders",
                to="clinic.assignment",
            ),
        ),
        migrations.AddField(
            model_name="reminderaddress",
            name="client",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="addresses",
                to="clinic.client",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="to",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminders",
                to="clinic.reminderaddress",
            ),
        ),
        migrations.AddField(
            model_name="reminderattempt",
            name="reminder",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attempts",
                to="clinic.reminder",
            ),
        ),
        migrations.AddConstraint(
            model_name="askingschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("moment__in", ["before", "after", "between"])),
                name="schedule_moment_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="askingschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["sessions", "weeks", "numbers", "never"])),
                name="schedule_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="askingschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("every__range", (1, 52))), name="schedule_every_plausible"
            ),
        ),
        migrations.AddConstraint(
            model_name="enteredtotal",
            constraint=models.UniqueConstraint(
                fields=("response", "scale"), name="entered_total_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="privatemessage",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["message", "another"])), name="private_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="paperentry",
            constraint=models.UniqueConstraint(fields=("form", "number"), name="paper_entry_once"),
        ),
        migrations.AddConstraint(
            model_name="reminderaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["mail", "sms"])), name="reminder_channel_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminderaddress",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stopped_at__isnull", True)),
                fields=("client", "channel"),
                name="reminder_address_one",
            ),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(fields=["state", "next_try_at"], name="reminder_waiting"),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "sent", "dropped"])),
                name="reminder_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("to", "on_day"), name="reminder_once_a_day"),
        ),
        migrations.AddField(
            model_name="reminder",
            name="invitation",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminder",
                to="clinic.invitation",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="by_reminder",
            field=models.BooleanField(default=False),
        ),
        migrations.RemoveConstraint(
            model_name="invitation",
            name="invitation_one_live",
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("consumed_at__isnull", True), ("revoked_at__isnull", True)),
                fields=("assignment", "by_reminder"),
                name="invitation_one_live",
            ),
        ),
        migrations.RunPython(mark_imported, nothing),
        migrations.RunPython(guard, lift),
        migrations.RunPython(guard_new, lift_new),
    ]
