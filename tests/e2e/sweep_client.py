# SPDX-License-Identifier: Apache-2.0
"""Every page of a client, on the own phone and on a shared screen, in every state."""

from __future__ import annotations

import re

from django.conf import settings
from django.utils import timezone
from tests.clinic_world import World
from tests.e2e.sweep import Sweep

from attunement.clinic.guard.kiosk import kiosk_cookie
from attunement.clinic.services.between import ask_between
from attunement.clinic.services.kiosks import start_kiosk

ROUTES = frozenset(
    {
        "client-entry", "client-form", "client-thanks", "client-say", "client-chart",
        "client-chart-number", "client-looked", "client-fewer", "client-stop", "client-waiting",
        "kiosk", "kiosk-leave", "no route",
    }
)  # fmt: skip
SENDING = ["sending", "saved", "received", "other_content", "closed", "held"]
_SHOW_STATE = """(state) => {
  for (const each of document.querySelectorAll("[data-while-asking]")) each.hidden = true;
  for (const each of document.querySelectorAll("[data-state]"))
    each.hidden = each.dataset.state !== state;
  for (const time of document.querySelectorAll("time")) time.textContent = "14:02";
}"""


def walk(sweep: Sweep, clinic: World) -> None:
    """Walk from a link to the own chart, then to a shared screen."""
    clinic.course()
    type(clinic.dyad.client).objects.filter(pk=clinic.dyad.client_id).update(birth_year=1984)
    _ways_in(sweep)
    _before(sweep, clinic)
    _form(sweep)
    _chart(sweep)
    _to_the_lead(sweep, clinic)
    _between(sweep, clinic)
    _sending(sweep, clinic)
    _shared_screen(sweep, clinic)


def _open(sweep: Sweep, link: str) -> None:
    sweep.page.goto("about:blank")
    sweep.page.goto(link)
    sweep.page.locator("h1").locator("visible=true").wait_for()


def _after_the_session(sweep: Sweep) -> None:
    """Take the second of a link's two forms, if both are offered."""
    form = sweep.page.locator("#questions")
    after = sweep.page.get_by_role("link", name=re.compile("Yes, the session"))
    form.or_(after).wait_for()
    if after.is_visible():
        after.click()
    form.wait_for()


def _ways_in(sweep: Sweep) -> None:
    sweep.visit("entry", "/c/")
    _open(sweep, "/c/#" + "A" * 43)
    sweep.page.get_by_role("heading", name="This link does not work").wait_for()
    sweep.see("closed")
    sweep.visit("reminders", "/c/stop")
    sweep.page.locator("#token").fill("x")
    sweep.send("Stop the reminders", "reminders refused", after="text=This link stops nothing")
    sweep.visit("no such page", "/no/such/page")


def _before(sweep: Sweep, clinic: World) -> None:
    page = sweep.page
    token, _ = clinic.invite(clinic.start())
    _open(sweep, f"/c/#{token}")
    page.get_by_role("heading", name="Have you met yet?").wait_for()
    sweep.see("which")
    page.get_by_role("link", name=re.compile("Not yet")).click()
    page.get_by_role("button", name="Start").wait_for()
    sweep.see("before, intro")
    page.get_by_role("button", name="Start").click()
    sweep.see("before, first question")
    page.get_by_role("button", name="Show all questions on one page").click()
    sweep.see("before, all questions")
    page.locator("#q1").get_by_text("Several days", exact=True).click()
    sweep.send("Send my answers", "before, received", after="text=open the same link again")
    _open(sweep, f"/c/#{token}")
    page.get_by_role("heading", name="How was the session?").wait_for()


def _form(sweep: Sweep) -> None:
    page = sweep.page
    # The layout is remembered from the form before; here it begins with one question at a time.
    page.get_by_role("button", name="Show one question at a time").click()
    page.get_by_role("button", name="Start").wait_for()
    sweep.see("intro")
    page.get_by_role("button", name="Start").click()
    page.locator("label[for=q1-4]").click()
    sweep.see("answered question")
    for _ in range(7):
        page.locator("[data-next]").click()
    page.locator("label[for=q8-3]").click()
    sweep.see("strain with its follow-up")
    page.locator("[data-next]").click()
    sweep.see("words")
    page.get_by_role("button", name="Show all questions on one page").click()
    sweep.see("all questions")
    for note in ("[data-left-out]", "[data-kept]"):
        page.locator(note).evaluate("(e) => { e.hidden = false; }")
        sweep.see(f"all questions, {note}")
        page.locator(note).evaluate("(e) => { e.hidden = true; }")
    page.locator("#q9-input").evaluate("(e) => { e.removeAttribute('maxlength'); }")
    page.locator("#q9-input").fill("x" * 10_001)
    sweep.send("Send my answers", "refused", after="#errors")
    page.locator("#q9-input").fill("")
    sweep.send("Send my answers", "thanks", after="text=Your answers arrived")


def _chart(sweep: Sweep) -> None:
    page = sweep.page
    page.get_by_role("link", name="See how it has been over time").locator("visible=true").click()
    sweep.see("chart, asked")
    page.get_by_label("Year of birth").fill("1983")
    sweep.send("Show my chart", "chart, wrong", after="#errors")
    page.get_by_label("Year of birth").fill("1984")
    sweep.send("Show my chart", "chart", after=".att-chart:visible")
    page.get_by_text("Choose a number to open it with").click()
    mark = page.locator("input[name=f]").input_value()
    page.locator("#pin").fill("12")
    page.locator("#pin").evaluate("(e) => { e.removeAttribute('pattern'); }")
    sweep.send("Keep this number", "chart, number refused", after="text=was not kept")
    sweep.visit("who looked", f"/c/looked?f={mark}")
    sweep.visit("fewer", f"/c/fewer?f={mark}")


def _to_the_lead(sweep: Sweep, clinic: World) -> None:
    page = sweep.page
    _open(sweep, f"/c/#{clinic.invite(clinic.start())[0]}")
    _after_the_session(sweep)
    page.get_by_role("link", name=re.compile("Something for the lead")).click()
    page.get_by_role("heading", name="To the lead of the practice only").wait_for()
    sweep.see("to the lead")
    sweep.send("Send to the lead", "to the lead, refused", after="#errors")
    page.get_by_text("I would like another therapist").click()
    sweep.send("Send to the lead", "to the lead, sent", after="text=not read round the clock")


def _between(sweep: Sweep, clinic: World) -> None:
    """See the form of a day between two sessions; it has a link of its own."""
    page = sweep.page
    issued = ask_between(clinic.login, clinic.dyad.pk, now=timezone.now())
    _open(sweep, f"/c/#{issued.token}")
    page.get_by_role("heading", name="Since your last session").wait_for()
    page.get_by_role("button", name="Show one question at a time").click()
    page.get_by_role("button", name="Start").wait_for()
    sweep.see("between, intro")
    page.get_by_role("button", name="Start").click()
    page.locator("#q1").get_by_text("Several days", exact=True).click()
    sweep.see("between, answered question")
    for _ in range(6):
        page.locator("[data-next]").click()
    sweep.send("Send my answers", "between, received", after="text=Your answers arrived")


def _sending(sweep: Sweep, clinic: World) -> None:
    page = sweep.page
    page.context.clear_cookies()
    for place, address in {
        "form": f"/c/#{clinic.invite(clinic.start())[0]}",
        "waiting": "/c/waiting",
    }.items():
        _open(sweep, address)
        if place == "form":
            _after_the_session(sweep)
        page.wait_for_load_state("networkidle")
        for state in (*SENDING, "offline") if place == "waiting" else SENDING:
            page.evaluate(_SHOW_STATE, state)
            page.locator(f'[data-state="{state}"]').wait_for()
            sweep.see(f"{place}, {state}")


def _shared_screen(sweep: Sweep, clinic: World) -> None:
    page = sweep.page
    token = start_kiosk(clinic.login, label="Waiting room", pin="2468", now=timezone.now())
    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": kiosk_cookie(), "value": token, "url": settings.ATTUNEMENT.base_url}]
    )
    for state, address in {
        "start": "/kiosk/",
        "wrong code": "/kiosk/?said=wrong",
        "many codes": "/kiosk/?said=wait",
        "leave": "/kiosk/leave",
    }.items():
        sweep.visit(f"shared screen, {state}", address)
    page.locator("#pin").fill("1357")
    sweep.send("Leave this mode", "shared screen, wrong PIN", after="#errors")
    page.goto("/kiosk/")
    page.locator("[data-kiosk-offline]").evaluate("(e) => { e.hidden = false; }")
    page.locator(".kiosk-controls, .kiosk-top").evaluate_all("(a) => a.forEach((e) => e.remove())")
    sweep.see("shared screen, no connection")
    page.goto("/kiosk/")
    page.get_by_label("Your code").fill(clinic.invite(clinic.start())[1])
    page.get_by_role("button", name="Open the questions").click()
    _after_the_session(sweep)
    sweep.see("shared screen, form")
    page.locator("#still-there").evaluate("(e) => { e.showModal(); }")
    sweep.see("shared screen, still there?")
