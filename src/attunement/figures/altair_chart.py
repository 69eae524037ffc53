# SPDX-License-Identifier: Apache-2.0
"""The same chart as a Vega-Altair chart, for notebooks and papers that are built from those."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from attunement.figures.data import DualChart
from attunement.figures.errors import FigureError

if TYPE_CHECKING:
    import altair as alt

_COLOURS = {"client": "#0b6460", "therapist": "#8a4210"}


def altair_chart(chart: DualChart) -> alt.LayerChart:
    """Return a dual chart as layers of an Altair chart: band, lines, shapes, signals.

    Parameters
    ----------
    chart : DualChart
        The lines, their scale, words and marks.

    Returns
    -------
    altair.LayerChart
        The client solid with circles, the therapist dashed with squares; lines are broken where a
        form is missing. The data travel inside the chart.

    Raises
    ------
    FigureError
        ``E-FIGURE-006`` if the package ``altair`` is not installed.
    """
    library = altair_library()
    sessions = {"type": "quantitative", "title": "session"}
    x: Any = library.X("session", **sessions, axis=library.Axis(tickMinStep=1, format="d"))
    y: Any = library.Y(
        "score",
        type="quantitative",
        title=_scale_words(chart),
        scale=library.Scale(domain=[chart.minimum, chart.maximum]),
    )
    layers = []
    if chart.band is not None:
        ends = [
            {"session": session, "score": low, "to": high}
            for session, (low, high) in chart.band.ends().items()
        ]
        layers.append(
            library.Chart(library.Data(values=ends))
            .mark_area(opacity=0.5, color="#e2dacf")
            .encode(x=x, y=y, y2=library.Y2("to"))
        )
    for who, line in (("client", chart.client), ("therapist", chart.therapist)):
        if line is None:
            continue
        values = [
            {"session": session, "score": value, "who": line.label}
            for session, value in zip(line.sessions, line.values, strict=True)
        ]
        dash = [1, 0] if who == "client" else [6, 4]
        shape = "circle" if who == "client" else "square"
        layers.append(
            library.Chart(library.Data(values=values))
            .mark_line(
                color=_COLOURS[who],
                strokeDash=dash,
                invalid="break-paths-show-domains",
                point=library.OverlayMarkDef(shape=shape, filled=who == "client", size=60),
            )
            .encode(
                x=x,
                y=y,
                tooltip=[
                    library.Tooltip("who", type="nominal", title="rated by"),
                    library.Tooltip("session", **sessions),
                    library.Tooltip("score", type="quantitative"),
                ],
            )
        )
    if chart.marks:
        layers.append(_marks(library, chart, x, y))
    drawn: alt.LayerChart = library.layer(*layers).properties(
        title=chart.title, width=520, height=220
    )
    return drawn


def _marks(library: ModuleType, chart: DualChart, x: Any, y: Any) -> Any:
    """Ring the points that a signal is about."""
    values = [
        {
            "session": mark.session_no,
            "score": chart.client_scores.get(mark.session_no, chart.minimum),
            "text": mark.text,
        }
        for mark in chart.marks
    ]
    return (
        library.Chart(library.Data(values=values))
        .mark_point(size=260, color="#6b2f68", filled=False, strokeWidth=2)
        .encode(x=x, y=y, tooltip=[library.Tooltip("text", type="nominal", title="signal")])
    )


def _scale_words(chart: DualChart) -> str:
    better = {True: "higher is better", False: "lower is better", None: ""}[chart.higher_is_better]
    return f"score ({better})" if better else "score"


def altair_library() -> ModuleType:
    """Return the optional package, or say how to install it.

    Raises
    ------
    FigureError
        ``E-FIGURE-006`` if it is not installed.
    """
    try:
        import altair as alt  # noqa: PLC0415 -- an optional package, for this picture alone
    except ImportError as missing:
        raise FigureError(
            "E-FIGURE-006",
            what="The package for this kind of picture is not installed",
            expected="altair",
            next_step="Install it with: pip install 'attunement[plots]'; or draw the SVG, which "
            "needs nothing",
        ) from missing
    return alt
