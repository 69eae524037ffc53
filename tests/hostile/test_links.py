# SPDX-License-Identifier: Apache-2.0
"""Links that are wrong, used, expired, revoked, scanned or raced for (bad input 64, 65)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from attunement.clinic import services
from attunement.clinic.errors import AccessError
from attunement.clinic.models import Attempt, AuditEvent, Grant, Invitation, Response
from attunement.clinic.services.sealing import client_name
from attunement.clinic.services.secrets_of_links import ALPHABET

ADDRESS = "192.0.2.1"


def _open(world: Any, secret: str, *, address: str = ADDRESS) -> str | None:
    return services.open_invitation(secret, address=address, now=world.now)


def _send(world: Any, grant: str, fields: Any) -> Any:
    return services.record_client_response(
        grant, submission_id=uuid4(), fields=fields, client_clock=None, now=world.now
    )


@pytest.fixture
def issued(world: Any) -> Any:
    return services.invite_client(world.therapist, world.session().pk, now=world.now)


def test_only_hashes_are_stored(world: Any, issued: Any) -> None:
    grant = _open(world, issued.token)
    stored = repr(list(Invitation.objects.values()) + list(Grant.objects.values()))
    stored += repr(list(AuditEvent.objects.values()) + list(Attempt.objects.values()))
    code = issued.short_code.replace("-", "")
    for secret in (issued.token, code, code[4:], grant, ADDRESS):
        assert str(secret) not in stored
    assert len(issued.token) == 43
    assert issued.link_path == f"/c/#{issued.token}"
    assert issued.expires_at == world.now + timedelta(hours=72)


def test_row_65_opening_a_link_a_hundred_times_uses_nothing_up(
    world: Any, issued: Any, filled_form: Any
) -> None:
    grants = [_open(world, issued.token) for _ in range(100)]
    assert all(grants)
    for grant in grants[:5]:
        services.client_form(str(grant), now=world.now)
    assert Invitation.objects.get().consumed_at is None
    assert isinstance(_send(world, str(grants[-1]), filled_form(5)), services.Receipt)


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        str.lower,
        str.swapcase,
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: " " + token,
        lambda token: token[::-1],
        lambda token: "#" + token,
        lambda _: "",
        lambda _: "A" * 43,
        lambda _: "\x00" * 43,
        lambda _: "' OR 1=1 --",
        lambda _: "é" * 43,
        lambda _: "\ud800" * 43,
        lambda _: "x" * 1_000_000,
    ],
)
def test_row_64_a_changed_token_opens_nothing(world: Any, issued: Any, change: Any) -> None:
    before = Grant.objects.count()
    assert _open(world, change(issued.token)) is None
    assert Grant.objects.count() == before


def test_a_short_code_opens_however_it_is_typed(world: Any, issued: Any) -> None:
    code = issued.short_code
    for typed in (code, code.lower(), code.replace("-", ""), f" {code[:3]} {code[3:]} "):
        assert _open(world, typed) is not None


def test_row_64_a_short_code_dies_after_five_wrong_tries_and_the_link_lives(
    world: Any, issued: Any
) -> None:
    code = issued.short_code.replace("-", "")
    wrong = code[:-1] + next(letter for letter in ALPHABET if letter != code[-1])
    for number in range(5):
        assert _open(world, wrong, address=f"192.0.2.{number}") is None
    assert _open(world, code, address="198.51.100.1") is None
    assert _open(world, issued.token, address="198.51.100.1") is not None


def test_row_64_many_wrong_codes_from_one_address_never_refuse_a_right_one(
    world: Any, issued: Any
) -> None:
    for _ in range(20):
        assert _open(world, "22222-22222") is None
    for wrong in ("22222-22222", "A" * 43, ""):
        with pytest.raises(services.TooManyTriesError) as refusal:
            _open(world, wrong)
        assert refusal.value.code == "E-ACCESS-003"
        assert 0 < refusal.value.wait_seconds <= 15 * 60
    assert Attempt.objects.count() == 20  # and one more try costs no further row
    assert _open(world, "22222-22222", address="198.51.100.7") is None
    # Somebody else behind the same address, with a link or a code that is right, gets in.
    assert _open(world, issued.short_code) is not None
    assert _open(world, issued.token) is not None
    world.later(minutes=16)
    assert _open(world, "22222-22222") is None


def test_slowed_address_learns_nothing_about_a_link(world: Any, issued: Any) -> None:
    services.revoke_invitation(world.therapist, issued.session_id, now=world.now)
    for _ in range(20):
        _open(world, "22222-22222")
    said = set()
    for wrong in (issued.token, issued.short_code, "A" * 43):
        with pytest.raises(services.TooManyTriesError) as refusal:
            _open(world, wrong)
        said.add(str(refusal.value))
    assert len(said) == 1


def test_row_64_used_expired_revoked_and_unknown_links_answer_alike(
    world: Any, filled_form: Any
) -> None:
    def link() -> Any:
        return services.invite_client(world.therapist, world.session().pk, now=world.now)

    used, expired, revoked, replaced = link(), link(), link(), link()
    grant = _open(world, used.token)
    _send(world, str(grant), filled_form(5))
    Invitation.objects.filter(pk=expired.invitation_id).update(
        made_at=world.now - timedelta(hours=80), expires_at=world.now - timedelta(hours=8)
    )
    services.revoke_invitation(world.therapist, revoked.session_id, now=world.now)
    newer = services.invite_client(world.therapist, replaced.session_id, now=world.now)
    for closed in (used, expired, revoked, replaced):
        assert _open(world, closed.token) is None
        assert _open(world, closed.short_code) is None
    assert _open(world, newer.token) is not None


def test_row_64_a_link_expires_to_the_second(world: Any, issued: Any) -> None:
    world.now = issued.expires_at - timedelta(seconds=1)
    assert _open(world, issued.token) is not None
    world.now = issued.expires_at
    assert _open(world, issued.token) is None


def test_a_form_opened_in_time_is_still_taken_after_the_link_expired(
    world: Any, issued: Any, filled_form: Any
) -> None:
    world.now = issued.expires_at - timedelta(seconds=1)
    grant = _open(world, issued.token)
    world.later(hours=20)  # the phone was offline
    assert isinstance(_send(world, str(grant), filled_form(5)), services.Receipt)


def test_row_64_a_link_that_a_person_closed_takes_nothing_more(
    world: Any, issued: Any, filled_form: Any
) -> None:
    grant = str(_open(world, issued.token))
    services.revoke_invitation(world.therapist, issued.session_id, now=world.now)
    refused = _send(world, grant, filled_form(5))
    assert isinstance(refused, services.Refused)
    assert refused.http_status == 410
    with pytest.raises(AccessError):
        services.client_form(grant, now=world.now)


def test_a_form_half_filled_when_the_code_was_shown_again_is_not_lost(
    world: Any, issued: Any, filled_form: Any
) -> None:
    grant = str(_open(world, issued.token))
    services.invite_client(world.therapist, issued.session_id, now=world.now)
    assert isinstance(_send(world, grant, filled_form(5)), services.Receipt)
    assert Response.objects.count() == 1


@pytest.mark.usefixtures("issued")
@pytest.mark.parametrize("grant", ["", "A" * 43, "\ud800", "x" * 100_000, "' --"])
def test_row_64_a_grant_that_is_none_opens_and_stores_nothing(
    world: Any, grant: str, filled_form: Any
) -> None:
    for call in (
        lambda: services.client_form(grant, now=world.now),
        lambda: _send(world, grant, filled_form(5)),
    ):
        with pytest.raises(AccessError) as refusal:
            call()
        assert refusal.value.code == "E-ACCESS-002"
    assert Response.objects.count() == 0


def test_a_grant_shows_its_form_for_an_hour(world: Any, issued: Any) -> None:
    grant = str(_open(world, issued.token))
    world.later(minutes=59)
    services.client_form(grant, now=world.now)
    world.later(minutes=1)
    with pytest.raises(AccessError):
        services.client_form(grant, now=world.now)


def test_the_clients_form_has_no_name_and_no_earlier_answer(world: Any) -> None:
    first = world.session()
    world.client_answers(first, 2, text="canary wish")
    world.therapist_answers(first, 3)
    issued = services.invite_client(world.therapist, world.session().pk, now=world.now)
    form = services.client_form(str(_open(world, issued.token)), now=world.now)
    text = repr(form)
    assert "canary" not in text
    assert client_name(world.dyad.client) not in text
    assert world.dyad.client.code not in text
    assert form.who_sees
    assert form.crisis.phone


@pytest.mark.slow
@pytest.mark.store
@pytest.mark.django_db(transaction=True)
def test_row_64_fifty_redemptions_at_once_end_in_one_response(
    build_world: Any, filled_form: Any
) -> None:
    world = build_world()
    issued = services.invite_client(world.therapist, world.session().pk, now=world.now)
    barrier, results = threading.Barrier(50), []

    def redeem(number: int) -> None:
        try:
            barrier.wait(timeout=60)
            grant = _open(world, issued.token, address=f"192.0.2.{number}")
            results.append("closed" if grant is None else _send(world, grant, filled_form(5)))
        except Exception as problem:  # noqa: BLE001 -- the test looks at it
            results.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=redeem, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    stored = [one for one in results if isinstance(one, services.Receipt)]
    others = [one for one in results if one == "closed" or isinstance(one, services.Refused)]
    assert (len(stored), len(others)) == (1, 49), results
    assert Response.objects.count() == 1
