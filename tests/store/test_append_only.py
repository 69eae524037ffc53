# SPDX-License-Identifier: Apache-2.0
"""Written rows stay as they are: the models refuse, and so does the database."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction

from attunement.clinic import services
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    Answer,
    AuditEvent,
    LearnedModel,
    NamedRupture,
    Prediction,
    Response,
    RuleSetting,
    Score,
    SignalOutcome,
    SignalRecord,
    SignalShown,
    TherapistBudget,
)
from attunement.clinic.models.append_only import AppendOnlyModel
from attunement.clinic.store.triggers import APPEND_ONLY_TABLES

pytestmark = pytest.mark.store
MODELS = (
    Response, Answer, Prediction, AuditEvent,
    TherapistBudget, RuleSetting, LearnedModel, SignalOutcome, NamedRupture, SignalShown,
)  # fmt: skip


@pytest.fixture
def written(world: Any) -> Any:
    session = world.session()
    world.client_answers(session, 5, strain=4, text="Synthetic wish.")
    world.therapist_answers(session, 4)
    me, now = world.therapist, world.now
    services.signals_this_week(me, now=now)
    signal = SignalRecord.objects.get(rule_id="oac-strain")
    services.answer_signal(me, signal.pk, answer="agreed", now=now)
    services.name_rupture(me, session.pk, now=now)
    services.set_budget(me, 3, now=now)
    services.save_setting(world.lead, 0.05, note="", now=now)
    LearnedModel(
        practice=world.practice, measure_id="oac-c", measure_version="1", number=1, kind="house",
        parameters={}, source="made up", n_dyads=0, n_scores=0, learned_by="test", learned_at=now,
    ).save()  # fmt: skip
    return session


def test_every_append_only_model_has_a_trigger() -> None:
    tables = [model for model in apps.get_models() if issubclass(model, AppendOnlyModel)]
    written_once = {model._meta.db_table for model in tables}
    assert written_once == set(APPEND_ONLY_TABLES)
    assert {model._meta.db_table for model in MODELS} <= written_once


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.usefixtures("written")
def test_the_model_layer_refuses(model: Any) -> None:
    row = model.objects.first()
    for change in (
        row.save,
        row.delete,
        model.objects.all().delete,
        lambda: model.objects.update(pk=row.pk),
        lambda: model.objects.bulk_update([row], ["id"]),
    ):
        with pytest.raises(ClinicError) as refusal:
            change()
        assert refusal.value.code == "E-CLINIC-004"
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("verb", ["UPDATE {t} SET id = id", "DELETE FROM {t}"])
@pytest.mark.usefixtures("written")
def test_the_database_refuses_whoever_asks(model: Any, verb: str) -> None:
    table = model._meta.db_table
    n_before = model.objects.count()
    assert n_before > 0
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(verb.format(t=table))
    assert model.objects.count() == n_before


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("world_committed")
def test_truncate_is_refused_on_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"):
        cursor.execute("TRUNCATE clinic_answer")


@pytest.mark.usefixtures("written")
def test_the_database_holds_one_response_for_a_chair() -> None:
    first = Response.objects.filter(perspective="client").get()
    twin = Response(
        **{
            name: getattr(first, name)
            for name in (
                "assignment_id", "session_id", "perspective", "measure_id", "measure_version",
                "payload_sha256", "received_at", "mode", "language", "who_sees",
            )
        },
        submission_id="00000000-0000-4000-8000-000000000001",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


@pytest.mark.parametrize(
    ("value", "reason"), [(None, None), (3.0, "too few answers")], ids=["neither", "both"]
)
@pytest.mark.usefixtures("written")
def test_a_score_is_a_number_or_a_reason(value: Any, reason: Any) -> None:
    response = Response.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Score.objects.create(
            id="x", response=response, scale="other", value=value, reason=reason,
            n_answered=1, n_items=2, scorer_version="1",
        )  # fmt: skip


@pytest.mark.parametrize(("value", "text"), [(None, None), (3.0, "words")], ids=["neither", "both"])
@pytest.mark.usefixtures("written")
def test_an_answer_is_a_number_or_words(value: Any, text: Any) -> None:
    response = Response.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer(response=response, item="zz", value=value, text=text).save()
