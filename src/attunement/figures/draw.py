# SPDX-License-Identifier: Apache-2.0
"""Draw a dual chart as SVG: classes for the style sheet, attributes for where there is none."""

from __future__ import annotations

from attunement.figures.data import DualChart, Line
from attunement.figures.layout import LANE, ROW, TYPE, Layout, Size, arrange
from attunement.figures.markup import escape, identifier, place, shorten, tick, width

CLIENT, THERAPIST, MARK = "#0b6460", "#8a4210", "#6b2f68"
INK, MUTED, GRID, PAPER = "#2b2723", "#625a52", "#e2dacf", "#fffdf9"
_BELOW = 5.0  # no form is no zero: its mark stands off the scale, over the number of its session


def draw(chart: DualChart, sentence: str, size: Size) -> str:
    """Return one ``<svg>``; ids come from the chart's key and the size."""
    if not chart.client_scores and not chart.therapist_scores:
        return _frame(chart, sentence, size, _empty(size), box=_empty_size(size))
    layout = arrange(chart, size)
    parts = [
        _band(chart, layout),
        _grid(chart, layout),
        _axis(chart, layout),
        _legend(chart, layout) if layout.direct is None else "",
        _leaders(chart, layout),
        _end_words(chart, layout),
        _line(layout, chart.therapist_scores, chart.sessions, "therapist"),
        _line(layout, chart.client_scores, chart.sessions, "client"),
        _end_labels(layout),
        _badges(layout),
    ]
    return _frame(chart, sentence, size, "".join(parts), box=(layout.width, layout.height))


def _frame(
    chart: DualChart, sentence: str, size: Size, body: str, *, box: tuple[float, float]
) -> str:
    key = f"{identifier(chart.key)}-{size}"
    marks = " ".join(f"Signal in session {m.session_no}: {m.text}" for m in chart.marks)
    described = escape(f"{sentence} {marks}".strip())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="att-chart att-chart--{size}" '
        f'viewBox="0 0 {place(box[0])} {place(box[1])}" role="img" '
        f'aria-labelledby="{key}-t" aria-describedby="{key}-d" font-size="{place(TYPE)}" '
        f'font-family="system-ui, sans-serif" fill="{INK}">'
        f'<title id="{key}-t">{escape(chart.title)}</title><desc id="{key}-d">{described}</desc>'
        f"{body}</svg>"
    )


def _empty_size(size: Size) -> tuple[float, float]:
    return (720.0, 130.0) if size == "wide" else (320.0, 130.0)


def _empty(size: Size) -> str:
    """Draw the kind empty state: the axis that waits, and what will be there."""
    width_, _ = _empty_size(size)
    return (
        f'<path class="att-grid" d="M16 100H{place(width_ - 16)}" stroke="{GRID}" '
        'stroke-dasharray="2 6" stroke-linecap="round"/>'
        f'<text x="{place(width_ / 2)}" y="54" text-anchor="middle">No ratings yet</text>'
        f'<text class="att-muted" x="{place(width_ / 2)}" y="76" text-anchor="middle" '
        f'fill="{MUTED}">They appear here after the first form.</text>'
    )


def _grid(chart: DualChart, at: Layout) -> str:
    """Draw the scale: few lines, numbers on the left, and the end where scores can rise no more."""
    lines = "".join(f"M{place(at.left)} {place(at.y(v))}H{place(at.right)}" for v in at.scale_ticks)
    numbers = "".join(
        f'<text x="{place(at.left - 6)}" y="{place(at.y(v) + 4.5)}">{tick(v)}</text>'
        for v in at.scale_ticks
    )
    end = ""
    if chart.best is not None and chart.at_best:
        y = place(at.y(chart.best))
        end = (
            f'<path class="att-end" d="M{place(at.left)} {y}H{place(at.right)}" '
            f'stroke="{MUTED}" stroke-width="1.5" stroke-dasharray="1 4" stroke-linecap="round"/>'
        )
    return (
        f'<path class="att-grid" d="{lines}" stroke="{GRID}"/>{end}'
        f'<g class="att-muted" fill="{MUTED}" text-anchor="end">{numbers}</g>'
    )


def _band(chart: DualChart, at: Layout) -> str:
    """Draw what was to be expected as areas, one for each run of neighbouring sessions."""
    if chart.band is None:
        return ""
    ends = chart.band.ends()
    runs: list[list[int]] = []
    for session in at.x:
        if session not in ends:
            runs.append([])
            continue
        runs = runs or [[]]
        runs[-1].append(session)
    path = ""
    for run in runs:
        half = 5.0 if len(run) == 1 else 0.0  # one session alone is still an area
        up = [(at.x[s], at.y(ends[s][1])) for s in run]
        down = [(at.x[s], at.y(ends[s][0])) for s in reversed(run)]
        if half:
            up = [(up[0][0] - half, up[0][1]), (up[0][0] + half, up[0][1])]
            down = [(down[0][0] + half, down[0][1]), (down[0][0] - half, down[0][1])]
        points = [f"{place(x)} {place(y)}" for x, y in up + down]
        path += f"M{'L'.join(points)}z" if points else ""
    if not path:
        return ""
    return f'<path class="att-band" d="{path}" fill="{GRID}" fill-opacity="0.6"/>'


def _end_words(chart: DualChart, at: Layout) -> str:
    """Write what both ends of the scale mean, above the plot and below the axis."""
    low, high = (" ".join(word.split()) for word in chart.words)
    if chart.at_best:
        if chart.higher_is_better:
            high = f"{high} (the highest)" if high else "highest possible"
        else:
            low = f"{low} (the lowest)" if low else "lowest possible"
    halo = f'stroke="{PAPER}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
    parts = [f'<g class="att-muted att-halo" fill="{MUTED}" {halo}>']
    if high:
        text = shorten(f"{tick(chart.maximum)} = {high}", TYPE, at.right - at.left)
        parts.append(f'<text x="{place(at.left)}" y="{place(at.top - 7)}">{escape(text)}</text>')
    if low:
        room = at.right - at.left - width("session", TYPE) - 12.0
        text = shorten(f"{tick(chart.minimum)} = {low}", TYPE, room)
        y = place(at.bottom + 2 * ROW + 4)
        parts.append(f'<text x="{place(at.left)}" y="{y}">{escape(text)}</text>')
    parts.append("</g>")
    return "".join(parts)


def _axis(chart: DualChart, at: Layout) -> str:
    """Draw the sessions: numbers, a dot for a missing form, a cross for a cancelled session."""
    y = at.bottom + ROW
    numbers = "".join(
        f'<text x="{place(at.x[session])}" y="{place(y)}">{session}</text>'
        for session in at.session_ticks
    )
    end = f'<text x="{place(at.right)}" y="{place(y + ROW + 4)}" text-anchor="end">session</text>'
    return (
        f'<g class="att-muted" fill="{MUTED}" text-anchor="middle">{numbers}{end}</g>'
        + _missing(chart, at)
    )


def _missing(chart: DualChart, at: Layout) -> str:
    cancelled = set(chart.cancelled)
    dots, squares, crosses = [], [], []
    y = at.bottom + _BELOW
    for session, x in at.x.items():
        here = session in chart.client_scores or session in chart.therapist_scores
        if session in cancelled and not here:
            crosses.append(f"M{place(x - 3)} {place(y - 3)}l6 6m0 -6l-6 6")
            continue
        no_client = chart.client is not None and session not in chart.client_scores
        no_therapist = chart.therapist is not None and session not in chart.therapist_scores
        apart = 4.0 if no_client and no_therapist else 0.0
        if no_client:
            dots.append(f'<circle cx="{place(x - apart)}" cy="{place(y)}" r="2.6"/>')
        if no_therapist:
            squares.append(
                f'<rect x="{place(x + apart - 2.5)}" y="{place(y - 2.5)}" width="5" height="5"/>'
            )
    parts = []
    if dots:
        parts.append(f'<g class="att-gap att-gap--client" fill="{CLIENT}">{"".join(dots)}</g>')
    if squares:
        parts.append(
            f'<g class="att-gap att-gap--therapist" fill="{PAPER}" stroke="{THERAPIST}">'
            f"{''.join(squares)}</g>"
        )
    if crosses:
        parts.append(
            f'<path class="att-cancelled" d="{"".join(crosses)}" stroke="{MUTED}" '
            'stroke-width="1.4" stroke-linecap="round"/>'
        )
    return "".join(parts)


def _line(at: Layout, scores: dict[int, float], sessions: tuple[int, ...], who: str) -> str:
    """Draw one chair: a line broken at every session without a score, and a shape per score."""
    if not scores:
        return ""
    path, shapes, pen = [], [], "M"
    client = who == "client"
    r = at.radius
    for session in sessions:
        value = scores.get(session)
        if value is None:
            pen = "M"
            continue
        x, y = at.x[session], at.y(value)
        path.append(f"{pen}{place(x)} {place(y)}")
        pen = "L"
        if client:
            shapes.append(f'<circle cx="{place(x)}" cy="{place(y)}" r="{place(r)}"/>')
        else:
            side = place(2 * r)
            shapes.append(
                f'<rect x="{place(x - r)}" y="{place(y - r)}" width="{side}" height="{side}"/>'
            )
    colour = CLIENT if client else THERAPIST
    fill = colour if client else PAPER
    dash = "" if client else ' stroke-dasharray="6 4"'
    return (
        f'<g class="att-line att-line--{who}"><path class="att-stroke" d="{"".join(path)}" '
        f'fill="none" stroke="{colour}" stroke-width="2.2" stroke-linejoin="round"{dash}/>'
        f'<g class="att-shape" fill="{fill}" stroke="{colour}" stroke-width="1.8">'
        f"{''.join(shapes)}</g></g>"
    )


def _end_labels(at: Layout) -> str:
    if at.direct is None:
        return ""
    parts = []
    for who, colour, label in zip(
        ("client", "therapist"), (CLIENT, THERAPIST), at.direct, strict=True
    ):
        if label is not None:
            parts.append(
                f'<text class="att-name att-name--{who}" x="{place(at.right + 6)}" '
                f'y="{place(label.y + 4.5)}" fill="{colour}">{escape(label.text)}</text>'
            )
    return "".join(parts)


def _legend(chart: DualChart, at: Layout) -> str:
    """Draw a row of samples with names above the plot."""
    lines: list[tuple[str, Line]] = []
    if chart.client is not None and chart.client_scores:
        lines.append(("client", chart.client))
    if chart.therapist is not None and chart.therapist_scores:
        lines.append(("therapist", chart.therapist))
    parts, x, y = [], at.left, 13.0
    # What a short name leaves is the next one's.
    for place_in_row, (who, line) in enumerate(lines):
        room = (at.right - x) / (len(lines) - place_in_row)
        colour = CLIENT if who == "client" else THERAPIST
        text = shorten(line.label, TYPE, room - 46.0)
        shape = (
            f'<circle cx="{place(x + 13)}" cy="{place(y - 4)}" r="4.2"/>'
            if who == "client"
            else f'<rect x="{place(x + 9)}" y="{place(y - 8)}" width="8" height="8"/>'
        )
        dash = "" if who == "client" else ' stroke-dasharray="6 4"'
        parts.append(
            f'<g class="att-line att-line--{who}"><path class="att-stroke" '
            f'd="M{place(x)} {place(y - 4)}h26" stroke="{colour}" stroke-width="2.2"{dash}/>'
            f'<g class="att-shape" fill="{colour if who == "client" else PAPER}" '
            f'stroke="{colour}" stroke-width="1.8">{shape}</g></g>'
            f'<text class="att-name att-name--{who}" x="{place(x + 32)}" y="{place(y)}" '
            f'fill="{colour}">{escape(text)}</text>'
        )
        x += width(text, TYPE) + 50.0
    return "".join(parts)


def _leaders(chart: DualChart, at: Layout) -> str:
    """Draw a fine line from each badge to its point, and a ring around the point."""
    path, rings = [], []
    for badge in at.badges:
        x = at.x[badge.session_no]
        value = chart.client_scores.get(badge.session_no)
        if value is None:
            value = chart.therapist_scores.get(badge.session_no)
        start = at.top - ROW - badge.row * LANE - 2.0
        if value is None:
            path.append(f"M{place(badge.x)} {place(start)}L{place(x)} {place(at.bottom - 4)}")
            continue
        y, ring = at.y(value), at.radius + 4.0
        path.append(f"M{place(badge.x)} {place(start)}L{place(x)} {place(y - ring)}")
        rings.append(f'<circle cx="{place(x)}" cy="{place(y)}" r="{place(ring)}"/>')
    if not path:
        return ""
    return (
        f'<g class="att-leader" fill="none" stroke="{MARK}" stroke-width="1.2">'
        f'<path d="{"".join(path)}" stroke-dasharray="1 3" stroke-linecap="round"/>'
        f"{''.join(rings)}</g>"
    )


def _badges(at: Layout) -> str:
    """Draw each mark as a small speech bubble with its label: a signal is a question."""
    parts = []
    for badge in at.badges:
        foot = at.top - ROW - badge.row * LANE
        left, right = badge.x - badge.half, badge.x + badge.half
        parts.append(
            f'<g class="att-mark"><path d="M{place(left + 4)} {place(foot - 19)}'
            f"H{place(right - 4)}q4 0 4 4v7q0 4 -4 4H{place(badge.x + 4)}l-4 4l-4 -4"
            f'H{place(left + 4)}q-4 0 -4 -4v-7q0 -4 4 -4z" fill="{MARK}"/>'
            f'<text x="{place(badge.x)}" y="{place(foot - 7)}" text-anchor="middle" '
            f'fill="{PAPER}">{escape(badge.text)}</text></g>'
        )
    return "".join(parts)
