# SPDX-License-Identifier: Apache-2.0
"""The one plain sentence under a dual chart: what was rated last, how it changed, how far apart."""

from __future__ import annotations

from attunement.figures.data import DualChart, Line
from attunement.figures.markup import number, tick

# Labels that are a role and read better with an article.
_ROLES = frozenset(
    {"client", "therapist", "patient", "counsellor", "counselor", "coach", "coachee", "nurse"}
    | {"caseworker", "caregiver", "observer", "supervisor", "service user", "young person"}
)
_SAME_SHARE = 0.05  # two ratings closer than this share of the scale count as about the same


def dual_sentence(chart: DualChart) -> str:
    """Say in plain words what the chart shows, without judging anybody.

    The last rating and how it compares with the one before (measured against the usual change,
    where that is known), then how far apart the two chairs are. Differences are those of the
    rounded numbers on the page, so that a reader can check them.
    """
    if not chart.client_scores and not chart.therapist_scores:
        return "There are no ratings yet."
    if not chart.client_scores:
        return f"{_last(chart, chart.therapist, chart.therapist_scores)} {_only(chart)}".strip()
    text = _last(chart, chart.client, chart.client_scores)
    if chart.therapist is None:
        return text
    if not chart.therapist_scores:
        return f"{text} {_only(chart)}".strip()
    return f"{text} {_between(chart)}"


def _name(line: Line | None) -> str:
    """Name a chair inside a sentence."""
    label = " ".join(line.label.split()) if line is not None else ""
    if not label:
        return "this person"
    if label.casefold() == "you":
        return "you"
    return f"the {label.lower()}" if label.casefold() in _ROLES else label


def _rated(line: Line | None) -> str:
    """Say who rated; where nobody said whose line it is, only that there was a rating."""
    return f"{_name(line)} rated" if line is not None and line.label.strip() else "the rating was"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _last(chart: DualChart, line: Line | None, scores: dict[int, float]) -> str:
    """Say the last rating of one chair and how it changed."""
    sessions = list(scores)
    now = sessions[-1]
    value = scores[now]
    said = number(value, chart.places)
    end = ""
    if chart.is_best(value):
        end = ", the highest possible" if chart.higher_is_better else ", the lowest possible"
    where = "where ratings here lie between" if chart.observed else "on a scale from"
    join = "and" if chart.observed else "to"
    text = (
        f"In session {now} {_rated(line)} {said} {where} "
        f"{tick(chart.minimum)} {join} {tick(chart.maximum)}{end}"
    )
    if len(sessions) == 1:
        return f"{text}; with one rating there is nothing to compare it with yet."
    before = sessions[-2]
    change = round(value, chart.places) - round(scores[before], chart.places)
    size = number(abs(change), chart.places)
    if float(size) == 0:
        return f"{text}; that is the same as in session {before}."
    way = "higher" if change > 0 else "lower"
    better = " (on this form, lower is better)" if chart.higher_is_better is False else ""
    return f"{text}; that is {size} {way} than in session {before}{better}{_usual(chart, change)}."


def _usual(chart: DualChart, change: float) -> str:
    """Compare a change with the usual change between two sessions."""
    if chart.noise is None or chart.noise <= 0:
        return ""
    if abs(change) <= chart.noise:
        return ", an ordinary up or down"
    if abs(change) <= 2.0 * chart.noise:
        return ", a little more than the ordinary up and down"
    return ", clearly more than the ordinary up and down"


def _between(chart: DualChart) -> str:
    """Say how far apart the two chairs are in the last session that both rated."""
    now = next(reversed(chart.client_scores))
    both = [session for session in chart.client_scores if session in chart.therapist_scores]
    other = _first_upper(_name(chart.therapist))
    if not both:
        return "So far there is no session that both have rated."
    last = both[-1]
    theirs = round(chart.therapist_scores[last], chart.places)
    gap = theirs - round(chart.client_scores[last], chart.places)
    size = number(abs(gap), chart.places)
    near = _SAME_SHARE * (chart.maximum - chart.minimum)
    if float(size) == 0:
        apart = "gave the same rating"
    elif abs(gap) <= near:
        apart = f"rated about the same ({number(theirs, chart.places)})"
    else:
        apart = f"rated {size} {'higher' if gap > 0 else 'lower'}"
    when = "the same session" if last == now else f"session {last}, the last one that both rated,"
    if float(size) == 0:
        return f"{other} {apart} for {when.rstrip(',')}."
    return f"For {when} {_name(chart.therapist)} {apart}."


def _only(chart: DualChart) -> str:
    """Say which chair has not rated yet, where one was expected."""
    missing = chart.therapist if chart.client_scores else chart.client
    if missing is None:
        return ""
    return f"There is no rating by {_name(missing)} yet."
