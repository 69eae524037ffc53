# SPDX-License-Identifier: Apache-2.0
"""A small synthetic practice, and the steps that people take in it, for tests of pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from attunement.clinic.models import (
    CareEpisode,
    Client,
    Dyad,
    Login,
    Practice,
    Role,
    Therapist,
)
from attunement.clinic.services import (
    client_form,
    invite_client,
    open_invitation,
    record_client_response,
    record_therapist_response,
    start_session,
    therapist_form,
)

PASSWORD = "a synthetic pass phrase 7"
HIGH = {"1": 5, "2": 4, "3": 5, "4": 6, "5": 5, "6": 4, "7": 5, "8": 0}
LOW = {"1": 2, "2": 1, "3": 2, "4": 3, "5": 2, "6": 1, "7": 2, "8": 4, "8a": 1}
MIRROR = {"1": 4, "2": 4, "3": 4, "4": 5, "5": 4, "6": 4, "7": 4, "8": 1, "8a": 3}
WORDS = "Synthetic words: a slower start, please."
_HIDDEN = re.compile(
    r'(name="(?:csrfmiddlewaretoken|submission_id|client_clock)" value'
    r"|data-(?:submission|ticket|receipt-public|receipt-secret|receipt|opened|draft-key|draft)"
    r')="([^"]*)"'
)
_MARK = re.compile(r"\?f=[0-9a-f]{16}")


@dataclass(frozen=True)
class World:
    """One practice, one therapist with a login, and their dyads in the order of the codes."""

    practice: Practice
    login: Login
    therapist: Therapist
    dyads: tuple[Dyad, ...]

    @property
    def dyad(self) -> Dyad:
        return self.dyads[0]

    def start(self, dyad: Dyad | None = None, *, days_ago: int = 0) -> str:
        """Start the next session of a dyad; return its id."""
        held_on = timezone.localdate() - timedelta(days=days_ago)
        started = start_session(
            self.login,
            (dyad or self.dyad).pk,
            held_on=held_on,
            modality="in_person",
            now=timezone.now(),
        )
        return started.session_id

    def invite(self, session_id: str) -> tuple[str, str]:
        """Return token and short code of a new link."""
        issued = invite_client(self.login, session_id, now=timezone.now())
        return issued.token, issued.short_code

    def client_answers(self, session_id: str, answers: dict[str, int], words: str = "") -> None:
        """Answer as the client, through a link."""
        token, _ = self.invite(session_id)
        now = timezone.now()
        grant = open_invitation(token, address="192.0.2.1", now=now)
        assert grant is not None
        shown = client_form(grant, now=now)
        record_client_response(
            grant,
            submission_id=shown.submission_id,
            fields=fields(answers, words),
            client_clock=None,
            now=now,
        )

    def therapist_answers(
        self,
        session_id: str,
        answers: dict[str, int] | None = None,
        *,
        predicted: str = "4.5",
        now: datetime | None = None,
    ) -> None:
        """Answer and predict as the therapist."""
        now = now or timezone.now()
        shown = therapist_form(self.login, session_id, now=now)
        record_therapist_response(
            self.login,
            session_id,
            submission_id=shown.submission_id,
            fields=fields(answers or MIRROR),
            predicted_total=predicted,
            now=now,
        )

    def rated(
        self, dyad: Dyad | None = None, *, days_ago: int = 0, answers: dict[str, int] | None = None
    ) -> str:
        """Start a session and answer it from both chairs."""
        session_id = self.start(dyad, days_ago=days_ago)
        self.client_answers(session_id, answers or HIGH)
        self.therapist_answers(session_id)
        return session_id

    def course(self, dyad: Dyad | None = None, sessions: int = 3) -> tuple[str, ...]:
        """Rate some weekly sessions from both chairs, the last a week ago."""
        return tuple(self.rated(dyad, days_ago=7 * (sessions - index)) for index in range(sessions))

    def browser(self) -> Browser:
        """Return a browser in which the therapist has signed in."""
        browser = Browser()
        browser.force_login(self.login)
        return browser


def make_world(*, dyads: int = 1, login: str = "synthetic-therapist") -> World:
    """Make a practice with one therapist and some dyads."""
    practice = Practice.objects.create(name="Synthetic Practice")
    account = Login.objects.create_user(
        username=login,
        password=PASSWORD,
        email=f"{login}@attunement.example",
        practice=practice,
        role=Role.THERAPIST,
        display_name="Synthetic Therapist 01",
    )
    therapist = Therapist.objects.create(
        practice=practice, login=account, display_name="Synthetic Therapist 01"
    )
    made = [add_dyad(practice, therapist, f"Client {index:02d}") for index in range(1, dyads + 1)]
    return World(practice, account, therapist, tuple(made))


def add_dyad(practice: Practice, therapist: Therapist, code: str) -> Dyad:
    """Add a client with an open care episode."""
    client = Client.objects.create(practice=practice, code=code, display_name=f"Synthetic {code}")
    dyad = Dyad.objects.create(practice=practice, client=client, therapist=therapist)
    CareEpisode.objects.create(dyad=dyad, began_on=timezone.localdate() - timedelta(days=400))
    return dyad


def fields(answers: dict[str, int], words: str = "") -> dict[str, str]:
    """Return answers as a form sends them."""
    sent = {f"item-{item}": str(value) for item, value in answers.items()}
    return sent | ({"item-9": words} if words else {})


def opened(token: str) -> Browser:
    """Return a client's browser in which a link was opened."""
    browser = Browser()
    answer = browser.post("/c/open", {"token": token})
    assert answer.status_code == 303, answer.status_code
    return browser


def submission_id(page: HttpResponse) -> str:
    """Return the id that a form was shown with."""
    found = re.search(r'name="submission_id" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found.group(1)


def without_nonces(page: HttpResponse) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and bytes of an answer, with the two nonces blanked, length kept.

    The nonces are the CSRF token and the submission id, and what the sealed queue binds to that
    id and the link's mark in this browser, all of constant length; in headers only the values of
    cookies (which are not in ``headers``) differ.
    """

    def blank(found: re.Match[str]) -> str:
        return f'{found.group(1)}="{"x" * len(found.group(2))}"'

    body = _MARK.sub("?f=mark", _HIDDEN.sub(blank, page.content.decode())).encode()
    return page.status_code, dict(page.headers), body
