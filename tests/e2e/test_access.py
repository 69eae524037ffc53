# SPDX-License-Identifier: Apache-2.0
"""What the sweep of every page does not tell: large text, answers without colour, fresh forms.

And that the sweep's looks are not blind. The sweep itself is ``test_sweep.py``.
"""

from __future__ import annotations

import dataclasses

import pytest
from playwright.sync_api import expect
from pytest_django import Settings
from tests.clinic_world import World
from tests.e2e.conftest import PHONE, NewPage, sign_in
from tests.e2e.looks import every_look, findings

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FAULTS = """
.faulty .button { min-height: 0; height: 20px; padding: 0; outline: none !important; }
.faulty .wordmark-wide { width: 500px; height: 1px; }
.faulty .note > svg { color: #f0f0f0 !important; }
.faulty .lead { color: #ddd !important; }
.faulty main { transition: opacity 2s; }
.faulty .footer p { color: #555 !important; }
.faulty main > p { max-inline-size: none; }
.faulty .card { position: fixed; bottom: 0; }
@media screen and (min-width: 60rem) {
  .faulty main { max-width: none !important; margin: 0 !important; }
}
"""
SEEN = {
    "phone: scrolls sideways", "phone: target", "phone: axe label", "phone: axe color-contrast",
    "phone: drawn too faintly", "dark: axe color-contrast", "dark: would move",
    "paper: floats on paper", "paper: words too faint", "forced colours: focus not seen",
    "4K: main is", "4K: lines of",
}  # fmt: skip


def test_axe_finds_nothing_with_the_bar_of_a_synthetic_clinic(
    clinic: World, new_page: NewPage, settings: Settings
) -> None:
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, synthetic=True)
    page = new_page(bypass_csp=True)
    sign_in(page, clinic)
    for address in ("/", "/signals/", "/no/such/page", "/c/"):
        page.goto(address)
        expect(page.locator(".notice-bar")).to_be_visible()
        assert findings(page) == [], address


def test_looks_are_not_blind(new_page: NewPage) -> None:
    """Each kind of fault is put into a page, and each look must say so."""
    page = new_page(bypass_csp=True)
    page.goto("/c/")
    assert every_look(page, target=44) == []
    page.add_style_tag(content=FAULTS)
    page.evaluate(
        """() => {
          document.body.classList.add("faulty");
          document.getElementById("code").labels[0].remove();
          const wide = document.createElement("div");
          wide.className = "wordmark-wide";
          document.querySelector("main").append(wide);
          const long = document.createElement("p");
          long.textContent = "words ".repeat(90);
          document.querySelector("main").append(long);
        }"""
    )
    found = every_look(page, target=44)
    assert {each for each in SEEN if not any(one.startswith(each) for one in found)} == set()


def test_text_twice_as_large_and_spaced_out_still_fits(clinic: World, new_page: NewPage) -> None:
    """WCAG 1.4.4 and 1.4.12: 200 % text, spacing as in the criterion, at 640 px (1280 at 200 %)."""
    token, _ = clinic.invite(clinic.start())
    page = new_page(viewport={"width": 640, "height": 900}, bypass_csp=True)
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Show all questions on one page").click()
    page.add_style_tag(
        content="html { font-size: 200%; } * { line-height: 1.5 !important;"
        " letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    cut = page.evaluate(
        "() => Array.from(document.querySelectorAll('label, button, legend'))"
        ".filter(e => e.checkVisibility() && e.innerText.trim())"
        ".filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)"
        ".map(e => e.innerText)"
    )
    assert cut == []


def test_chosen_answer_is_visible_without_colour(clinic: World, new_page: NewPage) -> None:
    token, _ = clinic.invite(clinic.start())
    page = new_page(viewport=PHONE, forced_colors="active")
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").click()
    page.locator("label[for=q1-4]").click()
    expect(page.locator("#q1-4")).to_be_checked()
    weight = page.locator("label[for=q1-4]").evaluate("(e) => getComputedStyle(e).fontWeight")
    assert int(weight) >= 600
    box = page.locator("#q1-4").bounding_box()
    assert box is not None
    assert box["width"] >= 16  # the browser's own radio button is there, with its dot


def test_answers_do_not_come_back_in_a_fresh_form(clinic: World, new_page: NewPage) -> None:
    token, _ = clinic.invite(clinic.start())
    page = new_page(viewport=PHONE)
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").click()
    page.locator("label[for=q1-4]").click()
    fresh = page.context.new_page()  # a reload keeps the draft of its own tab, and nobody else's
    fresh.goto(f"/c/#{token}")
    fresh.get_by_role("button", name="Start").wait_for()
    expect(fresh.locator("input:checked")).to_have_count(0)
