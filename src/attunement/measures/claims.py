# SPDX-License-Identifier: Apache-2.0
"""Whether claims have their sources, and whether the licence block agrees with itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from attunement.measures.facts import CONTEXTS
from attunement.measures.finding import ERROR, WARNING, Finding
from attunement.measures.schema import (
    CutOff,
    Measure,
    Norm,
    Permission,
    Reliability,
    ReliableChange,
    TextState,
)

VERDICT_OF: Final = {
    "core": "ship_core",
    "nc": "ship_nc",
    "own": "own",
    "structure": "structure_only",
}
_NC: Final = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)
_ND: Final = re.compile(r"\bND\b|no-?derivative", re.IGNORECASE)


def claims(measure: Measure, *, today: str = "") -> Iterator[Finding]:
    """Yield claims without a source and rights that contradict each other.

    ``today`` is a day as ``2026-11-21``; without it no licence is called overdue.
    """
    yield from _facts(measure)
    yield from _rights(measure)
    rights = measure.licence
    if today and rights.recheck_by and rights.recheck_by < today:
        yield Finding(
            "licence-recheck",
            "licence.recheck_by",
            f"the licence was to be read again by {rights.recheck_by}",
            "Read the owner's page, then move seen_on and recheck_by",
            WARNING,
        )


def _facts(measure: Measure) -> Iterator[Finding]:
    sources = {source.key: source for source in measure.sources}
    for key, count in Counter(source.key for source in measure.sources).items():
        if count > 1:
            yield Finding("source-twice", "sources", f"{key} is there twice", "Rename one")
    stated: dict[str, Sequence[CutOff | Norm | Reliability | ReliableChange]] = {
        "cutoffs": measure.cutoffs,
        "norms": measure.norms,
        "reliability": measure.reliability,
        "reliable_change": measure.reliable_change,
    }
    for kind, facts in stated.items():
        for place, fact in enumerate(facts):
            path, known = f"{kind}[{place}].source", sources.get(fact.source)
            if known is None and fact.verified:
                yield Finding(
                    "verified-no-source",
                    path,
                    "the claim is marked verified and its source is not listed",
                    "List the source, or say verified = false",
                )
            elif known is None and fact.source:
                yield Finding(
                    "source-unknown", path, f"{fact.source} is not in sources", "List it", WARNING
                )
            elif known is not None and fact.verified and not known.verified:
                yield Finding(
                    "verified-unread",
                    path,
                    f"the claim is marked verified and {known.key} was not read",
                    "Name the source that was read, or say verified = false",
                )
    read = any(source.verified for source in measure.sources) or measure.licence.verdict == "own"
    for place, scale in enumerate(measure.scales):
        if scale.verified and not read:
            yield Finding(
                "verified-no-source",
                f"scales[{place}].verified",
                "the scale is marked verified and no source was read",
                "List the source that was read, or say verified = false",
            )


def _rights(measure: Measure) -> Iterator[Finding]:
    rights = measure.licence
    for context in CONTEXTS:
        if context not in rights.contexts:
            yield Finding(
                "licence-contexts",
                f"licence.contexts.{context}",
                "the owner's answer is not recorded and counts as no",
                "Say allow, deny or ask",
                WARNING,
            )
    commercial = rights.contexts.get("commercial")
    if (rights.nc or _NC.search(rights.name)) and commercial is Permission.ALLOW:
        yield Finding(
            "licence-nc",
            "licence.contexts.commercial",
            "a non-commercial licence does not allow commercial use",
            "Say deny",
        )
    for key, pattern, said in (("nc", _NC, rights.nc), ("nd", _ND, rights.nd)):
        if pattern.search(rights.name) and not said:
            yield Finding(
                "licence-nc",
                f"licence.{key}",
                f"the licence's name says {key.upper()}, the file does not",
                f"Say {key} = true",
            )
    expected = VERDICT_OF.get(measure.pack)
    if expected and rights.verdict != expected:
        yield Finding(
            "licence-pack",
            "licence.verdict",
            f"{rights.verdict} lies in the pack {measure.pack}",
            f"Move the file, or say {expected}",
        )
    if rights.verdict == "structure_only" and measure.text is TextState.BUNDLED:
        yield Finding(
            "licence-pack", "text", "structure only, and yet the wording is bundled", "Say operator"
        )
    if rights.verdict == "ship_core" and rights.nc:
        yield Finding(
            "licence-nc", "licence.verdict", "non-commercial wording is no core", "Say ship_nc"
        )
    if rights.verdict != "own" and not (rights.exact_words and rights.source_url):
        yield Finding(
            "licence-words",
            "licence.exact_words",
            "the owner's words, or where they were read, are missing",
            "Quote them with their address",
            ERROR if measure.text is TextState.BUNDLED else WARNING,
        )
