# SPDX-License-Identifier: Apache-2.0
"""A shared screen: bound to a practice, without a login, left with a PIN, forgetting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic_world import HIGH, WORDS, World, fields, make_world, submission_id
from tests.sealed_letters import carried, deliver, sealed

from attunement.clinic.models import AuditEvent, Kiosk, Response

PIN = "2468"


@pytest.fixture
def kiosk(world: World) -> Browser:
    """Return the browser of a device that was handed over."""
    browser = world.browser()
    answer = browser.post("/kiosk/start", {"label": "Waiting room", "pin": PIN, "again": PIN})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/kiosk/")
    return browser


def code_of(world: World) -> str:
    return world.invite(world.start())[1]


def names(browser: Browser) -> set[str]:
    return {name for name, cookie in browser.cookies.items() if cookie.value}


def test_device_that_was_handed_over_holds_a_token_and_no_login(
    world: World, kiosk: Browser
) -> None:
    assert "attunement" not in names(kiosk)
    assert kiosk.cookies["kiosk"]["httponly"]
    row = Kiosk.objects.get()
    assert row.practice == world.practice
    assert kiosk.cookies["kiosk"].value not in repr(row.__dict__)
    assert PIN not in row.pin_hash.split("$")
    for address in ("/", "/accounts/login/", "/c/", "/clients/x/", "/design/", "/no/such/page"):
        answer = kiosk.get(address)
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/kiosk/"), address
    assert b"Synthetic" not in kiosk.get("/kiosk/").content.replace(b"Synthetic Practice", b"")


@pytest.mark.parametrize("pin", ["", "123", "123456789", "1111", "12a4", "٣٤٥٦", " 1234"])
def test_pin_that_is_none_hands_nothing_over(world: World, pin: str) -> None:
    browser = world.browser()
    answer = browser.post("/kiosk/start", {"label": "x", "pin": pin, "again": pin})
    assert answer.status_code == 422
    assert b"4 to 8 figures" in answer.content
    assert Kiosk.objects.count() == 0
    assert browser.get("/").status_code == 200
    assert browser.post("/kiosk/start", {"pin": PIN, "again": "1357"}).status_code == 422


def test_stranger_hands_nothing_over(world: World) -> None:
    stranger = Browser()
    for method in (stranger.get, stranger.post):
        answer = method("/kiosk/start")
        assert answer.status_code == 302
        assert "/accounts/login/" in answer.headers["Location"]
    assert stranger.get("/kiosk/").headers["Location"] == "/kiosk/start"
    assert stranger.post("/kiosk/open", {"code": code_of(world)}).headers["Location"] == (
        "/kiosk/start"
    )
    assert Kiosk.objects.count() == 0


def test_code_opens_one_form_and_nothing_is_left_after_it(world: World, kiosk: Browser) -> None:
    answer = kiosk.post("/kiosk/open", {"code": code_of(world)})
    assert answer.status_code == 303
    page = kiosk.get(answer.headers["Location"])
    assert b'class="sheet-page wide-form kiosk"' in page.content
    assert b"/static/attunement/js/kiosk.js" in page.content
    assert b"draft" not in page.content
    assert b"client-say" not in page.content
    form = carried(page)
    assert deliver(sealed(form, fields(HIGH, WORDS)), kiosk).status_code == 201
    assert Response.objects.get().mode == "kiosk"
    assert not {name for name in names(kiosk) if name.startswith(("r_", "attunement-received"))}
    cleared = kiosk.post("/kiosk/clear")
    assert cleared.status_code == 204
    assert cleared.headers["Clear-Site-Data"] == '"cache"'
    assert not {name for name in names(kiosk) if name.startswith(("c_", "r_"))}
    back = kiosk.get(answer.headers["Location"])
    assert back.status_code == 404
    assert WORDS.encode() not in back.content
    assert b"no-store" in back.headers["Cache-Control"].encode()


def test_script_is_told_where_to_go_so_that_the_history_stays_short(
    world: World, kiosk: Browser
) -> None:
    accept = {"Accept": "application/json"}
    answer = kiosk.post("/kiosk/open", {"code": code_of(world)}, headers=accept)
    assert answer.status_code == 200
    assert answer.json()["to"].startswith("/c/form?f=")
    assert kiosk.get(answer.json()["to"]).status_code == 200
    wrong = kiosk.post("/kiosk/open", {"code": "22222-22222"}, headers=accept)
    assert wrong.json() == {"to": "/kiosk/?said=wrong"}
    assert b"That code does not open anything here" in kiosk.get("/kiosk/?said=wrong").content


def test_start_page_drops_what_a_person_left_open(world: World, kiosk: Browser) -> None:
    kiosk.post("/kiosk/open", {"code": code_of(world)})
    assert any(name.startswith("c_") for name in names(kiosk))
    kiosk.get("/kiosk/")
    assert not any(name.startswith("c_") for name in names(kiosk))
    assert kiosk.get("/c/form").status_code == 404


def test_posted_form_on_a_shared_screen_says_so(world: World, kiosk: Browser) -> None:
    place = kiosk.post("/kiosk/open", {"code": code_of(world)}).headers["Location"]
    sent = fields(HIGH) | {"submission_id": submission_id(kiosk.get(place))}
    assert kiosk.post("/c/form", sent).status_code == 303
    assert Response.objects.get().mode == "kiosk"


def test_row_64_code_of_another_practice_opens_nothing(kiosk: Browser) -> None:
    other = make_world(login="other-therapist")
    code = code_of(other)
    assert kiosk.post("/kiosk/open", {"code": code}).headers["Location"] == "/kiosk/?said=wrong"
    phone = Browser()
    assert phone.post("/c/open", {"code": code}).status_code == 303


def test_right_pin_leads_out_and_a_wrong_one_does_not(kiosk: Browser) -> None:
    wrong = kiosk.post("/kiosk/leave", {"pin": "1357"})
    assert wrong.status_code == 422
    assert b"That PIN does not fit." in wrong.content
    left = kiosk.post("/kiosk/leave", {"pin": PIN})
    assert left.status_code == 303
    assert "kiosk" not in names(kiosk)
    assert left.headers["Clear-Site-Data"] == '"cache"'
    assert "/accounts/login/" in kiosk.get("/").headers["Location"]
    assert Kiosk.objects.get().ended_at is not None
    acts = AuditEvent.objects.filter(action="kiosk.leave").order_by("id")
    assert [each.outcome for each in acts] == ["refused", "done"]


def test_five_wrong_pins_shut_it_for_a_quarter_of_an_hour(
    kiosk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        answer = kiosk.post("/kiosk/leave", {"pin": "1357"})
    assert b"15 min" in answer.content
    assert kiosk.post("/kiosk/leave", {"pin": PIN}).status_code == 422
    later = timezone.now() + timedelta(minutes=16)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert kiosk.post("/kiosk/leave", {"pin": PIN}).status_code == 303


def test_screen_that_was_taken_back_from_afar_opens_nothing_any_more(
    world: World, kiosk: Browser
) -> None:
    desk = world.browser()
    assert b"Waiting room" in desk.get("/kiosk/start").content
    row = Kiosk.objects.get()
    assert desk.post(f"/kiosk/{row.pk}/end").status_code == 303
    assert b"Waiting room" not in desk.get("/kiosk/start").content
    code = code_of(world)
    assert kiosk.post("/kiosk/open", {"code": code}).headers["Location"] == "/kiosk/start"
    assert "/accounts/login/" in kiosk.get("/").headers["Location"]
    assert desk.post(f"/kiosk/{row.pk}/end").status_code == 404


def test_screen_of_another_practice_cannot_be_taken_back(world: World, kiosk: Browser) -> None:
    del kiosk
    other = make_world(login="other-therapist")
    assert other.practice != world.practice
    browser = other.browser()
    assert b"Waiting room" not in browser.get("/kiosk/start").content
    assert browser.post(f"/kiosk/{Kiosk.objects.get().pk}/end").status_code == 404


def test_token_that_somebody_made_up_is_no_screen(world: World) -> None:
    browser = Browser()
    browser.cookies["kiosk"] = "A" * 43
    assert browser.get("/kiosk/").headers["Location"] == "/kiosk/start"
    assert browser.post("/kiosk/open", {"code": code_of(world)}).headers["Location"] == (
        "/kiosk/start"
    )
    assert browser.post("/kiosk/leave", {"pin": PIN}).headers["Location"] == "/"
