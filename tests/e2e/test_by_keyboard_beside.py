# SPDX-License-Identifier: Apache-2.0
"""What is done now and then, by keyboard alone; the usual days are in ``test_by_keyboard.py``."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from tests.clinic_world import HIGH, WORDS, World, add_dyad
from tests.e2e.conftest import PHONE, NewPage, enter_as
from tests.e2e.keys import WALKED, choose, fill, focused, follow, press, tab_to, watch
from tests.risk_world import MAIL

from attunement.clinic.access.visibility import Visibility
from attunement.clinic.config.model import Capture
from attunement.clinic.models import (
    AgreedChange,
    CareTeamMember,
    Client,
    HeldDelivery,
    HeldReason,
    Kiosk,
    Login,
    PaperForm,
    Response,
    Role,
    SupervisionLink,
)
from attunement.clinic.services import open_invitation, reminders, start_session
from attunement.clinic.services.break_glass import break_glass
from attunement.clinic.services.kiosks import start_kiosk
from attunement.clinic.services.loop.together import record_together
from attunement.clinic.services.private_channel import send_private_message
from attunement.clinic.services.promises import choose_visibility
from attunement.clinic.services.team import link_supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PIN = "2468"
NO_STORE = "Object.defineProperty(globalThis, 'indexedDB', {value: undefined});"


@pytest.fixture
def full(clinic: World, settings: Settings) -> World:
    """Return a clinic that asks before and between sessions, reminds, and shows own charts."""
    capture = Capture(between="phq-2", own_chart=True, remind_hours=4)
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, capture=capture, mail=MAIL)
    return clinic


def heading(page: Page, name: str) -> None:
    page.get_by_role("heading", name=name, exact=True).locator("visible=true").wait_for()
    page.wait_for_load_state("load")


def colleague(clinic: World, role: str) -> Login:
    return Login.objects.create_user(f"synthetic-{role}", practice=clinic.practice, role=role)


def silent_change(clinic: World) -> None:
    """Agree on a change, long ago, about which three forms asked in vain."""
    held = []
    for days in (40, 30, 20, 10):
        then = timezone.now() - timedelta(days=days)
        day = timezone.localdate(then)
        held.append(
            start_session(
                clinic.login, clinic.dyad.pk, held_on=day, modality="in_person", now=then
            ).session_id
        )
        if len(held) == 1:
            record_together(
                clinic.login, clinic.dyad.pk, session_id=held[0], change=WORDS, now=then
            )


def test_a_therapist_beside_sessions(  # noqa: PLR0915 -- one walk
    full: World, new_page: NewPage
) -> None:
    clinic, dyad = full, full.dyad
    silent_change(clinic)
    rated = clinic.rated(days_ago=1)
    choose_visibility(
        clinic.login, dyad.pk, visibility=Visibility.DELAYED, delay_days=7, now=timezone.now()
    )
    clinic.start()
    lead, supervisor = colleague(clinic, Role.LEAD), colleague(clinic, Role.SUPERVISOR)
    link_supervisor(
        lead, supervisor_id=supervisor.pk, therapist_id=clinic.therapist.pk, now=timezone.now()
    )
    page = new_page()
    sent = watch(page)
    enter_as(page, clinic.login)

    page.goto("/signals/")
    fill(page, "Questions a week", "x")
    follow(page, "Keep this number")
    expect(page.locator("#errors")).to_be_focused()
    press(page, "whole number")  # what is wrong leads to its field
    expect(page.get_by_role("textbox", name="Questions a week")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("3")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_text("of 3 places taken").wait_for()

    # What the client is asked: a goal, how often, reminders, and a link at once.
    page.goto(f"/clients/{dyad.pk}/")
    follow(page, "Goals and reminders")
    fill(page, "A goal, as they said it", WORDS)
    follow(page, "Write it down")
    follow(page, "Stop asking")
    choose(page, "Once in so many weeks")
    fill(page, "How many weeks", "2")
    follow(page, "Keep this")
    fill(page, "Address or number", "person@host.example")
    follow(page, "Remind them")
    follow(page, "Stop the e-mails")
    follow(page, "Ask once, with a link")
    follow(page, "Show a link")
    page.locator(".qr").wait_for()
    follow(page, "Back to Client 01")

    # Who sees what.
    follow(page, "Who sees Client 01")
    fill(page, "Four digits", "1984")
    follow(page, "Keep this year")
    follow(page, "Share this case")
    choose(page, "Therapist, 7 days later")
    follow(page, "Ask like this from now on")
    assert Client.objects.get(pk=dyad.client_id).birth_year == 1984
    assert CareTeamMember.objects.count() == 1

    # Sessions: one that was rated, one that is, and stays closed.
    page.goto(f"/sessions/{rated}/")
    follow(page, "I noticed a rupture")
    page.get_by_text("You noted that there was a rupture").wait_for()
    follow(page, "Client 01", exact=True)
    follow(page, "Session 6")
    follow(page, "Rate from your chair")
    fill(page, "How will Client 01 rate", "4.5")
    page.keyboard.press("Tab")
    page.keyboard.type("55545550")
    follow(page, "Send my answers")
    follow(page, "Ask Client 01 whether you may read them")
    heading(page, "The question is noted")
    follow(page, "Back", exact=True)

    # What was agreed and got no word; and the screen for two.
    follow(page, "Client 01", exact=True)
    follow(page, "Before you meet")
    follow(page, "Let it go")
    expect(page.get_by_role("heading", name="Open, not asked any more")).to_have_count(0)
    follow(page, "Look together")
    tab_to(page, "Going more slowly")
    page.keyboard.press("Space")
    fill(page, "One thing that we will do differently", WORDS)
    follow(page, "Keep this")
    page.get_by_text("Kept:").wait_for()
    page.wait_for_load_state("load")
    with page.expect_navigation():
        page.keyboard.press("Escape")
    follow(page, "Go on")
    assert AgreedChange.objects.count() == 3  # agreed, let go, agreed anew
    follow(page, "Predictions")
    heading(page, "Your predictions")
    assert sent >= WALKED["a therapist beside sessions"]


@pytest.mark.parametrize("width", [320, 1200])
def test_own_predictions_are_read_by_keyboard(clinic: World, new_page: NewPage, width: int) -> None:
    for number, expected in ((2, "4.5"), (3, "5.5"), (4, "3.5")):
        dyad = add_dyad(clinic.practice, clinic.therapist, f"Client {number:02d}")
        for days in (100, 70, 40, 10):
            session_id = clinic.start(dyad, days_ago=days)
            clinic.client_answers(session_id, HIGH)
            clinic.therapist_answers(session_id, predicted=expected)
    page = new_page(viewport={"width": width, "height": 700})
    page.set_default_timeout(60_000)  # a first look at predictions compiles what they need
    watch(page)
    enter_as(page, clinic.login)
    page.goto("/")
    follow(page, "Predictions")
    heading(page, "How near they come")
    table = page.get_by_role("table", name="Prediction minus rating by month")
    expect(table).to_be_hidden()
    press(page, "The same as a table")
    expect(table.get_by_role("row")).to_have_count(5)  # four months, and what the columns are
    card = page.locator(".figure-card").bounding_box()
    inside = table.bounding_box()
    assert card is not None
    assert inside is not None
    assert inside["x"] + inside["width"] <= card["x"] + card["width"]
    tab_to(page, "How this is computed")
    page.keyboard.press("Space")
    expect(page.get_by_text("None of this says how good")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    assert "The same as a table" in focused(page)
    page.keyboard.press("Enter")
    expect(table).to_be_hidden()
    follow(page, "Today", exact=True)  # on to the end, and round
    heading(page, "Today")


def test_paper_and_a_shared_screen(  # noqa: PLR0915 -- one walk
    clinic: World, new_page: NewPage
) -> None:
    session_id = clinic.start()
    clinic.therapist_answers(session_id)
    start_kiosk(clinic.login, label="Left at home", pin=PIN, now=timezone.now())
    page = new_page()
    sent = watch(page)
    enter_as(page, clinic.login)
    page.goto("/day/")
    follow(page, "On paper")
    tab_to(page, "Client 01, session 1")
    page.keyboard.press("Space")
    follow(page, "Make sheets to print")
    page.locator(".sheet-paper").wait_for()
    follow(page, "Back")
    follow(page, "Type in a sheet")
    page.wait_for_load_state("load")
    page.keyboard.type("not a code")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("#errors").wait_for()
    page.wait_for_load_state("load")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(PaperForm.objects.get().code)
    expect(page.get_by_label("The code at the top")).to_have_value(PaperForm.objects.get().code)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_load_state("load")  # its script takes the keys
    page.locator("#typing").wait_for()
    page.keyboard.type("54565450")
    page.keyboard.press("Enter")
    page.keyboard.type(WORDS)
    follow(page, "Keep this sheet")
    heading(page, "The sheet is in")
    assert Response.objects.get(perspective="client").session_id == session_id

    # A device that was forgotten is taken back; this one is handed over.
    follow(page, "Hand this device over")
    follow(page, "Take it back")
    fill(page, "Where it stands", "Waiting room")
    fill(page, "PIN to leave it", PIN)
    fill(page, "The same once more", PIN)
    follow(page, "Sign me out and hand it over")
    heading(page, "How was the session?")
    page.clock.install()  # from here on the test says how late it is
    page.reload()
    for first in ("I am still here", "Clear it now"):
        expect(page.get_by_label("Your code")).to_be_focused()
        page.wait_for_load_state("load")
        page.keyboard.type(clinic.invite(clinic.start())[1])
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Start").wait_for()
        page.wait_for_load_state("load")
        press(page, "Start")
        page.keyboard.press("4")
        page.clock.run_for(46_000)
        expect(page.get_by_role("dialog", name="Are you still there?")).to_be_visible()
        assert focused(page) == "I am still here"
        if first == "Clear it now":
            tab_to(page, first)
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_hidden()
        if first == "I am still here":
            assert focused(page) == "4\nMostly"  # where it was before the question
            page.clock.run_for(61_000)
    expect(page.get_by_label("Your code")).to_be_focused()
    page.wait_for_load_state("load")
    follow(page, "For staff: leave this mode")
    fill(page, "PIN", "1357")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_text("That PIN does not fit.").wait_for()
    page.wait_for_load_state("load")
    fill(page, "PIN", PIN)
    follow(page, "Leave this mode")
    page.get_by_label("Name or e-mail").wait_for()
    assert not Kiosk.objects.filter(ended_at=None).exists()
    assert sent >= WALKED["paper and a shared screen"]


def test_what_comes_to_a_lead(  # noqa: PLR0915 -- one walk
    clinic: World, new_page: NewPage
) -> None:
    now, dyad = timezone.now(), clinic.dyad
    lead, supervisor = colleague(clinic, Role.LEAD), colleague(clinic, Role.SUPERVISOR)
    link_supervisor(lead, supervisor_id=supervisor.pk, therapist_id=clinic.therapist.pk, now=now)
    grant = open_invitation(clinic.invite(clinic.start())[0], address="192.0.2.1", now=now)
    assert grant is not None
    send_private_message(
        grant, submission_id="0" * 8 + "-0000-4000-8000-" + "0" * 12, kind="message", words=WORDS,
        now=now,
    )  # fmt: skip
    break_glass(supervisor, dyad.pk, reason="A synthetic emergency, told by phone", now=now)
    HeldDelivery.objects.create(
        submission_id="x", key_id="x", envelope_sha256="0" * 64, envelope="{}",
        reason=HeldReason.UNREADABLE, address_sha256="0" * 64, first_at=now, last_at=now,
    )  # fmt: skip
    page = new_page()
    sent = watch(page)
    enter_as(page, lead)
    page.goto("/")
    follow(page, "1 form arrived and could not be read")
    follow(page, "I have noticed")
    follow(page, "1 emergency access")
    fill(page, "What you found", "In order")
    follow(page, "Close the review")
    follow(page, "From clients")
    heading(page, "Waiting for you")
    follow(page, "I have this in hand")
    heading(page, "In hand")
    follow(page, "Answers for the lead")
    follow(page, "Care teams", exact=True)
    follow(page, "Who sees answers")
    choose(page, "The form after", "ArrowDown")
    follow(page, "Let fewer people see it")
    follow(page, "Back", exact=True)
    follow(page, "Care teams", exact=True)
    tab_to(page, "Put on the team of")
    page.keyboard.type("synthetic-supervisor")
    follow(page, "Add\nto the team")
    assert CareTeamMember.objects.get().login == supervisor

    enter_as(page, supervisor)
    page.goto("/")
    follow(page, "Client 01", exact=True)
    fill(page, "A question, not a grade", WORDS)
    follow(page, "Leave this question")
    page.get_by_text(WORDS).wait_for()

    enter_as(page, lead)
    page.goto("/team/")
    follow(page, "Take off this team")
    follow(page, "End this supervision")
    assert SupervisionLink.objects.get().until_at is not None
    follow(page, "Rules", exact=True)
    follow(page, "Try another threshold")
    choose(page, "in force", "ArrowUp")
    follow(page, "Look at the past")
    fill(page, "Why", "Synthetic note")
    follow(page, "Save this threshold")
    heading(page, "How the rules did")
    follow(page, "Clients of the practice")
    follow(page, "Erase a client")
    fill(page, "Code", dyad.client.code)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    follow(page, "Go on")
    fill(page, "Type the code once more", dyad.client.code)
    follow(page, "Erase for good")
    page.get_by_text("Name and words cannot be read any more").wait_for()
    assert sent >= WALKED["what comes to a lead"]


def test_a_client_in_an_old_browser(full: World, new_page: NewPage) -> None:
    """A form that is not sealed, what is offered after it, and the way out of reminders."""
    clinic = full
    clinic.course()
    Client.objects.filter(pk=clinic.dyad.client_id).update(birth_year=1984)
    page = new_page(viewport=PHONE)
    page.add_init_script(NO_STORE)
    sent = watch(page)
    page.goto(f"/c/#{clinic.invite(clinic.start())[0]}")
    page.get_by_role("button", name="Start").wait_for()
    page.wait_for_load_state("load")
    press(page, "Go to the content")
    press(page, "Show all questions on one page")
    tab_to(page, "Not at all")
    page.keyboard.press("4")
    press(page, "A wish about this answer")
    choose(page, "No wish")
    follow(page, "Send my answers")
    heading(page, "Thank you")
    follow(page, "Let fewer people see what I sent")
    tab_to(page, "Your therapist")
    page.keyboard.press("Space")
    follow(page, "Let fewer people see it")
    heading(page, "Fewer people see it now")
    page.go_back()
    page.go_back()
    heading(page, "Thank you")
    follow(page, "See how it has been over time")
    fill(page, "Year of birth", "1984")
    with page.expect_navigation():  # to a page with the same heading
        page.keyboard.press("Enter")
    expect(page.locator(".att-chart:visible")).to_have_count(1)
    press(page, "Choose a number to open it with next time")
    fill(page, "4 to 8 digits", PIN)
    follow(page, "Keep this number")
    heading(page, "Your number is kept")

    # From a reminder that came by mail.
    mails: list[tuple[str, ...]] = []
    reminders.agree(
        clinic.login, clinic.dyad.pk, channel="mail", address="a@host.example", now=timezone.now()
    )
    clinic.start()
    reminders.remind(
        now=timezone.now() + timedelta(hours=5),
        send=lambda *mail: mails.append(mail) or "id",  # type: ignore[func-returns-value]
    )
    page.goto("/c/stop#" + mails[0][2].partition("/c/stop#")[2].strip())
    heading(page, "Stop the reminders?")
    follow(page, "Stop the reminders")
    heading(page, "No more reminders")
    assert sent >= WALKED["a client in an old browser"]
