# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from attunement.clinic import services
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import Assignment, CareEpisode, Session
from attunement.clinic.services.results import SessionState

pytestmark = pytest.mark.store


def _start(world: Any, **given: Any) -> Any:
    details = {"held_on": world.now.date(), "modality": "in_person"} | given
    return services.start_session(world.therapist, world.dyad.pk, now=world.now, **details)


def test_sessions_are_numbered_one_after_the_other(world: Any) -> None:
    assert [_start(world).session_no for _ in range(3)] == [1, 2, 3]
    overview = services.dyad_overview(world.therapist, world.dyad.pk, now=world.now)
    assert overview.next_session_no == 4
    assert [row.session_no for row in overview.sessions] == [3, 2, 1]


def test_a_new_session_asks_both_chairs_in_the_newest_version(world: Any) -> None:
    _start(world)
    asked = set(Assignment.objects.values_list("perspective", "measure_id"))
    assert asked == {("client", "oac-c"), ("therapist", "oac-t")}
    row = services.dyad_overview(world.therapist, world.dyad.pk, now=world.now).sessions[0]
    assert row.state is SessionState.YOUR_FORM_OPEN


def test_two_clicks_start_one_session(world: Any) -> None:
    first = _start(world, session_no=1)
    again = _start(world, session_no=1)
    assert (first.created, again.created) == (True, False)
    assert first.session_id == again.session_id
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    "given",
    [
        {"session_no": 2},
        {"session_no": 0},
        {"session_no": -1},
        {"modality": "telepathy"},
        {"held_on": date(2026, 3, 4)},  # the day after tomorrow
        {"held_on": date(2026, 1, 4)},  # before the care episode began
        {"held_on": date(1, 1, 1)},
        {"held_on": date(9999, 12, 31)},
    ],
)
def test_details_that_cannot_be_are_refused(world: Any, given: Any) -> None:
    with pytest.raises(ClinicError) as refusal:
        _start(world, **given)
    assert refusal.value.code == "E-CLINIC-005"
    assert Session.objects.count() == Assignment.objects.count() == 0


def test_the_same_number_with_another_day_is_refused(world: Any) -> None:
    _start(world, session_no=1)
    with pytest.raises(ClinicError, match="there already"):
        _start(world, session_no=1, held_on=world.now.date() - timedelta(days=1))


def test_an_ended_care_episode_takes_no_session(world: Any) -> None:
    CareEpisode.objects.update(ended_on=date(2026, 2, 1), ending="planned")
    with pytest.raises(ClinicError, match="has ended"):
        _start(world)


def test_a_session_that_did_not_take_place_has_no_forms(world: Any) -> None:
    session = world.session()
    Session.objects.filter(pk=session.pk).update(attended="missed")
    with pytest.raises(ClinicError, match="did not take place"):
        services.invite_client(world.therapist, session.pk, now=world.now)


def test_a_session_from_before_forms_were_used_refuses_them_in_words(world: Any) -> None:
    session = world.session()
    Assignment.objects.filter(session=session).delete()
    for call in (services.invite_client, services.revoke_invitation, services.therapist_form):
        with pytest.raises(ClinicError, match="no form was asked for"):
            call(world.therapist, session.pk, now=world.now)
    picture = services.session_picture(world.therapist, session.pk, now=world.now)
    assert isinstance(picture, services.Waiting)


def test_a_cancelled_session_between_keeps_its_number(world: Any) -> None:
    for value in (5, 6):
        session = world.session()
        world.client_answers(session, value)
        world.therapist_answers(session, 4)
        Session.objects.create(
            dyad=session.dyad,
            care_episode=session.care_episode,
            session_no=session.session_no + 1,
            held_on=world.now.date(),
            attended="cancelled",
        )
        world.later(days=7)
    overview = services.dyad_overview(world.therapist, world.dyad.pk, now=world.now)
    assert overview.chart is not None
    assert overview.chart.client.sessions == (1, 3)
    assert [row.state for row in overview.sessions] == [
        SessionState.NO_FORMS,
        SessionState.BOTH_IN,
        SessionState.NO_FORMS,
        SessionState.BOTH_IN,
    ]
