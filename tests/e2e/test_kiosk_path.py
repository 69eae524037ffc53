# SPDX-License-Identifier: Apache-2.0
"""A shared screen changes hands: nothing of the last person is left, on any way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.clinic_world import World
from tests.e2e.bad_network import BadNetwork
from tests.e2e.conftest import PATIENCE, sign_in

from attunement.clinic.models import Answer, Kiosk, Response

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CANARY = "Synthetic words of the person before"
PIN = "2468"
TABLET = {"width": 768, "height": 1024}
HIGH_UP = """() => Array.from(
  document.querySelectorAll("button, input, textarea, .choice label, a"))
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest(".skip-link"))
  .filter((e) => !e.matches(".skip-link, input[type=radio], input[type=hidden]"))
  .filter((e) => e.getBoundingClientRect().top + window.scrollY < window.innerHeight / 3)
  .map((e) => `${e.tagName} ${e.className} ${e.getBoundingClientRect().top}`)"""


@pytest.fixture
def tablet(chromium: Browser, network: BadNetwork, clinic: World) -> Iterator[Page]:
    """Return a tablet that a therapist has handed over, with its clock in the test's hand."""
    context = chromium.new_context(base_url=network.url, viewport=TABLET, bypass_csp=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    sign_in(page, clinic)
    page.get_by_role("link", name="Hand this device over").click()
    page.get_by_label("Where it stands").fill("Waiting room")
    page.get_by_label("PIN to leave it").fill(PIN)
    page.get_by_label("The same once more").fill(PIN)
    page.get_by_role("button", name="Sign me out and hand it over").click()
    page.get_by_label("Your code").wait_for()
    page.clock.install()
    page.reload()
    page.get_by_label("Your code").wait_for()
    yield page
    context.close()


def opens(page: Page, clinic: World) -> None:
    """Type the code of a new session, with the keyboard alone."""
    _, code = clinic.invite(clinic.start())
    expect(page.get_by_label("Your code")).to_be_focused()
    page.keyboard.type(code.lower())
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Start").wait_for()


def answers(page: Page, words: str) -> None:
    page.get_by_role("button", name="Show all questions on one page").click()
    for number in range(1, 8):
        page.locator(f"label[for=q{number}-5]").click()
    page.locator("#q9-input").fill(words)


def at_the_start(page: Page) -> None:
    page.get_by_label("Your code").wait_for()
    page.wait_for_load_state()  # its scripts too
    assert urlsplit(page.url).path == "/kiosk/"
    expect(page.get_by_label("Your code")).to_have_value("")


def nothing_left(page: Page) -> None:
    """Look everywhere that a browser keeps things, on every way back."""
    here = page.evaluate(
        """async () => ({
          length: history.length,
          stored: localStorage.length + sessionStorage.length,
          databases: (await indexedDB.databases()).map((each) => each.name),
          waiting: (await attunementQueue.entries()).length,
          autofill: Array.from(document.querySelectorAll("form")).map((f) => f.autocomplete),
        })"""
    )
    assert here["stored"] == 0
    assert set(here["databases"]) <= {"attunement"}
    assert here["waiting"] == 0
    assert set(here["autofill"]) == {"off"}
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert not {name for name in names if name.startswith(("c_", "r_", "attunement"))}, names
    assert CANARY not in page.content()
    expect(page.locator("input:checked")).to_have_count(0)
    for _ in range(here["length"] - 1):
        page.go_back()
        page.wait_for_load_state()
        assert CANARY not in page.content(), page.url
        expect(page.locator("input[type=radio]")).to_have_count(0)
        assert "Your clients" not in page.content(), page.url
    page.goto("/kiosk/")
    at_the_start(page)


def seconds(page: Page, count: int) -> None:
    page.clock.run_for(count * 1000)


def test_next_person_finds_nothing_after_sending(clinic: World, tablet: Page) -> None:
    page = tablet
    assert page.evaluate(HIGH_UP) == []
    assert "Client 01" not in page.content()
    before = page.evaluate("history.length")
    opens(page, clinic)
    expect(page.get_by_text("Need help now?")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    assert page.evaluate(HIGH_UP) == []
    page.get_by_role("button", name="Back").click()
    answers(page, CANARY)
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert CANARY not in page.content()
    seconds(page, 9)
    at_the_start(page)
    assert page.evaluate("history.length") == before
    assert Response.objects.get().mode == "kiosk"
    assert Answer.objects.filter(text__isnull=False).count() == 1
    nothing_left(page)
    page.goto("/accounts/login/")
    at_the_start(page)


def test_screen_clears_itself_in_the_middle_of_a_form(clinic: World, tablet: Page) -> None:
    page = tablet
    opens(page, clinic)
    answers(page, CANARY)
    seconds(page, 44)
    expect(page.get_by_role("dialog")).to_be_hidden()
    seconds(page, 2)
    expect(page.get_by_role("dialog", name="Are you still there?")).to_be_visible()
    page.get_by_role("button", name="I am still here").click()
    expect(page.locator("#q9-input")).to_have_value(CANARY)
    seconds(page, 46)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.locator("#q9-input").focus()
    seconds(page, 46)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("x")  # typing on is an answer too, and the next letter is in the form again
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#q9-input")).to_be_focused()
    seconds(page, 46)
    page.get_by_role("button", name="Clear it now").click()
    at_the_start(page)
    opens(page, clinic)
    answers(page, CANARY)
    seconds(page, 61)
    at_the_start(page)
    assert Response.objects.count() == 0
    nothing_left(page)


def test_answers_wait_sealed_without_a_network_and_the_next_person_sees_nothing(
    clinic: World, tablet: Page, network: BadNetwork
) -> None:
    page = tablet
    opens(page, clinic)
    answers(page, CANARY)
    network.cut = True
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Saved on this device, not yet sent").wait_for()
    seconds(page, 9)
    page.get_by_role("heading", name="No connection just now").wait_for()
    assert urlsplit(page.url).path == "/kiosk/"
    assert CANARY not in page.content()
    expect(page.get_by_text("not yet sent")).to_be_hidden()
    kept: Any = page.evaluate("attunementQueue.entries()")
    assert [each["state"] for each in kept] == ["waiting"]
    assert CANARY not in repr(kept)
    network.cut = False
    seconds(page, 6)
    at_the_start(page)
    seconds(page, 11)
    for _ in range(100):
        if page.evaluate("attunementQueue.entries()") == []:
            break
        page.wait_for_timeout(200)
    assert Response.objects.count() == 1
    nothing_left(page)


def test_reload_without_a_network_shows_a_page_of_ours_and_nothing_of_the_person(
    clinic: World, tablet: Page, network: BadNetwork
) -> None:
    page = tablet
    for scope in ("/kiosk/", "/c/form"):
        wait = (
            "(s) => navigator.serviceWorker.getRegistration(s).then((r) => Boolean(r && r.active))"
        )
        for _ in range(100):
            if page.evaluate(wait, scope):
                break
            page.wait_for_timeout(200)
        assert page.evaluate(wait, scope), scope
    opens(page, clinic)
    while page.locator("[data-next]").is_visible():
        page.locator("[data-next]").click()
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_text("You have left everything out.").wait_for()
    assert page.evaluate(HIGH_UP) == []
    answers(page, CANARY)
    network.cut = True
    page.reload()
    page.get_by_role("heading", name="No connection just now").wait_for()
    expect(page.get_by_text("If you need help now.")).to_be_visible()
    assert CANARY not in page.content()
    held = page.evaluate(
        """async () => {
          const found = [];
          for (const name of await caches.keys())
            for (const each of await (await caches.open(name)).keys())
              found.push(new URL(each.url).pathname);
          return found;
        }"""
    )
    assert {one for one in held if not one.startswith("/static/")} == {"/kiosk/offline"}
    page.goto("/kiosk/")  # as a tablet that is restarted without a connection
    page.get_by_role("heading", name="No connection just now").wait_for()
    network.cut = False
    seconds(page, 6)
    at_the_start(page)
    assert Response.objects.count() == 0
    nothing_left(page)


def test_screen_is_left_with_the_pin_by_keyboard_alone(clinic: World, tablet: Page) -> None:
    del clinic
    page = tablet
    page.get_by_role("link", name="For staff: leave this mode").focus()
    page.keyboard.press("Enter")
    page.get_by_label("PIN").focus()
    page.keyboard.type("1357")
    page.keyboard.press("Enter")
    page.get_by_text("That PIN does not fit.").wait_for()
    page.get_by_label("PIN").focus()
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    page.get_by_label("Name or e-mail").wait_for()
    assert Kiosk.objects.get().ended_at is not None
