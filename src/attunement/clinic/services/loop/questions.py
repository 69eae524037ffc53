# SPDX-License-Identifier: Apache-2.0
"""What the client's next form asks about a loop: whether it helped, and whether it is put right.

At most one of each on a form. What is asked rests only on what the therapist knows too: whoever
opens a client's link must not learn from its questions what an earlier form said in confidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from attunement.clinic.models import (
    AgreedChange,
    Assignment,
    Dyad,
    FollowUp,
    FollowUpAnswer,
    FollowUpQuestion,
    Moment,
    Perspective,
    Response,
    Session,
)
from attunement.clinic.services.chairs import SessionChairs, chairs_of
from attunement.clinic.services.extras import Extra, Provider
from attunement.clinic.services.forms import config
from attunement.clinic.services.loop.ledger import ruptures_of
from attunement.clinic.services.loop.seen import HELPED, RIGHT
from attunement.clinic.services.loop.story import Story, stories
from attunement.clinic.services.loop.turns import MOST_ASKED, AskedForm, change_to_ask, forms_of
from attunement.clinic.services.sealing import open_field
from attunement.signals.ledger import NAMED_FROM, Rupture

NAME = "loop"
HELPED_WORDS = {
    FollowUpAnswer.YES: "Yes",
    FollowUpAnswer.PARTLY: "Partly",
    FollowUpAnswer.NO: "No",
    FollowUpAnswer.DID_NOT_HAPPEN: "It did not happen",
}
RIGHT_WORDS = {
    FollowUpAnswer.YES: "Yes",
    FollowUpAnswer.PARTLY: "Partly",
    FollowUpAnswer.NO: "Not yet",
    FollowUpAnswer.NOTHING: "Nothing had gone wrong",
}


def questions(assignment: Assignment, *, now: datetime) -> tuple[Extra, ...]:
    """Return what a client's form after a session asks about earlier ones."""
    if assignment.perspective != Perspective.CLIENT or assignment.moment != Moment.AFTER:
        return ()
    about = assignment.session
    dyad = about.dyad
    if not _anything(dyad):
        return ()
    chairs = chairs_of(dyad, now=now)
    loops = stories({"dyad": dyad}, now=now)
    found: list[Extra] = []
    form = AskedForm(about.pk, about.session_no, about.held_on, assignment.made_at)
    change = change_to_ask(loops.values(), forms_of({"dyad": dyad})[dyad.pk], form)
    if change is not None:
        words = open_field(change, "words")
        if words:
            found.append(_helped(change, words))
    rupture = _rupture_to_ask(about, dyad, chairs, loops)
    if rupture is not None:
        found.append(_right(*rupture))
    return tuple(found)


def record(response: Response, given: Mapping[str, str], *, now: datetime) -> None:
    """Write down what the client answered; inside the submission's transaction."""
    dyad = Dyad.objects.get(sessions__pk=response.session_id)
    for extra_id, answer in given.items():
        about: Session | None = None
        change: AgreedChange | None = None
        question = FollowUpQuestion.PUT_RIGHT
        if extra_id.startswith(HELPED):
            key = extra_id.removeprefix(HELPED)
            change = AgreedChange.objects.filter(dyad=dyad, key=key).first()
            about = change.session if change is not None else None
            question = FollowUpQuestion.HELPED
        elif extra_id.startswith(RIGHT):
            about = Session.objects.filter(dyad=dyad, pk=extra_id.removeprefix(RIGHT)).first()
        if about is None:
            continue  # what no form of this dyad asks is kept nowhere
        FollowUp(
            dyad=dyad,
            session=about,
            change=change,
            response=response,
            question=question,
            answer=answer,
            recorded_at=now,
        ).save()


PROVIDER = Provider(name=NAME, questions=questions, record=record)


def _anything(dyad: Dyad) -> bool:
    """Whether there can be anything to ask: most forms have nothing, and pay two queries."""
    return (
        AgreedChange.objects.filter(dyad=dyad).exists()
        or Response.objects.filter(
            session__dyad=dyad,
            perspective=Perspective.CLIENT,
            moment=Moment.AFTER,
            scores__scale="strain",
            scores__value__gte=NAMED_FROM,
        ).exists()
        or dyad.rupture_entries.filter(ask_client=True).exists()
    )


def _rupture_to_ask(
    about: Session,
    dyad: Dyad,
    chairs: Sequence[SessionChairs],
    loops: Mapping[str, Story],
) -> tuple[Rupture, str] | None:
    """Return the newest rupture without the client's word, with its last session's id.

    Only one that the client knows of: the client named it, or the two looked at it together, or
    the therapist chose to ask.
    """
    earlier = [c for c in chairs if c.session.session_no < about.session_no]
    found = [one for one in ruptures_of(dyad, earlier, loops) if one.unconfirmed]
    if not found:
        return None
    newest = found[-1]
    inside = [c for c in earlier if newest.first <= c.session.session_no <= newest.last]
    stories_inside = [loops[c.session.pk] for c in inside if c.session.pk in loops]
    known = newest.by_client or any(
        story.looks or story.changes or (story.entry is not None and story.entry.ask_client)
        for story in stories_inside
    )
    if not known or about.session_no - newest.last > MOST_ASKED:
        return None
    return newest, next(c.session.pk for c in inside if c.session.session_no == newest.last)


def _helped(change: AgreedChange, words: str) -> Extra:
    return Extra(
        id=f"{HELPED}{change.key}",
        kind="choice",
        words="Did that help?",
        options=tuple((answer.value, said) for answer, said in HELPED_WORDS.items()),
        hint=f"You agreed with your {config().words.therapist}: “{words}”",
    )


def _right(rupture: Rupture, session_id: str) -> Extra:
    session = config().words.session
    if rupture.first == rupture.last:
        when = f"in {session} {rupture.first}"
    else:
        when = f"between {config().words.sessions} {rupture.first} and {rupture.last}"
    return Extra(
        id=f"{RIGHT}{session_id}",
        kind="choice",
        words="Has it been put right?",
        options=tuple((answer.value, said) for answer, said in RIGHT_WORDS.items()),
        hint=f"It was about something that felt difficult between you {when}.",
    )
