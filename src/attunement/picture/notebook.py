# SPDX-License-Identifier: Apache-2.0
"""A look inside a notebook: the glance in words and the first figure, without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from attunement.figures import CHART_CSS, dual_chart
from attunement.frames import Ratings
from attunement.picture.dyads import DyadView, chart_of, undrawn_words
from attunement.picture.glance import Glance
from attunement.picture.wording import count, shown
from attunement.signals import Archive

# Paper of its own: the theme of the notebook and that of the system may differ.
_OWN = (
    ".att-notebook { background: var(--att-paper); color: var(--att-ink); padding: 0.5rem 1rem; }"
)


def notebook_html(
    name: str,
    ratings: Ratings,
    glance: Glance,
    views: Sequence[DyadView],
    archives: Mapping[str, Archive],
) -> str:
    """Return a fragment that stands by itself: its own style, no script, nothing loaded.

    Parameters
    ----------
    name : str
        What the source is called.
    ratings : Ratings
    glance : Glance
    views : sequence of DyadView
        The first one that has a rating is drawn.
    archives : mapping of str to Archive
        What is usual, per chair.
    """
    told = [glance.lead(), glance.signal_words(), glance.trend_words(), undrawn_words(ratings)]
    told += [one.text + "." for one in ratings.said if one.check]
    words = "".join(f"<p>{escape(shown(text, 600))}</p>" for text in told if text)
    first = next((view for view in views if view.rated), None)
    figure = ""
    if first is not None:
        chart = chart_of(first, ratings.scale, archives, ratings.score_name)
        rest = len(views) - 1
        more = f" (and {count(rest, 'more dyad')} on the page)" if rest else ""
        figure = (
            f"<p><b><bdi>{escape(first.name)}</bdi></b>{more}</p>"
            f"{dual_chart(chart).html(heading_level=0)}"
        )
    return (
        f'<div class="att-notebook"><style>{CHART_CSS}{_OWN}</style>'
        f"<p><b><bdi>{escape(shown(name))}</bdi></b></p>"
        f"{words}{figure}</div>"
    )
