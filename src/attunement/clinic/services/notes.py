# SPDX-License-Identifier: Apache-2.0
"""Notes beside the chart: thresholds of the alliance check that somebody chose.

How often such a threshold is crossed when nothing is wrong hangs on what nobody has measured for
this form, so it cannot be made to follow from a budget. It therefore asks nothing, takes no place
in a week and is not counted. It is read anew for each page and never stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from attunement.clinic.services.chairs import SessionChairs
from attunement.clinic.services.course import OAC_CLIENT, Course, course_of, keys_of, read_check
from attunement.clinic.services.results import Note, NoteLine
from attunement.signals import OAC_NOTES, Rule, default_archive, null_rate
from attunement.signals.rates import RANGES
from attunement.signals.rules import GAP_OF_CHAIRS, LOW_ITEM, OWN_MEDIAN

_GOES_BY = {
    OWN_MEDIAN.id: (
        "the total lies {points:g} or more below the middle of at least {min_previous:g} earlier "
        "totals"
    ),
    LOW_ITEM.id: "any single answer is {at_most:g} or less",
    GAP_OF_CHAIRS.id: (
        "the two totals lie {points:g} or more apart in {sessions:g} sessions running"
    ),
}


def notes_of(chairs: Sequence[SessionChairs], *, session_no: int | None = None) -> tuple[Note, ...]:
    """Return what stands beside a dyad's chart, or one session's, by rule.

    Parameters
    ----------
    chairs : sequence of SessionChairs
        Every session of the dyad, with what the therapist may see of it.
    session_no : int, optional
        Only notes of this session. A note reads its session and earlier ones alone.
    """
    held = [c for c in chairs if c.session.attended == "attended"]
    lines: dict[str, list[NoteLine]] = defaultdict(list)
    newest: dict[str, Course] = {}
    for key in keys_of(held):
        course = course_of(held, key) if key[0] == OAC_CLIENT else None
        if course is None:
            continue
        for found in read_check(course, OAC_NOTES).signals:
            if session_no in {None, found.session_no}:
                lines[found.rule_id].append(NoteLine(found.session_no, found.sentence))
                newest[found.rule_id] = course
    return tuple(
        Note(
            rule_id=one.id,
            rule_version=one.version,
            title=one.title,
            goes_by=_GOES_BY[one.id].format(**one.params),
            rate=_rate(one, newest[one.id]),
            cannot_tell=one.cannot_tell,
            lines=tuple(sorted(lines[one.id], key=lambda line: -line.session_no)),
        )
        for one in OAC_NOTES
        if one.id in lines
    )


def _rate(one: Rule, course: Course) -> str:
    """Return how often the threshold is crossed when nothing is wrong, as far as it is known."""
    if not one.reads_one_series:
        return RANGES[one.id].sentence
    archive = default_archive(course.series.minimum, course.series.maximum)
    return null_rate(one, like=course.series, archive=archive).sentence
