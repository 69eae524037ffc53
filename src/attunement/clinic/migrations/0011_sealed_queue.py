# SPDX-License-Identifier: Apache-2.0
"""Deliveries that were sealed on a phone, what could not be opened, and shared screens."""

import attunement.clinic.models.identifiers
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0010_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="SealingKey",
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
                    "algorithm",
                    models.CharField(default="p256-hkdf-sha256-aes256gcm", max_length=40),
                ),
                ("public", models.CharField(max_length=100)),
                ("receipt_public", models.CharField(max_length=100)),
                ("opening_wrapped", models.TextField(blank=True)),
                ("signing_wrapped", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=("algorithm",),
                        name="sealing_key_one_live",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HeldDelivery",
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
                ("submission_id", models.CharField(max_length=36)),
                ("key_id", models.CharField(max_length=64)),
                ("envelope_sha256", models.CharField(max_length=64, unique=True)),
                ("envelope", models.TextField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("key_unknown", "it was sealed to a key that this clinic never had"),
                            ("key_gone", "it was sealed to a key whose time is over"),
                            ("unreadable", "it was damaged or changed on the way"),
                            (
                                "not_ours",
                                "it was readable, but does not belong to a form of this clinic",
                            ),
                            ("late", "it came more than two weeks after the form was opened"),
                            ("fields", "an answer in it is none that the form offers"),
                        ],
                        max_length=20,
                    ),
                ),
                ("address_sha256", models.CharField(max_length=64)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("times", models.PositiveIntegerField(default=1)),
                ("noted_at", models.DateTimeField(blank=True, null=True)),
                ("noted_by", models.CharField(blank=True, max_length=60)),
                (
                    "practice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="held_deliveries",
                        to="clinic.practice",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["address_sha256", "first_at"], name="held_by_address"),
                    models.Index(fields=["noted_at", "first_at"], name="held_unnoted"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reason__in",
                                [
                                    "key_unknown",
                                    "key_gone",
                                    "unreadable",
                                    "not_ours",
                                    "late",
                                    "fields",
                                ],
                            )
                        ),
                        name="held_reason_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Kiosk",
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
                ("label", models.CharField(max_length=60)),
                ("token_sha256", models.CharField(max_length=64, unique=True)),
                ("pin_hash", models.CharField(max_length=200)),
                ("pin_tries", models.PositiveSmallIntegerField(default=0)),
                ("pin_shut_until", models.DateTimeField(blank=True, null=True)),
                ("started_by", models.CharField(max_length=60)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kiosks",
                        to="clinic.practice",
                    ),
                ),
            ],
        ),
    ]
