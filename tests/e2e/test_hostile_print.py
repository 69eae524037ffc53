# SPDX-License-Identifier: Apache-2.0
"""Bad input 94 and 95: endless and mixed names on paper; a store that cannot write for a while."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as current
from django.db import OperationalError
from playwright.sync_api import Browser, Page
from playwright.sync_api import Response as Answer
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from tests.clinic_world import HIGH, World
from tests.e2e.conftest import PHONE, NewPage

from attunement.clinic.models import Client, Login, Response, Therapist
from attunement.clinic.pages import sealed

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ENDLESS = "Wq" * 5000
MIXED = "שלום (مرحبا) 123 abc \u202etxt.exe\u202c " * 250
A4 = {"width": 794, "height": 1123}  # at 96 dots an inch
# What reaches past the page's edge, or holds more than it shows.
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth + 1;
  const bad = [];
  for (const each of document.querySelectorAll("body *")) {
    const style = getComputedStyle(each);
    if (!each.checkVisibility() || style.position === "absolute" || each.closest("svg")) continue;
    const box = each.getBoundingClientRect();
    if (box.right > wide || box.left < -1) bad.push(`${each.tagName}.${each.className} past edge`);
    if (each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1)
      bad.push(`${each.tagName}.${each.className} holds more than it is wide`);
  }
  return bad;
}"""

UNBOXED = """() => {
  for (const each of document.querySelectorAll("body *")) each.style.overflowWrap = "normal";
}"""


def signed_in(new_page: NewPage, clinic: World, url: str, **options: Any) -> Page:
    """Return a page of a browser in which the therapist signed in, without the form for it."""
    page = new_page(**options)
    name = current.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": clinic.browser().cookies[name].value, "url": url}
    page.context.add_cookies([cookie])
    return page


@pytest.mark.parametrize("words", [ENDLESS, MIXED], ids=["endless", "right to left"])
def test_row_95_endless_and_mixed_names_stay_in_their_boxes_on_paper(
    clinic: World, new_page: NewPage, live_server: LiveServer, settings: Settings, words: str
) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, practice_name=words)
    Therapist.objects.update(display_name=words[:200])
    Login.objects.update(display_name=words[:200])
    Client.objects.update(code=words[:40])
    session_id = clinic.start()
    clinic.client_answers(session_id, HIGH, words[:10_000])
    clinic.therapist_answers(session_id)
    open_session = clinic.start()
    page = signed_in(new_page, clinic, live_server.url, viewport=A4)
    page.emulate_media(media="print")
    for address in (f"/sessions/{session_id}/", f"/clients/{clinic.dyad.pk}/before"):
        page.goto(address)
        assert page.locator("[dir=auto]").filter(has_text=words[:20]).count() >= 1, address
        assert page.evaluate(OVERFLOW) == [], address
    said = page.locator(".words").filter(has_text=words[:20]).first
    direction = said.evaluate("(e) => [getComputedStyle(e).direction, document.dir || 'ltr']")
    assert direction == [("ltr" if words is ENDLESS else "rtl"), "ltr"]  # its own, and no other's
    page.emulate_media(media="screen")
    page.goto("/paper/")
    page.locator(f'input[value="{open_session}"]').check()
    page.get_by_role("button", name="Make sheets to print").click()
    page.locator(".sheet-paper").wait_for()
    for medium in ("screen", "print"):
        page.emulate_media(media=medium)
        assert page.evaluate(OVERFLOW) == []
    assert page.locator(".sheet-head").inner_text().count(words[:20]) >= 1
    if words is ENDLESS:  # or this test looks for nothing
        page.evaluate(UNBOXED)
        assert page.evaluate(OVERFLOW) != []
    # No font of our own could be missing: what the device has is used.
    assert page.evaluate("document.fonts.size") == 0


def test_row_94_phone_keeps_the_answers_while_the_store_cannot_write(
    clinic: World, chromium: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        message = "database or disk is full"
        raise OperationalError(message)

    told: list[tuple[int, str]] = []
    context = chromium.new_context(base_url=live_server.url, viewport=PHONE)
    page = context.new_page()

    def note(answer: Answer) -> None:
        if "/c/sealed" in answer.url:
            told.append((answer.status, answer.headers.get("retry-after", "")))

    page.on("response", note)
    page.goto(f"/c/#{clinic.invite(clinic.start())[0]}")
    page.get_by_role("button", name="Show all questions on one page").click()
    for number in range(1, 8):
        page.locator(f"label[for=q{number}-4]").click()
    with monkeypatch.context() as patch:
        patch.setattr(sealed, "receive", full)
        page.get_by_role("button", name="Send my answers").click()
        page.get_by_role("heading", name="Saved on this phone, not yet sent").wait_for()
        assert told[0][0] == 503
        assert int(told[0][1]) >= 1
        assert Response.objects.count() == 0
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.get_by_role("heading", name="Thank you").wait_for()
    assert told[-1][0] == 201
    assert Response.objects.count() == 1
    context.close()
