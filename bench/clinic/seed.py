# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLC0415 -- Django is set up first
"""A synthetic practice in a temporary folder: some of its sessions answered, the others open.

Run as a process of its own: ``python -m bench.clinic.seed CONFIG PLAN``. ``PLAN`` is read (how
many therapists, dyads, sessions) and written (what a load needs to know).
"""

from __future__ import annotations

import json
import random
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

PASSWORD = "a synthetic pass phrase 7"  # noqa: S105 -- synthetic people
_AT_ONCE = 200  # rows of one statement


def main(config: Path, plan: Path) -> None:
    from attunement.clinic.serving import set_up

    set_up(config)
    from django.db import transaction
    from django.utils import timezone

    from attunement.clinic.services.people import add_login, own_practice
    from attunement.clinic.store.opening import open_store

    asked = json.loads(plan.read_text(encoding="utf-8"))
    now = timezone.now()
    open_store(now=now)
    own_practice()
    names = [f"therapist-{number:02d}" for number in range(asked["therapists"])]
    add_login(
        names[0], role="therapist", name="Synthetic Therapist", email="", password=PASSWORD, now=now
    )
    with transaction.atomic():
        made = _people(asked, names)
        made["sessions"] = _sessions(asked, made.pop("rows"), now=now)
        _signals(now=now)
    plan.write_text(json.dumps(made), encoding="utf-8")


def _write(rows: list[Any]) -> None:
    """Write rows of one table as the program itself does."""
    from attunement.clinic.store.statements import insert

    for first in range(0, len(rows), _AT_ONCE):
        insert(rows[first : first + _AT_ONCE])


def _signals(*, now: Any) -> None:
    """Judge what was answered, as it would have been when it came in."""
    from attunement.clinic.models import Dyad
    from attunement.clinic.services.signalling import refresh_signals

    for dyad in Dyad.objects.select_related("client", "therapist"):
        refresh_signals(dyad, now=now)


def _people(asked: dict[str, int], names: list[str]) -> dict[str, Any]:
    from attunement.clinic.models import CareEpisode, Client, Dyad, Login, Therapist

    first = Login.objects.get(username=names[0])
    # One password for all: hashing it is slow on purpose.
    others = [
        Login(
            username=name,
            password=first.password,
            practice_id=first.practice_id,
            role="therapist",
            display_name="Synthetic Therapist",
        )
        for name in names[1:]
    ]
    _write(others)
    therapists = [Therapist.objects.get(login=first)] + [
        Therapist(practice_id=first.practice_id, login=one, display_name="Synthetic Therapist")
        for one in others
    ]
    _write(therapists[1:])
    rows = []
    for number in range(asked["dyads"]):
        client = Client(practice_id=first.practice_id, code=f"C-{number:05d}")
        dyad = Dyad(
            practice_id=first.practice_id,
            client=client,
            therapist=therapists[number % len(therapists)],
        )
        rows.append((client, dyad, CareEpisode(dyad=dyad, began_on=first.date_joined.date())))
    _write([row[0] for row in rows])
    _write([row[1] for row in rows])
    weeks = timedelta(weeks=asked["answered"] + asked["open"])
    for _, _, episode in rows:
        episode.began_on -= weeks
    _write([row[2] for row in rows])
    return {"logins": names, "password": PASSWORD, "rows": rows}


def _sessions(asked: dict[str, int], rows: list[Any], *, now: Any) -> list[dict[str, str]]:
    """Write every dyad's weekly sessions; return the open ones, session by session.

    Whose comes first is another each week: who began together does not answer together.
    """
    from attunement.clinic.models import Assignment, Grant, Invitation, Session
    from attunement.clinic.pages.grants import bind, cookie_name
    from attunement.clinic.services import mark_of_grant
    from attunement.clinic.services.forms import config, measure_of
    from attunement.clinic.services.secrets_of_links import new_token, token_sha256

    measures = {
        "client": measure_of(config().client_measure),
        "therapist": measure_of(config().therapist_measure),
    }
    n_all = asked["answered"] + asked["open"]
    dice = random.Random(7)
    open_ones: list[dict[str, str]] = []
    number = 0
    for session_no in range(1, n_all + 1):
        at = now - timedelta(weeks=n_all - session_no, minutes=1)
        this_week = dice.sample(rows, len(rows))
        sessions = [
            Session(dyad=dyad, care_episode=episode, session_no=session_no, held_on=at.date())
            for _, dyad, episode in this_week
        ]
        _write(sessions)
        forms = [
            Assignment(
                session=session,
                perspective=chair,
                measure_id=measure.id,
                measure_version=measure.version,
                made_at=at,
            )
            for session in sessions
            for chair, measure in measures.items()
        ]
        _write(forms)
        if session_no <= asked["answered"]:
            _answers(forms, measures, at=at, dice=dice)
            continue
        links, grants = [], []
        for place, form in enumerate(forms[::2]):
            token = new_token()
            link = Invitation(
                assignment=form,
                token_sha256=token_sha256(token),
                code_handle=_handle(number),
                code_sha256="0" * 64,
                made_at=now,
                expires_at=now + timedelta(days=3),
            )
            links.append(link)
            number += 1
            grant = new_token()
            grants.append(
                Grant(
                    invitation=link,
                    grant_sha256=token_sha256(grant),
                    opened_at=now,
                    expires_at=now + timedelta(days=1),
                )
            )
            dyad = this_week[place][1]
            open_ones.append(
                {
                    "session": form.session_id,
                    "token": token,
                    "login": dyad.therapist.login.username,
                    "grant": grant,
                    "cookie": cookie_name("c", mark_of_grant(grant)),
                    "carried": bind(grant, uuid4()),
                }
            )
        _write(links)
        _write(grants)
    return open_ones


def _handle(number: int) -> str:
    """Return a code's handle: each is there once."""
    signs = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    found = ""
    for _ in range(4):
        number, place = divmod(number, len(signs))
        found += signs[place]
    return found


def _answers(forms: list[Any], measures: dict[str, Any], *, at: Any, dice: random.Random) -> None:
    """Write forms that were answered before the load begins, with their scores."""
    from attunement.clinic.models import Answer, Prediction, Response
    from attunement.clinic.services import derive

    scores_of = derive.scores_of
    responses = [
        Response(
            assignment=form,
            session_id=form.session_id,
            perspective=form.perspective,
            measure_id=form.measure_id,
            measure_version=form.measure_version,
            submission_id=uuid4(),
            payload_sha256="0" * 64,
            received_at=at,
            mode="link" if form.perspective == "client" else "login",
            language="en",
            who_sees="",
        )
        for form in forms
    ]
    _write(responses)
    answers, scores, predictions = [], [], []
    for response in responses:
        level = dice.choice((3, 4, 5))
        own = [
            Answer(
                response=response,
                item=item.id,
                value=float(max(0, level + dice.choice((-1, 0, 1)))),
            )
            for item in measures[response.perspective].items
            if item.kind != "text" and item.shown_if is None and item.id != "8"
        ]
        own.append(Answer(response=response, item="8", value=0.0))
        answers += own
        scores += scores_of(response, own)
        if response.perspective == "therapist":
            predictions.append(Prediction(response=response, value=float(level)))
    _write(answers)
    _write(scores)
    _write(predictions)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
