# SPDX-License-Identifier: Apache-2.0
"""Responses, answers, predictions and the audit log are written once: the database holds to it."""

from django.db import migrations

from attunement.clinic.store.triggers import create_triggers, drop_triggers


def forwards(apps, schema_editor):
    create_triggers(schema_editor)


def backwards(apps, schema_editor):
    drop_triggers(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
