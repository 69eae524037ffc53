# SPDX-License-Identifier: Apache-2.0
"""The published facts of a definition file: cut-offs, norms, reliability, sources, rights."""

from __future__ import annotations

from typing import Final

from attunement.measures.reading import DAY, LINK, NAME, Reader
from attunement.measures.schema import (
    Band,
    CutOff,
    Licence,
    Norm,
    Permission,
    Reliability,
    ReliableChange,
    Source,
)

CONTEXTS: Final = ("clinical", "commercial", "educational", "research")
VERDICTS: Final = ("ship_core", "ship_nc", "structure_only", "own")
CONDITIONS: Final = ("attribution_line", "no_modify", "no_sale", "professional_only", "link")
CUTOFF_KINDS: Final = ("severity", "screen", "clinical", "discuss")
RELIABILITY_KINDS: Final = ("alpha", "omega", "retest", "within_person")


def cutoffs(reader: Reader) -> tuple[CutOff, ...]:
    """Return the ``[[cutoffs]]``."""
    found = []
    for table in reader.tables("cutoffs"):
        found.append(
            CutOff(
                scale=table.text("scale", pattern=NAME),
                kind=table.text("kind", choices=CUTOFF_KINDS),
                bands=tuple(_band(band) for band in table.tables("bands", required=True)),
                source=table.text("source", ""),
                verified=table.flag("verified"),
                note=table.text("note", ""),
            )
        )
        table.done()
    return tuple(found)


def _band(table: Reader) -> Band:
    band = Band(table.number("low"), table.number("high"), table.text("label"))
    if band.low > band.high:
        table.refuse(table.at("high"), got=f"{band.high:g}", expected=f"{band.low:g} or more")
    table.done()
    return band


def norms(reader: Reader) -> tuple[Norm, ...]:
    """Return the ``[[norms]]``; a standard deviation is above 0."""
    found = []
    for table in reader.tables("norms"):
        norm = Norm(
            scale=table.text("scale", pattern=NAME),
            population=table.text("population"),
            mean=table.number("mean"),
            sd=table.number("sd"),
            n=table.maybe_whole("n"),
            source=table.text("source", ""),
            verified=table.flag("verified"),
        )
        if norm.sd <= 0:
            table.refuse(table.at("sd"), got=f"{norm.sd:g}", expected="above 0")
        table.done()
        found.append(norm)
    return tuple(found)


def reliability(reader: Reader) -> tuple[Reliability, ...]:
    """Return the ``[[reliability]]`` coefficients, each between −1 and 1."""
    found = []
    for table in reader.tables("reliability"):
        coefficient = Reliability(
            scale=table.text("scale", pattern=NAME),
            kind=table.text("kind", choices=RELIABILITY_KINDS),
            value=table.number("value"),
            source=table.text("source", ""),
            verified=table.flag("verified"),
            population=table.text("population", ""),
            n=table.maybe_whole("n"),
        )
        if not -1 <= coefficient.value <= 1:
            table.refuse(table.at("value"), got=f"{coefficient.value:g}", expected="-1 to 1")
        table.done()
        found.append(coefficient)
    return tuple(found)


def reliable_change(reader: Reader) -> tuple[ReliableChange, ...]:
    """Return the ``[[reliable_change]]`` points; a confidence lies between 0 and 1."""
    found = []
    for table in reader.tables("reliable_change"):
        change = ReliableChange(
            scale=table.text("scale", pattern=NAME),
            points=table.number("points"),
            confidence=table.maybe_number("confidence"),
            method=table.text("method", ""),
            source=table.text("source", ""),
            verified=table.flag("verified"),
        )
        if change.points <= 0:
            table.refuse(table.at("points"), got=f"{change.points:g}", expected="above 0")
        if change.confidence is not None and not 0 < change.confidence < 1:
            table.refuse(table.at("confidence"), got=f"{change.confidence:g}", expected="like 0.95")
        table.done()
        found.append(change)
    return tuple(found)


def sources(reader: Reader) -> tuple[Source, ...]:
    """Return the ``[[sources]]``."""
    found = []
    for table in reader.tables("sources"):
        found.append(
            Source(
                key=table.text("key"),
                citation=table.text("citation"),
                url=table.text("url", "", pattern=LINK),
                doi=table.text("doi", ""),
                verified=table.flag("verified", default=False),
                note=table.text("note", ""),
            )
        )
        table.done()
    return tuple(found)


def licence(table: Reader) -> Licence:
    """Return the ``[licence]``; a use context that is not named there stays unknown."""
    contexts = table.table("contexts")  # below the other keys in the file, and read after them
    permissions = tuple(permission.value for permission in Permission)
    found = Licence(
        verdict=table.text("verdict", choices=VERDICTS),
        name=table.text("name"),
        holder=table.text("holder"),
        exact_words=table.text("exact_words", ""),
        source_url=table.text("source_url", "", pattern=LINK),
        seen_on=table.text("seen_on", "", pattern=DAY),
        conditions=table.texts("conditions", choices=CONDITIONS),
        nc=table.flag("nc", default=False),
        nd=table.flag("nd", default=False),
        sa=table.flag("sa", default=False),
        evidence=table.text("evidence", choices=("seen", "memory")),
        recheck_by=table.text("recheck_by", "", pattern=DAY),
        contexts={
            key: Permission(contexts.text(key, choices=permissions))
            for key in CONTEXTS
            if contexts.has(key)
        },
    )
    table.done()
    contexts.done(later=CONTEXTS)
    return found
