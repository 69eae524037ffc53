# SPDX-License-Identifier: Apache-2.0
"""Every service × every person × own, foreign and missing records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser

from attunement.clinic import services
from attunement.clinic.errors import AccessError
from attunement.clinic.models import (
    AuditEvent,
    Invitation,
    NamedRupture,
    Response,
    RuleSetting,
    Session,
    SignalOutcome,
    SignalRecord,
    SignalShown,
    TherapistBudget,
)

pytestmark = pytest.mark.store
PEOPLE = ("therapist", "colleague", "lead", "operator", "supervisor", "stranger", "nobody")


def _about_dyads(world: Any) -> dict[str, Callable[[Any, str], Any]]:
    return {
        "dyad.view": lambda who, key: services.dyad_overview(who, key, now=world.now),
        "session.start": lambda who, key: services.start_session(
            who, key, held_on=world.now.date(), modality="phone", now=world.now
        ),
    }


def _about_sessions(world: Any) -> dict[str, Callable[[Any, str], Any]]:
    return {
        "session.view": lambda who, key: services.session_overview(who, key, now=world.now),
        "invitation.make": lambda who, key: services.invite_client(who, key, now=world.now),
        "invitation.revoke": lambda who, key: services.revoke_invitation(who, key, now=world.now),
        "therapist_form.view": lambda who, key: services.therapist_form(who, key, now=world.now),
        "therapist_response.record": lambda who, key: services.record_therapist_response(
            who,
            key,
            submission_id=uuid4(),
            fields={"item-1": "3"},
            predicted_total="",
            now=world.now,
        ),
        "picture.view": lambda who, key: services.session_picture(who, key, now=world.now),
        "rupture.name": lambda who, key: services.name_rupture(who, key, now=world.now),
    }


def _about_signals(world: Any) -> dict[str, Callable[[Any, str], Any]]:
    return {
        "signal.view": lambda who, key: services.signal_why(who, key, now=world.now),
        "signal.answer": lambda who, key: services.answer_signal(
            who, key, answer="agreed", client_said="denied", now=world.now
        ),
    }


def _about_oneself(world: Any) -> dict[str, tuple[str, Callable[[Any], Any]]]:
    """Each act about no record, with the one role of the practice that may do it."""
    return {
        "signals.view": ("therapist", lambda who: services.signals_this_week(who, now=world.now)),
        "budget.set": ("therapist", lambda who: services.set_budget(who, 3, now=world.now)),
        "rule_audit.view": ("lead", lambda who: services.rule_audit(who, now=world.now)),
        "rule.try": ("lead", lambda who: services.try_setting(who, 0.05, now=world.now)),
        "rule.save": (
            "lead",
            lambda who: services.save_setting(who, 0.05, note="", now=world.now),
        ),
    }


def _who(world: Any, name: str) -> Any:
    return AnonymousUser() if name == "nobody" else getattr(world, name)


def _counts() -> tuple[int, ...]:
    tables = (
        Session, Invitation, Response, SignalOutcome, NamedRupture, TherapistBudget, RuleSetting,
        SignalShown,
    )  # fmt: skip
    return tuple(table.objects.count() for table in tables)


def _signal(world: Any, **whose: Any) -> Any:
    """Give a dyad one session in which the client marks strain; return its signal."""
    session = world.session(**whose)
    world.client_answers(session, 3, strain=4)
    world.therapist_answers(session, 4)
    return SignalRecord.objects.get(session=session, rule_id="oac-strain")


@pytest.mark.parametrize("name", PEOPLE)
def test_only_the_own_therapist_reaches_a_dyad_and_its_sessions(world: Any, name: str) -> None:
    session = world.session()
    calls = [(action, call, world.dyad.pk) for action, call in _about_dyads(world).items()]
    calls += [(action, call, session.pk) for action, call in _about_sessions(world).items()]
    signal = _signal(world)
    calls += [(action, call, signal.pk) for action, call in _about_signals(world).items()]
    for action, call, key in calls:
        before, n_events = _counts(), AuditEvent.objects.count()
        if name == "therapist":
            call(world.therapist, key)
            last = AuditEvent.objects.latest("id")
            assert (last.action, last.outcome) == (action, "done")
            continue
        with pytest.raises(AccessError) as refusal:
            call(_who(world, name), key)
        assert refusal.value.code == "E-ACCESS-001"
        assert _counts() == before
        assert AuditEvent.objects.count() == n_events + 1
        assert AuditEvent.objects.latest("id").outcome == "denied"


def test_row_71_foreign_and_missing_records_answer_alike(world: Any) -> None:
    foreign = world.session(dyad=world.foreign_dyad, login=world.stranger)
    signal = _signal(world, dyad=world.foreign_dyad, login=world.stranger)
    for key_foreign, calls in (
        (world.foreign_dyad.pk, _about_dyads(world)),
        (foreign.pk, _about_sessions(world)),
        (signal.pk, _about_signals(world)),
    ):
        for call in calls.values():
            said = []
            for key in (
                key_foreign,
                "a" * 26,
                "",
                "-1",
                "x' OR 1=1 --",
                "A" * 3000,
                "a\x00b",
                "\ud800" * 26,
                "é" * 26,
            ):
                with pytest.raises(AccessError) as refusal:
                    call(world.therapist, key)
                said.append((refusal.value.code, str(refusal.value)))
            assert len(set(said)) == 1


def test_row_75_an_inactive_login_reaches_nothing(world: Any) -> None:
    world.therapist.is_active = False
    world.therapist.save()
    with pytest.raises(AccessError):
        services.caseload(world.therapist, now=world.now)
    with pytest.raises(AccessError):
        services.dyad_overview(world.therapist, world.dyad.pk, now=world.now)


@pytest.mark.parametrize("name", PEOPLE)
def test_acts_about_oneself_are_for_one_role(world: Any, name: str) -> None:
    _signal(world)
    for action, (role, call) in _about_oneself(world).items():
        before, n_events = _counts(), AuditEvent.objects.count()
        login = _who(world, name)
        if getattr(login, "role", "") == role:
            call(login)
            last = AuditEvent.objects.latest("id")
            assert (last.action, last.outcome) == (action, "done")
            continue
        with pytest.raises(AccessError) as refusal:
            call(login)
        assert refusal.value.code == "E-ACCESS-001"
        assert _counts() == before
        assert AuditEvent.objects.count() == n_events + 1
        assert AuditEvent.objects.latest("id").outcome == "denied"


def test_a_week_and_an_audit_hold_nothing_of_another_practice(world: Any) -> None:
    _signal(world, dyad=world.foreign_dyad, login=world.stranger)
    assert services.signals_this_week(world.therapist, now=world.now).shown == ()
    assert services.rule_audit(world.lead, now=world.now).rules == ()
    assert len(services.signals_this_week(world.stranger, now=world.now).shown) == 1


@pytest.mark.parametrize("name", ["operator", "supervisor", "nobody"])
def test_the_caseload_is_for_therapists_and_leads(world: Any, name: str) -> None:
    with pytest.raises(AccessError):
        services.caseload(_who(world, name), now=world.now)


def test_a_caseload_has_the_own_dyads_only(world: Any) -> None:
    session = world.session()
    world.client_answers(session, 5)
    world.therapist_answers(session, 4)
    mine = services.caseload(world.therapist, now=world.now)
    assert [row.dyad_id for row in mine.rows] == [world.dyad.pk]
    assert mine.rows[0].client_line is not None
    assert mine.rows[0].client_line.values == (5.0,)
    assert services.caseload(world.colleague, now=world.now).rows == ()


def test_a_lead_sees_that_forms_are_in_and_no_answer(world: Any) -> None:
    session = world.session()
    world.client_answers(session, 1, strain=5, text="canary wish")
    world.therapist_answers(session, 4)
    seen = services.caseload(world.lead, now=world.now)
    assert [row.dyad_id for row in seen.rows] == [world.dyad.pk]  # not the other practice's
    row = seen.rows[0]
    assert (row.n_sessions, row.n_both_in) == (1, 1)
    assert (row.client_line, row.therapist_line, row.n_signals) == (None, None, None)
    assert row.client_name == ""
    assert not row.may_open
    assert "canary" not in repr(seen)


def test_mutating_someone_elses_session_leaves_it_as_it_was(world: Any) -> None:
    foreign = world.session(dyad=world.foreign_dyad, login=world.stranger)
    issued = services.invite_client(world.stranger, foreign.pk, now=world.now)
    with pytest.raises(AccessError):
        services.revoke_invitation(world.therapist, foreign.pk, now=world.now)
    assert services.open_invitation(issued.token, address="192.0.2.9", now=world.now) is not None
