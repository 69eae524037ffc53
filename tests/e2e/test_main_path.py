# SPDX-License-Identifier: Apache-2.0
"""The one path through the clinic: from two people's answers to one picture."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.clinic_world import World
from tests.e2e.conftest import PHONE, NewPage

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ANSWERS = ["Mostly", "A little", "Fairly", "Mostly", "Mostly", "Fairly", "Mostly"]


def test_therapist_and_client_meet_in_the_dual_chart(  # noqa: PLR0915 -- one walk, told in one go
    clinic: World, therapist: Page, new_page: NewPage
) -> None:
    clinic.course(sessions=3)

    # The therapist opens a client, starts session 4 and shows the link.
    therapist.goto("/")
    therapist.get_by_role("link", name="Client 01").click()
    therapist.get_by_role("link", name="Start session 4").click()
    therapist.get_by_role("button", name="Start session 4").click()
    therapist.get_by_role("heading", name="Session 4", exact=True).wait_for()
    therapist.get_by_role("button", name="Show a link and picture code").click()
    link = therapist.get_by_label("Link").input_value()
    assert "/c/#" in link
    expect(therapist.locator(".qr svg")).to_be_visible()

    # The client opens it on a phone, without an account.
    phone = new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    phone.goto(link)
    phone.get_by_role("button", name="Start").wait_for()
    assert "#" not in phone.url
    expect(phone.get_by_text("Who sees this.")).to_be_visible()
    expect(phone.get_by_text("If you need help now.")).to_be_visible()
    phone.get_by_role("button", name="Start").tap()
    for answer in ANSWERS:
        phone.get_by_text(answer, exact=True).locator("visible=true").tap()
        phone.get_by_role("button", name="Next").tap()
    expect(phone.get_by_text("How far was it put right")).to_be_hidden()
    phone.get_by_text("To some extent", exact=True).locator("visible=true").tap()
    phone.get_by_text("How far was it put right").wait_for()
    phone.get_by_text("In part", exact=True).locator("visible=true").tap()
    phone.get_by_role("button", name="Next").tap()
    phone.get_by_label(re.compile("One thing to do differently")).fill("Synthetic: slower.")
    phone.get_by_role("button", name="Next").tap()  # then the question that changes every time
    phone.get_by_role("button", name="Send my answers").tap()
    phone.get_by_role("heading", name="Thank you").wait_for()
    assert re.search(r"arrived at \d\d:\d\d", phone.inner_text("main"))

    # Asking again shows nothing, and nothing stays in the browser.
    phone.reload()
    phone.wait_for_load_state()
    assert "Synthetic: slower." not in phone.content()
    expect(phone.locator("input:checked")).to_have_count(0)
    assert phone.evaluate("localStorage.length + sessionStorage.length") == 0

    # The therapist's page does not know; they rate and predict.
    therapist.get_by_role("link", name="Back to session 4").click()
    assert "att-figure" not in therapist.content()
    therapist.get_by_role("link", name="Rate from your chair").click()
    therapist.get_by_label(re.compile("How will Client 01 rate")).fill("4.5")
    for number in range(1, 8):
        therapist.locator(f"#q{number}").get_by_text("Mostly", exact=True).click()
    therapist.locator("#q8").get_by_text("Not at all", exact=True).click()
    therapist.get_by_role("button", name="Send my answers").click()

    # Both are in: the picture with sentence and table, the guess, the question with its why.
    therapist.get_by_role("heading", name="What you expected").wait_for()
    therapist.wait_for_load_state("load")
    expect(therapist.locator(".att-chart:visible")).to_have_count(1)
    assert therapist.locator(".att-sentence").first.inner_text()
    therapist.locator(".att-numbers summary").click()
    expect(therapist.locator(".att-table tbody tr")).to_have_count(4)
    expect(therapist.get_by_text("Synthetic: slower.")).to_be_visible()
    why = therapist.locator(".signal").first
    why.get_by_text("Why this question?").click()
    expect(why.get_by_text("By chance")).to_be_visible()


def test_waiting_page_turns_into_the_picture_by_itself(clinic: World, therapist: Page) -> None:
    session_id = clinic.start()
    clinic.therapist_answers(session_id)
    therapist.clock.install()
    therapist.goto(f"/sessions/{session_id}/")
    therapist.get_by_text("Waiting for both.").wait_for()
    clinic.client_answers(session_id, {"1": 5, "2": 5, "3": 4, "4": 5, "5": 5, "6": 5, "7": 5})
    therapist.clock.run_for(6_000)
    therapist.get_by_role("heading", name="What you expected").wait_for()


def test_link_opened_on_a_second_phone_after_use_shows_the_neutral_page(
    clinic: World, new_page: NewPage
) -> None:
    token, _ = clinic.invite(clinic.start())
    first, second = new_page(viewport=PHONE), new_page(viewport=PHONE)
    for phone in (first, second):
        phone.goto(f"/c/#{token}")
        phone.get_by_role("button", name="Start").wait_for()
    for phone in (first, second):
        phone.get_by_role("button", name="Show all questions on one page").click()
        phone.locator("#q1").get_by_text("Fully", exact=True).click()
        phone.get_by_role("button", name="Send my answers").click()
    first.get_by_role("heading", name="Thank you").wait_for()
    second.get_by_role("heading", name="This form is closed").wait_for()
