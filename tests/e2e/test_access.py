# SPDX-License-Identifier: Apache-2.0
"""Every page and state: axe in both themes, 320 px, target sizes, forced colours, large text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django import Settings
from tests.clinic_world import HIGH, LOW, PASSWORD, WORDS, World, add_dyad
from tests.e2e.conftest import PHONE, NewPage, sign_in

from attunement.clinic.models import Login, Role, SignalRecord

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

States = Callable[[Page, World], Iterator[str]]
TARGETS = """(least) => {
  const inline = (e) => e.tagName === "A" && e.closest("p, li, dd, td") &&
    getComputedStyle(e).display.startsWith("inline") && !e.classList.contains("button");
  const found = [];
  for (const e of document.querySelectorAll("a, button, summary, input, textarea, label")) {
    if (!e.checkVisibility({visibilityProperty: true})) continue;
    if (e.classList.contains("skip-link")) continue;
    if (e.tagName === "LABEL" && !e.closest(".choice, .check")) continue;
    if (e.matches("input[type=radio], input[type=hidden]")) continue;  // their label is the target
    if (inline(e)) continue;
    const box = e.getBoundingClientRect();
    if (box.width < least || box.height < least)
      found.push(`${e.tagName} ${e.className} ${box.width}x${box.height} ${e.innerText || e.name}`);
  }
  return found;
}"""


def staff_addresses(clinic: World) -> dict[str, str]:
    clinic.course(sessions=4)
    hard = clinic.start(days_ago=2)
    clinic.client_answers(hard, {**HIGH, "1": 1, "2": 1, "3": 1, "8": 5, "8a": 0}, WORDS)
    clinic.therapist_answers(hard)
    waiting = clinic.start(days_ago=1)
    clinic.therapist_answers(waiting)
    fresh = clinic.start()
    signal = SignalRecord.objects.filter(session_id=hard).order_by("rule_id")[0]
    return {
        "caseload": "/",
        "signals": "/signals/",
        "why": f"/signals/{signal.pk}/",
        "dyad": f"/clients/{clinic.dyad.pk}/",
        "new": f"/clients/{clinic.dyad.pk}/sessions/new",
        "revealed": f"/sessions/{hard}/",
        "waiting": f"/sessions/{waiting}/",
        "fresh": f"/sessions/{fresh}/",
        "invite": f"/sessions/{fresh}/invite",
        "rate": f"/sessions/{fresh}/rate",
        "design": "/design/",
        "logout": "/accounts/logout/",
        "not found": "/no/such/page",
    }


def staff_states(page: Page, clinic: World) -> Iterator[str]:
    """Bring the page into each state of the staff side, and name it."""
    addresses = staff_addresses(clinic)
    page.goto("/accounts/login/")
    yield "sign in"
    page.get_by_label("Name or e-mail").fill("nobody")
    page.get_by_label("Password").fill("nothing")
    page.get_by_role("button", name="Sign in").click()
    yield "sign in refused"
    sign_in(page, clinic)
    for name, address in addresses.items():
        page.goto(address)
        for summary in page.locator("summary:visible").all():
            summary.click()
        yield name
    page.goto(addresses["invite"])
    page.get_by_role("button", name="Show a link and picture code").click()
    page.locator(".qr").wait_for()
    yield "invited"
    page.goto(addresses["rate"])
    page.locator("#prediction-input").fill("9")
    page.get_by_role("button", name="Send my answers").click()
    page.locator("#errors").wait_for()
    yield "rate refused"
    page.goto(addresses["why"])
    page.get_by_role("button", name="Keep this answer").click()
    page.locator("#errors").wait_for()
    yield "answer refused"
    page.locator("label[for=answer-agreed]").click()
    page.get_by_role("button", name="Keep this answer").click()
    page.get_by_text("You said on").wait_for()
    yield "answered"
    page.goto(addresses["signals"])
    page.locator("#per-week").fill("many")
    page.get_by_role("button", name="Keep this number").click()
    page.locator("#errors").wait_for()
    yield "budget refused"


def lead_states(page: Page, clinic: World) -> Iterator[str]:
    """Bring the page into each state of the lead's side, and name it."""
    lead = Login.objects.create_user(
        username="synthetic-lead", password=PASSWORD, practice=clinic.practice, role=Role.LEAD
    )
    page.goto("/")
    page.get_by_label("Name or e-mail").fill(lead.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Clients of the practice").wait_for()
    page.goto("/rules/")
    yield "no rules yet"
    page.goto("/rules/tune")
    yield "nothing to tune on"
    clinic.rated(answers=LOW)
    for index in range(2, 11):
        dyad = add_dyad(clinic.practice, clinic.therapist, f"Client {index:02d}")
        clinic.rated(dyad, answers=LOW, days_ago=7)
        clinic.rated(dyad, answers=LOW)
    clinic.rated(answers=LOW)
    page.goto("/rules/")
    page.get_by_text("Agreed to, of those answered").first.wait_for()
    yield "rules"
    page.goto("/rules/tune?null_rate=0.5")
    page.get_by_role("table").wait_for()
    yield "tried"
    page.locator("#note").evaluate("(e) => { e.removeAttribute('maxlength'); }")
    page.locator("#note").fill("x" * 1001)
    page.get_by_role("button", name="Save this threshold").click()
    page.locator("#errors").wait_for()
    yield "save refused"
    page.locator("#note").fill("Synthetic note")
    page.get_by_role("button", name="Save this threshold").click()
    page.get_by_text("Synthetic note").wait_for()
    yield "saved"
    page.goto("/team/erase")
    yield "erase"
    page.get_by_role("button", name="Go on").click()
    page.locator("#errors").wait_for()
    yield "erase refused"
    page.get_by_label("Code", exact=True).fill(clinic.dyad.client.code)
    page.get_by_label("The person asked for it").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Type the code once more").wait_for()
    yield "erase for good?"
    page.get_by_role("button", name="Erase for good").click()
    page.locator("#again-error").wait_for()
    yield "another code"


def client_states(page: Page, clinic: World) -> Iterator[str]:
    """Bring the page into each state of the client's side, and name it."""
    token, _ = clinic.invite(clinic.start())
    page.goto("/c/")
    yield "entry"
    page.goto("about:blank")
    page.goto("/c/#" + "A" * 43)
    page.get_by_role("heading", name="This link does not work").wait_for()
    yield "closed"
    page.goto(f"/c/#{token}")
    page.get_by_role("button", name="Start").wait_for()
    yield "intro"
    page.get_by_role("button", name="Start").click()
    yield "first question"
    page.locator("label[for=q1-4]").click()
    yield "answered question"
    for _ in range(7):
        page.locator("[data-next]").click()
    page.locator("label[for=q8-3]").click()
    yield "strain with its follow-up"
    page.locator("[data-next]").click()
    yield "last question"
    page.get_by_role("button", name="Show all questions on one page").click()
    yield "all questions"
    page.locator("#q9-input").evaluate("(e) => { e.removeAttribute('maxlength'); }")
    page.locator("#q9-input").fill("x" * 10_001)
    page.get_by_role("button", name="Send my answers").click()
    page.locator("#errors").wait_for()
    yield "refused"
    page.locator("#q9-input").fill("")
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    yield "thanks"


def findings(page: Page) -> list[str]:
    found = Axe().run(page)
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found.response["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("side", [staff_states, client_states, lead_states])
def test_axe_finds_nothing(clinic: World, new_page: NewPage, side: States, scheme: str) -> None:
    # axe is put into the page from outside, which the content policy would rightly refuse
    page = new_page(viewport=PHONE, color_scheme=scheme, bypass_csp=True)
    found = {name: findings(page) for name in side(page, clinic)}
    assert len(found) >= 6
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_wide_pages(clinic: World, new_page: NewPage, scheme: str) -> None:
    page = new_page(color_scheme=scheme, bypass_csp=True)
    found = {name: findings(page) for name in staff_states(page, clinic)}
    assert {name: each for name, each in found.items() if each} == {}


def test_axe_finds_nothing_with_the_bar_of_a_synthetic_clinic(
    clinic: World, new_page: NewPage, settings: Settings
) -> None:
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, synthetic=True)
    page = new_page(bypass_csp=True)
    sign_in(page, clinic)
    for address in ("/", "/signals/", "/no/such/page", "/c/"):
        page.goto(address)
        assert page.locator(".notice-bar").is_visible(), address
        assert findings(page) == [], address


def test_axe_is_not_blind(new_page: NewPage) -> None:
    page = new_page(bypass_csp=True)
    page.goto("/c/")
    page.evaluate("document.getElementById('code').labels[0].remove()")
    page.evaluate("document.querySelector('h1').setAttribute('style', 'color: #ddd')")
    assert {each.split(":")[0] for each in findings(page)} >= {"label", "color-contrast"}


@pytest.mark.parametrize(
    ("side", "least"), [(staff_states, 24), (lead_states, 24), (client_states, 44)]
)
def test_targets_are_large_enough_and_nothing_overflows_at_320(
    clinic: World, new_page: NewPage, side: States, least: int
) -> None:
    page = new_page(viewport={"width": 320, "height": 640})
    for name in side(page, clinic):
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert page.evaluate(TARGETS, least) == [], name


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
    assert page.locator("#q1-4").is_checked()
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
    assert fresh.locator("input:checked").count() == 0
