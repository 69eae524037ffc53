# SPDX-License-Identifier: Apache-2.0
"""Plain sentences for signals, and for why there is none."""

from __future__ import annotations

from attunement.signals.detectors import Reason
from attunement.signals.points import points_in_words
from attunement.signals.rules import Rule
from attunement.signals.series import Series

_WIDE = 20.0
_NARROW = 2.0
_RECURSIONS = {"cusum", "ewma"}
_AT_THE_LIMIT = {"previous_session", "own_median", "drop"}


def number(value: float, span: float) -> str:
    """Write a score with as many decimals as its scale deserves, without trailing zeros."""
    decimals = 0 if span > _WIDE and value == round(value) else 1 if span > _NARROW else 2
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def count(n: int, one: str) -> str:
    """Write a count with its noun: "1 rating", "6 ratings"."""
    return f"{n} {one}" if n == 1 else f"{n} {one}s"


def not_evaluable(reason: Reason, rule: Rule, series: Series, n_used: int) -> str:
    """Say why a session was not judged by a rule."""
    if reason is Reason.NO_FORM:
        return "There is no score for this session. That is no sign of anything by itself."
    if reason is Reason.TOO_FEW_SCORES:
        needed = round(rule.params.get("min_previous", rule.params.get("baseline", 1))) or 1
        return (
            f"Too early to say: the rule needs {count(needed, 'earlier score')} "
            f"and there {'is' if n_used == 1 else 'are'} {n_used or 'none'}."
        )
    if reason is Reason.AT_THE_END_OF_THE_SCALE:
        end = "highest" if series.higher_is_better else "lowest"
        share = round(100 * rule.params["max_best_share"])
        return (
            f"More than {share} % of the earlier scores are the {end} possible, so this rule "
            "cannot tell a dip from chance. Look at single answers and at the therapist's rating."
        )
    if reason is Reason.GAP:
        return "The score before lies too many sessions back to compare with."
    return "Neither the archive nor the step of the scale says how large the usual noise is."


def signal_sentence(
    rule: Rule, series: Series, *, session: int, value: float, expected: float, limit: float, n: int
) -> str:
    """Say in one plain sentence what was seen against what was to be expected."""
    span = series.maximum - series.minimum
    side = "below" if series.higher_is_better else "above"
    said, usual, edge = (number(x, span) for x in (value, expected, limit))
    if rule.detector == "shrunken_baseline":
        return (
            f"In session {session} the rating was {said}; after {count(n, 'earlier rating')} "
            f"about {usual} was to be expected, and a rating {side} {edge} is unusual."
        )
    worse = "fell" if series.higher_is_better else "rose"
    if rule.detector == "previous_session":
        return (
            f"In session {session} the rating {worse} from {usual} to {said}, more than it "
            "usually changes from one session to the next."
        )
    if rule.detector == "own_median":
        return (
            f"In session {session} the rating was {said}, {side} the middle ({usual}) of the "
            f"{count(n, 'earlier rating')} by "
            f"{points_in_words(number(abs(value - expected), span))}."
        )
    if rule.detector == "change_point":
        return (
            f"By session {session} a change for the worse lately is more probable than this rule "
            f"lets pass: the rating was {said}, where about {usual} was to be expected."
        )
    asked = threshold_in_words(rule, series, value=value, limit=limit)
    after = " after the sessions before it" if rule.detector in _RECURSIONS else ""
    return (
        f"In session {session} the rating was {said}, compared with {usual}; this rule asks "
        f"about {asked}{after}."
    )


def threshold_in_words(rule: Rule, series: Series, *, value: float, limit: float) -> str:
    """Say when the rule flags, as a score; for a change point, as a probability."""
    if rule.detector == "change_point":
        share = round(100 * rule.params["probability"])
        return f"a probability of {share} % or more of a change for the worse lately"
    worse = value <= limit if series.higher_is_better else value >= limit
    side = "below" if worse == series.higher_is_better else "above"
    at = "at or " if rule.detector in _AT_THE_LIMIT else ""
    return f"a score {at}{side} {number(limit, series.maximum - series.minimum)}"
