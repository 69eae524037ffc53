# SPDX-License-Identifier: Apache-2.0
"""The whole file at a glance: counts that anybody can check by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from attunement.frames import Ratings
from attunement.picture.dyads import DyadView
from attunement.picture.wording import CHAIRS, count, share


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
    rows_read, left_out : int
        Rows of the table; ratings that were refused.
    signals, dyads_with_signals : int or None
        None where no rule could be asked.
    by_chance : float or None
        Dyads that would have a signal if nothing were wrong: the sum of the chances.
    chairs : tuple of ChairCount
    """

    dyads: int
    sessions: int
    ratings: int
    missing: int
    one_chair: int | None
    rows_read: int
    left_out: int
    signals: int | None
    dyads_with_signals: int | None
    by_chance: float | None
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
            parts.append(f"{count(self.missing, 'rating is', 'ratings are')} missing.")
        if self.left_out:
            parts.append(
                f"{count(self.left_out, 'rating was', 'ratings were')} left out because of "
                "mistakes."
            )
        return " ".join(parts)

    def signal_words(self) -> str:
        """Return what the rules found, beside what chance alone would bring."""
        if self.signals is None or self.by_chance is None:
            return (
                "No rule was asked, because nobody said which end of the scale is the better one."
            )
        expected = "fewer than 1" if self.by_chance < 1 else f"about {self.by_chance:,.0f}"
        flagged = self.dyads_with_signals or 0
        found = "No session raises a question."
        if self.signals:
            found = (
                f"{count(self.signals, 'session')} of {count(flagged, 'dyad')} "
                f"{'raises' if self.signals == 1 else 'raise'} a question."
            )
        return (
            f"{found} If nothing were wrong in any of them, {expected} of "
            f"{count(self.dyads, 'dyad')} would be flagged by chance."
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
    chance = 0.0
    for view in views:
        quiet = 1.0
        for check in view.checks:
            quiet *= 1.0 - check.chance.per_series
        chance += 1.0 - quiet
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
        left_out=ratings.left_out.height,
        signals=sum(len(view.signals) for view in views) if asked else None,
        dyads_with_signals=len(flagged) if asked else None,
        by_chance=chance if asked else None,
        chairs=tuple(chairs),
    )
