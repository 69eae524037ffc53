# SPDX-License-Identifier: Apache-2.0
"""Loops and ruptures in the store: what is kept, what is asked next, and who closes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.clinic_world import HIGH, LOW, MIRROR, World, add_dyad, fields, make_world

from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.models import (
    AgreedChange,
    Assignment,
    AuditEvent,
    ConversationIntent,
    FollowUp,
    Login,
    LookTogether,
    Response,
    Role,
    RuptureEntry,
    SignalRecord,
)
from attunement.clinic.services import client_form, open_invitation, record_client_response
from attunement.clinic.services.evidence import known_of
from attunement.clinic.services.loop.after import after, record_after
from attunement.clinic.services.loop.before import before, record_intent
from attunement.clinic.services.loop.closure import own_closure, practice_closure
from attunement.clinic.services.loop.day import day_list
from attunement.clinic.services.loop.ledger import ledger
from attunement.clinic.services.loop.results import Entry
from attunement.clinic.services.loop.together import record_together, together
from attunement.signals.ledger import State
from attunement.signals.loop import Stage
from attunement.signals.patterns import Pattern

WORDS = "Canary: ask me before changing the subject"


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 -- opens the database
    return make_world(dyads=2)


@pytest.fixture
def dipped(world: World) -> str:
    """Four good sessions, then one that asks; return its id."""
    world.course(sessions=4)
    return world.rated(days_ago=1, answers=LOW)


def extras_of(world: World, session_id: str) -> tuple[str, dict[str, str]]:
    """Open the client's form; return the grant and the extra ids by their words."""
    token, _ = world.invite(session_id)
    grant = open_invitation(token, address="192.0.2.1", now=timezone.now())
    assert grant is not None
    shown = client_form(grant, now=timezone.now())
    return grant, {extra.words: extra.field for extra in shown.extras}


def answer(world: World, session_id: str, **extra: str) -> None:
    """Answer a session's form as the client, with answers to extras by their words."""
    grant, asked = extras_of(world, session_id)
    shown = client_form(grant, now=timezone.now())
    names = {"helped": "Did that help?", "right": "Has it been put right?"}
    sent = fields(HIGH) | {asked[names[name]]: value for name, value in extra.items()}
    receipt = record_client_response(
        grant,
        submission_id=shown.submission_id,
        fields=sent,
        client_clock=None,
        now=timezone.now(),
    )
    assert receipt.received_at


def talked(world: World, session_id: str, *, change: str = WORDS) -> None:
    record_together(
        world.login,
        world.dyad.pk,
        session_id=session_id,
        helps=("slower",),
        would_help="",
        change=change,
        now=timezone.now(),
    )


def test_the_day_asks_for_a_look_and_keeps_its_budget(world: World, dipped: str) -> None:
    for _ in range(3):
        world.rated(world.dyads[1], answers=LOW)
    day = day_list(world.login, now=timezone.now())
    assert day.budget == 2
    assert len(day.needs) == 2
    assert {need.session_id for need in day.needs} <= set(
        SignalRecord.objects.values_list("session_id", flat=True)
    )
    assert dipped  # one of four sessions that ask; the week holds two of them


def test_an_intention_is_kept_once_and_taken_back_by_one_more_row(
    world: World, dipped: str
) -> None:
    now = timezone.now()
    for _ in range(2):
        record_intent(world.login, dipped, intent="raise", now=now)
    assert ConversationIntent.objects.count() == 1
    assert day_list(world.login, now=now).needs[0].to_raise
    record_intent(world.login, dipped, intent="undone", now=now)
    assert ConversationIntent.objects.count() == 2
    found = before(world.login, world.dyad.pk, now=now)
    assert found.intent is None
    assert found.sentence
    assert found.session_id == dipped


def test_not_today_takes_a_reason_and_leaves_the_day_quiet_this_week(
    world: World, dipped: str
) -> None:
    now = timezone.now()
    record_intent(
        world.login, dipped, intent="not_today", because="other", reason="Canary reason", now=now
    )
    row = ConversationIntent.objects.get()
    assert row.reason.startswith("s1:")
    assert before(world.login, world.dyad.pk, now=now).intent is not None
    day = day_list(world.login, now=now)
    assert (day.needs, day.n_put_off) == ((), 1)
    later = day_list(world.login, now=now + timedelta(weeks=1))
    assert [need.session_id for need in later.needs] == [dipped]


@pytest.mark.parametrize(
    ("intent", "because"), [("later", ""), ("not_today", ""), ("not_today", "lazy")]
)
def test_an_intention_that_is_none_is_refused(
    world: World, dipped: str, intent: str, because: str
) -> None:
    with pytest.raises(ClinicError, match="E-CLINIC-061"):
        record_intent(world.login, dipped, intent=intent, because=because, now=timezone.now())


def test_a_session_that_asks_nothing_takes_no_intention(world: World) -> None:
    calm = world.rated(days_ago=1)
    with pytest.raises(ClinicError, match="E-CLINIC-061"):
        record_intent(world.login, calm, intent="raise", now=timezone.now())


def test_looking_together_holds_nothing_private(world: World, dipped: str) -> None:
    found = together(world.login, world.dyad.pk, now=timezone.now())
    assert found.session_id == dipped
    assert found.pattern is Pattern.DROP
    assert len(found.openers) == 3
    assert found.chart is not None
    assert found.chart.marks == ()
    assert (found.chart.client.label, found.chart.therapist.label) == ("you", "your therapist")


def test_a_change_is_sealed_and_sent_twice_kept_once(world: World, dipped: str) -> None:
    talked(world, dipped)
    talked(world, dipped)
    assert AgreedChange.objects.count() == 1
    assert LookTogether.objects.count() == 1
    assert AgreedChange.objects.get().words.startswith("s1:")
    assert together(world.login, world.dyad.pk, now=timezone.now()).agreed == WORDS
    found = before(world.login, world.dyad.pk, now=timezone.now())
    assert found.agreed is not None
    assert (found.agreed.words, found.agreed.stage) == (WORDS, Stage.AGREED)
    assert found.signal_id == ""  # nothing asks any more


def test_a_question_is_taken_up_by_looking_together(world: World, dipped: str) -> None:
    assert day_list(world.login, now=timezone.now()).needs
    talked(world, dipped)
    day = day_list(world.login, now=timezone.now())
    assert day.needs == ()
    assert [(line.change, line.stage) for line in day.waiting] == [(WORDS, Stage.AGREED)]


def test_the_next_form_asks_and_the_clients_word_closes(world: World, dipped: str) -> None:
    talked(world, dipped)
    following = world.start()
    _, asked = extras_of(world, following)
    assert {"Did that help?", "Has it been put right?"} <= set(asked)
    answer(world, following, helped="yes", right="yes")
    assert FollowUp.objects.count() == 2
    # Sealed until the therapist's own form is in, as every answer of that form.
    assert day_list(world.login, now=timezone.now()).waiting
    assert ledger(world.login, world.dyad.pk, now=timezone.now()).ruptures[0].state is State.OPEN
    world.therapist_answers(following)
    assert day_list(world.login, now=timezone.now()).waiting == ()
    found = ledger(world.login, world.dyad.pk, now=timezone.now())
    assert found.ruptures[0].state is State.CONFIRMED
    assert found.ruptures[0].to_repair == 1
    assert found.rows[1].stage is Stage.CLOSED
    assert known_of(world.practice.pk).later == {dipped: True}


def test_a_no_opens_the_loop_again_and_a_new_change_is_asked_about(
    world: World, dipped: str
) -> None:
    talked(world, dipped)
    following = world.start()
    answer(world, following, helped="no", right="no")
    world.therapist_answers(following)
    waiting = day_list(world.login, now=timezone.now()).waiting
    assert [(line.stage, line.word) for line in waiting] == [(Stage.REOPENED, "no")]
    talked(world, dipped, change="Canary: another change")
    third = world.start()
    grant, asked = extras_of(world, third)
    assert "Did that help?" in asked
    hints = {extra.hint for extra in client_form(grant, now=timezone.now()).extras}
    assert any("another change" in hint for hint in hints)
    answer(world, third, helped="yes", right="yes")
    world.therapist_answers(third)
    assert day_list(world.login, now=timezone.now()).waiting == ()


def test_nothing_had_gone_wrong_denies_the_signal(world: World, dipped: str) -> None:
    talked(world, dipped, change="")
    following = world.start()
    answer(world, following, right="nothing")
    world.therapist_answers(following)
    assert known_of(world.practice.pk).later == {dipped: False}
    found = ledger(world.login, world.dyad.pk, now=timezone.now())
    assert found.ruptures[0].state is State.NOT_SO


def test_a_change_is_not_asked_about_on_the_form_of_its_own_session(
    world: World, dipped: str
) -> None:
    here = world.start()
    talked(world, dipped)  # in this session, before its form is filled
    _, asked = extras_of(world, here)
    assert "Did that help?" not in asked


def test_a_rupture_that_only_the_therapist_named_is_asked_about_by_choice(world: World) -> None:
    calm = world.rated(days_ago=1)
    entry = Entry(kind="rupture", type="withdrawal", target="task", tried=("validate",))
    record_after(world.login, calm, entry, now=timezone.now())
    _, asked = extras_of(world, world.start())
    assert "Has it been put right?" not in asked
    chosen = Entry(kind="rupture", type="withdrawal", target="task", ask_client=True)
    record_after(world.login, calm, chosen, now=timezone.now())
    _, asked = extras_of(world, world.start())
    assert "Has it been put right?" in asked


def test_what_the_therapist_wrote_after_a_session_is_kept_and_corrected(world: World) -> None:
    session_id = world.start()
    entry = Entry(
        kind="rupture",
        type="both",
        target="personal_bond",
        moment="end",
        tried=("explore", "validate"),
        put_right=1,
    )
    for _ in range(2):
        record_after(world.login, session_id, entry, now=timezone.now())
    assert RuptureEntry.objects.count() == 1
    assert after(world.login, session_id, now=timezone.now()).entry.tried == ("validate", "explore")
    record_after(world.login, session_id, Entry(kind="none", put_right=4), now=timezone.now())
    assert RuptureEntry.objects.count() == 2
    assert after(world.login, session_id, now=timezone.now()).entry == Entry(kind="none")


@pytest.mark.parametrize(
    "entry",
    [
        Entry(),
        Entry(kind="catastrophe"),
        Entry(kind="strain", type="shouting"),
        Entry(kind="strain", target="weather"),
        Entry(kind="strain", moment="yesterday"),
        Entry(kind="strain", tried=("hypnosis",)),
        Entry(kind="strain", put_right=5),
    ],
)
def test_an_entry_that_is_none_is_refused(world: World, entry: Entry) -> None:
    session_id = world.start()
    with pytest.raises(ClinicError, match="E-CLINIC-061"):
        record_after(world.login, session_id, entry, now=timezone.now())


def test_the_ledger_keeps_the_channels_apart(world: World, dipped: str) -> None:
    record_after(
        world.login,
        dipped,
        Entry(kind="rupture", tried=("validate",), put_right=3),
        now=timezone.now(),
    )
    found = ledger(world.login, world.dyad.pk, now=timezone.now())
    row = found.rows[0]
    assert (row.client_strain, row.client_repair) == (LOW["8"], LOW["8a"])
    assert row.therapist_named
    assert row.therapist_strain == MIRROR["8"]
    assert row.dips
    assert found.ruptures[0].state is State.OPEN  # the client's repair of 1 is the last word
    assert found.tried == (("validate", 1),)


def test_closure_counts_what_is_old_enough_and_only_for_many_clients(
    world: World, dipped: str
) -> None:
    now = timezone.now()
    talked(world, dipped)
    following = world.start()
    answer(world, following, helped="yes", right="yes")
    world.therapist_answers(following)
    own = own_closure(world.login, now=now + timedelta(weeks=8))
    assert (own.n_asked, own.n_closed, own.n_agreed, own.rate) == (1, 1, 1, 1.0)
    assert own_closure(world.login, now=now).n_asked == 0
    lead = Login.objects.create_user(
        username="synthetic-lead", practice=world.practice, role=Role.LEAD
    )
    assert practice_closure(lead, now=now + timedelta(weeks=8)) is None  # one client


def test_everything_is_for_the_dyads_own_therapist(world: World, dipped: str) -> None:
    other = Login.objects.create_user(
        username="other-therapist", practice=world.practice, role=Role.THERAPIST
    )
    now = timezone.now()
    for attempt in (
        lambda: before(other, world.dyad.pk, now=now),
        lambda: together(other, world.dyad.pk, now=now),
        lambda: ledger(other, world.dyad.pk, now=now),
        lambda: after(other, dipped, now=now),
        lambda: record_intent(other, dipped, intent="raise", now=now),
        lambda: record_after(other, dipped, Entry(kind="none"), now=now),
        lambda: record_together(other, world.dyad.pk, session_id=dipped, now=now),
        lambda: day_list(other, now=now),
        lambda: practice_closure(other, now=now),
    ):
        with pytest.raises(AccessError):
            attempt()
    assert AuditEvent.objects.filter(actor=other.pk, outcome="denied").count() == 9


def test_a_session_of_another_dyad_is_not_looked_at_together(world: World, dipped: str) -> None:
    with pytest.raises(AccessError):
        record_together(world.login, world.dyads[1].pk, session_id=dipped, now=timezone.now())


def test_no_word_of_a_loop_is_in_the_audit_log(world: World, dipped: str) -> None:
    talked(world, dipped)
    record_intent(
        world.login, dipped, intent="not_today", because="other", reason=WORDS, now=timezone.now()
    )
    told = " ".join(str(event.detail) for event in AuditEvent.objects.all())
    assert "Canary" not in told


def test_the_day_asks_as_much_of_the_database_for_one_client_as_for_six(
    world: World, dipped: str
) -> None:
    assert dipped
    day_list(world.login, now=timezone.now())
    with CaptureQueriesContext(connection) as few:
        day_list(world.login, now=timezone.now())
    for index in range(4):
        dyad = add_dyad(world.practice, world.therapist, f"Client 9{index}")
        world.rated(dyad, days_ago=2)
        world.rated(dyad, days_ago=1, answers=LOW)
    with CaptureQueriesContext(connection) as many:
        day_list(world.login, now=timezone.now())
    assert len(many) <= len(few) + 1  # a place of the week that is taken now
    assert len(few) < 40


@pytest.mark.parametrize("mode", ["sealed", "supervisor", "end", "delayed"])
def test_a_word_that_is_kept_from_the_therapist_changes_nothing(
    world: World, dipped: str, mode: str
) -> None:
    """Whatever the client answers under a closed mode, or nothing: the same for the therapist."""
    talked(world, dipped)
    following = world.start()
    Assignment.objects.filter(session_id=following, perspective="client").update(
        visibility=mode, reveal_at=timezone.now() + timedelta(days=30)
    )
    answer(world, following, helped="yes", right="yes")
    world.therapist_answers(following)
    assert FollowUp.objects.count() == 2
    assert Response.objects.get(session_id=following, perspective="client").visibility == mode
    now = timezone.now()
    shown = ledger(world.login, world.dyad.pk, now=now)
    assert shown.ruptures[0].state is State.OPEN
    assert {row.word for row in shown.rows} == {""}
    assert [line.stage for line in day_list(world.login, now=now).waiting] == [Stage.AGREED]
    found = before(world.login, world.dyad.pk, now=now)
    assert found.agreed is not None
    assert found.agreed.word == ""
    assert known_of(world.practice.pk).later == {}
    assert own_closure(world.login, now=now + timedelta(weeks=8)).n_answered == (
        1 if mode == "delayed" else 0  # by then the moment that the client was told has come
    )
    _, asked = extras_of(world, world.start())
    assert "Did that help?" in asked  # asked as if nothing had been said
