# SPDX-License-Identifier: Apache-2.0
"""A phone without a network: sealed, kept over a closed browser, sent, received exactly once."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as TookTooLong
from tests.clinic_world import World
from tests.e2e.bad_network import BadNetwork
from tests.e2e.conftest import (
    ARGUMENTS,
    PATIENCE,
    PHONE,
    WHOLE,
    NewPage,
    browser_at,
    draft_kept,
)
from tests.e2e.looks import findings

from attunement.clinic.models import Answer, HeldDelivery, Response

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_LOG = logging.getLogger(__name__)
CANARY = "canary-kQx7ZpTmW4uLrB9s"  # letters that no compressor shortens
Profile = Callable[[], BrowserContext]
SENT = b"POST /c/sealed"
ARRIVED = re.compile("Thank you|Your answers arrived")


@pytest.fixture
def phone(chromium: Browser, network: BadNetwork, tmp_path: Path) -> Iterator[Profile]:
    """Return a maker of the same phone's browser, again and again over one profile."""
    open_now: list[BrowserContext] = []

    def make(folder: str = "profile") -> BrowserContext:
        context = chromium.browser_type.launch_persistent_context(
            tmp_path / folder,
            executable_path=browser_at(WHOLE),  # the quick one has no background sync
            args=ARGUMENTS,
            base_url=network.url,
            viewport={"width": 390, "height": 844},
            has_touch=True,
            is_mobile=True,
        )
        context.set_default_timeout(PATIENCE)
        open_now.append(context)
        return context

    yield make
    for context in open_now:
        context.close()


def on_disk(folder: Path, words: str) -> list[Path]:
    """Return the files that hold the words, as UTF-8 or as UTF-16."""
    wanted = (words.encode(), words.encode("utf-16-le"))
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(each in path.read_bytes() for each in wanted)
    ]


def answer(page: Page, words: str, value: int = 5) -> None:
    """Answer on one page, which is quicker than eleven screens."""
    page.get_by_role("button", name="Show all questions on one page").click()
    for number in range(1, 8):
        page.locator(f"label[for=q{number}-{value}]").click()
    page.locator("#q9-input").fill(words)


def ready(page: Page) -> None:
    """Wait until the worker has what it needs to open without a network."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    for _ in range(100):
        if page.evaluate("caches.match('/c/waiting').then((kept) => Boolean(kept))"):
            return
        page.wait_for_timeout(200)
    pytest.fail("the worker kept no page to open without a network")


def heading(page: Page, name: str) -> None:
    page.get_by_role("heading", name=name).wait_for()


def kept(page: Page) -> Any:
    return page.evaluate("attunementQueue.entries()")


def test_answers_given_without_a_network_arrive_once_after_the_browser_was_closed(
    clinic: World, phone: Profile, network: BadNetwork, tmp_path: Path
) -> None:
    token, _ = clinic.invite(clinic.start())
    context = phone()
    page = context.pages[0]
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    ready(page)
    answer(page, CANARY)
    network.cut = True
    page.get_by_role("button", name="Send my answers").click()
    heading(page, "Saved on this phone, not yet sent")
    expect(page.get_by_text("If you need help now.")).to_be_visible()
    assert CANARY not in page.content()
    expect(page.locator("input[type=radio]")).to_have_count(0)
    assert CANARY not in repr(kept(page))
    assert [each["state"] for each in kept(page)] == ["waiting"]
    tags = "navigator.serviceWorker.ready.then((worker) => worker.sync.getTags())"
    for _ in range(100):
        if page.evaluate(tags) == ["attunement-send"]:  # the browser tries again, without a page
            break
        page.wait_for_timeout(200)
    assert page.evaluate(tags) == ["attunement-send"]
    context.close()
    assert on_disk(tmp_path / "profile", CANARY) == []
    assert Response.objects.count() == 0

    # The phone is opened again, still without a network: what waits is told, and whom to call.
    context = phone()
    page = context.pages[0]
    page.goto("/c/")
    heading(page, "Saved on this phone, not yet sent")
    expect(page.get_by_text("If you need help now.")).to_be_visible()
    expect(page.locator('.crisis-strip a[href="tel:0000000"]')).to_be_visible()

    # The network is back, and loses the first reply after the server has stored everything.
    network.lose_reply_of = SENT
    network.cut = False
    page.get_by_role("button", name="Try to send now").click()
    for _ in range(100):
        if network.lost:
            break
        page.wait_for_timeout(200)
    assert network.lost == 1
    assert Response.objects.count() == 1
    with suppress(TookTooLong):  # the worker may be quicker and take the button away
        page.get_by_role("button", name="Try to send now").click(timeout=2_000)
    heading(page, "Thank you")
    assert re.search(r"arrived at \d\d:\d\d", page.inner_text("main"))
    assert network.n_sent(SENT) >= 2
    assert [sorted(each) for each in kept(page)] == [
        ["at", "id", "kiosk", "place", "settled", "state"]
    ]
    assert (Response.objects.count(), HeldDelivery.objects.count()) == (1, 0)
    assert Answer.objects.get(item="1").value == 5.0
    context.close()
    assert on_disk(tmp_path / "profile", CANARY) == []


def test_search_of_the_disk_finds_what_was_not_sealed(phone: Any, tmp_path: Path) -> None:
    """Without it, finding nothing would prove nothing."""
    context = phone("control")
    page = context.pages[0]
    page.goto("/c/")
    page.evaluate(
        """(words) => new Promise((resolve, reject) => {
          const asking = indexedDB.open("control", 1);
          asking.onupgradeneeded = () => asking.result.createObjectStore("plain");
          asking.onsuccess = () => {
            const change = asking.result.transaction("plain", "readwrite", {durability: "strict"});
            change.objectStore("plain").put({fields: {"item-9": words}}, "one");
            change.oncomplete = resolve;
            change.onerror = reject;
          };
        })""",
        CANARY,
    )
    context.close()
    assert len(on_disk(tmp_path / "control", CANARY)) >= 1


def test_form_that_is_loaded_again_without_a_network_comes_back_as_it_was_left(
    clinic: World, phone: Profile, network: BadNetwork, tmp_path: Path
) -> None:
    token, _ = clinic.invite(clinic.start())
    page = phone().pages[0]
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    ready(page)
    address = page.url
    network.cut = True
    page.reload()
    heading(page, "No connection just now")
    expect(page.get_by_text("Without a connection the questions cannot be opened.")).to_be_visible()
    network.cut = False
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Start").wait_for()
    answer(page, CANARY)
    draft_kept(page)
    network.cut = True
    page.reload()
    heading(page, "No connection just now")
    expect(page.get_by_text("is kept on this phone, locked, and not sent yet")).to_be_visible()
    expect(page.get_by_text("If you need help now.")).to_be_visible()
    assert page.url == address
    assert CANARY not in page.content()
    assert kept(page) == []
    assert findings(page) == []
    network.cut = False
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.get_by_text("We kept what you had answered.").wait_for()
    expect(page.locator("#q9-input")).to_have_value(CANARY)
    page.get_by_role("button", name="Send my answers").click()
    heading(page, "Thank you")
    assert Response.objects.count() == 1
    page.context.close()
    assert on_disk(tmp_path / "profile", CANARY) == []


def test_answers_wait_in_the_open_page_and_go_by_themselves(
    clinic: World, phone: Profile, network: BadNetwork
) -> None:
    token, _ = clinic.invite(clinic.start())
    context = phone()
    page = context.pages[0]
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    answer(page, "Synthetic")
    network.cut = True
    page.get_by_role("button", name="Send my answers").click()
    heading(page, "Saved on this phone, not yet sent")
    network.cut = False
    page.evaluate("window.dispatchEvent(new Event('online'))")
    heading(page, "Thank you")
    assert urlsplit(page.url).path == "/c/thanks"
    assert Response.objects.count() == 1


def test_form_that_is_asked_for_again_while_it_waits_says_that_it_arrived(
    clinic: World, phone: Profile, network: BadNetwork
) -> None:
    token, _ = clinic.invite(clinic.start())
    page = phone().pages[0]
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    address = page.url
    answer(page, "Synthetic")
    network.cut = True
    page.get_by_role("button", name="Send my answers").click()
    heading(page, "Saved on this phone, not yet sent")
    network.cut = False
    page.goto(address)
    page.get_by_role("heading", name=ARRIVED).wait_for()
    assert Response.objects.count() == 1


def test_link_opened_again_after_the_reply_was_lost_says_that_it_arrived(
    clinic: World, phone: Profile, network: BadNetwork
) -> None:
    token, _ = clinic.invite(clinic.start())
    page = phone().pages[0]
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    answer(page, "Synthetic")
    network.lose_reply_of = SENT
    network.cut_after_loss = True
    page.get_by_role("button", name="Send my answers").click()
    heading(page, "Saved on this phone, not yet sent")
    assert Response.objects.count() == 1
    page.goto("about:blank")
    network.cut = False
    page.goto(f"/c/#{token}")  # used up by now: only this phone knows that it was by itself
    page.get_by_role("heading", name=ARRIVED).wait_for()
    assert Response.objects.count() == 1


def test_form_answered_elsewhere_is_told_calmly(clinic: World, new_page: NewPage) -> None:
    token, _ = clinic.invite(clinic.start())
    page = new_page(viewport=PHONE)
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    answer(page, CANARY)
    clinic_other = new_page(viewport=PHONE)
    clinic_other.goto(f"/c/#{token}")
    clinic_other.get_by_role("button", name="Start").wait_for()
    answer(clinic_other, "", value=2)
    clinic_other.get_by_role("button", name="Send my answers").click()
    heading(clinic_other, "Thank you")
    page.get_by_role("button", name="Send my answers").click()
    heading(page, "This form is closed")
    expect(page.get_by_text("If you need help now.")).to_be_visible()
    assert CANARY not in page.content()
    assert [each["state"] for each in kept(page)] == ["closed"]
    assert Answer.objects.get(item="1").value == 2.0


def test_first_load_of_the_form_is_light(
    clinic: World, phone: Profile, network: BadNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every byte of every reply, headers, the worker and what it keeps included."""
    # Files come from where a clinic's come from, not from the test server's own short cut.
    monkeypatch.setattr(StaticFilesHandler, "_should_handle", lambda *_: False)
    token, _ = clinic.invite(clinic.start())
    page = phone().pages[0]
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    ready(page)
    total = sum(network.carried.values())
    _LOG.warning("first load of the client's form: %d bytes", total)
    assert b"/static/attunement/js/queue.js" in network.carried
    assert b"/c/worker.js" in network.carried
    assert total <= 100 * 1024, "\n".join(f"{k} {v}" for k, v in network.carried.items())
