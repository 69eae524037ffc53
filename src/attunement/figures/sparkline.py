# SPDX-License-Identifier: Apache-2.0
"""A line the size of a word."""

from __future__ import annotations

from collections.abc import Sequence

from attunement.figures.data import check_scale, check_values
from attunement.figures.markup import escape, place

_WIDTH, _HEIGHT, _EDGE = 100.0, 24.0, 3.0


def sparkline(values: Sequence[float | None], minimum: float, maximum: float, label: str) -> str:
    """Draw the scores of one chair as a small SVG on the whole scale.

    Parameters
    ----------
    values : sequence of float or None
        In the order of the sessions; the line is broken where a value is None.
    minimum, maximum : float
        The ends of the scale.
    label : str
        What assistive technology says instead of the picture.

    Raises
    ------
    FigureError
        ``E-FIGURE-003``, ``E-FIGURE-004``.
    """
    check_scale(minimum, maximum)
    check_values(tuple(range(1, len(values) + 1)), tuple(values), minimum, maximum)
    step = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    scale = (_HEIGHT - 2 * _EDGE) / (maximum - minimum)
    runs: list[list[str]] = [[]]
    last = ""
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        x = _EDGE + step * index if len(values) > 1 else _WIDTH / 2
        level = min(max(value, minimum), maximum)
        y = _HEIGHT - _EDGE - (level - minimum) * scale
        runs[-1].append(f"{place(x)},{place(y)}")
        last = f'<circle class="att-spark__last" cx="{place(x)}" cy="{place(y)}" r="2.4"/>'
    lines = "".join(
        # a run of one point is drawn as a dot by its round cap
        f'<polyline points="{" ".join(run if len(run) > 1 else run * 2)}"/>'
        for run in runs
        if run
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="att-spark" viewBox="0 0 100 24" '
        f'width="100" height="24" role="img" aria-label="{escape(label)}">'
        f'<g class="att-spark__line" fill="none" stroke="#0b6460" stroke-width="1.6" '
        f'stroke-linecap="round" stroke-linejoin="round">{lines}</g>{last}</svg>'
    )
