# SPDX-License-Identifier: Apache-2.0
"""One link, two forms: before the session and after it, each stored exactly once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from attunement.clinic import services
from attunement.clinic.config.model import Capture
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.models import (
    Answer,
    AnswerWish,
    Assignment,
    ClientSetting,
    Goal,
    Invitation,
    OpenedForm,
    QuestionAsked,
    Response,
)
from attunement.clinic.services.asking import set_schedule
from attunement.clinic.services.extras import Extra, Provider
from attunement.clinic.services.goals import add_goal, end_goal, goals_of
from attunement.clinic.services.results import Receipt, ReceiptStatus, Refused
from attunement.clinic.services.rotating import choose, open_questions
from attunement.clinic.services.sealing import words_of

pytestmark = pytest.mark.store


@pytest.fixture
def asked_before(settings: Any) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, capture=Capture(before="phq-2"))


def _open(world: Any, session: Any) -> str:
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    assert grant is not None
    return grant


def _send(world: Any, grant: str, fields: dict[str, Any], submission_id: Any) -> Any:
    return services.record_client_response(
        grant, submission_id=submission_id, fields=fields, client_clock=None, now=world.now
    )


BEFORE = {"moment": "before", "item-1": "2", "item-2": "3"}


@pytest.mark.usefixtures("asked_before")
def test_one_link_carries_both_forms_each_once(world: Any, filled_form: Any) -> None:
    session = world.session()
    grant = _open(world, session)
    assert services.client_moments(grant, now=world.now) == ("before", "after")
    shown = services.client_form(grant, now=world.now, moment="before")
    assert (shown.measure.id, shown.moment) == ("phq-2", "before")
    first = _send(world, grant, BEFORE, shown.submission_id)
    again = _send(world, grant, BEFORE, shown.submission_id)
    assert [first.status, again.status] == [ReceiptStatus.CREATED, ReceiptStatus.ALREADY_RECEIVED]
    assert first.received_at == again.received_at
    # The link is not used up: the form after the session is still to come.
    assert Invitation.objects.get().consumed_at is None
    assert services.client_moments(grant, now=world.now) == ("after",)
    with pytest.raises(AccessError):
        services.client_form(grant, now=world.now, moment="before")
    after = services.client_form(grant, now=world.now)
    assert after.measure.id == "oac-c"
    done = _send(world, grant, filled_form(5) | {"moment": "after"}, after.submission_id)
    assert isinstance(done, Receipt)
    assert Invitation.objects.get().consumed_at is not None
    assert services.client_moments(grant, now=world.now) == ()
    rows = Response.objects.order_by("moment").values_list("moment", "measure_id")
    assert list(rows) == [("after", "oac-c"), ("before", "phq-2")]


@pytest.mark.usefixtures("asked_before")
def test_the_form_before_can_be_left_out_and_come_late(world: Any, filled_form: Any) -> None:
    session = world.session()
    grant = _open(world, session)
    shown = services.client_form(grant, now=world.now, moment="before")
    after = services.client_form(grant, now=world.now)
    _send(world, grant, filled_form(5), after.submission_id)
    world.later(days=1)  # it lay on a phone without a network
    late = _send(world, grant, BEFORE, shown.submission_id)
    assert isinstance(late, Receipt)
    assert late.status is ReceiptStatus.CREATED


@pytest.mark.usefixtures("asked_before")
@pytest.mark.parametrize("moment", ["between", "during", ["before"], 3, "BEFORE"])
def test_a_moment_that_is_none_is_refused(world: Any, filled_form: Any, moment: Any) -> None:
    grant = _open(world, world.session())
    refused = _send(world, grant, filled_form(5) | {"moment": moment}, uuid4())
    assert isinstance(refused, Refused)
    assert refused.http_status == 422
    assert not Response.objects.exists()


@pytest.mark.usefixtures("asked_before")
def test_the_same_id_for_the_other_form_is_refused(world: Any, filled_form: Any) -> None:
    grant = _open(world, world.session())
    shown = services.client_form(grant, now=world.now, moment="before")
    _send(world, grant, BEFORE, shown.submission_id)
    refused = _send(world, grant, filled_form(5), shown.submission_id)
    assert isinstance(refused, Refused)
    assert refused.http_status == 409


def test_without_a_measure_and_goals_nothing_is_asked_before(world: Any) -> None:
    grant = _open(world, world.session())
    assert services.client_moments(grant, now=world.now) == ("after",)
    with pytest.raises(AccessError):
        services.client_form(grant, now=world.now, moment="before")


def test_goals_are_asked_in_the_clients_words_and_rated(world: Any) -> None:
    add_goal(world.therapist, world.dyad.pk, "Synthetic goal: sleep", now=world.now)
    grant = _open(world, world.session())
    shown = services.client_form(grant, now=world.now, moment="before")
    scale, new = shown.extras
    assert "Synthetic goal: sleep" in scale.words
    assert scale.permitted == tuple(str(number) for number in range(11))
    sent = {"moment": "before", scale.field: "7", new.field: "Synthetic goal: go out"}
    assert isinstance(_send(world, grant, sent, shown.submission_id), Receipt)
    goal = Goal.objects.exclude(made_by="client-link").get()
    rating = Answer.objects.get(item=f"goal-{goal.pk}")
    assert rating.value == 7.0
    told = [one.words for one in goals_of(world.therapist, world.dyad.pk, now=world.now)]
    assert sorted(told) == ["Synthetic goal: go out", "Synthetic goal: sleep"]
    assert "Synthetic" not in Goal.objects.values_list("words", flat=True)[0]  # sealed


def test_goals_end_at_three_and_by_the_therapist(world: Any) -> None:
    for number in range(3):
        add_goal(world.therapist, world.dyad.pk, f"Synthetic {number}", now=world.now)
    with pytest.raises(ClinicError) as refusal:
        add_goal(world.therapist, world.dyad.pk, "Synthetic 4", now=world.now)
    assert refusal.value.code == "E-CLINIC-041"
    first = goals_of(world.therapist, world.dyad.pk, now=world.now)[0]
    end_goal(world.therapist, world.dyad.pk, first.goal_id, now=world.now)
    assert len(goals_of(world.therapist, world.dyad.pk, now=world.now)) == 2
    with pytest.raises(AccessError):
        add_goal(world.stranger, world.dyad.pk, "Synthetic", now=world.now)
    shown = services.client_form(_open(world, world.session()), now=world.now, moment="before")
    assert [one.kind for one in shown.extras] == ["choice", "choice", "text"]


@pytest.mark.parametrize("rating", ["11", "-1", "7.5", " 7", "seven", "٣"])
def test_a_goal_rating_off_the_scale_is_refused(world: Any, rating: str) -> None:
    add_goal(world.therapist, world.dyad.pk, "Synthetic goal", now=world.now)
    grant = _open(world, world.session())
    shown = services.client_form(grant, now=world.now, moment="before")
    sent = {"moment": "before", shown.extras[0].field: rating}
    refused = _send(world, grant, sent, shown.submission_id)
    assert isinstance(refused, Refused)
    assert [one.item for one in refused.problems] == [shown.extras[0].id]
    assert not Answer.objects.exists()


def test_a_goal_of_another_client_is_not_taken(world: Any, filled_form: Any) -> None:
    foreign = Goal.objects.create(
        dyad=world.foreign_dyad, words="Synthetic", made_by="client-link", made_at=world.now
    )
    grant = _open(world, world.session())
    shown = services.client_form(grant, now=world.now)
    sent = filled_form(5) | {f"extra-goal-{foreign.pk}": "3", "extra-made-up": "x"}
    assert isinstance(_send(world, grant, sent, shown.submission_id), Receipt)
    assert not Answer.objects.filter(item__startswith="goal-").exists()


def test_the_rotating_question_is_never_the_same_twice_in_a_row(
    world: Any, filled_form: Any
) -> None:
    asked = []
    for _ in range(2 * len(open_questions()) + 1):
        session = world.session()
        grant = _open(world, session)
        shown = services.client_form(grant, now=world.now)
        (extra,) = shown.extras
        assert services.client_form(grant, now=world.now).extras == shown.extras
        asked.append(extra.id)
        sent = filled_form(5) | {extra.field: "Synthetic words."}
        assert isinstance(_send(world, grant, sent, shown.submission_id), Receipt)
        kept = Answer.objects.get(response__session=session, item=extra.id)
        assert words_of(kept, "text") == "Synthetic words."
        world.later(days=7)
    assert all(one != other for one, other in pairwise(asked))
    assert len(set(asked[: len(open_questions())])) == len(open_questions())
    assert QuestionAsked.objects.count() == len(asked)


def test_choosing_is_the_same_for_the_same_past() -> None:
    known = open_questions()
    first = choose(known, [], seed="a")
    assert choose(known, [], seed="a") == first
    assert choose(known[:1], [known[0].id], seed="a") == known[0]  # there is no other
    assert len({choose(known, [], seed=str(seed)).id for seed in range(40)}) > 3


def test_extras_are_part_of_the_fingerprint_and_a_resend_is_known(
    world: Any, filled_form: Any
) -> None:
    grant = _open(world, world.session())
    shown = services.client_form(grant, now=world.now)
    field = shown.extras[0].field
    sent = filled_form(5) | {field: "Synthetic one."}
    assert _send(world, grant, sent, shown.submission_id).status is ReceiptStatus.CREATED
    assert _send(world, grant, sent, shown.submission_id).status is ReceiptStatus.ALREADY_RECEIVED
    other = _send(world, grant, sent | {field: "Synthetic two."}, shown.submission_id)
    assert isinstance(other, Refused)
    assert other.http_status == 409
    wished = _send(world, grant, sent | {"wish-1": "raise"}, shown.submission_id)
    assert wished.http_status == 409


def test_a_question_that_is_gone_is_still_taken_from_the_form_that_showed_it(
    world: Any, filled_form: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[dict[str, str]] = []
    stands = [True]
    asks = Provider(
        "synthetic",
        lambda assignment, *, now: (  # noqa: ARG005 -- the contract's names
            (Extra("did-it-help", "yes_no", "Did that help?"),) if stands[0] else ()
        ),
        lambda response, given, *, now: kept.append(dict(given)),  # noqa: ARG005 -- as above
    )
    monkeypatch.setattr("attunement.clinic.services.extra_providers.PROVIDERS", (asks,))
    grant = _open(world, world.session())
    shown = services.client_form(grant, now=world.now)
    stands[0] = False
    sent = filled_form(5) | {"extra-did-it-help": "yes"}
    assert isinstance(_send(world, grant, sent, shown.submission_id), Receipt)
    assert kept == [{"did-it-help": "yes"}]
    opened = OpenedForm.objects.get(submission_id=shown.submission_id)
    assert "help?" not in str(opened.extras)  # no words are kept with it


@pytest.mark.parametrize("raw", ["maybe", "Yes", ["yes", "no"], {"yes": 1}, 1, True])
def test_an_extra_that_is_no_answer_is_refused(
    world: Any, filled_form: Any, monkeypatch: pytest.MonkeyPatch, raw: Any
) -> None:
    asks = Provider(
        "synthetic",
        lambda assignment, *, now: (Extra("tick", "yes_no", "?"),),  # noqa: ARG005 -- the contract
        lambda response, given, *, now: None,  # noqa: ARG005 -- the contract
    )
    monkeypatch.setattr("attunement.clinic.services.extra_providers.PROVIDERS", (asks,))
    grant = _open(world, world.session())
    shown = services.client_form(grant, now=world.now)
    refused = _send(world, grant, filled_form(5) | {"extra-tick": raw}, shown.submission_id)
    assert isinstance(refused, Refused)
    assert refused.http_status == 422


def test_too_many_extra_fields_are_refused(world: Any, filled_form: Any) -> None:
    grant = _open(world, world.session())
    many = {f"extra-{number}": "x" for number in range(41)}
    refused = _send(world, grant, filled_form(5) | many, uuid4())
    assert isinstance(refused, Refused)
    assert refused.http_status == 422


def test_wishes_for_one_answer_go_before_the_wish_for_all(world: Any, filled_form: Any) -> None:
    grant = _open(world, world.session())
    shown = services.client_form(grant, now=world.now)
    sent = filled_form(2, strain=4, i8a="1") | {
        shown.extras[0].field: "Synthetic.",
        "wish": "dont_raise",
        "wish-8": "lead_only",
        "wish-9": "raise",  # nothing was written there: nothing to wish for
    }
    assert isinstance(_send(world, grant, sent, shown.submission_id), Receipt)
    kept = dict(AnswerWish.objects.values_list("item", "wish"))
    assert kept["8"] == kept["8a"] == "lead_only"  # what follows a question up goes with it
    assert kept[shown.extras[0].id] == "dont_raise"
    assert {kept[str(number)] for number in range(1, 8)} == {"dont_raise"}
    assert "9" not in kept


def test_no_wish_is_the_default_and_an_unknown_one_is_refused(world: Any, filled_form: Any) -> None:
    world.client_answers(world.session())
    assert not AnswerWish.objects.exists()
    grant = _open(world, world.session())
    for sent in ({"wish": "tell_nobody"}, {"wish-1": ["raise", "raise"]}, {"wish-1": "RAISE"}):
        refused = _send(world, grant, filled_form(5) | sent, uuid4())
        assert isinstance(refused, Refused)
        assert refused.http_status == 422


def test_how_a_client_likes_it_is_kept_for_the_next_form(world: Any, filled_form: Any) -> None:
    for layout, kept in (("all", "all"), ("sideways", "all"), ("one", "one"), (["all"], "one")):
        grant = _open(world, world.session())
        shown = services.client_form(grant, now=world.now)
        _send(world, grant, filled_form(5) | {"layout": layout}, shown.submission_id)
        assert ClientSetting.objects.get().layout == kept
        world.later(days=7)
    assert services.client_form(_open(world, world.session()), now=world.now).layout == "one"


@pytest.mark.usefixtures("asked_before")
def test_the_episodes_rule_says_when_it_is_asked(world: Any) -> None:
    set_schedule(
        world.therapist, world.dyad.pk, kind="numbers", numbers=(1, 3), every=4, now=world.now
    )
    asked = []
    for number in range(1, 12):
        session = world.session()
        if Assignment.objects.filter(session=session, moment="before").exists():
            asked.append(number)
        world.later(days=7)
    assert asked == [1, 3, 7, 11]


@pytest.mark.usefixtures("asked_before")
def test_nobody_is_asked_the_same_twice_in_a_day(world: Any) -> None:
    first, second = world.session(), world.session()
    assert Assignment.objects.filter(session=first, moment="before").exists()
    assert not Assignment.objects.filter(session=second, moment="before").exists()
    world.later(days=1)
    assert Assignment.objects.filter(session=world.session(), moment="before").exists()


@pytest.mark.usefixtures("asked_before")
def test_a_rule_that_cannot_be_is_refused(world: Any) -> None:
    for wrong in (
        {"kind": "sometimes"},
        {"kind": "weeks", "every": 0},
        {"kind": "weeks", "every": 53},
        {"kind": "numbers"},
        {"kind": "numbers", "numbers": (0,)},
    ):
        with pytest.raises(ClinicError) as refusal:
            set_schedule(world.therapist, world.dyad.pk, now=world.now, **wrong)
        assert refusal.value.code == "E-CLINIC-041"
    with pytest.raises(AccessError):
        set_schedule(world.colleague, world.dyad.pk, kind="sessions", now=world.now)


@pytest.mark.usefixtures("asked_before")
def test_an_old_grant_shows_nothing_and_still_sends(world: Any) -> None:
    grant = _open(world, world.session())
    shown = services.client_form(grant, now=world.now, moment="before")
    world.now += timedelta(hours=2)
    assert services.client_moments(grant, now=world.now) == ()
    with pytest.raises(AccessError):
        services.client_form(grant, now=world.now, moment="before")
    assert isinstance(_send(world, grant, BEFORE, shown.submission_id), Receipt)
