# SPDX-License-Identifier: Apache-2.0
"""What a client said about a signal can be taken back: by one more row, never by a change."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from attunement.clinic.store.triggers import create_triggers, drop_triggers

TABLES = ("clinic_signaloutcome",)


def guard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, TABLES)


def unguard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, TABLES)


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0004_signals_budget_audit"),
    ]

    # SQLite writes the table anew for another constraint, and its triggers go with the old one.
    operations = [
        migrations.RunPython(unguard, guard),
        migrations.RemoveConstraint(model_name="signaloutcome", name="outcome_of_its_chair"),
        migrations.AlterField(
            model_name="signaloutcome",
            name="answer",
            field=models.CharField(
                choices=[
                    ("agreed", "agreed"),
                    ("not_a_rupture", "not a rupture"),
                    ("not_discussed", "not discussed"),
                    ("confirmed", "confirmed by the client"),
                    ("denied", "denied by the client"),
                    ("not_asked", "taken back: the client was not asked"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="signaloutcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answer__in", ["agreed", "not_a_rupture", "not_discussed"]),
                        ("perspective", "therapist"),
                    ),
                    models.Q(
                        ("answer__in", ["confirmed", "denied", "not_asked"]),
                        ("perspective", "client"),
                    ),
                    _connector="OR",
                ),
                name="outcome_of_its_chair",
            ),
        ),
        migrations.RunPython(guard, unguard),
    ]
