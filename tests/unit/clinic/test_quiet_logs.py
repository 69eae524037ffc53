# SPDX-License-Identifier: Apache-2.0
"""Canaries: an answer, a name and a token never reach a log line, whatever fails."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client as Browser
from django.test import RequestFactory

from attunement.clinic.guard.logs import LOGGING, QuietFormatter

CANARY = "canary-4711"


@pytest.fixture
def logged() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Everything that is logged: through our formatter, and through an ordinary one."""
    quiet, loud = io.StringIO(), io.StringIO()
    ours, plain = logging.StreamHandler(quiet), logging.StreamHandler(loud)
    ours.setFormatter(QuietFormatter("%(levelname)s %(name)s %(message)s"))
    plain.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(ours)
    root.addHandler(plain)
    yield quiet, loud
    root.removeHandler(ours)
    root.removeHandler(plain)
    root.setLevel(before)


def test_an_exceptions_message_is_left_out(logged: Any) -> None:
    quiet, loud = logged
    try:
        try:
            raise IntegrityError(f"Key (text)=({CANARY}) already exists.")  # noqa: TRY301, EM102, TRY003
        except IntegrityError as problem:
            raise RuntimeError(CANARY) from problem
    except RuntimeError:
        logging.getLogger("django.request").exception("Internal Server Error: %s", f"/x/{CANARY}")
    assert CANARY in loud.getvalue(), "the control: an ordinary formatter does write it"
    assert CANARY not in quiet.getvalue()
    assert "RuntimeError" in quiet.getvalue()
    assert "IntegrityError" in quiet.getvalue()
    assert "test_quiet_logs.py" in quiet.getvalue()


def test_arguments_of_other_libraries_are_left_out(logged: Any) -> None:
    quiet, loud = logged
    logging.getLogger("django.db.backends").debug("(%s) %s; args=%s", 0.1, "INSERT", (CANARY,))
    logging.getLogger("some.library").warning("value " + CANARY)  # noqa: G003 -- as libraries do
    assert CANARY in loud.getvalue()
    assert CANARY not in quiet.getvalue()


def test_a_request_is_logged_by_its_route(logged: Any) -> None:
    quiet, _ = logged
    request = RequestFactory().post(f"/clients/{CANARY}/", {"item-9": CANARY})
    logging.getLogger("django.request").warning(
        "Not Found: %s", request.path, extra={"status_code": 404, "request": request}
    )
    assert quiet.getvalue() == "WARNING django.request 404 POST (no route)\n"


@pytest.mark.django_db
def test_no_flow_of_the_clinic_writes_a_canary(
    world: Any, logged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet, _ = logged
    from attunement.clinic import services  # noqa: PLC0415 -- after django.setup

    world.dyad.client.display_name = CANARY
    world.dyad.client.save()
    session = world.session()
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    world.client_answers(session, 5, text=CANARY)
    world.therapist_answers(session, 4, text=CANARY)
    services.session_picture(world.therapist, session.pk, now=world.now)

    browser = Browser(raise_request_exception=False)
    browser.force_login(world.therapist)
    browser.get(f"/clients/{world.dyad.pk}/")
    browser.get(f"/clients/{CANARY}/")
    browser.post("/c/open", {"token": issued.token, "secret": issued.token, "code": CANARY})
    browser.post("/accounts/login/", {"login": CANARY, "password": CANARY})

    def breaks(*_: Any, **__: Any) -> None:
        message = f"could not store {CANARY}"
        raise IntegrityError(message)

    monkeypatch.setattr("attunement.clinic.pages.staff.caseload", breaks, raising=False)
    monkeypatch.setattr("attunement.clinic.services.chairs.chairs_of", breaks)
    monkeypatch.setattr("attunement.clinic.services.dyad.chairs_of", breaks)
    answer = browser.get(f"/clients/{world.dyad.pk}/")
    assert answer.status_code == 500
    assert CANARY not in answer.content.decode()
    written = quiet.getvalue()
    assert "500 GET" in written, "the failure itself is logged"
    for secret in (CANARY, issued.token, issued.short_code, world.dyad.pk, session.pk):
        assert secret not in written


def test_the_shipped_logging_uses_the_quiet_formatter_everywhere() -> None:
    assert {handler["formatter"] for handler in LOGGING["handlers"].values()} == {"quiet"}
    assert LOGGING["loggers"]["django"]["handlers"] == []
