# SPDX-License-Identifier: Apache-2.0
"""The look without a page: a few lines for a terminal, and plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from attunement import signals
from attunement.errors import Problem
from attunement.figures import dual_sentence
from attunement.frames import Ratings
from attunement.picture.dyads import DyadView, chart_of, undrawn_words
from attunement.picture.glance import Glance
from attunement.picture.wording import count, shown
from attunement.signals import Archive

PROBLEMS_TOLD = 20


def look_text(name: str, written: str, ratings: Ratings, glance: Glance) -> str:
    """Return the look in a few lines: counts, how the file was read, mistakes.

    Parameters
    ----------
    name, written : str
    ratings : Ratings
    glance : Glance
    """
    how = f" ({written})" if written else ""
    told = (glance.lead(), glance.signal_words(), glance.trend_words(), undrawn_words(ratings))
    lines = [f"{shown(name)}{how}", *(words for words in told if words)]
    known = ratings.scale.best is not None
    best = glance.ceiling_words() if known else f"not known, {glance.ceiling_words()}"
    lines.append(f"At the best possible score: {best}.")
    first = [one for one in ratings.said if one.check]
    lines += ["", "Check this first:"] if first else []
    lines += [f"  {one.text}. Say otherwise with {one.option}." for one in first]
    lines += ["", "How it was read:"]
    for one in (one for one in ratings.said if not one.check):
        guess = " [guessed" + (f"; say otherwise with {one.option}]" if one.option else "]")
        lines.append(f"  {one.topic}: {one.text}.{guess if one.guessed else ''}")
    if ratings.problems:
        lines += ["", f"Mistakes ({count(len(ratings.problems), 'kind')}):"]
        lines += [f"  {problem.text()}" for problem in ratings.problems[:PROBLEMS_TOLD]]
        more = len(ratings.problems) - PROBLEMS_TOLD
        lines += [f"  … and {more} more on the page."] if more > 0 else []
    return "\n".join(shown(line, 2_000) for line in lines)


def look_dict(
    ratings: Ratings,
    glance: Glance,
    views: Sequence[DyadView],
    archives: Mapping[str, Archive],
) -> dict[str, object]:
    """Return everything that the page shows as plain values.

    Parameters
    ----------
    ratings : Ratings
    glance : Glance
    views : sequence of DyadView
    archives : mapping of str to Archive
    """
    scale = ratings.scale
    return {
        "score": ratings.score_name,
        "measure": ratings.measure or None,
        "layout": ratings.layout,
        "scale": {**asdict(scale), "best": scale.best},
        "chairs": [chair or None for chair in ratings.chairs],
        "read": [asdict(one) for one in ratings.said],
        "problems": [_problem(problem) for problem in ratings.problems],
        "glance": {
            **glance.to_dict(),
            "words": [glance.lead(), glance.signal_words(), glance.trend_words()],
        },
        "usual": {chair: asdict(archive) for chair, archive in archives.items()},
        "rules": [
            {
                "id": rule.id,
                "version": rule.version,
                "title": rule.title,
                "question": rule.question,
                "params": dict(rule.params),
                "source": rule.source,
                "verified": rule.verified,
            }
            for rule in (signals.DEFAULT_RULES if archives else ())
        ],
        "dyads": [_dyad(view, ratings, archives) for view in views],
    }


def _problem(problem: Problem) -> dict[str, object]:
    return {**asdict(problem), "rows": list(problem.rows)}


def _dyad(view: DyadView, ratings: Ratings, archives: Mapping[str, Archive]) -> dict[str, object]:
    numbers = view.ratings
    return {
        "dyad": numbers.dyad,
        "sessions": list(numbers.sessions),
        "dates": [day.isoformat() if day else None for day in numbers.dates],
        "scores": {chair or "rating": list(line) for chair, line in numbers.chairs.items()},
        "sentence": dual_sentence(chart_of(view, ratings.scale, archives, ratings.score_name)),
        "rated": view.rated,
        "missing": view.missing,
        "one_chair": view.one_chair,
        "missing_words": list(view.missing_words()),
        "signals": [
            {
                "chair": chair or None,
                "rule": signal.rule_id,
                "version": signal.rule_version,
                "session": signal.session_no,
                "value": signal.value,
                "expected": signal.expected,
                "threshold": signal.threshold,
                "sentence": signal.sentence,
                "question": signal.why.question,
                "inputs": dict(signal.why.inputs),
            }
            for chair, signal in view.signals
        ],
        "chance": [
            {
                "chair": check.chair or None,
                "rule": check.rule_id,
                "judged": check.n_evaluated,
                "not_judged": [
                    {"code": code, "reason": reason, "sessions": list(sessions)}
                    for code, reason, sessions in check.not_judged
                ],
                "trend": check.trend,
                # Of nothing judged nothing can be flagged, by chance or otherwise.
                "per_series": check.chance.per_series if check.n_evaluated else None,
                "per_session": check.chance.per_session if check.n_evaluated else None,
                "simulated": check.chance.n_simulated if check.n_evaluated else None,
                "sentence": check.chance.sentence if check.n_evaluated else None,
            }
            for check in view.checks
        ],
    }
