# SPDX-License-Identifier: Apache-2.0
"""Every page of leads, supervisors, researchers and operators, empty and full."""

from __future__ import annotations

from django.utils import timezone
from tests.clinic_world import LOW, WORDS, World, add_dyad
from tests.e2e.sweep import Sweep

from attunement.clinic.access.visibility import Visibility, Wish
from attunement.clinic.models import (
    AnswerWish,
    HeldDelivery,
    HeldReason,
    Login,
    Perspective,
    Response,
)
from attunement.clinic.services.break_glass import break_glass
from attunement.clinic.services.promises import choose_visibility
from attunement.clinic.services.team import add_member, link_supervisor

ROUTES = frozenset(
    {
        "caseload", "rules", "rules-tune", "rules-save", "erase", "erase-sure", "erase-now",
        "private-messages", "held", "teams", "cases", "case", "case-question", "readers",
        "lead-answers", "emergency-ask", "emergency", "emergencies", "research", "operator",
        "visibility",
    }
)  # fmt: skip
REASON = "A synthetic emergency, told by phone"


def walk(sweep: Sweep, clinic: World) -> None:
    """Walk as each of them, before anything happened and after it."""
    people = {
        role: Login.objects.create_user(f"synthetic-{role}", practice=clinic.practice, role=role)
        for role in ("lead", "supervisor", "researcher", "operator")
    }
    _empty(sweep, people)
    _supervisor(sweep, clinic, people)
    sweep.enter(people["lead"])
    _team(sweep, clinic, people["lead"])
    _rules(sweep, clinic)
    _erasure(sweep, clinic)


def _empty(sweep: Sweep, people: dict[str, Login]) -> None:
    for role in ("researcher", "operator", "supervisor"):
        sweep.enter(people[role])
        sweep.visit(role, "/")
    sweep.enter(people["lead"])
    for address in (
        "", "rules/", "rules/tune", "held/", "team/", "team/messages", "team/answers/",
        "team/emergencies/",
    ):  # fmt: skip
        sweep.visit(f"nothing yet: {address}", f"/{address}")


def _supervisor(sweep: Sweep, clinic: World, people: dict[str, Login]) -> None:
    page, dyad, now = sweep.page, clinic.dyad, timezone.now()
    lead, supervisor = people["lead"], people["supervisor"]
    link_supervisor(lead, supervisor_id=supervisor.pk, therapist_id=clinic.therapist.pk, now=now)
    clinic.rated()
    choose_visibility(clinic.login, dyad.pk, visibility=Visibility.SUPERVISOR, now=now)
    hidden = clinic.start()
    clinic.client_answers(hidden, LOW, WORDS)
    clinic.therapist_answers(hidden)
    sweep.enter(supervisor)
    sweep.visit("cases", "/team/cases/")
    add_member(lead, dyad.pk, login_id=supervisor.pk, place="supervisor", now=now)
    sweep.visit("case", f"/team/cases/{dyad.pk}/")
    sweep.send("Leave this question", "question refused", after="#errors")
    page.goto("/team/emergency")
    sweep.send("Open for one hour", "emergency refused", after="#errors")
    page.get_by_label("Code of the").fill(dyad.client.code)
    page.get_by_label("Why, now").fill(REASON)
    sweep.send("Open for one hour", "emergency", after="text=Emergency access until")


def _team(sweep: Sweep, clinic: World, lead: Login) -> None:
    page, dyad, now = sweep.page, clinic.dyad, timezone.now()
    AnswerWish(
        response=Response.objects.filter(perspective=Perspective.CLIENT).first(),
        item="3",
        wish=Wish.LEAD_ONLY,
    ).save()
    break_glass(lead, dyad.pk, reason=REASON, now=now)
    HeldDelivery.objects.create(
        submission_id="x", key_id="x", envelope_sha256="0" * 64, envelope="{}",
        reason=HeldReason.UNREADABLE, address_sha256="0" * 64, first_at=now, last_at=now,
    )  # fmt: skip
    for address in (
        "team/", "team/answers/", "team/emergencies/", f"team/clients/{dyad.pk}/readers",
        f"clients/{dyad.pk}/visibility", "held/",
    ):  # fmt: skip
        sweep.visit(address.replace(dyad.pk, "…"), f"/{address}")
    sweep.send("I have noticed", "held, noticed")
    page.goto("/team/emergencies/")
    page.get_by_label("What you found").fill("In order")
    sweep.send("Close the review", "reviewed", after="#closed-title")


def _rules(sweep: Sweep, clinic: World) -> None:
    page = sweep.page
    for index in range(2, 11):
        dyad = add_dyad(clinic.practice, clinic.therapist, f"Client {index:02d}")
        clinic.rated(dyad, answers=LOW, days_ago=7)
        clinic.rated(dyad, answers=LOW)
    sweep.visit("clients of the practice", "/")
    sweep.visit("rules", "/rules/")
    sweep.visit("tried", "/rules/tune?null_rate=0.5")
    page.locator("#note").evaluate("(e) => { e.removeAttribute('maxlength'); }")
    page.locator("#note").fill("x" * 1001)
    sweep.send("Save this threshold", "save refused", after="#errors")
    page.locator("#note").fill("Synthetic note")
    sweep.send("Save this threshold", "saved", after="text=Synthetic note")


def _erasure(sweep: Sweep, clinic: World) -> None:
    page = sweep.page
    sweep.visit("erase", "/team/erase")
    sweep.send("Go on", "erase refused", after="#errors")
    page.get_by_label("Code", exact=True).fill(clinic.dyad.client.code)
    page.get_by_label("The person asked for it").check()
    sweep.send("Go on", "erase for good?", after="#again")
    sweep.send("Erase for good", "another code", after="#again-error")
