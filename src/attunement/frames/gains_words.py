# SPDX-License-Identifier: Apache-2.0
"""Sudden gains of many persons in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from attunement.errors import Problem
from attunement.frames.direction import wrong_way as moved_wrong
from attunement.frames.ratings_scale import ScoreScale
from attunement.signals.gains import Gains, rule_words
from attunement.signals.gains.wording import number

RETROSPECTIVE = (
    "Looking back: a verdict needs up to two sessions after the interval, so it is no warning."
)
VACUOUS = (
    "Criterion 2 was computed as before − after ≤ share · before, which holds for every loss: "
    "it decided nothing."
)


def summary_words(
    found: Gains, scale: ScoreScale, score_name: str, problems: Sequence[Problem]
) -> str:
    """Return a summary of a few lines."""
    options = found.options
    n, kind = int(found.rows.size), options.kind
    judged = int(found.n_analysable.sum())
    left = found.grid.n_persons - found.n_persons
    better = "lower" if options.lower_is_better else "higher"
    share = _percent(found.n_with, found.n_persons)
    persons = _counted(found.n_with, "person")
    kinds = "losses" if options.losses else "gains"
    lines = [
        f"Sudden {kinds} in “{score_name}” ({better} is better)",
        rule_words(options),
        f"Found {_counted(n, kind)} in {persons} of {found.n_persons:,}{share}."
        if judged
        else f"No interval could be judged, so nothing is known about sudden {kinds} here.",
    ]
    if n:
        lines += _size_lines(found)
    lines.append(
        f"Intervals: {found.n_intervals:,} in all, {found.n_testable:,} with a session before and "
        f"after, {judged:,} judged, {found.n_testable - judged:,} not judged for want of scores."
    )
    if left:
        lines.append(f"Left out by the choice of cases: {_counted(left, 'person')}.")
    if options.relative == "vacuous_loss":
        lines.append(VACUOUS)
    doubtful = not options.lower_is_better or (scale.source == "observed" and scale.minimum > 0)
    if doubtful and options.relative == "percent" and options.uses(2):
        lines.append(
            "Criterion 2 takes a share of the score itself, which means something only if 0 stands "
            "for “none”; for another scale say relative='pomp' with the scale."
        )
    lines.append(RETROSPECTIVE)
    lines += [f"Note: {problem.text()}" for problem in problems]
    return "\n".join(lines)


def _size_lines(found: Gains) -> list[str]:
    n, magnitudes = int(found.rows.size), found.magnitude
    spread = f" (SD {magnitudes.std(ddof=1):.2f})" if n > 1 else ""
    counts = found.count_by_person()
    several = int(counts[counts > 1].sum())
    back = int((found.reversed == 1).sum())
    unknown = int((found.reversed < 0).sum())
    later = f"; not known for {unknown}" if unknown else ""
    smallest, largest = number(float(magnitudes.min())), number(float(magnitudes.max()))
    mean = f"{magnitudes.mean():.2f} points on average{spread}"
    return [
        f"Magnitude: {mean}, from {smallest} to {largest}.",
        f"Half of it or more was lost again later: {back} of {n}{_percent(back, n)}{later}.",
        f"From persons with more than one: {several} of {n}{_percent(several, n)}.",
    ]


def _counted(n: int, noun: str) -> str:
    plural = {"loss": "losses"}.get(noun, f"{noun}s")
    return f"{n:,} {noun if n == 1 else plural}"


def _percent(part: int, whole: int) -> str:
    return f" ({100 * part / whole:.2f} %)" if whole else ""


def place_words(label: tuple[Any, ...], session: int, after: int) -> str:
    """Return whose interval it is, and where."""
    who = ", ".join(str(part) for part in label)
    return f"{who}, session {session} to {after}."


def gain_words(found: Gains, at: int) -> str:
    """Return what became of a gain."""
    kind = found.options.kind
    limit = number(float(found.reversal_limit[at]))
    session = int(found.reversal_session[at])
    if session >= 0:
        return f"It was reversed: in session {session} the score was beyond {limit}, half way back."
    if session == -1:
        return f"No later score went beyond {limit}, half way back: the {kind} was kept."
    return f"Whether it was kept is not known: no score follows. (Half way back is {limit}.)"


def wrong_way(found: Gains) -> float:
    """Return how far scores move for the worse from first to last, in standard deviations.

    0 unless the mean change is for the worse by more than two standard errors.
    """
    grid = found.grid
    full = np.diff(grid.starts) > 1
    first, last = grid.values[grid.starts[:-1][full]], grid.values[grid.starts[1:][full] - 1]
    return moved_wrong(first, last, lower=found.options.lower_is_better)
