# SPDX-License-Identifier: Apache-2.0
"""Paper: codes that catch slips, one entry or two that agree, totals that stay totals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from attunement.clinic import services
from attunement.clinic.config.model import Capture
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.models import (
    Answer,
    Assignment,
    AuditEvent,
    Invitation,
    PaperEntry,
    PaperForm,
    Response,
    Score,
    Session,
)
from attunement.clinic.services import paper, paper_codes
from attunement.clinic.services.rebuild import rebuild_scores
from attunement.clinic.services.results import Receipt, ReceiptStatus, Refused
from attunement.clinic.services.secrets_of_links import ALPHABET

pytestmark = pytest.mark.store


def _print(world: Any, session: Any, login: Any = None) -> str:
    (made,) = paper.print_forms(login or world.therapist, [session.pk], now=world.now)
    return made.code


def _enter(
    world: Any,
    code: str,
    fields: dict[str, Any],
    *,
    total: Any = None,
    login: Any = None,
    by: Any = None,
    blank: bool = False,
) -> Any:
    return paper.enter_paper(
        login or world.lead,
        code,
        submission_id=by or uuid4(),
        fields=fields,
        total=total,
        now=world.now,
        blank=blank,
    )


def test_a_sheet_is_kept_with_where_it_came_from(world: Any, filled_form: Any) -> None:
    session = world.session()
    world.therapist_answers(session)
    services.invite_client(world.therapist, session.pk, now=world.now)
    code = _print(world, session)
    shown = paper.paper_page(world.therapist, code.lower(), now=world.now)
    assert shown.measure.id == "oac-c"
    by = uuid4()
    first = _enter(world, code, filled_form(5), login=world.therapist, by=by)
    assert (type(first), first.status) == (Receipt, ReceiptStatus.CREATED)
    again = _enter(world, code, filled_form(5), login=world.therapist, by=by)
    assert again.status is ReceiptStatus.ALREADY_RECEIVED
    row = Response.objects.get(perspective="client")
    assert (row.provenance, row.mode, row.entered_by) == ("paper", "paper", world.therapist.pk)
    assert "typed in at the practice" in row.who_sees
    assert row.who_sees == PaperForm.objects.get().who_sees
    assert Invitation.objects.get().consumed_at is not None
    assert Score.objects.get(response=row, scale="total").value == 5.0
    other = _enter(world, code, filled_form(4), login=world.therapist)
    assert isinstance(other, Refused)
    assert other.http_status == 410
    assert paper.paper_page(
        world.lead, code, now=world.now
    ).correcting  # see test_paper_corrections


def test_blank_is_left_out(world: Any) -> None:
    session = world.session()
    code = _print(world, session)
    assert isinstance(_enter(world, code, {"item-1": "3", "item-2": "", "item-9": ""}), Receipt)
    assert list(Answer.objects.values_list("item", "value")) == [("1", 3.0)]


def test_a_total_stays_a_total_and_is_rebuilt_as_one(world: Any) -> None:
    session = world.session()
    world.therapist_answers(session, 4)
    code = _print(world, session)
    assert isinstance(_enter(world, code, {"item-9": ""}, total="4.5"), Receipt)
    assert not Answer.objects.filter(response__perspective="client").exists()
    kept = Score.objects.filter(response__perspective="client")
    total = kept.get(scale="total")
    assert (total.value, total.n_answered, total.scorer_version) == (4.5, 0, "entered")
    assert all(one.value is None and one.reason for one in kept.exclude(scale="total"))
    before = list(kept.order_by("pk").values())
    rebuild_scores(now=world.now)
    assert list(kept.order_by("pk").values()) == before
    picture = services.session_picture(world.therapist, session.pk, now=world.now)
    assert picture.client_total == 4.5
    assert all(pair.client_value is None for pair in picture.items)


@pytest.mark.parametrize("total", ["7", "-1", "4,5", "4.5 ", "many", ["4", "5"], "1e1", "٤"])
def test_a_total_that_cannot_be_is_refused(world: Any, total: Any) -> None:
    refused = _enter(world, _print(world, world.session()), {}, total=total)
    assert isinstance(refused, Refused)
    assert [one.item for one in refused.problems] == ["total"]
    assert not Response.objects.exists()


def test_answers_and_a_total_together_are_refused(world: Any) -> None:
    refused = _enter(world, _print(world, world.session()), {"item-1": "3"}, total="4")
    assert [one.item for one in refused.problems] == ["total"]


def test_a_blank_sheet_is_a_form_once_somebody_says_so(world: Any, settings: Any) -> None:
    session = world.session()
    world.therapist_answers(session, 4)
    code = _print(world, session)
    slip = _enter(world, code, {"item-1": "", "item-9": " "})
    assert [one.item for one in slip.problems] == ["blank"]
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(double_entry=True))
    assert isinstance(_enter(world, code, {}, blank=True), paper.SecondWanted)
    assert isinstance(_enter(world, code, {}, blank=True), Receipt)
    kept = Response.objects.get(perspective="client")
    assert (kept.provenance, kept.answers.count(), kept.totals.count()) == ("paper", 0, 0)
    total = kept.scores.get(scale="total")
    assert (total.value, total.reason) == (None, "0 of 7 answered, 6 needed")


@pytest.mark.parametrize("typed", [{"item-1": "7"}, {"item-1": "3 "}, {"item-1": ["3", "4"]}, {}])
def test_what_is_no_answer_is_refused(world: Any, typed: dict[str, Any]) -> None:
    refused = _enter(world, _print(world, world.session()), typed)
    assert isinstance(refused, Refused)
    assert refused.http_status == 422
    assert not Response.objects.exists()


def test_who_may_type_a_sheet(world: Any, filled_form: Any) -> None:
    """Whoever types reads: the therapist not before the own form, and never a hidden one."""
    session = world.session()
    code = _print(world, session)
    for login in (
        world.therapist,
        world.colleague,
        world.supervisor,
        world.operator,
        world.stranger,
    ):
        with pytest.raises(AccessError):
            paper.paper_page(login, code, now=world.now)
        with pytest.raises(AccessError):
            _enter(world, code, filled_form(5), login=login)
    world.therapist_answers(session)
    assert paper.paper_page(world.therapist, code, now=world.now)
    for mode in ("delayed", "scores", "supervisor", "sealed", "end"):
        Assignment.objects.filter(session=session, perspective="client").update(visibility=mode)
        with pytest.raises(AccessError):
            paper.paper_page(world.therapist, code, now=world.now)
        if mode != "sealed":  # that nobody at the practice sees it cannot be kept on paper
            assert paper.paper_page(world.lead, code, now=world.now)
            continue
        with pytest.raises(AccessError):
            paper.paper_page(world.lead, code, now=world.now)
        with pytest.raises(ClinicError):
            _print(world, session)
    denied = AuditEvent.objects.filter(action="paper.enter", outcome="denied")
    assert denied.count() == 16


def test_who_may_print(world: Any) -> None:
    session = world.session()
    for login in (world.colleague, world.supervisor, world.operator, world.stranger):
        with pytest.raises(AccessError):
            _print(world, session, login)
    assert PaperForm.objects.count() == 0
    assert _print(world, session, world.lead) != _print(world, session)
    listed = paper.printable(world.therapist, now=world.now)
    assert [one.session_id for one in listed] == [session.pk]
    assert paper.printable(world.colleague, now=world.now) == ()
    for many in ([], [session.pk[:-1] + "1"] * 1, ["x"] * 1):
        with pytest.raises((ClinicError, AccessError)):
            paper.print_forms(world.therapist, many, now=world.now)


def test_two_entries_have_to_agree(world: Any, filled_form: Any, settings: Any) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(double_entry=True))
    session = world.session()
    code = _print(world, session)
    one = uuid4()
    assert isinstance(
        _enter(world, code, filled_form(5, text="Synthetic."), by=one), paper.SecondWanted
    )
    again = _enter(world, code, filled_form(5, text="Synthetic."), by=one)
    assert isinstance(again, paper.SecondWanted)  # the same tap twice is no second entry
    assert PaperEntry.objects.count() == 1
    assert "Synthetic" not in PaperEntry.objects.get().typed
    assert paper.paper_page(world.lead, code, now=world.now).second
    differs = _enter(world, code, filled_form(5, i3="4", text="Synthetic."))
    assert isinstance(differs, paper.Differs)
    assert differs.items == ("3",)
    assert not Response.objects.exists()
    assert isinstance(_enter(world, code, filled_form(5, text="Synthetic.")), Receipt)
    assert Answer.objects.get(item="3").value == 5.0
    assert PaperEntry.objects.count() == 3


@given(st.data())
def test_a_code_with_one_wrong_letter_is_noticed(data: Any) -> None:
    code = paper_codes.new_paper_code()
    at = data.draw(st.integers(0, 7))
    wrong = data.draw(st.sampled_from([one for one in ALPHABET if one != code[at]]))
    assert paper_codes.typed_paper_code(paper_codes.shown_paper_code(code).lower()) == code
    assert paper_codes.typed_paper_code(code[:at] + wrong + code[at + 1 :]) is None


@pytest.mark.parametrize(
    "code", ["", "A", "BBBBBBBBB", "b\x00", "' OR 1=1", "ÄÖÜBCDFG", "x" * 9999]
)
def test_what_is_no_code_finds_nothing(world: Any, code: str) -> None:
    assert paper_codes.typed_paper_code(code) is None
    with pytest.raises(AccessError):
        paper.paper_page(world.lead, code, now=world.now)


def test_the_pages_print_and_take_a_sheet(world: Any, client: Any) -> None:
    session = world.session()
    Session.objects.update(held_on=timezone.localdate())
    client.force_login(world.lead)
    assert session.pk in client.get("/paper/").content.decode()
    page = client.post("/paper/", {"session": [session.pk]}).content.decode()
    form = PaperForm.objects.get()
    code = paper_codes.shown_paper_code(form.code)
    assert code in page
    assert "typed in at the practice" in page
    assert "Synthetic Client" not in page  # no name on paper
    assert "There is no such sheet" in client.get("/paper/enter?code=AAAA").content.decode()
    typing = client.get(f"/paper/enter?code={code}")
    assert typing.status_code == 200
    by = str(uuid4())
    sent = {"code": code, "submission_id": by, "item-1": "9", "item-2": "3"}
    wrong = client.post("/paper/enter", sent)
    assert wrong.status_code == 422
    assert 'href="#p-1"' in wrong.content.decode()
    right = client.post("/paper/enter", sent | {"item-1": "3"})
    assert "The sheet is in" in right.content.decode()
    assert client.post("/paper/enter", sent | {"item-1": "4"}).status_code in {409, 410}
    client.force_login(world.operator)
    for path in ("/paper/", "/paper/enter"):
        assert client.get(path).status_code == 404
    typed = json.dumps([event.detail for event in AuditEvent.objects.all()])
    assert "item-" not in typed
