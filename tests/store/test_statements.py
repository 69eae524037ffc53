# SPDX-License-Identifier: Apache-2.0
"""Rows and statements that go past Django's slower ways are the same as by them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, models

from attunement.clinic.models import Answer, Assignment, Response, Score, Session
from attunement.clinic.store.statements import Prepared, insert, run

pytestmark = [pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


def _kept(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_a_loaded_row_holds_what_djangos_own_would(world: Any) -> None:
    world.session()
    for model in (Session, Assignment, type(world.dyad), type(world.therapist)):
        row = model._default_manager.order_by("pk")[0]
        names = [field.attname for field in model._meta.concrete_fields]
        values = [getattr(row, name) for name in names]
        built = models.Model.from_db.__func__(model, "default", names, values)  # type: ignore[attr-defined]
        assert _kept(row) == _kept(built)
        assert (row._state.adding, row._state.db) == (built._state.adding, built._state.db)
        assert row == built


def test_a_column_that_was_left_out_is_read_when_it_is_needed(world: Any) -> None:
    world.session()
    row = Session.objects.only("session_no").order_by("pk")[0]
    assert "held_on" not in vars(row)
    assert row.held_on == Session.objects.get(pk=row.pk).held_on


def test_rows_written_plainly_read_as_rows_saved_by_django(world: Any) -> None:
    world.session()
    form = Assignment.objects.filter(perspective="client")[0]
    made = Response(
        assignment=form,
        session_id=form.session_id,
        perspective=form.perspective,
        measure_id=form.measure_id,
        measure_version=form.measure_version,
        submission_id="8d7a4c0e-0000-4000-8000-000000000001",
        payload_sha256="0" * 64,
        answered_at=NOW,
        received_at=NOW,
        mode="link",
        language="en",
        who_sees="",
    )
    insert([made])
    insert([Answer(response=made, item="1", value=4), Answer(response=made, item="2", value=2.5)])
    found = Response.objects.get(pk=made.pk)
    assert str(found.submission_id) == made.submission_id
    assert (found.answered_at, found.clock_suspect) == (NOW, False)
    answers = Answer.objects.filter(response=made).order_by("item")
    assert [(a.value, type(a.value), a.text) for a in answers] == [
        (4.0, float, None),
        (2.5, float, None),
    ]
    assert not made._state.adding


def test_a_statement_is_the_same_to_somebody_who_listens(world: Any) -> None:
    ask = Prepared(lambda pk: Session.objects.filter(dyad=pk).order_by("session_no"), str)
    seen: list[str] = []
    world.session()

    def listen(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    plainly = ask.all(world.dyad.pk)
    with connection.execute_wrapper(listen):
        listened = ask.all(world.dyad.pk)
    assert plainly == listened != []
    assert len(seen) == 1
    assert run("SELECT count(*) FROM clinic_score", ())[0][0][0] == Score.objects.count()
