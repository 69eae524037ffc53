# SPDX-License-Identifier: Apache-2.0
"""Pictures of a hazard of endings: what was said and what came, by session and by tenth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attunement.figures import (
    DualChart,
    Figure,
    Line,
    Scatter,
    Table,
    altair_library,
    scatter,
    scatter_altair,
)
from attunement.figures.draw import draw
from attunement.signals.course.ending_shape import Compared

if TYPE_CHECKING:
    import altair as alt

_SAID, _CAME = "said by the model", "ended unplanned"
_BY_SESSION = "Hazard of an unplanned ending, by session"
_BY_TENTH = "Chances that were said, and what came"
_WORDS = ("fewer ended", "as said", "more ended")
_HEADER = ("Sessions", "Unplanned endings", "Said, %", "Came, %")


def hazard_figure(found: Sequence[Compared], note: str) -> Figure:
    """Draw the mean chance and the share that ended, session by session."""
    places = tuple(one.place for one in found)
    chart = DualChart(
        client=Line("said, %", places, tuple(_percent(one.said) for one in found)),
        therapist=Line("came, %", places, tuple(_percent(one.came) for one in found)),
        minimum=0.0,
        maximum=_top(found),
        higher_is_better=None,
        title=_BY_SESSION,
        key="ending-hazard",
    )
    sentence = f"{_hazard_sentence(found)} {note}"
    both = draw(chart, sentence, "wide") + draw(chart, sentence, "narrow")
    table = Table(
        caption=f"{_BY_SESSION}: per cent of those still in therapy, out of sample.",
        header=("Session", *_HEADER),
        rows=_rows(found),
    )
    return Figure(f'<div class="att-both">{both}</div>', sentence, table, _BY_SESSION)


def calibration_figure(found: Sequence[Compared], note: str) -> Figure:
    """Draw what came against what was said, one point per tenth of the sessions."""
    table = Table(
        caption=f"{_BY_TENTH}: tenths of all sessions that took place, out of sample.",
        header=("Tenth", *_HEADER),
        rows=_rows(found),
    )
    return scatter(_scatter(found), f"{_calibration_sentence(found)} {note}", table)


def hazard_altair(found: Sequence[Compared]) -> alt.Chart:
    """Return the hazard by session as an Altair chart.

    Raises
    ------
    FigureError
        ``E-FIGURE-006`` if the package ``altair`` is not installed.
    """
    library = altair_library()
    values = [
        {"session": one.place, "per cent": _percent(share), "what": what, "n": one.n}
        for one in found
        for what, share in ((_SAID, one.said), (_CAME, one.came))
    ]
    x: Any = library.X("session", type="quantitative", axis=library.Axis(tickMinStep=1, format="d"))
    chart: alt.Chart = (
        library.Chart(library.Data(values=values), title=_BY_SESSION)
        .mark_line(point=True)
        .encode(
            x=x,
            y=library.Y("per cent", type="quantitative", scale=library.Scale(zero=True)),
            color=library.Color("what", type="nominal", title=None),
            strokeDash=library.StrokeDash("what", type="nominal", title=None),
            tooltip=[
                library.Tooltip("what", type="nominal"),
                library.Tooltip("session", type="quantitative"),
                library.Tooltip("per cent", type="quantitative", format=".1f"),
                library.Tooltip("n", type="quantitative", title="still in therapy"),
            ],
        )
        .properties(width=520, height=220)
    )
    return chart


def calibration_altair(found: Sequence[Compared]) -> alt.LayerChart:
    """Return the calibration as an Altair chart.

    Raises
    ------
    FigureError
        ``E-FIGURE-006`` if the package ``altair`` is not installed.
    """
    return scatter_altair(_scatter(found))


def _scatter(found: Sequence[Compared]) -> Scatter:
    kinds = {-1: "better", 0: "same", 1: "worse"}
    return Scatter(
        points=[
            (_percent(one.said), _percent(one.came), kinds[one.verdict])  # type: ignore[misc]
            for one in found
        ],
        minimum=0.0,
        maximum=_top(found),
        words=_WORDS,
        axes=("said by the model, %", "ended unplanned, %"),
        title=_BY_TENTH,
        key="ending-calibration",
    )


def _hazard_sentence(found: Sequence[Compared]) -> str:
    if not found:
        return "Too few were in therapy at any session to draw their hazard."
    first, last = found[0], found[-1]
    most = max(found, key=lambda one: abs(one.came - one.said))
    return (
        f"From session {first.place} to {last.place} the model gave a mean chance of "
        f"{_percent(first.said):.1f} to {_percent(last.said):.1f} % per session; "
        f"{_percent(first.came):.1f} and {_percent(last.came):.1f} % ended unplanned there. They "
        f"lie furthest apart at session {most.place}: {_percent(most.said):.1f} % said, "
        f"{_percent(most.came):.1f} % of {most.n:,} came."
    )


def _calibration_sentence(found: Sequence[Compared]) -> str:
    off = [one for one in found if one.verdict]
    low, high = found[0], found[-1]
    kept = (
        f"In {len(found) - len(off)} of {len(found)} tenths of the sessions as many episodes ended "
        "unplanned as the model said, within chance"
    )
    ends = (
        f"the lowest chances were {_percent(low.said):.1f} % on average and "
        f"{_percent(low.came):.1f} % came, the highest {_percent(high.said):.1f} and "
        f"{_percent(high.came):.1f} %"
    )
    return f"{kept}; {ends}."


def _rows(found: Sequence[Compared]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            str(one.place),
            f"{one.n:,}",
            f"{one.events:,}",
            f"{_percent(one.said):.1f}",
            f"{_percent(one.came):.1f}",
        )
        for one in found
    )


def _top(found: Sequence[Compared]) -> float:
    """Return the end of the axis: the next five per cent above everything."""
    most = max((max(one.said, one.came) for one in found), default=0.0)
    return max(5.0, 5.0 * math.ceil(20.0 * most))


def _percent(share: float) -> float:
    return 100.0 * share
