# SPDX-License-Identifier: Apache-2.0
"""Whole days by keyboard alone, from signing in to signing out: no pointer, no shortcut by script.

What is done now and then is walked in ``test_by_keyboard_beside.py``, an answer for review in
``test_risk_path.py``. Together the walks send every form there is.
"""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from django.urls import get_resolver
from playwright.sync_api import Page, expect
from pytest_django import Settings
from tests.clinic_world import LOW, PASSWORD, World
from tests.e2e.conftest import PHONE, NewPage, enter_as
from tests.e2e.keys import WALKED, choose, fill, focused, follow, press, tab_to, watch

from attunement.clinic.config.model import Capture
from attunement.clinic.models import (
    BreakGlass,
    Login,
    PrivateMessage,
    Role,
    SupervisionLink,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WORDS = "Synthetic words"


def heading(page: Page, name: str) -> None:
    page.get_by_role("heading", name=name, exact=True).wait_for()
    page.wait_for_load_state("load")


def test_a_therapists_day(clinic: World, new_page: NewPage) -> None:
    clinic.course(sessions=4)
    clinic.rated(days_ago=1, answers=LOW)
    page = new_page()
    sent = watch(page)
    page.goto("/")
    fill(page, "Name or e-mail", clinic.login.username)
    fill(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    heading(page, "Today")
    press(page, "Go to the content")
    follow(page, "Client 01", exact=True)

    # Before: put off with a reason, undone, raised.
    heading(page, "Before you meet Client 01")
    press(page, "Not today, because")
    fill(page, "Another reason", WORDS)
    page.keyboard.press("Enter")
    page.get_by_text("Not today. Another reason.").wait_for()
    follow(page, "Undo")
    follow(page, "I’ll raise it")
    page.get_by_text("You mean to raise it.").wait_for()

    # Ledger: to the session that was hard, and what was tried in it.
    follow(page, "Ruptures and repairs with Client 01")
    heading(page, "Ruptures and repairs")
    press(page, "The same as a table")
    follow(page, "5", exact=True)
    page.wait_for_url("**/after")
    choose(page, "Neither")
    follow(page, "Keep this")
    heading(page, "Session 5")

    # A question: why, and what became of it.
    follow(page, "Questions", exact=True)
    follow(page, "?")
    heading(page, "Why this question")
    tab_to(page, "There was a rupture")
    page.keyboard.press("Space")
    follow(page, "Keep this answer")
    page.get_by_text("You said on").wait_for()

    # The next session, and a link for its form.
    follow(page, "Your clients")
    follow(page, "Client 01", exact=True)
    follow(page, "Start session 6")
    follow(page, "Start session 6")
    follow(page, "Show a link and picture code")
    page.locator(".qr").wait_for()
    follow(page, "Sign out")
    page.get_by_label("Name or e-mail").wait_for()
    assert sent >= WALKED["a therapist's day"]


def test_a_leads_day(clinic: World, new_page: NewPage) -> None:
    people = {
        role: Login.objects.create_user(f"synthetic-{role}", practice=clinic.practice, role=role)
        for role in (Role.LEAD, Role.SUPERVISOR)
    }
    clinic.rated(answers=LOW)
    page = new_page()
    sent = watch(page)
    enter_as(page, people[Role.LEAD])
    page.goto("/")
    follow(page, "Care teams", exact=True)
    heading(page, "Care teams")
    follow(page, "Add supervision")
    page.get_by_text("supervises").first.wait_for()
    assert SupervisionLink.objects.count() == 1
    follow(page, "Who sees answers")
    choose(page, "Therapist")
    follow(page, "Ask like this from now on")
    follow(page, "Rules", exact=True)
    heading(page, "How the rules did")
    follow(page, "Try another threshold")
    choose(page, "in force", "ArrowUp")
    follow(page, "Look at the past")
    follow(page, "Clients of the practice")
    follow(page, "Erase a client")
    fill(page, "Code", clinic.dyad.client.code)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    follow(page, "Go on")
    follow(page, "Leave it")
    heading(page, "Erase a client")

    enter_as(page, people[Role.SUPERVISOR])
    page.goto("/")
    follow(page, "In an emergency")
    fill(page, "Code of the", clinic.dyad.client.code)
    fill(page, "Why, now", "A synthetic emergency, told by phone")
    follow(page, "Open for one hour")
    page.get_by_text("Emergency access until").first.wait_for()
    assert BreakGlass.objects.count() == 1
    assert sent >= WALKED["a lead's day"]


def test_a_clients_ways_beside_the_form(
    clinic: World, new_page: NewPage, settings: Settings
) -> None:
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, capture=Capture(own_chart=True))
    clinic.course()
    type(clinic.dyad.client).objects.filter(pk=clinic.dyad.client_id).update(birth_year=1984)
    page = new_page(viewport=PHONE)
    sent = watch(page)
    page.goto("/c/")
    fill(page, "Your link or code", clinic.invite(clinic.start())[1])
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Start").wait_for()
    follow(page, "Something for the lead")
    heading(page, "To the lead of the practice only")
    choose(page, "Say something to the lead")
    assert "another therapist" in focused(page)
    follow(page, "Send to the lead")
    heading(page, "Sent to the lead")
    assert PrivateMessage.objects.count() == 1
    follow(page, "Back to the form")
    press(page, "Show all questions on one page")
    tab_to(page, "Not at all")
    page.keyboard.press("4")
    follow(page, "Send my answers")
    heading(page, "Thank you")
    follow(page, "See how it has been over time")
    fill(page, "Year of birth", "1984")
    with page.expect_navigation():  # to a page with the same heading
        page.keyboard.press("Enter")
    expect(page.locator(".att-chart:visible")).to_have_count(1)
    assert sent >= WALKED["a client's ways beside the form"]


def test_every_form_is_sent_by_a_walk() -> None:
    """A new route that takes a form is in no walk yet: add it to one, and to ``keys.WALKED``."""
    takes = set()
    for route in get_resolver().url_patterns:
        request = RequestFactory().put("/")  # which no route takes: the answer says what it does
        request.user = SimpleNamespace(is_authenticated=True)  # type: ignore[assignment]
        refusal = route.callback(request, **dict.fromkeys(route.pattern.converters, "x"))
        assert refusal.status_code == 405, route.name
        if "POST" in refusal.headers["Allow"]:
            takes.add(route.name)
    assert takes == set().union(*WALKED.values())
