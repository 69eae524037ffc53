# SPDX-License-Identifier: Apache-2.0
"""Two links in one browser: each form's answers go to the session that its link was made for."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from tests.clinic_world import HIGH, LOW, WORDS, World, fields, make_world, submission_id

from attunement.clinic.models import Answer, Response

TWO = ("first", "second")


@pytest.fixture
def two(db: None) -> tuple[World, dict[str, str], dict[str, str]]:  # noqa: ARG001 -- opens it
    """Return a practice, and by name the sessions and links of two clients."""
    world = make_world(dyads=2)
    sessions = {name: world.start(dyad) for name, dyad in zip(TWO, world.dyads, strict=True)}
    return world, sessions, {name: world.invite(each)[0] for name, each in sessions.items()}


def _open(browser: Browser, token: str) -> HttpResponse:
    """Open a link in a new tab: post the token, follow to the form."""
    answer = browser.post("/c/open", {"token": token})
    assert answer.status_code == 303
    return browser.get(answer.headers["Location"])


def _first_answer(session_id: str) -> float | None:
    found = Answer.objects.filter(response__session_id=session_id, item="1").first()
    return None if found is None else found.value


@pytest.mark.parametrize("order", [TWO, TWO[::-1]], ids=["in order", "the other way"])
@pytest.mark.parametrize("opened_in", [TWO, TWO[::-1]], ids=["first tab", "second tab"])
def test_answers_of_two_tabs_go_where_they_belong(
    two: tuple[World, dict[str, str], dict[str, str]],
    order: tuple[str, ...],
    opened_in: tuple[str, ...],
) -> None:
    _, sessions, tokens = two
    browser = Browser()
    tabs = {name: _open(browser, tokens[name]) for name in opened_in}
    given = {"first": HIGH, "second": LOW}
    for name in order:
        sent = fields(given[name]) | {"submission_id": submission_id(tabs[name])}
        assert browser.post("/c/form", sent).status_code == 303
    assert {name: _first_answer(sessions[name]) for name in TWO} == {"first": 5.0, "second": 2.0}


def test_form_that_is_shown_again_with_a_mistake_stays_with_its_session(
    two: tuple[World, dict[str, str], dict[str, str]],
) -> None:
    _, sessions, tokens = two
    browser = Browser()
    page = _open(browser, tokens["first"])
    _open(browser, tokens["second"])
    again = browser.post(
        "/c/form", fields(HIGH) | {"submission_id": submission_id(page), "item-2": "99"}
    )
    assert again.status_code == 422
    sent = fields(HIGH) | {"submission_id": submission_id(again)}
    assert browser.post("/c/form", sent).status_code == 303
    assert (_first_answer(sessions["first"]), _first_answer(sessions["second"])) == (5.0, None)


@pytest.mark.parametrize("secret", ["", "A" * 43, "22222-22222"])
def test_dead_link_in_a_second_tab_leaves_the_first_alone(
    two: tuple[World, dict[str, str], dict[str, str]], secret: str
) -> None:
    _, sessions, tokens = two
    browser = Browser()
    page = _open(browser, tokens["first"])
    assert browser.post("/c/open", {"token": secret}).status_code == 404
    assert browser.get("/c/form?f=0123456789abcdef").status_code == 404
    sent = fields(HIGH) | {"submission_id": submission_id(page)}
    assert browser.post("/c/form", sent).status_code == 303
    assert _first_answer(sessions["first"]) == 5.0


def test_form_of_one_link_with_the_cookie_of_another_is_refused(
    two: tuple[World, dict[str, str], dict[str, str]],
) -> None:
    _, _, tokens = two
    mine, other = Browser(), Browser()
    page = _open(mine, tokens["first"])
    _open(other, tokens["second"])
    sent = fields(HIGH) | {"submission_id": submission_id(page)}
    answer = other.post("/c/form", sent)
    assert answer.status_code == 404
    assert b"This link does not work" in answer.content
    # Not even when the other's grant is put under the first's name.
    (name,) = (each for each in mine.cookies if each.startswith("c_"))
    (held,) = (each for each in other.cookies if each.startswith("c_"))
    other.cookies[name] = other.cookies[held].value
    assert other.post("/c/form", sent).status_code == 404
    assert Response.objects.count() == 0


def test_form_without_its_binding_is_refused(
    two: tuple[World, dict[str, str], dict[str, str]],
) -> None:
    _, _, tokens = two
    browser = Browser()
    carried = submission_id(_open(browser, tokens["first"]))
    bare, _, rest = carried.partition(".")
    mark, _, _ = rest.partition(":")
    for wrong in (
        bare,
        str(uuid4()),
        carried.replace(bare, str(uuid4())),
        f"{bare}.{mark}",
        f"{carried}x",
        [carried, carried],
    ):
        assert browser.post("/c/form", fields(HIGH) | {"submission_id": wrong}).status_code == 404
    assert Response.objects.count() == 0


def test_address_of_one_form_shows_that_form_and_opens_nothing_elsewhere(
    two: tuple[World, dict[str, str], dict[str, str]],
) -> None:
    _, _, tokens = two
    browser = Browser()
    places = []
    for name in TWO:
        answer = browser.post("/c/open", {"token": tokens[name]})
        places.append(answer.headers["Location"])
        assert tokens[name] not in places[-1]
        assert browser.cookies[f"c_{places[-1].partition('=')[2]}"].value not in places[-1]
    assert len(set(places)) == 2
    for place in places:
        assert browser.get(place).status_code == 200
        assert Browser().get(place).status_code == 404


def test_row_59_back_after_sending_says_that_the_answers_arrived_and_shows_none(
    two: tuple[World, dict[str, str], dict[str, str]],
) -> None:
    _, _, tokens = two
    browser = Browser()
    place = browser.post("/c/open", {"token": tokens["first"]}).headers["Location"]
    page = browser.get(place)
    sent = fields(HIGH, WORDS) | {"submission_id": submission_id(page)}
    assert browser.post("/c/form", sent).status_code == 303
    back = browser.get(place)
    assert back.status_code == 200
    assert b"Your answers arrived" in back.content
    assert b"nothing more to do" in back.content
    assert WORDS.encode() not in back.content
    assert not re.search(rb'type="radio"', back.content)
    # Everybody else sees what any dead link shows.
    assert b"This link does not work" in Browser().get(place).content
    for name, cookie in browser.cookies.items():
        assert cookie["httponly"], name
        assert WORDS not in cookie.value
    receipt = next(name for name in browser.cookies if name.startswith("r_"))
    assert 0 < int(browser.cookies[receipt]["max-age"]) <= 3600


def test_receipt_that_somebody_made_up_shows_the_neutral_page(
    two: tuple[World, dict[str, str], dict[str, str]],
) -> None:
    del two
    browser = Browser()
    browser.cookies["r_0123456789abcdef"] = "0123456789abcdef:1:forged"
    assert browser.get("/c/form?f=0123456789abcdef").status_code == 404


def test_many_open_links_do_not_fill_the_header(
    two: tuple[World, dict[str, str], dict[str, str]],
) -> None:
    _, _, tokens = two
    browser = Browser()
    for _ in range(40):
        page = _open(browser, tokens["first"])
    assert sum(cookie.value != "" for cookie in browser.cookies.values()) <= 34
    sent = fields(HIGH) | {"submission_id": submission_id(page)}
    assert browser.post("/c/form", sent).status_code == 303


def test_whole_token_or_link_in_the_code_field_opens_it(
    two: tuple[World, dict[str, str], dict[str, str]],
) -> None:
    _, _, tokens = two
    token = tokens["first"]
    for typed in (token, f" {token} ", f"http://127.0.0.1:8000/c/#{token}"):
        browser = Browser()
        answer = browser.post("/c/open", {"token": "", "code": typed})
        assert answer.status_code == 303, typed
        assert browser.get(answer.headers["Location"]).status_code == 200
    field = re.search(rb'maxlength="(\d+)"[^>]*', Browser().get("/c/").content)
    assert field is None or int(field.group(1)) >= 43


def test_row_64_many_wrong_codes_slow_down_the_wrong_ones_only(
    two: tuple[World, dict[str, str], dict[str, str]],
) -> None:
    world, sessions, tokens = two
    browser = Browser()
    for _ in range(20):
        assert browser.post("/c/open", {"code": "22222-22222"}).status_code == 404
    slowed = browser.post("/c/open", {"code": "22222-22222"})
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["Retry-After"]) <= 15 * 60
    assert b"Please wait a little" in slowed.content
    assert browser.post("/c/open", {"token": "A" * 43}).status_code == 429
    assert _open(browser, tokens["first"]).status_code == 200
    _, code = world.invite(sessions["second"])
    assert browser.post("/c/open", {"code": code}).status_code == 303
