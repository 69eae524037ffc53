# SPDX-License-Identifier: Apache-2.0
"""Courses kept for rules, and the triggers that drop one when what it was made from changes."""

from typing import ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from attunement.clinic.store.course_triggers import create_course_triggers, drop_course_triggers


def guard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_course_triggers(schema_editor)


def lift(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_course_triggers(schema_editor)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("clinic", "0012_between_and_corrections")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="KeptCourse",
            fields=[
                (
                    "dyad",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="kept_course",
                        serialize=False,
                        to="clinic.dyad",
                    ),
                ),
                ("measure_id", models.CharField(max_length=60)),
                ("measure_version", models.CharField(max_length=30)),
                ("upto", models.PositiveIntegerField()),
                ("points", models.TextField()),
            ],
            options={"abstract": False},
        ),
        migrations.RunPython(guard, lift),
    ]
