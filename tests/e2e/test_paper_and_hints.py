# SPDX-License-Identifier: Apache-2.0
"""A form on paper is whole and empty; a hint stands where its field begins."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.clinic_world import World
from tests.e2e.conftest import PHONE, NewPage

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

QUESTIONS = ("q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q8a", "q9")


def test_paper_has_every_question_and_no_answer(clinic: World, new_page: NewPage) -> None:
    token, _ = clinic.invite(clinic.start())
    page = new_page(viewport=PHONE)
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").click()
    page.locator("label[for=q1-4]").click()
    page.locator("[data-next]").click()
    expect(page.locator("#q5")).to_be_hidden()
    page.emulate_media(media="print")
    for question in QUESTIONS:
        expect(page.locator(f"#{question}")).to_be_visible()
    for words in ("Mostly", "Not at all", "In part"):
        expect(page.get_by_text(words, exact=True).first).to_be_visible()
    expect(page.locator("#crisis")).to_be_visible()
    expect(page.locator("#who-sees")).to_be_visible()
    boxes = page.locator("input[type=radio]:visible")
    expect(boxes).to_have_count(0)  # they are drawn, and empty
    chosen, other = (
        page.locator(f"label[for=q1-{value}]").evaluate(
            "(e) => { const s = getComputedStyle(e);"
            " return [s.fontWeight, s.backgroundColor, s.borderTopWidth]; }"
        )
        for value in (4, 3)
    )
    assert chosen == other
    expect(page.locator("button:visible")).to_have_count(0)
    page.emulate_media(media="screen")
    expect(page.locator("#q5")).to_be_hidden()
    expect(page.locator("#q1-4")).to_be_checked()


def aligned(page: Page) -> set[str]:
    return set(
        page.locator(".hint:visible").evaluate_all(
            "(all) => all.filter((e) => !e.closest('.send'))"
            ".map((e) => getComputedStyle(e).textAlign)"
        )
    )


def test_hints_stand_at_the_start_of_their_line(
    clinic: World, therapist: Page, new_page: NewPage
) -> None:
    therapist.goto(f"/sessions/{clinic.start()}/rate")
    assert aligned(therapist) == {"start"}
    phone = new_page(viewport=PHONE)
    phone.goto("/c/")
    assert aligned(phone) == {"start"}
