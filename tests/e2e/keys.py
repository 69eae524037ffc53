# SPDX-License-Identifier: Apache-2.0
"""Going through a page with the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Page

_NAME = """() => {
  const e = document.activeElement;
  if (e === document.body) return "";  // past the last link
  const label = e.getAttribute("aria-label") ?? e.labels?.[0]?.innerText;
  return (label || e.innerText || "").trim();
}"""


def focused(page: Page) -> str:
    """Return what the element with the focus is called."""
    name: str = page.evaluate(_NAME)
    return name


def tab_to(page: Page, words: str, *, exact: bool = False, most: int = 80) -> None:
    """Press Tab until what has the focus is called so, or something that holds these words."""
    for _ in range(most):
        page.keyboard.press("Tab")
        name = focused(page)
        if name == words or (not exact and words in name):
            return
    message = f"Tab does not reach {words!r}"
    raise AssertionError(message)


def press(page: Page, words: str) -> None:
    """Go there with Tab and press Enter, which leaves the page as it is."""
    tab_to(page, words)
    page.keyboard.press("Enter")


def follow(page: Page, words: str, *, exact: bool = False) -> None:
    """Go to a link or a button with Tab, press Enter, and wait for the page that comes."""
    tab_to(page, words, exact=exact)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fill(page: Page, label: str, words: str) -> None:
    """Go to a field with Tab and type."""
    tab_to(page, label)
    page.keyboard.type(words)
