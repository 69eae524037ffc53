# SPDX-License-Identifier: Apache-2.0
"""Risk answers: alerts, their deliveries, what people did with them, and the rota."""

from typing import ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import attunement.clinic.models.identifiers
from attunement.clinic.store.triggers import create_triggers, drop_triggers

TABLES = ("clinic_riskalert", "clinic_riskact")


def guard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, TABLES)


def unguard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, TABLES)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0005_client_answer_withdrawn"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="RiskAlert",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "public_id",
                    models.CharField(
                        default=attunement.clinic.models.identifiers.new_id,
                        editable=False,
                        max_length=26,
                        unique=True,
                    ),
                ),
                ("dedupe_key", models.CharField(max_length=64, unique=True)),
                ("item", models.CharField(max_length=40)),
                ("rule", models.CharField(max_length=120)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("clock_suspect", models.BooleanField(default=False)),
                ("received_at", models.DateTimeField()),
                (
                    "dyad",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_alerts",
                        to="clinic.dyad",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_alerts",
                        to="clinic.practice",
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_alerts",
                        to="clinic.assignment",
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_alerts",
                        to="clinic.response",
                    ),
                ),
                ("bundle", models.CharField(db_index=True, max_length=64)),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="WorkerBeat",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("run", models.CharField(max_length=40)),
                ("rota_checked_on", models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RiskAct",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("acknowledged", "acknowledged"), ("closed", "closed")],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_acts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acts",
                        to="clinic.riskalert",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("alert", "kind"), name="risk_act_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["acknowledged", "closed"])),
                        name="risk_act_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskDelivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "channel",
                    models.CharField(
                        choices=[("list", "on the pages"), ("mail", "by mail")], max_length=6
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "not yet"),
                            ("sending", "being sent"),
                            ("delivered", "delivered"),
                            ("not_needed", "no longer needed"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("queued_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("claimed_by", models.CharField(blank=True, max_length=40)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
                ("message_id", models.CharField(blank=True, max_length=200)),
                ("provider_id", models.CharField(blank=True, max_length=200)),
                ("problem", models.CharField(blank=True, max_length=40)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="clinic.riskalert",
                    ),
                ),
                (
                    "login",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_deliveries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["state", "channel"], name="risk_delivery_waiting")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("alert", "login", "channel"), name="risk_delivery_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["queued", "sending", "delivered", "not_needed"])
                        ),
                        name="risk_delivery_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RotaTurn",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("place", models.PositiveSmallIntegerField(default=1)),
                ("starts", models.PositiveSmallIntegerField()),
                ("ends", models.PositiveSmallIntegerField()),
                ("made_by", models.CharField(max_length=60)),
                ("made_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "login",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rota_turns",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rota_turns",
                        to="clinic.practice",
                    ),
                ),
            ],
            options={
                "ordering": ["place", "starts", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends__lte", 10080),
                            ("place__gte", 1),
                            ("starts__lt", models.F("ends")),
                        ),
                        name="rota_turn_in_the_week",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskOutbox",
            fields=[
                (
                    "alert",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="outbox",
                        serialize=False,
                        to="clinic.riskalert",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("raised", "raised"),
                            ("queued", "on its way"),
                            ("delivered", "delivered"),
                            ("acknowledged", "acknowledged"),
                            ("closed", "closed"),
                        ],
                        default="raised",
                        max_length=12,
                    ),
                ),
                ("levels_told", models.PositiveSmallIntegerField(default=0)),
                ("waited_ms", models.PositiveBigIntegerField(default=0)),
                ("counted_at", models.DateTimeField()),
                ("counted_by", models.CharField(blank=True, max_length=40)),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_outbox",
                        to="clinic.practice",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["practice", "state"], name="risk_outbox_open")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["raised", "queued", "delivered", "acknowledged", "closed"],
                            )
                        ),
                        name="risk_outbox_state_known",
                    )
                ],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
