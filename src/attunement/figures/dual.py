# SPDX-License-Identifier: Apache-2.0
"""One figure for people: a picture, one plain sentence, and a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from attunement.figures.data import DualChart, Line, Mark
from attunement.figures.draw import draw
from attunement.figures.errors import FigureError
from attunement.figures.markup import decimals, escape, number, tick
from attunement.figures.sentence import dual_sentence
from attunement.figures.table import Table

_LOWEST_HEADING, _HIGHEST_HEADING = 6, 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its sentence and its table.

    Parameters
    ----------
    svg : str
        The picture: one ``<svg>``, or with ``size="both"`` a wide and a narrow one of which the
        style sheet shows the one that fits.
    sentence : str
        What the picture shows.
    table : Table
        The same numbers as text.
    title : str
        The heading.
    marks : tuple of Mark
        The signals, listed under the sentence.
    """

    svg: str
    sentence: str
    table: Table
    title: str = ""
    marks: tuple[Mark, ...] = ()

    def html(self, heading_level: int = 3) -> str:
        """Return a ``<figure>``: heading, picture, sentence, signals, and the table to open.

        Parameters
        ----------
        heading_level : int
            1 to 6; 0 leaves the heading out.

        Raises
        ------
        FigureError
            ``E-FIGURE-005`` for any other level.
        """
        if not 0 <= heading_level <= _LOWEST_HEADING:
            raise FigureError(
                "E-FIGURE-005",
                what="the heading level cannot be used",
                got=str(heading_level),
                expected=f"{_HIGHEST_HEADING} to {_LOWEST_HEADING}, or 0 for none",
                next_step="Take the level below the heading of the section",
            )
        heading = ""
        if heading_level and self.title:
            level = f"h{heading_level}"
            heading = f'<{level} class="att-figure__title">{escape(self.title)}</{level}>'
        marks = "".join(
            f'<li><span class="att-badge">{escape(mark.label or "?")}</span> '
            f"{escape(_with_session(mark))}</li>"
            for mark in self.marks
        )
        listed = f'<ul class="att-marks">{marks}</ul>' if marks else ""
        numbers = ""
        if self.table.rows:
            numbers = (
                '<details class="att-numbers"><summary>The same as a table</summary>'
                f"{self.table.html()}</details>"
            )
        return (
            f'<figure class="att-figure">{heading}<div class="att-figure__picture">{self.svg}'
            f'</div><figcaption><p class="att-sentence">{escape(self.sentence)}</p>{listed}'
            f"{numbers}</figcaption></figure>"
        )


def dual_chart(chart: DualChart, size: Literal["both", "wide", "narrow"] = "both") -> Figure:
    """Draw both chairs on one axis.

    Parameters
    ----------
    chart : DualChart
        The lines, their scale, words and marks. Either line may be absent or empty.
    size : {"both", "wide", "narrow"}
        ``"wide"`` is drawn for about 720 px, ``"narrow"`` for a phone; ``"both"`` lets the style
        sheet (`CHART_CSS`) choose by the width of the figure.

    Returns
    -------
    Figure
        The table has one row for each session that anything is known about.

    Raises
    ------
    FigureError
        ``E-FIGURE-005`` for another size.
    """
    if size not in {"both", "wide", "narrow"}:
        raise FigureError(
            "E-FIGURE-005",
            what="the size of the chart is not known",
            got=repr(size),
            expected="both, wide or narrow",
            next_step="Use one of these",
        )
    sentence = dual_sentence(chart)
    svg = ""
    if size != "narrow":
        svg += draw(chart, sentence, "wide")
    if size != "wide":
        svg += draw(chart, sentence, "narrow")
    if size == "both":
        svg = f'<div class="att-both">{svg}</div>'
    return Figure(svg, sentence, dual_table(chart), chart.title, chart.marks)


def dual_table(chart: DualChart) -> Table:
    """Return the numbers of a chart as text, one row for each session."""
    lines = [
        (line, scores)
        for line, scores in (
            (chart.client, chart.client_scores),
            (chart.therapist, chart.therapist_scores),
        )
        if line is not None
    ]
    notes: dict[int, list[str]] = {}
    for mark in chart.marks:
        notes.setdefault(mark.session_no, []).append(f"{mark.label}: {mark.text}")
    cancelled = set(chart.cancelled)
    expected = chart.band.ends() if chart.band is not None else {}
    for session in sorted(cancelled):
        notes.setdefault(session, []).insert(0, "session cancelled")
    rows = []
    places = decimals(chart.minimum, chart.maximum, whole=False)
    for session in chart.sessions:
        cells = [str(session)]
        for _, scores in lines:
            value = scores.get(session)
            absent = "–" if session in cancelled else "no form"
            cells.append(absent if value is None else number(value, chart.places))
        if chart.band is not None:
            ends = expected.get(session)
            cells += ["–", "–"] if ends is None else [number(end, places) for end in ends]
        if notes:
            cells.append("; ".join(notes.get(session, ())))
        rows.append(tuple(cells))
    return Table(
        caption=_caption(chart),
        header=(
            "Session",
            *(_label(line) for line, _ in lines),
            *_band_header(chart),
            *(("Note",) if notes else ()),
        ),
        rows=tuple(rows),
    )


def _band_header(chart: DualChart) -> tuple[str, ...]:
    if chart.band is None:
        return ()
    label = " ".join(chart.band.label.split()).capitalize() or "Expected"
    return f"{label} from", "to"


def _with_session(mark: Mark) -> str:
    """Name the session unless the text begins with it."""
    if mark.text.startswith(f"In session {mark.session_no}"):
        return mark.text
    return f"Session {mark.session_no}: {mark.text}"


def _label(line: Line) -> str:
    return " ".join(line.label.split()) or "Score"


def _caption(chart: DualChart) -> str:
    """Say what the numbers are and which way is better."""
    low, high = (f" ({word.strip()})" if word.strip() else "" for word in chart.words)
    better = {
        True: "higher is better",
        False: "lower is better",
        None: "which end is better is not known",
    }[chart.higher_is_better]
    scale = "Scores that occur: from" if chart.observed else "Scale from"
    return (
        f"{chart.title}. {scale} {tick(chart.minimum)}{low} to {tick(chart.maximum)}{high}; "
        f"{better}."
    )
