# SPDX-License-Identifier: Apache-2.0
"""The pages of supervisor, lead, researcher and operator: axe, 320 px, and target sizes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from tests.clinic_world import LOW, PASSWORD, WORDS, World
from tests.e2e.conftest import PHONE, NewPage
from tests.e2e.test_access import TARGETS, findings

from attunement.clinic.access.visibility import Visibility, Wish
from attunement.clinic.models import AnswerWish, Login, Perspective, Response
from attunement.clinic.services.break_glass import break_glass
from attunement.clinic.services.promises import choose_visibility
from attunement.clinic.services.team import add_member, link_supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
REASON = "A synthetic emergency, told by phone"


def _sign_in(page: Page, clinic: World, role: str) -> Login:
    login = Login.objects.create_user(
        f"synthetic-{role}", password=PASSWORD, practice=clinic.practice, role=role
    )
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_label("Name or e-mail").fill(login.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    return login


def _states(page: Page, clinic: World) -> Iterator[str]:
    """Bring the page into each state of these people's side, and name it."""
    dyad, now = clinic.dyad, timezone.now()
    supervisor = _sign_in(page, clinic, "supervisor")
    yield "nothing shared"
    lead = Login.objects.create_user("lead-of-all", practice=clinic.practice, role="lead")
    link_supervisor(lead, supervisor_id=supervisor.pk, therapist_id=clinic.therapist.pk, now=now)
    clinic.rated()
    choose_visibility(clinic.login, dyad.pk, visibility=Visibility.SUPERVISOR, now=now)
    hidden = clinic.start()
    clinic.client_answers(hidden, LOW, WORDS)
    clinic.therapist_answers(hidden)
    page.goto("/")
    yield "answers for the supervisor"
    add_member(lead, dyad.pk, login_id=supervisor.pk, place="supervisor", now=now)
    page.goto(f"/team/cases/{dyad.pk}/")
    page.get_by_text("Given to the supervisor").wait_for()
    yield "case"
    page.get_by_role("button", name="Leave this question").click()
    page.locator("#errors").wait_for()
    yield "question refused"
    page.goto("/team/emergency")
    page.get_by_role("button", name="Open for one hour").click()
    page.locator("#errors").wait_for()
    yield "emergency refused"
    page.get_by_label("Code of the").fill(dyad.client.code)
    page.get_by_label("Why, now").fill(REASON)
    page.get_by_role("button", name="Open for one hour").click()
    page.get_by_text("Emergency access until").wait_for()
    yield "emergency"
    AnswerWish(
        response=Response.objects.filter(perspective=Perspective.CLIENT).first(),
        item="3",
        wish=Wish.LEAD_ONLY,
    ).save()
    lead = _sign_in(page, clinic, "lead")
    break_glass(lead, dyad.pk, reason=REASON, now=now)
    for address in (
        "/team/", "/team/answers/", "/team/emergencies/", f"/team/clients/{dyad.pk}/readers",
        f"/clients/{dyad.pk}/visibility",
    ):  # fmt: skip
        page.goto(address)
        yield address.replace(dyad.pk, "")
    page.goto("/team/emergencies/")
    page.get_by_label("What you found").fill("In order")
    page.get_by_role("button", name="Close the review").click()
    page.get_by_role("heading", name="Reviewed").wait_for()
    yield "reviewed"
    for role in ("researcher", "operator"):
        _sign_in(page, clinic, role)
        yield role


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_pages_of_the_team(
    clinic: World, new_page: NewPage, scheme: str
) -> None:
    page = new_page(viewport=PHONE, color_scheme=scheme, bypass_csp=True)
    found = {name: findings(page) for name in _states(page, clinic)}
    assert len(found) >= 13
    assert {name: each for name, each in found.items() if each} == {}


def test_pages_of_the_team_fit_320_pixels_with_targets_large_enough(
    clinic: World, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 320, "height": 640})
    for name in _states(page, clinic):
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert page.evaluate(TARGETS, 24) == [], name


def test_a_closed_session_says_until_when_and_nothing_else(
    clinic: World, new_page: NewPage
) -> None:
    choose_visibility(
        clinic.login, clinic.dyad.pk, visibility=Visibility.DELAYED, delay_days=7,
        now=timezone.now(),
    )  # fmt: skip
    session_id = clinic.start()
    clinic.client_answers(session_id, LOW, WORDS)
    clinic.therapist_answers(session_id)
    page = new_page(viewport=PHONE, bypass_csp=True)
    page.goto("/accounts/login/")
    page.get_by_label("Name or e-mail").fill(clinic.login.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto(f"/sessions/{session_id}/")
    page.get_by_text("are closed until").wait_for()
    assert findings(page) == []
