# SPDX-License-Identifier: Apache-2.0
"""Sealed forms arrive: exactly once, with a receipt, late, after a revoked link, in two tabs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic_world import HIGH, LOW, WORDS, World, fields, opened, submission_id
from tests.sealed_letters import Carried, carried, deliver, said, sealed

from attunement.clinic.models import (
    Answer,
    AuditEvent,
    Grant,
    HeldDelivery,
    Invitation,
    Response,
    SealingKey,
)
from attunement.clinic.services import invite_client, revoke_invitation


@pytest.fixture
def phone(world: World) -> tuple[World, Browser, Carried]:
    token, _ = world.invite(world.start())
    browser = opened(token)
    return world, browser, carried(browser.get("/c/form"))


def move(monkeypatch: pytest.MonkeyPatch, **ahead: int) -> datetime:
    later = datetime.now(tz=UTC) + timedelta(**ahead)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    return later


def test_sealed_form_is_stored_like_a_posted_one(phone: tuple[World, Browser, Carried]) -> None:
    _, browser, form = phone
    body = sealed(form, fields(HIGH, WORDS), clock=timezone.now().isoformat())
    answer = deliver(body, browser)
    assert answer.status_code == 201
    words = said(answer, form, body)
    response = Response.objects.get()
    assert words["outcome"] == "received"
    assert datetime.fromisoformat(words["at"]) - response.received_at < timedelta(milliseconds=1)
    assert str(response.submission_id) == form.submission
    assert (response.mode, response.language, response.clock_suspect) == ("link", "en", False)
    assert response.answered_at is not None
    assert response.answers.get(item="1").value == 5.0
    assert response.scores.count() > 0
    assert Invitation.objects.get().consumed_at is not None
    assert "no-store" in answer.headers["Cache-Control"]
    assert b"arrived at" in browser.get("/c/thanks").content


def test_row_59_same_envelope_again_gets_the_same_receipt(
    phone: tuple[World, Browser, Carried],
) -> None:
    _, _, form = phone
    body = sealed(form, fields(HIGH, WORDS))
    first, *rest = (deliver(body) for _ in range(4))
    assert first.status_code == 201
    for again in rest:
        assert again.status_code == 200
        assert again.json() == first.json()
    assert Response.objects.count() == 1
    # Sealed anew by the same form, with the same answers: received, once.
    other = sealed(form, fields(HIGH, WORDS))
    answer = deliver(other)
    assert answer.status_code == 200
    assert said(answer, form, other)["at"] == json.loads(first.json()["said"])["at"]
    assert (Response.objects.count(), HeldDelivery.objects.count()) == (1, 0)


def test_row_60_other_content_under_the_same_id_is_refused_and_the_first_kept(
    phone: tuple[World, Browser, Carried],
) -> None:
    _, _, form = phone
    deliver(sealed(form, fields(HIGH)))
    other = sealed(form, fields(LOW))
    answer = deliver(other)
    assert answer.status_code == 409
    assert said(answer, form, other)["outcome"] == "other_content"
    assert Answer.objects.get(item="1").value == 5.0


def test_row_59_second_form_of_a_link_is_closed_once_the_first_is_in(
    phone: tuple[World, Browser, Carried],
) -> None:
    _, browser, form = phone
    second = carried(browser.get("/c/form"))
    assert second.submission != form.submission
    deliver(sealed(second, fields(LOW)))
    late = sealed(form, fields(HIGH))
    answer = deliver(late)
    assert answer.status_code == 410
    assert said(answer, form, late)["outcome"] == "closed"
    assert Response.objects.count() == 1


def test_posted_form_and_sealed_one_of_the_same_page_are_one(
    phone: tuple[World, Browser, Carried],
) -> None:
    _, browser, _ = phone
    page = browser.get("/c/form")
    form = carried(page)
    sent = fields(HIGH, WORDS) | {"submission_id": submission_id(page)}
    assert browser.post("/c/form", sent).status_code == 303
    answer = deliver(sealed(form, fields(HIGH, WORDS)))
    assert answer.status_code == 200
    assert Response.objects.count() == 1


def test_answer_given_offline_arrives_days_after_grant_and_link_ended(
    phone: tuple[World, Browser, Carried], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, form = phone
    answered = timezone.now()
    body = sealed(form, fields(HIGH, WORDS), clock=answered.isoformat())
    received = move(monkeypatch, days=13)
    assert Grant.objects.get().expires_at < received
    assert Invitation.objects.get().expires_at < received
    answer = deliver(body)  # another browser: no cookie is needed, or helps
    assert answer.status_code == 201
    response = Response.objects.get()
    assert response.answered_at is not None
    assert abs(response.answered_at - answered) < timedelta(seconds=1)
    assert response.received_at == received
    assert not response.clock_suspect


def test_answer_that_comes_after_two_weeks_is_kept_and_not_taken(
    phone: tuple[World, Browser, Carried], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _, form = phone
    body = sealed(form, fields(HIGH))
    move(monkeypatch, days=14, hours=1)
    answer = deliver(body)
    assert answer.status_code == 410
    assert said(answer, form, body)["outcome"] == "held"
    held = HeldDelivery.objects.get()
    assert (held.reason, held.practice) == ("late", world.practice)
    assert held.envelope == json.dumps(body)
    assert Response.objects.count() == 0


def test_receipt_that_never_came_is_given_again_after_two_weeks(
    phone: tuple[World, Browser, Carried], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, form = phone
    body = sealed(form, fields(HIGH))
    first = deliver(body)
    move(monkeypatch, days=20)
    again = deliver(body)
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize(
    "clock", ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "soon", 5, "9" * 99]
)
def test_row_61_clock_of_a_phone_that_is_wrong_is_flagged_and_ours_rules(
    phone: tuple[World, Browser, Carried], clock: Any
) -> None:
    _, _, form = phone
    assert deliver(sealed(form, fields(HIGH), clock=clock)).status_code == 201
    response = Response.objects.get()
    assert response.clock_suspect is (clock != 5)
    assert abs(response.received_at - timezone.now()) < timedelta(minutes=1)


def test_closed_link_takes_no_late_answer_and_a_replaced_one_does(
    phone: tuple[World, Browser, Carried],
) -> None:
    world, _, form = phone
    session_id = Invitation.objects.get().assignment.session_id
    invite_client(world.login, session_id, now=timezone.now())
    revoke_invitation(world.login, session_id, now=timezone.now())
    assert deliver(sealed(form, fields(HIGH))).status_code == 201  # its own link was replaced only
    second = world.start()
    token, _ = world.invite(second)
    shut = carried(opened(token).get("/c/form"))
    revoke_invitation(world.login, second, now=timezone.now())
    body = sealed(shut, fields(HIGH))
    answer = deliver(body)
    assert answer.status_code == 410
    assert said(answer, shut, body)["outcome"] == "closed"
    assert Response.objects.count() == 1


def test_fields_that_cannot_be_read_go_back_to_an_open_form_and_are_kept_otherwise(
    phone: tuple[World, Browser, Carried],
) -> None:
    world, _, form = phone
    body = sealed(form, fields(HIGH) | {"item-2": "99"})
    key = f'"{form.submission}"'
    open_form = {"Idempotency-Key": key, "Attunement-Form": "open"}
    answer = deliver(body, headers=open_form)
    assert (answer.status_code, answer.json()) == (422, {"outcome": "fields"})
    assert HeldDelivery.objects.count() == 0
    late = deliver(body)
    assert late.status_code == 422
    assert said(late, form, body)["outcome"] == "held"
    assert HeldDelivery.objects.get().practice == world.practice


def test_ticket_reads_nothing_and_opens_nothing_else(
    phone: tuple[World, Browser, Carried],
) -> None:
    _, _, form = phone
    stranger = Browser()
    assert stranger.get("/c/form").status_code == 404
    for secret in (form.ticket, form.ticket[:43], form.submission):
        assert stranger.post("/c/open", {"token": secret}).status_code == 404
    assert stranger.get("/c/sealed").status_code == 405
    # With another form's submission id it is no ticket.
    other = sealed(form, fields(HIGH)) | {"id": "0e0cbf43-5d2c-4a8b-9f5b-6a1f6f3c2b11"}
    assert deliver(other).status_code == 422
    assert Response.objects.count() == 0


def test_row_58_request_of_another_site_is_refused_and_nothing_kept(
    phone: tuple[World, Browser, Carried],
) -> None:
    _, _, form = phone
    body = sealed(form, fields(HIGH))
    name = f'"{form.submission}"'
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ):
        answer = deliver(body, headers={"Idempotency-Key": name} | headers)
        assert answer.status_code == 403, headers
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert deliver(body, content_type=kind).status_code == 415
    for key in ("", "other", form.submission.upper(), f'"{form.key}"'):
        assert deliver(body, headers={"Idempotency-Key": key}).status_code == 400, key
    assert (Response.objects.count(), HeldDelivery.objects.count()) == (0, 0)
    assert deliver(body, headers={"Idempotency-Key": form.submission}).status_code == 201


def test_page_shows_no_secret_that_reads_and_the_database_none_in_the_clear(
    phone: tuple[World, Browser, Carried],
) -> None:
    _, browser, form = phone
    page = browser.get("/c/form").content.decode()
    (cookie,) = (each.value for name, each in browser.cookies.items() if name.startswith("c_"))
    assert cookie not in page
    key = SealingKey.objects.get()
    assert key.opening_wrapped.startswith("s1:")
    assert key.signing_wrapped.startswith("s1:")
    assert (key.public, key.receipt_public) == (form.public, form.receipt_public)


def test_every_delivery_is_in_the_audit_log_without_a_word(
    phone: tuple[World, Browser, Carried],
) -> None:
    _, _, form = phone
    deliver(sealed(form, fields(HIGH, WORDS)))
    deliver(sealed(form, fields(LOW)))
    deliver(b"{}")
    outcomes = [
        (each.action, each.outcome)
        for each in AuditEvent.objects.order_by("id")
        if each.action in {"client_response.record", "sealed.receive"}
    ]
    assert outcomes == [
        ("client_response.record", "done"),
        ("client_response.record", "refused"),
        ("sealed.receive", "refused"),
    ]
    assert WORDS not in repr(list(AuditEvent.objects.values()))


def test_worker_keeps_the_shell_and_no_form() -> None:
    browser = Browser()
    answer = browser.get("/c/worker.js")
    text = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert 'SHELL_PAGE = "/c/waiting"' in text
    assert "/c/form" not in text
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    shell = browser.get("/c/waiting")
    assert b"csrf" not in shell.content
    assert b"If you need help now." in shell.content
    assert not shell.cookies
