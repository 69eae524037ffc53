# SPDX-License-Identifier: Apache-2.0
"""The whole page: one file, no network, usable without script where the file is small."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files

from attunement import signals
from attunement.errors import Problem
from attunement.figures import CHART_CSS
from attunement.frames import Ratings, Said, ScoreScale
from attunement.picture.article import article_html, row_html
from attunement.picture.dyads import DyadView, undrawn_words
from attunement.picture.glance import Glance
from attunement.picture.packed import packed_list, packed_parts
from attunement.picture.spread import spreads_html
from attunement.picture.wording import CHAIRS, count, runs, share, shown
from attunement.signals import Archive

SMALL = 60
MARK = '<meta name="generator" content="attunement look">'
PROBLEMS_LISTED = 200
_HERE = files("attunement.picture")
_CSS = CHART_CSS + _HERE.joinpath("page.css").read_text(encoding="utf-8")
_JS = _HERE.joinpath("page.js").read_text(encoding="utf-8")


def page_parts(
    *,
    name: str,
    written: str,
    ratings: Ratings,
    glance: Glance,
    views: Sequence[DyadView],
    archives: Mapping[str, Archive],
    progress: Callable[[int, int], None] | None,
) -> Iterator[str]:
    """Yield the page, one self-contained HTML document, part by part; the head is the first.

    Parameters
    ----------
    name, written : str
        What the file is called, and how it was written, in words.
    ratings : Ratings
    glance : Glance
    views : sequence of DyadView
        Every dyad, in the order of the list.
    archives : mapping of str to Archive
        What is usual, per chair.
    progress : callable or None
        Called with the dyads drawn so far and their number.

    Yields
    ------
    str
        The page has a content security policy that allows its own style and script and nothing
        else. Up to 60 dyads everything stands in the page; beyond, the list and the dyads are
        packed, and the script unfolds what is shown.
    """
    small = len(views) <= SMALL
    articles = _articles(ratings, views, archives, progress)
    rows = (
        row_html(view, ratings.scale, two_chairs=len(ratings.chairs) > 1, asked=bool(archives))
        for view in views
    )
    title = f"A look at {shown(name)}"
    yield _head(title)
    yield _top(title, written, ratings, glance)
    yield '<main class="wrap" id="main">'
    yield _first(ratings)
    yield _tiles(glance, ratings)
    yield _problems(ratings.problems)
    yield _list(ratings, rows if small else (), asked=bool(archives), small=small)
    yield _dyads(articles) if small else _reader()
    yield _rules(archives, higher_is_better=bool(ratings.scale.higher_is_better))
    yield _reading(ratings)
    yield "</main>"
    yield _foot()
    if not small:
        yield packed_list(views, rows)
        yield from packed_parts(articles)
    yield f"<script>{_JS}</script></body></html>\n"


def _articles(
    ratings: Ratings,
    views: Sequence[DyadView],
    archives: Mapping[str, Archive],
    progress: Callable[[int, int], None] | None,
) -> Iterator[str]:
    for done, view in enumerate(views, start=1):
        yield article_html(view, ratings.scale, archives, ratings.score_name)
        if progress is not None:
            progress(done, len(views))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _head(title: str) -> str:
    policy = (
        f"default-src 'none'; style-src {_hash(_CSS)}; script-src {_hash(_JS)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">{MARK}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{_CSS}</style></head><body>"
        '<a class="skip" href="#list">Skip to the list</a>'
    )


def _top(title: str, written: str, ratings: Ratings, glance: Glance) -> str:
    score = shown(ratings.score_name)
    how = f" · {escape(written)}" if written else ""
    more = "".join(
        f'<p class="lead">{escape(words)}</p>'
        for words in (glance.signal_words(), glance.trend_words(), undrawn_words(ratings))
        if words
    )
    return (
        f'<header class="top wrap"><p class="kicker">Attunement{how}</p><h1><bdi>{escape(title)}'
        f'</bdi></h1><p class="lead">{escape(glance.lead())}'
        f"{_score_words(score, ratings.scale)}</p>{more}</header>"
    )


def _score_words(score: str, scale: ScoreScale) -> str:
    """Name the score, its ends and its better end; a column called "score" needs no naming."""
    ends = "" if scale.source == "observed" else f"from {' to '.join(scale.ends)}"
    better = {True: "higher is better", False: "lower is better", None: ""}
    known = ", ".join(words for words in (ends, better[scale.higher_is_better]) if words)
    if score.casefold() == "score":
        return f" The score: {known}." if known else ""
    return f" The score is <b><bdi>{escape(score)}</bdi></b>{', ' if known else ''}{known}."


def _first(ratings: Ratings) -> str:
    """Return what the reader should check before anything else, "" where there is nothing."""
    told = "".join(f"<li>{_said(one)}</li>" for one in ratings.said if one.check)
    if not told:
        return ""
    return (
        '<section class="card care" aria-labelledby="first"><h2 id="first">Check this first</h2>'
        f'<ul class="plain">{told}</ul></section>'
    )


def _said(one: Said) -> str:
    otherwise = f" Say otherwise with {_options(one.option)}." if one.option else ""
    return f"<bdi>{escape(shown(one.text, 600))}.</bdi>{otherwise}"


def _options(option: str) -> str:
    """Return option names as code, the words between them as they are."""
    return " ".join(
        f"<code>{escape(word)}</code>" if word.startswith("--") else escape(word)
        for word in option.split()
    )


def _tiles(glance: Glance, ratings: Ratings) -> str:
    tiles = [
        _tile("dyads", f"{glance.dyads:,}"),
        _tile("sessions with a rating", f"{glance.sessions:,}"),
        _tile("ratings", f"{glance.ratings:,}", _by_chair(glance)),
        _tile("ratings missing", f"{glance.missing:,}"),
    ]
    if glance.one_chair is not None:
        tiles.append(
            _tile(
                "sessions rated from one chair only",
                f"{glance.one_chair:,}",
                share(glance.one_chair, glance.sessions),
            )
        )
    else:
        tiles.append(_tile("chair in the file", "1"))
    if ratings.scale.best is None:
        tiles.append(
            _tile("at the best possible score", "not known", glance.ceiling_words(), broad=True)
        )
    else:
        best = sum(chair.at_best or 0 for chair in glance.chairs)
        tiles.append(
            _tile(
                f"at the best possible score ({_best_words(ratings.scale)})",
                f"{best:,}",
                glance.ceiling_words(),
                broad=True,
            )
        )
    if glance.signals is not None:
        value = f"{glance.signals:,}" if glance.judged else "none judged"
        more = f"{glance.judged:,} judged, {glance.not_judged:,} could not be"
        tiles.append(_tile("sessions with a question", value, more))
    if glance.rows_left_out:
        tiles.append(_tile("rows left out", f"{glance.rows_left_out:,}"))
    refused = glance.left_out - glance.rows_left_out
    if refused:
        tiles.append(_tile("ratings left out", f"{refused:,}"))
    return (
        '<section aria-labelledby="glance"><h2 id="glance">The file at a glance</h2>'
        f'<dl class="tiles">{"".join(tiles)}</dl>{spreads_html(ratings)}</section>'
    )


def _best_words(scale: ScoreScale) -> str:
    return scale.ends[1] if scale.best == scale.maximum else scale.ends[0]


def _tile(what: str, value: str, more: str = "", *, broad: bool = False) -> str:
    extra = f'<dd class="more words">{escape(more)}</dd>' if more else ""
    width = ' class="broad"' if broad else ""
    return f"<div{width}><dt>{escape(what)}</dt><dd>{escape(value)}</dd>{extra}</div>"


def _by_chair(glance: Glance) -> str:
    if len(glance.chairs) < 2:  # noqa: PLR2004 - one chair has nothing to be told apart
        return ""
    return ", ".join(f"{CHAIRS[one.chair].lower()} {one.ratings:,}" for one in glance.chairs)


def _problems(problems: tuple[Problem, ...]) -> str:
    if not problems:
        return (
            '<section class="card" aria-labelledby="problems"><h2 id="problems">Mistakes in the '
            "file</h2><p>None were found.</p></section>"
        )
    ordered = sorted(problems, key=lambda problem: not problem.refused)
    told = "".join(_problem(problem) for problem in ordered[:PROBLEMS_LISTED])
    more = len(problems) - PROBLEMS_LISTED
    rest = f"<p>… and {count(more, 'kind')} more.</p>" if more > 0 else ""
    return (
        '<section class="card care" aria-labelledby="problems"><h2 id="problems">Mistakes in the '
        f"file</h2><p>{count(len(problems), 'kind')} of mistake, each told once. Nothing was "
        f"repaired: what could not be read as written is not in the pictures.</p>{told}{rest}"
        "</section>"
    )


def _problem(problem: Problem) -> str:
    place = []
    if problem.column:
        place.append(f"column “{shown(problem.column)}”")
    if problem.rows and problem.count > 1:
        dots = ", …" if problem.count > len(problem.rows) else ""
        place.append(f"rows {runs(problem.rows)}{dots}")
    elif problem.row:
        place.append(f"row {problem.row:,}")
    if problem.count > 1:
        place.append(f"{problem.count:,} times")
    return (
        f'<div class="problem"><p><b>{escape(problem.what)}.</b> {escape(problem.next_step)}.</p>'
        f'<p class="where"><bdi>{escape(" · ".join(place))}</bdi> · {problem.code}</p></div>'
    )


def _list(ratings: Ratings, rows: Iterable[str], *, asked: bool, small: bool) -> str:
    two = len(ratings.chairs) > 1
    heads = ['<th scope="col" data-key="0">Dyad</th>']
    heads += [
        f'<th scope="col" class="spark-{chair or "one"}">{CHAIRS[chair] or "Ratings"}</th>'
        for chair in ratings.chairs[:2]
    ]
    heads += [
        '<th scope="col" class="n few" data-key="1">Sessions</th>',
        '<th scope="col" class="n" data-key="2">Missing</th>',
    ]
    heads += ['<th scope="col" class="n wide">One chair only</th>'] if two else []
    heads += ['<th scope="col" class="n" data-key="3">Questions</th>'] if asked else []
    no_script = (
        ""
        if small
        else "<noscript><p>This file has many dyads: the list needs JavaScript. "
        "Without it, make a page of a few with <code>--only</code>.</p></noscript>"
    )
    pager = (
        ""
        if small
        else '<div class="pager" id="pager" hidden><button type="button" '
        'class="button" id="back">Earlier</button><button type="button" class="button" id="on">'
        'Later</button><span id="where"></span></div>'
    )
    none = " A dash: nothing could be judged, which is not nothing found." if asked else ""
    return (
        '<section class="card" id="list" tabindex="-1" aria-labelledby="list-title">'
        '<h2 id="list-title">Every dyad</h2><div class="tools" id="tools" hidden><div>'
        '<label for="find">Find by name</label><input id="find" type="search" autocomplete="off" '
        f'spellcheck="false"></div><p role="status" id="status"></p></div>{no_script}'
        f'<table class="list{" two" if two else ""}"><caption>A heading sorts by it; no order here '
        f"is a ranking.{none}</caption><thead><tr>{''.join(heads)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>{pager}</section>"
    )


def _dyads(articles: Iterator[str]) -> str:
    return (
        '<section aria-labelledby="dyads"><h2 id="dyads">One by one</h2>'
        f"{''.join(articles)}</section>"
    )


def _reader() -> str:
    return (
        '<section id="one" hidden aria-labelledby="dyads"><h2 id="dyads">One by one</h2>'
        '<div id="holder"></div><div class="pager"><button type="button" class="button" '
        'id="before">The one before</button><button type="button" class="button" id="after">'
        'The next one</button><a href="#list">Back to the list</a></div></section>'
    )


def _rules(archives: Mapping[str, Archive], *, higher_is_better: bool) -> str:
    if not archives:
        return ""
    told = "".join(
        f"<h3>{escape(rule.title)}</h3><p>It asks: <em>{escape(rule.question)}</em> "
        f"{escape(rule.cannot_tell)}</p><p><code>{escape(rule.id)}</code>, version "
        f"{escape(rule.version)}: "
        + escape(", ".join(f"{name} = {value:g}" for name, value in rule.params.items()))
        + f". {escape(rule.source)}</p>"
        for rule in signals.DEFAULT_RULES
    )
    usual = "".join(
        f"<p>{CHAIRS[chair] + ': w' if chair else 'W'}hat is usual was "
        f"{escape(archive.source)}.</p>"
        for chair, archive in archives.items()
    )
    return (
        '<section class="card" aria-labelledby="rules"><h2 id="rules">The rule behind the '
        "questions</h2><p>A signal is a question to a person, not a finding. “Worse” means "
        f"{'lower' if higher_is_better else 'higher'} here. Each session is compared only with "
        f"the sessions before it.</p>{told}{usual}</section>"
    )


def _reading(ratings: Ratings) -> str:
    told = "".join(
        f"<div><dt>{escape(one.topic)}</dt><dd>{_said(one)}"
        + (' <span class="tag">guessed</span>' if one.guessed else "")
        + "</dd></div>"
        for one in ratings.said
    )
    return (
        '<section class="card" aria-labelledby="reading"><h2 id="reading">How the file was read'
        f'</h2><dl class="read">{told}</dl></section>'
    )


def _foot() -> str:
    return (
        '<footer class="wrap"><p>Made on this machine by <code>attunement look</code>; nothing '
        "was sent anywhere. The page describes ratings. It does not diagnose, does not say why a "
        "rating changed, and does not compare people.</p></footer>"
    )
