# SPDX-License-Identifier: Apache-2.0
"""Reminders: only with a yes, once, no name, no clinical word, and stopped by the client."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser

from attunement.clinic import services
from attunement.clinic.config.model import Capture, Mail
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.models import (
    AuditEvent,
    Invitation,
    Reminder,
    ReminderAddress,
    ReminderAttempt,
    ReminderState,
    Response,
)
from attunement.clinic.services import reminders

pytestmark = pytest.mark.store
HOURS = 4


@pytest.fixture
def site(settings: Any) -> Any:
    def put(**keys: Any) -> None:
        capture = Capture(remind_hours=HOURS, **keys)
        mail = Mail("127.0.0.1", 25, "none", "", "", "clinic@clinic.example")
        settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=capture, mail=mail)

    put()
    return put


class Post:
    """Takes mails in the place of a server; refuses the first ``broken``."""

    def __init__(self, broken: int = 0) -> None:
        self.mails: list[tuple[str, str, str]] = []
        self.broken = broken

    def __call__(self, to: str, subject: str, words: str, message_id: str) -> str:
        if self.broken:
            self.broken -= 1
            raise OSError(to)
        self.mails.append((to, subject, words))
        return message_id


def _agree(world: Any, channel: str = "mail", address: str = "person@host.example") -> None:
    reminders.agree(world.therapist, world.dyad.pk, channel=channel, address=address, now=world.now)


def _token(words: str) -> str:
    return words.partition("/c/#")[2].split()[0]


def test_one_reminder_after_the_hours_and_no_second(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    _agree(world)
    world.session()
    post = Post()
    assert reminders.remind(now=world.now, send=post) == (0, 0)  # too early
    assert reminders.remind(now=world.later(hours=HOURS), send=post) == (1, 1)
    for _ in range(3):
        assert reminders.remind(now=world.later(minutes=20), send=post) == (0, 0)
    assert reminders.remind(now=world.later(days=1), send=post) == (0, 0)
    ((to, subject, words),) = post.mails
    assert to == "person@host.example"
    grant = services.open_invitation(_token(words), address="192.0.2.1", now=world.now)
    assert grant is not None
    assert services.client_form(grant, now=world.now).measure.id == "oac-c"
    for word in ("therap", "clinic ", "session", "Synthetic", "Practice", "C-07", "Client", "feel"):
        assert word.lower() not in f"{subject} {words}".lower()
    assert Reminder.objects.get().secrets == ""  # nothing is left of the link
    assert "host.example" not in ReminderAddress.objects.get().address  # sealed
    assert not any("host.example" in str(vars(row)) for row in AuditEvent.objects.all())


def test_nobody_is_reminded_of_what_is_in_closed_or_old(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    _agree(world)
    post = Post()
    answered = world.session()
    world.client_answers(answered)
    world.later(hours=HOURS)
    assert reminders.remind(now=world.now, send=post) == (0, 0)
    closed = world.session()
    services.invite_client(world.therapist, closed.pk, now=world.now)
    services.revoke_invitation(world.therapist, closed.pk, now=world.now)
    assert reminders.remind(now=world.later(hours=HOURS), send=post) == (0, 0)
    world.session()
    assert reminders.remind(now=world.later(days=5), send=post) == (0, 0)
    assert not post.mails


def test_an_answer_between_planning_and_sending_drops_it(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    _agree(world)
    session = world.session()
    world.later(hours=HOURS)
    assert reminders.plan(now=world.now) == 1
    world.client_answers(session)
    post = Post()
    assert reminders.remind(now=world.now, send=post) == (0, 0)
    assert Reminder.objects.get().state == ReminderState.DROPPED


def test_two_sessions_on_a_day_are_one_reminder(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    _agree(world)
    world.session()
    world.session()
    post = Post()
    assert reminders.remind(now=world.later(hours=HOURS), send=post) == (1, 1)
    assert reminders.remind(now=world.later(minutes=5), send=post) == (0, 0)
    assert len(post.mails) == 1


def test_a_server_that_fails_is_tried_again_and_then_left(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    _agree(world)
    world.session()
    world.later(hours=HOURS)
    post = Post(broken=2)
    assert reminders.remind(now=world.now, send=post) == (1, 0)
    assert reminders.remind(now=world.now, send=post) == (0, 0)  # not at once
    assert reminders.remind(now=world.later(minutes=11), send=post) == (0, 0)
    assert reminders.remind(now=world.later(minutes=21), send=post) == (0, 1)
    outcomes = list(ReminderAttempt.objects.order_by("pk").values_list("outcome", "why"))
    assert outcomes == [("failed", "OSError"), ("failed", "OSError"), ("sent", "")]
    world.later(days=1)
    world.session()
    world.later(hours=HOURS)
    post = Post(broken=9)
    for _ in range(6):
        reminders.remind(now=world.later(minutes=40), send=post)
    assert post.broken == 6  # three tries
    assert Reminder.objects.order_by("due_at").last().state == ReminderState.DROPPED


def test_the_client_stops_them_with_one_tap(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    _agree(world)
    world.session()
    post = Post()
    reminders.remind(now=world.later(hours=HOURS), send=post)
    stop = post.mails[0][2].partition("/c/stop#")[2].strip()
    browser = Browser()
    assert browser.get("/c/stop").status_code == 200
    assert ReminderAddress.objects.get().stopped_at is None  # looking stops nothing
    assert "No more reminders" in browser.post("/c/stop", {"token": stop}).content.decode()
    assert "No more reminders" in browser.post("/c/stop", {"token": stop}).content.decode()
    assert "stops nothing" in browser.post("/c/stop", {"token": stop[:-1]}).content.decode()
    assert "stops nothing" in browser.post("/c/stop", {"token": "\x00é" * 90}).content.decode()
    assert ReminderAddress.objects.get().stopped_by == "client"
    world.session()
    assert reminders.remind(now=world.later(hours=HOURS), send=post) == (0, 0)


def test_a_reminder_changes_nothing_that_the_therapist_sees(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    """Who is reminded has not answered: no page may tell."""
    _agree(world)
    session = world.session()
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    world.later(hours=HOURS)
    before = services.session_overview(world.therapist, session.pk, now=world.now)
    post = Post()
    assert reminders.remind(now=world.now, send=post) == (1, 1)
    assert services.session_overview(world.therapist, session.pk, now=world.now) == before
    assert services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    again = services.invite_client(world.therapist, session.pk, now=world.now)
    for token in (again.token, _token(post.mails[0][2])):
        assert services.open_invitation(token, address="192.0.2.1", now=world.now)
    world.client_answers(session)
    assert Response.objects.count() == 1
    for token in (again.token, _token(post.mails[0][2])):  # one form, whichever link
        assert services.open_invitation(token, address="192.0.2.1", now=world.now) is None


def test_a_closed_link_closes_the_reminders_link_too(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    _agree(world)
    session = world.session()
    post = Post()
    reminders.remind(now=world.later(hours=HOURS), send=post)
    services.revoke_invitation(world.therapist, session.pk, now=world.now)
    token = _token(post.mails[0][2])
    assert services.open_invitation(token, address="192.0.2.1", now=world.now) is None
    assert not Invitation.objects.filter(revoked_at=None).exists()


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("mail", "a@host.example\nBcc: b@host.example"),
        ("mail", "a@host.example\r\nSubject: x"),
        ("mail", "a@host.example, b@host.example"),
        ("mail", "a@host.example;b@host.example"),
        ("mail", "A Person <a@host.example>"),
        ("mail", "a@höst.example"),
        ("mail", "a@host"),
        ("mail", "a..b@host.example"),
        ("mail", "a b@host.example"),
        ("mail", "@host.example"),
        ("mail", ""),
        ("mail", "a" * 65 + "@host.example"),
        ("mail", "a\x00@host.example"),
        ("sms", "+49 123 4567"),
        ("sms", "0123456789"),
        ("sms", "--help"),
        ("sms", "+123456; rm -rf /"),
        ("sms", "+1234567\n+7654321"),
        ("sms", "+٤٩١٢٣٤٥٦٧"),
        ("sms", "+12345678901234567"),
        ("pigeon", "a@host.example"),
        ("", ""),
    ],
)
def test_odd_addresses_are_refused(world: Any, site: Any, channel: str, address: str) -> None:
    site(sms_command=("/bin/true",))
    with pytest.raises(ClinicError) as refusal:
        _agree(world, channel, address)
    assert refusal.value.code == "E-CLINIC-042"
    assert len(address) < 15 or address not in refusal.value.text()
    assert not ReminderAddress.objects.exists()


def test_only_the_own_therapist_notes_an_address(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    for login in (world.colleague, world.lead, world.stranger, world.operator):
        with pytest.raises(AccessError):
            reminders.agree(
                login, world.dyad.pk, channel="mail", address="a@b.example", now=world.now
            )
    _agree(world)
    _agree(world, address="other@host.example")  # takes the first one's place
    assert ReminderAddress.objects.filter(stopped_at=None).count() == 1


def test_a_text_message_goes_to_the_sites_program(world: Any, site: Any, tmp_path: Path) -> None:
    program = tmp_path / "gateway.py"
    out = tmp_path / "out.txt"
    program.write_text(
        "import pathlib, sys, os\n"
        f"pathlib.Path({str(out)!r}).write_text(sys.argv[-1] + '|' + sys.stdin.read()"
        " + '|' + ','.join(sorted(os.environ)))\n",
        encoding="utf-8",
    )
    site(sms_command=(sys.executable, str(program)))
    _agree(world, "sms", "+491234567")
    world.session()
    assert reminders.remind(now=world.later(hours=HOURS)) == (1, 1)
    number, words, seen = out.read_text(encoding="utf-8").split("|")
    assert number == "+491234567"
    assert "/c/#" in words
    assert "ATTUNEMENT" not in seen  # no secret of ours is in its environment


def test_without_a_setting_nothing_is_planned(world: Any) -> None:
    world.session()
    assert reminders.channels() == ()
    assert reminders.remind(now=world.later(hours=HOURS), send=Post()) == (0, 0)
    with pytest.raises(ClinicError):
        _agree(world)


def test_an_erased_client_is_not_reminded(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    _agree(world)
    world.session()
    type(world.dyad.client).objects.filter(pk=world.dyad.client_id).update(erased_at=world.now)
    assert reminders.remind(now=world.now + timedelta(hours=HOURS), send=Post()) == (0, 0)
