# SPDX-License-Identifier: Apache-2.0
"""Where things go: two layouts, a session axis, a scale axis, and labels that do not collide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from attunement.figures.data import DualChart
from attunement.figures.markup import number, shorten, tick, width

Size = Literal["wide", "narrow"]

TYPE = 13.0  # size of every text; in the narrow layout one unit is about one pixel on a phone
ROW = 18.0
LANE = 22.0
_MARGIN = 10.0
_LABEL_ROOM = 150.0
_FEW_SESSIONS_SHARE = 3  # wider gaps in the numbering than this are drawn closer together
_LABEL_APART = 17.0
_BADGE_ROWS = 3
_NEAR_END = 0.13  # a tick this close to an end (share of the scale) is left out
_MOST_TICKS = 4.5
_TICK_GAP = 6.0  # between two session numbers


@dataclass(frozen=True, slots=True)
class EndLabel:
    """A name at the end of a line, or in the row above the plot."""

    text: str
    y: float


@dataclass(frozen=True, slots=True)
class Badge:
    """A mark with its place: ``x`` centre, ``row`` counted upwards from the plot."""

    session_no: int
    text: str
    x: float
    half: float
    row: int


@dataclass(frozen=True, slots=True)
class Layout:
    """All the geometry of one chart in one size."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x: dict[int, float]
    minimum: float
    maximum: float
    radius: float
    direct: tuple[EndLabel | None, EndLabel | None] | None
    badges: tuple[Badge, ...]
    session_ticks: tuple[int, ...]
    scale_ticks: tuple[float, ...]

    def y(self, value: float) -> float:
        """Return the height of a score, inside the plot."""
        share = (value - self.minimum) / (self.maximum - self.minimum)
        return self.bottom - min(max(share, 0.0), 1.0) * (self.bottom - self.top)


def arrange(chart: DualChart, size: Size) -> Layout:
    """Lay a chart out."""
    wide = size == "wide"
    total = 720.0 if wide else 320.0
    ticks = scale_ticks(chart.minimum, chart.maximum)
    left = 12.0 + max(width(tick(value), TYPE) for value in ticks)
    names = _names(chart)
    room = max((width(name, TYPE) for name in names if name), default=0.0)
    direct = wide and room <= _LABEL_ROOM
    right = total - (room + 18.0 if direct else _MARGIN)
    x = session_places(chart.sessions, left + _MARGIN, right - _MARGIN)
    spacing = min((after - before for before, after in pairwise(x.values())), default=right - left)
    badges = _badges(chart, x, total)
    lanes = max((badge.row + 1 for badge in badges), default=0)
    top = 4.0 + (0.0 if direct else ROW + 4.0) + lanes * LANE + ROW
    bottom = top + (190.0 if wide else 170.0)
    layout = Layout(
        width=total,
        height=bottom + 2 * ROW + 12.0,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        x=x,
        minimum=chart.minimum,
        maximum=chart.maximum,
        radius=min(max(0.32 * spacing, 1.8), 4.6),
        direct=None,
        badges=badges,
        session_ticks=session_ticks(x),
        scale_ticks=ticks,
    )
    if not direct:
        return layout
    return _with_labels(layout, chart, names)


def scale_ticks(minimum: float, maximum: float) -> tuple[float, ...]:
    """Return both ends of a scale and at most three round steps between them."""
    span = maximum - minimum
    rough = span / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next((m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough), 10.0 * power)
    inner = [minimum + step * k for k in range(1, math.ceil(span / step))]
    inner = [v for v in inner if _NEAR_END * span < v - minimum < (1.0 - _NEAR_END) * span]
    return (minimum, *inner, maximum)


def session_places(sessions: Sequence[int], first: float, last: float) -> dict[int, float]:
    """Give each session its place: by number, or evenly where the numbers leave large gaps."""
    if not sessions:
        return {}
    if len(sessions) == 1:
        return {sessions[0]: 0.5 * (first + last)}
    span = sessions[-1] - sessions[0]
    if span > _FEW_SESSIONS_SHARE * (len(sessions) - 1):
        step = (last - first) / (len(sessions) - 1)
        return {session: first + step * k for k, session in enumerate(sessions)}
    return {
        session: first + (last - first) * (session - sessions[0]) / span for session in sessions
    }


def session_ticks(x: dict[int, float]) -> tuple[int, ...]:
    """Choose the session numbers that fit: the ends always, round steps between."""
    sessions = list(x)
    if not sessions:
        return ()
    fits = (x[sessions[-1]] - x[sessions[0]]) / (_TICK_GAP + width(str(sessions[-1]), TYPE)) + 1.0
    every = next(
        (n for n in (1, 2, 5, 10, 20, 50, 100) if len(sessions) / n <= fits), len(sessions)
    )
    # every second number starts at the first; wider steps are round numbers
    start = sessions[0] if every <= 2 else 0  # noqa: PLR2004 - two is "every second"
    chosen = [sessions[0]]
    for session in sessions[1:-1]:
        if (session - start) % every == 0 and _room_between(x, chosen[-1], session):
            chosen.append(session)
    last = sessions[-1]
    while len(chosen) > 1 and not _room_between(x, chosen[-1], last):
        chosen.pop()
    if last != chosen[-1] and _room_between(x, chosen[-1], last):
        chosen.append(last)
    return tuple(chosen)


def _room_between(x: dict[int, float], one: int, other: int) -> bool:
    """Say whether two session numbers fit beside each other."""
    needed = 0.5 * (width(str(one), TYPE) + width(str(other), TYPE)) + _TICK_GAP
    return x[other] - x[one] >= needed


def _names(chart: DualChart) -> tuple[str, str]:
    """Return the labels of both lines with their last score; empty without a score."""
    names = []
    for line, scores in (
        (chart.client, chart.client_scores),
        (chart.therapist, chart.therapist_scores),
    ):
        if line is None or not scores:
            names.append("")
            continue
        last = number(scores[next(reversed(scores))], chart.places)
        names.append(f"{shorten(line.label, TYPE, _LABEL_ROOM)} {last}".strip())
    return names[0], names[1]


def _with_labels(layout: Layout, chart: DualChart, names: tuple[str, str]) -> Layout:
    """Place the names at the line ends, apart from each other and inside the plot."""
    ends = [
        layout.y(scores[next(reversed(scores))]) if scores else None
        for scores in (chart.client_scores, chart.therapist_scores)
    ]
    one, two = ends
    if one is not None and two is not None and abs(one - two) < _LABEL_APART:
        middle = min(
            max(0.5 * (one + two), layout.top + _LABEL_APART / 2),
            layout.bottom - _LABEL_APART / 2,
        )
        up, down = middle - _LABEL_APART / 2, middle + _LABEL_APART / 2
        one, two = (up, down) if one <= two else (down, up)
    placed = (
        None if one is None else EndLabel(names[0], one),
        None if two is None else EndLabel(names[1], two),
    )
    return replace(layout, direct=placed)


def _badges(chart: DualChart, x: dict[int, float], total: float) -> tuple[Badge, ...]:
    """Join the marks of a session into one badge and stack badges that would touch."""
    joined: dict[int, list[str]] = {}
    for mark in chart.marks:
        joined.setdefault(mark.session_no, []).append(" ".join(mark.label.split()) or "?")
    free = [-math.inf] * _BADGE_ROWS
    badges = []
    for session in sorted(joined):
        text = shorten(" ".join(dict.fromkeys(joined[session])), TYPE, 60.0)
        half = max(0.5 * width(text, TYPE) + 6.0, 9.0)
        centre = min(max(x[session], half + 1.0), total - half - 1.0)
        row = next((n for n in range(_BADGE_ROWS) if centre - half > free[n] + 3.0), None)
        if row is None:
            row = min(range(_BADGE_ROWS), key=lambda n: free[n])
        free[row] = max(free[row], centre + half)
        badges.append(Badge(session, text, centre, half, row))
    return tuple(badges)
