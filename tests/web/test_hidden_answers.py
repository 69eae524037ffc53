# SPDX-License-Identifier: Apache-2.0
"""Worlds that differ in a hidden answer alone look the same, byte for byte and query for query.

Each case builds one practice and many worlds of it, each in a transaction that is undone: in every
world the client gave another answer that its mode hides, or, where the mode hides that too, none.
All worlds of a case are compared with each other. What differs between two renderings of the very
same world is taken out before: the CSRF token, and ids that a form is opened with
(``clinic_world.without_nonces``); the clock stands still.

Not covered: how long an answer takes beyond the number of queries, and a therapist who keeps a
link and opens it later to see whether it was used (the audit log shows that).
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.clinic_world import without_nonces

from attunement.clinic import services
from attunement.clinic.access.visibility import Visibility
from attunement.clinic.guard import logins
from attunement.clinic.models import (
    Assignment,
    CareTeamMember,
    Login,
    Perspective,
    Response,
    Session,
)
from attunement.clinic.services.opening import day_begins
from attunement.clinic.services.widening import narrow

# About pages: 500 worlds once are enough, and the rules they rest on are tested on both stores.
WORLDS = 10  # of each case: 45 pairs; fewer where one item alone varies
FEWEST_PAIRS = 28
BASE = {"1": 5, "2": 4, "3": 2, "4": 6, "5": 3, "6": 4, "7": 1}
TEXTS = ("", "Synthetic words", "Langsamer, bitte. " * 40, "\u202eabc <b>x</b>", "é" * 300)
# Two scales that a mode may show while it hides what they are made of.
RELATIONSHIP, WORK = ("1", "2", "3", "7"), ("4", "5", "6")


@dataclass(frozen=True)
class Case:
    """A mode, what may vary in it unseen, and where the session stands."""

    name: str
    mode: str = Visibility.OPEN
    days: int = 0
    own_form: bool = True  # whether the therapist's own form comes in
    later: bool = False  # whether a later session is rated by both after it
    absent: bool = True  # whether the mode hides even that there is an answer
    within_scores: bool = False  # vary single answers and words, keep every scale's score
    lead_only: str = ""  # the item that is for the lead alone
    narrowed: bool = False
    eyes: tuple[str, ...] = ("therapist", "lead", "second", "supervisor")


CASES = (
    Case("own form not in", own_form=False),
    Case("own form not in, a later session open", own_form=False, later=True),
    Case("delayed, by days", Visibility.DELAYED, days=14, later=True),
    Case("delayed, to the next session", Visibility.DELAYED),
    Case("scores only", Visibility.SCORES, absent=False, within_scores=True, later=True,
         eyes=("therapist", "lead", "second")),
    Case("supervisor", Visibility.SUPERVISOR, later=True,
         eyes=("therapist", "lead", "second")),
    Case("sealed", Visibility.SEALED, later=True),
    Case("at the end", Visibility.END, later=True),
    Case("one answer for the lead alone", lead_only="3", later=True,
         eyes=("therapist", "second", "supervisor")),
    Case("strain for the lead alone", lead_only="8", later=True,
         eyes=("therapist", "second", "supervisor")),
    Case("words for the lead alone", lead_only="9",
         eyes=("therapist", "second", "supervisor")),
    Case("narrowed before it opened", narrowed=True, later=True,  # by the lead, who knows of it
         eyes=("therapist", "second", "supervisor")),
    Case("open, for those who may not see it", absent=False,
         eyes=("colleague", "lead", "researcher", "operator", "stranger")),
)  # fmt: skip


@dataclass
class Stage:
    """One practice, a dyad with a past, the session in question, and everybody's browsers."""

    world: Any
    target: Session
    later: Session
    grants: dict[str, str]
    people: dict[str, Browser]
    addresses: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """What a client gave in one world; no fields: nothing."""

    fields: dict[str, str] | None


def _stage(world: Any, case: Case, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(timezone, "now", lambda: world.now)
    # By the real clock a login is noted every ten seconds, whatever page comes then.
    monkeypatch.setattr(logins, "NOTED_EVERY", math.inf)
    for value in (5, 6, 4):
        session = world.session()
        world.client_answers(session, value, strain=3 if value == 4 else 0)
        world.therapist_answers(session, 4)
        world.later(days=7)
    target = world.session()
    wanted = {"visibility": case.mode, "reveal_at": None}
    if case.days:
        wanted["reveal_at"] = day_begins(target.held_on + timedelta(days=case.days))
    Assignment.objects.filter(session=target, perspective=Perspective.CLIENT).update(**wanted)
    later = target
    if case.mode != Visibility.DELAYED or case.days:
        world.later(days=7)
        later = world.session()
    grants = {"target": _grant(world, target)}
    if later is not target:
        grants["later"] = _grant(world, later)
    people = {name: getattr(world, name) for name in ("therapist", "colleague", "lead", "operator")}
    people |= {"stranger": world.stranger, "supervisor": world.supervisor}
    for name, role in (("second", "therapist"), ("researcher", "researcher")):
        people[name] = Login.objects.create_user(
            name, email=f"{name}@example.invalid", role=role, practice=world.practice
        )
    for name, place in (("second", "second"), ("supervisor", "supervisor")):
        CareTeamMember.objects.create(
            dyad=world.dyad, login=people[name], place=place, from_at=world.now, added_by="test"
        )
    stage = Stage(world, target, later, grants, {})
    for name in case.eyes:
        browser = Browser()
        browser.force_login(people[name])
        stage.people[name] = browser
        stage.addresses[name] = _addresses(world, name, target, later)
    return stage


def _grant(world: Any, session: Session) -> str:
    issued = services.invite_client(session.dyad.therapist.login, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    assert grant is not None
    return grant


def _addresses(world: Any, name: str, target: Session, later: Session) -> list[str]:
    dyad, case = f"/clients/{world.dyad.pk}", f"/team/cases/{world.dyad.pk}/"
    sessions = [f"/sessions/{one.pk}/" for one in dict.fromkeys((target, later))]
    pages = {
        "therapist": [
            "/", "/day/", "/signals/", "/me/calibration",
            f"{dyad}/", f"{dyad}/before", f"{dyad}/ledger",
            *sessions, f"{sessions[0]}status", f"{sessions[0]}after",
        ],
        "lead": ["/", "/rules/tune", "/team/answers/", f"/team/clients/{world.dyad.pk}/readers"],
        "researcher": ["/team/research/"],
        "supervisor": [case],
        "second": [case],
    }  # fmt: skip
    return pages.get(name, ["/", case, f"{dyad}/", *sessions])


def _send(world: Any, grant: str, fields: dict[str, str]) -> None:
    shown = services.client_form(grant, now=world.now)
    receipt = services.record_client_response(
        grant,
        submission_id=shown.submission_id,
        fields=fields,
        client_clock=world.now.isoformat(),
        now=world.now,
    )
    assert not isinstance(receipt, services.Refused), receipt


def _live(stage: Stage, case: Case, given: Given) -> None:
    """Let one world happen."""
    world = stage.world
    if given.fields is not None:
        _send(world, stage.grants["target"], given.fields)
        if case.narrowed:
            response = Response.objects.get(session=stage.target, perspective=Perspective.CLIENT)
            narrow(world.lead, response.pk, visibility=Visibility.SEALED, now=world.now)
    if case.own_form:
        world.therapist_answers(stage.target, 4)
    if case.later:
        _send(world, stage.grants["later"], world.fields(2, strain=4))
        world.therapist_answers(stage.later, 4)


def _looks(stage: Stage) -> dict[str, Any]:
    """Return everything that everybody gets to see, with the number of queries of each page."""
    seen: dict[str, Any] = {}
    for name, browser in stage.people.items():
        for address in stage.addresses[name]:
            htmx = {"hx-request": "true"} if address.endswith("status") else {}
            with CaptureQueriesContext(connection) as asked:
                page = browser.get(address, headers=htmx)
            assert page.status_code < 500, (name, address)
            seen[f"{name} {address}"] = (*without_nonces(page), len(asked))
    me, now = stage.world.therapist, stage.world.now
    if "therapist" in stage.people:
        seen["services"] = [
            repr(services.caseload(me, now=now)),
            repr(services.signals_this_week(me, now=now)),
            repr(services.dyad_overview(me, stage.world.dyad.pk, now=now)),
        ]
    seen["mails"] = [(one.subject, one.body, one.to) for one in mail.outbox]
    return seen


@contextmanager
def _undone() -> Iterator[None]:
    """Run in a transaction that leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _worlds(case: Case, rng: random.Random) -> list[Given]:
    """Return what clients gave in the worlds of a case: hidden from the viewers, all different."""
    found = [Given(None)] if case.absent and not case.lead_only else []
    if not case.within_scores and not case.lead_only:
        found.append(Given({}))  # a form that came with every question left out
    for _ in range(40 * WORLDS):
        one = Given(_for_lead(case, rng) if case.lead_only else _any(case, rng))
        if one not in found:
            found.append(one)
        if len(found) == WORLDS:
            break
    return found


def _any(case: Case, rng: random.Random) -> dict[str, str]:
    """Answer at random; where scores are shown, so that every scale keeps its score."""
    answers = dict(BASE)
    if case.within_scores:
        for scale in (RELATIONSHIP, WORK):
            values = [BASE[item] for item in scale]
            rng.shuffle(values)
            answers |= dict(zip(scale, values, strict=True))
    else:
        answers = {item: rng.randint(0, 6) for item in BASE if rng.random() > 0.1} or answers
    fields = {f"item-{item}": str(value) for item, value in answers.items()}
    strain, text = rng.randint(0, 6), rng.choice(TEXTS)
    fields["item-8"] = str(strain)
    if strain:
        fields["item-8a"] = str(rng.randint(0, 4))
    return fields | ({"item-9": text} if text else {})


def _for_lead(case: Case, rng: random.Random) -> dict[str, str]:
    """Answer alike but for one item that is for the lead alone, sometimes left out."""
    fields = {f"item-{item}": str(value) for item, value in BASE.items()}
    fields |= {"item-8": "1", f"wish-{case.lead_only}": "lead_only"}
    value = rng.randint(0, 6)
    given = f"Synthetic words {rng.random()}" if case.lead_only == "9" else str(value)
    fields[f"item-{case.lead_only}"] = given
    if case.lead_only == "8" and value:
        fields["item-8a"] = str(rng.randint(0, 4))
    if rng.random() < 0.2:
        fields.pop(f"item-{case.lead_only}")
        fields.pop("item-8a", None)
    return fields


def _rng(case: Case) -> random.Random:
    return random.Random(case.name)  # noqa: S311 -- a seed, not a secret


def _differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [key for key in one if one[key] != other[key]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_worlds_with_other_hidden_answers_look_alike(
    build_world: Callable[[], Any],
    db: None,  # noqa: ARG001 -- opens the database
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = _rng(case)
    stage = _stage(build_world(), case, monkeypatch)
    given = _worlds(case, rng)
    seen: list[dict[str, Any]] = []
    with _undone():  # what programs keep in memory after the first look
        _live(stage, case, given[0])
        _looks(stage)
    for one in given:
        with _undone():
            _live(stage, case, one)
            seen.append(_looks(stage))
    pairs = list(itertools.combinations(range(len(given)), 2))
    assert len(pairs) >= FEWEST_PAIRS
    for left, right in pairs:
        assert _differing(seen[left], seen[right]) == [], (given[left], given[right])


def test_the_pairs_are_as_many_as_promised() -> None:
    n_pairs = sum(len(list(itertools.combinations(_worlds(case, _rng(case)), 2))) for case in CASES)
    assert n_pairs >= 500


@pytest.mark.parametrize(
    "case",
    [
        Case("open"),
        Case("delayed, and its day has come", Visibility.DELAYED, days=3),
        Case("scores only, another score", Visibility.SCORES),
        Case("supervisor, seen by the supervisor", Visibility.SUPERVISOR, eyes=("supervisor",)),
        Case("for the lead alone, seen by the lead", lead_only="3", eyes=("lead",)),
        Case("at the end, and it has ended", Visibility.END),
    ],
    ids=lambda case: case.name,
)
def test_worlds_with_other_open_answers_do_not(
    build_world: Callable[[], Any],
    db: None,  # noqa: ARG001 -- opens the database
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: the same comparison finds an answer that may be seen."""
    stage = _stage(build_world(), case, monkeypatch)
    if case.mode == Visibility.END:
        episode = stage.target.care_episode
        episode.ended_on, episode.ending = stage.world.now.date(), "planned"
        episode.save()
    seen = []
    wish = {f"wish-{case.lead_only}": "lead_only"} if case.lead_only else {}
    for value in (1, 6):
        with _undone():
            _live(stage, replace(case), Given(stage.world.fields(value) | wish))
            seen.append(_looks(stage))
    assert _differing(*seen) != []
