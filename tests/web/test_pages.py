# SPDX-License-Identifier: Apache-2.0
"""Each page as a browser without script gets it."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta

import pytest
from django.shortcuts import render
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils import timezone
from django.utils.html import escape
from pytest_django import Settings
from tests.clinic_world import (
    HIGH,
    PASSWORD,
    WORDS,
    World,
    add_dyad,
    fields,
    make_world,
    opened,
    submission_id,
    without_nonces,
)

from attunement.clinic.config.model import Words
from attunement.clinic.models import Login, Prediction, Role
from attunement.clinic.pages import client, house, staff
from attunement.clinic.pages.shown import day
from attunement.measures import load, load_text

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)
FOREIGN = re.compile(r'(?:src|href|action)="(?:https?:)?//', re.IGNORECASE)


def staff_pages(world: World) -> dict[str, str]:
    *_, last = world.course(sessions=4)
    waiting = world.start(days_ago=1)
    world.therapist_answers(waiting)
    fresh = world.start()
    return {
        "caseload": "/",
        "dyad": f"/clients/{world.dyad.pk}/",
        "new": f"/clients/{world.dyad.pk}/sessions/new",
        "revealed": f"/sessions/{last}/",
        "waiting": f"/sessions/{waiting}/",
        "fresh": f"/sessions/{fresh}/",
        "invite": f"/sessions/{fresh}/invite",
        "rate": f"/sessions/{fresh}/rate",
        "design": "/design/",
        "logout": "/accounts/logout/",
    }


def test_staff_pages_are_whole_documents_without_inline_code(world: World) -> None:
    browser = world.browser()
    for name, address in staff_pages(world).items():
        page = browser.get(address)
        text = page.content.decode()
        assert page.status_code == 200, name
        assert '<html lang="en">' in text, name
        assert text.count("<h1") == 1, name
        assert not INLINE.search(text), (name, INLINE.search(text))
        assert not FOREIGN.search(text.replace("http://127.0.0.1:8000", "")), name


def test_invite_page_shows_link_code_and_picture_once(world: World) -> None:
    session_id = world.start()
    browser = world.browser()
    assert b"<svg" not in browser.get(f"/sessions/{session_id}/invite").content.split(b"<main")[1]
    page = browser.post(f"/sessions/{session_id}/invite")
    text = page.content.decode()
    assert re.search(r'value="http://127\.0\.0\.1:8000/c/#[\w-]{43}"', text)
    assert re.search(r'class="code">[A-Z0-9]{5}-[A-Z0-9]{5}<', text)
    assert '<div class="qr"><svg' in text
    assert "It works once, until" in text
    assert not INLINE.search(text)


@pytest.mark.django_db
def test_caseload_without_clients_says_what_will_be_there() -> None:
    page = make_world(dyads=0).browser().get("/")
    assert b"Nobody here yet" in page.content


def test_caseload_is_in_the_order_of_codes_whatever_the_scores(world: World) -> None:
    second = add_dyad(world.practice, world.therapist, "Client 02")
    world.rated(second, answers=HIGH, days_ago=1)
    world.rated(world.dyad, days_ago=40)
    text = world.browser().get("/").content.decode()
    assert text.index("Client 01") < text.index("Client 02")


def test_client_form_has_no_name_no_code_and_nothing_chosen(world: World) -> None:
    token, _ = world.invite(world.start())
    page = opened(token).get("/c/form")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Synthetic Client" not in text
    assert "Client 01" not in text
    assert "Synthetic Therapist" not in text
    assert " checked" not in text
    assert "Who sees this." in text
    assert "000 0000" in text
    assert "How far was it put right" in text  # the follow-up is there without script
    # Seven words and a skip; five and a skip; four wishes with each question and with them all.
    assert text.count('type="radio"') == 8 * 8 + 6 + 11 * 4
    assert not INLINE.search(text)


def test_client_form_by_short_code_without_script(world: World) -> None:
    _, code = world.invite(world.start())
    browser = Browser()
    assert browser.get("/c/").status_code == 200
    answer = browser.post("/c/open", {"token": "", "code": code.lower().replace("-", " ")})
    assert answer.status_code == 303
    assert browser.get("/c/form").status_code == 200


def test_sent_form_is_thanked_for_and_never_shown_again(world: World) -> None:
    token, _ = world.invite(world.start())
    browser = opened(token)
    form = browser.get("/c/form")
    sent = fields(HIGH, WORDS) | {"submission_id": submission_id(form)}
    answer = browser.post("/c/form", sent)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/c/thanks?f=")
    thanks = browser.get("/c/thanks").content.decode()
    assert "Thank you" in thanks
    assert "<time" in thanks
    assert WORDS not in thanks
    back = browser.get("/c/form")
    assert back.status_code == 200
    assert b"Your answers arrived" in back.content
    assert WORDS.encode() not in back.content
    assert b"<time" not in browser.get("/c/thanks").content  # told once


def test_mistakes_are_said_in_place_and_linked_from_above(world: World) -> None:
    token, _ = world.invite(world.start())
    browser = opened(token)
    form = browser.get("/c/form")
    sent = fields(HIGH, WORDS) | {"submission_id": submission_id(form), "item-3": "9"}
    page = browser.post("/c/form", sent)
    text = page.content.decode()
    assert page.status_code == 422
    assert '<a href="#q3">Question 3: ' in text
    assert 'id="q3-error"' in text
    assert 'aria-describedby="q3-error"' in text
    assert WORDS in text  # what was typed is not lost
    assert 'id="q1-5" name="item-1" value="5" checked' in text
    assert submission_id(page) == submission_id(form)


def test_rate_form_keeps_a_wrong_prediction_and_says_so(world: World) -> None:
    session_id = world.start()
    browser = world.browser()
    form = browser.get(f"/sessions/{session_id}/rate")
    sent = fields(HIGH) | {"submission_id": submission_id(form), "predicted_total": "7"}
    page = browser.post(f"/sessions/{session_id}/rate", sent)
    text = page.content.decode()
    assert page.status_code == 422
    assert '<a href="#prediction-input">Your guess: ' in text
    assert 'id="prediction-error"' in text
    assert 'value="7"' in text


def test_revealed_session_shows_both_chairs_items_guess_and_words(world: World) -> None:
    world.course(sessions=4)
    session_id = world.start()
    world.client_answers(session_id, {**HIGH, "1": 1, "8": 4, "8a": 0}, WORDS)
    world.therapist_answers(session_id)
    text = world.browser().get(f"/sessions/{session_id}/").content.decode()
    for piece in ("<svg", "<table", "What you expected", WORDS, "Why this question?", "By chance"):
        assert piece in text, piece


def test_starting_a_session_twice_from_the_same_page_starts_one(world: World) -> None:
    browser = world.browser()
    address = f"/clients/{world.dyad.pk}/sessions/new"
    sent = {"session_no": "1", "held_on": "2026-11-20", "modality": "video"}
    first = browser.post(address, sent)
    second = browser.post(address, sent)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]


@pytest.mark.parametrize(
    "sent",
    [
        {"session_no": "1", "held_on": "31.02.2026", "modality": "video"},
        {"session_no": "1", "held_on": "2026-02-31", "modality": "video"},
        {"session_no": "1", "held_on": "2026-11-20", "modality": "carrier pigeon"},
        {"session_no": "9", "held_on": "2026-11-20", "modality": "video"},
        {"session_no": "1", "held_on": "2999-01-01", "modality": "video"},
        {},
    ],
)
def test_session_with_impossible_details_is_refused_in_place(
    world: World, sent: dict[str, str]
) -> None:
    page = world.browser().post(f"/clients/{world.dyad.pk}/sessions/new", sent)
    assert page.status_code == 422
    assert b'id="errors"' in page.content
    assert world.dyad.sessions.count() == 0


def test_row_71_foreign_record_and_no_record_give_the_same_page(world: World) -> None:
    other = make_world(login="another-therapist")
    session_id = other.start()
    browser = world.browser()
    nothing = browser.get("/clients/aaaaaaaaaaaaaaaaaaaaaaaaaa/")
    for address in (
        f"/clients/{other.dyad.pk}/",
        f"/clients/{other.dyad.pk}/sessions/new",
        f"/sessions/{session_id}/",
        f"/sessions/{session_id}/invite",
        f"/sessions/{session_id}/rate",
        f"/sessions/{session_id}/status",
    ):
        page = browser.get(address)
        assert (page.status_code, page.content) == (404, nothing.content), address


def test_staff_pages_ask_a_stranger_to_sign_in(world: World) -> None:
    for name, address in staff_pages(world).items():
        answer = Browser().get(address)
        if name == "design":
            assert answer.status_code == 404
        else:
            assert answer.status_code == 302, name
            assert answer.headers["Location"].startswith(("/accounts/login/", "/")), name


@pytest.mark.usefixtures("world")
def test_sign_in_and_out() -> None:
    browser = Browser()
    page = browser.get("/accounts/login/")
    assert page.status_code == 200
    wrong = browser.post("/accounts/login/", {"login": "synthetic-therapist", "password": "no"})
    assert b"That did not work" in wrong.content
    answer = browser.post(
        "/accounts/login/", {"login": "synthetic-therapist", "password": PASSWORD}
    )
    assert answer.status_code == 302
    assert browser.get("/").status_code == 200
    assert browser.post("/accounts/logout/").status_code == 302
    assert browser.get("/").status_code == 302


def test_lead_sees_who_is_there_and_no_ratings(world: World) -> None:
    world.course(sessions=4)
    lead = Login.objects.create_user(
        username="synthetic-lead", password=PASSWORD, practice=world.practice, role=Role.LEAD
    )
    browser = Browser()
    browser.force_login(lead)
    text = browser.get("/").content.decode()
    assert "Clients of the practice" in text
    assert "Client 01" in text
    assert "Synthetic Therapist 01" in text
    assert "att-spark" not in text
    assert f"/clients/{world.dyad.pk}/" not in text
    assert browser.get(f"/clients/{world.dyad.pk}/").status_code == 404


def test_row_76_login_that_was_closed_gets_the_same_answer_as_a_wrong_password(
    world: World,
) -> None:
    def answer(password: str) -> tuple[int, bytes]:
        page = Browser().post(
            "/accounts/login/", {"login": world.login.username, "password": password}
        )
        return page.status_code, without_nonces(page)[2]

    wrong = answer("not the pass phrase")
    world.login.is_active = False
    world.login.save()
    assert answer(PASSWORD) == wrong


def test_row_76_too_many_wrong_passwords_get_a_page_that_says_wait(world: World) -> None:
    browser = Browser()
    sent = {"login": world.login.username, "password": "wrong"}
    pages = [browser.post("/accounts/login/", sent) for _ in range(12)]
    assert any(b"Too many" in page.content or page.status_code == 429 for page in pages)
    assert all(page.status_code < 500 for page in pages)
    assert not any(INLINE.search(page.content.decode()) for page in pages)


def test_our_own_mistake_has_a_page_without_details(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        message = "secret detail"
        raise RuntimeError(message)

    monkeypatch.setattr(staff, "caseload_of", broken)
    browser = world.browser()
    browser.raise_request_exception = False
    page = browser.get("/")
    assert page.status_code == 500
    assert b"Our mistake, not yours" in page.content
    assert b"secret detail" not in page.content


def test_practice_may_use_its_own_words(world: World, settings: Settings) -> None:
    own = Words(client="patient", clients="patients", therapist="nurse", session="visit")
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, words=own)
    world.rated()
    text = world.browser().get("/").content.decode()
    assert "Your patients" in text
    assert "Visit 1," in text
    assert "How was the visit?" in Browser().get("/c/").content.decode()


SAYS = "somebody’s own word and not computed, so there is no rate by chance"
STRIP = '<aside class="crisis-strip"'


def test_whom_to_call_stands_above_every_page_of_a_client(world: World) -> None:
    token, _ = world.invite(world.start())
    browser = opened(token)
    for address in ("/c/", "/c/form", "/c/thanks"):
        text = browser.get(address).content.decode()
        assert text.index(STRIP) < text.index("<h1"), address
        assert text.index('id="crisis"') > text.index("</h1>"), address
        assert 'href="tel:0000000"' in text, address
    closed = Browser().get("/c/form")
    assert STRIP in closed.content.decode()


@pytest.mark.django_db
def test_whom_to_call_stands_on_pages_of_mistakes(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    strict = Browser(enforce_csrf_checks=True)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    pages = {
        400: Browser().get("/c/", headers={"host": "nobody.example"}),
        403: strict.post("/c/open", {"code": "x"}),
        404: Browser().get("/no/such/page"),
        413: Browser().post("/c/open", {"code": "x" * 100}),
        429: render(RequestFactory().get("/"), "429.html", status=429),
    }
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(client, "open_invitation", broken)
    pages[500] = Browser(raise_request_exception=False).post("/c/open", {"code": "x"})
    for status, page in pages.items():
        text = page.content.decode()
        assert page.status_code == status, status
        assert STRIP in text, status
        assert 'href="tel:0000000"' in text, status
    monkeypatch.setattr(house, "render_to_string", broken)
    bare = Browser(raise_request_exception=False).post("/c/open", {"code": "x"})
    assert bare.status_code == 500
    assert b"000 0000" in bare.content


def test_page_that_is_not_there_offers_to_sign_out(world: World) -> None:
    address = '<a class="button button-second" href="/accounts/logout/">Sign out</a>'
    assert address in world.browser().get("/no/such/page").content.decode()
    assert address not in Browser().get("/no/such/page").content.decode()


@pytest.mark.parametrize("typed", ["4.5", "4,5"])
def test_guess_may_have_a_decimal_point_or_comma(world: World, typed: str) -> None:
    session_id = world.start()
    browser = world.browser()
    form = browser.get(f"/sessions/{session_id}/rate")
    text = form.content.decode()
    assert "Mean of the seven answers (0–6), such as 4.5." in text
    assert "What total" not in text
    sent = fields(HIGH) | {"submission_id": submission_id(form), "predicted_total": typed}
    assert browser.post(f"/sessions/{session_id}/rate", sent).status_code == 303
    assert Prediction.objects.get().value == 4.5


@pytest.mark.parametrize(
    "typed", ["4,5,1", "4, 5", ",5", "4,", "4;5", "1.4,5", "7,5", "٤,٥", ["4", "5"], ["4,5", "4,5"]]
)
def test_guess_is_read_strictly_and_the_mistake_shows_an_example(
    world: World, typed: str | list[str]
) -> None:
    session_id = world.start()
    browser = world.browser()
    form = browser.get(f"/sessions/{session_id}/rate")
    sent = fields(HIGH) | {"submission_id": submission_id(form)}
    page = browser.post(f"/sessions/{session_id}/rate", sent | {"predicted_total": typed})
    assert page.status_code == 422
    assert "Your guess: A number from 0 to 6, such as 4.5." in page.content.decode()
    assert not Prediction.objects.exists()


def test_therapist_is_told_that_an_answer_is_final_once_sent(world: World) -> None:
    text = world.browser().get(f"/sessions/{world.start()}/rate").content.decode()
    assert "An answer cannot be changed once it is sent." in text
    assert "changed then" not in text
    assert "Only you can open" not in text
    assert "This form is yours. People on the client&#x27;s care team can open it too." in text


def test_end_of_a_link_has_date_time_and_zone(world: World) -> None:
    session_id = world.start()
    browser = world.browser()
    end = r"[A-Z][a-z]+day, \d{1,2} [A-Z][a-z]+ 20\d\d, \d\d:\d\d [A-Z]{2,5}\b"
    assert re.search(
        f"until {end}", browser.post(f"/sessions/{session_id}/invite").content.decode()
    )
    assert re.search(f"until {end}", browser.get(f"/sessions/{session_id}/").content.decode())


@pytest.mark.django_db
def test_code_field_has_room_for_a_pasted_link() -> None:
    text = Browser().get("/c/").content.decode()
    room = re.search(r'name="code" maxlength="(\d+)"', text)
    assert room is not None
    assert int(room.group(1)) >= 200
    assert "Paste the link or type the code" in text


def test_menu_title_and_heading_of_a_lead_agree(world: World) -> None:
    lead = Login.objects.create_user(
        username="synthetic-lead", password=PASSWORD, practice=world.practice, role=Role.LEAD
    )
    browser = Browser()
    browser.force_login(lead)
    text = browser.get("/").content.decode()
    assert text.count("Clients of the practice") == 3
    assert "Your clients" not in text
    assert world.browser().get("/").content.decode().count("Your clients") == 3


def hard_session(world: World) -> str:
    """Return the revealed page of a session that ends a steady course with strain."""
    world.course(sessions=4)
    session_id = world.start()
    world.client_answers(session_id, {**HIGH, "1": 1, "2": 1, "3": 1, "8": 5, "8a": 0}, WORDS)
    world.therapist_answers(session_id)
    return world.browser().get(f"/sessions/{session_id}/").content.decode()


def test_what_was_marked_says_in_view_why_it_has_no_rate_by_chance(world: World) -> None:
    text = hard_session(world).partition('id="notes-title"')[0]
    seen = [each.split("<details>", 1) for each in text.split('<div class="signal">')[1:]]
    plain = [SAYS in view for view, _ in seen]
    assert plain.count(True) == 1
    for (_, why), said in zip(seen, plain, strict=True):
        assert ("oac-" in why and "no rate by chance" in why) == said
        threshold = re.search(r"<dt>Threshold</dt><dd>(.*?)</dd>", why)
        assert threshold is not None
        assert why.count(threshold.group(1)) == 1  # the formula does not say it once more
        assert why.index("Threshold") < why.index("By chance") < why.index("Source")


def test_chosen_thresholds_are_notes_with_rule_and_rate_and_no_questions(world: World) -> None:
    asked, _, rest = hard_session(world).partition('id="notes-title"')
    notes = rest.partition("</section>")[0]
    assert "oac-low-item" not in asked
    low = notes[notes.index('id="note-oac-low-item"') :].partition("<h3")[0]
    assert "the client&#x27;s answer to item 1 was 1 of 6. 2 more" in low
    assert "Noted where any single answer is 2 or less (oac-low-item, version 1)." in low
    assert "about 11 to 79 in 100 people at least once" in low
    assert "which nobody knows yet for this form" in low
    assert "It cannot tell a low point from a person&#x27;s usual way of answering." in low
    week = world.browser().get("/signals/").content.decode()
    assert "One answer is low" not in week
    assert "What would make this answer" not in week


def test_items_are_shown_in_the_words_of_each_chair(world: World) -> None:
    text = hard_session(world)
    table = text.split('id="answers-title"', 1)[1]
    for measure in ("oac-c", "oac-t"):
        words = load_text(load(measure), "en")
        assert words is not None
        for item in "12345678":
            assert escape(words.items[item]) in table, (measure, item)


def refused_start(world: World, **sent: str) -> str:
    """Return the page that refuses a new session with these details."""
    page = world.browser().post(
        f"/clients/{world.dyad.pk}/sessions/new",
        {"session_no": "1", "held_on": "2026-11-20", "modality": "video"} | sent,
    )
    assert page.status_code == 422
    assert world.dyad.sessions.count() == 0
    return page.content.decode()


def test_session_is_offered_only_while_the_care_episode_goes_on(world: World) -> None:
    address = f"/clients/{world.dyad.pk}/"
    assert f"{address}sessions/new" in world.browser().get(address).content.decode()
    world.dyad.care_episodes.update(ended_on=timezone.localdate())
    page = world.browser().get(address).content.decode()
    assert f"{address}sessions/new" not in page
    assert f"This care episode ended on {day(timezone.localdate())}." in page


def test_ended_care_episode_is_named_where_a_session_is_refused(world: World) -> None:
    today = timezone.localdate()
    world.dyad.care_episodes.update(ended_on=today)
    text = refused_start(world, held_on=today.isoformat())
    assert 'href="#new-session">' in text
    assert "a care episode that has ended. Possible: an open care episode." in text
    assert 'id="held-on-error"' not in text  # the date is not what is wrong


@pytest.mark.parametrize("days", [-401, 2])
def test_impossible_date_is_answered_with_the_possible_ones(world: World, days: int) -> None:
    today = timezone.localdate()
    possible = f"{day(today - timedelta(days=400))} to {day(today)}"
    text = refused_start(world, held_on=(today + timedelta(days=days)).isoformat())
    assert 'href="#held-on">' in text
    assert re.search(rf'id="held-on-error">[^<]*Possible days: {possible}\.<', text)
    assert f'id="held-on-hint">Possible days: {possible}<' in text


def test_unknown_way_of_meeting_is_refused_at_its_own_field(world: World) -> None:
    text = refused_start(world, modality="carrier pigeon")
    assert 'href="#modality-in_person">Please choose how you meet.' in text
    assert 'id="modality-error"' in text
    assert 'id="held-on-error"' not in text
