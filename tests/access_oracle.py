# SPDX-License-Identifier: Apache-2.0
"""Who may do and see what, written down once more from the promises, not from the program.

This module imports nothing of the clinic. It is a second reading of the same texts: the modes V0 to
V5, the care team, supervision, emergencies, and what a lead, a researcher and an operator are for.
The tests compare it with the program cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass

ROLES = ("therapist", "supervisor", "lead", "researcher", "operator")
PLACES = (
    "own",  # the therapist of the dyad
    "none",  # of the practice, and nothing else
    "second",  # second therapist on the care team
    "care_lead",  # lead of care on the care team
    "supervisor",  # supervisor on the care team
    "link",  # supervises the therapist, and clients are asked for the supervisor; not shared
    "emergency",  # opened access in an emergency
    "left",  # was second therapist and supervisor until a second ago
    "tomorrow",  # will be supervisor from tomorrow on
    "over",  # opened access in an emergency more than an hour ago
)
ASPECTS = ("score", "answers", "words", "presence")


@dataclass(frozen=True)
class Someone:
    """A login and how it stands to one dyad."""

    role: str
    place: str
    same_practice: bool = True
    active: bool = True


@dataclass(frozen=True)
class Form:
    """A client's form of one session."""

    mode: str
    own_form_in: bool  # the therapist's
    time_has_come: bool  # for a delayed form
    ended: bool  # the care episode
    told_team: bool  # the words on the form named the care team
    for_lead_alone: bool = False  # one answer, by the client's wish


def sees(who: Someone, form: Form, aspect: str) -> bool:  # noqa: PLR0911 -- one line for one person
    """Whether somebody may see one aspect of a client's form (or of one answer with a wish)."""
    if not who.active or not who.same_practice:
        return False
    if form.for_lead_alone:  # goes to the lead only, whatever the mode
        return who.role == "lead" and aspect != "score"
    if is_therapist_of(who):
        return _therapist_sees(form, aspect)
    if supervises_case(who):
        return _supervisor_sees(form)
    if who.role == "supervisor" and who.place == "link":
        return form.mode == "supervisor"  # V3 goes to the supervisor of the therapist
    if on_team(who):  # sees what the therapist sees, where the client was told; never more
        return form.told_team and form.mode != "scores" and _therapist_sees(form, aspect)
    return False  # colleague, lead, researcher, operator, emergency: no answer of anybody


def is_therapist_of(who: Someone) -> bool:
    """Whether somebody is the dyad's own therapist."""
    return who.role == "therapist" and who.place == "own"


def supervises_case(who: Someone) -> bool:
    """Whether the case was shared with this supervisor."""
    return who.role == "supervisor" and who.place == "supervisor"


def on_team(who: Someone) -> bool:
    """Whether somebody is a second therapist or lead of care today; a supervisor is neither."""
    return who.place in ("second", "care_lead") and who.role in ("therapist", "lead")


def _therapist_sees(form: Form, aspect: str) -> bool:
    if not form.own_form_in:  # commit, then reveal
        return False
    if form.mode == "open":
        return True
    if form.mode == "delayed":
        return form.time_has_come
    if form.mode == "scores":
        return aspect in ("score", "presence")
    if form.mode == "end":
        return form.ended
    return False  # supervisor: in general terms only; sealed: nobody


def _supervisor_sees(form: Form) -> bool:
    if form.mode == "supervisor":
        return True  # first, and without waiting for the therapist
    if not form.told_team or not form.own_form_in:
        return False
    return {
        "open": True,
        "delayed": form.time_has_come,
        "scores": True,  # comments go to the supervisor
        "end": form.ended,
    }.get(form.mode, False)


# Acts on a dyad's record, by who may; a name is "role place".
_OWN_THERAPIST = (
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
    "case.share",
)
_OWN_OR_LEAD = ("visibility.choose", "widening.ask", "birth_year.note")
_LEAD_OF_PRACTICE = ("team.change", "readers.view", "visibility.narrow", "break_glass.review")


def may(who: Someone, act: str) -> bool:  # noqa: PLR0911 -- one line for one act
    """Whether somebody may do an act to a dyad's record."""
    if not who.active or not who.same_practice:
        return False
    lead = who.role == "lead" and who.place != "own"
    if act in _OWN_THERAPIST:
        return is_therapist_of(who)
    if act in _OWN_OR_LEAD:
        return is_therapist_of(who) or lead
    if act in _LEAD_OF_PRACTICE:
        return lead
    if act == "case.view":
        return (
            supervises_case(who)
            or on_team(who)
            or (who.role == "supervisor" and who.place == "link")
        )
    if act == "case.question":
        return who.role == "supervisor" and who.place in ("supervisor", "link")
    if act == "break_glass.open":
        return who.role in ("therapist", "supervisor", "lead") and who.place != "own"
    if act == "break_glass.view":
        return who.role in ("therapist", "supervisor", "lead") and who.place == "emergency"
    message = f"the oracle says nothing about {act}"
    raise AssertionError(message)


ACTS = (
    *_OWN_THERAPIST,
    *_OWN_OR_LEAD,
    *_LEAD_OF_PRACTICE,
    "case.view",
    "case.question",
    "break_glass.open",
    "break_glass.view",
)
