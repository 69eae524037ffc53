# SPDX-License-Identifier: Apache-2.0
"""Responses, answers, predictions and the audit log are written once: the database holds to it."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from attunement.clinic.store.triggers import ANSWER_TABLES, create_triggers, drop_triggers


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, ANSWER_TABLES)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, ANSWER_TABLES)


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
