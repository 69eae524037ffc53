# SPDX-License-Identifier: Apache-2.0
"""Charts, sparklines and picture codes as markup that the content policy accepts."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe

from attunement.clinic.services import CaseRow, Chart, ChartLine
from attunement.figures import DualChart, Line, Mark, dual_chart, sparkline


def dual(chart: Chart, *, heading_level: int = 2) -> SafeString:
    """Return both chairs on one axis: drawing, sentence and table."""
    figure = dual_chart(
        DualChart(
            client=_line(chart.client),
            therapist=_line(chart.therapist),
            minimum=chart.minimum,
            maximum=chart.maximum,
            higher_is_better=chart.higher_is_better,
            marks=tuple(Mark(mark.session_no, mark.label, mark.text) for mark in chart.marks),
            title=chart.title,
        )
    )
    # The figures room escapes every text it is given (its own tests prove it).
    return mark_safe(figure.html(heading_level=heading_level))  # noqa: S308 -- escaped by figures


def spark(row: CaseRow) -> SafeString | None:
    """Return the client's line of a caseload row, or None when there is nothing to draw."""
    line = row.client_line
    if line is None or all(value is None for value in line.values):
        return None
    drawn = sparkline(line.values, row.minimum, row.maximum, line.label)
    return mark_safe(drawn)  # noqa: S308 -- escaped by figures


def picture_code(link: str) -> SafeString:
    """Return a link as a QR code: inline SVG without style attributes, dark on light."""
    drawn = segno.make(link, micro=False, error="m").svg_inline(
        border=2, omitsize=True, svgclass=None, lineclass=None, title="The link as a picture code"
    )
    return mark_safe(drawn)  # noqa: S308 -- segno draws a path; the link itself is not in it


def _line(line: ChartLine) -> Line:
    return Line(line.label, line.sessions, line.values)
