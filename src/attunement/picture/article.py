# SPDX-License-Identifier: Apache-2.0
"""One dyad as HTML: its row in the list, and its article with picture, sentence and table."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from attunement.figures import dual_chart, sparkline
from attunement.frames import ScoreScale
from attunement.picture.dyads import Check, DyadView, chart_of, not_judged_words, trend_words
from attunement.picture.wording import CHAIRS, count
from attunement.signals import Archive, Signal


def row_html(view: DyadView, scale: ScoreScale, *, two_chairs: bool, asked: bool) -> str:
    """Return the dyad's row of the list.

    Parameters
    ----------
    view : DyadView
    scale : ScoreScale
    two_chairs : bool
        Whether the file has more than one chair.
    asked : bool
        Whether rules could be asked.
    """
    sparks = "".join(
        f'<td class="spark spark-{chair or "one"}">'
        + sparkline(
            values, scale.minimum, scale.maximum, f"{CHAIRS[chair] or 'Ratings'} of {view.name}"
        )
        + "</td>"
        for chair, values in list(view.ratings.chairs.items())[:2]
    )
    one_chair = f'<td class="n wide">{view.one_chair}</td>' if two_chairs else ""
    flagged = f'<td class="n">{_badge(view)}</td>' if asked else ""
    keys = f"{view.place},{view.rated},{view.missing},{len(view.signals)}"
    return (
        f'<tr data-keys="{keys}"><th scope="row"><a href="#d-{view.place}"><bdi>'
        f"{escape(view.name)}</bdi></a></th>{sparks}"
        f'<td class="n few">{view.rated}</td><td class="n">{view.missing}</td>'
        f"{one_chair}{flagged}</tr>"
    )


def _badge(view: DyadView) -> str:
    """Return the number of questions; a dash where nothing could be judged is no zero."""
    n = len(view.signals)
    none = "0" if view.judged else '<abbr title="nothing could be judged">–</abbr>'
    return f'<span class="att-badge">{n}</span>' if n else none


def article_html(
    view: DyadView, scale: ScoreScale, archives: Mapping[str, Archive], score: str
) -> str:
    """Return the dyad's article.

    Parameters
    ----------
    view : DyadView
    scale : ScoreScale
    archives : mapping of str to Archive
        What is usual, per chair.
    score : str
        What the score is called.
    """
    figure = dual_chart(chart_of(view, scale, archives, score)).html(heading_level=0)
    gone = "".join(f"<li>{escape(line)}</li>" for line in view.missing_words())
    missing = f'<h4>What is missing</h4><ul class="plain">{gone}</ul>' if gone else ""
    return (
        f'<article class="dyad" id="d-{view.place}" tabindex="-1" '
        f'aria-labelledby="n-{view.place}"><h3 id="n-{view.place}"><bdi>{escape(view.name)}</bdi>'
        f'</h3><p class="under">{escape(_under(view))}</p>{figure}{_signals(view)}'
        f"{missing}</article>"
    )


def _under(view: DyadView) -> str:
    days = [day for day in view.ratings.dates if day is not None]
    first, last = (min(days).isoformat(), max(days).isoformat()) if days else ("", "")
    when = f", {first} to {last}" if first != last else f", {first}" if first else ""
    return f"{count(view.rated, 'rated session')}{when}"


def _signals(view: DyadView) -> str:
    if not view.checks:
        return ""
    whys = "".join(
        _why(number, chair, signal) for number, (chair, signal) in enumerate(view.signals, start=1)
    )
    chances = "".join(
        f"<p>{_whose(check.chair, len(view.ratings.chairs))}{escape(_about(check))}</p>"
        for check in view.checks
    )
    if view.signals:
        title = count(len(view.signals), "question")
    else:
        title = "No question from the rules" if view.judged else "Nothing could be judged"
    return f'<h4>{title}</h4>{whys}<div class="chance">{chances}</div>'


def _about(check: Check) -> str:
    """Say how many ratings were judged, and how often chance flags such a line; never of none."""
    told = [f"{count(check.n_evaluated, 'rating')} judged."]
    if check.n_evaluated:
        told.append(check.chance.sentence)
    else:
        told = ["No rating could be judged, which is not the same as nothing found."]
    told += [not_judged_words(check), trend_words(check)]
    return " ".join(words for words in told if words)


def _whose(chair: str, chairs: int) -> str:
    return f"<b>{CHAIRS[chair]}.</b> " if chair and chairs > 1 else ""


def _why(number: int, chair: str, signal: Signal) -> str:
    inputs = ", ".join(f"{name} = {value:.4g}" for name, value in signal.why.inputs.items())
    whose = f" ({CHAIRS[chair].lower()})" if chair else ""
    return (
        f'<div class="ask"><p><span class="att-badge">{number}</span> '
        f"<b>Session {signal.session_no}{whose}: {escape(signal.why.question)}</b></p>"
        f'<details><summary>Why this is asked</summary><dl class="why">'
        f"<dt>Rule</dt><dd>{escape(signal.rule_id)}, version {escape(signal.rule_version)}"
        f"{'' if signal.why.verified else ' – a proposal, not taken from a paper'}</dd>"
        f"<dt>Flags</dt><dd>{escape(signal.why.threshold)}</dd>"
        f"<dt>Went in</dt><dd>{escape(inputs)}</dd>"
        f"<dt>Formula</dt><dd>{escape(signal.why.formula)}</dd>"
        f"<dt>Cannot tell</dt><dd>{escape(signal.why.cannot_tell)}</dd></dl></details></div>"
    )
