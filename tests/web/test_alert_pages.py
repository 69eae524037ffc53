# SPDX-License-Identifier: Apache-2.0
"""The pages of answers for review: who sees what, what a link does, what staff pages say first."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic_world import PASSWORD, World, fields, opened, submission_id
from tests.risk_world import PostOffice, on_rota

from attunement.clinic.models import (
    AuditEvent,
    Login,
    RiskAct,
    RiskAlert,
    RiskOutbox,
    Role,
    SignalRecord,
)
from attunement.clinic.services.risk import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("risk_site")]
NOTICE = "A response needs review."
SILENT = "has been silent for more than five minutes"
HOLE = "The rota has a gap"


@pytest.fixture
def lead(world: World) -> Login:
    return Login.objects.create_user(
        "synthetic-lead",
        email="lead@attunement.example",
        password=PASSWORD,
        practice=world.practice,
        role=Role.LEAD,
        display_name="Synthetic Lead",
    )


@pytest.fixture
def work(world: World) -> Any:
    """Return a function that does one round of the worker, with the therapist on the rota."""
    on_rota(world.login)
    post = PostOffice()

    def once() -> PostOffice:
        Worker(send=post.send, ping=lambda: False).round()
        return post

    return once


def browser_of(login: Login) -> Browser:
    browser = Browser()
    browser.force_login(login)
    return browser


def answer(world: World, harm: str = "2") -> RiskAlert | None:
    """Answer the client's form in a client's browser, as a phone without script does."""
    token, _ = world.invite(world.start())
    phone = opened(token)
    page = phone.get("/c/form")
    sent = {
        "submission_id": submission_id(page),
        "item-1": "5",
        "item-2": "5",
        "item-harm": harm,
    }
    received = phone.post("/c/form", sent)
    assert received.status_code == 303, received.content
    return RiskAlert.objects.order_by("-number").first()


def test_form_says_before_answering_where_an_answer_goes_and_holds_whom_to_call(
    world: World,
) -> None:
    token, _ = world.invite(world.start())
    text = opened(token).get("/c/form").content.decode()
    assert "always goes to the people whom the practice has named for it and to its lead" in text
    assert "Nobody watches answers round the clock" in text
    assert "Any answer but “Never” always goes to" in text
    assert "An answer of 2 or more always goes to" in text
    help_now = text.split('data-risk-at="1"')[1].split("</fieldset>")[0]
    assert "data-crisis-now" in help_now
    assert "hidden" in help_now
    assert "000 0000" in help_now
    assert text.count("data-crisis-now") == 2  # on the marked questions, and on no other


def test_words_that_were_shown_are_kept_with_the_answer(world: World) -> None:
    alert = answer(world)
    assert alert is not None
    assert "always goes to the people" in alert.response.who_sees


def test_thanks_page_says_whom_to_call_and_that_people_are_told(world: World) -> None:
    answer(world)
    text = Browser().get("/c/thanks").content.decode()
    assert "the people whom this practice has named for it are being told" in text
    assert "000 0000" in text


def test_form_without_such_questions_says_nothing_of_it(world: World, settings: Any) -> None:
    settings.ATTUNEMENT = dataclasses.replace(
        settings.ATTUNEMENT, client_measure="oac-c", therapist_measure="oac-t"
    )
    token, _ = world.invite(world.start())
    text = opened(token).get("/c/form").content.decode()
    assert "data-crisis-now" not in text
    assert "always goes to" not in text
    assert NOTICE not in world.browser().get("/").content.decode()
    assert SILENT not in world.browser().get("/").content.decode()
    assert "Answers for review" not in world.browser().get("/").content.decode()


def test_notice_stands_on_every_staff_page_until_somebody_acknowledges(
    world: World, work: Any
) -> None:
    alert = answer(world)
    assert alert is not None
    work()
    browser = world.browser()
    for address in ("/", "/signals/", f"/clients/{world.dyad.pk}/", "/design/"):
        text = browser.get(address).content.decode()
        assert NOTICE in text, address
        assert SILENT not in text
    done = browser.post(f"/risk/{alert.public_id}/acknowledge")
    assert (done.status_code, done.headers["Location"]) == (303, f"/risk/{alert.public_id}/")
    assert NOTICE not in browser.get("/").content.decode()


def test_notice_says_how_many_forms_not_how_many_answers(world: World, work: Any) -> None:
    answer(world)
    answer(world)
    work()
    assert "2 responses need review." in world.browser().get("/").content.decode()


def test_rk5_silent_worker_and_a_hole_stand_on_the_pages(world: World, lead: Login) -> None:
    for login, hole in ((world.login, False), (lead, True)):
        text = browser_of(login).get("/").content.decode()
        assert SILENT in text
        assert (HOLE in text) is hole
    on_rota(world.login)
    Worker(send=PostOffice().send, ping=lambda: False).round()
    text = browser_of(lead).get("/").content.decode()
    assert SILENT not in text
    assert HOLE not in text


def test_rk3_following_the_mails_link_and_opening_the_page_acknowledge_nothing(
    world: World, work: Any
) -> None:
    alert = answer(world)
    assert alert is not None
    post = work()
    link = post.written[0][1].split()[-1].removeprefix("http://127.0.0.1:8000")
    assert link == "/review/"
    stranger = Browser()
    for method in ("get", "head"):
        for address in (link, "/risk/", f"/risk/{alert.public_id}/"):
            away = getattr(stranger, method)(address)
            assert away.status_code == 302
            assert away.headers["Location"].startswith("/accounts/login/")
    browser = world.browser()
    assert browser.get(link).headers["Location"] == "/risk/"
    assert browser.get("/risk/").status_code == 200
    assert browser.get(f"/risk/{alert.public_id}/").status_code == 200
    assert browser.get(f"/risk/{alert.public_id}/acknowledge").status_code == 405
    assert not RiskAct.objects.exists()
    assert stranger.post(f"/risk/{alert.public_id}/acknowledge").status_code == 302
    assert not RiskAct.objects.exists()


def test_rk3_acknowledging_from_another_site_is_refused(world: World, work: Any) -> None:
    alert = answer(world)
    assert alert is not None
    work()
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(world.login)
    sent = browser.post(f"/risk/{alert.public_id}/acknowledge")
    assert sent.status_code == 403
    assert not RiskAct.objects.exists()


def test_page_shows_both_times_the_code_and_who_was_told_and_never_the_answer(
    world: World, work: Any, lead: Login
) -> None:
    alert = answer(world, harm="3")
    assert alert is not None
    work()
    text = browser_of(lead).get(f"/risk/{alert.public_id}/").content.decode()
    for part in (
        "Client 01",
        "Synthetic Therapist 01",
        "synthetic thoughts",
        "Answered",
        "Received",
        "first on the rota",
        "by mail",
        "I look after it",
    ):
        assert part in text, part
    for hidden in ("Always", "Synthetic Client 01", ">3<", "= 3", "Synthetic question"):
        assert hidden not in text, hidden


def test_way_from_waiting_to_closed(world: World, work: Any, lead: Login) -> None:
    alert = answer(world)
    assert alert is not None
    work()
    page = f"/risk/{alert.public_id}/"
    chief, own = browser_of(lead), world.browser()
    early = own.post(f"{page}close", {"reason": "Called back."})
    assert early.status_code == 422
    assert "Please acknowledge it first" in early.content.decode()
    assert "Nobody has acknowledged yet" in chief.get("/risk/").content.decode()
    chief.post(f"{page}acknowledge")
    in_hand = chief.get("/risk/").content.decode()
    assert "Nobody has acknowledged yet" not in in_hand
    assert "Somebody looks after each of those below." in in_hand
    assert own.post(f"{page}acknowledge").status_code == 303  # the first stays
    empty = own.post(f"{page}close", {"reason": " "})
    assert empty.status_code == 422
    assert "Please say in a few words what was done" in empty.content.decode()
    hostile = "<img src=x onerror=alert(1)> {{7*7}}"
    assert own.post(f"{page}close", {"reason": hostile}).status_code == 303
    text = chief.get(page).content.decode()
    assert "Synthetic Lead</strong> has looked after it" in text
    assert "&lt;img src=x onerror=alert(1)&gt; {{7*7}}" in text
    assert "Nothing waits" in chief.get("/risk/").content.decode()
    assert "1 closed" in chief.get("/risk/").content.decode()
    acts = AuditEvent.objects.filter(action__startswith="alert.").values_list("action", flat=True)
    assert {"alert.raise", "alert.tell", "alert.mail", "alert.acknowledge", "alert.close"} <= set(
        acts
    )
    assert hostile not in str(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_list_of_somebody_who_is_not_named_is_empty_and_the_alert_like_none(
    world: World, work: Any
) -> None:
    colleague = Login.objects.create_user(
        "colleague", password=PASSWORD, practice=world.practice, role=Role.THERAPIST
    )
    alert = answer(world)
    assert alert is not None
    work()
    browser = browser_of(colleague)
    page = browser.get("/risk/")
    assert "Nothing waits" in page.content.decode()
    assert "Client 01" not in page.content.decode()
    assert NOTICE not in browser.get("/").content.decode()
    found = browser.get(f"/risk/{alert.public_id}/")
    none = browser.get(f"/risk/{'a' * 26}/")
    assert found.status_code == none.status_code == 404
    assert len(found.content) == len(none.content)
    for verb in ("acknowledge", "close"):
        assert browser.post(f"/risk/{alert.public_id}/{verb}", {"reason": "x"}).status_code == 404
    assert not RiskAct.objects.exists()
    operator = Login.objects.create_user(
        "operator", password=PASSWORD, practice=world.practice, role=Role.OPERATOR
    )
    assert browser_of(operator).get("/risk/").status_code == 404


def test_hf5_risk_answer_of_a_form_that_waits_for_the_other_chair_is_told_all_the_same(
    world: World, work: Any
) -> None:
    alert = answer(world)
    assert alert is not None  # the therapist's own form is not in
    work()
    assert alert.public_id in world.browser().get("/risk/").content.decode()
    assert not SignalRecord.objects.exists()


def test_site_in_its_words_says_what_to_do(world: World, work: Any, settings: Any) -> None:
    rule = dataclasses.replace(settings.ATTUNEMENT.risk, procedure="Call the\n<b>client</b>.")
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, risk=rule)
    alert = answer(world)
    assert alert is not None
    work()
    for address in ("/risk/", f"/risk/{alert.public_id}/"):
        text = world.browser().get(address).content.decode()
        assert "What to do" in text
        assert "&lt;b&gt;client&lt;/b&gt;" in text


def test_row_63_on_the_page_sent_twice_is_one_alert(world: World) -> None:
    token, _ = world.invite(world.start())
    phone = opened(token)
    sent = fields({"1": 5, "2": 5}) | {
        "submission_id": submission_id(phone.get("/c/form")),
        "item-harm": "1",
    }
    answers = [phone.post("/c/form", sent) for _ in range(3)]
    assert {each.status_code for each in answers} == {303}
    assert RiskAlert.objects.count() == RiskOutbox.objects.count() == 1
    assert RiskAlert.objects.get().received_at <= timezone.now()
