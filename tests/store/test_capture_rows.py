# SPDX-License-Identifier: Apache-2.0
"""What capture writes once stays as it is: the models refuse, and so does the database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from attunement.clinic import services
from attunement.clinic.config.model import Capture, Mail
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    AskingSchedule,
    EnteredTotal,
    MessageTaken,
    OpenedForm,
    PaperBatch,
    PaperEntry,
    PaperForm,
    PrivateMessage,
    QuestionAsked,
    ReminderAttempt,
)
from attunement.clinic.services import paper, reminders
from attunement.clinic.services.asking import set_schedule
from attunement.clinic.services.private_channel import (
    private_messages,
    send_private_message,
    take_message,
)
from attunement.clinic.store.triggers import CAPTURE_TABLES

pytestmark = pytest.mark.store
MODELS = (
    AskingSchedule, EnteredTotal, MessageTaken, OpenedForm, PaperBatch, PaperEntry, PaperForm,
    PrivateMessage, QuestionAsked, ReminderAttempt,
)  # fmt: skip


@pytest.fixture
def written(world: Any, settings: Any) -> None:
    settings.ATTUNEMENT = replace(
        settings.ATTUNEMENT,
        capture=Capture(before="phq-2", double_entry=True, remind_hours=1),
        mail=Mail("127.0.0.1", 25, "none", "", "", "clinic@clinic.example"),
    )
    me, now = world.therapist, world.now
    set_schedule(me, world.dyad.pk, kind="sessions", now=now)
    session = world.session()
    reminders.agree(me, world.dyad.pk, channel="mail", address="a@host.example", now=now)
    reminders.remind(now=world.later(hours=2), send=lambda *_: "id")
    (made,) = paper.print_forms(me, [session.pk], now=world.now)
    issued = services.invite_client(me, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    form = services.client_form(grant, now=world.now)
    send_private_message(
        grant, submission_id=form.submission_id, kind="another", words="", now=world.now
    )
    (message,) = private_messages(world.lead, now=world.now)
    take_message(world.lead, message.message_id, now=world.now)
    for _ in range(2):
        paper.enter_paper(
            world.lead,
            made.code,
            submission_id=services.client_form(grant, now=world.now).submission_id,
            fields={},
            total="4",
            now=world.now,
        )


def test_every_table_of_capture_is_here() -> None:
    assert {model._meta.db_table for model in MODELS} == set(CAPTURE_TABLES)


@pytest.mark.usefixtures("written")
def test_models_and_database_refuse_every_change() -> None:
    for model in MODELS:
        row = model.objects.first()
        assert row is not None, model
        for change in (row.save, row.delete, model.objects.all().delete):
            with pytest.raises(ClinicError) as refusal:
                change()
            assert refusal.value.code == "E-CLINIC-004"
        table, key = model._meta.db_table, model._meta.pk.column
        for statement in (f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}"):
            with (
                pytest.raises(DatabaseError, match="append-only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
        assert model.objects.filter(pk=row.pk).exists()
