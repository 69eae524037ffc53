# SPDX-License-Identifier: Apache-2.0
"""Three minutes in which two people look at one picture: nothing private is on it, ever.

What is handed to the page holds no name, no code, no comment, no rule and no word of the
therapist's own. The chart has the totals that the therapist may see, the openers are data, and
the words are those that the client said here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from attunement.clinic.access import Action
from attunement.clinic.models import (
    LONGEST_CHANGE,
    AgreedChange,
    Dyad,
    Intent,
    Login,
    LookTogether,
    Session,
    SignalRecord,
)
from attunement.clinic.services.chairs import SessionChairs, chairs_of
from attunement.clinic.services.charting import chart_of
from attunement.clinic.services.forms import config
from attunement.clinic.services.gate import (
    AccessDeniedError,
    act,
    actor_name,
    done,
    require_dyad,
    require_session,
)
from attunement.clinic.services.loop.before import newest_question
from attunement.clinic.services.loop.refusing import refuse, words_within
from attunement.clinic.services.loop.results import Together
from attunement.clinic.services.loop.story import Story, stories
from attunement.clinic.services.loop.words import openers
from attunement.clinic.services.results import Chart
from attunement.clinic.services.revealing import refresh_opened
from attunement.clinic.services.sealing import open_field
from attunement.signals.patterns import Course, Pattern, pattern_of

NOTHING = "nothing at all"  # where nothing was kept before either


def together(actor: Login, dyad_id: str, *, now: datetime) -> Together:
    """Return what two people look at together.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not there or not the actor's: the same for both.
    """
    with act(actor_name(actor), Action.TOGETHER_VIEW, now=now):
        dyad = require_dyad(actor, dyad_id, Action.TOGETHER_VIEW)
        refresh_opened([dyad], now=now)
        chairs = chairs_of(dyad, now=now)
        both = config().both_lines
        chart = _plain(chart_of(chairs, ()), both=both)
        pattern = _pattern(dyad, chairs, chart)
        loops = stories({"dyad": dyad}, now=now)
        about = _about(dyad, chairs, loops)
        story = loops.get(about)
        change = story.change if story is not None else None
        look = story.looks[-1] if story is not None and story.looks else None
        found = Together(
            dyad_id=dyad.pk,
            session_id=about,
            chart=chart,
            both_lines=both and chart is not None,
            pattern=pattern,
            openers=openers().by_pattern[pattern],
            helps=openers().helps,
            agreed="" if change is None else open_field(change, "words"),
            already=() if look is None else tuple(look.helps),
            would_help="" if look is None else open_field(look, "would_help"),
        )
        done(actor.pk, Action.TOGETHER_VIEW, now=now, target=f"dyad:{dyad.pk}")
    return found


def record_together(
    actor: Login,
    dyad_id: str,
    *,
    session_id: str,
    now: datetime,
    helps: Sequence[str] = (),
    would_help: str = "",
    change: str | None = None,
) -> None:
    """Keep that the two looked together, what would help, and one agreed change.

    Parameters
    ----------
    actor : Login
        The dyad's therapist.
    dyad_id, session_id : str
        The dyad, and its session that the conversation was about.
    now : datetime
        Aware.
    helps : sequence of str
        Codes of what would help.
    would_help : str
        The same in the client's words, sealed.
    change : str, optional
        One change in the client's words, sealed; at most 500 characters. Empty takes back the one
        in force; None leaves it as it is.

    Raises
    ------
    AccessError
        E-ACCESS-001 when dyad or session are not there or not the actor's.
    ClinicError
        E-CLINIC-061 for a code that is none, for words that are too long, and for nothing at all
        where nothing was kept before: emptying what was kept takes it back.
    """
    with act(actor_name(actor), Action.TOGETHER_RECORD, now=now):
        dyad = require_dyad(actor, dyad_id, Action.TOGETHER_RECORD)
        session = require_session(actor, session_id, Action.TOGETHER_RECORD)
        if session.dyad_id != dyad.pk:
            raise AccessDeniedError(target=f"session:{session.pk}", reason="not of this dyad")
        known = openers().helps
        codes = [code for code in known if code in set(helps)]
        if len(codes) != len(set(helps)):
            refuse("something that is not on the page", "what is offered there")
        helped, agreed = words_within(would_help, LONGEST_CHANGE), None
        if change is not None:
            agreed = words_within(change, LONGEST_CHANGE)
        Session.objects.select_for_update().get(pk=session.pk)
        story = stories({"dyad": dyad}, now=now).get(session.pk)
        if not (codes or helped or agreed or _kept(story)):
            refuse(NOTHING, "something that would help, or one change")
        pattern = _pattern_now(dyad, now=now)
        if _looked(story, codes, helped):
            LookTogether(
                dyad=dyad,
                session=session,
                pattern=pattern,
                openers_version=openers().version,
                helps=codes,
                would_help=helped,
                recorded_by=actor.pk,
                recorded_at=now,
            ).save()
        written = agreed is not None and _change(dyad, session, story, agreed, by=actor, now=now)
        done(
            actor.pk,
            Action.TOGETHER_RECORD,
            now=now,
            target=f"session:{session.pk}",
            detail={"n_helps": len(codes), "change": written},
        )


def _change(
    dyad: Dyad, session: Session, story: Story | None, words: str, *, by: Login, now: datetime
) -> bool:
    """Write a change down unless it is the one in force; say whether it was written."""
    in_force = story.change if story is not None else None
    kept = "" if in_force is None else open_field(in_force, "words")
    if words == kept:
        return False
    AgreedChange(dyad=dyad, session=session, words=words, recorded_by=by.pk, recorded_at=now).save()
    return True


def _looked(story: Story | None, codes: list[str], helped: str) -> bool:
    """Whether this is a look of its own, and not the same page sent twice."""
    if story is None or not story.looks:
        return True
    newest = story.looks[-1]
    return (list(newest.helps), open_field(newest, "would_help")) != (codes, helped)


def _kept(story: Story | None) -> bool:
    """Whether something stands that an empty page would take back."""
    if story is None:
        return False
    newest = story.looks[-1:]
    looked = any(look.helps or open_field(look, "would_help") for look in newest)
    return looked or story.change is not None


def _about(dyad: Dyad, chairs: Sequence[SessionChairs], loops: dict[str, Story]) -> str:
    """Return the session that the conversation is about.

    One that the therapist means to raise, else the one that asks, else the newest that shows.
    """
    order = {c.session.pk: c.session.session_no for c in chairs}
    to_raise = [
        story.session_id
        for story in loops.values()
        if story.intent is not None and story.intent.intent == Intent.RAISE and not story.looks
    ]
    if to_raise:
        return max(to_raise, key=lambda pk: order.get(pk, 0))
    question = newest_question(dyad)
    if question is not None:
        return question.session_id
    shown = [c for c in chairs if c.client is not None]
    held = shown or [c for c in chairs if c.session.attended == "attended"]
    return held[-1].session.pk if held else ""


def _plain(chart: Chart | None, *, both: bool) -> Chart | None:
    """Return a chart with words that two people in one room use, and no marks of rules."""
    if chart is None:
        return None
    nobody = replace(chart.therapist, values=tuple(None for _ in chart.therapist.values))
    return replace(
        chart,
        title="How our meetings have been",
        client=replace(chart.client, label="you"),
        therapist=replace(
            chart.therapist if both else nobody, label=f"your {config().words.therapist}"
        ),
        marks=(),
    )


def _pattern_now(dyad: Dyad, *, now: datetime) -> Pattern:
    chairs = chairs_of(dyad, now=now)
    return _pattern(dyad, chairs, chart_of(chairs, ()))


def _pattern(dyad: Dyad, chairs: Sequence[SessionChairs], chart: Chart | None) -> Pattern:
    if chart is None:
        return Pattern.STEADY
    newest = next(c.session.pk for c in reversed(chairs) if c.client is not None)
    course = Course(
        client=chart.client.values,
        therapist=chart.therapist.values,
        minimum=chart.minimum,
        maximum=chart.maximum,
        higher_is_better=chart.higher_is_better,
    )
    # A rule that computed something asks about the newest session: a drop, whatever its size.
    computed = SignalRecord.objects.filter(dyad=dyad, session_id=newest, said=False)
    return pattern_of(course, dipped=computed.filter(probability__isnull=False).exists())
