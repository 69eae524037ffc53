# SPDX-License-Identifier: Apache-2.0
"""The link's two forms, words for the lead alone, and the client's own chart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic_world import HIGH, PASSWORD, World, fields, opened, submission_id, without_nonces

from attunement.clinic.config.model import Capture
from attunement.clinic.models import (
    AuditEvent,
    ChartPermission,
    Client,
    Login,
    PrivateMessage,
    Response,
    Role,
)
from attunement.clinic.services.own_chart import LIFE, MOST_TRIES


@pytest.fixture
def capture(settings: Any) -> Any:
    def put(**keys: Any) -> None:
        settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(**keys))

    return put


@pytest.fixture
def lead(world: World) -> Browser:
    made = Login.objects.create_user(
        "synthetic-lead", password=PASSWORD, role=Role.LEAD, practice=world.practice
    )
    browser = Browser()
    browser.force_login(made)
    return browser


def _mark(browser: Browser) -> str:
    return next(name for name in browser.cookies if name.startswith("c_")).removeprefix("c_")


def _sent(world: World, session_id: str) -> Browser:
    browser = opened(world.invite(session_id)[0])
    page = browser.get("/c/form")
    answer = browser.post("/c/form", fields(HIGH) | {"submission_id": submission_id(page)})
    assert answer.status_code == 303
    return browser


def test_a_link_with_two_forms_asks_which_is_meant(world: World, capture: Any) -> None:
    capture(before="phq-2")
    browser = opened(world.invite(world.start())[0])
    page = browser.get("/c/form").content.decode()
    assert "Have you met yet?" in page
    mark = _mark(browser)
    before = browser.get(f"/c/form?f={mark}&m=before")
    text = before.content.decode()
    assert "Before the session" in text
    assert text.count("Over the last 2 weeks") == 2  # above each of its two questions
    assert "can read these answers at once" in text
    sent = {"item-1": "1", "item-2": "0", "moment": "before", "extra-new-goal": "Synthetic goal"}
    answer = browser.post("/c/form", sent | {"submission_id": submission_id(before)})
    assert answer.status_code == 303
    thanks = browser.get(answer.headers["Location"]).content.decode()
    assert "open the same link again" in thanks
    after = browser.get("/c/form")
    assert "How was the session?" in after.content.decode()
    answer = browser.post(
        "/c/form", fields(HIGH) | {"moment": "after", "submission_id": submission_id(after)}
    )
    assert (
        "open the same link again" not in browser.get(answer.headers["Location"]).content.decode()
    )
    assert Response.objects.count() == 2
    assert browser.get("/c/form").status_code == 200  # "your answers arrived"


def test_the_page_of_a_link_with_two_forms_says_that_it_opens_both(
    world: World, capture: Any
) -> None:
    capture(before="phq-2")
    page = world.browser().post(f"/sessions/{world.start()}/invite").content.decode()
    assert "It opens the form before and the form after the session, each once, until" in page
    assert "It works once" not in page


def test_a_refused_form_comes_back_with_everything_that_was_typed(world: World) -> None:
    browser = opened(world.invite(world.start())[0])
    page = browser.get("/c/form")
    asked = page.content.decode().partition('name="extra-ask-')[2].partition('"')[0]
    sent = {
        "item-1": "9",
        "item-2": "3",
        f"extra-ask-{asked}": "Synthetic <b>words</b>",
        "wish-2": "lead_only",
        "wish": "raise",
        "submission_id": submission_id(page),
    }
    again = browser.post("/c/form", sent)
    text = again.content.decode()
    assert again.status_code == 422
    assert "Synthetic &lt;b&gt;words&lt;/b&gt;" in text
    assert 'name="wish-2" value="lead_only" checked' in text
    assert 'name="wish" value="raise" checked' in text
    assert not Response.objects.exists()


def test_words_for_the_lead_reach_the_lead_alone(world: World, lead: Browser) -> None:
    session_id = world.start()
    staff = world.browser()
    world.therapist_answers(session_id)
    paths = ("/", f"/clients/{world.dyad.pk}/", f"/sessions/{session_id}/", "/signals/")
    browser = opened(world.invite(session_id)[0])
    mark = _mark(browser)
    before = [without_nonces(staff.get(path)) for path in paths]
    page = browser.get(f"/c/say?f={mark}")
    assert "Only the lead of the practice reads this." in page.content.decode()
    sent = {
        "submission_id": submission_id(page),
        "kind": "another",
        "words": "Synthetic <script>words</script> {{7*7}}",
    }
    assert "Only the lead of the practice reads it" in browser.post("/c/say", sent).content.decode()
    assert browser.post("/c/say", sent).status_code == 200  # a second tap
    kept = PrivateMessage.objects.get()
    assert "Synthetic" not in kept.words
    assert [without_nonces(staff.get(path)) for path in paths] == before
    assert staff.get("/team/messages").status_code == 404
    shown = lead.get("/team/messages").content.decode()
    assert "Would like another therapist" in shown
    assert "Synthetic &lt;script&gt;words&lt;/script&gt; {{7*7}}" in shown
    assert lead.post(f"/team/messages/{kept.pk}/take").status_code == 302
    assert "Nothing waits for you" in lead.get("/team/messages").content.decode()
    assert staff.post(f"/team/messages/{kept.pk}/take").status_code == 404
    assert not any("Synthetic" in str(event.detail) for event in AuditEvent.objects.all())


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "message", "words": ""},
        {"kind": "message", "words": "   "},
        {"kind": "", "words": "Synthetic"},
        {"kind": "complaint", "words": "Synthetic"},
        {"kind": ["message", "another"], "words": "Synthetic"},
        {"kind": "message", "words": "x" * 10_001},
        {"kind": "message", "words": "Synthetic \x00"},
    ],
)
def test_words_that_cannot_be_taken_store_nothing(world: World, sent: dict[str, Any]) -> None:
    browser = opened(world.invite(world.start())[0])
    page = browser.get(f"/c/say?f={_mark(browser)}")
    if isinstance(sent["kind"], list):
        sent = sent | {"kind": "message,another"}
    answer = browser.post("/c/say", sent | {"submission_id": submission_id(page)})
    assert answer.status_code == 422
    assert not PrivateMessage.objects.exists()


@pytest.mark.parametrize("form_in", [False, True])
def test_after_words_for_the_lead_the_way_back_is_there_while_the_form_is_not_in(
    world: World, *, form_in: bool
) -> None:
    session_id = world.start()
    browser = _sent(world, session_id) if form_in else opened(world.invite(session_id)[0])
    page = browser.get(f"/c/say?f={_mark(browser)}")
    sent = {"submission_id": submission_id(page), "kind": "message", "words": "Synthetic"}
    said = browser.post("/c/say", sent).content.decode()
    assert ("Back to the form" in said) is not form_in


def test_words_without_an_opened_link_are_not_taken(world: World) -> None:
    assert Browser().get("/c/say").status_code == 404
    sent = {"submission_id": "x", "kind": "message", "words": "Synthetic"}
    assert Browser().post("/c/say", sent).status_code == 404
    browser = opened(world.invite(world.start())[0])
    page = browser.get(f"/c/say?f={_mark(browser)}")
    for _ in range(5):
        page = browser.get(f"/c/say?f={_mark(browser)}")
        kept = browser.post("/c/say", sent | {"submission_id": submission_id(page)})
        assert kept.status_code == 200
    page = browser.get(f"/c/say?f={_mark(browser)}")
    assert browser.post("/c/say", sent | {"submission_id": submission_id(page)}).status_code == 422
    assert PrivateMessage.objects.count() == 5


def test_the_own_chart_opens_once_after_sending_and_a_second_check(
    world: World, capture: Any
) -> None:
    capture(own_chart=True)
    Client.objects.filter(pk=world.dyad.client_id).update(birth_year=1984)
    world.course()
    session_id = world.start()
    browser = opened(world.invite(session_id)[0])
    mark = _mark(browser)
    assert browser.get(f"/c/chart?f={mark}").status_code == 404  # nothing was sent yet
    page = browser.get("/c/form")
    answer = browser.post("/c/form", fields(HIGH) | {"submission_id": submission_id(page)})
    thanks = browser.get(answer.headers["Location"]).content.decode()
    assert f"/c/chart?f={mark}" in thanks
    asked = browser.get(f"/c/chart?f={mark}").content.decode()
    assert "year of birth" in asked
    assert "<figure" not in asked
    wrong = browser.post("/c/chart", {"f": mark, "answer": "1983"})
    assert wrong.status_code == 422
    shown = browser.post("/c/chart", {"f": mark, "answer": "1984"}).content.decode()
    assert "<figure" in shown
    assert "4.9" in shown  # the mean of the client's own answers: (5+4+5+6+5+4+5) / 7
    assert "Therapist" not in shown  # nothing of the other chair
    assert browser.get(f"/c/chart?f={mark}").status_code == 404  # once
    assert browser.post("/c/chart", {"f": mark, "answer": "1984"}).status_code == 404
    kept = browser.post("/c/chart/number", {"f": mark, "pin": "4711"})
    assert kept.status_code == 200
    other = _sent(world, world.start())
    mark = _mark(other)
    assert "number that you chose" in other.get(f"/c/chart?f={mark}").content.decode()
    assert other.post("/c/chart", {"f": mark, "answer": "1984"}).status_code == 422
    assert "<figure" in other.post("/c/chart", {"f": mark, "answer": "4711"}).content.decode()


def test_five_wrong_answers_close_the_chart_until_tomorrow(world: World, capture: Any) -> None:
    capture(own_chart=True)
    Client.objects.filter(pk=world.dyad.client_id).update(birth_year=1984)
    browser = _sent(world, world.start())
    mark = _mark(browser)
    tried = [
        browser.post("/c/chart", {"f": mark, "answer": str(1900 + number)}).status_code
        for number in range(MOST_TRIES)
    ]
    assert tried == [422] * (MOST_TRIES - 1) + [404]
    assert browser.post("/c/chart", {"f": mark, "answer": "1984"}).status_code == 404
    again = _sent(world, world.start())  # a new link does not help
    mark = _mark(again)
    assert "tomorrow" in again.get(f"/c/chart?f={mark}").content.decode()
    assert again.post("/c/chart", {"f": mark, "answer": "1984"}).status_code == 422


def test_the_chart_needs_to_be_offered_fresh_and_known(
    world: World, capture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = _sent(world, world.start())
    mark = _mark(browser)
    assert browser.get(f"/c/chart?f={mark}").status_code == 404  # not offered by default
    capture(own_chart=True)
    assert "has not noted your year of birth" in browser.get(f"/c/chart?f={mark}").content.decode()
    Client.objects.filter(pk=world.dyad.client_id).update(birth_year=1984)
    ChartPermission.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert browser.post("/c/chart", {"f": mark, "answer": "1984"}).status_code == 404
    ChartPermission.objects.all().delete()
    later = timezone.now() + timedelta(minutes=16)
    monkeypatch.setattr("attunement.clinic.pages.own_chart.timezone.now", lambda: later)
    assert browser.get(f"/c/chart?f={mark}").status_code == 404  # too long ago
    assert timedelta(minutes=30) > LIFE
    assert Browser().post("/c/chart/number", {"f": mark, "pin": "4711"}).status_code == 404


def test_the_own_chart_is_offered_only_where_something_is_noted_that_opens_it(
    world: World, capture: Any
) -> None:
    capture(own_chart=True)
    offer = "See how it has been over time"
    for year, offered in ((None, False), (1984, True)):
        Client.objects.filter(pk=world.dyad.client_id).update(birth_year=year)
        browser = opened(world.invite(world.start())[0])
        page = browser.get("/c/form")
        assert (offer in page.content.decode()) is offered  # shown by script once it is sent
        answer = browser.post("/c/form", fields(HIGH) | {"submission_id": submission_id(page)})
        thanks = browser.get(answer.headers["Location"]).content.decode()
        assert (offer in thanks) is offered
        assert "Say something to the lead" in thanks


def test_a_kiosk_form_opens_no_chart(world: World, capture: Any) -> None:
    capture(own_chart=True)
    Client.objects.filter(pk=world.dyad.client_id).update(birth_year=1984)
    browser = _sent(world, world.start())
    with_mode = Response.objects.get()
    from django.db import connection  # noqa: PLC0415 -- only to play a shared screen

    from attunement.clinic.store.triggers import statements  # noqa: PLC0415 -- as above

    with connection.cursor() as cursor:
        for line in statements(connection.vendor, create=False, tables=("clinic_response",)):
            cursor.execute(line)
        cursor.execute("UPDATE clinic_response SET mode = 'kiosk' WHERE id = %s", [with_mode.pk])
        for line in statements(connection.vendor, create=True, tables=("clinic_response",)):
            cursor.execute(line)
    assert browser.get(f"/c/chart?f={_mark(browser)}").status_code == 404
