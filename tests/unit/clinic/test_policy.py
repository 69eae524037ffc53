# SPDX-License-Identifier: Apache-2.0
"""Role × relation × act, against an oracle that was written from the promises, not the table."""

from __future__ import annotations

import itertools

import pytest

from attunement.clinic.access import Action, Actor, ActorRole, Relation, may

CELLS = list(itertools.product(ActorRole, Relation, Action, (True, False)))


def oracle(role: str, relation: str, action: str, *, active: bool) -> bool:  # noqa: C901, PLR0911, PLR0912 -- one line for one promise
    """What docs/explanation/who-sees-what.md says, line by line."""
    if not active:
        return False
    if relation == "self":
        # Anybody may log in or out, try a link, look at the components and the health page.
        if action in ("login", "logout", "invitation.open", "components.view", "health.view"):
            return True
        # A first page for whoever has no list; the pages by which a shared screen or a phone sends.
        if action in (
            "home.view",
            "sealed.receive",
            "sealed_shell.view",
            "kiosk.use",
            "kiosk.leave",
        ):
            return True
        # Who works with clients finds a case that was shared, or a record in an emergency.
        clinical = role in ("therapist", "supervisor", "lead")
        if action in ("cases_shared.view", "break_glass.find"):
            return clinical
        # The link at the end of a reminder stops the reminders, whoever opens it.
        if action == "reminders.stop":
            return True
        # Whoever can be named is told of answers about risk; a device is handed over by staff; what
        # could not be read waits for a lead or an operator.
        if action == "alerts.view":
            return clinical
        if action == "kiosk.start":
            return clinical or role == "operator"
        if action in ("held.view", "held.note"):
            return role in ("lead", "operator")
        # Their own list: therapists their caseload, a lead the practice's without any answer.
        # A therapist's own week of questions and its budget; a lead's counts about rules.
        return action in {
            # A therapist's day and own loops; a lead's count of loops over the practice.
            "therapist": (
                "caseload.view",
                "signals.view",
                "budget.set",
                "day.view",
                "own_loops.view",
                # The own predictions, for the one who made them; sheets of paper to print or type.
                "calibration.view",
                "paper.find",
            ),
            "lead": (
                "caseload.view",
                "rule_audit.view",
                "rule.try",
                "rule.save",
                "loops.count",
                # What clients wrote to the lead alone, and sheets of paper.
                "private_messages.view",
                "paper.find",
                # Who is on whose case, what was answered for the lead alone, emergencies to review.
                "team.view",
                "supervision.change",
                "lead_answers.view",
                "break_glass.list",
            ),
            "researcher": ("research.view",),
        }.get(role, ())
    if relation == "own":
        # A client's link opens and fills its one form, and reads nothing.
        if role == "client_link":
            # It writes to the lead, too, and opens the own chart after a second check.
            return action in (
                "client_form.view",
                "client_response.record",
                "client_message.send",
                "client_chart.view",
                # Its own form may be seen by fewer people, and it may ask who looked.
                "visibility.narrow",
                "readers.view",
            )
        # The therapist of the dyad does everything else that concerns the dyad.
        about_a_dyad = {
            "dyad.view",
            "session.start",
            "session.view",
            "invitation.make",
            "invitation.revoke",
            "therapist_form.view",
            "therapist_response.record",
            "picture.view",
            "signal.view",
            "signal.answer",
            "rupture.name",
            "before.view",
            "intent.record",
            "together.view",
            "together.record",
            "after.view",
            "after.record",
            "ledger.view",
            "goals.view",
            "goals.set",
            "schedule.set",
            "reminders.set",
            "paper.print",
            "paper.enter",
            "case.share",
            "visibility.choose",
            "widening.ask",
            "birth_year.note",
        }
        return role == "therapist" and action in about_a_dyad
    if relation == "practice" and role == "lead":
        # A lead reads what was written to the lead, and prints and types sheets of paper.
        # Chooses who sees the next answers, keeps care teams, reviews emergencies, sees who looked.
        return action in (
            "private_message.take",
            "paper.print",
            "paper.enter",
            "visibility.choose",
            "visibility.narrow",
            "widening.ask",
            "birth_year.note",
            "team.change",
            "readers.view",
            "break_glass.open",
            "break_glass.review",
            "client.erase",
        )
    if relation == "practice" and role in ("therapist", "supervisor"):
        return action == "break_glass.open"
    if relation == "named":
        return role in ("therapist", "supervisor", "lead") and action.startswith("alert.")
    if relation == "care_team":
        return role in ("therapist", "lead") and action == "case.view"
    if relation in ("supervision", "supervises_therapist"):
        return role == "supervisor" and action in ("case.view", "case.question")
    if relation == "break_glass":
        return role in ("therapist", "supervisor", "lead") and action == "break_glass.view"
    # Another person's record, in the same practice or elsewhere: nobody, not even a lead.
    return False


@pytest.mark.parametrize("role", list(ActorRole))
def test_policy_agrees_with_the_oracle_in_every_cell(role: ActorRole) -> None:
    disagreements = [
        (relation, action, active)
        for r, relation, action, active in CELLS
        if r is role
        and may(Actor(role=role, active=active), action, relation).allow
        is not oracle(str(role), str(relation), str(action), active=active)
    ]
    assert disagreements == []


def test_matrix_has_cells_of_both_kinds() -> None:
    allowed = [c for c in CELLS if oracle(str(c[0]), str(c[1]), str(c[2]), active=c[3])]
    assert len(CELLS) == len(ActorRole) * len(Relation) * len(Action) * 2
    assert 30 < len(allowed) < 200


def test_a_decision_gives_a_reason_either_way() -> None:
    yes = may(Actor(role=ActorRole.THERAPIST), Action.DYAD_VIEW, Relation.OWN)
    no = may(Actor(role=ActorRole.LEAD), Action.DYAD_VIEW, Relation.PRACTICE)
    assert yes.allow
    assert not no.allow
    assert yes.reason
    assert no.reason
