# SPDX-License-Identifier: Apache-2.0
"""Keys per client for words, names and contacts, and the ledger of erasures.

Names and words that are there are sealed in the same transaction. The pages of the file that held
them in plain are overwritten when the store is opened: see ``store/opening.py``.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

import attunement.clinic.models.identifiers
from attunement.clinic.keys import (
    KEY_BYTES,
    NONCE_BYTES,
    Key,
    head_of,
    keyring_of,
    open_sealed,
    open_wrapped,
    seal,
    wrap,
)
from attunement.clinic.models.identifiers import new_id
from attunement.clinic.store.triggers import KEY_TABLES, create_triggers, drop_triggers

SEALED_TABLES = ("clinic_answer", "clinic_signaloutcome")
CHUNK = 2000
ERASED = "erased"


class _Keys:
    """The keys of practices and clients, made when they are first asked for."""

    def __init__(self, apps: Apps) -> None:
        self._practice_keys = apps.get_model("clinic", "PracticeKey")
        self._client_keys = apps.get_model("clinic", "ClientKey")
        self._site = keyring_of(settings.ATTUNEMENT.keys, settings.ATTUNEMENT.secret_key)
        self._practices: dict[str, Key] = {}
        self._clients: dict[str, Key] = {}

    def of(self, client_id: str, practice_id: str) -> Key:
        """Return a client's key, made and stored if there is none yet."""
        if client_id not in self._clients:
            outer = self._of_practice(practice_id)
            inner = Key(new_id(), 1, os.urandom(KEY_BYTES))
            self._client_keys.objects.create(
                id=inner.id,
                client_id=client_id,
                version=1,
                practice_key_id=outer.id,
                wrapped=wrap(
                    outer, inner, practice_id=practice_id, nonce=os.urandom(NONCE_BYTES)
                ),
                made_at=timezone.now(),
            )
            self._clients[client_id] = inner
        return self._clients[client_id]

    def stored(self) -> dict[str, tuple[Key, str]]:
        """Return every key that was not destroyed, by its id, with its practice's id."""
        found: dict[str, tuple[Key, str]] = {}
        for row in self._client_keys.objects.exclude(wrapped="").select_related("practice_key"):
            outer_row = row.practice_key
            practice_id = outer_row.practice_id
            site_key = next(
                key for key in self._site.keys if key.id == head_of(outer_row.wrapped).key_id
            )
            outer = open_wrapped(
                site_key,
                outer_row.wrapped,
                practice_id=practice_id,
                key_id=outer_row.pk,
                key_version=outer_row.version,
            )
            inner = open_wrapped(
                outer, row.wrapped, practice_id=practice_id, key_id=row.pk, key_version=row.version
            )
            found[row.pk] = (inner, practice_id)
        return found

    def _of_practice(self, practice_id: str) -> Key:
        if practice_id not in self._practices:
            inner = Key(new_id(), 1, os.urandom(KEY_BYTES))
            self._practice_keys.objects.create(
                id=inner.id,
                practice_id=practice_id,
                version=1,
                wrapped=wrap(
                    self._site.keys[0],
                    inner,
                    practice_id=practice_id,
                    nonce=os.urandom(NONCE_BYTES),
                ),
                made_at=timezone.now(),
            )
            self._practices[practice_id] = inner
        return self._practices[practice_id]


def _words(apps: Apps) -> Iterator[tuple[Any, str, str, Callable[[Any], tuple[str, str, str]]]]:
    """Return each column of words: rows, column, place, and whose a row is and what names it."""

    def of_client(row: Any) -> tuple[str, str, str]:
        return row.pk, row.practice_id, row.pk

    def of_answer(row: Any) -> tuple[str, str, str]:
        client = row.response.session.dyad.client
        return client.pk, client.practice_id, f"{row.response_id}/{row.item}"

    def of_outcome(row: Any) -> tuple[str, str, str]:
        at = row.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
        client = row.dyad.client
        return client.pk, client.practice_id, f"{row.signal_id}/{row.perspective}/{at}"

    clients = apps.get_model("clinic", "Client").objects.all()
    yield clients, "display_name", "clinic_client.display_name", of_client
    answers = apps.get_model("clinic", "Answer").objects.filter(text__isnull=False)
    answers = answers.select_related("response__session__dyad__client")
    yield answers, "text", "clinic_answer.text", of_answer
    outcomes = apps.get_model("clinic", "SignalOutcome").objects.select_related("dyad__client")
    yield outcomes, "reason", "clinic_signaloutcome.reason", of_outcome


def _rewrite(apps: Apps, change: Callable[[str, str, tuple[str, str, str]], str]) -> None:
    """Write every column of words anew, some rows at a time in the order of their keys."""
    for rows, column, place, whose in _words(apps):
        written = rows.model.objects
        last: Any = None
        while True:
            batch = rows.order_by("pk") if last is None else rows.filter(pk__gt=last).order_by("pk")
            found = list(batch[:CHUNK])
            if not found:
                break
            for row in found:
                words = getattr(row, column)
                if words:
                    new = change(words, place, whose(row))
                    written.filter(pk=row.pk).update(**{column: new})
            last = found[-1].pk


def seal_rows(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    keys = _Keys(apps)

    def sealed(words: str, place: str, whose: tuple[str, str, str]) -> str:
        client_id, practice_id, row_id = whose
        return seal(
            keys.of(client_id, practice_id),
            words,
            practice_id=practice_id,
            place=place,
            row_id=row_id,
            nonce=os.urandom(NONCE_BYTES),
        )

    drop_triggers(schema_editor, SEALED_TABLES)
    _rewrite(apps, sealed)
    settle(apps, schema_editor)
    create_triggers(schema_editor, SEALED_TABLES)
    create_triggers(schema_editor, KEY_TABLES)


def open_rows(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    stored = _Keys(apps).stored()

    def opened(sealed: str, place: str, whose: tuple[str, str, str]) -> str:
        key, practice_id = stored.get(head_of(sealed).key_id, (None, ""))
        if key is None:
            return ERASED
        return open_sealed(key, sealed, practice_id=practice_id, place=place, row_id=whose[2])

    drop_triggers(schema_editor, SEALED_TABLES)
    drop_triggers(schema_editor, KEY_TABLES)
    _rewrite(apps, opened)
    settle(apps, schema_editor)
    create_triggers(schema_editor, SEALED_TABLES)


def settle(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let PostgreSQL check references now: it alters no table with checks that still wait."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


_ID = models.CharField(
    default=attunement.clinic.models.identifiers.new_id,
    editable=False,
    max_length=26,
    primary_key=True,
    serialize=False,
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0009_ledger_and_loop"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="client",
            name="erased_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="client",
            name="display_name",
            field=models.TextField(blank=True, max_length=200),
        ),
        migrations.CreateModel(
            name="PracticeKey",
            fields=[
                ("id", _ID.clone()),
                ("version", models.PositiveIntegerField(default=1)),
                ("wrapped", models.TextField()),
                ("made_at", models.DateTimeField()),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="clinic.practice",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("practice", "version"), name="practice_key_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientKey",
            fields=[
                ("id", _ID.clone()),
                ("version", models.PositiveIntegerField(default=1)),
                ("wrapped", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                ("destroyed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="clinic.client",
                    ),
                ),
                (
                    "practice_key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="client_keys",
                        to="clinic.practicekey",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("client", "version"), name="client_key_once"),
                    models.CheckConstraint(
                        name="client_key_there_or_destroyed",
                        condition=models.Q(
                            models.Q(
                                ("destroyed_at__isnull", True),
                                models.Q(("wrapped", ""), _negated=True),
                            ),
                            models.Q(("destroyed_at__isnull", False), ("wrapped", "")),
                            _connector="OR",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("client_id", models.CharField(max_length=26)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("asked", "the person asked for it"),
                            ("retention", "the time to keep the record is over"),
                            ("mistake", "the record should not have been made"),
                        ],
                        max_length=10,
                    ),
                ),
                ("erased_by", models.CharField(max_length=60)),
                ("erased_at", models.DateTimeField()),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasures",
                        to="clinic.practice",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", ["asked", "retention", "mistake"])),
                        name="erasure_reason_known",
                    ),
                    models.UniqueConstraint(fields=("client_id",), name="erased_once"),
                ],
            },
        ),
        migrations.RunPython(settle, settle),
        migrations.RunPython(seal_rows, open_rows),
    ]
