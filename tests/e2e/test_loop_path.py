# SPDX-License-Identifier: Apache-2.0
"""Before, together, after: from a dip to a repair that the client confirms, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from tests.clinic_world import LOW, World, add_dyad
from tests.e2e.conftest import PHONE, NewPage, sign_in
from tests.e2e.test_access import TARGETS, findings

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WORDS = "Synthetic: you ask me first"
STAFF_TARGET, SHARED_TARGET = 24, 44
BOXES_BY_LABEL = TARGETS.replace("input[type=radio]", "input[type=radio], input[type=checkbox]")


def focused_text(page: Page) -> str:
    return page.evaluate(
        "() => { const e = document.activeElement; "
        "return (e.labels && e.labels[0] ? e.labels[0].innerText : e.innerText || '').trim(); }"
    )


def tab_to(page: Page, text: str, *, most: int = 80) -> None:
    """Go on with Tab alone until something with these words has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if text in focused_text(page):
            return
    message = f"Tab does not reach {text!r}"
    raise AssertionError(message)


def test_a_rupture_from_dip_to_confirmed_repair(  # noqa: PLR0915 -- one walk
    clinic: World, therapist: Page, new_page: NewPage
) -> None:
    clinic.course(sessions=4)
    clinic.rated(days_ago=1, answers=LOW)

    # The day names one person and why; one tap says that it will be raised.
    therapist.goto("/day/")
    assert therapist.locator(".question-line").count() == 1
    therapist.locator(".question-line h3 a").click()
    therapist.get_by_role("heading", name="Before you meet Client 01").wait_for()
    therapist.wait_for_load_state("load")  # the style sheet shows one of two sizes of the chart
    assert therapist.locator(".att-chart:visible").count() == 1
    therapist.get_by_role("button", name="I’ll raise it").click()
    therapist.get_by_text("You mean to raise it.").wait_for()

    # In the session, on the screen for two: openers, what would help, one change.
    following = clinic.start()
    therapist.get_by_role("link", name="Look together").click()
    therapist.get_by_role("heading", name="How our meetings are").wait_for()
    assert therapist.title() == "How our meetings are"
    assert "Client 01" not in therapist.content()
    assert therapist.locator(".openers li").count() == 3
    therapist.get_by_label("Going more slowly").check()
    therapist.get_by_label("One thing that we will do differently").fill(WORDS)
    therapist.get_by_role("button", name="Keep this").click()
    therapist.get_by_text("Kept:").wait_for()
    therapist.get_by_role("link", name="Close").click()
    therapist.get_by_role("heading", name="Closed").wait_for()
    assert "Client 01" not in therapist.content()
    therapist.get_by_role("link", name="Go on").click()
    therapist.get_by_text(WORDS).wait_for()
    assert therapist.locator(".question-line").count() == 0

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
    assert therapist.get_by_label("One thing that we will do differently").input_value() == WORDS
    therapist.get_by_label("One thing that we will do differently").focus()
    tab_to(therapist, "Keep this")
    therapist.keyboard.press("Enter")
    therapist.get_by_text("Kept:").wait_for()
    assert therapist.get_by_label("Going more slowly").is_checked()
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
    assert therapist.locator("#type-withdrawal").is_checked()
    assert therapist.locator("#target-task").is_checked()


def test_neither_asks_nothing_more(clinic: World, therapist: Page) -> None:
    therapist.goto(f"/sessions/{clinic.start()}/after")
    assert therapist.get_by_text("What did you try?").is_visible()
    therapist.get_by_label("Neither").check()
    assert not therapist.get_by_text("What did you try?").is_visible()


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


def states(page: Page, clinic: World) -> Iterator[str]:  # noqa: PLR0915 -- one line a state
    """Bring the page into each state before, together and after a session, and name it."""
    empty = add_dyad(clinic.practice, clinic.therapist, "Client 02")
    sign_in(page, clinic)
    page.goto("/day/")
    yield "empty day"
    for name in ("before", "together", "ledger"):
        page.goto(f"/clients/{empty.pk}/{name}")
        yield f"empty {name}"
    clinic.course(sessions=4)
    hard = clinic.start(days_ago=1)
    clinic.client_answers(hard, LOW, "Synthetic: a slower start, please.")
    clinic.therapist_answers(hard)
    clinic.start()
    page.goto("/day/")
    yield "day"
    before = f"/clients/{clinic.dyad.pk}/before"
    page.goto(before)
    page.get_by_text("Not today, because…").click()
    yield "before"
    page.get_by_role("button", name="Not today", exact=True).click()
    page.get_by_text("Not today. Another reason.").wait_for()
    yield "put off"
    together = f"/clients/{clinic.dyad.pk}/together"
    page.goto(together)
    yield "together"
    page.locator("#change").evaluate("(e) => { e.removeAttribute('maxlength'); }")
    page.locator("#change").fill("x" * 501)
    page.get_by_role("button", name="Keep this").click()
    page.locator("#errors").wait_for()
    yield "together refused"
    page.locator("#change").fill(WORDS)
    page.get_by_role("button", name="Keep this").click()
    page.get_by_text("Kept:").wait_for()
    yield "kept"
    page.goto("/together/closed")
    yield "closed"
    page.goto(f"/sessions/{hard}/after")
    for summary in page.locator("summary:visible").all():
        summary.click()
    yield "after"
    page.get_by_role("button", name="Keep this").click()
    page.locator("#errors").wait_for()
    yield "after refused"
    page.get_by_label("A rupture").check()
    page.get_by_role("button", name="Keep this").click()
    page.wait_for_url(f"**/sessions/{hard}/")
    page.goto(f"/clients/{clinic.dyad.pk}/ledger")
    for summary in page.locator("summary:visible").all():
        summary.click()
    yield "ledger"
    page.goto("/day/")
    yield "day with what was agreed"
    page.goto("/day/loops")
    page.locator("summary").first.click()
    yield "own loops"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("wide", [True, False], ids=["desktop", "phone"])
def test_axe_finds_nothing_on_the_way(
    clinic: World, new_page: NewPage, scheme: str, *, wide: bool
) -> None:
    # axe is put into the page from outside, which the content policy would rightly refuse
    options = {} if wide else {"viewport": PHONE}
    page = new_page(color_scheme=scheme, bypass_csp=True, **options)
    found = {name: findings(page) for name in states(page, clinic)}
    assert {name: each for name, each in found.items() if each} == {}
    assert len(found) > 12


def test_nothing_overflows_at_320_and_targets_are_large_enough(
    clinic: World, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 320, "height": 700})
    wrong: dict[str, object] = {}
    for name in states(page, clinic):
        across = page.evaluate("document.documentElement.scrollWidth")
        shared = "together" in name or name in {"kept", "closed"}
        small = page.evaluate(BOXES_BY_LABEL, SHARED_TARGET if shared else STAFF_TARGET)
        if across > 320 or small:
            wrong[name] = (across, small)
    assert wrong == {}
