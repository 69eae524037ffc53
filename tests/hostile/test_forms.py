# SPDX-License-Identifier: Apache-2.0
"""Forms that are malformed, doubled, foreign or out of time (bad input 54–62)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser

from attunement.clinic import services
from attunement.clinic.models import Answer, AuditEvent, Response
from attunement.clinic.services.submission import parse_submission_id

UUID_TEXT = "3f2c1b0a-1111-4222-8333-444455556666"


@pytest.fixture
def grant(world: Any) -> str:
    issued = services.invite_client(world.therapist, world.session().pk, now=world.now)
    return str(services.open_invitation(issued.token, address="192.0.2.1", now=world.now))


def _send(world: Any, grant: str, fields: Any, **more: Any) -> Any:
    given = {"submission_id": uuid4(), "client_clock": None} | more
    return services.record_client_response(grant, fields=fields, now=world.now, **given)


def test_row_54_extra_fields_are_ignored_and_never_stored(
    world: Any, grant: str, filled_form: Any
) -> None:
    extra = {
        "__proto__": "x", "constructor": "x", "role": "lead", "score": "6", "visibility": "all",
        "item-99": "3", "item-": "3", "item-1 ": "6", "perspective": "therapist",
    }  # fmt: skip
    assert isinstance(_send(world, grant, filled_form(5) | extra), services.Receipt)
    assert set(Answer.objects.values_list("item", flat=True)) == set("12345678")
    assert Response.objects.get().perspective == "client"


@pytest.mark.parametrize(
    "fields",
    [
        {"item-1": ["3", "4"]},
        {"item-1": {"$gt": 0}},
        {"item-1": "7"},
        {"item-1": "3 "},
        {"item-1": True},
        {"item-1": 3.0},
        {"item-9": "x" * 10_001},
        {"item-9": "x" * 10_000_000},
        {"item-9": "a\x00b"},
        {"item-9": "a\udcffb"},
    ],
)
def test_row_55_a_field_that_cannot_be_read_is_422_and_stores_nothing(
    world: Any, grant: str, fields: Any
) -> None:
    refused = _send(world, grant, fields)
    assert isinstance(refused, services.Refused)
    assert (refused.http_status, refused.code) == (422, "E-CLINIC-007")
    assert refused.problems
    assert Response.objects.count() == Answer.objects.count() == 0


@pytest.mark.parametrize(
    "raw",
    ["", "1", "not-a-uuid", UUID_TEXT[:-1], f"{{{UUID_TEXT}}}", f"urn:uuid:{UUID_TEXT}",
     UUID_TEXT.replace("-", ""), None, 5],
)  # fmt: skip
def test_row_54_a_submission_id_that_is_none_is_422(
    world: Any, grant: str, raw: Any, filled_form: Any
) -> None:
    refused = _send(world, grant, filled_form(5), submission_id=raw)
    assert isinstance(refused, services.Refused)
    assert refused.http_status == 422


def test_a_submission_id_is_the_same_in_either_case() -> None:
    assert parse_submission_id(UUID_TEXT.upper()) == parse_submission_id(UUID_TEXT)


def test_row_60_a_submission_id_of_another_form_is_409_and_tells_nothing(
    world: Any, grant: str, filled_form: Any
) -> None:
    _send(world, grant, filled_form(5), submission_id=UUID_TEXT)
    issued = services.invite_client(world.therapist, world.session().pk, now=world.now)
    other = str(services.open_invitation(issued.token, address="192.0.2.1", now=world.now))
    refused = _send(world, other, filled_form(5), submission_id=UUID_TEXT)
    assert isinstance(refused, services.Refused)
    assert refused.http_status == 409
    assert Response.objects.count() == 1


@pytest.mark.parametrize(
    ("clock", "kept", "suspect"),
    [
        ("2026-03-02T09:59:00+00:00", True, False),
        ("2026-03-02T10:59:00+01:00", True, False),
        ("2026-03-02T09:59:00Z", True, False),
        ("1970-01-01T00:00:00Z", True, True),
        ("2099-12-31T00:00:00Z", True, True),
        ("9999-12-31T23:59:59-14:00", False, True),
        ("0001-01-01T00:00:00+14:00", False, True),
        ("2026-03-02T09:59:00", False, True),
        ("yesterday", False, True),
        ("x" * 100_000, False, True),
        ("", False, False),
        (None, False, False),
    ],
)
def test_row_61_the_clients_clock_is_kept_or_flagged_and_ours_rules(
    world: Any, grant: str, clock: Any, kept: Any, suspect: Any
) -> None:
    sent = _send(world, grant, {"item-1": "5"}, client_clock=clock)
    assert isinstance(sent, services.Receipt)
    response = Response.objects.get()
    assert response.received_at == world.now
    assert (response.answered_at is not None) is kept
    assert response.clock_suspect is suspect


def test_row_57_hostile_words_are_stored_and_shown_as_they_are(world: Any) -> None:
    said = "<img src=x onerror=alert(1)> {{7*7}} ${jndi:ldap://x} '; DROP TABLE x;-- \u202etxt 🙂"
    session = world.session()
    world.client_answers(session, 5, text=said)
    world.therapist_answers(session, 4)
    picture = services.session_picture(world.therapist, session.pk, now=world.now)
    assert isinstance(picture, services.Revealed)
    assert [comment.text for comment in picture.comments] == [said]


def test_the_words_shown_are_stored_with_the_answers(
    world: Any, grant: str, filled_form: Any
) -> None:
    form = services.client_form(grant, now=world.now)
    _send(world, grant, filled_form(5))
    assert Response.objects.get().who_sees == form.who_sees


def test_row_62_an_older_version_that_is_still_open_is_scored_by_that_version(
    world: Any, two_versions: Any, settings: Any
) -> None:
    settings.ATTUNEMENT = two_versions.config
    first = world.session()
    two_versions.publish_second()
    second = world.session()
    world.client_answers(first, 3)
    world.client_answers(second, 3)
    totals = {
        response.session.session_no: (
            response.measure_version,
            response.scores.get(scale="total").value,
        )
        for response in Response.objects.filter(perspective="client")
    }
    # Version 1 adds the two answers (3 + 3); version 2 takes their mean.
    assert totals == {1: ("1", 6.0), 2: ("2", 3.0)}


def test_row_58_a_form_from_elsewhere_is_refused_and_logged(world: Any) -> None:
    del world
    browser = Browser(enforce_csrf_checks=True)
    before = AuditEvent.objects.count()
    answer = browser.post("/accounts/login/", {"login": "amber", "password": "x"})
    assert answer.status_code == 403
    last = AuditEvent.objects.latest("id")
    assert AuditEvent.objects.count() == before + 1
    assert (last.action, last.outcome) == ("form.refused", "refused")
