# SPDX-License-Identifier: Apache-2.0
"""Care teams, emergencies, who looked, and changing who sees a response."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from attunement.clinic import services
from attunement.clinic.access.visibility import Visibility
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.models import (
    Assignment,
    BreakGlass,
    Perspective,
    Response,
    SupervisorQuestion,
    VisibilityChange,
    WideningAnswer,
)
from attunement.clinic.services.break_glass import (
    break_glass,
    emergency_page,
    openings,
    review,
    unreviewed_for,
)
from attunement.clinic.services.cases import case_page, leave_question, shared_cases
from attunement.clinic.services.promises import choose_visibility, client_told
from attunement.clinic.services.readers import readers_of
from attunement.clinic.services.research import research_page
from attunement.clinic.services.results import SessionState
from attunement.clinic.services.team import (
    add_member,
    end_supervision,
    link_supervisor,
    share_case,
    teams,
    unshare_case,
)
from attunement.clinic.services.widening import ask_to_widen, narrow

pytestmark = pytest.mark.store
REASON = "A synthetic emergency, told by phone"


def _link(world: Any) -> Any:
    return link_supervisor(
        world.lead,
        supervisor_id=world.supervisor.pk,
        therapist_id=world.dyad.therapist_id,
        now=world.now,
    )


def _client_response(session: Any) -> Response:
    return Response.objects.get(session=session, perspective=Perspective.CLIENT)


def test_a_case_is_shared_by_its_therapist_and_taken_back_at_once(world: Any) -> None:
    with pytest.raises(ClinicError):  # nobody supervises the therapist yet
        share_case(world.therapist, world.dyad.pk, supervisor_id=world.supervisor.pk, now=world.now)
    _link(world)
    assert shared_cases(world.supervisor, now=world.now) == ()
    share_case(world.therapist, world.dyad.pk, supervisor_id=world.supervisor.pk, now=world.now)
    assert [one.dyad_id for one in shared_cases(world.supervisor, now=world.now)] == [world.dyad.pk]
    leave_question(world.supervisor, world.dyad.pk, words="What did you notice?", now=world.now)
    assert SupervisorQuestion.objects.get().words.startswith("s1:")  # sealed
    overview = services.dyad_overview(world.therapist, world.dyad.pk, now=world.now)
    assert [one.words for one in overview.team_questions] == ["What did you notice?"]
    world.later(minutes=1)
    unshare_case(world.therapist, world.dyad.pk, supervisor_id=world.supervisor.pk, now=world.now)
    assert shared_cases(world.supervisor, now=world.now) == ()
    with pytest.raises(AccessError):
        leave_question(world.supervisor, world.dyad.pk, words="Once more?", now=world.now)


def test_the_end_of_a_supervision_takes_what_was_shared_by_it(world: Any) -> None:
    link = _link(world)
    share_case(world.therapist, world.dyad.pk, supervisor_id=world.supervisor.pk, now=world.now)
    end_supervision(world.lead, link.pk, now=world.later(minutes=1))
    with pytest.raises(AccessError):
        case_page(world.supervisor, world.dyad.pk, now=world.now)
    page = teams(world.lead, now=world.now)
    assert page.links == ()
    assert [one.until_at is not None for one in page.cases[0].members] == [True]


def test_places_are_for_those_who_can_take_them(world: Any) -> None:
    for login, place in (
        (world.operator, "supervisor"),
        (world.colleague, "supervisor"),
        (world.stranger, "second"),
        (world.therapist, "second"),
        (world.colleague, "director"),
    ):
        with pytest.raises(ClinicError) as refusal:
            add_member(world.lead, world.dyad.pk, login_id=login.pk, place=place, now=world.now)
        assert refusal.value.code == "E-CLINIC-072"
    with pytest.raises(AccessError):  # another practice's case
        add_member(
            world.lead, world.foreign_dyad.pk, login_id=world.colleague.pk, place="second",
            now=world.now,
        )  # fmt: skip
    for _ in range(2):
        add_member(
            world.lead, world.dyad.pk, login_id=world.colleague.pk, place="second", now=world.now
        )
    assert len(teams(world.lead, now=world.now).cases[0].members) == 1


def test_answers_given_to_the_supervisor_come_first_and_reach_no_therapist(world: Any) -> None:
    with pytest.raises(ClinicError):  # nobody could read them
        choose_visibility(
            world.therapist, world.dyad.pk, visibility=Visibility.SUPERVISOR, now=world.now
        )
    _link(world)
    open_session = world.session()
    world.client_answers(open_session, 5)
    world.therapist_answers(open_session, 4)
    choose_visibility(
        world.therapist, world.dyad.pk, visibility=Visibility.SUPERVISOR, now=world.now
    )
    world.later(days=7)
    session = world.session()
    asked = Assignment.objects.get(session=session, perspective=Perspective.CLIENT)
    assert "supervises" in client_told(asked)
    world.client_answers(session, 1, text="canary")
    world.therapist_answers(session, 4)
    response = _client_response(session)
    assert response.visibility == Visibility.SUPERVISOR
    assert client_told(asked) in response.who_sees
    page = case_page(world.supervisor, world.dyad.pk, now=world.now)
    assert [one.session_id for one in page.first] == [session.pk]
    assert page.sessions == ()  # the case itself was not shared
    assert page.first[0].words[0].answer == "canary"
    found = services.session_overview(world.therapist, session.pk, now=world.now)
    assert found.state is SessionState.CLOSED
    assert "canary" not in repr(
        services.dyad_overview(world.therapist, world.dyad.pk, now=world.now)
    )


def test_a_delayed_form_opens_on_its_day_and_its_signals_with_it(world: Any) -> None:
    choose_visibility(
        world.therapist, world.dyad.pk, visibility=Visibility.DELAYED, delay_days=3, now=world.now
    )
    session = world.session()
    asked = Assignment.objects.get(session=session, perspective=Perspective.CLIENT)
    assert "from 5 March 2026 on" in client_told(asked)
    world.client_answers(session, 3, strain=4)
    world.therapist_answers(session, 4)

    def state() -> SessionState:
        return services.session_overview(world.therapist, session.pk, now=world.now).state

    def n_signals() -> int:
        return len(services.dyad_overview(world.therapist, world.dyad.pk, now=world.now).signals)

    assert (state(), n_signals()) == (SessionState.CLOSED, 0)
    world.later(days=2)
    assert (state(), n_signals()) == (SessionState.CLOSED, 0)
    world.later(days=1)
    assert state() is SessionState.BOTH_IN
    assert n_signals() >= 1
    assert services.caseload(world.therapist, now=world.now).rows[0].n_both_in == 1


def test_a_session_that_is_started_just_to_look_opens_nothing(world: Any) -> None:
    choose_visibility(world.therapist, world.dyad.pk, visibility=Visibility.DELAYED, now=world.now)
    session = world.session()
    world.client_answers(session, 3)
    world.therapist_answers(session, 4)
    world.session()  # on the same day
    state = services.session_overview(world.therapist, session.pk, now=world.now).state
    assert state is SessionState.CLOSED
    world.later(days=1)
    state = services.session_overview(world.therapist, session.pk, now=world.now).state
    assert state is SessionState.BOTH_IN


def test_narrower_until_it_opened_and_wider_by_nobodys_wish_but_the_clients(world: Any) -> None:
    session = world.session()
    world.client_answers(session, 2)
    response = _client_response(session)
    narrow(world.lead, response.pk, visibility=Visibility.SEALED, now=world.now)
    world.therapist_answers(session, 4)
    state = services.session_overview(world.therapist, session.pk, now=world.now).state
    assert state is SessionState.WAITING_FOR_CLIENT  # as if there were none
    for login in (world.lead, world.therapist):
        for wider in (Visibility.OPEN, Visibility.DELAYED):  # delayed opens with the next session
            with pytest.raises((ClinicError, AccessError)):
                narrow(login, response.pk, visibility=wider, now=world.now)
    opened = world.session()
    world.client_answers(opened, 2)
    world.therapist_answers(opened, 4)
    with pytest.raises(ClinicError) as refusal:
        narrow(world.lead, _client_response(opened).pk, visibility=Visibility.SEALED, now=world.now)
    assert refusal.value.code == "E-CLINIC-071"
    assert VisibilityChange.objects.count() == 1


@pytest.mark.parametrize(("said", "opens"), [("yes", True), ("no", False), ("", False)])
def test_a_later_form_asks_for_a_fresh_yes(world: Any, said: str, opens: bool) -> None:  # noqa: FBT001
    choose_visibility(world.therapist, world.dyad.pk, visibility=Visibility.SEALED, now=world.now)
    session = world.session()
    world.client_answers(session, 2)
    world.therapist_answers(session, 4)
    ask_to_widen(world.therapist, session.pk, now=world.now)
    world.later(days=7)
    later = world.session()
    issued = services.invite_client(world.therapist, later.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    form = services.client_form(grant, now=world.now)
    asked = [one for one in form.extras if one.id.startswith("wider-")]
    assert len(asked) == 1
    assert "session 1" in asked[0].words
    fields = world.fields(5) | ({asked[0].field: said} if said else {})
    services.record_client_response(
        grant, submission_id=form.submission_id, fields=fields, client_clock=None, now=world.now
    )
    state = services.session_overview(world.therapist, session.pk, now=world.now).state
    assert state is (SessionState.BOTH_IN if opens else SessionState.CLOSED)
    assert VisibilityChange.objects.filter(said_on__isnull=False).exists() is opens
    kept = WideningAnswer.objects.first()
    assert (kept is not None) is bool(said)
    if kept is not None:
        assert kept.words == asked[0].words


def test_asking_to_widen_says_nothing_of_whether_there_is_a_form(world: Any) -> None:
    session = world.session()
    assert ask_to_widen(world.therapist, session.pk, now=world.now) is None
    with pytest.raises(AccessError):
        ask_to_widen(world.colleague, session.pk, now=world.now)


def test_an_emergency_has_a_reason_an_hour_and_a_review(world: Any) -> None:
    for short in ("", "now", "x" * 19, "  a   b  "):
        with pytest.raises(ClinicError):
            break_glass(world.colleague, world.dyad.pk, reason=short, now=world.now)
    with pytest.raises(AccessError):  # the own therapist has a page for it
        break_glass(world.therapist, world.dyad.pk, reason=REASON, now=world.now)
    for login in (world.operator, world.stranger):
        with pytest.raises(AccessError):
            break_glass(login, world.dyad.pk, reason=REASON, now=world.now)
    session = world.session()
    world.client_answers(session, 1, text="canary")
    world.therapist_answers(session, 4, text="therapist canary")
    break_glass(world.colleague, world.dyad.pk, reason=REASON, now=world.now)
    assert BreakGlass.objects.get().reason.startswith("s1:")  # sealed
    assert unreviewed_for(world.lead, now=world.now) == 1
    page = emergency_page(world.colleague, world.dyad.pk, now=world.now)
    assert page.client_name == "Synthetic Client C-07"
    assert "canary" not in repr(page)
    with pytest.raises(AccessError):
        services.dyad_overview(world.colleague, world.dyad.pk, now=world.now)
    waiting = openings(world.lead, now=world.now)[0]
    assert waiting.reason == REASON
    review(world.lead, waiting.glass_id, words="Looked at, in order", now=world.now)
    assert unreviewed_for(world.lead, now=world.now) == 0
    with pytest.raises(ClinicError):
        review(world.lead, waiting.glass_id, words="Again", now=world.now)
    world.later(minutes=60)
    with pytest.raises(AccessError):
        emergency_page(world.colleague, world.dyad.pk, now=world.now)


def test_nobody_reviews_the_own_emergency(world: Any) -> None:
    row = break_glass(world.lead, world.dyad.pk, reason=REASON, now=world.now)
    assert unreviewed_for(world.lead, now=world.now) == 0
    with pytest.raises(ClinicError):
        review(world.lead, row.pk, words="All was well", now=world.now)


def test_who_looked_is_told_with_names_and_acts(world: Any) -> None:
    services.dyad_overview(world.therapist, world.dyad.pk, now=world.now)
    with pytest.raises(AccessError):
        services.dyad_overview(world.colleague, world.dyad.pk, now=world.now)
    readers, cut_off = readers_of(world.dyad)
    assert not cut_off
    assert [(one.name, one.times) for one in readers] == [("Synthetic Amber", 1)]
    assert readers[0].what == "looked at the client's page"


def test_a_researcher_sees_no_count_below_ten_clients(world: Any) -> None:
    from attunement.clinic.models import Login  # noqa: PLC0415 -- one use

    login = Login.objects.create_user("rho", role="researcher", practice=world.practice)
    session = world.session()
    world.client_answers(session, 5)
    page = research_page(login, now=world.now + timedelta(days=14))
    assert (page.n_clients, page.n_sessions, page.n_forms) == (None, None, None)
    for other in (world.lead, world.therapist, world.operator, world.supervisor):
        with pytest.raises(AccessError):
            research_page(other, now=world.now)


def test_what_is_said_about_a_loop_for_the_lead_alone_is_the_leads_alone(world: Any) -> None:
    from attunement.clinic.models import AgreedChange  # noqa: PLC0415 -- one use
    from attunement.clinic.services.lead_answers import lead_answers  # noqa: PLC0415 -- one use
    from attunement.clinic.services.loop.seen import follow_ups  # noqa: PLC0415 -- one use

    first = world.session()
    world.client_answers(first, 3)
    world.therapist_answers(first, 4)
    change = AgreedChange(
        dyad=world.dyad,
        session=first,
        words="Slower, please",
        recorded_by=world.therapist.pk,
        recorded_at=world.now,
    )
    change.save()
    world.later(days=7)
    session = world.session()
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    form = services.client_form(grant, now=world.now)
    asked = next(one for one in form.extras if one.id.startswith("helped-"))
    fields = world.fields(5) | {asked.field: "no", f"wish-{asked.id}": "lead_only"}
    services.record_client_response(
        grant, submission_id=form.submission_id, fields=fields, client_clock=None, now=world.now
    )
    world.therapist_answers(session, 4)
    assert follow_ups({"dyad": world.dyad}, now=world.now) == {}
    assert len(lead_answers(world.lead, now=world.now)) == 1
