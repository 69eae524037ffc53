# SPDX-License-Identifier: Apache-2.0
"""One page per measure, with fixed headings, made from its definition and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attunement.measures.facts import CONTEXTS
from attunement.measures.library import PACKS, ids, languages, load
from attunement.measures.schema import Licence, Measure, Source
from attunement.measures.words import (
    TEXT_STATES,
    items_sentence,
    missing_sentence,
    number,
    scoring_sentence,
    span,
    sure,
)

HEADINGS: Final = (
    "What it measures",
    "Who rates",
    "Scoring",
    "Missing rule",
    "Cut-offs and how sure",
    "Reliability and norms",
    "Rights, in the owner's words",
    "Sources",
)
NOT_VALIDATED: Final = (
    "Original form, not validated. Use it to open a conversation; "
    "do not use it to judge a therapist or to decide treatment."
)
_PACK_WORDS: Final = {
    "core": "core",
    "own": "our own",
    "nc": "non-commercial, off by default",
    "structure": "structure only",
    "operator": "the operator's",
}
_VERDICTS: Final = {
    "ship_core": "The wording comes with us.",
    "ship_nc": "The wording comes with us in the non-commercial pack, which is off by default.",
    "structure_only": "Structure and scoring come with us; the wording does not. "
    "An operator who holds a licence adds it with `attunement measures add --text FILE`. "
    "Answers and scores can be entered in any case.",
    "own": "The wording is ours.",
}


def page(measure: Measure, *, text_languages: Sequence[str] = ()) -> str:
    """Return the Markdown page of a measure.

    Parameters
    ----------
    measure : Measure
        A definition.
    text_languages : sequence of str
        The languages that wording is at hand in.

    Returns
    -------
    str
        With the headings of ``HEADINGS``, in that order, each of them always there.
    """
    bodies: Mapping[str, Iterator[str]] = {
        "What it measures": _about(measure),
        "Who rates": _who(measure),
        "Scoring": _scoring(measure),
        "Missing rule": _missing(measure),
        "Cut-offs and how sure": _cutoffs(measure),
        "Reliability and norms": _precision(measure),
        "Rights, in the owner's words": _rights(measure.licence, text_languages),
        "Sources": _sources(measure.sources),
    }
    lines = [
        f"# {_cell(measure.acronym)}: {_cell(measure.title)}",
        "",
        f"`{measure.id}`, version {measure.version}. Written by `make docs` from the definition.",
        "",
    ]
    if not measure.validated:
        lines += [f"> {NOT_VALIDATED}", ""]
    for heading in HEADINGS:
        lines += [f"## {heading}", "", *bodies[heading], ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def index(measures: Iterable[Measure]) -> str:
    """Return the Markdown table of every measure, in the order given."""
    rows = [
        "| id | measure | family | who rates | items | wording | pack | validated |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| [`{one.id}`]({one.id}.md) | {_cell(one.title)} | {one.family} "
        f"| {', '.join(one.perspectives)} | {len(one.items)} | {TEXT_STATES[one.text.value]} "
        f"| {_PACK_WORDS[one.pack]} | {'yes' if one.validated else 'no'} |"
        for one in measures
    ]
    head = [
        "# Measures",
        "",
        "Written by `make docs`. What is not here, and why, stands in",
        "[REFUSED.md](../../../src/attunement/measures/data/REFUSED.md).",
        "",
    ]
    return "\n".join([*head, *rows, ""])


def shipped_pages() -> dict[str, str]:
    """Return file name → page for every shipped measure (newest version) and the index."""
    measures = [load(measure_id, extra=()) for measure_id in ids(packs=PACKS, extra=())]
    pages = {
        f"{one.id}.md": page(one, text_languages=languages(one, packs=PACKS, extra=()))
        for one in measures
    }
    return {"README.md": index(measures), **pages}


def write_pages(folder: Path) -> tuple[Path, ...]:
    """Write the pages of every shipped measure into ``folder`` and return their paths.

    Pages of measures that are no longer shipped are taken away, so that the folder never says
    more than the data does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pages = shipped_pages()
    for stale in folder.glob("*.md"):
        if stale.name not in pages and "Written by `make docs`" in stale.read_text("utf-8"):
            stale.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return tuple(folder / name for name in pages)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _about(measure: Measure) -> Iterator[str]:
    yield _cell(measure.about)
    yield ""
    yield f"- Construct: {_cell(measure.construct)} (family: {measure.family})"
    if measure.timeframe:
        yield f"- Time frame: {_cell(measure.timeframe)}"
    ages = {"from": measure.minimum_age, "to": measure.maximum_age}
    stated = [f"{word} {age}" for word, age in ages.items() if age is not None]
    if stated:
        yield f"- Age in years: {' '.join(stated)}"
    if measure.seconds is not None:
        yield f"- Usual time to fill: {measure.seconds} seconds"
    codes = {"panel": measure.loinc_panel, "total": measure.loinc_total}
    known = [f"{word} {code}" for word, code in codes.items() if code]
    if known:
        yield f"- LOINC: {', '.join(known)}"
    for note in measure.notes:
        yield f"- {_cell(note)}"


def _who(measure: Measure) -> Iterator[str]:
    yield f"{', '.join(measure.perspectives).capitalize()}."
    guessed = [item.id for item in measure.items if item.view == "meta"]
    if guessed:
        yield ""
        yield f"Items {', '.join(guessed)} ask one person to guess how the other one rates."


def _scoring(measure: Measure) -> Iterator[str]:
    yield items_sentence(measure)
    yield ""
    if not measure.scales:
        yield "No score is made."
    for scale in measure.scales:
        certainty = sure(verified=scale.verified)
        yield f"- **{scale.id}**: {scoring_sentence(measure, scale)} ({certainty})"
    unscored = [item.id for item in measure.items if not item.scored]
    if unscored:
        yield f"- Kept out of every score: {', '.join(unscored)}."
    for item in measure.items:
        if item.shown_if:
            shown_if = item.shown_if
            least = number(shown_if.at_least)
            yield f"- Item {item.id} is asked when item {shown_if.item} is {least} or more."
        if item.risk:
            yield (
                f"- Item {item.id}: an answer of {number(item.risk.at_least)} or more is "
                f"brought to a person at once ({_cell(item.risk.kind)})."
            )


def _missing(measure: Measure) -> Iterator[str]:
    if not measure.scales:
        yield "No score is made, so nothing can be missing from one."
    for scale in measure.scales:
        yield f"- **{scale.id}**: {_cell(missing_sentence(scale))}"


def _cutoffs(measure: Measure) -> Iterator[str]:
    if not (measure.cutoffs or measure.reliable_change):
        yield "None published that we could find, and none invented."
        return
    for table in measure.cutoffs:
        claim = f"{_cell(table.source) or 'no source'}, {sure(verified=table.verified)}"
        yield f"**{table.scale}**, {table.kind} ({claim}):"
        yield ""
        yield "| score | reading |"
        yield "|---|---|"
        for band in table.bands:
            yield f"| {span(band.low, band.high)} | {_cell(band.label)} |"
        yield ""
        if table.note:
            yield _cell(table.note)
            yield ""
    for change in measure.reliable_change:
        level = f", {change.confidence * 100:g} % confidence" if change.confidence else ""
        yield (
            f"- Reliable change of **{change.scale}**: {number(change.points)} points"
            f"{level}; {_cell(change.method) or 'method not stated'} "
            f"({_cell(change.source) or 'no source'}, {sure(verified=change.verified)})"
        )


def _precision(measure: Measure) -> Iterator[str]:
    if not (measure.reliability or measure.norms):
        yield "None on file."
        return
    if measure.reliability:
        yield "| scale | kind | value | group | n | source | how sure |"
        yield "|---|---|---|---|---|---|---|"
        for one in measure.reliability:
            yield (
                f"| {one.scale} | {one.kind} | {number(one.value)} | {_cell(one.population)} "
                f"| {one.n or ''} | {_cell(one.source)} | {sure(verified=one.verified)} |"
            )
        yield ""
    if measure.norms:
        yield "| scale | group | mean | SD | n | source | how sure |"
        yield "|---|---|---|---|---|---|---|"
        for norm in measure.norms:
            yield (
                f"| {norm.scale} | {_cell(norm.population)} | {number(norm.mean)} "
                f"| {number(norm.sd)} | {norm.n or ''} | {_cell(norm.source)} "
                f"| {sure(verified=norm.verified)} |"
            )


def _rights(rights: Licence, text_languages: Sequence[str]) -> Iterator[str]:
    yield f"{_cell(rights.name)}. Holder: {_cell(rights.holder)}. {_VERDICTS[rights.verdict]}"
    yield ""
    if rights.exact_words:
        seen = f", seen on {rights.seen_on}" if rights.seen_on else ""
        yield from (f"> {line}".rstrip() for line in rights.exact_words.strip().splitlines())
        yield ""
        yield f"({rights.source_url or 'no address'}{seen})"
    else:
        yield "The owner's words are not on file."
    yield ""
    answers = ((context, rights.contexts.get(context)) for context in CONTEXTS)
    stated = [f"{name}: {answer.value if answer else 'unknown'}" for name, answer in answers]
    yield f"- Use: {'; '.join(stated)} (*ask* and *unknown* count as no)"
    if rights.conditions:
        yield f"- Conditions: {', '.join(rights.conditions).replace('_', ' ')}"
    kinds = {"non-commercial": rights.nc, "no derivatives": rights.nd, "share alike": rights.sa}
    if any(kinds.values()):
        yield f"- Kind: {', '.join(name for name, said in kinds.items() if said)}"
    yield f"- Evidence: {'seen' if rights.evidence == 'seen' else 'from memory, to be read'}"
    if rights.recheck_by:
        yield f"- To be read again by {rights.recheck_by}"
    if text_languages:
        yield f"- Wording at hand in: {', '.join(text_languages)}"


def _sources(sources: Sequence[Source]) -> Iterator[str]:
    if not sources:
        yield "None on file."
    for source in sources:
        links = [f"<{source.url}>"] if source.url else []
        links += [f"doi:{_cell(source.doi)}"] if source.doi else []
        read = "read" if source.verified else "not yet read"
        note = f" {_cell(source.note)}" if source.note else ""
        tail = f" {', '.join(links)}" if links else ""
        yield f"- **{_cell(source.key)}**: {_cell(source.citation)}{tail} ({read}){note}"
