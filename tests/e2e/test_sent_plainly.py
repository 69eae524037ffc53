# SPDX-License-Identifier: Apache-2.0
"""A form that is not sealed, sent without a network: our own words, and nothing that is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from tests.clinic_world import World
from tests.e2e.bad_network import BadNetwork
from tests.e2e.conftest import PHONE
from tests.e2e.looks import CLIENT_TARGET, every_look

from attunement.clinic.models import Answer, PrivateMessage, Response
from attunement.clinic.services.sealing import words_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WORDS = "Synthetic words, typed in a tunnel"
NO_STORE = "Object.defineProperty(globalThis, 'indexedDB', {value: undefined});"
NewPhone = Callable[[], Page]


@pytest.fixture
def new_phone(chromium: Browser, network: BadNetwork) -> Iterator[NewPhone]:
    """Return a maker of phones whose network the test can cut; their consoles tell of that."""
    made: list[BrowserContext] = []

    def make() -> Page:
        context = chromium.new_context(base_url=network.url, viewport=PHONE, bypass_csp=True)
        context.set_default_timeout(10_000)
        made.append(context)
        return context.new_page()

    yield make
    for context in made:
        context.close()


def opens(page: Page, clinic: World) -> None:
    page.goto(f"/c/#{clinic.invite(clinic.start())[0]}")
    page.locator("#questions").wait_for()


def opens_without_room(page: Page, clinic: World) -> None:
    """Open a form where the queue cannot be kept, and answer the first question."""
    opens(page, clinic)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.evaluate("() => { self.attunementQueue.keep = () => Promise.reject(); }")
    page.get_by_role("button", name="Show all questions on one page").click()
    page.locator("label[for=q1-4]").click()


def not_sent(page: Page) -> None:
    expect(page.get_by_role("heading", name="No connection just now")).to_be_focused()
    expect(page.locator("[data-not-sent]")).to_contain_text("Nothing was sent yet")
    expect(page.locator("[data-not-sent] a.phone")).to_be_visible()


def test_form_that_cannot_be_sealed_stays_on_the_screen_until_it_is_sent(
    clinic: World, new_phone: NewPhone, network: BadNetwork
) -> None:
    page = new_phone()
    page.add_init_script(NO_STORE)  # a browser that keeps nothing: it cannot seal
    opens(page, clinic)
    page.get_by_role("button", name="Show all questions on one page").click()
    page.locator("label[for=q1-4]").click()
    page.locator("#q9-input").fill(WORDS)
    network.cut = True
    page.get_by_role("button", name="Send my answers").click()
    not_sent(page)
    assert page.locator("#q9-input").input_value() == WORDS
    assert page.locator("#q1-4").is_checked()
    assert every_look(page, target=CLIENT_TARGET) == []
    page.get_by_role("button", name="Try again").click()
    not_sent(page)
    assert Response.objects.count() == 0
    network.cut = False
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert words_of(Answer.objects.get(item="9"), "text") == WORDS

    # With everything left out it is asked once, and the button that says so counts after the wait.
    opens(page, clinic)  # all on one page, as it was liked before
    page.get_by_role("button", name="Send my answers").click()
    network.cut = True
    page.get_by_role("button", name="Yes, send it like this").click()
    not_sent(page)
    network.cut = False
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert Response.objects.count() == 2


def test_words_to_the_lead_are_not_lost_without_a_network(
    clinic: World, new_phone: NewPhone, network: BadNetwork
) -> None:
    page = new_phone()
    opens(page, clinic)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.get_by_role("link", name="Something for the lead").click()
    page.get_by_label("In your own words").fill(WORDS)
    network.cut = True
    page.get_by_role("button", name="Send to the lead").click()
    not_sent(page)
    assert page.get_by_label("In your own words").input_value() == WORDS

    # It goes away between asking and sending: a page of ours stands there, and the form comes back.
    network.lose_reply_of, network.cut_after_loss, network.cut = b"POST /c/say", True, False
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="No connection just now").wait_for()
    expect(page.get_by_text("If you need help now.")).to_be_visible()
    assert urlsplit(page.url).path == "/c/say"
    expect(page.get_by_text("whether it arrived is not known yet")).to_be_visible()
    expect(page.get_by_text("not sent yet")).to_be_hidden()
    network.cut = False
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="To the lead of the practice only").wait_for()
    assert PrivateMessage.objects.count() == 1  # the reply was lost, and nothing was sent again
    expect(page.get_by_text("may have arrived")).to_be_visible()
    assert every_look(page, target=CLIENT_TARGET) == []
    page.get_by_label("In your own words").fill(WORDS)
    page.get_by_role("button", name="Send to the lead").click()
    page.get_by_role("heading", name="Sent to the lead").wait_for()
    page.go_back()
    page.get_by_label("In your own words").wait_for()
    expect(page.get_by_text("may have arrived")).to_be_hidden()  # it is known now


def test_form_whose_reply_was_lost_is_not_called_unsent(
    clinic: World, new_phone: NewPhone, network: BadNetwork
) -> None:
    page = new_phone()
    opens_without_room(page, clinic)
    network.lose_reply_of, network.cut_after_loss = b"POST /c/form", True
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="No connection just now").wait_for()
    expect(page.get_by_text("whether it arrived is not known yet")).to_be_visible()
    expect(page.get_by_text("not sent yet")).to_be_hidden()
    assert every_look(page, target=CLIENT_TARGET) == []
    network.cut = False
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="Your answers have most likely arrived").wait_for()
    expect(page.get_by_text("This link does not work")).to_be_hidden()
    assert every_look(page, target=CLIENT_TARGET) == []
    page.reload()  # what is asked for anew knows nothing of it
    page.get_by_role("heading", name="This link does not work").wait_for()
    assert Response.objects.count() == 1


def test_form_that_never_arrived_comes_back_with_its_answers(
    clinic: World, new_phone: NewPhone, network: BadNetwork
) -> None:
    page = new_phone()
    opens_without_room(page, clinic)
    page.locator("#q9-input").fill(WORDS)
    network.cut_at = b"POST /c/form"
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="No connection just now").wait_for()
    expect(page.get_by_text("whether it arrived is not known yet")).to_be_visible()
    network.cut = False
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#q9-input")).to_have_value(WORDS)
    expect(page.locator("#q1-4")).to_be_checked()
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert words_of(Answer.objects.get(item="9"), "text") == WORDS
    assert Response.objects.count() == 1


def test_second_try_from_the_same_page_says_that_the_first_may_have_arrived(
    clinic: World, chromium: Browser, network: BadNetwork
) -> None:
    """Stopped while it was on its way: the page is still there, with the name of what it sent."""
    context = chromium.new_context(
        base_url=network.url, viewport=PHONE, bypass_csp=True, service_workers="block"
    )
    page = context.new_page()
    opens(page, clinic)
    page.get_by_role("link", name="Something for the lead").click()
    page.get_by_label("In your own words").fill(WORDS)

    def arrives_and_is_stopped(route: Route) -> None:
        route.fetch()
        route.abort("aborted")

    page.route("**/c/say", arrives_and_is_stopped)
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Send to the lead").click()
    page.unroute("**/c/say")
    network.cut = True
    page.get_by_role("button", name="Send to the lead").click()
    note = page.locator("[data-not-sent]")
    expect(note).to_contain_text("whether it arrived is not known")
    expect(page.get_by_text("Nothing was sent yet")).to_be_hidden()
    network.cut = False
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="Sent to the lead").wait_for()
    assert PrivateMessage.objects.count() == 1
    context.close()
