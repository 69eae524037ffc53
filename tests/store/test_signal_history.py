# SPDX-License-Identifier: Apache-2.0
"""Signals are judged by what held at their time; weeks, answers and models are history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from attunement.clinic import services
from attunement.clinic.errors import ClinicError
from attunement.clinic.house_limits import WITH_STRAIN, shipped_limits
from attunement.clinic.models import (
    AuditEvent,
    CareEpisode,
    Client,
    Dyad,
    LearnedModel,
    RuleSetting,
    SignalJudgement,
    SignalOutcome,
    SignalRecord,
    SignalShown,
)
from attunement.clinic.services.audit import verify_chain
from attunement.clinic.services.chairs import chairs_of
from attunement.clinic.services.evidence import audited, known_of
from attunement.clinic.services.learning import learn_models, set_budget_by_command
from attunement.clinic.services.rebuild import rebuild_scores
from attunement.clinic.services.signalling import course_of, keys_of

pytestmark = pytest.mark.store
STABLE = (5, 5, 5, 5, 5)


def rated(world: Any, value: int, **more: Any) -> Any:
    session = world.session(**{k: more.pop(k) for k in ("dyad", "login") if k in more})
    world.client_answers(session, value, **more)
    world.therapist_answers(session, min(value, 4))
    world.later(days=7)
    return session


def another_dyad(world: Any, code: str) -> Any:
    client = Client.objects.create(
        practice=world.practice, code=code, display_name=f"Synthetic Client {code}"
    )
    dyad = Dyad.objects.create(
        practice=world.practice, client=client, therapist=world.therapist.therapist
    )
    CareEpisode.objects.create(dyad=dyad, began_on=world.now.date())
    return dyad


def rows() -> tuple[list[Any], list[Any]]:
    return (
        list(SignalRecord.objects.order_by("pk").values()),
        list(SignalJudgement.objects.order_by("pk").values()),
    )


def test_every_signal_keeps_versions_threshold_rate_and_inputs(world: Any) -> None:
    for value in STABLE:
        rated(world, value)
    hard = rated(world, 1)
    house = SignalRecord.objects.get(session=hard, rule_id="house")
    assert (house.rule_version, house.model_version) == ("1", "simulated prior")
    assert (house.setting_no, house.asked_rate, house.horizon) == (0, 0.10, 12)
    assert house.threshold == shipped_limits(1 / 42, WITH_STRAIN)[0.10]
    assert house.inputs["score"] == house.value == 1.0
    assert house.inputs["therapist"] == 1.0
    assert house.probability is not None
    assert house.probability > 0.5
    # 1 − .9^(1/12) = .00874 of the sessions
    assert house.null_rate == pytest.approx(0.00874, abs=5e-6)
    assert "about 10 at least once within 12 sessions" in house.null_sentence
    assert house.raised_at == world.now - timedelta(days=7)


def test_a_setting_changes_what_is_asked_from_then_on_and_nothing_before(world: Any) -> None:
    for value in STABLE:
        rated(world, value)
    hard = rated(world, 1)
    before = SignalRecord.objects.filter(session=hard).order_by("pk").values()
    kept = list(before)
    assert services.save_setting(world.lead, 0.02, note="", now=world.now) == 1
    later = rated(world, 5)
    assert list(before) == kept
    judged = SignalJudgement.objects.get(session=later, rule_id="house")
    assert judged.setting_no == 1
    assert SignalJudgement.objects.get(session=hard, rule_id="house").setting_no == 0
    everything = rows()
    rebuild_scores(now=world.now)
    assert rows() == everything


def test_a_learned_model_holds_from_then_on_and_rebuilding_keeps_both(world: Any) -> None:
    for value in STABLE:
        rated(world, value)
    (dry,) = learn_models(world.practice, save=False, now=world.now)
    assert (dry.number, dry.n_dyads, dry.n_scores) == (0, 1, 5)
    assert not LearnedModel.objects.exists()
    (learned,) = learn_models(world.practice, save=True, now=world.now)
    assert (learned.number, learned.measure_id) == (1, "oac-c")
    stored = LearnedModel.objects.get()
    assert stored.parameters["model"]["n_scores"] == 5
    assert "learned from 5 scores of 1 dyads" in stored.source
    hard = rated(world, 0)
    assert SignalRecord.objects.get(session=hard, rule_id="house").model_version == "learned 1"
    versions = list(
        SignalJudgement.objects.filter(rule_id="house")
        .order_by("session__session_no")
        .values_list("model_version", flat=True)
    )
    assert versions == ["simulated prior"] * 4 + ["learned 1"]
    everything = rows()
    rebuild_scores(now=world.now)
    assert rows() == everything
    assert verify_chain().first_bad is None


def test_a_week_never_holds_more_than_its_budget(world: Any) -> None:
    services.set_budget(world.therapist, 1, now=world.now)
    first, second = another_dyad(world, "C-21"), another_dyad(world, "C-22")
    session = world.session(dyad=first)
    world.client_answers(session, 4, strain=2)
    world.therapist_answers(session, 4)
    week = services.signals_this_week(world.therapist, now=world.now)
    assert [line.client_code for line in week.shown] == ["C-21"]
    stronger = world.session(dyad=second)
    world.client_answers(stronger, 0, strain=6)
    world.therapist_answers(stronger, 4)
    week = services.signals_this_week(world.therapist, now=world.now)
    assert [line.client_code for line in week.shown] == ["C-21"]
    assert [line.client_code for line in week.listed] == ["C-22"]
    services.answer_signal(
        world.therapist, week.shown[0].signal_id, answer="not_discussed", now=world.now
    )
    week = services.signals_this_week(world.therapist, now=world.now)
    assert (week.shown, week.n_taken) == ((), 1)
    next_week = services.signals_this_week(world.therapist, now=world.now + timedelta(days=7))
    assert [line.client_code for line in next_week.shown] == ["C-22"]
    assert SignalShown.objects.count() == 2


def test_old_questions_and_ended_care_are_listed_and_take_no_place(world: Any) -> None:
    rated(world, 3, strain=5)
    ended = another_dyad(world, "C-31")
    rated(world, 3, dyad=ended, strain=5)
    CareEpisode.objects.filter(dyad=ended).update(ended_on=world.now.date(), ending="planned")
    soon = services.signals_this_week(world.therapist, now=world.now)
    assert [line.client_code for line in soon.shown] == ["C-07"]
    assert [line.client_code for line in soon.older] == ["C-31"]
    later = services.signals_this_week(world.therapist, now=world.now + timedelta(weeks=5))
    assert (later.shown, later.listed) == ((), ())
    assert {line.client_code for line in later.older} == {"C-07", "C-31"}


def test_a_question_that_stands_is_not_asked_again(world: Any) -> None:
    for value in STABLE:
        rated(world, value)
    first, second = rated(world, 1), rated(world, 1)
    judged = SignalJudgement.objects.filter(rule_id="house", flagged=True)
    assert set(judged.values_list("session_id", flat=True)) >= {first.pk, second.pk}
    asked = SignalRecord.objects.filter(rule_id="house")
    assert [row.session_id for row in asked] == [first.pk]


def test_an_answer_can_be_changed_and_the_earlier_one_stays(world: Any) -> None:
    hard = rated(world, 3, strain=5)
    signal = SignalRecord.objects.get(session=hard, rule_id="oac-strain")
    n_rules = SignalRecord.objects.filter(session=hard).count()
    for answer in ("agreed", "agreed", "not_a_rupture"):
        services.answer_signal(world.therapist, signal.pk, answer=answer, now=world.now)
    said = SignalOutcome.objects.filter(signal_id=signal.pk).order_by("pk")
    assert [row.answer for row in said] == ["agreed", "not_a_rupture"]  # sent twice, kept once
    assert SignalOutcome.objects.count() == 2 * n_rules
    why = services.signal_why(world.therapist, signal.pk, now=world.now)
    assert why.therapist_said is not None
    assert why.therapist_said.answer == "not_a_rupture"
    words = [str(event.detail) for event in AuditEvent.objects.all()]
    assert not any("reason" in each for each in words)


def test_what_the_client_said_can_be_taken_back_and_stays_in_the_history(world: Any) -> None:
    rated(world, 3, strain=5)
    signal = SignalRecord.objects.get(rule_id="oac-strain")
    answered = {"answer": "agreed", "now": world.now}

    def asked_of_client() -> tuple[int, int]:
        of_rule = {one.rule_id: one.ppv_client for one in audited(world.practice.pk)}
        return of_rule["oac-strain"].k, of_rule["oac-strain"].n

    services.answer_signal(world.therapist, signal.pk, client_said="", **answered)
    assert not SignalOutcome.objects.filter(perspective="client").exists()  # nothing to take back
    services.answer_signal(world.therapist, signal.pk, client_said="confirmed", **answered)
    services.answer_signal(world.therapist, signal.pk, **answered)  # says nothing about the client
    assert asked_of_client() == (1, 1)
    for _ in range(2):
        services.answer_signal(world.therapist, signal.pk, client_said="", **answered)
    said = SignalOutcome.objects.filter(signal_id=signal.pk, perspective="client").order_by("pk")
    assert [row.answer for row in said] == ["confirmed", "not_asked"]  # sent twice, kept once
    assert asked_of_client() == (0, 0)
    assert services.signal_why(world.therapist, signal.pk, now=world.now).client_said is None
    services.answer_signal(world.therapist, signal.pk, client_said="denied", **answered)
    assert asked_of_client() == (0, 1)


def test_answers_outlive_a_rebuild(world: Any) -> None:
    hard = rated(world, 3, strain=5)
    signal = SignalRecord.objects.get(session=hard, rule_id="oac-strain")
    services.answer_signal(world.therapist, signal.pk, answer="agreed", now=world.now)
    rebuild_scores(now=world.now)
    why = services.signal_why(world.therapist, signal.pk, now=world.now)
    assert why.therapist_said is not None


def test_what_people_named_is_taken_from_open_sessions_alone(world: Any) -> None:
    named = rated(world, 5, strain=2)
    calm = rated(world, 5, strain=0)
    rated(world, 5, strain=1)  # neither a rupture named nor none
    sealed = world.session()
    world.client_answers(sealed, 5, strain=6)
    known = known_of(world.practice.pk)
    assert dict(known.client) == {named.pk: True, calm.pk: False}
    assert known.therapist == frozenset()
    services.name_rupture(world.therapist, calm.pk, now=world.now)
    assert known_of(world.practice.pk).therapist == {calm.pk}


def test_a_rule_is_not_confirmed_by_the_mark_that_it_repeats(world: Any) -> None:
    rated(world, 5)
    rated(world, 5)
    rated(world, 5, strain=2)  # named by the client; the house rule judged it
    of_rule = {one.rule_id: one for one in audited(world.practice.pk)}
    assert of_rule["oac-strain"].ppv_client.n == 0
    assert of_rule["oac-strain"].named_client == 0
    house = of_rule["house"]
    assert house.named_client == 1
    assert house.missed_client + house.n_signals == 1


def test_an_agreed_signal_is_a_miss_of_the_rules_that_did_not_ask(world: Any) -> None:
    for value in STABLE:
        rated(world, value)
    signal = SignalRecord.objects.get(session=rated(world, 1))
    assert signal.rule_id == "house"
    services.answer_signal(world.therapist, signal.pk, answer="agreed", now=world.now)
    of_rule = {one.rule_id: one for one in audited(world.practice.pk)}
    assert (of_rule["house"].named_therapist, of_rule["house"].missed_therapist) == (1, 0)
    assert of_rule["oac-strain"].missed_therapist == 1


def test_settings_are_numbered_and_out_of_range_is_refused(world: Any) -> None:
    for rate in (0.05, 0.10):
        services.save_setting(world.lead, rate, note=" kept ", now=world.now)
    found = RuleSetting.objects.order_by("number").values_list("number", "null_rate", "note")
    assert list(found) == [(1, 0.05, "kept"), (2, 0.10, "kept")]
    for rate, note in ((0.04, ""), (0.0, ""), (float("nan"), ""), (0.05, "x" * 1001)):
        with pytest.raises(ClinicError) as refusal:
            services.save_setting(world.lead, rate, note=note, now=world.now)
        assert refusal.value.code == "E-CLINIC-016"
    assert RuleSetting.objects.count() == 2


def test_an_operator_sets_a_budget_by_user_name(world: Any) -> None:
    assert set_budget_by_command("AMBER", 0, now=world.now)
    assert not set_budget_by_command("nobody", 1, now=world.now)
    with pytest.raises(ClinicError):
        set_budget_by_command("amber", 21, now=world.now)
    rated(world, 3, strain=5)
    week = services.signals_this_week(world.therapist, now=world.now)
    assert (week.budget, week.shown, len(week.listed)) == (0, (), 1)


@pytest.mark.django_db
def test_a_form_with_most_questions_left_out_is_not_a_missing_form(world: Any) -> None:
    for value in (5, 5):
        rated(world, value)
    session = world.session()
    world.client_answers(session, 5, **{f"i{number}": "" for number in range(1, 7)})
    world.therapist_answers(session, 4)
    held = chairs_of(world.dyad, now=world.now)
    course = course_of(held, keys_of(held)[0])
    assert course is not None
    assert course.series.values[-1] is None  # too few answers for a total
    assert course.sides.expected == (True, True, False)  # and yet nothing was missed


@pytest.mark.django_db
def test_a_form_that_never_came_is_a_missing_form(world: Any) -> None:
    rated(world, 5)
    session = world.session()
    world.therapist_answers(session, 4)
    held = chairs_of(world.dyad, now=world.now)
    course = course_of(held, keys_of(held)[0])
    assert course is not None
    assert course.sides.expected == (True, True)
