# SPDX-License-Identifier: Apache-2.0
"""Role × place × practice × act × mode against an oracle written apart, and every route by all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client as Browser
from django.urls import get_resolver
from django.utils import timezone
from tests.access_oracle import ACTS, ASPECTS, PLACES, ROLES, Form, Someone, may, sees
from tests.clinic_world import without_nonces

from attunement.clinic import services
from attunement.clinic.access import Action
from attunement.clinic.access.visibility import Viewer, Visibility, Wish, hides_presence, narrows
from attunement.clinic.access.visibility import sees as program_sees
from attunement.clinic.errors import AccessError
from attunement.clinic.models import (
    AnswerWish,
    Assignment,
    BreakGlass,
    CareTeamMember,
    Login,
    Perspective,
    Response,
    SignalRecord,
    SupervisionLink,
)
from attunement.clinic.services.break_glass import break_glass
from attunement.clinic.services.gate import require_dyad
from attunement.clinic.services.lead_answers import lead_answers
from attunement.clinic.services.opening import day_begins
from attunement.clinic.services.shown_answers import shown_responses
from attunement.clinic.store.triggers import statements

# About routes and rules: every pair of them once is enough.
WORDS = "Synthetic words"


@pytest.fixture
def world(build_world: Any, db: None) -> Any:  # noqa: ARG001 -- opens the database
    return build_world()


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _login(world: Any, who: Someone) -> Login:
    """Return a login with a role, standing to the world's dyad as said."""
    dyad, now = world.dyad, world.now
    practice = world.practice if who.same_practice else world.foreign_dyad.practice
    login = Login.objects.create_user(
        f"{who.role}-{who.place}", role=who.role, practice=practice, is_active=who.active
    )
    hour, second, day = timedelta(hours=1), timedelta(seconds=1), timedelta(days=1)
    member = {"dyad": dyad, "login": login, "added_by": "test"}
    link = {"supervisor": login, "therapist": dyad.therapist, "added_by": "test"}
    if who.place == "own":
        therapist = dyad.therapist
        therapist.login = login
        therapist.save()
    elif who.place in ("second", "care_lead", "supervisor"):
        CareTeamMember.objects.create(**member, place=who.place, from_at=now)
    elif who.place == "link":
        SupervisionLink.objects.create(**link, from_at=now)
    elif who.place == "left":
        for place in ("second", "supervisor"):
            CareTeamMember.objects.create(
                **member, place=place, from_at=now - day, until_at=now - second
            )
        SupervisionLink.objects.create(**link, from_at=now - day, until_at=now - second)
    elif who.place == "tomorrow":
        CareTeamMember.objects.create(**member, place="supervisor", from_at=now + day)
    elif who.place in ("emergency", "over"):
        began = now if who.place == "emergency" else now - hour - second
        BreakGlass(
            practice=dyad.practice,
            dyad=dyad,
            login=login,
            reason="a synthetic emergency, long enough",
            opened_at=began,
            until_at=began + hour,
        ).save()
    return login


def _people() -> list[Someone]:
    return [
        Someone(role, place, same, active)
        for role, place in itertools.product(ROLES, PLACES)
        for same, active in ((True, True), (False, True), (True, False))
    ]


def _forms(world: Any) -> dict[str, Form]:
    """Give the dyad one session for each mode, in and not in from the therapist; by session."""
    forms: dict[str, Form] = {}
    modes = [(mode, None) for mode in Visibility] + [(Visibility.DELAYED, -2)]
    for (mode, days), own, told in itertools.product(modes, (True, False), (True, False)):
        session = world.session()
        moment = day_begins(world.now.date() + timedelta(days=days or 30))
        Assignment.objects.filter(session=session, perspective=Perspective.CLIENT).update(
            visibility=mode, reveal_at=moment if mode == Visibility.DELAYED else None
        )
        world.client_answers(session, 5, text=WORDS)
        if own:
            world.therapist_answers(session, 4)
        if not told:
            _untell(session)
        forms[session.pk] = Form(mode, own, days is not None, ended=False, told_team=told)
    return forms


def _untell(session: Any) -> None:
    """Make a response one whose words did not name the team: as before there were teams."""
    table = ("clinic_response",)
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor, create=False, tables=table):
            cursor.execute(statement)
        cursor.execute(
            "UPDATE clinic_response SET told_team = %s WHERE session_id = %s", [False, session.pk]
        )
        for statement in statements(connection.vendor, create=True, tables=table):
            cursor.execute(statement)


def _seen_of(chairs: Any) -> dict[str, bool]:
    filled = chairs.client
    return {
        "score": filled is not None and filled.score("total") is not None,
        "answers": filled is not None and "1" in filled.values,
        "words": filled is not None and WORDS in filled.texts.values(),
        "presence": filled is not None,
    }


def test_what_is_seen_agrees_with_the_oracle_in_every_cell(world: Any) -> None:
    forms = _forms(world)
    dyad = world.dyad
    cells, wrong = 0, []
    for who in _people():
        with _undone():
            login = _login(world, who)
            dyad.refresh_from_db()
            shown = shown_responses(login, dyad, now=world.now)
            for chairs in shown.sessions:
                form, seen = forms[chairs.session.pk], _seen_of(chairs)
                for aspect in ASPECTS:
                    cells += 1
                    if seen[aspect] != sees(who, form, aspect):
                        wrong.append((who, form, aspect, seen[aspect]))
        dyad.refresh_from_db()
    assert wrong == []
    assert cells >= 10_000


def test_what_may_be_done_agrees_with_the_oracle_in_every_cell(world: Any) -> None:
    dyad, session = world.dyad, world.session()
    asked = Assignment.objects.filter(session=session, perspective=Perspective.CLIENT)
    asked.update(visibility=Visibility.SUPERVISOR)
    cells, wrong = 0, []
    for who in _people():
        with _undone():
            login = _login(world, who)
            for act in ACTS:
                cells += 1
                try:
                    require_dyad(login, dyad.pk, Action(act), now=world.now)
                    allowed = True
                except AccessError:
                    allowed = False
                if allowed != may(who, act):
                    wrong.append((who, act, allowed))
    assert wrong == []
    assert cells >= 2_000


_AS = {
    Viewer.THERAPIST: Someone("therapist", "own"),
    Viewer.CARE_TEAM: Someone("therapist", "second"),
    Viewer.SUPERVISOR: Someone("supervisor", "supervisor"),
    Viewer.THERAPISTS_SUPERVISOR: Someone("supervisor", "link"),
    Viewer.LEAD: Someone("lead", "none"),
    Viewer.RESEARCHER: Someone("researcher", "none"),
    Viewer.OPERATOR: Someone("operator", "none"),
    Viewer.BREAK_GLASS: Someone("therapist", "emergency"),
    Viewer.NOBODY: Someone("therapist", "none"),
}


def test_the_pure_function_agrees_with_the_oracle_in_every_cell() -> None:
    now = datetime(2026, 3, 2, 10, tzinfo=timezone.get_default_timezone())
    moments = {True: now - timedelta(seconds=1), False: now + timedelta(seconds=1)}
    cells, wrong = 0, []
    situations = itertools.product(
        _AS.items(), Visibility, (True, False), (True, False), (True, False), ("", *Wish)
    )
    for (viewer, who), mode, own, come, ended, wish in situations:
        form = Form(mode, own, come, ended, told_team=True, for_lead_alone=wish == Wish.LEAD_ONLY)
        seen = program_sees(
            mode, viewer, both_in=own, now=now, reveal_at=moments[come], episode_ended=ended,
            wish=wish,
        )  # fmt: skip
        got = dict(zip(ASPECTS, (seen.score, seen.values, seen.text, seen.answered), strict=True))
        for aspect in ASPECTS:
            cells += 1
            if got[aspect] != sees(who, form, aspect):
                wrong.append((viewer, form, wish, aspect))
    assert wrong == []
    assert cells >= 2_000


def test_an_unknown_mode_and_a_moment_that_is_not_known_show_nothing() -> None:
    now = timezone.now()
    for mode in ("", "everything", "OPEN", "v0"):
        seen = program_sees(
            mode, Viewer.THERAPIST, both_in=True, now=now, reveal_at=now, episode_ended=True
        )
        assert not seen.answered
    assert hides_presence(Visibility.DELAYED, now=now, reveal_at=None, ended=True)
    assert not hides_presence(Visibility.DELAYED, now=now, reveal_at=now, ended=False)


def test_what_narrows_never_shows_more_to_anybody() -> None:
    early, late = (datetime(2026, 3, day, tzinfo=timezone.get_default_timezone()) for day in (1, 9))
    assert narrows((Visibility.OPEN, None), (Visibility.DELAYED, late))
    assert narrows((Visibility.DELAYED, early), (Visibility.DELAYED, late))
    assert narrows((Visibility.OPEN, None), (Visibility.SEALED, None))
    assert not narrows((Visibility.DELAYED, late), (Visibility.DELAYED, early))
    assert not narrows((Visibility.DELAYED, None), (Visibility.DELAYED, late))
    assert not narrows((Visibility.SEALED, None), (Visibility.OPEN, None))
    assert not narrows((Visibility.OPEN, None), (Visibility.SUPERVISOR, None))
    assert not narrows((Visibility.SUPERVISOR, None), (Visibility.SCORES, None))
    for mode in Visibility:
        assert narrows((mode, early), (mode, early))
        assert narrows((mode, early), (Visibility.SEALED, None))


def test_an_answer_for_the_lead_alone_is_the_leads_alone(world: Any) -> None:
    session = world.session()
    world.client_answers(session, 5, text=WORDS, strain=3, i8a="1")
    world.therapist_answers(session, 4)
    response = Response.objects.get(session=session, perspective=Perspective.CLIENT)
    for item in ("3", "8", "9"):
        AnswerWish(response=response, item=item, wish=Wish.LEAD_ONLY).save()
    chairs = shown_responses(world.therapist, world.dyad, now=world.now).sessions[-1]
    assert chairs.client is not None
    assert set(chairs.client.values) == {"1", "2", "4", "5", "6", "7"}  # 8a tells of 8
    assert chairs.client.texts == {}
    assert chairs.client.score("strain") is None
    assert chairs.client.scores["total"].n_answered == 6
    found = {one.question: one.answer for one in lead_answers(world.lead, now=world.now)}
    assert len(found) == 3
    assert WORDS in found.values()
    for name in ("therapist", "colleague", "operator", "supervisor", "stranger"):
        with pytest.raises(AccessError):
            lead_answers(getattr(world, name), now=world.now)


HOSTILE = ("a" * 26, "-1", "9223372036854775808", "6F9619FF-8B86-D011-B42D-00CF4FC964FF",
           "x' OR 1=1 --", "%2e%2e", "é" * 26)  # fmt: skip


def _patterns() -> list[str]:
    return [str(entry.pattern) for entry in get_resolver().url_patterns]


def _foreign_ids(world: Any) -> dict[str, str]:
    """Make records in the other practice; return an id of each for the routes' parameters."""
    session = world.session(dyad=world.foreign_dyad, login=world.stranger)
    world.client_answers(session, 3, strain=4)
    world.therapist_answers(session, 4)
    elsewhere = world.foreign_dyad.practice
    other = Login.objects.create_user("elsewhere", role="supervisor", practice=elsewhere)
    member = CareTeamMember.objects.create(
        dyad=world.foreign_dyad, login=other, place="supervisor", from_at=world.now, added_by="x"
    )
    link = SupervisionLink.objects.create(
        supervisor=other, therapist=world.foreign_dyad.therapist, from_at=world.now, added_by="x"
    )
    glass = break_glass(
        other, world.foreign_dyad.pk, reason="a synthetic emergency, long enough", now=world.now
    )
    return {
        "dyad_id": world.foreign_dyad.pk,
        "session_id": session.pk,
        "signal_id": SignalRecord.objects.filter(session=session).first().pk,
        "member_id": member.pk,
        "link_id": link.pk,
        "glass_id": glass.pk,
    }


def test_every_route_answers_everybody_and_foreign_records_like_none(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: world.now)
    foreign = _foreign_ids(world)
    researcher = Login.objects.create_user("rho", role="researcher", practice=world.practice)
    people = {one: getattr(world, one) for one in ("therapist", "lead", "supervisor", "operator")}
    people |= {"researcher": researcher, "nobody": None}
    n_tried = 0
    for name, login in people.items():
        browser = Browser()
        if login is not None:
            browser.force_login(login)
        for pattern in _patterns():
            if "accounts/" in pattern or pattern.startswith(("kiosk", "static")):
                continue  # the first signs out, the second binds the browser to a shared screen
            parameter = pattern.partition("<str:")[2].partition(">")[0]
            ids = (foreign.get(parameter, "b" * 26), "a" * 26) if parameter else ("",)
            for method in ("get", "post"):
                said = []
                for key in ids:
                    address = "/" + pattern.replace(f"<str:{parameter}>", key)
                    with _undone():
                        page = getattr(browser, method)(address)
                    n_tried += 1
                    assert page.status_code < 500, (name, method, pattern)
                    said.append(_without_address(page, key))
                assert said.count(said[0]) == len(said), (name, method, pattern)
                if parameter and login is not None and said[0][0] == 200:
                    pytest.fail(f"{name} opened a foreign record: {method} {pattern}")
    assert n_tried >= 600


def _without_address(page: Any, key: str) -> tuple[int, str, bytes]:
    status, headers, body = without_nonces(page)
    where = headers.get("Location", "").replace(f"/{key}/", "/ID/")
    if len(key) == 26:  # an id; a shorter key cannot be told from other text
        body = body.replace(key.encode(), b"ID")
    return status, where, body


def test_row_71_ids_of_any_shape_are_like_ids_of_nothing(world: Any) -> None:
    foreign = _foreign_ids(world)
    browser = Browser()
    browser.force_login(world.therapist)
    for pattern, parameter in (
        ("/clients/{}/", "dyad_id"),
        ("/sessions/{}/", "session_id"),
        ("/signals/{}/", "signal_id"),
        ("/team/cases/{}/", "dyad_id"),
    ):
        pages = {
            _without_address(browser.get(pattern.format(key)), key)
            for key in (*HOSTILE, foreign[parameter])
        }
        assert len(pages) == 1
        assert {status for status, _, _ in pages} == {404}


def test_row_75_who_left_a_second_ago_is_out_at_once(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: world.now)
    member = CareTeamMember.objects.create(
        dyad=world.dyad, login=world.supervisor, place="supervisor", from_at=world.now, added_by="x"
    )
    browser = Browser()
    browser.force_login(world.supervisor)
    address = f"/team/cases/{world.dyad.pk}/"
    assert browser.get(address).status_code == 200
    member.until_at = world.now
    member.save()
    page = browser.get(address)
    assert page.status_code == 404
    missing = browser.get(f"/team/cases/{'a' * 26}/")
    assert without_nonces(page) == without_nonces(missing)
    assert browser.post(f"{address}question", {"words": "Still here?"}).status_code == 404
    assert b"C-07" not in browser.get("/team/cases/").content


def test_row_75_a_disabled_login_and_its_cookie_are_out_at_once(world: Any) -> None:
    browser = Browser()
    browser.force_login(world.therapist)
    assert browser.get(f"/clients/{world.dyad.pk}/").status_code == 200
    cookies = dict(browser.cookies)
    world.therapist.is_active = False
    world.therapist.save()
    page = browser.get(f"/clients/{world.dyad.pk}/")
    assert page.status_code == 401
    assert page.headers["WWW-Authenticate"]
    stale = Browser()
    stale.cookies.update(cookies)
    again = stale.post(f"/clients/{world.dyad.pk}/sessions/new", {"session_no": "1"})
    assert again.status_code in (302, 401, 403)
    world.therapist.is_active = True
    world.therapist.save()
    third = Browser()
    third.cookies.update(cookies)
    assert third.get(f"/clients/{world.dyad.pk}/").status_code != 200  # the old cookie stays dead


def test_row_74_fields_that_nobody_asked_for_change_nothing(world: Any) -> None:
    session = world.session()
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    form = services.client_form(grant, now=world.now)
    extra = {
        "visibility": "open", "reveal_at": "2000-01-01", "told_team": "1", "role": "lead",
        "practice_id": world.foreign_dyad.practice_id, "score": "6", "total": "6",
        "perspective": "therapist", "session_id": "x",
    }  # fmt: skip
    Assignment.objects.filter(session=session, perspective=Perspective.CLIENT).update(
        visibility=Visibility.SEALED
    )
    services.record_client_response(
        grant,
        submission_id=form.submission_id,
        fields=world.fields(2) | extra,
        client_clock=None,
        now=world.now,
    )
    response = Response.objects.get(session=session)
    assert (response.visibility, response.reveal_at) == (Visibility.SEALED, None)
    assert response.perspective == Perspective.CLIENT
    assert response.scores.get(scale="total").value == 2.0
    browser = Browser()
    browser.force_login(world.therapist)
    browser.post(
        f"/clients/{world.dyad.pk}/sessions/new",
        {"session_no": "2", "held_on": world.now.date().isoformat(), "modality": "video"}
        | {"role": "lead", "practice": world.foreign_dyad.practice_id, "visibility": "sealed"},
    )
    world.therapist.refresh_from_db()
    assert world.therapist.role == "therapist"
    newest = Assignment.objects.filter(perspective=Perspective.CLIENT).order_by("made_at").last()
    assert newest.visibility in (Visibility.OPEN, Visibility.SEALED)
