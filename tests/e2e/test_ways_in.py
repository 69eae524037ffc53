# SPDX-License-Identifier: Apache-2.0
"""The same path by keyboard alone, and with script switched off."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.clinic_world import PASSWORD, World
from tests.e2e.conftest import PHONE, NewPage
from tests.e2e.keys import tab_to

from attunement.clinic.models import Answer, Response
from attunement.clinic.services.sealing import open_field

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_client_form_by_keyboard_alone(clinic: World, new_page: NewPage) -> None:
    token, _ = clinic.invite(clinic.start())
    page = new_page(viewport=PHONE)
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    tab_to(page, "Start")
    page.keyboard.press("Enter")
    for number in range(1, 9):
        page.locator(f"#q{number}").wait_for()
        page.keyboard.press("4" if number < 8 else "0")
        page.keyboard.press("Enter")  # Enter goes on; it never sends half a form
    page.keyboard.type("Synthetic words.")
    tab_to(page, "Next")
    page.keyboard.press("Enter")
    tab_to(page, "Send my answers")  # the question that changes is left out
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Thank you").wait_for()
    values = dict(Answer.objects.filter(text=None).values_list("item", "value"))
    assert values == {str(number): 4.0 for number in range(1, 8)} | {"8": 0.0}


def test_mirror_form_by_number_keys(clinic: World, therapist: Page) -> None:
    session_id = clinic.start()
    therapist.goto(f"/sessions/{session_id}/rate")
    therapist.locator("#prediction-input").focus()
    therapist.keyboard.type("4.5")
    therapist.keyboard.press("Tab")
    for key in "55545551":  # the eighth opens its follow-up
        therapist.keyboard.press(key)
    therapist.locator("#q8a").wait_for()
    therapist.keyboard.press("3")
    therapist.keyboard.type("Synthetic words with 5 in them.")
    tab_to(therapist, "Send my answers")
    therapist.keyboard.press("Enter")
    therapist.get_by_text("Waiting for both.").wait_for()
    values = dict(Answer.objects.filter(text=None).values_list("item", "value"))
    assert values == dict(zip("1234567", (5, 5, 5, 4, 5, 5, 5), strict=True)) | {"8": 1, "8a": 3}
    assert open_field(Answer.objects.get(item="9"), "text") == "Synthetic words with 5 in them."


def test_refused_form_moves_the_focus_to_what_is_wrong(clinic: World, therapist: Page) -> None:
    therapist.goto(f"/sessions/{clinic.start()}/rate")
    therapist.locator("#prediction-input").fill("nine")
    therapist.get_by_role("button", name="Send my answers").click()
    therapist.locator("#errors").wait_for()
    therapist.wait_for_load_state("load")  # the script that moves the focus is deferred
    expect(therapist.locator("#errors")).to_be_focused()
    therapist.keyboard.press("Tab")
    therapist.keyboard.press("Enter")
    expect(therapist.locator("#prediction-input")).to_be_focused()


def test_whole_path_without_script(clinic: World, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/")
    page.locator("#id_login").fill(clinic.login.username)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Your clients").click()
    page.get_by_role("link", name="Client 01").click()
    page.get_by_role("link", name="Start session 1").click()
    page.get_by_role("button", name="Start session 1").click()
    session = page.url
    page.get_by_role("button", name="Show a link and picture code").click()
    code = page.locator("p.code").inner_text()

    phone = new_page(viewport=PHONE, java_script_enabled=False)
    phone.goto("/c/")
    phone.locator("#code").fill(code)
    phone.get_by_role("button", name="Open the questions").click()
    for number in range(1, 9):
        phone.locator(f"label[for=q{number}-3]").click()
    expect(phone.locator("#q8a")).to_be_visible()
    phone.locator("label[for=q8a-2]").click()
    phone.get_by_role("button", name="Send my answers").click()
    phone.get_by_role("heading", name="Thank you").wait_for()

    page.goto(f"{session}rate")
    for number in range(1, 9):
        page.locator(f"label[for=q{number}-0]").click()
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Item by item").wait_for()
    expect(page.locator(".att-figure")).to_be_visible()
    assert Response.objects.count() == 2


def test_kept_page_is_asked_for_again(clinic: World, new_page: NewPage) -> None:
    """Asking for the page again asks the server, which says that the answers arrived."""
    token, _ = clinic.invite(clinic.start())
    phone = new_page(viewport=PHONE)
    phone.goto(f"/c/#{token}")
    phone.get_by_role("button", name="Show all questions on one page").click()
    phone.locator("#q1").get_by_text("Fully", exact=True).click()
    phone.get_by_role("button", name="Send my answers").click()
    phone.get_by_role("heading", name="Thank you").wait_for()
    phone.goto("/c/form")
    phone.get_by_role("heading", name="Your answers arrived").wait_for()
    expect(phone.locator("input:checked")).to_have_count(0)


def test_link_that_came_by_message_is_pasted_without_script(
    clinic: World, new_page: NewPage
) -> None:
    token, _ = clinic.invite(clinic.start())
    phone = new_page(viewport=PHONE, java_script_enabled=False)
    phone.goto(f"/c/#{token}")  # without script the fragment goes nowhere
    phone.get_by_label("Your link or code").fill(phone.url)
    phone.get_by_role("button", name="Open the questions").click()
    phone.locator("#q1").wait_for()
