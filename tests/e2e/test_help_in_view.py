# SPDX-License-Identifier: Apache-2.0
"""Whom to call is in view on every screen of a client, on a phone, before any scrolling."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from tests.clinic_world import World
from tests.e2e.conftest import PHONE, NewPage

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def in_view(page: Page, state: str) -> None:
    """Fail when the number to call is not wholly inside the window as it is now."""
    number = page.locator('.crisis-strip a[href="tel:0000000"]')
    box = number.bounding_box()
    assert box is not None, state
    assert box["y"] >= 0, (state, box)
    assert box["x"] >= 0, (state, box)
    assert box["y"] + box["height"] <= PHONE["height"], (state, box)
    assert box["x"] + box["width"] <= PHONE["width"], (state, box)
    assert box["height"] >= 44, (state, box)


def test_number_to_call_is_in_view_at_every_step(clinic: World, new_page: NewPage) -> None:
    token, _ = clinic.invite(clinic.start())
    page = new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    page.goto("/c/")
    in_view(page, "code")
    page.goto("about:blank")
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    in_view(page, "intro")
    page.get_by_role("button", name="Start").tap()
    for number in range(1, 9):
        in_view(page, f"question {number}")
        page.locator(f"label[for=q{number}-3]").tap()
        in_view(page, f"question {number}, answered")
        page.locator("[data-next]").tap()
    in_view(page, "question 9")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.get_by_role("button", name="Show all questions on one page").tap()
    in_view(page, "all on one page")
    page.locator("#q9-input").evaluate("(e) => { e.removeAttribute('maxlength'); }")
    page.locator("#q9-input").fill("x" * 10_001)
    page.get_by_role("button", name="Send my answers").tap()
    page.locator("#errors").wait_for()
    in_view(page, "refused")
    page.locator("#q9-input").fill("")
    page.get_by_role("button", name="Send my answers").tap()
    page.get_by_role("heading", name="Thank you").wait_for()
    in_view(page, "thanks")
    page.goto("/c/form")
    in_view(page, "closed")


def test_number_to_call_is_in_view_without_script(clinic: World, new_page: NewPage) -> None:
    _, code = clinic.invite(clinic.start())
    page = new_page(viewport=PHONE, java_script_enabled=False)
    page.goto("/c/")
    in_view(page, "code")
    page.locator("#code").fill(code)
    page.get_by_role("button", name="Open the questions").click()
    page.locator("#q1").wait_for()
    in_view(page, "the form")
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_text("You have left everything out").first.wait_for()
    in_view(page, "asked")
    page.locator("label[for=q1-3]").click()
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    in_view(page, "thanks")
