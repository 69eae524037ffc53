# SPDX-License-Identifier: Apache-2.0
"""First against second score: one point per person, the line of no change, band and cut-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from attunement.figures.altair_chart import altair_library
from attunement.figures.data import check_scale
from attunement.figures.draw import CLIENT, GRID, INK, MARK, MUTED, PAPER, THERAPIST
from attunement.figures.dual import Figure
from attunement.figures.layout import TYPE, scale_ticks
from attunement.figures.markup import escape, identifier, place, tick, width
from attunement.figures.table import Table

if TYPE_CHECKING:
    import altair as alt

Kind = Literal["better", "same", "worse"]
KINDS: tuple[Kind, ...] = ("better", "same", "worse")
MOST_POINTS = 2000
_TOP = 30.0


@dataclass(frozen=True, slots=True)
class Scatter:
    """Points on two axes of one scale.

    Parameters
    ----------
    points : sequence of (first, second, kind)
        One per person; ``kind`` is better, same or worse and sets the shape.
    minimum, maximum : float
        Both axes.
    band : sequence of (first, low, high)
        Between which second scores nothing is said to have changed, by first score.
    cutoff : float or None
        A line across both axes.
    words : (str, str, str)
        What better, same and worse are called here.
    axes : (str, str)
        What the axes are called.
    title, key : str
        Heading, and what makes ids unique on a page.
    """

    points: Sequence[tuple[float, float, Kind]]
    minimum: float
    maximum: float
    band: Sequence[tuple[float, float, float]] = ()
    cutoff: float | None = None
    words: tuple[str, str, str] = ("better", "about the same", "worse")
    axes: tuple[str, str] = ("first score", "second score")
    title: str = "First and second score"
    key: str = "scatter"

    def __post_init__(self) -> None:
        """Refuse ends that are no scale."""
        check_scale(self.minimum, self.maximum)

    @property
    def shown(self) -> Sequence[tuple[float, float, Kind]]:
        """The points that are drawn: every one, or evenly chosen ones of very many."""
        every = -(-len(self.points) // MOST_POINTS) if self.points else 1
        return self.points[::every]


def scatter(chart: Scatter, sentence: str, table: Table) -> Figure:
    """Draw first against second scores.

    Parameters
    ----------
    chart : Scatter
    sentence : str
        What the picture shows.
    table : Table
        The numbers behind it.

    Returns
    -------
    Figure
        Shape tells the kind as well as colour: filled circle, open circle, square.
    """
    both = _svg(chart, sentence, "wide") + _svg(chart, sentence, "narrow")
    return Figure(f'<div class="att-both">{both}</div>', sentence, table, chart.title)


def scatter_altair(chart: Scatter) -> alt.LayerChart:
    """Return the same picture as an Altair chart.

    Raises
    ------
    FigureError
        ``E-FIGURE-006`` if the package ``altair`` is not installed.
    """
    library = altair_library()
    ends = library.Scale(domain=[chart.minimum, chart.maximum])
    x: Any = library.X("first", type="quantitative", title=chart.axes[0], scale=ends)
    y: Any = library.Y("second", type="quantitative", title=chart.axes[1], scale=ends)
    layers = []
    if chart.band:
        area = [{"first": first, "second": low, "to": high} for first, low, high in _clipped(chart)]
        layers.append(
            library.Chart(library.Data(values=area))
            .mark_area(opacity=0.5, color=GRID)
            .encode(x=x, y=y, y2=library.Y2("to"))
        )
    line = [{"first": end, "second": end} for end in (chart.minimum, chart.maximum)]
    layers.append(library.Chart(library.Data(values=line)).mark_line(color=MUTED).encode(x=x, y=y))
    if chart.cutoff is not None:
        at = library.Data(values=[{"first": chart.cutoff, "second": chart.cutoff}])
        layers += [
            library.Chart(at).mark_rule(strokeDash=[2, 4], color=MARK).encode(x=x),
            library.Chart(at).mark_rule(strokeDash=[2, 4], color=MARK).encode(y=y),
        ]
    named = dict(zip(KINDS, chart.words, strict=True))
    dots = [{"first": one, "second": two, "kind": named[kind]} for one, two, kind in chart.shown]
    layers.append(
        library.Chart(library.Data(values=dots))
        .mark_point(filled=True)
        .encode(
            x=x,
            y=y,
            color=library.Color("kind", type="nominal", title=None),
            shape=library.Shape("kind", type="nominal", title=None),
        )
    )
    drawn: alt.LayerChart = library.layer(*layers).properties(
        title=chart.title, width=360, height=360
    )
    return drawn


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where a score lies in the picture."""

    chart: Scatter
    left: float
    top: float
    side: float

    def x(self, value: float) -> float:
        return self.left + self._share(value) * self.side

    def y(self, value: float) -> float:
        return self.top + (1.0 - self._share(value)) * self.side

    def _share(self, value: float) -> float:
        span = self.chart.maximum - self.chart.minimum
        return min(max((value - self.chart.minimum) / span, 0.0), 1.0)


def _svg(chart: Scatter, sentence: str, size: Literal["wide", "narrow"]) -> str:
    box = 440.0 if size == "wide" else 320.0
    ticks = scale_ticks(chart.minimum, chart.maximum)
    left = 14.0 + max(width(tick(value), TYPE) for value in ticks)
    at = _Plot(chart, left, _TOP + 20.0, box - left - 12.0)
    key = f"{identifier(chart.key)}-{size}"
    body = "".join(
        (_band(at), _axes(at, ticks), _lines(at), _points(at), _legend(at, one_row=size == "wide"))
    )
    height = at.top + at.side + 44.0
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="att-chart att-chart--{size}" '
        f'viewBox="0 0 {place(box)} {place(height)}" role="img" '
        f'aria-labelledby="{key}-t" aria-describedby="{key}-d" font-size="{place(TYPE)}" '
        f'font-family="system-ui, sans-serif" fill="{INK}">'
        f'<title id="{key}-t">{escape(chart.title)}</title>'
        f'<desc id="{key}-d">{escape(sentence)}</desc>{body}</svg>'
    )


def _clipped(chart: Scatter) -> list[tuple[float, float, float]]:
    low, high = chart.minimum, chart.maximum
    return [(x, min(max(a, low), high), min(max(b, low), high)) for x, a, b in chart.band]


def _band(at: _Plot) -> str:
    edges = _clipped(at.chart)
    if not edges:
        return ""
    there = [f"{place(at.x(x))} {place(at.y(high))}" for x, _, high in edges]
    back = [f"{place(at.x(x))} {place(at.y(low))}" for x, low, _ in reversed(edges)]
    path = "L".join(there + back)
    return f'<path class="att-band" d="M{path}z" fill="{GRID}" fill-opacity="0.6"/>'


def _axes(at: _Plot, ticks: Sequence[float]) -> str:
    right, bottom = at.left + at.side, at.top + at.side
    lines = "".join(
        f"M{place(at.left)} {place(at.y(v))}H{place(right)}"
        f"M{place(at.x(v))} {place(at.top)}V{place(bottom)}"
        for v in ticks
    )
    beside = "".join(
        f'<text x="{place(at.left - 6)}" y="{place(at.y(v) + 4.5)}">{tick(v)}</text>' for v in ticks
    )
    below = "".join(
        f'<text x="{place(at.x(v))}" y="{place(bottom + 16)}">{tick(v)}</text>' for v in ticks
    )
    across, up = (escape(word) for word in at.chart.axes)
    return (
        f'<path class="att-grid" d="{lines}" stroke="{GRID}"/>'
        f'<g class="att-muted" fill="{MUTED}"><g text-anchor="end">{beside}</g>'
        f'<g text-anchor="middle">{below}</g>'
        f'<text x="{place(right)}" y="{place(bottom + 36)}" text-anchor="end">{across}</text>'
        f'<text x="{place(2)}" y="{place(at.top - 10)}">{up}</text></g>'
    )


def _lines(at: _Plot) -> str:
    low, high = at.chart.minimum, at.chart.maximum
    path = (
        f'<path class="att-end" d="M{place(at.x(low))} {place(at.y(low))}'
        f'L{place(at.x(high))} {place(at.y(high))}" stroke="{MUTED}" stroke-width="1.5"/>'
    )
    cut = at.chart.cutoff
    if cut is None or not low <= cut <= high:
        return path
    return (
        f'{path}<path class="att-leader" d="M{place(at.left)} {place(at.y(cut))}'
        f"H{place(at.left + at.side)}M{place(at.x(cut))} {place(at.top)}"
        f'V{place(at.top + at.side)}" fill="none" stroke="{MARK}" stroke-dasharray="2 4"/>'
    )


def _points(at: _Plot) -> str:
    return "".join(_shape(at.x(one), at.y(two), kind) for one, two, kind in at.chart.shown)


def _shape(x: float, y: float, kind: Kind) -> str:
    if kind == "worse":
        square = f'<rect x="{place(x - 4)}" y="{place(y - 4)}" width="8" height="8"/>'
        return _styled("therapist", THERAPIST, THERAPIST, square)
    circle = f'<circle cx="{place(x)}" cy="{place(y)}" r="4"/>'
    if kind == "better":
        return _styled("client", CLIENT, CLIENT, circle)
    return f'<g class="att-end" fill="none" stroke="{MUTED}" stroke-width="1.5">{circle}</g>'


def _styled(who: str, colour: str, fill: str, shape: str) -> str:
    return (
        f'<g class="att-line att-line--{who}"><g class="att-shape" fill="{fill}" '
        f'stroke="{colour}" stroke-width="1.5">{shape}</g></g>'
    )


def _legend(at: _Plot, *, one_row: bool) -> str:
    x, y, parts = 8.0, 13.0, []
    for kind, word in zip(KINDS, at.chart.words, strict=True):
        room = width(word, TYPE) + 30.0
        if not one_row and x + room > at.left + at.side:
            x, y = 8.0, y + 17.0
        parts.append(
            f'{_shape(x, y - 4.5, kind)}<text x="{place(x + 9)}" y="{place(y)}" fill="{INK}" '
            f'stroke="{PAPER}" stroke-width="0">{escape(word)}</text>'
        )
        x += room
    return "".join(parts)
