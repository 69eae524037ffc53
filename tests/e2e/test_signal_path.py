# SPDX-License-Identifier: Apache-2.0
"""From a question to its why, to what became of it, to how the rules did."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.clinic_world import LOW, PASSWORD, World, add_dyad
from tests.e2e.conftest import NewPage

from attunement.clinic.models import Login, Role

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_question_is_answered_and_counted(
    clinic: World, new_page: NewPage, *, script: bool
) -> None:
    for index in range(10):
        dyad = clinic.dyad
        if index:
            dyad = add_dyad(clinic.practice, clinic.therapist, f"Client {index + 1:02d}")
        clinic.rated(dyad, days_ago=1, answers=LOW)
    Login.objects.create_user(
        username="synthetic-lead", password=PASSWORD, practice=clinic.practice, role=Role.LEAD
    )

    # The therapist sees two places taken, opens one question, reads why, and answers.
    therapist = new_page(java_script_enabled=script)
    enter(therapist, clinic.login.username, "Today")
    therapist.get_by_role("link", name="Your clients").click()
    expect(therapist.locator(".row-question")).to_have_count(2)
    therapist.get_by_role("link", name="2 questions to you this week").click()
    therapist.get_by_role("heading", name="More that were not shown").wait_for()
    expect(therapist.locator(".question-line")).to_have_count(10)
    therapist.locator(".question-line a").first.click()
    therapist.get_by_role("heading", name="Why this question").wait_for()
    for piece in ("Rule", "Threshold", "By chance", "Source", "What it cannot tell"):
        expect(therapist.locator("dt", has_text=piece).first).to_be_visible()
    therapist.get_by_label("There was a rupture, or a strain that mattered").check()
    therapist.get_by_label("Something had been difficult").check()
    therapist.get_by_label("Why, in a few words").fill("Synthetic: we spoke about the pace.")
    therapist.get_by_role("button", name="Keep this answer").click()
    therapist.get_by_text("You said on").wait_for()
    assert therapist.get_by_label("Why, in a few words").input_value().startswith("Synthetic")
    therapist.goto("/signals/")
    assert "2 of 2 places taken" in therapist.inner_text("main")

    # The lead sees the rules over everybody together, and no name.
    lead = new_page(java_script_enabled=script)
    enter(lead, "synthetic-lead", "Clients of the practice")
    lead.get_by_role("link", name="Rules").click()
    lead.get_by_role("heading", name="How the rules did").wait_for()
    said = lead.inner_text("main")
    assert "Of 1 signal with an answer, 1 was about a rupture: 100 %" in said
    assert "Synthetic: we spoke" not in said
    assert "Client 01" not in said
    lead.get_by_role("link", name="Try another threshold").click()
    lead.get_by_role("heading", name="On the past").wait_for()
    lead.get_by_label("5 in 100 people", exact=True).check()
    lead.get_by_role("button", name="Look at the past").click()
    lead.get_by_role("button", name="Save this threshold").click()
    lead.get_by_role("heading", name="How the rules did").wait_for()
    assert "5 in 100 people within 12 sessions" in lead.inner_text("main")


def enter(page: Page, name: str, heading: str) -> None:
    page.goto("/")
    page.get_by_label("Name or e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name=heading, exact=True).wait_for()
