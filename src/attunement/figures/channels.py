# SPDX-License-Identifier: Apache-2.0
"""Who noticed what, session by session: one row for each channel, never added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from attunement.figures.draw import CLIENT, INK, MARK, MUTED, THERAPIST
from attunement.figures.dual import Figure
from attunement.figures.errors import FigureError
from attunement.figures.layout import TYPE, session_places, session_ticks
from attunement.figures.markup import escape, identifier, place, shorten, width
from attunement.figures.table import Table

_ROW = 34.0
_TOP = 10.0
_MOST_LISTED = 8  # sessions that a sentence names
# Class, colour and path of a mark of radius r around (0, 0); the shape tells the row by itself.
_SHAPES = (
    ("client", CLIENT, "M0 {r}A{r} {r} 0 1 1 0 -{r}A{r} {r} 0 1 1 0 {r}z"),
    ("therapist", THERAPIST, "M-{r} -{r}H{r}V{r}H-{r}z"),
    ("mark", MARK, "M0 -{r}L{r} 0L0 {r}L-{r} 0z"),
    ("end", MUTED, "M0 -{r}L{r} {r}H-{r}z"),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: for each session whether it noticed something.

    Parameters
    ----------
    label : str
        Whose, as the heading of a row and a column.
    noticed : tuple of bool or None
        One for each session; ``None`` where the channel has nothing to say.
    empty : str
        What is said of a channel that never has anything to say.
    """

    label: str
    noticed: tuple[bool | None, ...]
    empty: str = "nothing to say yet"


@dataclass(frozen=True, slots=True)
class ChannelChart:
    """Channels over the same sessions.

    Parameters
    ----------
    title : str
        The title of the figure.
    sessions : tuple of int
        Session numbers, strictly increasing.
    channels : tuple of Channel
        At most four, drawn from the top.
    key : str
        Makes the ids of this figure unique on its page.
    session_word, sessions_word : str
        The word for a session, and its plural.

    Raises
    ------
    FigureError
        ``E-FIGURE-001`` where a channel does not have one entry for each session.
    """

    title: str
    sessions: tuple[int, ...]
    channels: tuple[Channel, ...]
    key: str = "channels"
    session_word: str = "session"
    sessions_word: str = "sessions"

    def __post_init__(self) -> None:
        """Refuse channels that do not pair up with the sessions."""
        if len(self.channels) > len(_SHAPES) or any(
            len(one.noticed) != len(self.sessions) for one in self.channels
        ):
            raise FigureError(
                "E-FIGURE-001",
                what="the sessions and the channels do not pair up",
                got=f"{len(self.sessions)} sessions and {len(self.channels)} channels",
                expected=f"at most {len(_SHAPES)} channels, one entry of each for each session",
                next_step="Give None where a channel has nothing to say",
            )


def channel_chart(chart: ChannelChart) -> Figure:
    """Draw channels as rows of marks over one axis of sessions.

    Returns
    -------
    Figure
        Shape tells the channel as well as colour; a small dot is a session without a mark, an
        empty place one of which the channel has nothing to say. The table has one row for each
        session that any channel noticed.
    """
    sentence = channel_sentence(chart)
    drawn = _svg(chart, sentence, "wide") + _svg(chart, sentence, "narrow")
    return Figure(f'<div class="att-both">{drawn}</div>', sentence, _table(chart), chart.title)


def channel_sentence(chart: ChannelChart) -> str:
    """Say for each channel in how many sessions it noticed something, and in which."""
    if not chart.sessions:
        return f"There is no {chart.session_word} yet."
    n = len(chart.sessions)
    of = f"In {n} {chart.session_word if n == 1 else chart.sessions_word}: "
    return of + "; ".join(_said(chart, one) for one in chart.channels) + "."


def _said(chart: ChannelChart, one: Channel) -> str:
    known = [seen for seen in one.noticed if seen is not None]
    if not known:
        return f"{one.label}: {one.empty}"
    found = [str(number) for number, seen in zip(chart.sessions, one.noticed, strict=True) if seen]
    if not found:
        return f"{one.label}: none"
    listed = ", ".join(found[:_MOST_LISTED])
    more = ", …" if len(found) > _MOST_LISTED else ""
    word = chart.session_word if len(found) == 1 else chart.sessions_word
    return f"{one.label}: {len(found)} ({word} {listed}{more})"


def _table(chart: ChannelChart) -> Table:
    """Return the sessions that were noticed; a channel without anything to say has no column."""
    heard = [one for one in chart.channels if any(seen is not None for seen in one.noticed)]
    rows = []
    for at, number in enumerate(chart.sessions):
        seen = [one.noticed[at] for one in heard]
        if any(seen):
            rows.append((str(number), *(_cell(each) for each in seen)))
    return Table(
        caption=f"Each {chart.session_word} in which at least one channel noticed something",
        header=(chart.session_word.capitalize(), *(one.label for one in heard)),
        rows=tuple(rows),
    )


def _cell(seen: bool | None) -> str:  # noqa: FBT001 -- one of three
    if seen is None:
        return "nothing to say"
    return "noticed" if seen else "no"


def _svg(chart: ChannelChart, sentence: str, size: Literal["wide", "narrow"]) -> str:
    total = 720.0 if size == "wide" else 320.0
    label_above = size == "narrow"
    room = (
        0.0
        if label_above
        else 12.0 + max((width(one.label, TYPE) for one in chart.channels), default=0.0)
    )
    places = session_places(chart.sessions, 18.0 + room, total - 18.0)
    step = _ROW + (16.0 if label_above else 0.0)
    body = "".join(
        _row(chart, at, places, top=_TOP + at * step, total=total, label_above=label_above)
        for at in range(len(chart.channels))
    )
    bottom = _TOP + len(chart.channels) * step
    numbers = "".join(
        f'<text x="{place(places[number])}" y="{place(bottom + 14)}">{number}</text>'
        for number in (session_ticks(places) if places else ())
    )
    key = f"{identifier(chart.key)}-{size}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="att-chart att-chart--{size}" '
        f'viewBox="0 0 {place(total)} {place(bottom + 40)}" role="img" '
        f'aria-labelledby="{key}-t" aria-describedby="{key}-d" font-size="{place(TYPE)}" '
        f'font-family="system-ui, sans-serif" fill="{INK}">'
        f'<title id="{key}-t">{escape(chart.title)}</title>'
        f'<desc id="{key}-d">{escape(sentence)}</desc>{body}'
        f'<g class="att-muted" fill="{MUTED}" text-anchor="middle">{numbers}</g>'
        f'<text class="att-muted" x="{place(total - 10)}" y="{place(bottom + 32)}" '
        f'text-anchor="end" fill="{MUTED}">{escape(chart.session_word)}</text></svg>'
    )


def _row(
    chart: ChannelChart,
    at: int,
    places: dict[int, float],
    *,
    top: float,
    total: float,
    label_above: bool,
) -> str:
    one = chart.channels[at]
    y = top + (_ROW / 2 if not label_above else _ROW / 2 + 12.0)
    label_y = y + 4.5 if not label_above else top + 10.0
    parts = [
        f'<text x="4" y="{place(label_y)}">{escape(shorten(one.label, TYPE, total - 8))}</text>'
    ]
    if not any(seen is not None for seen in one.noticed):
        first = min(places.values(), default=total / 2)
        words = escape(shorten(one.empty, TYPE, total - first))
        parts.append(
            f'<text class="att-muted" x="{place(first - 8)}" y="{place(y + 4.5)}" '
            f'fill="{MUTED}">{words}</text>'
        )
        return "".join(parts)
    parts.append(_marks(chart.sessions, one, at, places, y))
    return "".join(parts)


def _marks(
    sessions: Sequence[int], one: Channel, at: int, places: dict[int, float], y: float
) -> str:
    who, colour, path = _SHAPES[at]
    gaps = sorted(places.values())
    spacing = min((b - a for a, b in pairwise(gaps)), default=18.0)
    r = min(max(0.36 * spacing, 2.0), 6.0)
    dots, shapes = [], []
    for number, seen in zip(sessions, one.noticed, strict=True):
        x = places[number]
        if seen is None:
            continue
        if not seen:
            dots.append(f'<circle cx="{place(x)}" cy="{place(y)}" r="{place(min(1.6, r))}"/>')
            continue
        shape = path.format(r=place(r))
        shapes.append(f'<path transform="translate({place(x)} {place(y)})" d="{shape}"/>')
    return (
        f'<g class="att-muted" fill="{MUTED}">{"".join(dots)}</g>'
        f'<g class="att-channel att-channel--{who}" fill="{colour}">{"".join(shapes)}</g>'
    )
