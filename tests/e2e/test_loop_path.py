# SPDX-License-Identifier: Apache-2.0
"""Before, together, after: from a dip to a repair that the client confirms, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.clinic_world import LOW, World
from tests.e2e.conftest import PHONE, NewPage, sign_in
from tests.e2e.keys import tab_to

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WORDS = "Synthetic: you ask me first"


def test_a_rupture_from_dip_to_confirmed_repair(  # noqa: PLR0915 -- one walk
    clinic: World, therapist: Page, new_page: NewPage
) -> None:
    clinic.course(sessions=4)
    clinic.rated(days_ago=1, answers=LOW)

    # The day names one person and why; one tap says that it will be raised.
    therapist.goto("/day/")
    expect(therapist.locator(".question-line")).to_have_count(1)
    therapist.locator(".question-line h3 a").click()
    therapist.get_by_role("heading", name="Before you meet Client 01").wait_for()
    therapist.wait_for_load_state("load")  # the style sheet shows one of two sizes of the chart
    expect(therapist.locator(".att-chart:visible")).to_have_count(1)
    therapist.get_by_role("button", name="I’ll raise it").click()
    therapist.get_by_text("You mean to raise it.").wait_for()

    # In the session, on the screen for two: openers, what would help, one change.
    following = clinic.start()
    therapist.get_by_role("link", name="Look together").click()
    therapist.get_by_role("heading", name="How our meetings are").wait_for()
    assert therapist.title() == "How our meetings are"
    assert "Client 01" not in therapist.content()
    expect(therapist.locator(".openers li")).to_have_count(3)
    therapist.get_by_label("Going more slowly").check()
    therapist.get_by_label("One thing that we will do differently").fill(WORDS)
    therapist.get_by_role("button", name="Keep this").click()
    therapist.get_by_text("Kept:").wait_for()
    therapist.get_by_role("link", name="Close").click()
    therapist.get_by_role("heading", name="Closed").wait_for()
    assert "Client 01" not in therapist.content()
    therapist.get_by_role("link", name="Go on").click()
    therapist.get_by_text(WORDS).wait_for()
    expect(therapist.locator(".question-line")).to_have_count(0)

    # That session's own form does not ask yet; the next one does.
    clinic.client_answers(following, {"1": 5, "2": 5, "3": 5, "4": 5, "5": 5, "6": 5, "7": 5})
    clinic.therapist_answers(following)
    third = clinic.start()
    token, _ = clinic.invite(third)
    phone = new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    phone.goto(f"/c/#{token}")
    phone.get_by_role("button", name="Show all questions on one page").tap()
    for number in range(1, 8):
        phone.locator(f"#q{number}").get_by_text("Mostly", exact=True).tap()
    helped = phone.get_by_role("group", name=re.compile("Did that help"))
    assert WORDS in phone.inner_text("main")
    helped.get_by_text("Yes", exact=True).tap()
    right = phone.get_by_role("group", name=re.compile("Has it been put right"))
    right.get_by_text("Yes", exact=True).tap()
    phone.get_by_role("button", name="Send my answers").tap()
    phone.get_by_role("heading", name="Thank you").wait_for()

    # Sealed until the therapist's own form is in; then the ledger says who says so.
    ledger = f"/clients/{clinic.dyad.pk}/ledger"
    therapist.goto(ledger)
    therapist.get_by_text("1 open.").wait_for()
    clinic.therapist_answers(third)
    therapist.goto(ledger)
    therapist.get_by_text("Put right, and the client says so.").wait_for()
    assert "It took 2 sessions" in therapist.inner_text("main")
    assert "None open." in therapist.inner_text("main")
    therapist.goto("/day/")
    assert WORDS not in therapist.inner_text("main")


def test_looking_together_by_keyboard_and_away_with_escape(clinic: World, therapist: Page) -> None:
    clinic.course(sessions=4)
    clinic.rated(days_ago=1, answers=LOW)
    therapist.goto(f"/clients/{clinic.dyad.pk}/together")
    tab_to(therapist, "Going more slowly")
    therapist.keyboard.press("Space")
    tab_to(therapist, "One thing that we will do differently")
    therapist.keyboard.type(WORDS)
    therapist.keyboard.press("Escape")  # leaves the field, and loses no word
    expect(therapist.get_by_label("One thing that we will do differently")).to_have_value(WORDS)
    therapist.get_by_label("One thing that we will do differently").focus()
    tab_to(therapist, "Keep this")
    therapist.keyboard.press("Enter")
    therapist.get_by_text("Kept:").wait_for()
    therapist.wait_for_load_state("load")
    expect(therapist.get_by_label("Going more slowly")).to_be_checked()
    therapist.keyboard.press("Escape")
    therapist.get_by_role("heading", name="Closed").wait_for()
    therapist.go_back()
    therapist.get_by_role("heading", name="How our meetings are").wait_for()
    assert "Client 01" not in therapist.content()


def test_after_a_session_by_keyboard_alone(clinic: World, therapist: Page) -> None:
    session_id = clinic.start()
    therapist.goto(f"/sessions/{session_id}/after")
    tab_to(therapist, "Neither")
    for _ in range(2):
        therapist.keyboard.press("ArrowRight")
    assert (
        therapist.locator("#kind-rupture").is_checked()
        or therapist.locator("#kind-strain").is_checked()
    )
    tab_to(therapist, "Withdrawal")
    therapist.keyboard.press("Space")
    tab_to(therapist, "Goals")
    therapist.keyboard.press("ArrowDown")
    tab_to(therapist, "Keep this")
    therapist.keyboard.press("Enter")
    therapist.wait_for_url(f"**/sessions/{session_id}/")
    therapist.goto(f"/sessions/{session_id}/after")
    expect(therapist.locator("#type-withdrawal")).to_be_checked()
    expect(therapist.locator("#target-task")).to_be_checked()


def test_neither_asks_nothing_more(clinic: World, therapist: Page) -> None:
    therapist.goto(f"/sessions/{clinic.start()}/after")
    expect(therapist.get_by_text("What did you try?")).to_be_visible()
    therapist.get_by_label("Neither").check()
    expect(therapist.get_by_text("What did you try?")).to_be_hidden()


def test_everything_works_without_script(clinic: World, new_page: NewPage) -> None:
    clinic.course(sessions=4)
    clinic.rated(days_ago=1, answers=LOW)
    page = new_page(java_script_enabled=False)
    sign_in(page, clinic)
    page.goto(f"/clients/{clinic.dyad.pk}/before")
    page.get_by_role("button", name="I’ll raise it").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Not today, because…").click()
    page.get_by_role("button", name="It would be too soon").click()
    page.get_by_text("Not today. It would be too soon.").wait_for()
    page.goto("/day/")
    page.get_by_text("You put off what was asked this week.").wait_for()
