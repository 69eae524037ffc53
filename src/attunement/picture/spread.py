# SPDX-License-Identifier: Apache-2.0
"""How the ratings of a whole file are spread: one picture, one sentence, one table per chair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

from attunement.figures import Table
from attunement.frames import Ratings, ScoreScale
from attunement.picture.wording import CHAIRS, count

WIDTH, HEIGHT, TOP, FOOT = 340.0, 128.0, 10.0, 22.0
MOST_BARS = 22


@dataclass(frozen=True, slots=True)
class Spread:
    """The ratings of one chair counted in equal steps of the scale.

    Attributes
    ----------
    chair : str
    edges : tuple of float
        One more than counts; a step holds its lower edge, the last one both.
    counts : tuple of int
    quartiles : tuple of float
        A quarter, a half and three quarters of the ratings lie at or below.
    """

    chair: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    quartiles: tuple[float, float, float]

    def sentence(self) -> str:
        """Return the spread in words."""
        low, middle, high = (f"{value:.3g}" for value in self.quartiles)
        whose = f"{CHAIRS[self.chair].lower()} ratings" if self.chair else "ratings"
        if low == high:
            return f"Half of the {whose} or more are {low}."
        return f"Half of the {whose} lie between {low} and {high}; the middle one is {middle}."


def spread_of(chair: str, scores: npt.NDArray[np.float64], scale: ScoreScale) -> Spread:
    """Count scores in equal steps of the scale.

    Parameters
    ----------
    chair : str
    scores : array of float
        Without missing ones; at least one.
    scale : ScoreScale
        Where only whole scores are possible and there are few, each has a step of its own.

    Returns
    -------
    Spread
    """
    span = scale.maximum - scale.minimum
    whole = scale.step == 1 and float(scale.minimum).is_integer() and span < MOST_BARS
    if whole:
        edges = np.arange(scale.minimum, scale.maximum + 2) - 0.5
    else:
        edges = np.linspace(scale.minimum, scale.maximum, MOST_BARS - 1)
    counts, _ = np.histogram(scores, edges)
    quarter, half, most = (float(value) for value in np.quantile(scores, (0.25, 0.5, 0.75)))
    return Spread(chair, tuple(edges.tolist()), tuple(counts.tolist()), (quarter, half, most))


def spreads_html(ratings: Ratings) -> str:
    """Return a figure per chair, side by side where there is room."""
    told = []
    for chair in ratings.chairs[:2]:
        scores = ratings.frame.filter(ratings.frame["perspective"] == chair)["score"].drop_nulls()
        if len(scores):
            told.append(_figure(spread_of(chair, scores.to_numpy(), ratings.scale), ratings.scale))
    return f'<div class="spreads">{"".join(told)}</div>' if told else ""


def _figure(spread: Spread, scale: ScoreScale) -> str:
    name = f"{CHAIRS[spread.chair]} ratings" if spread.chair else "All ratings"
    sentence = spread.sentence()
    key = spread.chair or "one"
    return (
        f'<figure class="spread spread--{key}"><h3>{name}</h3>'
        f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-labelledby="spread-{key}">'
        f'<title id="spread-{key}">{escape(f"{name}: {sentence}")}</title>'
        f"{_bars(spread.counts)}{_axis(scale)}</svg><figcaption><p>{escape(sentence)}</p>"
        f'<details class="att-numbers"><summary>The same as a table</summary>'
        f"{_table(spread, name, scale).html()}</details></figcaption></figure>"
    )


def _bars(counts: Sequence[int]) -> str:
    room = HEIGHT - TOP - FOOT
    wide = WIDTH / len(counts)
    tallest = max(counts)
    return "".join(
        f'<rect x="{place * wide + 1.5:.1f}" y="{HEIGHT - FOOT - tall:.1f}" '
        f'width="{wide - 3:.1f}" height="{tall:.1f}" rx="2"/>'
        for place, n in enumerate(counts)
        if n and (tall := max(room * n / tallest, 1.5))
    )


def _axis(scale: ScoreScale) -> str:
    y = HEIGHT - FOOT
    return (
        f'<path class="att-grid" d="M0 {y + 0.5}H{WIDTH:.0f}"/>'
        f'<text class="att-muted" x="0" y="{HEIGHT - 5}">{scale.ends[0]}</text>'
        f'<text class="att-muted" x="{WIDTH:.0f}" y="{HEIGHT - 5}" text-anchor="end">'
        f"{scale.ends[1]}</text>"
    )


def _table(spread: Spread, name: str, scale: ScoreScale) -> Table:
    own = len(spread.counts) == scale.maximum - scale.minimum + 1 and scale.step == 1
    rows = []
    for low, high, n in zip(spread.edges, spread.edges[1:], spread.counts, strict=False):
        step = f"{low + 0.5:g}" if own else f"{low:.3g} to {high:.3g}"
        rows.append((step, f"{n:,}"))
    return Table(
        f"{name}: {count(sum(spread.counts), 'rating')}", ("Score", "How many"), tuple(rows)
    )
