# SPDX-License-Identifier: Apache-2.0
"""Until both forms are in, neither chair's pages tell anything of the other: compared in bytes.

Each test takes a picture of every page, lets the other chair act, and takes it again. The nonces
that may differ are listed in ``without_nonces``: CSRF token and submission id, of one length.
"""

from __future__ import annotations

import re

import pytest
from tests.clinic_world import HIGH, LOW, WORDS, World, opened, without_nonces

LONG = WORDS * 40
_SECRETS = re.compile(
    rb'(c/#)[\w-]{43}|(class="code">)[A-Z0-9]{5}-[A-Z0-9]{5}|'
    rb'(<path [^>]*\bd=")[^"]+|(until [^.]+\.)'
)


def therapist_sees(world: World, session_id: str) -> dict[str, object]:
    browser = world.browser()
    addresses = [
        "/",
        "/signals/",
        f"/clients/{world.dyad.pk}/",
        f"/clients/{world.dyad.pk}/sessions/new",
        f"/sessions/{session_id}/",
        f"/sessions/{session_id}/invite",
        f"/sessions/{session_id}/rate",
        f"/sessions/{session_id}/status",
    ]
    seen: dict[str, object] = {each: without_nonces(browser.get(each)) for each in addresses}
    htmx = browser.get(f"/sessions/{session_id}/status", headers={"hx-request": "true"})
    seen["htmx"] = without_nonces(htmx)
    return seen


@pytest.mark.parametrize(
    ("answers", "words"),
    [(HIGH, ""), (LOW, LONG), ({"1": 0}, WORDS), ({}, "")],
    ids=["high", "low", "one", "none"],
)
def test_therapists_pages_say_nothing_of_the_clients_form(
    world: World, answers: dict[str, int], words: str
) -> None:
    world.course(sessions=4)
    session_id = world.start()
    world.invite(session_id)
    before = therapist_sees(world, session_id)
    world.client_answers(session_id, answers, words)
    after = therapist_sees(world, session_id)
    assert before == after


def test_the_comparison_can_fail(world: World) -> None:
    """The same pictures do differ when the therapist acts: the test above is not blind."""
    world.course(sessions=4)
    session_id = world.start()
    before = therapist_sees(world, session_id)
    world.therapist_answers(session_id)
    after = therapist_sees(world, session_id)
    assert before != after


def test_new_link_looks_alike_after_the_client_answered(world: World) -> None:
    session_id = world.start()
    browser = world.browser()

    def made() -> tuple[int, dict[str, str], bytes]:
        status, headers, body = without_nonces(browser.post(f"/sessions/{session_id}/invite"))
        headers.pop("Content-Length", None)  # the picture code's path differs with the token
        return status, headers, _SECRETS.sub(b"", body)

    before = made()
    world.client_answers(session_id, LOW, LONG)
    assert made() == before


def test_opening_a_new_link_does_not_tell_whether_the_client_answered(world: World) -> None:
    """A therapist who opens the new link themselves learns nothing: the questions, as before."""
    session_id = world.start()

    def seen() -> object:
        token, _ = world.invite(session_id)
        return without_nonces(opened(token).get("/c/form"))

    before = seen()
    world.client_answers(session_id, LOW, LONG)
    assert seen() == before


def test_clients_pages_say_nothing_of_the_therapists_form(world: World) -> None:
    world.course(sessions=4)
    session_id = world.start()
    token, _ = world.invite(session_id)
    browser = opened(token)

    def seen() -> list[object]:
        return [
            without_nonces(browser.get(each)) for each in ("/c/", "/c/form", "/c/thanks", "/c/form")
        ]

    before = seen()
    world.therapist_answers(session_id)
    assert seen() == before


def test_both_appear_when_both_are_in(world: World) -> None:
    session_id = world.start()
    world.client_answers(session_id, HIGH)
    browser = world.browser()
    address = f"/sessions/{session_id}/"
    assert b"att-figure" not in browser.get(address).content
    world.therapist_answers(session_id)
    assert b"att-figure" in browser.get(address).content
    answer = browser.get(f"{address}status", headers={"hx-request": "true"})
    assert answer.headers["HX-Refresh"] == "true"
