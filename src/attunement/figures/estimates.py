# SPDX-License-Identifier: Apache-2.0
"""Estimates with their intervals, one after another, around a line that means "none"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from attunement.figures.draw import CLIENT, GRID, INK, MUTED
from attunement.figures.dual import Figure
from attunement.figures.layout import TYPE
from attunement.figures.markup import escape, identifier, place, tick, width
from attunement.figures.table import Table

_TOP, _BOTTOM, _RIGHT = 20.0, 50.0, 12.0


@dataclass(frozen=True, slots=True)
class Estimates:
    """Numbers with intervals in an order, such as by month.

    Parameters
    ----------
    rows : sequence of (label, value, low, high)
        In the order in which they are drawn; not empty.
    axis : str
        What is measured, with its unit.
    ends : (str, str)
        What lies above the line of none, and below it.
    title, key : str
        Heading, and what makes ids unique on a page.
    """

    rows: Sequence[tuple[str, float, float, float]]
    axis: str
    ends: tuple[str, str] = ("", "")
    title: str = "Estimates"
    key: str = "estimates"

    @property
    def reach(self) -> float:
        """How far the axis goes to either side of none."""
        farthest = max(max(abs(low), abs(high)) for _, _, low, high in self.rows)
        return max(0.5, math.ceil(farthest * 2) / 2)


def estimates(chart: Estimates, sentence: str, table: Table) -> Figure:
    """Draw estimates with their intervals: a dot and a line each, shape before colour."""
    both = _svg(chart, sentence, "wide") + _svg(chart, sentence, "narrow")
    return Figure(f'<div class="att-both">{both}</div>', sentence, table, chart.title)


def _svg(chart: Estimates, sentence: str, size: Literal["wide", "narrow"]) -> str:
    across, high = (680.0, 280.0) if size == "wide" else (340.0, 300.0)
    left = 12 + width("-0.0", TYPE)
    reach = chart.reach

    def y(value: float) -> float:
        room = high - _TOP - _BOTTOM
        return _TOP + room * (reach - max(-reach, min(reach, value))) / (2 * reach)

    step = (across - left - _RIGHT) / len(chart.rows)
    every = max(1, -(-int(width("00/00", TYPE) + 8) // max(1, int(step))))
    thick = ' stroke-width="2"'
    parts = [
        f'<line class="att-grid" x1="{place(left)}" x2="{place(across - _RIGHT)}" '
        f'y1="{place(y(value))}" y2="{place(y(value))}" stroke="{GRID}"'
        f"{thick if value == 0 else ''}/>"
        f'<text class="att-muted" x="{place(left - 6)}" y="{place(y(value) + TYPE / 3)}" '
        f'text-anchor="end" fill="{MUTED}">{tick(value)}</text>'
        for value in (-reach, -reach / 2, 0.0, reach / 2, reach)
    ]
    # Beyond the outermost lines, where no interval crosses the words.
    for at, words in ((y(reach) - 6, chart.ends[0]), (y(-reach) + TYPE + 2, chart.ends[1])):
        parts.append(
            f'<text class="att-muted" x="{place(left + 6)}" y="{place(at)}" fill="{MUTED}">'
            f"{escape(words)}</text>"
        )
    for at, (label, value, low, top) in enumerate(chart.rows):
        x = left + step * (at + 0.5)
        parts.append(
            f'<g class="att-line--client"><line class="att-stroke" x1="{place(x)}" '
            f'x2="{place(x)}" y1="{place(y(top))}" y2="{place(y(low))}" stroke="{CLIENT}" '
            f'stroke-width="2"/><circle class="att-shape" cx="{place(x)}" cy="{place(y(value))}" '
            f'r="5" fill="{CLIENT}" stroke="{CLIENT}"/></g>'
        )
        if at % every == 0:
            parts.append(
                f'<text class="att-muted" x="{place(x)}" y="{place(high - TYPE)}" '
                f'text-anchor="middle" fill="{MUTED}">{escape(label)}</text>'
            )
    name = f"{identifier(chart.key)}-{size}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="att-chart att-chart--{size}" '
        f'viewBox="0 0 {place(across)} {place(high)}" role="img" '
        f'aria-labelledby="{name}-t" aria-describedby="{name}-d" font-size="{place(TYPE)}" '
        f'font-family="system-ui, sans-serif" fill="{INK}">'
        f'<title id="{name}-t">{escape(chart.title)}</title>'
        f'<desc id="{name}-d">{escape(sentence)}</desc>{"".join(parts)}</svg>'
    )
