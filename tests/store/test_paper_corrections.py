# SPDX-License-Identifier: Apache-2.0
"""A typed sheet that counts, typed once more: what holds, what is kept, what follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from attunement.clinic import services
from attunement.clinic.config.model import Capture
from attunement.clinic.errors import AccessError
from attunement.clinic.models import (
    Answer,
    CorrectedAnswer,
    PaperCorrection,
    Response,
    RiskAlert,
    Score,
    SignalRecord,
)
from attunement.clinic.services import paper
from attunement.clinic.services.erasure import erase_client
from attunement.clinic.services.promises import choose_visibility
from attunement.clinic.services.rebuild import rebuild_scores
from attunement.clinic.services.results import Receipt, ReceiptStatus, Refused
from attunement.clinic.services.sealing import open_field
from attunement.clinic.store.triggers import CORRECTION_TABLES

pytestmark = pytest.mark.store
WORDS = "Synthetic words: slower, please."


def _print(world: Any, session: Any) -> str:
    (made,) = paper.print_forms(world.therapist, [session.pk], now=world.now)
    return made.code


def _type(world: Any, code: str, fields: dict[str, Any], **more: Any) -> Any:
    given = {"total": None, "submission_id": uuid4(), "correct": True} | more
    login = given.pop("login", world.therapist)
    return paper.enter_paper(login, code, fields=fields, now=world.now, **given)


@pytest.fixture
def typed(world: Any, filled_form: Any) -> tuple[Any, str]:
    """A course with a sheet as its newest form, on which a 6 was typed as a 2."""
    for value in (6, 5, 6, 5, 6):
        session = world.session()
        world.client_answers(session, value)
        world.therapist_answers(session, 5)
        world.later(days=7)
    session = world.session()
    world.therapist_answers(session, 5)
    code = _print(world, session)
    assert isinstance(_type(world, code, filled_form(2, strain=4), correct=False), Receipt)
    world.later(hours=1)
    return session, code


def _picture(world: Any, session: Any) -> Any:
    return services.session_picture(world.therapist, session.pk, now=world.now)


def test_what_is_typed_again_holds_and_what_was_typed_is_kept(
    world: Any, typed: tuple[Any, str], filled_form: Any
) -> None:
    session, code = typed
    response = Response.objects.get(session=session, perspective="client")
    first = list(Answer.objects.filter(response=response).order_by("pk").values())
    assert SignalRecord.objects.filter(session=session).exists()
    assert paper.paper_page(world.therapist, code, now=world.now).correcting
    by = uuid4()
    once = _type(world, code, filled_form(6, text=WORDS), submission_id=by)
    again = _type(world, code, filled_form(6, text=WORDS), submission_id=by)
    same = _type(world, code, filled_form(6, text=WORDS))
    assert [one.status for one in (once, again, same)] == [
        ReceiptStatus.CREATED, ReceiptStatus.ALREADY_RECEIVED, ReceiptStatus.ALREADY_RECEIVED,
    ]  # fmt: skip
    other = _type(world, code, filled_form(5), submission_id=by)
    assert (type(other), other.http_status) == (Refused, 409)
    # Both are kept, each with who typed it and when; one holds.
    assert list(Answer.objects.filter(response=response).order_by("pk").values()) == first
    kept = PaperCorrection.objects.get()
    assert (kept.entered_by, kept.entered_at, kept.number) == (world.therapist.pk, world.now, 1)
    assert WORDS not in str(list(CorrectedAnswer.objects.values_list("text")))  # sealed
    assert Score.objects.get(response=response, scale="total").value == 6.0
    picture = _picture(world, session)
    assert (picture.client_total, picture.items[0].client_value) == (6.0, 6.0)
    assert WORDS in [one.text for one in picture.comments]
    assert (picture.typed.by, picture.typed.at) == ("Synthetic Amber", response.received_at)
    assert (picture.typed.corrected_by, picture.typed.corrected_at) == (picture.typed.by, world.now)
    # Signals follow, and all of it can be computed again.
    assert not SignalRecord.objects.filter(session=session).exists()
    before = list(Score.objects.order_by("pk").values())
    rebuild_scores(now=world.now)
    assert list(Score.objects.order_by("pk").values()) == before
    assert not SignalRecord.objects.filter(session=session).exists()
    # And back again: the newest holds.
    assert _type(world, code, filled_form(2, strain=4)).status is ReceiptStatus.CREATED
    assert SignalRecord.objects.filter(session=session).exists()
    assert _picture(world, session).client_total == 2.0


def test_a_total_and_a_blank_sheet_take_the_place_of_answers(
    world: Any, typed: tuple[Any, str]
) -> None:
    session, code = typed
    _type(world, code, {}, total="4.5")
    picture = _picture(world, session)
    assert (picture.client_total, picture.items[0].client_value) == (4.5, None)
    rebuild_scores(now=world.now)
    assert _picture(world, session).client_total == 4.5
    _type(world, code, {}, blank=True)
    picture = _picture(world, session)
    assert (picture.client_total, picture.client_reason) == (None, "0 of 7 answered, 6 needed")


def test_who_may_correct(world: Any, typed: tuple[Any, str], filled_form: Any) -> None:
    _, code = typed
    for login in (world.colleague, world.stranger):
        with pytest.raises(AccessError):
            _type(world, code, filled_form(6), login=login)
    assert isinstance(_type(world, code, filled_form(6), login=world.lead), Receipt)
    assert PaperCorrection.objects.get().entered_by == world.lead.pk
    # What a client answered here is no sheet: nobody types over it.
    session = world.session()
    other = _print(world, session)
    world.client_answers(session, 5)
    world.therapist_answers(session, 5)
    refused = _type(world, other, filled_form(6))
    assert (type(refused), refused.http_status) == (Refused, 410)
    assert isinstance(paper.paper_page(world.therapist, other, now=world.now), Refused)


def test_with_double_entry_a_correction_counts_once_two_agree(
    world: Any, typed: tuple[Any, str], filled_form: Any, settings: Any
) -> None:
    session, code = typed
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(double_entry=True))
    assert not paper.paper_page(world.therapist, code, now=world.now).second
    assert isinstance(_type(world, code, filled_form(6)), paper.SecondWanted)
    assert _picture(world, session).client_total == 2.0
    assert paper.paper_page(world.therapist, code, now=world.now).second
    assert isinstance(_type(world, code, filled_form(5)), paper.Differs)
    assert isinstance(_type(world, code, filled_form(6)), Receipt)
    assert _picture(world, session).client_total == 6.0
    # The next correction needs two of its own.
    world.later(hours=1)
    assert isinstance(_type(world, code, filled_form(5)), paper.SecondWanted)


def test_a_correction_of_what_may_not_be_seen_shows_nowhere(world: Any, filled_form: Any) -> None:
    choose_visibility(world.therapist, world.dyad.pk, visibility="end", now=world.now)
    session = world.session()
    world.therapist_answers(session, 5)
    code = _print(world, session)
    _type(world, code, filled_form(2, strain=5), correct=False, login=world.lead)
    me, now = world.therapist, world.now

    def seen() -> list[Any]:
        return [
            services.dyad_overview(me, world.dyad.pk, now=now),
            services.session_overview(me, session.pk, now=now),
            services.session_picture(me, session.pk, now=now),
            services.caseload(me, now=now),
            services.signals_this_week(me, now=now),
            list(SignalRecord.objects.values()),
        ]

    before = seen()
    assert isinstance(_type(world, code, filled_form(6), login=world.lead), Receipt)
    assert seen() == before


@pytest.mark.usefixtures("risk_site")
def test_an_answer_about_risk_is_passed_on_anew(world: Any) -> None:
    session = world.session()
    world.therapist_answers(session, 4)
    code = _print(world, session)
    sheet = {"item-1": "3", "item-2": "3", "item-harm": "1"}
    _type(world, code, sheet, correct=False)
    assert RiskAlert.objects.count() == 1
    world.later(hours=1)
    _type(world, code, sheet | {"item-1": "2"})
    assert RiskAlert.objects.count() == 2
    _type(world, code, sheet | {"item-1": "2"})  # the same again says nothing new
    assert RiskAlert.objects.count() == 2
    _type(world, code, sheet | {"item-harm": "0"})
    assert RiskAlert.objects.count() == 2


def test_erasing_the_client_takes_the_corrected_words_too(
    world: Any, typed: tuple[Any, str], filled_form: Any, settings: Any, tmp_path: Path
) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, home=tmp_path)  # for the ledger of erasures
    _, code = typed
    _type(world, code, filled_form(6, text=WORDS))
    client = world.dyad.client
    erase_client(world.lead, client.pk, typed_code=client.code, reason="asked", now=world.now)
    row = CorrectedAnswer.objects.select_related("correction__response__session__dyad__client").get(
        text__isnull=False
    )
    assert open_field(row, "text") is None


@pytest.mark.parametrize("table", CORRECTION_TABLES)
def test_a_correction_is_written_once(
    world: Any, typed: tuple[Any, str], filled_form: Any, table: str
) -> None:
    _, code = typed
    _type(world, code, filled_form(6))
    for change in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
