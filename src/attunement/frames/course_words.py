# SPDX-License-Identifier: Apache-2.0
"""Expected courses in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from attunement.frames.course_scale import CourseScale
from attunement.frames.ruptures_cells import Floats, Ints
from attunement.signals.change.wording import short
from attunement.signals.course import Courses, Expected, Position, Unjudged

Codes = npt.NDArray[np.int8]

POSITION = {
    Position.NONE: None,
    Position.FAR_BETTER: "far_better",
    Position.AS_EXPECTED: "as_expected",
    Position.WORSE: "worse",
    Position.FAR_WORSE: "far_worse",
    Position.FUNCTIONAL: "functional",
}
REASON = {
    Unjudged.JUDGED: None,
    Unjudged.NO_SCORE: "no_score",
    Unjudged.FIRST_SCORE: "first_score",
    Unjudged.NO_FIRST_SCORE: "no_first_score",
    Unjudged.BEYOND_THE_ARCHIVE: "beyond_the_archive",
    Unjudged.UNLIKE_THE_ARCHIVE: "unlike_the_archive",
}
_MEANS = {
    Position.FAR_BETTER: "far better than expected",
    Position.AS_EXPECTED: "about as expected",
    Position.WORSE: "worse than expected, outside the 68 % limits",
    Position.FAR_WORSE: "far worse than expected, outside the 80 % limits",
    Position.FUNCTIONAL: "in the functional range, whatever was expected",
}
_WHY = {
    Unjudged.NO_SCORE: "there is no score, and missing is not zero",
    Unjudged.FIRST_SCORE: "it is the first score, from which the others are expected",
    Unjudged.NO_FIRST_SCORE: "session 1 has no score, from which anything could be expected",
    Unjudged.BEYOND_THE_ARCHIVE: "the archive has too few people at so late a session",
    Unjudged.UNLIKE_THE_ARCHIVE: "nobody in the archive began like this, or something that was "
    "to be known at the beginning is missing",
}
ONE_OCCASION = (
    "The limits are those of one occasion: over a whole course, many people who do just as "
    "expected are outside them once or more."
)
NOT_KNOWN = (
    "It cannot tell why a score is what it is, nor what will come; a worse score is a question, "
    "not a verdict on anybody's work."
)


def out_of_sample_words(found: Expected, *, archive: bool, left_out: int) -> str:
    """Say from whom the models were learned: never from those whom they judge."""
    sizes = [model.n_people for model in found.models]
    if archive:
        away = f"; {left_out:,} of it who are judged here were left out" if left_out else ""
        return f"Out of sample: learned from an archive of {sizes[0]:,} other people{away}."
    size = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    return (
        f"Out of sample: each person was judged by a model learned from {size} others, one tenth "
        "of the people at a time; nobody by a model that saw them."
    )


def summary_words(
    courses: Courses,
    found: Expected,
    *,
    score: str,
    scale: CourseScale,
    method: str,
    learned: str,
) -> str:
    """Return what was judged, what came of it, and how it was learned."""
    judged = int((found.position != Position.NONE).sum())
    rows = courses.scores.size
    how = "a growth model" if method == "model" else "the people most alike at the beginning"
    counted = (
        f"{rows:,} rows of {courses.n_people:,} people; {judged:,} judged"
        f"{_counts(found.reason, REASON, 'not judged')}."
    )
    lines = [
        f"Expected course of “{score}” by {how} ({scale.better} is better)",
        counted,
    ]
    if judged:
        lines.append(f"Of those judged{_counts(found.position, POSITION, '')}.")
        inner, outer = (
            100 * _inside(courses, found, limits) for limits in (found.inner, found.outer)
        )
        lines.append(
            f"Inside the 68 % limits lie {inner:.0f} %, inside the 80 % limits {outer:.0f} %: the "
            "closer to 68 and 80, the better the limits fit these people."
        )
    return "\n".join((*lines, learned, ONE_OCCASION))


def _counts(codes: Codes, words: Mapping[Any, str | None], lead: str) -> str:
    parts = [
        f"{int((codes == code).sum()):,} {str(word).replace('_', ' ')}"
        for code, word in words.items()
        if word is not None and (codes == code).any()
    ]
    if not parts:
        return ""
    return f"; {lead}: {', '.join(parts)}" if lead else f": {', '.join(parts)}"


def _inside(courses: Courses, found: Expected, limits: Floats) -> float:
    there = found.position != Position.NONE
    scores = courses.scores[there]
    return float(((scores >= limits[there, 0]) & (scores <= limits[there, 1])).mean())


def row_words(
    who: object,
    at: int,
    *,
    courses: Courses,
    found: Expected,
    functional: float | None,
    method: str,
    learned: str,
) -> str:
    """Return one row's place beside what was expected, with what that rests on."""
    place = f"{who}, session {int(courses.sessions[at])}"
    reason = Unjudged(int(found.reason[at]))
    if reason is not Unjudged.JUDGED:
        return f"{place}: not judged, because {_WHY[reason]}."
    model = found.models[int(found.fold[at])]
    position = Position(int(found.position[at]))
    low68, high68 = (short(float(end)) for end in found.inner[at])
    low80, high80 = (short(float(end)) for end in found.outer[at])
    alike = "people who began alike" if method == "model" else "the people most alike"
    beside = (
        f"Score {short(float(courses.scores[at]))}; {alike} had {short(float(found.mean[at]))} "
        f"here (SD {short(float(found.sd[at]))}): 68 % of them between {low68} and {high68}, "
        f"80 % between {low80} and {high80}."
    )
    parts = [
        f"{place}: {_MEANS[position]}.",
        beside,
    ]
    if functional is not None:
        parts.append(f"The functional range begins at {short(functional)}.")
    parts.append(f"Model version {model.version}, {model.n_scores:,} scores.")
    return " ".join((*parts, learned, NOT_KNOWN))


def plot_sentence(who: object, positions: Codes, sessions: Ints) -> str:
    """Say in one sentence where a person's scores lie beside the band."""
    judged = int((positions != Position.NONE).sum())
    if not judged:
        return f"{who}: no score could be judged; the area would show where 80 % of people were."
    worse = sessions[positions == Position.FAR_WORSE]
    better = int((positions == Position.FAR_BETTER).sum()) or "none"
    scores = "score" if judged == 1 else "scores"
    listed = ", ".join(str(int(one)) for one in worse)
    said = (
        f"{worse.size} far worse (session{'s' if worse.size > 1 else ''} {listed})"
        if worse.size
        else "none far worse"
    )
    return (
        f"{who}: of {judged} judged {scores} {said}, {better} far better; "
        "the area is where 80 % of people who began alike were."
    )
