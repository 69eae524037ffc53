# SPDX-License-Identifier: Apache-2.0
"""A measure as plain lines for a terminal: the same facts as its page, without markup."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from attunement.measures.facts import CONTEXTS
from attunement.measures.schema import Measure
from attunement.measures.words import (
    TEXT_STATES,
    items_sentence,
    missing_sentence,
    number,
    scoring_sentence,
    span,
    sure,
)


def plain(measure: Measure, *, text_languages: Sequence[str] = (), width: int = 88) -> str:
    """Return everything that is known of a measure, as wrapped lines.

    Parameters
    ----------
    measure : Measure
        A definition.
    text_languages : sequence of str
        The languages that wording is at hand in.
    width : int
        Characters a line, at least 40.
    """
    lines = [f"{measure.acronym}  {measure.title}", f"{measure.id}, version {measure.version}", ""]
    if not measure.validated:
        lines += ["NOT VALIDATED: for a conversation, not for a judgement.", ""]
    for title, body in (
        ("Measures", _about(measure)),
        ("Who rates", iter([", ".join(measure.perspectives)])),
        ("Scoring", _scoring(measure)),
        ("Missing", _missing(measure)),
        ("Cut-offs", _cutoffs(measure)),
        ("Precision", _precision(measure)),
        ("Rights", _rights(measure, text_languages)),
        ("Sources", _sources(measure)),
    ):
        lines += [title, *_wrapped(body, max(width, 40)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _wrapped(body: Iterator[str], width: int) -> list[str]:
    lines: list[str] = []
    for entry in body:
        lines += textwrap.wrap(
            " ".join(entry.split()),
            width,
            initial_indent="  ",
            subsequent_indent="    ",
            break_on_hyphens=False,
        )
    return lines or ["  none on file"]


def _about(measure: Measure) -> Iterator[str]:
    yield measure.about
    yield f"Construct: {measure.construct}; family: {measure.family}"
    if measure.timeframe:
        yield f"Time frame: {measure.timeframe}"
    yield from measure.notes


def _scoring(measure: Measure) -> Iterator[str]:
    yield items_sentence(measure)
    for scale in measure.scales:
        certainty = sure(verified=scale.verified)
        yield f"{scale.id}: {scoring_sentence(measure, scale)} [{certainty}]"
    for item in measure.items:
        if item.risk:
            least = number(item.risk.at_least)
            yield f"Item {item.id}: {least} or more is brought to a person at once."


def _missing(measure: Measure) -> Iterator[str]:
    for scale in measure.scales:
        yield f"{scale.id}: {missing_sentence(scale)}"


def _cutoffs(measure: Measure) -> Iterator[str]:
    for table in measure.cutoffs:
        bands = "; ".join(f"{span(band.low, band.high)} {band.label}" for band in table.bands)
        claim = f"{table.source or 'no source'}, {sure(verified=table.verified)}"
        yield f"{table.scale}, {table.kind}: {bands} [{claim}]"
    for change in measure.reliable_change:
        level = f" at {change.confidence * 100:g} %" if change.confidence else ""
        claim = f"{change.source or 'no source'}, {sure(verified=change.verified)}"
        yield f"{change.scale}, reliable change{level}: {number(change.points)} points [{claim}]"


def _precision(measure: Measure) -> Iterator[str]:
    for one in measure.reliability:
        claim = f"{one.source or 'no source'}, {sure(verified=one.verified)}"
        group = f", {one.population}" if one.population else ""
        yield f"{one.scale}, {one.kind} {number(one.value)}{group} [{claim}]"
    for norm in measure.norms:
        claim = f"{norm.source or 'no source'}, {sure(verified=norm.verified)}"
        yield (
            f"{norm.scale}, mean {number(norm.mean)}, SD {number(norm.sd)}, "
            f"{norm.population} [{claim}]"
        )


def _rights(measure: Measure, text_languages: Sequence[str]) -> Iterator[str]:
    rights = measure.licence
    yield f"{rights.name}; holder: {rights.holder}"
    yield (
        f"In the owner's words: {rights.exact_words}"
        if rights.exact_words
        else ("The owner's words are not on file.")
    )
    if rights.source_url:
        yield f"Read at {rights.source_url}{f' on {rights.seen_on}' if rights.seen_on else ''}"
    answers = ((context, rights.contexts.get(context)) for context in CONTEXTS)
    yield "Use: " + "; ".join(
        f"{name} {answer.value if answer else 'unknown'}" for name, answer in answers
    )
    at_hand = f", at hand in {', '.join(text_languages)}" if text_languages else ""
    yield f"Wording: {TEXT_STATES[measure.text.value]}{at_hand}"
    yield "Answers and scores can be entered in any case."


def _sources(measure: Measure) -> Iterator[str]:
    for source in measure.sources:
        link = source.url or source.doi
        read = "read" if source.verified else "not yet read"
        yield f"{source.key}: {source.citation}{f' {link}' if link else ''} [{read}]"
