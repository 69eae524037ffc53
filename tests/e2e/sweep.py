# SPDX-License-Identifier: Apache-2.0
"""A walk from state to state that looks at each of them once, on every screen."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page
from tests.e2e.conftest import enter_as
from tests.e2e.looks import every_look

from attunement.clinic.models import Login


class Sweep:
    """What was wrong by state, and the routes that were seen."""

    def __init__(self, page: Page, *, target: int) -> None:
        self.page = page
        page.set_default_timeout(60_000)  # a first look at predictions compiles what they need
        self.target = target
        self.wrong: dict[str, list[str]] = {}
        self.routes: set[str] = set()
        self.known: set[str] = set()

    def see(self, state: str) -> None:
        """Look at the page as it is now, and call that ``state``."""
        assert state not in self.wrong, f"two states are called {state!r}"
        self.page.wait_for_load_state("load")  # before its style a page is another one
        self.wrong[state] = every_look(self.page, target=self.target, known=self.known)
        try:
            self.routes.add(str(resolve(urlsplit(self.page.url).path).url_name))
        except Resolver404:
            self.routes.add("no route")

    def visit(self, state: str, address: str) -> None:
        """Go to an address and look."""
        self.page.goto(address)
        self.see(state)

    def send(self, button: str, state: str, *, after: str = "") -> None:
        """Press the first button whose name begins so, wait for what appears, and look."""
        named = re.compile("^" + re.escape(button))
        self.page.get_by_role("button", name=named).first.click()
        if after:
            self.page.locator(after).locator("visible=true").first.wait_for()
        self.see(state)

    def enter(self, login: Login) -> None:
        """Be this person from here on."""
        enter_as(self.page, login)

    @property
    def findings(self) -> dict[str, list[str]]:
        """Return the states with which something is wrong."""
        return {state: found for state, found in self.wrong.items() if found}
