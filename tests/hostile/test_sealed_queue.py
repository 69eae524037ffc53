# SPDX-License-Identifier: Apache-2.0
"""Sealed deliveries that are damaged, swapped, old, unknown or far too late (bad input 66)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from tests.clinic_world import HIGH, PASSWORD, WORDS, World, fields, make_world, opened
from tests.sealed_letters import (
    Carried,
    b64,
    carried,
    deliver,
    said,
    seal_bytes,
    sealed,
    unb64,
)

from attunement.clinic.models import (
    AuditEvent,
    HeldDelivery,
    Invitation,
    Login,
    Practice,
    Response,
    Role,
    SealingKey,
)
from attunement.clinic.services.sealed_queue import current_key, replace_key

YEAR = timedelta(days=366)


@pytest.fixture
def clinic(db: None) -> World:  # noqa: ARG001 -- opens the database
    return make_world()


@pytest.fixture
def form(clinic: World) -> Carried:
    token, _ = clinic.invite(clinic.start())
    return carried(opened(token).get("/c/form"))


@pytest.fixture
def lead(clinic: World) -> Browser:
    login = Login.objects.create_user(
        username="synthetic-lead", password=PASSWORD, practice=clinic.practice, role=Role.LEAD
    )
    browser = Browser()
    browser.force_login(login)
    return browser


def at(monkeypatch: pytest.MonkeyPatch, **ahead: int) -> datetime:
    later = datetime.now(tz=UTC) + timedelta(**ahead)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    return later


def flipped(envelope: dict[str, Any], part: str, bit: int = 0) -> dict[str, Any]:
    raw = bytearray(unb64(envelope[part]))
    raw[len(raw) // 2] ^= 1 << bit
    return envelope | {part: b64(bytes(raw))}


def only_held(reason: str, envelope: dict[str, Any]) -> HeldDelivery:
    """Return the one delivery that was kept, with its ciphertext as it came; nothing was stored."""
    held = HeldDelivery.objects.get()
    assert held.reason == reason
    assert held.envelope == json.dumps(envelope)
    assert Response.objects.count() == 0
    assert Invitation.objects.filter(consumed_at__isnull=False).count() == 0
    assert AuditEvent.objects.filter(action="sealed.receive", outcome="refused").count() == 1
    return held


@pytest.mark.parametrize("part", ["ct", "iv", "epk"])
@pytest.mark.parametrize("bit", range(8))
def test_row_66_flipped_bit_is_refused_and_kept(form: Carried, part: str, bit: int) -> None:
    bad = flipped(sealed(form, fields(HIGH, WORDS)), part, bit)
    answer = deliver(bad)
    assert answer.status_code == 422
    assert said(answer, form, bad)["outcome"] == "held"
    only_held("unreadable", bad)
    # The whole one is taken afterwards.
    assert deliver(sealed(form, fields(HIGH, WORDS))).status_code == 201


def test_row_66_cut_off_ciphertext_is_refused_and_kept(form: Carried) -> None:
    whole = sealed(form, fields(HIGH))
    bad = whole | {"ct": b64(unb64(whole["ct"])[:-5])}
    assert deliver(bad).status_code == 422
    only_held("unreadable", bad)


def test_row_66_swapped_submission_id_is_refused_and_kept(clinic: World, form: Carried) -> None:
    token, _ = clinic.invite(clinic.start())
    other = carried(opened(token).get("/c/form"))
    bad = sealed(form, fields(HIGH)) | {"id": other.submission}
    answer = deliver(bad)
    assert answer.status_code == 422
    only_held("unreadable", bad)


def test_row_66_swapped_key_id_is_refused_and_kept(form: Carried) -> None:
    old = SealingKey.objects.get()
    replace_key(now=old.made_at)
    new = SealingKey.objects.get(retired_at__isnull=True)
    bad = sealed(form, fields(HIGH)) | {"key": new.pk}
    assert deliver(bad).status_code == 422
    only_held("unreadable", bad)


def test_row_66_ticket_of_another_form_in_an_envelope_of_this_one_is_refused(
    clinic: World, form: Carried
) -> None:
    token, _ = clinic.invite(clinic.start())
    other = carried(opened(token).get("/c/form"))
    bad = sealed(form, fields(HIGH), ticket=other.ticket)
    assert deliver(bad).status_code == 422
    only_held("not_ours", bad)


@pytest.mark.parametrize("ticket", ["", "x", "A" * 500, "a.b.c.d.e:f", "\x00", "' OR 1=1 --"])
def test_row_66_ticket_that_we_did_not_write_is_refused_and_kept(
    form: Carried, ticket: str
) -> None:
    bad = sealed(form, fields(HIGH), ticket=ticket)
    assert deliver(bad).status_code == 422
    only_held("not_ours", bad)


@pytest.mark.parametrize(
    "plain", [b"", b"[]", b"\xff", b'{"ticket": 5, "fields": {}}', b"x" * 9000]
)
def test_row_66_readable_rubbish_is_refused_and_kept(form: Carried, plain: bytes) -> None:
    bad = seal_bytes(plain, key=form.key, public=form.public, submission=form.submission)
    assert deliver(bad).status_code == 422
    only_held("not_ours", bad)


def test_row_66_unknown_key_is_refused_and_kept_and_the_phone_keeps_it_too(form: Carried) -> None:
    bad = sealed(form, fields(HIGH)) | {"key": "a" * 26}
    answer = deliver(bad)
    # Not signed: there is no key that this phone could check it by, so it forgets nothing.
    assert (answer.status_code, answer.json()) == (422, {"outcome": "held"})
    only_held("key_unknown", bad)


def test_row_66_old_key_still_opens_for_a_month_after_it_was_replaced(
    form: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_key(now=datetime.now(tz=UTC))
    at(monkeypatch, days=13)
    body = sealed(form, fields(HIGH))
    answer = deliver(body)
    assert answer.status_code == 201
    assert said(answer, form, body)["outcome"] == "received"


def test_row_66_forgotten_key_opens_nothing_and_still_says_so(
    form: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = sealed(form, fields(HIGH))
    replace_key(now=datetime.now(tz=UTC))
    replace_key(now=at(monkeypatch, days=31))
    assert SealingKey.objects.get(pk=form.key).opening_wrapped == ""
    answer = deliver(body)
    assert answer.status_code == 410
    assert said(answer, form, body)["outcome"] == "held"
    only_held("key_gone", body)


def test_row_66_replay_after_a_year_is_refused_and_kept_whatever_became_of_the_first(
    form: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = sealed(form, fields(HIGH, WORDS))
    assert deliver(body).status_code == 201
    later = at(monkeypatch, days=YEAR.days)
    # Nobody has opened a form since: the key was not replaced, and its time is over all the same.
    assert SealingKey.objects.get().opening_wrapped != ""
    answer = deliver(body)
    assert answer.status_code == 410
    assert said(answer, form, body)["outcome"] == "held"
    assert HeldDelivery.objects.get().reason == "key_gone"
    assert Response.objects.count() == 1
    fresh = current_key(now=later)
    assert fresh.key_id != form.key
    assert SealingKey.objects.get(pk=form.key).opening_wrapped == ""


def test_row_66_many_copies_of_one_bad_envelope_are_one_line(form: Carried) -> None:
    bad = flipped(sealed(form, fields(HIGH)), "ct")
    assert {deliver(bad).status_code for _ in range(30)} == {422}
    assert HeldDelivery.objects.get().times == 30


def test_flood_of_bad_envelopes_waits_on_its_phones_and_good_ones_pass(form: Carried) -> None:
    whole = sealed(form, fields(HIGH))
    answers = [deliver(whole | {"key": f"k{number:025d}"}) for number in range(25)]
    assert [each.status_code for each in answers] == [422] * 20 + [429] * 5
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert HeldDelivery.objects.count() == 20
    # From the same address, what is in order is taken at once.
    assert deliver(whole).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[" * 100_000,
        b'{"v":1}',
        b"\x00" * 1000,
        b"\xff\xfe\xfd",
        b'{"v":1,"key":"k","id":"x","epk":"","iv":"","ct":""}',
        b"x" * (256 * 1024 + 1),
    ],
)
def test_row_66_what_is_no_envelope_leaves_nothing_but_an_audit_line(db: None, body: bytes) -> None:  # noqa: ARG001 -- opens the database
    answer = deliver(body)
    assert answer.status_code in {400, 413, 415}
    assert HeldDelivery.objects.count() == 0
    assert AuditEvent.objects.count() <= 1


def test_row_66_lead_is_told_and_notes_it_and_the_ciphertext_stays(
    clinic: World, form: Carried, lead: Browser
) -> None:
    assert b"could not be read</a>" not in lead.get("/").content
    bad = flipped(sealed(form, fields(HIGH, WORDS)), "ct")
    deliver(bad)
    assert b"1 form arrived and could not be read" in lead.get("/").content
    page = lead.get("/held/").content.decode()
    assert "It was damaged or changed on the way." in page
    assert form.submission not in page
    held = HeldDelivery.objects.get()
    assert lead.post(f"/held/{held.pk}/note").status_code == 303
    assert b"could not be read</a>" not in lead.get("/").content
    assert HeldDelivery.objects.get().envelope == json.dumps(bad)
    assert HeldDelivery.objects.get().noted_by == Login.objects.get(username="synthetic-lead").pk
    # A therapist is neither told nor let in.
    therapist = clinic.browser()
    assert therapist.get("/held/").status_code == 404
    assert therapist.post(f"/held/{held.pk}/note").status_code == 404


def test_lead_of_another_practice_sees_only_what_nobody_can_place(
    form: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Practice.objects.create(name="Another Synthetic Practice")
    login = Login.objects.create_user(
        username="other-lead", password=PASSWORD, practice=elsewhere, role=Role.LEAD
    )
    browser = Browser()
    late = sealed(form, fields(HIGH))
    deliver(flipped(sealed(form, fields(HIGH)), "ct"))
    at(monkeypatch, days=15)
    assert deliver(late).status_code == 410
    browser.force_login(login)
    page = browser.get("/held/").content.decode()
    assert "damaged or changed" in page
    assert "more than two weeks after the form was opened" not in page
    placed = HeldDelivery.objects.get(reason="late")
    assert browser.post(f"/held/{placed.pk}/note").status_code == 404
