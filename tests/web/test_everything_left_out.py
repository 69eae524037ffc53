# SPDX-License-Identifier: Apache-2.0
"""A form in which every question was left out: asked about once, taken as what it is, and shown so.

Leaving out is never held against anybody: no score, a reason why, no signal, no missing form.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client as Browser
from tests.clinic_world import HIGH, World, fields, opened, submission_id
from tests.sealed_letters import carried, deliver, said, sealed

from attunement.clinic.access.visibility import Visibility
from attunement.clinic.config.model import Capture
from attunement.clinic.models import (
    Answer,
    AnswerWish,
    Assignment,
    AuditEvent,
    HeldDelivery,
    Invitation,
    Response,
    SignalRecord,
)

SAYS = "came, with every question below left out"
BLANK = {"item-1": "", "item-9": " \n ", "wish": "lead_only"}
ASKED = "You have left everything out. That is all right. Send it like this?"


def shown(page: Any) -> str:
    text: str = page.content.decode()
    return text


def test_empty_form_is_asked_about_once_and_then_stored_as_it_is(world: World) -> None:
    token, _ = world.invite(world.start())
    browser = opened(token)
    form = browser.get("/c/form")
    assert 'role="group" aria-labelledby="left-out-title" hidden>' in shown(form)
    sent = BLANK | {"submission_id": submission_id(form)}
    page = browser.post("/c/form", sent)
    assert page.status_code == 200
    assert ASKED in shown(page)
    assert 'aria-labelledby="left-out-title" hidden>' not in shown(page)
    assert submission_id(page) == submission_id(form)
    assert not Response.objects.exists()
    receipt = browser.post("/c/form", sent | {"left_out": "yes"})
    assert receipt.status_code == 303
    response = Response.objects.get()
    assert (response.answers.count(), AnswerWish.objects.count()) == (0, 0)
    assert {(one.value, one.n_answered) for one in response.scores.all()} == {(None, 0)}
    assert response.scores.get(scale="total").reason == "0 of 7 answered, 6 needed"
    assert Invitation.objects.get().consumed_at is not None
    event = AuditEvent.objects.filter(action="client_response.record").get()
    assert (event.outcome, event.detail["status"]) == ("done", "created")
    assert "Thank you" in shown(browser.get(receipt.headers["Location"]))
    again = browser.post("/c/form", sent | {"left_out": "yes"})
    other = browser.post("/c/form", sent | {"item-1": "3"})
    assert (again.status_code, other.status_code) == (303, 409)
    assert (Response.objects.count(), Answer.objects.count()) == (1, 0)


def test_a_value_that_cannot_be_read_is_still_refused(world: World) -> None:
    token, _ = world.invite(world.start())
    browser = opened(token)
    sent = {"submission_id": submission_id(browser.get("/c/form")), "left_out": "yes"}
    assert browser.post("/c/form", sent | {"item-1": "7"}).status_code == 422
    assert browser.post("/c/form", sent | {"wish": "everybody"}).status_code == 422
    assert not Response.objects.exists()


@pytest.mark.parametrize("mode", ["link", "kiosk"])
def test_sealed_empty_form_arrives_once_with_a_signed_receipt(world: World, mode: str) -> None:
    token, code = world.invite(world.start())
    if mode == "kiosk":
        browser = world.browser()
        browser.post("/kiosk/start", {"label": "Room", "pin": "2468", "again": "2468"})
        form = carried(browser.get(browser.post("/kiosk/open", {"code": code}).headers["Location"]))
    else:
        browser = opened(token)
        form = carried(browser.get("/c/form"))
    body = sealed(form, BLANK)
    first, again = deliver(body, browser), deliver(body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert said(first, form, body)["outcome"] == "received"
    assert first.json() == again.json()
    assert deliver(sealed(form, BLANK | {"item-1": "3"})).status_code == 409
    response = Response.objects.get()
    assert (response.mode, response.answers.count()) == (mode, 0)
    assert not HeldDelivery.objects.exists()


def test_the_therapist_reads_it_in_words_and_every_page_copes(world: World) -> None:
    world.course(sessions=3)
    session_id = world.start(days_ago=1)
    world.client_answers(session_id, {})
    world.therapist_answers(session_id, HIGH)
    later = world.start()
    world.client_answers(later, HIGH)
    world.therapist_answers(later, HIGH)
    assert not SignalRecord.objects.filter(session=session_id).exists()
    browser, dyad = world.browser(), f"/clients/{world.dyad.pk}/"
    page = shown(browser.get(f"/sessions/{session_id}/"))
    assert f"The form of Client 01 {SAYS}" in page
    assert "No total for Client 01: 0 of 7 answered, 6 needed" in page
    assert "the client&#x27;s form has no total" in page
    assert SAYS not in shown(browser.get(f"/sessions/{later}/"))
    addresses = [
        "/", "/day/", "/signals/", "/me/calibration", dyad, f"{dyad}before", f"{dyad}together",
        f"{dyad}ledger", f"/sessions/{session_id}/after", f"/sessions/{later}/",
    ]  # fmt: skip
    for address in addresses:
        assert browser.get(address).status_code == 200, address


def test_a_first_form_left_out_is_drawn_as_nothing_yet(world: World, settings: Any) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(own_chart=True))
    type(world.dyad.client).objects.update(birth_year=1984)
    session_id = world.start()
    token, _ = world.invite(session_id)
    browser = opened(token)
    sent = {"submission_id": submission_id(browser.get("/c/form")), "left_out": "yes"}
    mark = browser.post("/c/form", sent).headers["Location"].partition("?")[2]
    browser.get(f"/c/chart?{mark}")
    chart = browser.post(f"/c/chart?{mark}", {"answer": "1984", **dict([mark.split("=")])})
    assert chart.status_code == 200
    world.therapist_answers(session_id)
    staff, dyad = world.browser(), f"/clients/{world.dyad.pk}/"
    assert SAYS in shown(staff.get(f"/sessions/{session_id}/"))
    for address in ("/", "/day/", dyad, f"{dyad}before", f"{dyad}together", f"{dyad}ledger"):
        assert staff.get(address).status_code == 200, address


def test_a_form_before_the_session_may_be_left_out_too(world: World, settings: Any) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(before="phq-2"))
    token, _ = world.invite(world.start())
    browser = opened(token)
    sent = {"submission_id": submission_id(browser.get("/c/form?m=before")), "moment": "before"}
    page = browser.post("/c/form", sent)
    assert ASKED in shown(page)
    assert "Before the session</title>" in shown(page)
    assert browser.post("/c/form", sent | {"left_out": "yes"}).status_code == 303
    assert Response.objects.get().moment == "before"
    assert Invitation.objects.get().consumed_at is None  # the form after it is still to come
    before = shown(world.browser().get(f"/clients/{world.dyad.pk}/before"))
    assert "The form came, with no answer to show here." in before


def test_all_for_the_lead_alone_looks_like_all_left_out(world: World) -> None:
    """What is for the lead alone is, for the therapist, as if left out: also all of it."""
    seen = []
    for answers in ({}, fields(HIGH, "Synthetic words") | {"wish": "lead_only"}):
        session_id = world.start(days_ago=7)
        token, _ = world.invite(session_id)
        form = carried(opened(token).get("/c/form"))
        assert deliver(sealed(form, answers)).status_code == 201
        world.therapist_answers(session_id)
        text = shown(world.browser().get(f"/sessions/{session_id}/"))
        seen.append(text.partition('id="answers-title"')[2].partition('id="named-title"')[0])
        assert SAYS in text
    assert seen[0] == seen[1]


@pytest.mark.parametrize("mode", [Visibility.SEALED, Visibility.SUPERVISOR, Visibility.SCORES])
def test_a_mode_that_hides_answers_hides_that_there_are_none(world: World, mode: str) -> None:
    session_id = world.start()
    Assignment.objects.filter(session=session_id, perspective="client").update(visibility=mode)
    world.client_answers(session_id, {})
    world.therapist_answers(session_id)
    assert Response.objects.filter(perspective="client").get().answers.count() == 0
    assert SAYS not in shown(world.browser().get(f"/sessions/{session_id}/"))


def test_an_empty_mirror_form_opens_nothing(world: World) -> None:
    session_id = world.start()
    world.client_answers(session_id, HIGH)
    browser: Browser = world.browser()
    form = browser.get(f"/sessions/{session_id}/rate")
    sent = {"submission_id": submission_id(form), "predicted_total": "4"}
    page = browser.post(f"/sessions/{session_id}/rate", sent)
    assert page.status_code == 422
    assert "Your form opens both, so it is not taken empty" in shown(page)
    assert not Response.objects.filter(perspective="therapist").exists()
