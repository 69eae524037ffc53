# SPDX-License-Identifier: Apache-2.0
"""A form between two sessions: by hand, by weeks, by a rule; once a day, about the time since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from attunement.clinic import services
from attunement.clinic.access.visibility import Visibility
from attunement.clinic.config.model import Capture, Mail
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.models import Assignment, CareEpisode, Dyad, Invitation, Moment, Response
from attunement.clinic.services import reminders
from attunement.clinic.services.asking import set_schedule
from attunement.clinic.services.between import ask_between
from attunement.clinic.services.promises import choose_visibility
from attunement.clinic.services.said_before import said_before

pytestmark = pytest.mark.store
ANSWERS = {"moment": "between", "item-1": "2", "item-2": "1"}
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def site(settings: Any) -> Any:
    def put(**keys: Any) -> None:
        capture = Capture(between="phq-2", remind_hours=4, **keys)
        mail = Mail("127.0.0.1", 25, "none", "", "", "clinic@clinic.example")
        settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=capture, mail=mail)

    put()
    return put


def _agree(world: Any) -> None:
    reminders.agree(
        world.therapist, world.dyad.pk, channel="mail", address="a@host.example", now=world.now
    )


def _send(world: Any, token: str, fields: dict[str, str]) -> Any:
    grant = services.open_invitation(token, address="192.0.2.1", now=world.now)
    assert grant is not None
    form = services.client_form(grant, now=world.now, moment=Moment.BETWEEN)
    return services.record_client_response(
        grant,
        submission_id=form.submission_id,
        fields=fields,
        client_clock=None,
        now=world.now,
    )


def _days(world: Any, n_days: int) -> list[int]:
    """Run the worker once a day at noon; return on which days a message went out."""
    sent: list[int] = []
    for day in range(1, n_days + 1):
        world.later(days=1)
        _, n_sent = reminders.remind(now=world.now, send=lambda *_: "id")
        sent += [day] * n_sent
    return sent


def test_a_link_by_hand_opens_a_form_about_the_time_since(world: Any, site: Any) -> None:  # noqa: ARG001 -- configures
    session = world.session()
    world.client_answers(session, 5)
    world.later(days=2)
    issued = ask_between(world.therapist, world.dyad.pk, now=world.now)
    assignment = Assignment.objects.get(moment=Moment.BETWEEN)
    assert (assignment.session_id, assignment.asked_on) == (session.pk, world.now.date())
    browser = Browser()
    browser.post("/c/open", {"token": issued.token})
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    assert services.client_moments(grant, now=world.now) == (Moment.BETWEEN,)
    # Whatever the form says of its moment, this link has one form.
    with pytest.raises(AccessError):
        services.client_form("x" * 43, now=world.now)
    assert services.client_form(grant, now=world.now, moment="before").moment == Moment.BETWEEN
    receipt = _send(world, issued.token, ANSWERS)
    assert receipt.received_at == world.now
    response = Response.objects.get(moment=Moment.BETWEEN)
    assert "to have them in mind when you meet" in response.who_sees
    assert Invitation.objects.get(assignment=assignment).consumed_at is not None
    said = said_before(world.therapist, world.dyad.pk, now=world.now).between
    assert said is not None
    assert (said.title, said.total, said.earlier) == ("PHQ-2", 3.0, None)


def test_what_was_asked_and_left_is_told_without_a_hidden_answer_in_it(
    world: Any,
    site: Any,  # noqa: ARG001 -- configures
) -> None:
    me, dyad = world.therapist, world.dyad.pk
    world.client_answers(world.session(), 5)
    asked_on = world.later(days=2).date()
    ask_between(me, dyad, now=world.now)
    left = said_before(me, dyad, now=world.now).left
    assert left is not None
    assert (left.n_asked, left.on_day, left.open_until is None) == (1, asked_on, False)
    world.later(days=30)
    left = said_before(me, dyad, now=world.now).left
    assert left is not None
    assert (left.on_day, left.open_until) == (asked_on, None)  # lapsed
    again = ask_between(me, dyad, now=world.now)
    left = said_before(me, dyad, now=world.now).left
    assert left is not None
    assert (left.n_asked, left.on_day) == (2, world.now.date())

    # One that comes, with everything left out too, ends that; what was left before it is no news.
    _send(world, again.token, {"moment": "between", "left_out": "yes"})
    around = said_before(me, dyad, now=world.now)
    assert around.left is None
    assert around.between is not None
    assert (around.between.on_day, around.between.total) == (world.now.date(), None)

    # Where an answer would not show, nothing is said of there being none.
    for mode in (Visibility.SEALED, Visibility.END, Visibility.DELAYED):
        choose_visibility(me, dyad, visibility=mode, now=world.later(days=1))
        ask_between(me, dyad, now=world.now)
        assert said_before(me, dyad, now=world.later(days=20)).left is None, mode

    # It is about the time since the last session: after the next one it is told no more.
    choose_visibility(me, dyad, visibility=Visibility.OPEN, now=world.later(days=1))
    ask_between(me, dyad, now=world.now)
    assert said_before(me, dyad, now=world.now).left is not None
    world.session()
    assert said_before(me, dyad, now=world.later(days=1)).left is None


def test_the_page_says_since_your_last_session(world: Any, site: Any, client: Any) -> None:  # noqa: ARG001 -- configures
    world.now = datetime.now(tz=UTC)
    Dyad.objects.get(pk=world.dyad.pk).care_episodes.update(began_on=world.now.date())
    world.now -= timedelta(days=4)
    Dyad.objects.get(pk=world.dyad.pk).care_episodes.update(began_on=world.now.date())
    world.session()
    client.force_login(world.therapist)
    asking = client.get(f"/clients/{world.dyad.pk}/asking").content.decode()
    assert "only when you make a link" in asking
    assert client.get(f"/clients/{world.dyad.pk}/between").status_code == 200
    shown = client.post(f"/clients/{world.dyad.pk}/between").content.decode()
    left = client.get(f"/clients/{world.dyad.pk}/before").content.decode()
    assert ", not answered so far. The link is open until" in left
    token = shown.partition("/c/#")[2].partition('"')[0]
    browser = Browser()
    opened = browser.post("/c/open", {"token": token})
    page = browser.get(opened.headers["Location"]).content.decode()
    assert '<h1 tabindex="-1">Since your last session</h1>' in page
    for words in ("How was the session", "Before the session", "Have you met"):
        assert words not in page
    sent = dict(ANSWERS)
    for name in ("submission_id", "csrfmiddlewaretoken"):
        sent[name] = page.partition(f'name="{name}" value="')[2].partition('"')[0]
    thanks = browser.post("/c/form", sent, follow=True).content.decode()
    assert "Thank you" in thanks
    assert "After the session" not in thanks
    before = client.get(f"/clients/{world.dyad.pk}/before").content.decode()
    assert "Between sessions they said" in before
    assert "not answered" not in before
    assert "PHQ-2: <strong>3</strong>" in before


def test_by_weeks_it_goes_out_in_daytime_once_and_stops_when_nobody_comes(
    world: Any, site: Any
) -> None:
    site(between_weeks=2)
    _agree(world)
    world.client_answers(world.session(), 5)
    assert _days(world, 100) == [3, 17, 31, 45, 59, 73]  # twelve weeks after the session: the end
    assert Assignment.objects.filter(moment=Moment.BETWEEN).count() == 6
    assert len(set(Assignment.objects.filter(moment=Moment.BETWEEN).values_list("session"))) == 1
    world.client_answers(world.session(), 5)
    world.later(days=3, hours=-5)  # five in the morning
    assert reminders.remind(now=world.now, send=lambda *_: "id") == (0, 0)
    assert reminders.remind(now=world.later(hours=5), send=lambda *_: "id") == (1, 1)
    assert reminders.remind(now=world.later(hours=2), send=lambda *_: "id") == (0, 0)


def test_a_rule_of_the_client_holds_before_that_of_the_practice(world: Any, site: Any) -> None:
    site(between_weeks=1)
    _agree(world)
    me, dyad = world.therapist, world.dyad.pk
    set_schedule(me, dyad, kind="numbers", numbers=(2,), every=2, moment="between", now=world.now)
    asked: list[list[int]] = []
    for _ in range(4):
        world.client_answers(world.session(), 5)
        asked.append(_days(world, 7))
    assert asked == [[], [3], [], [3]]
    set_schedule(me, dyad, kind="never", moment="between", now=world.now)
    world.client_answers(world.session(), 5)
    assert _days(world, 21) == []


def test_without_a_yes_to_messages_a_rule_asks_nobody(world: Any, site: Any) -> None:
    site(between_weeks=1)
    world.client_answers(world.session(), 5)
    assert _days(world, 14) == []
    assert not Assignment.objects.filter(moment=Moment.BETWEEN).exists()


def test_nobody_is_asked_the_same_thing_twice_in_a_day(world: Any, site: Any) -> None:
    site(before="phq-2", between_weeks=1)
    _agree(world)
    world.client_answers(world.session(), 5)
    assert _days(world, 3) == [3]
    first = ask_between(world.therapist, world.dyad.pk, now=world.now)
    again = ask_between(world.therapist, world.dyad.pk, now=world.now)
    assert first.token != again.token
    assert Assignment.objects.filter(moment=Moment.BETWEEN).count() == 1
    # A session of that day does not ask the same measure before it once more.
    world.session()
    assert Assignment.objects.filter(moment=Moment.BEFORE).count() == 1
    # And on a day on which it was asked before a session, it is not asked between.
    world.later(days=4)
    world.session()
    with pytest.raises(ClinicError, match="E-CLINIC-041"):
        ask_between(world.therapist, world.dyad.pk, now=world.now)


def test_it_needs_a_form_a_session_before_and_an_open_episode(world: Any, site: Any) -> None:
    with pytest.raises(ClinicError, match="E-CLINIC-041"):
        ask_between(world.therapist, world.dyad.pk, now=world.now)  # no session yet
    world.session()
    with pytest.raises(ClinicError, match="E-CLINIC-041"):
        ask_between(world.therapist, world.dyad.pk, now=world.now)  # only today's
    world.later(days=1)
    with pytest.raises(AccessError):
        ask_between(world.colleague, world.dyad.pk, now=world.now)
    assert ask_between(world.therapist, world.dyad.pk, now=world.now).token
    CareEpisode.objects.filter(dyad=world.dyad).update(ended_on=world.now.date())
    with pytest.raises(ClinicError, match="E-CLINIC-041"):
        ask_between(world.therapist, world.dyad.pk, now=world.now)
    CareEpisode.objects.filter(dyad=world.dyad).update(ended_on=None)
    site()
    assert ask_between(world.therapist, world.dyad.pk, now=world.later(days=1)).token


@pytest.mark.parametrize("mode", [Visibility.OPEN, Visibility.END, Visibility.SEALED])
def test_whether_it_was_answered_changes_nothing_that_is_asked(
    world: Any, site: Any, mode: str
) -> None:
    site(between_weeks=1)
    _agree(world)
    choose_visibility(world.therapist, world.dyad.pk, visibility=mode, now=world.now)
    world.client_answers(world.session(), 5)
    world.later(days=2)
    issued = ask_between(world.therapist, world.dyad.pk, now=world.now)
    _send(world, issued.token, ANSWERS)
    # A new link on that day opens as if nothing had come.
    again = ask_between(world.therapist, world.dyad.pk, now=world.later(hours=1))
    grant = services.open_invitation(again.token, address="192.0.2.1", now=world.now)
    form = services.client_form(grant, now=world.now, moment=Moment.BETWEEN)
    assert form.visibility == mode
    assert _days(world, 8) == [7]
    said = said_before(world.therapist, world.dyad.pk, now=world.now).between
    assert (said is not None) is (mode == Visibility.OPEN)
