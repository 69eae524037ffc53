# SPDX-License-Identifier: Apache-2.0
"""One visit, every screen: what a page must hold on phones, wide screens, paper, in any colours.

A page is brought into a state once; then window and media change around it, without a reload.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

CLIENT_TARGET = STAFF_TARGET = 44  # CSS pixels on a phone; WCAG 2.2 AA asks for 24
SMALLEST = {"width": 320, "height": 640}
ZOOMED = {"width": 640, "height": 450}  # what a window of 1280 x 900 shows at 200 %
WIDEST = {"width": 3840, "height": 2160}
_LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
_UNFOLD = """() => {
  globalThis.folded = Array.from(document.querySelectorAll("details:not([open])"));
  for (const each of folded) each.open = true;
}"""
_FOLD = "() => { for (const each of folded) each.open = false; }"


def ask(page: Page, look: str, *arguments: Any) -> Any:
    """Ask the page one question of ``looks.js``; put it there if it is not yet."""
    if not page.evaluate("'looks' in globalThis"):
        # From outside, which the content policy would rightly refuse: contexts use ``bypass_csp``.
        page.evaluate(AXE_SCRIPT)
        page.evaluate(_LOOKS)
    return page.evaluate("([name, given]) => looks[name](...given)", [look, arguments])


def findings(page: Page) -> list[str]:
    """Return what axe finds on the page as it is."""
    found: list[str] = ask(page, "axe")
    return found


def every_look(page: Page, *, target: int, known: set[str] | None = None) -> list[str]:
    """Return what is wrong with the page as it is on any screen, closed explanations opened.

    ``known`` are the pairs of ink and ground that were judged on earlier pages; it grows.
    """
    usual = page.viewport_size
    assert usual is not None
    wrong: list[str] = []
    judged = set() if known is None else known

    def note(look: str, *names: str) -> None:
        for name in names:
            if name == "colours":
                found = ask(page, name, sorted(judged))
                judged.update(found["pairs"])
                answers = found["wrong"]
            else:
                answers = ask(page, name, target) if name == "targets" else ask(page, name)
            wrong.extend(f"{look}: {each}" for each in answers)

    page.set_viewport_size(SMALLEST)
    with _unfolded(page):
        note("phone", "across", "targets", "form", "colours", "strokes")
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        note("dark", "colours", "strokes", "motion")
        page.emulate_media(media="print")
        note("paper", "paper", "ink", "strokes")
        page.emulate_media(media="screen", forced_colors="active")
        note("forced colours", "ink", "strokes")
        page.keyboard.press("Tab")  # from here on it counts as the keyboard that moves the focus
        note("forced colours", "focus")
        page.emulate_media(
            forced_colors="none", color_scheme="light", reduced_motion="no-preference"
        )
        page.set_viewport_size(ZOOMED)
        note("200 %", "across")
        page.set_viewport_size(WIDEST)
        note("4K", "across", "wide", "strokes")
    page.set_viewport_size(usual)
    return wrong


@contextmanager
def _unfolded(page: Page) -> Iterator[None]:
    page.evaluate(_UNFOLD)
    yield
    page.evaluate(_FOLD)
