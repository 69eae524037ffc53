# SPDX-License-Identifier: Apache-2.0
"""A risk answer from the phone to somebody who looks after it, in a real browser."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from tests.clinic_world import PASSWORD, World
from tests.e2e.conftest import PHONE, NewPage, enter_as
from tests.e2e.keys import WALKED, fill, follow, watch
from tests.e2e.looks import CLIENT_TARGET, SMALLEST, STAFF_TARGET, every_look
from tests.e2e.sweep import Sweep
from tests.risk_world import PostOffice, on_rota

from attunement.clinic.models import Login, RiskAct, RiskAlert, RiskOutbox, Role
from attunement.clinic.services.risk import Worker

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("risk_site"),
]
NOTICE = "A response needs review."
RISK_ROUTES = {"caseload", "alerts", "alert"}


@pytest.fixture
def lead(clinic: World, settings: Settings) -> Login:
    rule = dataclasses.replace(settings.ATTUNEMENT.risk, procedure="Call the client today.")
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, risk=rule)
    on_rota(clinic.login)
    return Login.objects.create_user(
        "synthetic-lead",
        email="lead@attunement.example",
        password=PASSWORD,
        practice=clinic.practice,
        role=Role.LEAD,
        display_name="Synthetic Lead",
    )


def work() -> PostOffice:
    post = PostOffice()
    Worker(send=post.send, ping=lambda: False).round()
    return post


def asked(clinic: World, new_page: NewPage, **options: Any) -> Page:
    """Open the form on a phone and go to the question about harm."""
    token, _ = clinic.invite(clinic.start())
    page = new_page(viewport=PHONE, has_touch=True, **options)
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").click()
    for number in (1, 2):
        page.locator(f"label[for=q{number}-5]").click()
        page.locator("[data-next]").click()
    return page


def send(phone: Page) -> None:
    """Go on to the last question, leaving the others out, and send."""
    while phone.locator("[data-next]").is_visible():
        phone.locator("[data-next]").click()
    phone.get_by_role("button", name="Send my answers").click()
    phone.get_by_role("heading", name="Thank you").wait_for()


def test_rk6_whom_to_call_is_shown_at_once_without_a_network(
    clinic: World, new_page: NewPage
) -> None:
    page = asked(clinic, new_page, is_mobile=True)
    note = page.locator("#qharm [data-crisis-now]")
    expect(page.locator("#qharm")).to_contain_text("always goes to the people")
    page.context.set_offline(True)
    expect(note).to_be_hidden()
    page.locator("label[for=qharm-0]").tap()
    expect(note).to_be_hidden()  # this answer is not passed on
    page.locator("label[for=qharm-1]").tap()
    expect(note).to_be_visible()
    expect(note).to_contain_text("These answers are not watched round the clock")
    number = note.get_by_role("link", name="000 0000")
    assert number.get_attribute("href") == "tel:0000000"
    box = number.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= PHONE["height"]  # brought into view
    page.locator("label[for=qharm-0]").tap()
    expect(note).to_be_visible()  # once shown it stays
    expect(page.locator("#qothers [data-crisis-now]")).to_be_hidden()
    page.context.set_offline(False)


def test_rk6_whom_to_call_is_not_behind_the_buttons_of_a_small_phone(
    clinic: World, new_page: NewPage
) -> None:
    page = asked(clinic, new_page)
    page.set_viewport_size({"width": 360, "height": 640})
    page.evaluate("window.scrollTo(0, 0)")
    page.locator("label[for=qharm-1]").tap()
    number = page.locator("#qharm [data-crisis-now] .phone").bounding_box()
    buttons = page.locator("[data-step-actions]").bounding_box()
    assert number is not None
    assert buttons is not None
    assert number["y"] >= 0
    assert number["y"] + number["height"] <= buttons["y"]


def test_rk6_keyboard_and_second_rule(clinic: World, new_page: NewPage) -> None:
    page = asked(clinic, new_page)
    page.locator("#qharm-0").focus()
    page.keyboard.press("3")
    expect(page.locator("#qharm [data-crisis-now]")).to_be_visible()
    page.locator("[data-next]").click()
    page.locator("label[for=qothers-1]").click()
    expect(page.locator("#qothers [data-crisis-now]")).to_be_hidden()
    page.locator("label[for=qothers-2]").click()
    expect(page.locator("#qothers [data-crisis-now]")).to_be_visible()


def test_answer_goes_from_the_phone_to_somebody_who_looks_after_it(
    clinic: World, new_page: NewPage, lead: Login
) -> None:
    phone = asked(clinic, new_page)
    phone.locator("label[for=qharm-2]").click()
    send(phone)
    expect(phone.locator("main")).to_contain_text("They do not watch round the clock")
    alert = RiskAlert.objects.get()
    post = work()
    assert [to for to, _ in post.copies] == [clinic.login.email]

    staff = new_page()  # by keyboard alone, which is what most rooms have at hand
    sent = watch(staff)
    enter_as(staff, clinic.login)
    staff.goto("/day/")
    follow(staff, NOTICE)
    expect(staff.get_by_role("heading", name="What to do")).to_be_visible()
    follow(staff, "Client 01", exact=True)
    expect(staff.locator("main")).to_contain_text("Received")
    assert not RiskAct.objects.exists()  # nothing was acknowledged by looking
    follow(staff, "I look after it")
    expect(staff.locator("main")).to_contain_text("has looked after it since")
    expect(staff.get_by_role("link", name=NOTICE)).to_have_count(0)
    fill(staff, "What was done", "Synthetic: called back, safe.")
    follow(staff, "Close it")
    assert sent >= WALKED["an answer for review"]
    expect(staff.locator("main")).to_contain_text("Synthetic: called back, safe.")
    assert RiskOutbox.objects.get(pk=alert.pk).state == "closed"
    del lead


def test_every_state_of_answers_for_review_holds_on_every_screen(
    clinic: World, new_page: NewPage, lead: Login
) -> None:
    """These pages need a site that asks about risk; the others are in ``test_sweep.py``."""
    del lead
    sweep = Sweep(new_page(viewport=SMALLEST, bypass_csp=True), target=STAFF_TARGET)
    page = sweep.page
    sweep.enter(clinic.login)
    sweep.visit("silent", "/")
    sweep.visit("empty", "/risk/")
    phone = asked(clinic, new_page)
    phone.locator("label[for=qharm-2]").click()
    send(phone)
    work()
    sweep.visit("notice", "/")
    sweep.visit("waiting", "/risk/")
    sweep.visit("one", f"/risk/{RiskAlert.objects.get().public_id}/")
    sweep.send("I look after it", "looked after", after="text=has looked after it since")
    sweep.send("Close it", "refused", after="#errors")
    page.get_by_label("What was done").fill("Synthetic words. " * 20)
    sweep.send("Close it", "closed", after="text=closed it on")
    sweep.visit("list of closed", "/risk/")
    assert sweep.findings == {}
    assert sweep.routes >= RISK_ROUTES


def test_where_whom_to_call_is_shown_holds_on_every_screen(
    clinic: World, new_page: NewPage
) -> None:
    page = asked(clinic, new_page, bypass_csp=True)
    page.locator("label[for=qharm-3]").click()
    page.locator("#qharm [data-crisis-now]").wait_for()
    assert every_look(page, target=CLIENT_TARGET) == []
