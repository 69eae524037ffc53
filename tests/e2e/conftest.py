# SPDX-License-Identifier: Apache-2.0
"""A real browser against a real server on this machine, with nothing else to reach."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client as Browser
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from tests.clinic_world import PASSWORD, World, make_world
from tests.e2e.bad_network import BadNetwork

from attunement.clinic.models import Login

# Playwright's synchronous interface runs a loop in this thread; the test's own queries are safe.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# The same engine without windows and menus, which nobody sees here, takes half the time.
QUICK = ("chromium-headless-shell", "chromium", "chromium-browser")
WHOLE = ("chromium", "chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A busy machine takes its time; how long a page may take is measured elsewhere.
PATIENCE = 20_000  # ms
expect.set_options(timeout=15_000)
NewPage = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1200, "height": 800}

# The page writes a draft 250 ms after the last key; its own timers run in the order they are due.
_DRAFT_KEPT = """async () => {
  const kept = () => JSON.stringify(Object.entries(sessionStorage));
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  await wait(300);
  let before = "";
  for (let tries = 0; tries < 40; tries += 1) {
    if (before === kept() && before.includes("draft-")) return true;
    before = kept();
    await wait(300);
  }
  return false;
}"""


def draft_kept(page: Page) -> None:
    """Wait until the page has kept what was answered so far."""
    assert page.evaluate(_DRAFT_KEPT), "the page kept no draft"


def browser_at(names: tuple[str, ...]) -> str:
    """Return where the first of these browsers is, or skip the test."""
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return path


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = browser_at(QUICK)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings) -> World:
    """Return a synthetic practice behind the running server."""
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, base_url=live_server.url)
    return make_world()


@pytest.fixture
def network(live_server: LiveServer) -> Iterator[BadNetwork]:
    """Return a network in front of the server that a test can cut."""
    parts = urlsplit(live_server.url)
    made = BadNetwork(str(parts.hostname), int(parts.port or 0))
    yield made
    made.close()


@pytest.fixture
def new_page(chromium: Chromium, live_server: LiveServer) -> Iterator[NewPage]:
    """Return a maker of fresh contexts; afterwards nothing may have gone wrong in any of them."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []
    home = urlsplit(live_server.url).netloc

    def leaves_the_house(request: Request) -> None:
        if urlsplit(request.url).netloc not in {home, ""}:
            wrong.append(f"foreign request: {request.url}")

    def make(**options: Any) -> Page:
        options.setdefault("viewport", DESKTOP)
        context = chromium.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("console", lambda line: _note(line, wrong))
        page.on("request", leaves_the_house)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


def _note(line: ConsoleMessage, wrong: list[str]) -> None:
    refused_on_purpose = "status of 4" in line.text  # tests ask for pages that answer 404 or 422
    if line.type in {"error", "warning"} and not refused_on_purpose:
        wrong.append(f"console: {line.text}")


@pytest.fixture
def therapist(clinic: World, new_page: NewPage) -> Page:
    """Return a page in which the therapist has signed in."""
    page = new_page()
    sign_in(page, clinic)
    return page


def sign_in(page: Page, clinic: World) -> None:
    page.goto("/")
    page.get_by_label("Name or e-mail").fill(clinic.login.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Today", exact=True).wait_for()
    page.get_by_role("link", name="Your clients").click()
    page.get_by_role("heading", name="Your clients").wait_for()


def enter_as(page: Page, login: Login) -> None:
    """Be this person from here on, by cookie; signing in by hand is walked elsewhere."""
    browser = Browser()
    browser.force_login(login)
    name = settings.SESSION_COOKIE_NAME
    kept = browser.cookies[name].value
    page.context.clear_cookies()
    page.context.add_cookies([{"name": name, "value": kept, "url": settings.ATTUNEMENT.base_url}])
