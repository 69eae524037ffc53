# SPDX-License-Identifier: Apache-2.0
"""Every page of a therapist, empty and full, as asked and as refused."""

from __future__ import annotations

from django.utils import timezone
from tests.clinic_world import HIGH, LOW, WORDS, World, add_dyad
from tests.e2e.sweep import Sweep

from attunement.clinic.access.visibility import Visibility
from attunement.clinic.models import Login, PaperForm, Role, SignalRecord, Therapist
from attunement.clinic.services.promises import choose_visibility

ROUTES = frozenset(
    {
        "account_login", "caseload", "day", "own-loops", "dyad", "before", "together", "ledger",
        "together-closed", "session-new", "session", "session-invite", "session-rate", "after",
        "signals", "signals-budget", "signal", "signal-answer", "asking", "between",
        "visibility",
        "paper", "paper-enter", "calibration", "kiosk-start", "emergency-ask",
        "design", "account_logout", "no route",
    }
)  # fmt: skip


def walk(sweep: Sweep, clinic: World) -> None:
    """Walk from an empty practice to a full one."""
    _signing_in(sweep)
    _nobody_yet(sweep, clinic)
    hard = _seed(clinic)
    _clients(sweep, clinic)
    _session(sweep, clinic)
    _before(sweep, clinic)
    _questions(sweep, hard)
    _loop(sweep, clinic, hard)
    _paper(sweep)
    for address in ("kiosk/start", "team/emergency", "design/", "accounts/logout/", "no/such/page"):
        sweep.visit(address, f"/{address}")


def _signing_in(sweep: Sweep) -> None:
    page = sweep.page
    sweep.visit("sign in", "/accounts/login/")
    page.get_by_label("Name or e-mail").fill("nobody")
    page.get_by_label("Password").fill("nothing")
    sweep.send("Sign in", "sign in refused")


def _nobody_yet(sweep: Sweep, clinic: World) -> None:
    fresh = Login.objects.create_user(
        "synthetic-newcomer", practice=clinic.practice, role=Role.THERAPIST
    )
    Therapist.objects.create(practice=clinic.practice, login=fresh, display_name="Newcomer")
    sweep.enter(fresh)
    for address in ("", "day/", "day/loops", "signals/", "me/calibration", "paper/"):
        sweep.visit(f"nobody yet: {address}", f"/{address}")
    empty = add_dyad(clinic.practice, clinic.therapist, "Client 04")
    sweep.enter(clinic.login)
    for name in ("", "before", "together", "ledger", "asking"):
        sweep.visit(f"no session yet: {name}", f"/clients/{empty.pk}/{name}")


def _seed(clinic: World) -> str:
    """Rate enough for every chart; return a session that asks for a look."""
    clinic.course(sessions=4)
    for number in (2, 3):
        clinic.course(add_dyad(clinic.practice, clinic.therapist, f"Client {number:02d}"), 4)
    hard = clinic.start(days_ago=2)
    clinic.client_answers(hard, {**HIGH, **LOW}, WORDS)
    clinic.therapist_answers(hard)
    return hard


def _clients(sweep: Sweep, clinic: World) -> None:
    page, dyad = sweep.page, f"/clients/{clinic.dyad.pk}/"
    for state, address in {
        "clients": "/",
        "day": "/day/",
        "client": dyad,
        "predictions": "/me/calibration",
        "session to start": f"{dyad}sessions/new",
        "asking": f"{dyad}asking",
        "between": f"{dyad}between",
        "who sees": f"{dyad}visibility",
    }.items():
        sweep.visit(state, address)
    page.goto(f"{dyad}between")
    sweep.send("Show a link", "between, link", after=".qr")
    sweep.visit("asked between, not answered", f"{dyad}before")
    page.get_by_text("not answered so far").wait_for()
    page.goto(f"{dyad}visibility")
    page.locator("input[name=mode]").last.evaluate("(e) => { e.value = 'nobody 9'; }")
    page.locator("input[name=mode]").last.check(force=True)
    sweep.send("Ask like this from now on", "who sees refused", after="#errors")


def _closed(clinic: World) -> str:
    """Rate a session whose answers open a week later; return its id."""
    dyad = add_dyad(clinic.practice, clinic.therapist, "Client 05")
    choose_visibility(
        clinic.login, dyad.pk, visibility=Visibility.DELAYED, delay_days=7, now=timezone.now()
    )
    return clinic.rated(dyad, answers=LOW)


def _session(sweep: Sweep, clinic: World) -> None:
    page = sweep.page
    waiting = clinic.start(days_ago=1)
    clinic.therapist_answers(waiting)
    sweep.visit("session waiting", f"/sessions/{waiting}/")
    sweep.visit("session closed until a day", f"/sessions/{_closed(clinic)}/")
    page.get_by_text("are closed until").wait_for()
    fresh = f"/sessions/{clinic.start()}/"
    sweep.visit("session fresh", fresh)
    sweep.visit("invite", f"{fresh}invite")
    sweep.send("Show a link and picture code", "invited", after=".qr")
    sweep.visit("rate", f"{fresh}rate")
    page.locator("#prediction-input").fill("9")
    sweep.send("Send my answers", "rate refused", after="#errors")


def _questions(sweep: Sweep, hard: str) -> None:
    page = sweep.page
    sweep.visit("both chairs", f"/sessions/{hard}/")
    sweep.visit("questions", "/signals/")
    page.locator("#per-week").fill("many")
    sweep.send("Keep this number", "budget refused", after="#errors")
    signal = SignalRecord.objects.filter(session_id=hard).order_by("rule_id")[0]
    sweep.visit("why", f"/signals/{signal.pk}/")
    sweep.send("Keep this answer", "answer refused", after="#errors")
    page.locator("label[for=answer-agreed]").click()
    sweep.send("Keep this answer", "answered", after="text=You said on")


def _before(sweep: Sweep, clinic: World) -> None:
    sweep.visit("before", f"/clients/{clinic.dyad.pk}/before")
    sweep.page.get_by_text("Not today, because…").click()
    sweep.send("Not today", "put off", after="text=Not today. Another reason.")


def _loop(sweep: Sweep, clinic: World, hard: str) -> None:
    page, dyad = sweep.page, f"/clients/{clinic.dyad.pk}/"
    sweep.visit("together", f"{dyad}together")
    page.locator("#change").evaluate("(e) => { e.removeAttribute('maxlength'); }")
    page.locator("#change").fill("x" * 501)
    sweep.send("Keep this", "together refused", after="#errors")
    page.locator("#change").fill(WORDS)
    sweep.send("Keep this", "together kept", after="text=Kept:")
    sweep.visit("together closed", "/together/closed")
    sweep.visit("after", f"/sessions/{hard}/after")
    sweep.send("Keep this", "after refused", after="#errors")
    page.get_by_label("A rupture", exact=True).check()
    page.get_by_role("button", name="Keep this").click()
    page.wait_for_url(f"**/sessions/{hard}/")
    sweep.visit("ledger", f"{dyad}ledger")
    sweep.visit("day with what was agreed", "/day/")
    sweep.visit("own loops", "/day/loops")


def _paper(sweep: Sweep) -> None:
    page = sweep.page
    sweep.visit("paper", "/paper/")
    page.get_by_label("Client 01, session 6").check()
    sweep.send("Make sheets to print", "sheets", after=".sheet-paper")
    sweep.visit("paper code", "/paper/enter")
    sweep.visit("paper code refused", "/paper/enter?code=x")
    sweep.visit("paper typed in", f"/paper/enter?code={PaperForm.objects.get().code}")
    page.locator("#p-1").fill("9")
    sweep.send("Keep this sheet", "paper refused", after="#errors")
