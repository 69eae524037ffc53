# SPDX-License-Identifier: Apache-2.0
"""Fewer readers by the client and by a lead, asking for more, and who looked, for the client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic_world import HIGH, PASSWORD, World, fields, opened, submission_id

from attunement.clinic.config.model import Capture
from attunement.clinic.models import (
    AuditEvent,
    Client,
    Login,
    Role,
    VisibilityChange,
    WideningRequest,
)
from attunement.clinic.services.break_glass import break_glass
from attunement.clinic.services.promises import choose_visibility
from attunement.clinic.services.team import add_member

NAME = "Synthetic Therapist 01"


@pytest.fixture
def lead(world: World) -> Login:
    return Login.objects.create_user(
        "synthetic-lead",
        password=PASSWORD,
        role=Role.LEAD,
        practice=world.practice,
        display_name="Synthetic Lead",
    )


def _browser(login: Login) -> Browser:
    browser = Browser()
    browser.force_login(login)
    return browser


def _sent(world: World, session_id: str) -> tuple[Browser, str, str]:
    """Send a form; return the browser, the link's mark in it, and the page of thanks."""
    browser = opened(world.invite(session_id)[0])
    page = browser.get("/c/form")
    answer = browser.post("/c/form", fields(HIGH) | {"submission_id": submission_id(page)})
    mark = next(name for name in browser.cookies if name.startswith("c_")).removeprefix("c_")
    return browser, mark, browser.get(answer.headers["Location"]).content.decode()


def test_a_client_lets_fewer_people_see_what_was_just_sent(world: World) -> None:
    session_id = world.start()
    early = opened(world.invite(session_id)[0])
    early_mark = next(n for n in early.cookies if n.startswith("c_")).removeprefix("c_")
    assert early.get(f"/c/fewer?f={early_mark}").status_code == 404  # nothing was sent yet
    browser, mark, thanks = _sent(world, session_id)
    assert f"/c/fewer?f={mark}" in thanks
    page = browser.get(f"/c/fewer?f={mark}").content.decode()
    assert "You were told: “Your therapist can read these answers" in page
    assert 'value="sealed"' in page
    assert 'value="supervisor"' not in page  # that would be other people, not fewer
    for wrong in ("supervisor", "open", "everybody", ""):
        assert browser.post("/c/fewer", {"f": mark, "narrower": wrong}).status_code == 404
    assert not VisibilityChange.objects.exists()
    done = browser.post("/c/fewer", {"f": mark, "narrower": "sealed"}).content.decode()
    assert "Fewer people see it now" in done
    change = VisibilityChange.objects.get()
    assert (change.visibility, change.changed_by) == ("sealed", "client-link")
    world.therapist_answers(session_id)
    waiting = world.browser().get(f"/sessions/{session_id}/").content.decode()
    assert "Waiting for both" in waiting
    assert "fewer is not possible" in browser.get(f"/c/fewer?f={mark}").content.decode()


def test_what_had_opened_cannot_be_taken_back_and_the_page_says_so(world: World) -> None:
    session_id = world.start()
    world.therapist_answers(session_id)
    browser, mark, _ = _sent(world, session_id)
    said = browser.post("/c/fewer", {"f": mark, "narrower": "sealed"}).content.decode()
    assert "It had opened already" in said
    assert not VisibilityChange.objects.exists()


def test_a_lead_lets_fewer_people_see_and_learns_nothing_by_it(world: World, lead: Login) -> None:
    answered, unanswered, open_already = world.start(), world.start(), world.rated()
    world.client_answers(answered, HIGH)
    browser, own = _browser(lead), f"/clients/{world.dyad.pk}/visibility"
    assert "Fewer people for one earlier form" in browser.get(own).content.decode()
    assert "Fewer people for one earlier form" not in world.browser().get(own).content.decode()
    pages = {
        browser.post(f"{own}/fewer", {"session": one, "narrower": "sealed"}).content
        for one in (answered, unanswered, open_already)
    }
    assert len(pages) == 1
    assert VisibilityChange.objects.get().response.session_id == answered
    assert browser.post(f"{own}/fewer", {"session": answered, "narrower": "x"}).status_code == 422
    assert browser.post(f"{own}/fewer", {"session": "x", "narrower": "end"}).status_code == 404
    refused = world.browser().post(f"{own}/fewer", {"session": answered, "narrower": "end"})
    assert refused.status_code == 404


def test_a_therapist_asks_for_more_from_the_page_where_it_is_closed(world: World) -> None:
    session_id = world.rated()
    browser, button = world.browser(), "whether you may read them"
    assert button not in browser.get(f"/sessions/{session_id}/").content.decode()  # all is open
    for mode in ("end", "scores"):
        choose_visibility(world.login, world.dyad.pk, visibility=mode, now=timezone.now())
        session_id = world.rated()
        page = browser.get(f"/sessions/{session_id}/").content.decode()
        assert button in page
        assert f'action="/sessions/{session_id}/widen"' in page
        noted = browser.post(f"/sessions/{session_id}/widen").content.decode()
        assert f'href="/sessions/{session_id}/"' in noted
    assert WideningRequest.objects.count() == 2


def test_a_client_sees_which_roles_looked_after_the_second_check(
    world: World, lead: Login, settings: Any
) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(own_chart=True))
    Client.objects.filter(pk=world.dyad.client_id).update(birth_year=1984)
    session_id = world.rated()
    therapist = world.browser()
    for _ in range(2):
        assert therapist.get(f"/sessions/{session_id}/").status_code == 200
    reason = "Synthetic reason: nobody could reach the therapist today."
    break_glass(lead, world.dyad.pk, reason=reason, now=timezone.now())
    browser, mark, thanks = _sent(world, world.start())
    assert "and who looked" in thanks
    assert browser.get(f"/c/looked?f={mark}").status_code == 404  # the second check first
    assert browser.post("/c/chart", {"f": mark, "answer": "1985"}).status_code == 422
    assert browser.get(f"/c/looked?f={mark}").status_code == 404
    chart = browser.post("/c/chart", {"f": mark, "answer": "1984"}).content.decode()
    assert f"/c/looked?f={mark}" in chart
    page = browser.get(f"/c/looked?f={mark}").content.decode()
    assert "Your therapist looked at your answers, 2 times." in page
    assert "A lead of the practice in an emergency: opened how to reach you" in page
    for hidden in (NAME, "Synthetic Lead", reason, "nobody could reach"):
        assert hidden not in page
    assert Browser().get(f"/c/looked?f={mark}").status_code == 404


def test_a_year_of_birth_is_noted_corrected_and_never_shown(
    world: World, lead: Login, settings: Any
) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(own_chart=True))
    own = f"/clients/{world.dyad.pk}/visibility"
    address = f"/clients/{world.dyad.pk}/birth-year"
    assert "None is noted" in world.browser().get(own).content.decode()
    for wrong in ("84", "1799", "2999", "19 84", "\u0661\u0669\u0668\u0664", "born"):
        refused = world.browser().post(address, {"year": wrong})
        assert (refused.status_code, b"in four digits" in refused.content) == (422, True)
    for login, year in ((world.login, "1985"), (lead, "1984")):
        assert _browser(login).post(address, {"year": year}).status_code == 303
        page = _browser(login).get(own).content.decode()
        assert "One is noted" in page
        assert year not in page
    assert Client.objects.get(pk=world.dyad.client_id).birth_year == 1984
    events = AuditEvent.objects.filter(action="birth_year.note", outcome="done")
    assert [event.actor for event in events] == [world.login.pk, lead.pk]
    assert not any("198" in str(event.detail) for event in events)
    browser, mark, _ = _sent(world, world.start())
    assert "<figure" in browser.post("/c/chart", {"f": mark, "answer": "1984"}).content.decode()
    world.browser().post(address, {"year": ""})
    assert Client.objects.get(pk=world.dyad.client_id).birth_year is None
    supervisor = Login.objects.create_user(
        "synthetic-supervisor", practice=world.practice, role=Role.SUPERVISOR
    )
    assert _browser(supervisor).post(address, {"year": "1984"}).status_code == 404


def test_a_shared_case_says_why_few_sessions_show(world: World, lead: Login) -> None:
    supervisor = Login.objects.create_user(
        "synthetic-supervisor", practice=world.practice, role=Role.SUPERVISOR
    )
    add_member(lead, world.dyad.pk, login_id=supervisor.pk, place="supervisor", now=timezone.now())
    browser, address = _browser(supervisor), f"/team/cases/{world.dyad.pk}/"
    only = "Only sessions stand here whose answers the client was told that you may read"
    no_count = "How many others there are is not said"
    for n_shown in (0, 1, 1):
        page = browser.get(address).content.decode()
        assert only in page
        assert no_count in page
        assert page.count('id="session-') == n_shown
        world.rated()
        choose_visibility(world.login, world.dyad.pk, visibility="sealed", now=timezone.now())
