# SPDX-License-Identifier: Apache-2.0
"""Adding the people of a practice: an operator's act on the command line."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import NoReturn

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from attunement.clinic.config.plain import is_plain, is_visible
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import CareEpisode, Client, Dyad, Login, Practice, Role, Therapist
from attunement.clinic.services.audit import record
from attunement.clinic.services.forms import config

MAX_CODE, MAX_NAME, MAX_EMAIL = 40, 200, 254
OPERATOR = "operator-command"
_USERNAME = re.compile(r"[\w.@+-]{1,150}")


def known_practice() -> Practice | None:
    """Return the practice of this installation, or None before its first start."""
    return Practice.objects.order_by("pk").first()


def own_practice() -> Practice:
    """Return the practice of this installation, made and named by the configuration."""
    found = known_practice()
    if found is None:
        return Practice.objects.create(name=config().practice_name)
    if found.name != config().practice_name:
        found.name = config().practice_name
        found.save()
    return found


def add_login(
    username: str, *, role: str, name: str, email: str, password: str, now: datetime
) -> Login:
    """Make a login; for a therapist also the therapist.

    Raises
    ------
    ClinicError
        E-CLINIC-013 for a name that is taken or cannot be shown, a role that is unknown, or a
        weak password.
    """
    if role not in Role.values:
        _refuse("a role that is unknown", ", ".join(Role.values))
    if not _USERNAME.fullmatch(username):
        _refuse("a user name that cannot be typed", "letters, numbers and the signs @ . + - _")
    _refuse_unreadable("name", name)
    if Login.objects.filter(username__iexact=username).exists():
        _refuse("a user name that is empty or taken", "another user name")
    if email and not _is_email(email):
        _refuse("an e-mail address that cannot be one", "name@clinic.example, or none")
    if email and Login.objects.filter(email__iexact=email).exists():
        _refuse("an e-mail address that is taken", "another address")
    try:
        validate_password(password, Login(username=username, email=email))
    except ValidationError as problem:
        _refuse("a password that can be guessed", " ".join(problem.messages).rstrip("."))
    with transaction.atomic():
        practice = own_practice()
        login = Login.objects.create_user(
            username,
            email=email,
            password=password,
            role=role,
            practice=practice,
            display_name=name,
        )
        if role == Role.THERAPIST:
            Therapist.objects.create(practice=practice, login=login, display_name=name)
        _audit("login.add", f"login:{login.pk}", now=now)
    return login


def add_client(
    code: str, *, name: str, therapist_username: str, began_on: date, now: datetime
) -> Dyad:
    """Add a client, the dyad with a therapist, and an open care episode.

    A code that is there already is the same client with another therapist.

    Raises
    ------
    ClinicError
        E-CLINIC-013 when there is no such therapist, the dyad is there already, or code or name
        cannot be shown.
    """
    _refuse_unreadable("code", code, most=MAX_CODE)
    if not is_code(code):
        _refuse("a code with invisible characters", "letters, numbers and signs that can be seen")
    if name:
        _refuse_unreadable("name", name)
    therapist = Therapist.objects.filter(login__username__iexact=therapist_username).first()
    if therapist is None:
        _refuse("a therapist's user name that is unknown", "one of the therapists' logins")
    with transaction.atomic():
        client, _ = Client.objects.get_or_create(
            practice=therapist.practice, code=code, defaults={"display_name": name or code}
        )
        dyad, created = Dyad.objects.get_or_create(
            practice=therapist.practice, client=client, therapist=therapist
        )
        if not created:
            _refuse("a dyad that is there already", "another code or therapist")
        CareEpisode.objects.create(dyad=dyad, began_on=began_on)
        _audit("client.add", f"dyad:{dyad.pk}", now=now)
    return dyad


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= MAX_EMAIL


def is_readable(text: str, *, most: int) -> bool:
    """Whether a code or a name stands on one line of a page and is not too long."""
    return bool(text.strip()) and text == text.strip() and is_plain(text) and len(text) <= most


def is_code(text: str) -> bool:
    """Whether a client's code can be shown, and told from every other by eye."""
    return is_readable(text, most=MAX_CODE) and is_visible(text)


def _refuse_unreadable(what: str, text: str, *, most: int = MAX_NAME) -> None:
    if not is_readable(text, most=most):
        _refuse(
            f"a {what} that is empty, too long, or holds blanks at its ends or control characters",
            f"1 to {most} letters, numbers and signs on one line",
        )


def _audit(action: str, target: str, *, now: datetime) -> None:
    record(actor=OPERATOR, action=action, outcome="done", now=now, target=target)


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-013",
        what="the person cannot be added",
        got=got,
        expected=expected,
        next_step="Run the command again",
    )
