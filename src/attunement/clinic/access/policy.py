# SPDX-License-Identifier: Apache-2.0
"""Who may do what: one pure function over one table, and everything else is refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorRole(StrEnum):
    """What an actor is. A client's link is an actor too, and a very small one."""

    THERAPIST = "therapist"
    SUPERVISOR = "supervisor"
    LEAD = "lead"
    RESEARCHER = "researcher"
    OPERATOR = "operator"
    CLIENT_LINK = "client_link"
    ANONYMOUS = "anonymous"


class Relation(StrEnum):
    """How an actor stands to a record."""

    OWN = "own"  # the therapist of the dyad; the link of this very assignment
    CARE_TEAM = "care_team"  # today on the dyad's care team, as second therapist or lead of care
    SUPERVISION = "supervision"  # today on the dyad's care team, as its supervisor
    # of the dyad's therapist, where its client was asked for the supervisor; the case not shared
    SUPERVISES_THERAPIST = "supervises_therapist"
    BREAK_GLASS = "break_glass"  # opened the record in an emergency, less than an hour ago
    PRACTICE = "practice"  # the same practice, another person's record
    NAMED = "named"  # an alert: on the rota, a lead, or told of this one
    NONE = "none"  # another practice, or no such record
    SELF = "self"  # not about a record: one's own list, one's own login


class Action(StrEnum):
    """Every act that a route or a service can ask for."""

    CASELOAD_VIEW = "caseload.view"
    DYAD_VIEW = "dyad.view"
    SESSION_START = "session.start"
    SESSION_VIEW = "session.view"
    INVITATION_MAKE = "invitation.make"
    INVITATION_REVOKE = "invitation.revoke"
    INVITATION_OPEN = "invitation.open"
    CLIENT_FORM_VIEW = "client_form.view"
    CLIENT_RESPONSE_RECORD = "client_response.record"
    SEALED_RECEIVE = "sealed.receive"
    SEALED_SHELL_VIEW = "sealed_shell.view"
    HELD_VIEW = "held.view"
    HELD_NOTE = "held.note"
    KIOSK_START = "kiosk.start"
    KIOSK_USE = "kiosk.use"
    KIOSK_LEAVE = "kiosk.leave"
    THERAPIST_FORM_VIEW = "therapist_form.view"
    THERAPIST_RESPONSE_RECORD = "therapist_response.record"
    PICTURE_VIEW = "picture.view"
    SIGNALS_VIEW = "signals.view"
    SIGNAL_VIEW = "signal.view"
    SIGNAL_ANSWER = "signal.answer"
    RUPTURE_NAME = "rupture.name"
    BUDGET_SET = "budget.set"
    RULE_AUDIT_VIEW = "rule_audit.view"
    RULE_TRY = "rule.try"
    RULE_SAVE = "rule.save"
    SCHEDULE_SET = "schedule.set"
    GOALS_VIEW = "goals.view"
    GOALS_SET = "goals.set"
    REMINDERS_SET = "reminders.set"
    REMINDERS_STOP = "reminders.stop"
    PAPER_PRINT = "paper.print"
    PAPER_FIND = "paper.find"
    PAPER_ENTER = "paper.enter"
    CLIENT_MESSAGE_SEND = "client_message.send"
    PRIVATE_MESSAGES_VIEW = "private_messages.view"
    PRIVATE_MESSAGE_TAKE = "private_message.take"
    CLIENT_CHART_VIEW = "client_chart.view"
    CALIBRATION_VIEW = "calibration.view"
    CLIENT_ERASE = "client.erase"
    ALERTS_VIEW = "alerts.view"
    ALERT_VIEW = "alert.view"
    ALERT_ACKNOWLEDGE = "alert.acknowledge"
    ALERT_CLOSE = "alert.close"
    HOME_VIEW = "home.view"
    CASES_SHARED_VIEW = "cases_shared.view"
    CASE_VIEW = "case.view"
    CASE_QUESTION_LEAVE = "case.question"
    CASE_SHARE = "case.share"
    VISIBILITY_CHOOSE = "visibility.choose"
    VISIBILITY_NARROW = "visibility.narrow"
    BIRTH_YEAR_NOTE = "birth_year.note"
    WIDENING_ASK = "widening.ask"
    TEAM_VIEW = "team.view"
    TEAM_CHANGE = "team.change"
    SUPERVISION_CHANGE = "supervision.change"
    LEAD_ANSWERS_VIEW = "lead_answers.view"
    READERS_VIEW = "readers.view"
    BREAK_GLASS_FIND = "break_glass.find"
    BREAK_GLASS_OPEN = "break_glass.open"
    BREAK_GLASS_VIEW = "break_glass.view"
    BREAK_GLASS_LIST = "break_glass.list"
    BREAK_GLASS_REVIEW = "break_glass.review"
    RESEARCH_VIEW = "research.view"
    DAY_VIEW = "day.view"
    BEFORE_VIEW = "before.view"
    INTENT_RECORD = "intent.record"
    TOGETHER_VIEW = "together.view"
    TOGETHER_RECORD = "together.record"
    AFTER_VIEW = "after.view"
    AFTER_RECORD = "after.record"
    LEDGER_VIEW = "ledger.view"
    OWN_LOOPS_VIEW = "own_loops.view"
    LOOPS_COUNT = "loops.count"
    COMPONENTS_VIEW = "components.view"
    HEALTH_VIEW = "health.view"
    LOGIN = "login"
    LOGOUT = "logout"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as far as the policy needs to know."""

    role: ActorRole
    active: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether, and why. The reason is for the audit log, never for a page."""

    allow: bool
    reason: str


_EVERYBODY = frozenset(ActorRole)
_PEOPLE = frozenset({ActorRole.THERAPIST, ActorRole.SUPERVISOR, ActorRole.LEAD, ActorRole.OPERATOR})
_THERAPIST = frozenset({ActorRole.THERAPIST})
_LEAD = frozenset({ActorRole.LEAD})
_NAMEABLE = frozenset({ActorRole.THERAPIST, ActorRole.SUPERVISOR, ActorRole.LEAD})
_LINK = frozenset({ActorRole.CLIENT_LINK})
_SUPERVISOR = frozenset({ActorRole.SUPERVISOR})
_CLINICAL = _THERAPIST | _SUPERVISOR | _LEAD

# (action, relation) -> the roles that may. What is not here is refused.
RULES: dict[tuple[Action, Relation], frozenset[ActorRole]] = {
    (Action.LOGIN, Relation.SELF): _EVERYBODY,
    (Action.LOGOUT, Relation.SELF): _EVERYBODY,
    (Action.HEALTH_VIEW, Relation.SELF): _EVERYBODY,
    (Action.COMPONENTS_VIEW, Relation.SELF): _EVERYBODY,
    (Action.CASELOAD_VIEW, Relation.SELF): _THERAPIST | {ActorRole.LEAD},
    (Action.DYAD_VIEW, Relation.OWN): _THERAPIST,
    (Action.SESSION_START, Relation.OWN): _THERAPIST,
    (Action.SESSION_VIEW, Relation.OWN): _THERAPIST,
    (Action.INVITATION_MAKE, Relation.OWN): _THERAPIST,
    (Action.INVITATION_REVOKE, Relation.OWN): _THERAPIST,
    (Action.THERAPIST_FORM_VIEW, Relation.OWN): _THERAPIST,
    (Action.THERAPIST_RESPONSE_RECORD, Relation.OWN): _THERAPIST,
    (Action.PICTURE_VIEW, Relation.OWN): _THERAPIST,
    (Action.SIGNALS_VIEW, Relation.SELF): _THERAPIST,
    (Action.BUDGET_SET, Relation.SELF): _THERAPIST,
    (Action.SIGNAL_VIEW, Relation.OWN): _THERAPIST,
    (Action.SIGNAL_ANSWER, Relation.OWN): _THERAPIST,
    (Action.RUPTURE_NAME, Relation.OWN): _THERAPIST,
    (Action.DAY_VIEW, Relation.SELF): _THERAPIST,
    (Action.BEFORE_VIEW, Relation.OWN): _THERAPIST,
    (Action.INTENT_RECORD, Relation.OWN): _THERAPIST,
    (Action.TOGETHER_VIEW, Relation.OWN): _THERAPIST,
    (Action.TOGETHER_RECORD, Relation.OWN): _THERAPIST,
    (Action.AFTER_VIEW, Relation.OWN): _THERAPIST,
    (Action.AFTER_RECORD, Relation.OWN): _THERAPIST,
    (Action.LEDGER_VIEW, Relation.OWN): _THERAPIST,
    (Action.OWN_LOOPS_VIEW, Relation.SELF): _THERAPIST,
    # Over ten clients or more, never by therapist.
    (Action.LOOPS_COUNT, Relation.SELF): _LEAD,
    # Counts over ten clients or more, never by therapist: about rules, not about people.
    (Action.RULE_AUDIT_VIEW, Relation.SELF): _LEAD,
    (Action.RULE_TRY, Relation.SELF): _LEAD,
    (Action.RULE_SAVE, Relation.SELF): _LEAD,
    # Answers about risk: the list is empty for whoever is not named; each alert asks once more.
    (Action.ALERTS_VIEW, Relation.SELF): _NAMEABLE,
    (Action.ALERT_VIEW, Relation.NAMED): _NAMEABLE,
    (Action.ALERT_ACKNOWLEDGE, Relation.NAMED): _NAMEABLE,
    (Action.ALERT_CLOSE, Relation.NAMED): _NAMEABLE,
    (Action.INVITATION_OPEN, Relation.SELF): _EVERYBODY,
    # What an envelope may do stands in the ticket inside it; a kiosk holds a token and no login.
    (Action.SEALED_RECEIVE, Relation.SELF): _EVERYBODY,
    (Action.SEALED_SHELL_VIEW, Relation.SELF): _EVERYBODY,
    (Action.KIOSK_USE, Relation.SELF): _EVERYBODY,
    (Action.KIOSK_LEAVE, Relation.SELF): _EVERYBODY,
    (Action.KIOSK_START, Relation.SELF): _PEOPLE,
    (Action.HELD_VIEW, Relation.SELF): _LEAD | {ActorRole.OPERATOR},
    (Action.HELD_NOTE, Relation.SELF): _LEAD | {ActorRole.OPERATOR},
    (Action.CLIENT_FORM_VIEW, Relation.OWN): _LINK,
    (Action.CLIENT_RESPONSE_RECORD, Relation.OWN): _LINK,
    (Action.SCHEDULE_SET, Relation.OWN): _THERAPIST,
    (Action.GOALS_VIEW, Relation.OWN): _THERAPIST,
    (Action.GOALS_SET, Relation.OWN): _THERAPIST,
    (Action.REMINDERS_SET, Relation.OWN): _THERAPIST,
    (Action.REMINDERS_STOP, Relation.SELF): _EVERYBODY,
    # Who types a paper sees its answers: the therapist only with the own form in, or the lead.
    (Action.PAPER_PRINT, Relation.OWN): _THERAPIST,
    (Action.PAPER_PRINT, Relation.PRACTICE): _LEAD,
    (Action.PAPER_FIND, Relation.SELF): _THERAPIST | _LEAD,
    (Action.PAPER_ENTER, Relation.OWN): _THERAPIST,
    (Action.PAPER_ENTER, Relation.PRACTICE): _LEAD,
    (Action.CLIENT_MESSAGE_SEND, Relation.OWN): _LINK,
    (Action.CLIENT_CHART_VIEW, Relation.OWN): _LINK,
    (Action.PRIVATE_MESSAGES_VIEW, Relation.SELF): _LEAD,
    (Action.PRIVATE_MESSAGE_TAKE, Relation.PRACTICE): _LEAD,
    (Action.CALIBRATION_VIEW, Relation.SELF): _THERAPIST,
    (Action.HOME_VIEW, Relation.SELF): _EVERYBODY,
    # A case is opened by a place on its care team, or, for the answers that the client gave to a
    # supervisor, by supervising its therapist. What of it may be seen: access/visibility.py.
    (Action.CASES_SHARED_VIEW, Relation.SELF): _CLINICAL,
    (Action.CASE_VIEW, Relation.CARE_TEAM): _THERAPIST | _LEAD,
    (Action.CASE_VIEW, Relation.SUPERVISION): _SUPERVISOR,
    (Action.CASE_VIEW, Relation.SUPERVISES_THERAPIST): _SUPERVISOR,
    (Action.CASE_QUESTION_LEAVE, Relation.SUPERVISION): _SUPERVISOR,
    (Action.CASE_QUESTION_LEAVE, Relation.SUPERVISES_THERAPIST): _SUPERVISOR,
    (Action.CASE_SHARE, Relation.OWN): _THERAPIST,
    (Action.VISIBILITY_CHOOSE, Relation.OWN): _THERAPIST,
    (Action.VISIBILITY_CHOOSE, Relation.PRACTICE): _LEAD,
    (Action.BIRTH_YEAR_NOTE, Relation.OWN): _THERAPIST,
    (Action.BIRTH_YEAR_NOTE, Relation.PRACTICE): _LEAD,
    (Action.VISIBILITY_NARROW, Relation.OWN): _LINK,
    (Action.VISIBILITY_NARROW, Relation.PRACTICE): _LEAD,
    (Action.WIDENING_ASK, Relation.OWN): _THERAPIST,
    (Action.WIDENING_ASK, Relation.PRACTICE): _LEAD,
    (Action.TEAM_VIEW, Relation.SELF): _LEAD,
    (Action.TEAM_CHANGE, Relation.PRACTICE): _LEAD,
    (Action.SUPERVISION_CHANGE, Relation.SELF): _LEAD,
    (Action.LEAD_ANSWERS_VIEW, Relation.SELF): _LEAD,
    (Action.READERS_VIEW, Relation.PRACTICE): _LEAD,
    (Action.READERS_VIEW, Relation.OWN): _LINK,
    # In an emergency: who works with clients here, for an hour, with a reason, reviewed.
    (Action.BREAK_GLASS_FIND, Relation.SELF): _CLINICAL,
    (Action.BREAK_GLASS_OPEN, Relation.PRACTICE): _CLINICAL,
    (Action.BREAK_GLASS_VIEW, Relation.BREAK_GLASS): _CLINICAL,
    (Action.BREAK_GLASS_LIST, Relation.SELF): _LEAD,
    (Action.BREAK_GLASS_REVIEW, Relation.PRACTICE): _LEAD,
    (Action.RESEARCH_VIEW, Relation.SELF): frozenset({ActorRole.RESEARCHER}),
    (Action.CLIENT_ERASE, Relation.PRACTICE): _LEAD,
}


def may(actor: Actor, action: Action, relation: Relation) -> Decision:
    """Decide whether ``actor`` may do ``action`` to a record it stands in ``relation`` to.

    Parameters
    ----------
    actor : Actor
        Role and whether the login is active.
    action : Action
        The act.
    relation : Relation
        How the actor stands to the record, found by the caller from the database.

    Returns
    -------
    Decision
        ``allow`` is True only where the table says so; the default is no.
    """
    if not actor.active:
        return Decision(allow=False, reason="the login is not active")
    roles = RULES.get((action, relation))
    if roles is None:
        return Decision(allow=False, reason=f"nobody may {action} in relation {relation}")
    if actor.role not in roles:
        return Decision(allow=False, reason=f"{actor.role} may not {action} ({relation})")
    return Decision(allow=True, reason=f"{actor.role} may {action} ({relation})")


def may_in_any(
    actor: Actor, action: Action, relations: frozenset[Relation] | set[Relation]
) -> Decision:
    """Decide for somebody who stands to a record in several ways at once: one that may is enough.

    Without any relation, the answer is that of ``Relation.NONE``.
    """
    refusal = may(actor, action, Relation.NONE)
    for relation in sorted(relations):
        decision = may(actor, action, relation)
        if decision.allow:
            return decision
        refusal = decision
    return refusal
