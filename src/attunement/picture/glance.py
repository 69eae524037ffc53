# SPDX-License-Identifier: Apache-2.0
"""The whole file at a glance: counts that anybody can check by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from attunement import signals
from attunement.errors import Problem
from attunement.frames import Ratings
from attunement.picture.dyads import DyadView
from attunement.picture.wording import CHAIRS, count, share

UNUSUAL = 1.96  # 5 in 100 stable lines move as clearly in one direction or the other
FEWEST_LINES = 5
REPEATED_HEADER = "E-TABLE-013"
ROW_CODES = frozenset({"E-TABLE-010", "E-TABLE-011", "E-TABLE-012", "E-TABLE-015", REPEATED_HEADER})
WHY_NOT = {
    "too_few_scores": "with too few ratings before to compare with",
    "at_the_end_of_the_scale": "after ratings that are too often the best possible",
    "gap": "too long after the one before",
    "no_spread": "where nothing says how large the usual noise is",
}


@dataclass(frozen=True, slots=True)
class ChairCount:
    """Ratings of one chair: how many, and how many at the best possible score (None: unknown)."""

    chair: str
    ratings: int
    at_best: int | None


@dataclass(frozen=True, slots=True)
class Glance:
    """Counts of a whole file.

    Attributes
    ----------
    dyads, sessions, ratings, missing : int
        ``sessions`` have at least one score; ``missing`` are scores that are not there.
    one_chair : int or None
        Sessions rated from one chair only; None where the file has only one chair.
    rows_read, rows_left_out, left_out : int
        Rows of the table; those that could not be read as rows at all; and these together with
        the ratings that were refused.
    rows_unread : int
        Of the rows left out, those that may hold a rating (a repeated header does not).
    judged, not_judged : int or None
        Ratings that a rule could judge, and could not; None where no rule could be asked.
    not_judged_why : dict of str to int
        For each code of a reason how many.
    signals, dyads_with_signals : int or None
        None where no rule could be asked.
    by_chance : float or None
        Dyads that would have a signal if nothing were wrong: the sum of the chances of those that
        could be judged; None where none could.
    dyads_judged : int or None
        Dyads with a rating that could be judged.
    lines, rising, falling : int
        Lines of five ratings or more, and how many of them rise or fall more clearly than 5 in
        100 stable ones do.
    chairs : tuple of ChairCount
    """

    dyads: int
    sessions: int
    ratings: int
    missing: int
    one_chair: int | None
    rows_read: int
    rows_left_out: int
    rows_unread: int
    left_out: int
    judged: int | None
    not_judged: int | None
    not_judged_why: Mapping[str, int]
    signals: int | None
    dyads_with_signals: int | None
    dyads_judged: int | None
    by_chance: float | None
    lines: int
    rising: int
    falling: int
    chairs: tuple[ChairCount, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the counts as plain values."""
        return asdict(self)

    def lead(self) -> str:
        """Return the counts in a few sentences."""
        first = f"{count(self.dyads, 'dyad')} with {count(self.ratings, 'rating')} from "
        parts = [first + f"{count(self.sessions, 'session')}."]
        if self.one_chair is None:
            parts.append("The file holds one chair only.")
        elif self.one_chair:
            parts.append(
                f"In {count(self.one_chair, 'session')} ({share(self.one_chair, self.sessions)}) "
                "only one of the two chairs rated."
            )
        else:
            parts.append("Every session was rated from both chairs.")
        if self.missing:
            perhaps = (
                f" or may stand in {count(self.rows_unread, 'row')} that could not be read"
                if self.rows_unread
                else ""
            )
            parts.append(f"{count(self.missing, 'rating is', 'ratings are')} missing{perhaps}.")
        if self.left_out:
            parts.append(f"{self._left_out()} left out because of mistakes.")
        return " ".join(parts)

    def _left_out(self) -> str:
        refused = self.left_out - self.rows_left_out
        told = [count(self.rows_left_out, "row")] if self.rows_left_out else []
        told += [count(refused, "rating")] if refused else []
        return f"{' and '.join(told)} {'was' if self.left_out == 1 else 'were'}"

    def signal_words(self) -> str:
        """Return what was judged, what the rules found, and what chance alone would bring."""
        if self.signals is None or self.judged is None:
            return (
                "No rule was asked, because nobody said which end of the scale is the better one."
            )
        if self.by_chance is None:
            return (
                f"No rating could be judged: {self._why_not()}. That is not the same as nothing "
                "found."
            )
        expected = "fewer than 1" if self.by_chance < 1 else f"about {self.by_chance:,.0f}"
        flagged = self.dyads_with_signals or 0
        judged = f"{count(self.judged, 'rating was', 'ratings were')} judged"
        if self.not_judged:
            judged += f", {self.not_judged:,} could not be ({self._why_not()})"
        found = "None of those judged raises a question."
        if self.signals:
            found = (
                f"{count(self.signals, 'session')} of {count(flagged, 'dyad')} "
                f"{'raises' if self.signals == 1 else 'raise'} a question."
            )
        return (
            f"{judged}. {found} If nothing were wrong in any of them, {expected} of "
            f"{count(self.dyads_judged or 0, 'dyad')} judged would be flagged by chance."
        )

    def _why_not(self) -> str:
        return ", ".join(
            f"{n:,} {WHY_NOT.get(code, code)}" for code, n in self.not_judged_why.items()
        )

    def trend_words(self) -> str:
        """Say that most lines move in one direction, "" where they do not."""
        most = max(self.rising, self.falling)
        if self.lines < FEWEST_LINES or most <= self.lines / 2:
            return ""
        way = "rise" if self.rising > self.falling else "fall"
        return (
            f"Most series here move in one direction: {most:,} of {self.lines:,} {way}. The rule "
            "compares each rating with the level of the ones before and not with the way they are "
            "going, so a setback on a good way, and a slow worsening, may raise no question."
        )

    def ceiling_words(self) -> str:
        """Return how many ratings are the best possible, per chair."""
        if any(chair.at_best is None for chair in self.chairs):
            return "the range or the direction was not named"
        return ", ".join(
            f"{CHAIRS[chair.chair] + ' ' if chair.chair else ''}{chair.at_best:,} of "
            f"{chair.ratings:,} ({share(chair.at_best or 0, chair.ratings)})"
            for chair in self.chairs
        )


def unread_rows(problems: Sequence[Problem]) -> tuple[int, int]:
    """Return how many rows could not be read, and how many of them may hold a rating."""
    rows = [one for one in problems if one.refused and one.code in ROW_CODES]
    every = sum(one.count for one in rows)
    return every, every - sum(one.count for one in rows if one.code == REPEATED_HEADER)


def take_glance(ratings: Ratings, views: Sequence[DyadView]) -> Glance:
    """Return the counts of a whole file.

    Parameters
    ----------
    ratings : Ratings
        What was read.
    views : sequence of DyadView
        Every dyad.

    Returns
    -------
    Glance
    """
    asked = ratings.scale.higher_is_better is not None
    flagged = [view for view in views if view.signals]
    checks = [check for view in views for check in view.checks]
    why = Counter[str]()
    for check in checks:
        for code, _, sessions in check.not_judged:
            why[code] += len(sessions)
    dyads_judged = sum(view.judged > 0 for view in views)
    chance = 0.0
    for view in views:
        quiet = 1.0
        for check in view.checks:
            quiet *= 1.0 - (check.chance.per_series if check.n_evaluated else 0.0)
        chance += 1.0 - quiet
    # A line is counted once, however many rules are asked about it.
    trends = [
        check.trend
        for check in checks
        if check.rule_id == signals.DEFAULT_RULES[0].id and check.trend is not None
    ]
    rows_left_out, rows_unread = unread_rows(ratings.problems)
    best = ratings.scale.best
    chairs = []
    for chair in ratings.chairs:
        scores = ratings.frame.filter(ratings.frame["perspective"] == chair)["score"].drop_nulls()
        at_best = None if best is None else int((scores == best).sum())
        chairs.append(ChairCount(chair, len(scores), at_best))
    return Glance(
        dyads=len(views),
        sessions=sum(view.rated for view in views),
        ratings=sum(chair.ratings for chair in chairs),
        missing=sum(view.missing for view in views),
        one_chair=sum(view.one_chair for view in views) if len(ratings.chairs) > 1 else None,
        rows_read=ratings.rows_read,
        rows_left_out=rows_left_out,
        rows_unread=rows_unread,
        left_out=ratings.left_out.height + rows_left_out,
        judged=sum(check.n_evaluated for check in checks) if asked else None,
        not_judged=sum(why.values()) if asked else None,
        not_judged_why=dict(why),
        signals=sum(len(view.signals) for view in views) if asked else None,
        dyads_with_signals=len(flagged) if asked else None,
        dyads_judged=dyads_judged if asked else None,
        by_chance=chance if asked and dyads_judged else None,
        lines=len(trends),
        rising=sum(trend >= UNUSUAL for trend in trends),
        falling=sum(trend <= -UNUSUAL for trend in trends),
        chairs=tuple(chairs),
    )
