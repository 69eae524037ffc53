# SPDX-License-Identifier: Apache-2.0
"""Going through a page with the keyboard alone, with the focus in sight at every stop."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.urls import resolve
from playwright.sync_api import Page, Request

# Which walk sends which form: asserted by the walk itself, and together they are all there are.
WALKED = {
    "a therapist's day": {
        "account_login", "account_logout", "before", "after", "signal-answer", "session-new",
        "session-invite",
    },
    "a therapist beside sessions": {
        "signals-budget", "asking", "between", "visibility", "case-share", "birth-year",
        "session-rupture", "session-widen", "session-rate", "together", "agreed",
    },
    "paper and a shared screen": {
        "paper", "paper-enter", "kiosk-start", "kiosk-open", "kiosk-clear", "kiosk-leave",
        "kiosk-end",
    },
    "a lead's day": {"supervision-add", "visibility", "erase-sure", "emergency-ask"},
    "what comes to a lead": {
        "private-message-take", "team-add", "team-end", "supervision-end", "visibility-fewer",
        "emergency-review", "held-note", "rules-save", "erase-now", "case-question",
    },
    "a client's ways beside the form": {
        "client-open", "client-say", "client-sealed", "client-chart",
    },
    "a client in an old browser": {
        "client-form", "client-fewer", "client-chart-number", "client-stop",
    },
    "an answer for review": {"alert-acknowledge", "alert-close"},
}  # fmt: skip

_NO_POINTER = """
for (const kind of ["pointerdown", "mousedown", "touchstart"])
  addEventListener(kind, () => console.error("a pointer was used"), true);
"""
_STOP = """() => {
  const e = document.activeElement;
  if (e === document.body) return {name: "", wrong: ""};  // past the last link
  const label = e.getAttribute("aria-label") ?? e.labels?.[0]?.innerText;
  const name = (label || e.innerText || "").trim();
  const styles = [getComputedStyle(e), getComputedStyle(e, "::after")];
  for (const each of e.labels ?? []) styles.push(getComputedStyle(each));
  const ringed = styles.some((s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2);
  const box = (e.labels?.[0] ?? e).getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const strip = box.height < innerHeight / 2 && over?.closest(".crisis-strip, .step-actions");
  const hidden = strip && !strip.contains(e);
  return {name, wrong: !ringed ? "has no ring" : !inside || hidden ? "is out of sight" : ""};
}"""


def watch(page: Page) -> set[str]:
    """Return the names of the forms that a page sends, as they are sent; a pointer is a fault."""
    sent: set[str] = set()

    def note(request: Request) -> None:
        if request.method == "POST":
            sent.add(str(resolve(urlsplit(request.url).path).url_name))

    page.add_init_script(_NO_POINTER)
    page.on("request", note)
    return sent


def focused(page: Page) -> str:
    """Return what the element with the focus is called; where it is, is to be seen."""
    stop: dict[str, str] = page.evaluate(_STOP)
    assert not stop["wrong"], f"the focus on {stop['name']!r} {stop['wrong']}"
    return stop["name"]


def tab_to(page: Page, words: str, *, exact: bool = False, most: int = 80) -> None:
    """Press Tab until what has the focus is called so, or something that holds these words."""
    passed: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        name = focused(page)
        if name == words or (not exact and words in name):
            return
        passed.append(name)
        if passed.count("") > 1:  # all round
            break
    message = f"Tab does not reach {words!r} on {page.title()!r}, only {passed}"
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
    """Go to a field with Tab and type; what stood in it is chosen, and gives way."""
    tab_to(page, label)
    page.keyboard.type(words)


def choose(page: Page, label: str, key: str = "ArrowDown") -> None:
    """Go to a group of choices with Tab and take another one with an arrow."""
    tab_to(page, label)
    page.keyboard.press(key)
