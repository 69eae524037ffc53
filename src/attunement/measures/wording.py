# SPDX-License-Identifier: Apache-2.0
"""Whether text bundles fit their measure, and whether protected wording is as it was shipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attunement.measures.finding import Finding
from attunement.measures.schema import Measure, TextBundle, TextState


def wording(measure: Measure, bundles: Sequence[TextBundle]) -> Iterator[Finding]:
    """Yield what is wrong between a measure and its text bundles."""
    if measure.text is TextState.BUNDLED and not bundles:
        yield Finding(
            "text-missing",
            "text",
            "the wording is said to be bundled and no bundle is there",
            f"Add {measure.version}.en.toml or say text = 'operator'",
        )
    if measure.text is TextState.ABSENT and bundles:
        yield Finding(
            "text-unexpected", "text", "there is wording and the file says absent", "Correct text"
        )
    seen: set[str] = set()
    for bundle in bundles:
        path = f"{bundle.language}:"
        if (bundle.measure, bundle.version) != (measure.id, measure.version):
            yield Finding(
                "text-other",
                f"{path}measure",
                f"the bundle is for {bundle.measure} version {bundle.version}",
                f"Expected {measure.id} version {measure.version}",
            )
        if bundle.language in seen:
            yield Finding(
                "text-twice", f"{path}language", "this language is there twice", "Remove one"
            )
        seen.add(bundle.language)
        yield from _items(measure, bundle, path)
        yield from _options(measure, bundle, path)
        yield from _rights(measure, bundle, path)


def option_key(value: float) -> str:
    """Return an option's value as a text bundle writes it: ``0``, ``-1``, ``2.5``."""
    return f"{value:g}"


def _differ(found: set[str], expected: set[str]) -> str:
    parts = [
        f"{word} {', '.join(sorted(names)[:5])}"
        for word, names in (("missing", expected - found), ("unknown", found - expected))
        if names
    ]
    return "; ".join(parts)


def _items(measure: Measure, bundle: TextBundle, path: str) -> Iterator[Finding]:
    if what := _differ(set(bundle.items), {item.id for item in measure.items}):
        yield Finding("text-items", f"{path}items", what, "Give each item its words, once")
    for name, words in bundle.items.items():
        if not words.strip():
            yield Finding("text-items", f"{path}items.{name}", "it has no words", "Add them")
    lines = {item.id for item in measure.items if item.kind == "scale"}
    for name in bundle.anchors:
        if name != "*" and name not in lines:
            yield Finding(
                "text-anchors",
                f"{path}anchors.{name}",
                f"item {name} has no line to put words on",
                "Name a scale item, or * for all",
            )


def _options(measure: Measure, bundle: TextBundle, path: str) -> Iterator[Finding]:
    used = {item.options for item in measure.items if item.options}
    if what := _differ(set(bundle.options), used):
        yield Finding("text-options", f"{path}options", what, "Label each set of answers")
    for name in sorted(used & set(bundle.options)):
        expected = {option_key(value) for value in measure.option_sets[name].values}
        if what := _differ(set(bundle.options[name]), expected):
            yield Finding(
                "text-options", f"{path}options.{name}", what, "Label each value, and no other"
            )


def _rights(measure: Measure, bundle: TextBundle, path: str) -> Iterator[Finding]:
    rights = measure.licence
    fixed = rights.nd or "no_modify" in rights.conditions
    expected = measure.text_sha256.get(bundle.language)
    if expected and bundle.sha256 and bundle.sha256 != expected:
        yield Finding(
            "text-changed",
            f"text_sha256.{bundle.language}",
            "the wording's hash is not the one that the definition fixes",
            "Restore the wording; if the owner published another, make a new version",
        )
    if rights.nd and not expected and measure.text is TextState.BUNDLED:
        yield Finding(
            "text-unhashed",
            f"text_sha256.{bundle.language}",
            "no-derivatives wording is not held by a hash",
            f"Add {bundle.language} = '{bundle.sha256}' once the wording was checked",
        )
    if bundle.adapted and fixed:
        yield Finding(
            "text-adapted",
            f"{path}adapted",
            "the wording is adapted and the owner forbids changes",
            "Ship the owner's wording",
        )
    if bundle.adapted and not bundle.changes.strip():
        yield Finding(
            "text-adapted", f"{path}changes", "the wording is adapted, nobody says how", "Say how"
        )
    if "attribution_line" in rights.conditions and not bundle.attribution.strip():
        yield Finding(
            "text-attribution",
            f"{path}attribution",
            "the line that the owner wants shown is missing",
            "Add it as attribution",
        )
