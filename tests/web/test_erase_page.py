# SPDX-License-Identifier: Apache-2.0
"""Erasing a client in the browser: two steps, for a lead alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic_world import LOW, World

from attunement.clinic.models import Client, Erasure, Login, Role
from attunement.clinic.services.loop.before import record_intent
from attunement.clinic.services.loop.together import record_together
from attunement.clinic.services.sealing import forget_keys


@pytest.fixture(autouse=True)
def _own_ledger(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, home=tmp_path)
    yield
    forget_keys()


@pytest.fixture
def lead(world: World) -> Browser:
    login = Login.objects.create_user(
        "synthetic-lead", practice=world.practice, role=Role.LEAD, display_name="Synthetic Lead"
    )
    browser = Browser()
    browser.force_login(login)
    return browser


def test_a_lead_erases_in_two_steps(world: World, lead: Browser) -> None:
    code = world.dyad.client.code
    assert "/team/erase" in lead.get("/").content.decode()
    assert lead.get("/team/erase").status_code == 200
    asked = lead.post("/team/erase/sure", {"code": code, "reason": "asked"})
    assert asked.status_code == 200
    assert f"Erase {code} for good?" in asked.content.decode()
    assert not Erasure.objects.exists()
    wrong = lead.post("/team/erase/now", {"code": code, "reason": "asked", "again": "C-99"})
    assert (wrong.status_code, Erasure.objects.count()) == (422, 0)
    done = lead.post("/team/erase/now", {"code": code, "reason": "asked", "again": code})
    assert done.status_code == 303
    client = Client.objects.get(pk=world.dyad.client_id)
    assert done.headers["Location"] == f"/team/erase?done={client.code}"
    after = lead.get(done.headers["Location"]).content.decode()
    assert client.code in after
    assert code not in after
    again = lead.post("/team/erase/now", {"code": code, "reason": "asked", "again": code})
    assert (again.status_code, Erasure.objects.count()) == (422, 1)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"code": "Nobody", "reason": "asked"},
        {"code": "Client 01"},
        {"code": "Client 01", "reason": "because"},
        {"code": "<script>", "reason": "asked"},
    ],
)
def test_what_is_missing_or_wrong_is_said(
    world: World, lead: Browser, sent: dict[str, str]
) -> None:
    for where in ("sure", "now"):
        answer = lead.post(f"/team/erase/{where}", sent | {"again": world.dyad.client.code})
        assert answer.status_code == 422
        assert "<script>" not in answer.content.decode().split("<main")[1]
    assert not Erasure.objects.exists()


def test_words_in_the_address_are_not_shown(lead: Browser) -> None:
    answer = lead.get("/team/erase?done=Synthetic+words")
    assert "Synthetic words" not in answer.content.decode()


def test_nobody_else_gets_there(world: World) -> None:
    browser = world.browser()
    sent = {"code": world.dyad.client.code, "reason": "asked", "again": world.dyad.client.code}
    assert browser.get("/team/erase").status_code == 404
    for where in ("sure", "now"):
        assert browser.post(f"/team/erase/{where}", sent).status_code == 404
    assert Browser().get("/team/erase").status_code == 302
    assert not Erasure.objects.exists()


def test_no_later_page_shows_what_was_said_either(world: World, lead: Browser) -> None:
    """Agreed changes, intents, wishes and comments on every page of a dyad, the control before."""
    world.course(sessions=4)
    session_id = world.start(days_ago=1)
    world.client_answers(session_id, LOW, words="Canary-comment")
    world.therapist_answers(session_id)
    now, dyad_id = timezone.now(), world.dyad.pk
    record_intent(
        world.login, session_id, intent="not_today", because="other", reason="Canary-why", now=now
    )
    record_together(
        world.login,
        dyad_id,
        session_id=session_id,
        would_help="Canary-help",
        change="Canary-change",
        now=now,
    )
    pages = [f"/clients/{dyad_id}/{end}" for end in ("", "before", "together", "ledger")]
    pages += ["/day/", "/signals/", f"/sessions/{session_id}/", f"/sessions/{session_id}/after"]
    browser, code = world.browser(), world.dyad.client.code
    before = "".join(browser.get(page, follow=True).content.decode() for page in pages)
    for canary in ("Canary-comment", "Canary-change", code):
        assert canary in before
    done = lead.post("/team/erase/now", {"code": code, "reason": "asked", "again": code})
    assert done.status_code == 303
    for page in pages:
        shown = browser.get(page, follow=True)
        text = shown.content.decode()
        assert shown.status_code in {200, 404}, page
        for canary in ("Canary", code, "s1:a256gcm", ">None<"):
            assert canary not in text, (page, canary)
