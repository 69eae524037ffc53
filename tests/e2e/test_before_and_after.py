# SPDX-License-Identifier: Apache-2.0
"""A minute before the session and one after it, on a phone; the therapist's form by keyboard."""

from __future__ import annotations

import dataclasses
import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from tests.clinic_world import World
from tests.e2e.conftest import PHONE, NewPage, draft_kept, sign_in
from tests.e2e.looks import CLIENT_TARGET, STAFF_TARGET, every_look

from attunement.clinic.config.model import Capture
from attunement.clinic.models import Answer, AnswerWish, PaperForm, Response
from attunement.clinic.services.sealing import words_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def both(clinic: World, settings: Settings) -> World:
    capture = Capture(before="phq-2", own_chart=True)
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, capture=capture)
    return clinic


def _phone(new_page: NewPage, token: str) -> Page:
    phone = new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    phone.goto(f"/c/#{token}")
    return phone


def test_before_and_after_on_one_link(  # noqa: PLR0915 -- one walk
    both: World, new_page: NewPage
) -> None:
    token, _ = both.invite(both.start())
    phone = _phone(new_page, token)
    phone.get_by_role("heading", name="Have you met yet?").wait_for()
    phone.get_by_role("link", name=re.compile("Not yet")).tap()
    phone.get_by_role("button", name="Start").wait_for()
    phone.get_by_role("button", name="Start").tap()
    for _ in range(2):
        expect(phone.get_by_text("Over the last 2 weeks").locator("visible=true")).to_have_count(1)
        phone.get_by_text("Several days", exact=True).locator("visible=true").tap()
        phone.get_by_role("button", name="Next").tap()
    phone.get_by_label(re.compile("What would you like to work towards")).fill("Synthetic: sleep.")
    phone.get_by_role("button", name="Send my answers").tap()
    phone.get_by_role("heading", name="Thank you").wait_for()
    expect(phone.get_by_text("open the same link again").locator("visible=true")).to_have_count(1)

    # After the session the same link goes straight to the other form.
    phone.goto("about:blank")
    phone.goto(f"/c/#{token}")
    phone.get_by_role("heading", name="How was the session?").wait_for()
    kept_note = phone.get_by_text("We kept what you had answered.")
    expect(kept_note).to_be_hidden()
    phone.get_by_role("button", name="Start").tap()
    phone.locator("#q1").get_by_text("A little", exact=True).tap()
    phone.get_by_role("button", name="Next").tap()
    draft_kept(phone)

    # The phone rings, and the page is thrown out of memory: it opens where it was left.
    phone.reload()
    kept_note.wait_for()
    expect(phone.locator("[data-step]:visible").locator("#q2")).to_have_count(1)
    assert every_look(phone, target=CLIENT_TARGET) == []
    phone.get_by_role("button", name="Back").tap()
    expect(phone.locator("#q1 input:checked")).to_have_count(1)
    expect(kept_note).to_be_hidden()
    phone.get_by_role("button", name="Show all questions on one page").tap()
    phone.locator(".question-group", has=phone.locator("#q1")).locator("summary").tap()
    phone.locator(".question-group", has=phone.locator("#q1")).get_by_label(
        "Please raise this with me"
    ).check()

    # It rings once more: also that all questions stood on one page is as it was.
    phone.locator("textarea").last.fill("Synthetic: too fast.")
    draft_kept(phone)
    kept = phone.evaluate("JSON.stringify(Object.entries(sessionStorage))")
    assert "draft-" in kept
    assert "Synthetic" not in kept
    assert "item-1" not in kept
    phone.reload()
    kept_note.wait_for()
    phone.get_by_role("button", name="Show one question at a time").wait_for()
    expect(phone.locator("#q1 input:checked")).to_have_count(1)
    expect(phone.locator("textarea").last).to_have_value("Synthetic: too fast.")
    phone.get_by_role("button", name="Send my answers").tap()
    phone.get_by_role("heading", name="Thank you").wait_for()
    assert phone.evaluate("sessionStorage.length") == 0
    assert dict(AnswerWish.objects.values_list("item", "wish")) == {"1": "raise"}
    texts = [words_of(row, "text") for row in Answer.objects.exclude(text=None)]
    assert texts == ["Synthetic: too fast."]
    assert sorted(Response.objects.values_list("moment", flat=True)) == ["after", "before"]

    # How this client likes it is remembered.
    again = _phone(new_page, both.invite(both.start())[0])
    again.get_by_role("link", name=re.compile("Yes, the session is over")).or_(
        again.get_by_role("heading", name="How was the session?")
    ).first.wait_for()
    if again.get_by_role("link", name=re.compile("Yes, the session")).count():
        again.get_by_role("link", name=re.compile("Yes, the session")).tap()
    again.get_by_role("button", name="Show one question at a time").wait_for()
    expect(again.get_by_role("button", name="Send my answers")).to_be_visible()
    again.get_by_role("button", name="Show one question at a time").tap()
    again.get_by_role("button", name="Start").wait_for()

    # A form with everything left out is asked about once, and sent like that.
    again.get_by_role("button", name="Show all questions on one page").tap()
    asked = again.get_by_text("You have left everything out. That is all right. Send it like this?")
    expect(asked).to_be_hidden()
    again.get_by_role("button", name="Send my answers").tap()
    asked.wait_for()
    expect(again.locator("#left-out-title")).to_be_focused()
    assert every_look(again, target=CLIENT_TARGET) == []
    again.locator("#q1").get_by_text("A little", exact=True).tap()
    expect(asked).to_be_hidden()
    again.locator("#q1").get_by_text("Leave this one out").tap()
    again.get_by_role("button", name="Send my answers").tap()
    again.get_by_role("button", name="Yes, send it like this").tap()
    again.get_by_role("heading", name="Thank you").wait_for()
    newest = Response.objects.order_by("received_at").last()
    assert newest is not None
    assert newest.answers.count() == 0


def test_what_was_put_right_is_seen_before_next_on_a_small_phone(
    clinic: World, new_page: NewPage
) -> None:
    phone = new_page(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True)
    phone.goto(f"/c/#{clinic.invite(clinic.start())[0]}")
    for _ in range(8):
        phone.locator("[data-next]").tap()
    phone.locator("label[for=q8-2]").tap()
    words = phone.locator("#q8a .question-words").bounding_box()
    first = phone.locator("label[for=q8a-0]").bounding_box()
    buttons = phone.locator("[data-step-actions]").bounding_box()
    assert words is not None
    assert first is not None
    assert buttons is not None
    assert words["y"] >= 0
    assert first["y"] + first["height"] <= buttons["y"]


def test_ways_on_that_stand_alone_are_large_enough_for_a_thumb(
    both: World, new_page: NewPage
) -> None:
    type(both.dyad.client).objects.filter(pk=both.dyad.client_id).update(birth_year=1984)
    phone = _phone(new_page, both.invite(both.start())[0])
    phone.get_by_role("link", name=re.compile("Yes, the session")).tap()
    alone = phone.locator(".mode a, .afterwards a").locator("visible=true")
    sizes = []
    phone.get_by_role("button", name="Show all questions on one page").tap()
    sizes += [each.bounding_box() for each in alone.all()]
    phone.locator("#q1").get_by_text("Fully", exact=True).tap()
    phone.get_by_role("button", name="Send my answers").tap()
    phone.get_by_role("heading", name="Thank you").wait_for()
    sizes += [each.bounding_box() for each in alone.all()]
    assert len(sizes) >= 3
    assert min(size["height"] for size in sizes if size is not None) >= 44


def test_to_the_lead_and_the_own_chart_on_a_phone(both: World, new_page: NewPage) -> None:
    both.course()
    type(both.dyad.client).objects.filter(pk=both.dyad.client_id).update(birth_year=1984)
    phone = _phone(new_page, both.invite(both.start())[0])
    phone.get_by_role("link", name=re.compile("Yes, the session")).tap()
    phone.get_by_role("button", name="Show all questions on one page").tap()
    phone.locator("#q1").get_by_text("Fully", exact=True).tap()
    phone.get_by_role("button", name="Send my answers").tap()
    phone.get_by_role("heading", name="Thank you").wait_for()
    phone.get_by_role("link", name="See how it has been over time").locator("visible=true").tap()
    phone.get_by_label("Year of birth").fill("1983")
    phone.get_by_role("button", name="Show my chart").tap()
    phone.get_by_text("That is not what is noted here").wait_for()
    phone.get_by_label("Year of birth").fill("1984")
    phone.get_by_role("button", name="Show my chart").tap()
    phone.get_by_role("heading", name="How it has been over time").wait_for()
    expect(phone.locator(".att-chart:visible")).to_have_count(1)  # both, before its style is there
    mark = next(
        cookie["name"].removeprefix("c_")
        for cookie in phone.context.cookies()
        if cookie["name"].startswith("c_")
    )
    phone.goto(f"/c/chart?f={mark}")  # once is once
    phone.locator("h1").locator("visible=true").wait_for()
    expect(phone.locator(".att-chart")).to_have_count(0)
    expect(phone.get_by_label("Year of birth")).to_have_count(0)

    other = _phone(new_page, both.invite(both.start())[0])
    other.get_by_role("link", name=re.compile("Yes, the session")).or_(
        other.get_by_role("heading", name="How was the session?")
    ).first.wait_for()
    if other.get_by_role("link", name=re.compile("Yes, the session")).count():
        other.get_by_role("link", name=re.compile("Yes, the session")).tap()
    other.get_by_role("link", name=re.compile("Something for the lead")).tap()
    other.get_by_role("heading", name="To the lead of the practice only").wait_for()
    other.get_by_text("I would like another therapist").tap()
    other.get_by_role("button", name="Send to the lead").tap()
    other.get_by_role("heading", name="Sent to the lead").wait_for()


def test_the_therapist_needs_few_keys(both: World, new_page: NewPage) -> None:
    """Prediction, seven marks, strain and sending: each key counted, no pointer."""
    session_id = both.start()
    page = new_page()
    sign_in(page, both)
    page.goto(f"/sessions/{session_id}/rate")
    page.locator("#prediction-input").wait_for()
    keys = 0
    while page.evaluate("document.activeElement.id") != "prediction-input":
        page.keyboard.press("Tab")
        keys += 1
        assert keys < 30
    for key in ("4", ".", "5", "Tab", "5", "4", "5", "6", "5", "4", "5", "0"):
        page.keyboard.press(key)
        keys += 1
    while page.evaluate("document.activeElement.textContent") != "Send my answers":
        page.keyboard.press("Tab")
        keys += 1
        assert keys < 60
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Session 1", exact=True).wait_for()
    assert Response.objects.filter(perspective="therapist").count() == 1
    # 0.28 s a key (a usual rate for somebody who types rarely) and 10 s to think: under a minute.
    assert keys <= 40, keys


def test_a_sheet_is_typed_in_by_keyboard_alone(both: World, new_page: NewPage) -> None:
    session_id = both.start()
    both.therapist_answers(session_id)
    page = new_page()
    sign_in(page, both)
    page.goto("/paper/")
    page.get_by_label(re.compile("Client 01, session 1")).check()
    page.get_by_role("button", name="Make sheets to print").click()
    page.get_by_text("Who sees this.").wait_for()
    on_paper = page.locator(".sheet-number").all_inner_texts()
    code = PaperForm.objects.get().code
    page.goto("/paper/enter")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=re.compile("Sheet")).wait_for()
    page.wait_for_load_state("load")  # its script takes the keys
    assert page.locator(".typing-line .question-number").all_inner_texts() == on_paper
    page.keyboard.type("54")
    page.keyboard.press("Enter")  # left out
    page.keyboard.type("65450")  # 4, 5, 6, 7 and strain
    page.keyboard.press("Enter")  # no repair
    page.keyboard.type("Synthetic words")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="The sheet is in").wait_for()
    assert every_look(page, target=STAFF_TARGET) == []
    given = Answer.objects.filter(response__perspective="client", value__isnull=False)
    assert dict(given.values_list("item", "value")) == {
        "1": 5.0, "2": 4.0, "4": 6.0, "5": 5.0, "6": 4.0, "7": 5.0, "8": 0.0,
    }  # fmt: skip
