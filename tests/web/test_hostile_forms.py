# SPDX-License-Identifier: Apache-2.0
"""Hostile and malformed forms and links: a 4xx answer, and nothing changes."""

from __future__ import annotations

import logging
import re
import threading

import pytest
from django.db import connection
from django.test import Client as Browser
from tests.clinic_world import (
    HIGH,
    LOW,
    WORDS,
    World,
    fields,
    make_world,
    opened,
    submission_id,
)

from attunement.clinic.models import Answer, Invitation, Prediction, Response, Score, SignalRecord
from attunement.clinic.services.sealing import open_field

AT_ONCE = 12  # through the pages; fifty through the services, see test_links.py
# All in one, so that the way through the pages is walked once; and as many emoji as are taken.
HOSTILE_WORDS = [
    (
        "<img src=x onerror=alert(1)>{{7*7}}{% load x %}${jndi:ldap://attunement.example/a}"
        "'; DROP TABLE clinic_answer; --</textarea><script>alert(1)</script>"
        "\u202eright to left\u202c"
    ),
    "🙂" * 10_000,
]


def stored() -> tuple[int, ...]:
    rows = (Response, Answer, Prediction, Score, SignalRecord)
    return (*(each.objects.count() for each in rows), _consumed())


def _consumed() -> int:
    return Invitation.objects.filter(consumed_at__isnull=False).count()


@pytest.fixture
def at_form(world: World) -> tuple[Browser, dict[str, str]]:
    token, _ = world.invite(world.start())
    browser = opened(token)
    page = browser.get("/c/form")
    return browser, fields(HIGH) | {"submission_id": submission_id(page)}


@pytest.mark.parametrize(
    "wrong",
    ["7", "-1", "3 ", " 3", "3.0", "3,5", "true", "٣", "1_0", "1e0", "NaN", "inf", "0x3", "[3]"],
)
def test_row_55_value_off_the_scale_is_refused(
    at_form: tuple[Browser, dict[str, str]], wrong: str
) -> None:
    browser, sent = at_form
    before = stored()
    page = browser.post("/c/form", sent | {"item-2": wrong})
    assert page.status_code == 422
    assert b'href="#q2"' in page.content
    assert stored() == before


@pytest.mark.parametrize("name", ["item-2", "item-9"])
def test_row_54_field_sent_twice_is_refused(
    at_form: tuple[Browser, dict[str, str]], name: str
) -> None:
    browser, sent = at_form
    before = stored()
    page = browser.post("/c/form", sent | {name: ["3", "4"]})
    assert page.status_code == 422
    assert stored() == before


def test_row_54_fields_that_nobody_asked_for_are_never_stored(
    at_form: tuple[Browser, dict[str, str]],
) -> None:
    browser, sent = at_form
    extra = {"__proto__": "1", "item-10": "5", "score": "6", "item-": "2", "visibility": "all"}
    assert browser.post("/c/form", sent | extra).status_code == 303
    assert set(Answer.objects.values_list("item", flat=True)) == set(HIGH)


@pytest.mark.parametrize("wrong", ["", "1", "x" * 36, "0" * 400, "../../etc"])
def test_row_54_submission_id_that_is_none_is_refused(
    at_form: tuple[Browser, dict[str, str]], wrong: str
) -> None:
    browser, sent = at_form
    before = stored()
    assert 400 <= browser.post("/c/form", sent | {"submission_id": wrong}).status_code < 500
    assert stored() == before


def test_row_56_ten_megabytes_of_words_are_refused(at_form: tuple[Browser, dict[str, str]]) -> None:
    browser, sent = at_form
    before = stored()
    page = browser.post("/c/form", sent | {"item-9": "x" * 10_000_000})
    assert page.status_code == 413
    assert stored() == before


@pytest.mark.parametrize("wrong", ["a\x00b", "x" * 10_001])
def test_row_56_words_that_cannot_be_kept_are_refused_in_place(
    at_form: tuple[Browser, dict[str, str]], wrong: str
) -> None:
    browser, sent = at_form
    before = stored()
    page = browser.post("/c/form", sent | {"item-9": wrong})
    assert page.status_code == 422
    assert b'href="#q9-input"' in page.content
    assert stored() == before


def test_row_56_lone_surrogate_is_never_stored(at_form: tuple[Browser, dict[str, str]]) -> None:
    browser, sent = at_form
    body = "&".join(f"{name}={value}" for name, value in sent.items()) + "&item-9=%ED%A0%80"
    page = browser.post("/c/form", body, content_type="application/x-www-form-urlencoded")
    assert page.status_code == 422
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
@pytest.mark.parametrize("charset", ["bogus", "latin-1", "utf-16", "utf-7", '"bogus"', ""])
def test_row_70_form_in_another_character_set_is_refused(
    at_form: tuple[Browser, dict[str, str]], charset: str, kind: str
) -> None:
    browser, sent = at_form
    before = stored()
    body = "&".join(f"{name}={value}" for name, value in sent.items())
    page = browser.generic("POST", "/c/form", body, content_type=f"{kind}; charset={charset}")
    assert page.status_code == 400
    assert stored() == before


@pytest.mark.parametrize("wrong", ["%FF", "%C3", "%ED%A0%80", "a%80b", "%EF%BF%BD"])
def test_row_56_bytes_that_are_no_characters_are_refused_not_replaced(
    at_form: tuple[Browser, dict[str, str]], wrong: str
) -> None:
    browser, sent = at_form
    before = stored()
    body = "&".join(f"{name}={value}" for name, value in sent.items()) + f"&item-9={wrong}"
    page = browser.post("/c/form", body, content_type="application/x-www-form-urlencoded")
    assert page.status_code == 422
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in sent.items()
    ]
    last = b'--b\r\nContent-Disposition: form-data; name="item-9"\r\n\r\n\xff\xfe\r\n--b--\r\n'
    page = browser.post(
        "/c/form", b"".join([*parts, last]), content_type="multipart/form-data; boundary=b"
    )
    assert page.status_code == 422
    assert stored() == before


@pytest.mark.parametrize("words", HOSTILE_WORDS)
def test_row_57_hostile_words_are_shown_as_words(world: World, words: str) -> None:
    session_id = world.start()
    token, _ = world.invite(session_id)
    browser = opened(token)
    sent = fields(HIGH, words) | {"submission_id": submission_id(browser.get("/c/form"))}
    again = browser.post("/c/form", sent | {"item-1": "9"}).content.decode()
    assert "<img src=x" not in again
    assert "<script>" not in again
    assert browser.post("/c/form", sent).status_code == 303
    world.therapist_answers(session_id)
    shown = world.browser().get(f"/sessions/{session_id}/").content.decode()
    assert "<img src=x" not in shown
    assert "<script>" not in shown
    assert "49" not in re.findall(r'class="words"[^>]*>([^<]*)<', shown)[0]
    kept = Answer.objects.get(item="9", response__perspective="client")
    assert words not in (kept.text or "")
    assert open_field(kept, "text") == words


def test_row_58_form_without_its_token_is_refused(world: World) -> None:
    token, _ = world.invite(world.start())
    granted = opened(token)
    strict = Browser(enforce_csrf_checks=True)
    strict.cookies = granted.cookies
    page = granted.get("/c/form")
    sent = fields(HIGH) | {"submission_id": submission_id(page)}
    before = stored()
    answer = strict.post("/c/form", sent)
    assert answer.status_code == 403
    assert b"did not come from our page" in answer.content
    assert stored() == before


def test_row_58_form_from_a_foreign_page_is_refused(world: World) -> None:
    token, _ = world.invite(world.start())
    strict = Browser(enforce_csrf_checks=True)
    strict.cookies = opened(token).cookies
    page = strict.get("/c/form").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    sent = fields(HIGH) | {"csrfmiddlewaretoken": found.group(1)}
    before = stored()
    answer = strict.post("/c/form", sent, headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert stored() == before


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/xml"])
def test_row_58_body_that_is_no_form_is_refused(
    at_form: tuple[Browser, dict[str, str]], kind: str
) -> None:
    browser, _ = at_form
    before = stored()
    answer = browser.post("/c/form", '{"item-1": 3}', content_type=kind)
    assert 400 <= answer.status_code < 500
    assert stored() == before


def test_row_59_same_form_sent_twice_is_stored_once(world: World) -> None:
    token, _ = world.invite(world.start())
    browser = opened(token)
    sent = fields(HIGH, WORDS) | {"submission_id": submission_id(browser.get("/c/form"))}
    assert browser.post("/c/form", sent).status_code == 303
    after = stored()
    answer = browser.post("/c/form", sent)  # the second click, or a resend after a lost answer
    assert answer.status_code == 303
    assert stored() == after
    assert Response.objects.count() == 1


def test_row_60_same_id_with_other_answers_keeps_the_first(world: World) -> None:
    token, _ = world.invite(world.start())
    browser = opened(token)
    sent = fields(HIGH) | {"submission_id": submission_id(browser.get("/c/form"))}
    assert browser.post("/c/form", sent).status_code == 303
    after = stored()
    answer = browser.post("/c/form", sent | fields(LOW))
    assert answer.status_code == 409
    assert b"first answers are kept" in answer.content
    assert stored() == after


def test_row_59_two_tabs_store_one_form(world: World) -> None:
    token, _ = world.invite(world.start())
    first, second = opened(token), opened(token)
    one = fields(HIGH) | {"submission_id": submission_id(first.get("/c/form"))}
    two = fields(LOW) | {"submission_id": submission_id(second.get("/c/form"))}
    assert first.post("/c/form", one).status_code == 303
    after = stored()
    assert second.post("/c/form", two).status_code == 410
    assert stored() == after


def test_row_59_therapists_form_sent_twice_is_stored_once(world: World) -> None:
    session_id = world.start()
    browser = world.browser()
    address = f"/sessions/{session_id}/rate"
    sent = fields(HIGH) | {
        "submission_id": submission_id(browser.get(address)),
        "predicted_total": "4.5",
    }
    assert browser.post(address, sent).status_code == 303
    after = stored()
    assert browser.post(address, sent).status_code == 303
    assert browser.post(address, sent | {"item-1": "0"}).status_code == 409
    assert stored() == after
    assert browser.get(address).status_code == 303  # and the form is not offered again


@pytest.mark.parametrize("wrong", ["6.1", "-1", "4,5,1", "NaN", "four", "4.5 ", "1e0", ["4", "5"]])
def test_row_55_prediction_off_the_scale_is_refused(world: World, wrong: str) -> None:
    session_id = world.start()
    browser = world.browser()
    address = f"/sessions/{session_id}/rate"
    sent = fields(HIGH) | {
        "submission_id": submission_id(browser.get(address)),
        "predicted_total": wrong,
    }
    before = stored()
    assert browser.post(address, sent).status_code == 422
    assert stored() == before


@pytest.mark.parametrize("clock", ["1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "soon", ""])
def test_row_61_clock_of_the_phone_does_not_rule(
    at_form: tuple[Browser, dict[str, str]], clock: str
) -> None:
    browser, sent = at_form
    assert browser.post("/c/form", sent | {"client_clock": clock}).status_code == 303


def _links(world: World) -> dict[str, str]:
    token, code = world.invite(world.start(days_ago=1))
    used = world.start()
    used_token, _ = world.invite(used)
    browser = opened(used_token)
    sent = fields(HIGH) | {"submission_id": submission_id(browser.get("/c/form"))}
    assert browser.post("/c/form", sent).status_code == 303
    fresh_token, _ = world.invite(world.dyad.sessions.first().pk)  # revokes `token`
    return {
        "guessed": "A" * 43,
        "truncated": fresh_token[:-1],
        "upper case": fresh_token.upper() + "x",
        "used": used_token,
        "revoked": token,
        "code of a revoked link": code,
        "empty": "",
        "null": "\x00",
        "long": "A" * 5000,
        "markup": "<script>",
    }


def test_row_64_links_that_do_not_work_all_give_one_page(world: World) -> None:
    pages = {}
    for name, secret in _links(world).items():
        answer = Browser().post("/c/open", {"token": secret})
        assert answer.status_code == 404, name
        assert not [each for each in answer.cookies if each.startswith("c_")], name
        pages[name] = answer.content
    assert len(set(pages.values())) == 1


def test_row_65_looking_at_a_link_a_hundred_times_uses_nothing_up(world: World) -> None:
    token, _ = world.invite(world.start())
    scanner = Browser()
    before = stored()
    for _ in range(50):
        assert scanner.get("/c/").status_code == 200
        assert scanner.head("/c/").status_code == 200
        assert scanner.get("/c/open").status_code == 405
    assert stored() == before
    assert opened(token).get("/c/form").status_code == 200


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_row_64_a_dozen_phones_at_once_store_one_form() -> None:
    world = make_world()
    token, _ = world.invite(world.start())
    browsers = [opened(token) for _ in range(AT_ONCE)]
    forms = [
        fields(HIGH) | {"submission_id": submission_id(browser.get("/c/form"))}
        for browser in browsers
    ]
    found: list[int] = []
    gate = threading.Barrier(len(browsers))

    def send(browser: Browser, sent: dict[str, str]) -> None:
        gate.wait()
        try:
            found.append(browser.post("/c/form", sent).status_code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=send, args=each) for each in zip(browsers, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(303) == 1
    assert found.count(410) == AT_ONCE - 1
    assert Response.objects.count() == 1


def test_no_token_no_answer_and_no_words_reach_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    session_id = world.start()
    browser = world.browser()
    link = browser.post(f"/sessions/{session_id}/invite").content.decode()
    found = re.search(r"c/#([\w-]{43})", link)
    code = re.search(r'class="code">([^<]+)<', link)
    assert found is not None
    assert code is not None
    client = opened(found.group(1))
    page = client.get("/c/form")
    sent = fields(HIGH, WORDS) | {"submission_id": submission_id(page)}
    client.post("/c/form", sent | {"item-1": "99"})
    client.post("/c/form", sent)
    Browser().post("/c/open", {"token": found.group(1)})
    logged = "\n".join(
        f"{record.getMessage()} {record.__dict__.get('request', '')}"
        for record in caplog.records
        if not record.name.startswith("django.db")
    )
    (grant,) = (held.value for each, held in client.cookies.items() if each.startswith("c_"))
    for secret in (found.group(1), code.group(1), WORDS, grant):
        assert secret not in logged
